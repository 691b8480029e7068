//! What is around an entry: the entries most like it, and their clusters.

use super::Clustering;
use super::pairs::Cache;
use crate::engine::features::Length;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Held, Slot};
use std::num::NonZeroU64;

/// Neighbors an entry is compared with. Of bare titles, many look alike: fewer would all be of one event, and the others,
/// which tell how far that event reaches, unseen.
const NEIGHBORS_MAX: usize = 24;
const NEIGHBORS_OF_TITLE: usize = 48;
/// Of these, how many may be one publisher's: who repeats every headline a hundred times must not hide the others.
const NEIGHBORS_OF_PUBLISHER: usize = 4;

/// An entry near the one being placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbor {
    pub(super) slot: Slot,
    pub(super) score: i32,
}

impl Clustering {
    /// The entries most like one, best first. What is about no single event has no neighbors but its copies, and is
    /// nobody's.
    pub(super) fn neighbors(&self, slot: Slot, cache: &mut Cache) -> Vec<Neighbor> {
        let window_ms = i64::try_from(self.options.window.as_millis()).unwrap_or(i64::MAX);
        let Some(Held { vague, length, .. }) = self.index.get(slot) else { return Vec::new() };
        let max = if *length == Length::Title { NEIGHBORS_OF_TITLE } else { NEIGHBORS_MAX };
        let found = self.search(slot, window_ms, max, cache);
        let mut neighbors: Vec<(Neighbor, EntryId)> = found
            .into_iter()
            .filter_map(|other| {
                let pair = self.pair(slot, other, cache)?;
                let held = self.index.get(other)?;
                if !pair.copy && (*vague || held.vague) {
                    return None;
                }
                Some((Neighbor { slot: other, score: pair.score }, held.id))
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
}
