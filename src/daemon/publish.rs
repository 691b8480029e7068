//! Publication: what changed is rendered at most once a second, off the loop, and swapped in.

use super::{Daemon, Event, Role};
use crate::clock;
use crate::engine::markup::first_words;
use crate::engine::merged::{Item, MergedFeed};
use crate::engine::time::Timestamp;
use crate::engine::update::Update;
use crate::serve::{Desk, Snapshot};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// At least so long between the beginnings of two renderings.
const RENDER_GAP: Duration = Duration::from_secs(1);
/// Clusters also leave the merged feed by age, which changes nothing else: looked at so often.
const RENDER_AGAIN: Duration = Duration::from_mins(10);
/// Characters of the first words that stand in for a title.
const TITLE_CHARS: usize = 80;

/// When to render.
#[derive(Debug)]
pub(super) struct Publisher {
    /// Changes so far of what is served.
    changes: u64,
    /// Changes that the rendering under way, and the snapshot that is served, include.
    rendering: Option<u64>,
    served: Option<u64>,
    not_before: Timestamp,
    again_at: Timestamp,
}

impl Default for Publisher {
    fn default() -> Self {
        Self { changes: 1, rendering: None, served: None, not_before: Timestamp::EPOCH, again_at: Timestamp::EPOCH }
    }
}

impl Publisher {
    /// Notes whether an update may have changed what is served.
    pub fn note(&mut self, update: &Update) {
        if !update.is_bookkeeping() {
            self.touch();
        }
    }

    /// Something changed what is served.
    pub fn touch(&mut self) {
        self.changes += 1;
    }

    /// Changes so far.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How many of them are served.
    pub fn served(&self) -> u64 {
        self.served.unwrap_or(0)
    }

    /// When the next rendering may begin, if one is wanted.
    pub fn due(&self) -> Option<Timestamp> {
        match self.rendering {
            Some(_) => None,
            None if self.served != Some(self.changes) => Some(self.not_before),
            None => Some(self.again_at),
        }
    }

    fn begin(&mut self, now: Timestamp) {
        self.rendering = Some(self.changes);
        self.not_before = now.plus(RENDER_GAP);
        self.again_at = now.plus(RENDER_AGAIN);
    }

    /// Swaps a snapshot in.
    pub fn rendered(&mut self, desk: &Desk, snapshot: Arc<Snapshot>) {
        desk.ready.store(!snapshot.is_empty(), Ordering::Relaxed);
        desk.snapshot.store(snapshot);
        self.served = self.rendering.take();
    }
}

impl Daemon {
    /// Begins a rendering, where one is due.
    pub(super) fn publish(&mut self) {
        let now = clock::now();
        if self.role == Role::Errand || self.publisher.due().is_none_or(|due| due > now) {
            return;
        }
        self.publisher.begin(now);
        let feed = self.engine.merged_feed(now);
        let views = self.engine.options().output.views.clone();
        let (store, before, events) = (self.store.clone(), self.desk.snapshot.load_full(), self.events.clone());
        let kept = before.clone();
        let work = move || Ok(Arc::new(Snapshot::render(&filled(feed, &store)?, &views, &before, now)));
        let rendering = tokio::task::spawn_blocking(work);
        tokio::spawn(async move {
            // A text that breaks the renderer must neither end the daemon nor end publication: what is served stays.
            let rendered = rendering.await.unwrap_or_else(|panic| {
                tracing::error!("what is served stays as it was, the renderer broke down: {panic}");
                Ok(kept)
            });
            // Nobody takes it after a stop.
            let _ = events.send(Event::Rendered(rendered)).await;
        });
    }

    /// The merged feed as it is now, with its texts.
    pub(super) fn merged_now(&self) -> Result<MergedFeed, StoreError> {
        filled(self.engine.merged_feed(clock::now()), &self.store)
    }

    /// The documents as they would be served now.
    pub(super) fn snapshot_now(&self) -> Result<Snapshot, StoreError> {
        let (now, feed) = (clock::now(), self.merged_now()?);
        Ok(Snapshot::render(&feed, &self.engine.options().output.views, &Snapshot::default(), now))
    }
}

/// The merged feed with its texts, from the store.
fn filled(mut feed: MergedFeed, store: &Store) -> Result<MergedFeed, StoreError> {
    for item in &mut feed.items {
        fill(item, store)?;
    }
    Ok(feed)
}

/// A cluster with its lead's text, and first words where there is no title.
pub(super) fn fill(item: &mut Item, store: &Store) -> Result<(), StoreError> {
    item.details = store.details(item.lead)?;
    if item.title.is_empty() {
        item.title = words(&item.details.text, item.link.as_deref());
    }
    for source in item.sources.iter_mut().filter(|source| source.title.is_empty()) {
        source.title = words(&store.details(source.entry)?.text, source.link.as_deref());
    }
    Ok(())
}

fn words(text: &str, link: Option<&str>) -> String {
    let words = first_words(text, TITLE_CHARS);
    if words.is_empty() { link.unwrap_or("Untitled").to_owned() } else { words }
}
