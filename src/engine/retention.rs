//! What is forgotten, and when: an entry, some time after its feed stopped carrying it. What a feed still carries stays,
//! however old it is: dropped, it would come back as new with the next poll.

use super::Engine;
use super::id::{ClusterId, EntryId, FeedId};
use super::time::Timestamp;
use std::time::Duration;

/// Entries forgotten at a time; the rest waits for the next call, so that expiry is never a stall.
const EXPIRED_AT_ONCE: usize = 500;

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionOptions {
    /// From when an entry was last seen in its feed.
    pub max_age: Duration,
}

impl Engine {
    /// The moment the next entry expires.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        self.left.first().map(|(left, _)| left.plus(self.options.retention.max_age))
    }

    /// Notes that a feed stopped carrying an entry.
    pub(super) fn mark_left(&mut self, id: EntryId, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.left.is_none() {
            entry.left = Some(now);
            self.left.insert((now, id));
            self.changes.entries.insert(id);
        }
    }

    /// Notes that a feed carries an entry again.
    pub(super) fn mark_carried(&mut self, id: EntryId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if let Some(left) = entry.left.take() {
            self.left.remove(&(left, id));
            self.changes.entries.insert(id);
        }
    }

    /// Forgets what is past its retention at `now`.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for _ in 0..EXPIRED_AT_ONCE {
            let Some(&(left, id)) = self.left.first() else { break };
            if left.plus(self.options.retention.max_age) > now {
                break;
            }
            self.left.pop_first();
            self.forget(id, now);
        }
    }

    fn forget(&mut self, id: EntryId, now: Timestamp) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.changes.entries.insert(id);
        self.clustering.remove(id);
        self.leave_cluster(id, entry.cluster, now);
        self.forget_feed(entry.feed);
    }

    fn leave_cluster(&mut self, id: EntryId, from: ClusterId, now: Timestamp) {
        let Some(cluster) = self.clusters.get_mut(&from) else { return };
        cluster.members.retain(|member| *member != id);
        self.changes.clusters.insert(from);
        if !cluster.members.is_empty() {
            self.review(from, now);
            return;
        }
        let ended = self.clusters.remove(&from);
        for alias in ended.into_iter().flat_map(|cluster| cluster.aliases) {
            self.aliases.remove(&alias);
            self.changes.aliases.insert(alias);
        }
    }

    /// Counts an entry less, and forgets a feed that is not followed any more and has none left.
    fn forget_feed(&mut self, id: FeedId) {
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        feed.entries -= 1;
        if feed.spec.is_none() && feed.entries == 0 {
            self.feeds.remove(&id);
            self.changes.feeds.insert(id);
        }
    }
}
