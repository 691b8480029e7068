//! What is around an entry: the entries most like it, their clusters, and the crowd of other events.

use super::Clustering;
use super::affinity::Cache;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::Slot;
use crate::engine::similarity::Feature;

/// Neighbors an entry is compared with.
const NEIGHBORS_MAX: usize = 24;
/// Other events that make a crowd around an entry.
const CROWD: usize = 10;
/// Cosine (1/10,000) to others that is presumed of an entry with few neighbours, and the number of live entries at which
/// half of that presumption is left.
const PRIOR_CROWD: usize = 800;
const PRIOR_CROWD_ENTRIES: usize = 300;

/// An entry near the one being placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbor {
    pub(super) slot: Slot,
    pub(super) score: i32,
    cosine: i32,
}

impl Clustering {
    /// The entries most like one, best first. What is about no single event has no neighbors but its copies, and is
    /// nobody's.
    pub(super) fn neighbors(&self, slot: Slot, cache: &mut Cache) -> Vec<Neighbor> {
        let window_ms = i64::try_from(self.options.window.as_millis()).unwrap_or(i64::MAX);
        let vague = self.index.get(slot).is_some_and(|held| held.vague);
        let found = self.search(slot, window_ms, NEIGHBORS_MAX, cache);
        // They lie anywhere in memory: asked for all at once, they come together.
        let last = |slot: &Slot| self.index.get(*slot)?.mentions.last().map(|mention| mention.term());
        std::hint::black_box(found.iter().filter_map(last).fold(0, u32::wrapping_add));
        let mut neighbors: Vec<(Neighbor, EntryId)> = found
            .into_iter()
            .filter_map(|other| {
                let pair = self.pair(slot, other, cache)?;
                if !pair.copy && (vague || self.index.get(other)?.vague) {
                    return None;
                }
                let cosine = pair.evidence.get(Feature::All);
                Some((Neighbor { slot: other, score: pair.score, cosine }, self.index.get(other)?.id))
            })
            .collect();
        neighbors.sort_unstable_by_key(|(n, id)| (std::cmp::Reverse(n.score), *id));
        neighbors.into_iter().map(|(n, _)| n).collect()
    }

    /// The clusters of the neighbors but for one, by best neighbor.
    pub(super) fn clusters_near(&self, neighbors: &[Neighbor], except: ClusterId, max: usize) -> Vec<ClusterId> {
        let mut near = Vec::new();
        for live in neighbors.iter().filter_map(|n| self.index.get(n.slot)) {
            if live.cluster != except && !near.contains(&live.cluster) {
                near.push(live.cluster);
                if near.len() == max {
                    break;
                }
            }
        }
        near
    }

    /// How much other events around resemble this one: the mean cosine of the nearest neighbors in neither cluster.
    pub(super) fn crowd(&self, neighbors: &[Neighbor], except: [ClusterId; 2]) -> i32 {
        let other = |n: &&Neighbor| self.index.get(n.slot).is_some_and(|live| !except.contains(&live.cluster));
        let mut cosines: Vec<i32> = neighbors.iter().filter(other).map(|n| n.cosine).collect();
        cosines.sort_unstable_by(|a, b| b.cmp(a));
        // Where there is next to nothing yet, a crowd like any other is presumed.
        let presumed = PRIOR_CROWD * PRIOR_CROWD_ENTRIES / (PRIOR_CROWD_ENTRIES + self.index.len());
        cosines.resize(cosines.len().max(CROWD), i32::try_from(presumed).unwrap_or(0));
        let sum: i32 = cosines.iter().take(CROWD).sum();
        sum / i32::try_from(CROWD).unwrap_or(i32::MAX)
    }
}
