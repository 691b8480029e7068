//! From a configuration to a running loop.

use super::publish::Publisher;
use super::{Daemon, Digests, EVENTS_WAITING, Event, Reload};
use crate::clock;
use crate::config::Config;
use crate::control::{self, Ask, Reply, Request};
use crate::engine::Engine;
use crate::engine::time::Stamp;
use crate::fetch::Fetcher;
use crate::serve::{self, Desk, Question, Snapshot};
use crate::store::{Store, StoreError};
use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Questions of readers that may wait; the next gets a 503.
const QUESTIONS_WAITING: usize = 64;
/// Replies that may wait for who asked.
const REPLIES_WAITING: usize = 64;

/// Why the loop runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// For years: fetches on schedule, serves readers, answers commands.
    Daemon,
    /// For one command that found no daemon.
    Errand,
}

/// What a loop is made of.
pub struct Setup {
    /// The configuration.
    pub config: Config,
    /// Where the store and the socket are.
    pub data_dir: PathBuf,
    /// Where the socket is, if its path in the data folder is too long.
    pub runtime_dir: PathBuf,
    /// Reads the configuration anew.
    pub reload: Reload,
    /// Someone watches the progress of rounds.
    pub watched: bool,
}

/// Why a loop does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is taken, or not ours.
    #[error("{0} cannot be listened on: {1}; change daemon.listen")]
    Listen(SocketAddr, std::io::Error),
    /// The control socket cannot be made.
    #[error("the socket {} cannot be made: {}", .0.display(), .1)]
    Control(PathBuf, std::io::Error),
    /// No TLS, or a proxy that is none.
    #[error("nothing can be fetched: {0}")]
    Fetch(String),
}

/// A running loop.
#[derive(Debug)]
pub struct Handle {
    events: mpsc::Sender<Event>,
    /// Ends when the loop has ended.
    task: JoinHandle<Result<(), StoreError>>,
    /// Stops the listeners.
    stop_serving: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl Handle {
    /// Asks the loop, as a command would.
    pub async fn ask(&self, request: Request) -> mpsc::Receiver<Reply> {
        let (replies, answers) = mpsc::channel(REPLIES_WAITING);
        // A loop that has ended drops the sender, which the asker sees.
        let _ = self.events.send(Event::Asked(Ask { request, replies })).await;
        answers
    }

    /// Ends the loop after what it has taken so far.
    pub async fn stop(&self) {
        let _ = self.events.send(Event::Stop).await;
    }

    /// Waits for the end, and lets readers finish what they are reading.
    ///
    /// # Errors
    /// Where the store failed.
    pub async fn ended(self) -> Result<(), StoreError> {
        let result = self.task.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        if let Some(stop) = self.stop_serving {
            let _ = stop.send(());
        }
        if let Some(serving) = self.serving {
            // Slow readers do not hold a stop.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(2), serving).await;
        }
        result
    }
}

/// Opens the store, restores the engine and starts the loop; as a daemon, listens for readers, commands and signals.
///
/// # Errors
/// Where the store, the address or the socket is not to be had. Nothing is started then.
pub async fn start(setup: Setup, role: Role) -> Result<Handle, OpenError> {
    let Setup { config, data_dir, runtime_dir, reload, watched } = setup;
    let fetcher = Fetcher::new(config.fetch.clone()).map_err(OpenError::Fetch)?;
    let folder = data_dir.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let store = Store::open(&folder)?;
        let records = store.records()?;
        Ok::<_, StoreError>((store, records))
    });
    let (store, records) = opened.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    let mut engine = Engine::restore(config.engine.clone(), records);
    let stamp = Stamp { sequence: engine.sequence() + 1, at: clock::now() };
    let update = engine.configure(stamp, config.engine, config.feeds);

    let (events, inbox) = mpsc::channel(EVENTS_WAITING);
    let (questions, wondering) = mpsc::channel(QUESTIONS_WAITING);
    let desk = Arc::new(Desk {
        snapshot: ArcSwap::from_pointee(Snapshot::default()),
        ready: AtomicBool::new(false),
        questions,
        token: ArcSwap::from_pointee(config.serve.token),
    });
    let mut handle =
        Handle { events: events.clone(), task: tokio::spawn(async { Ok(()) }), stop_serving: None, serving: None };
    if role == Role::Daemon {
        handle.listen(config.serve.listen, &desk, wondering).await?;
        handle.take_commands(&control::socket_path(&data_dir, &runtime_dir))?;
        super::signals::watch(&events);
    }
    let mut daemon = Daemon {
        engine,
        store,
        fetcher,
        digests: Digests::new(),
        desk,
        publisher: Publisher::default(),
        rounds: Vec::new(),
        unrecorded: Vec::new(),
        record_by: None,
        sequence: stamp.sequence,
        events,
        reload,
        role,
        listen: config.serve.listen,
        watched,
    };
    // A command that only looks must not record what its own configuration would change.
    daemon.hold(update);
    handle.task = tokio::spawn(daemon.run(inbox));
    Ok(handle)
}

impl Handle {
    async fn listen(
        &mut self,
        address: SocketAddr,
        desk: &Arc<Desk>,
        mut wondering: mpsc::Receiver<Question>,
    ) -> Result<(), OpenError> {
        let listener = TcpListener::bind(address).await.map_err(|error| OpenError::Listen(address, error))?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        self.stop_serving = Some(stop);
        self.serving = Some(tokio::spawn(serve::run(listener, desk.clone(), shutdown)));
        let events = self.events.clone();
        tokio::spawn(async move {
            while let Some(question) = wondering.recv().await {
                let _ = events.send(Event::Wondered(question)).await;
            }
        });
        Ok(())
    }

    fn take_commands(&self, path: &std::path::Path) -> Result<(), OpenError> {
        let socket = control::bind(path).map_err(|error| OpenError::Control(path.to_owned(), error))?;
        let (asks, mut asked) = mpsc::channel(QUESTIONS_WAITING);
        tokio::spawn(control::run(socket, asks));
        let events = self.events.clone();
        tokio::spawn(async move {
            while let Some(ask) = asked.recv().await {
                let _ = events.send(Event::Asked(ask)).await;
            }
        });
        Ok(())
    }
}
