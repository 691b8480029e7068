//! Who may be in one cluster at all, whatever the evidence: a cluster has a span and a size.

use super::Clustering;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::Timeline;

/// From the oldest to the newest entry of a cluster. What goes on for longer (a war, a trial) is told in a chain of
/// clusters: in the labelled streams, 99 events in a hundred are over within nine days.
const SPAN_MS: u64 = 10 * 86_400_000;
/// Entries of a cluster; the next one starts another that follows it. The largest labelled event has 462.
const CLUSTER_ENTRIES_MAX: usize = 500;

/// How many entries, and from when to when (milliseconds since 1970).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    count: usize,
    first: i64,
    last: i64,
}

impl Extent {
    /// Of one entry.
    pub(super) const fn at(date_ms: i64) -> Self {
        Self { count: 1, first: date_ms, last: date_ms }
    }

    /// Whether it is of one entry.
    pub(super) const fn is_single(self) -> bool {
        self.count == 1
    }

    /// Of both together.
    pub(super) fn with(self, other: Self) -> Self {
        Self { count: self.count + other.count, first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// Whether one cluster can hold both.
pub(super) fn may_be_one(a: Extent, b: Extent) -> bool {
    let both = a.with(b);
    both.count <= CLUSTER_ENTRIES_MAX && both.last.abs_diff(both.first) <= SPAN_MS
}

impl Clustering {
    /// The live entries of a cluster, in the order of their dates.
    pub fn members_of(&self, cluster: ClusterId) -> impl Iterator<Item = EntryId> {
        let slots = self.members.get(&cluster).into_iter().flat_map(Timeline::iter);
        slots.filter_map(|slot| Some(self.index.get(slot)?.id))
    }

    /// Of the live entries of a cluster.
    pub(super) fn extent(&self, cluster: ClusterId) -> Extent {
        let none = Extent { count: 0, first: i64::MAX, last: i64::MIN };
        let Some(members) = self.members.get(&cluster) else { return none };
        let date = |place| members.range(place, place + 1).next().map(|slot| self.index.when(slot).0.millis());
        let last = members.len().saturating_sub(1);
        Extent { count: members.len(), first: date(0).unwrap_or(i64::MAX), last: date(last).unwrap_or(i64::MIN) }
    }
}
