//! Who may be in one cluster at all, whatever the evidence: a cluster has a span and a size, and the user has the last
//! word.

use super::Clustering;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Slot, Timeline};

/// From the oldest to the newest entry of a cluster. What goes on for longer (a war, a trial) is told in a chain of
/// clusters: in the labelled streams, 99 events in a hundred are over within nine days.
const SPAN_MS: u64 = 10 * 86_400_000;
/// Entries of a cluster; the next one starts another that follows it. The largest labelled event has 462.
const CLUSTER_ENTRIES_MAX: usize = 500;

impl Clustering {
    /// Whether the user lets an entry be in a cluster.
    pub(super) fn is_allowed(&self, id: EntryId, cluster: ClusterId) -> bool {
        self.constraints.opponents(id).all(|opponent| self.cluster_of(opponent) != Some(cluster))
    }

    /// Whether a cluster has the time and the place for one more entry.
    pub(super) fn has_room(&self, cluster: ClusterId, slot: Slot) -> bool {
        let Some(date_ms) = self.index.get(slot).map(|live| live.date.millis()) else { return false };
        let (count, first, last) = self.extent(cluster);
        count < CLUSTER_ENTRIES_MAX && date_ms.max(last).abs_diff(date_ms.min(first)) <= SPAN_MS
    }

    /// Whether later evidence may move an entry to a cluster.
    pub(super) fn may_move(&self, slot: Slot, to: ClusterId) -> bool {
        let free = self.index.get(slot).is_some_and(|live| !self.constraints.pins(live.id));
        free && self.has_room(to, slot)
    }

    /// Whether two clusters may become one.
    pub(super) fn may_merge(&self, a: ClusterId, b: ClusterId) -> bool {
        let ((count_a, first_a, last_a), (count_b, first_b, last_b)) = (self.extent(a), self.extent(b));
        let fits = last_a.max(last_b).abs_diff(first_a.min(first_b)) <= SPAN_MS;
        let allowed = || self.members_of(a).all(|id| self.is_allowed(id, b));
        count_a + count_b <= CLUSTER_ENTRIES_MAX && fits && (self.constraints.is_empty() || allowed())
    }

    /// The live entries of a cluster, in the order of their dates.
    pub fn members_of(&self, cluster: ClusterId) -> impl Iterator<Item = EntryId> {
        let slots = self.members.get(&cluster).into_iter().flat_map(Timeline::iter);
        slots.filter_map(|slot| Some(self.index.get(slot)?.id))
    }

    /// How many live entries a cluster has, and the dates of the oldest and the newest, in milliseconds.
    fn extent(&self, cluster: ClusterId) -> (usize, i64, i64) {
        let Some(members) = self.members.get(&cluster) else { return (0, i64::MAX, i64::MIN) };
        let date = |place| {
            let slot = members.range(place, place + 1).next();
            slot.and_then(|slot| self.index.get(slot)).map(|held| held.date.millis())
        };
        let last = members.len().saturating_sub(1);
        (members.len(), date(0).unwrap_or(i64::MAX), date(last).unwrap_or(i64::MIN))
    }
}
