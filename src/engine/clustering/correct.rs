//! Second thoughts: a new entry may show that an older one is in the wrong cluster, or that two clusters are one.
//!
//! Only the surroundings of the new entry are looked at, by the same similarity as everywhere, and a bounded number of
//! times, so that one entry never sets the whole map moving.

use super::{Cache, Clustering, Correction, HOPE, MERGE_AGAINST_JOIN, MOVE_MARGIN, Neighbor};
use crate::engine::evidence::Match;
use crate::engine::id::ClusterId;
use crate::engine::index::Slot;

/// Neighbors that may move to the new entry's cluster.
const MOVES_TRIED: usize = 12;
/// A neighbor moves only if it is at least this near (1/1000 log odds below the threshold) to the new entry itself.
const MOVE_HOPE: i32 = 1_000;
/// Neighboring clusters that may merge with it, in each round.
const MERGES_TRIED: usize = 3;
/// Merges that one entry can bring about.
const MERGE_ROUNDS: usize = 3;
/// Members of each side that speak for or against a merge.
const MERGE_MEMBERS: usize = 8;
/// A merge is looked into if the new entry alone comes this near (1/1000 log odds) to wanting it.
const MERGE_HOPE: i32 = 1_000;

impl Clustering {
    /// Moves neighbors to the cluster of the new entry where it suits them clearly better than their own. One that is
    /// alone brings its cluster along: the two merge, and the one of lesser `rank` goes on, for readers may know it.
    pub(super) fn correct_moves<R: Ord>(
        &mut self,
        slot: Slot,
        neighbors: &[Neighbor],
        cache: &mut Cache,
        rank: impl Fn(ClusterId) -> R,
    ) -> Vec<Correction> {
        let mut corrections = Vec::new();
        let floor = self.options.threshold.saturating_sub(MOVE_HOPE);
        for neighbor in neighbors.iter().take(MOVES_TRIED).take_while(|n| n.score >= floor) {
            let Some(to) = self.index.get(slot).map(|live| live.cluster) else { break };
            let Some((id, from)) = self.index.get(neighbor.slot).map(|live| (live.id, live.cluster)) else { continue };
            if from == to || !self.may_move(neighbor.slot, to) {
                continue;
            }
            let Some(there) = self.preferred(neighbor.slot, from, to, neighbors, cache) else { continue };
            if self.members.get(&from).is_some_and(|members| members.len() > 1) {
                self.shift(neighbor.slot, to, cache);
                corrections.push(Correction::Moved(id, there));
            } else if self.may_merge(from, to) {
                corrections.push(self.merge(from, to, &rank, cache));
            }
        }
        corrections
    }

    /// How well a neighbor suits the cluster `to`, if it does so clearly better than its own.
    fn preferred(
        &self,
        slot: Slot,
        from: ClusterId,
        to: ClusterId,
        near: &[Neighbor],
        cache: &mut Cache,
    ) -> Option<Match> {
        let crowd = self.crowd(near, [from, to]);
        let there = self.affinity(slot, to, crowd, cache).filter(|found| found.score >= found.threshold)?;
        // An entry that is alone needs no less than what a new one needs to join.
        let here = self.affinity(slot, from, crowd, cache).map_or(there.threshold, |found| found.score);
        (there.score >= here.saturating_add(MOVE_MARGIN)).then_some(there)
    }

    /// Merges the cluster of the new entry with neighboring ones that turn out to be about its event.
    pub(super) fn correct_merges<R: Ord>(
        &mut self,
        slot: Slot,
        neighbors: &[Neighbor],
        cache: &mut Cache,
        rank: impl Fn(ClusterId) -> R,
    ) -> Vec<Correction> {
        let mut merged = Vec::new();
        let floor = self.merge_threshold().saturating_sub(HOPE);
        let near = neighbors.iter().take_while(|n| n.score >= floor).count();
        for _ in 0..MERGE_ROUNDS {
            let Some(own) = self.index.get(slot).map(|live| live.cluster) else { break };
            let best = self
                .clusters_near(&neighbors[..near], own, MERGES_TRIED)
                .into_iter()
                .filter(|other| self.may_merge(own, *other))
                .filter_map(|other| Some((self.linkage(slot, own, other, neighbors, cache)?, other)))
                .max_by_key(|(score, other)| (*score, std::cmp::Reverse(*other)));
            match best {
                Some((score, other)) if score >= self.merge_threshold() => {
                    merged.push(self.merge(own, other, &rank, cache));
                }
                _ => break,
            }
        }
        merged
    }

    /// The mean affinity of each side's members, near the new entry in time, to the other side; `None` without hope.
    fn linkage(&self, slot: Slot, a: ClusterId, b: ClusterId, near: &[Neighbor], cache: &mut Cache) -> Option<i32> {
        let crowd = self.crowd(near, [a, b]);
        let hope = self.affinity(slot, b, crowd, cache)?;
        if hope.score < self.merge_threshold().saturating_sub(MERGE_HOPE) {
            return None;
        }
        let date_ms = self.index.get(slot)?.date.millis();
        let (mut sum, mut count) = (0_i64, 0_i64);
        for (side, other) in [(a, b), (b, a)] {
            for member in self.nearest_members(side, date_ms, Slot::MAX, MERGE_MEMBERS) {
                sum += i64::from(self.affinity(member, other, crowd, cache)?.score);
                count += 1;
            }
        }
        i32::try_from(sum.checked_div(count)?).ok()
    }

    fn merge_threshold(&self) -> i32 {
        self.options.threshold + MERGE_AGAINST_JOIN
    }

    /// Makes one of two clusters.
    pub(super) fn merge<R: Ord>(
        &mut self,
        a: ClusterId,
        b: ClusterId,
        rank: &impl Fn(ClusterId) -> R,
        cache: &mut Cache,
    ) -> Correction {
        let (into, from) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
        for slot in self.members.remove(&from).unwrap_or_default().iter() {
            self.index.set_cluster(slot, into);
            self.add_member(into, slot);
        }
        cache.forget(from, None);
        cache.forget(into, None);
        Correction::Merged { from, into }
    }
}
