//! The daemon: one loop over one closed enum of events. It moves values between the rooms and decides nothing.
//!
//! ```text
//! loop:  spawn what is due -> wait for events -> take all that are ready
//!        -> each into the engine, in order -> commit their updates, one flush -> answer -> render what changed
//! ```
//!
//! The same loop serves a command that finds no daemon running: it opens the store, answers that one command and ends
//! ([`Role::Errand`]), so that both ways are one.

mod answer;
mod correct;
mod explain;
mod feeds;
mod open;
mod publish;
mod replay;
mod round;
mod signals;

pub use open::{Handle, OpenError, Role, Setup, start};

use crate::clock;
use crate::config::{Config, Fault};
use crate::control::Ask;
use crate::engine::Engine;
use crate::engine::feed::FeedSpec;
use crate::engine::fetched::{FetchOutcome, FetchRequest};
use crate::engine::ingest::{Digested, digested};
use crate::engine::time::{Stamp, Timestamp};
use crate::engine::update::Update;
use crate::fetch::Fetcher;
use crate::serve::{Desk, Question, Snapshot};
use crate::store::{Store, StoreError};
use publish::Publisher;
use round::Round;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Events taken at a time: enough to share one flush, few enough that no command waits long.
const BATCH_MAX: usize = 64;
/// Events that may wait; who brings more waits with them.
pub(crate) const EVENTS_WAITING: usize = 256;
/// Documents that are being digested, or wait to be taken in: each may hold thousands of entries.
const DOCUMENTS_WAITING: usize = 8;
/// Longest sleep, so that a wall clock that was set is noticed within a minute.
const SLEEP_MAX: Duration = Duration::from_mins(1);
/// Schedule and validators alone are recorded together, so long after the first: losing them costs a conditional GET.
const BOOKKEEPING_DELAY: Duration = Duration::from_secs(1);

/// Everything that can happen to the daemon.
#[derive(Debug)]
pub enum Event {
    /// A fetch ended and its document is digested; the room it takes is given back when it was taken in.
    Fetched(Digested, Option<OwnedSemaphorePermit>),
    /// A command asks.
    Asked(Ask),
    /// A reader asks for what is not in the snapshot.
    Wondered(Question),
    /// A snapshot is rendered, or the store failed it.
    Rendered(Result<Arc<Snapshot>, StoreError>),
    /// SIGHUP.
    Reload,
    /// SIGTERM, SIGINT, or the errand is done.
    Stop,
}

/// Reads the configuration anew, for SIGHUP.
pub type Reload = Box<dyn Fn() -> Result<Config, Vec<Fault>> + Send>;

/// The state of the loop.
struct Daemon {
    engine: Engine,
    store: Store,
    fetcher: Fetcher,
    digests: Digests,
    desk: Arc<Desk>,
    publisher: Publisher,
    rounds: Vec<Round>,
    /// Updates that are not on disk yet, and when they must be.
    unrecorded: Vec<Update>,
    record_by: Option<Timestamp>,
    sequence: u64,
    events: mpsc::Sender<Event>,
    reload: Reload,
    role: Role,
    /// Where readers are served; a reload does not change it.
    listen: SocketAddr,
    /// Someone watches the progress of rounds; single polls are then not worth a line.
    watched: bool,
}

/// What bounds the digests.
#[derive(Clone, Debug)]
struct Digests {
    /// They run on at most as many threads as there are cores.
    threads: Arc<Semaphore>,
    /// See [`DOCUMENTS_WAITING`].
    room: Arc<Semaphore>,
}

impl Digests {
    fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self { threads: Arc::new(Semaphore::new(cores)), room: Arc::new(Semaphore::new(DOCUMENTS_WAITING)) }
    }
}

impl Daemon {
    /// Runs until [`Event::Stop`].
    async fn run(mut self, mut inbox: mpsc::Receiver<Event>) -> Result<(), StoreError> {
        loop {
            self.spawn_due();
            self.publish();
            let wait = self.wait(clock::now());
            let first = tokio::time::timeout(wait, inbox.recv()).await;
            let mut batch: Vec<Event> = first.ok().flatten().into_iter().collect();
            while batch.len() < BATCH_MAX
                && let Ok(event) = inbox.try_recv()
            {
                batch.push(event);
            }
            let stop = batch.iter().any(|event| matches!(event, Event::Stop));
            self.take(batch).await?;
            if stop {
                return self.close().await;
            }
        }
    }

    /// Takes events in, in their order; what they changed is on disk when this returns, and then answered.
    async fn take(&mut self, batch: Vec<Event>) -> Result<(), StoreError> {
        let mut updates = Vec::new();
        let mut asks = Vec::new();
        for event in batch {
            match event {
                Event::Fetched(fetched, _room) => updates.push(self.take_fetched(fetched)),
                Event::Asked(ask) => asks.push(ask),
                Event::Wondered(question) => self.wonder(question),
                Event::Rendered(snapshot) => self.publisher.rendered(&self.desk, snapshot?),
                Event::Reload => updates.extend(self.reconfigure()),
                Event::Stop => {}
            }
        }
        let now = self.stamp();
        updates.push(self.engine.handle_time(now));
        self.record(updates, now.at).await?;
        for ask in asks {
            self.answer(ask).await?;
        }
        // A round of nothing has ended as soon as it is asked for.
        self.finish_rounds().await
    }

    /// Answers the rounds that have ended: when all of them is on disk, and a snapshot begun after their end is served.
    async fn finish_rounds(&mut self) -> Result<(), StoreError> {
        let served = match self.role {
            Role::Daemon => self.publisher.served(),
            Role::Errand => u64::MAX,
        };
        let changes = self.publisher.changes();
        let finished = round::take_finished(&mut self.rounds, changes, served);
        if finished.is_empty() {
            return Ok(());
        }
        self.flush().await?;
        for round in finished {
            round.finish(&self.engine);
        }
        Ok(())
    }

    fn take_fetched(&mut self, fetched: Digested) -> Update {
        let (feed, facts) = (fetched.feed, fetched.facts.clone());
        let stamp = self.stamp();
        let update = self.engine.handle_fetched(stamp, fetched);
        if let Some((spec, state)) = self.engine.feed(feed) {
            round::log_poll(spec, state, &facts, self.watched && !self.rounds.is_empty());
            for round in &mut self.rounds {
                round.note(spec, state);
                if state.is_paused(stamp.at) {
                    round.drop_paused(&self.engine, stamp.at);
                }
            }
        }
        update
    }

    fn stamp(&mut self) -> Stamp {
        self.sequence += 1;
        Stamp { sequence: self.sequence, at: clock::now() }
    }

    /// Keeps an update until the next one is recorded.
    fn hold(&mut self, update: Update) {
        self.publisher.note(&update);
        self.unrecorded.push(update);
        if self.role == Role::Daemon {
            self.record_by = Some(clock::now());
        }
    }

    /// Records updates: at once where one of them says something, else within [`BOOKKEEPING_DELAY`].
    async fn record(&mut self, updates: Vec<Update>, now: Timestamp) -> Result<(), StoreError> {
        let looks_only = self.role == Role::Errand && self.rounds.is_empty();
        let mut urgent = false;
        for update in updates.into_iter().filter(|update| !update.is_empty()) {
            urgent |= !update.is_bookkeeping();
            self.publisher.note(&update);
            self.unrecorded.push(update);
        }
        if self.unrecorded.is_empty() || looks_only {
            return Ok(());
        }
        let by = *self.record_by.get_or_insert(now.plus(BOOKKEEPING_DELAY));
        if urgent || by <= now { self.flush().await } else { Ok(()) }
    }

    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        self.record_by = None;
        let updates = std::mem::take(&mut self.unrecorded);
        if updates.is_empty() {
            return Ok(());
        }
        let store = self.store.clone();
        let committed = tokio::task::spawn_blocking(move || store.commit(&updates)).await;
        committed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Starts the fetches that are due: always as a daemon, within a round as an errand.
    fn spawn_due(&mut self) {
        if self.role == Role::Errand && self.rounds.is_empty() {
            return;
        }
        while let Some(request) = self.engine.poll_fetch(clock::now()) {
            let Some(spec) = self.engine.spec(request.feed).cloned() else { continue };
            tokio::spawn(poll(self.fetcher.clone(), request, spec, self.digests.clone(), self.events.clone()));
        }
    }

    fn wait(&self, now: Timestamp) -> Duration {
        let engine = self.engine.poll_timeout().filter(|_| self.role == Role::Daemon || !self.rounds.is_empty());
        let render = self.publisher.due().filter(|_| self.role == Role::Daemon);
        let moments = [engine, self.record_by, render];
        moments.into_iter().flatten().min().map_or(SLEEP_MAX, |at| at.since(now)).min(SLEEP_MAX)
    }

    /// A new configuration, whole; a bad one is reported and the old one goes on.
    fn reconfigure(&mut self) -> Option<Update> {
        let config = match (self.reload)() {
            Ok(config) => config,
            Err(faults) => {
                for fault in &faults {
                    tracing::error!("{fault}");
                }
                tracing::error!(faults = faults.len(), "the new configuration is not used; the old one goes on");
                return None;
            }
        };
        match Fetcher::new(config.fetch) {
            Ok(fetcher) => self.fetcher = fetcher,
            Err(error) => {
                tracing::error!("the new configuration is not used; the old one goes on: {error}");
                return None;
            }
        }
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        if config.serve.listen != self.listen {
            tracing::warn!(listen = %self.listen, "daemon.listen has changed; it takes a restart to listen there");
        }
        tracing::info!(feeds = config.feeds.len(), "configuration reloaded");
        self.desk.token.store(Arc::new(config.serve.token));
        let stamp = self.stamp();
        let update = self.engine.configure(stamp, config.engine, config.feeds);
        for round in &mut self.rounds {
            round.drop_unfollowed(&self.engine);
        }
        self.publisher.touch();
        Some(update)
    }

    async fn close(mut self) -> Result<(), StoreError> {
        if self.role == Role::Daemon {
            self.flush().await?;
            tracing::info!("stopped; everything is on disk");
        }
        Ok(())
    }
}

/// One poll, off the loop; whatever becomes of it, the loop hears of it.
async fn poll(fetcher: Fetcher, request: FetchRequest, spec: FeedSpec, digests: Digests, events: mpsc::Sender<Event>) {
    let failed = spec.clone();
    let (digested, room) = tokio::spawn(exchange(fetcher, request, spec, digests)).await.unwrap_or_else(|_| {
        let reason = "its answer broke the reader; this is a defect, please report the feed's address".to_owned();
        (digested(&failed, FetchOutcome::Failed(reason).into()), None)
    });
    // Nobody takes it after a stop, and nothing is lost: the next start fetches again.
    let _ = events.send(Event::Fetched(digested, room)).await;
}

/// The exchange, then the digest of what it brought, with the room that it takes until it is taken in.
async fn exchange(
    fetcher: Fetcher,
    request: FetchRequest,
    spec: FeedSpec,
    digests: Digests,
) -> (Digested, Option<OwnedSemaphorePermit>) {
    let watch = clock::stopwatch();
    let landed = fetcher.fetch(request).await.after(watch.elapsed());
    if !landed.is_document() {
        return (landed.open(|fetched| digested(&spec, fetched)), None);
    }
    let room = digests.room.acquire_owned().await.ok();
    let thread = digests.threads.acquire_owned().await;
    let digest = tokio::task::spawn_blocking(move || {
        let _thread = thread;
        landed.open(|fetched| digested(&spec, fetched))
    });
    (digest.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())), room)
}
