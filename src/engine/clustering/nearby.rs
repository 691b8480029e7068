//! What is around an entry: the entries most like it, and their clusters.

use super::Clustering;
use super::scene::{Scene, Seat};
use crate::engine::features::Length;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Reach, Slot};
use std::num::NonZeroU64;

/// How far is looked around an entry.
pub(super) struct Breadth {
    /// Holders of its terms that are read for neighbors.
    steps: usize,
    /// Neighbors that it is compared with.
    neighbors: usize,
    /// Clusters of those that are arranged anew with it.
    pub(super) clusters: usize,
}

impl Breadth {
    /// Of bare titles, many look alike: fewer would all be of one event, and the others, which tell how far that event
    /// reaches, unseen. For teasers and articles, more changed nothing on the labelled streams.
    pub(super) const fn of(length: Length) -> Self {
        match length {
            Length::Title => Self { steps: 1_000, neighbors: 48, clusters: 6 },
            Length::Short => Self { steps: 250, neighbors: 9, clusters: 3 },
            Length::Full => Self { steps: 500, neighbors: 16, clusters: 4 },
        }
    }
}

/// Of the neighbors, how many may be one publisher's: who repeats every headline a hundred times must not hide the others.
const NEIGHBORS_OF_PUBLISHER: usize = 4;

/// An entry near the one being placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbor {
    pub(super) slot: Slot,
    pub(super) seat: Seat,
    pub(super) score: i32,
}

impl Clustering {
    /// The entries most like one, best first. What is about no single event has no neighbors but its copies, and is
    /// nobody's.
    pub(super) fn neighbors(&self, slot: Slot, scene: &mut Scene) -> Vec<Neighbor> {
        let window_ms = i64::try_from(self.options.window.as_millis()).unwrap_or(i64::MAX);
        let (Some(held), Some(own)) = (self.index.get(slot), self.seat(slot, scene)) else { return Vec::new() };
        let Breadth { steps, neighbors: max, .. } = Breadth::of(held.length);
        let found = self.search(own, Reach { window_ms, steps, max }, scene);
        self.index.warm(&found);
        let mut neighbors: Vec<(Neighbor, EntryId)> = found
            .into_iter()
            .filter_map(|slot| {
                let (other, seat) = (self.index.get(slot)?, self.seat(slot, scene)?);
                let pair = self.pair(own, seat, scene);
                let is_one = pair.copy || !(held.vague || other.vague);
                is_one.then_some((Neighbor { slot, seat, score: pair.score }, other.id))
            })
            .collect();
        neighbors.sort_unstable_by_key(|(n, id)| (std::cmp::Reverse(n.score), *id));
        self.few_of_each(neighbors.into_iter().map(|(n, _)| n), |n| n.slot, NEIGHBORS_OF_PUBLISHER)
    }

    /// Only the first few of each publisher.
    pub(super) fn few_of_each<T>(
        &self,
        entries: impl Iterator<Item = T>,
        slot: impl Fn(&T) -> Slot,
        max: usize,
    ) -> Vec<T> {
        let mut seen: Vec<NonZeroU64> = Vec::new();
        let is_early = |entry: &T| {
            let Some(publisher) = self.index.get(slot(entry)).and_then(|held| held.publisher) else { return true };
            seen.push(publisher);
            seen.iter().filter(|other| **other == publisher).count() <= max
        };
        entries.filter(is_early).collect()
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

    /// Members of a cluster, the nearest in time first, one slot left out.
    pub(super) fn nearest_members(&self, cluster: ClusterId, date_ms: i64, except: Slot, max: usize) -> Vec<Slot> {
        let Some(members) = self.members.get(&cluster) else { return Vec::new() };
        let date = |slot: Slot| self.index.when(slot).0.millis();
        let (from, to) = if members.len() <= max {
            (0, members.len())
        } else {
            let middle = members.place(|slot| date(slot) < date_ms);
            (middle.saturating_sub(max), middle + max + 1)
        };
        let others = members.range(from, to).filter(|slot| *slot != except);
        let by_gap = |slot: Slot| (date(slot).abs_diff(date_ms), self.index.when(slot).1, slot);
        let mut near: Vec<(u64, EntryId, Slot)> = others.map(by_gap).collect();
        near.sort_unstable();
        near.truncate(max);
        near.into_iter().map(|(.., slot)| slot).collect()
    }
}
