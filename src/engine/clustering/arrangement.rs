//! The clusters around an entry, arranged anew: the one thing that every look at an entry does.

use super::group::Group;
use super::nearby::Neighbor;
use super::pairs::Cache;
use super::{Clustering, Placement};
use crate::engine::copy::COPY_WINDOW;
use crate::engine::evidence::{Decision, Match};
use crate::engine::id::ClusterId;
use crate::engine::index::{Held, Slot};
use std::time::Duration;

/// Why the surroundings of an entry are arranged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The entry has just come in.
    pub(super) new: bool,
    /// Makes the ids of clusters that begin by it; no two looks at one entry have the same.
    pub(super) seed: u64,
}

impl Clustering {
    /// Arranges the clusters around an entry anew.
    pub(super) fn arrange<R: Ord>(
        &mut self,
        slot: Slot,
        look: Look,
        cache: &mut Cache,
        rank: &impl Fn(ClusterId) -> R,
    ) -> Placement {
        let mate = self.mate(slot);
        if mate.is_some() && !look.new {
            // The user put it where it is.
            return Placement::alone();
        }
        let neighbors = self.neighbors(slot, cache);
        let single = look.new || self.index.get(slot).is_some_and(|live| self.extent(live.cluster).is_single());
        if single && mate.is_none() && !self.is_near_any(slot, &neighbors, cache) {
            return self.alone(slot, &neighbors, cache);
        }
        let original = self.copy_of(slot, &neighbors, cache);
        let groups = self.groups(slot, mate, original, &neighbors, cache);
        let matches = self.matches(slot, &groups, cache);
        let full: Vec<bool> = groups.iter().map(|group| !group.fits(&groups[0])).collect();
        let (ids, revisions) = self.settle(slot, &groups, look, cache, rank);
        let mut named =
            matches.into_iter().zip(&ids).map(|(found, cluster)| Some(Match { cluster: *cluster, ..found? }));
        let own = named.next().flatten();
        let others = named.zip(&full[1..]).filter_map(|(found, full)| Some((found?, *full)));
        let next = others.max_by_key(|(found, _)| (found.score, std::cmp::Reverse(found.cluster)));
        let name = |slot: Slot| self.index.get(slot).map(|live| live.id);
        let decision = match (mate.and_then(name), original.and_then(name), own, next) {
            (Some(to), _, Some(own), _) => Decision::Bound { to, cluster: own.cluster },
            (None, Some(of), Some(own), _) => Decision::Copy { of, cluster: own.cluster },
            (None, None, Some(to), next) => Decision::Join { to, runner_up: next.map(|(found, _)| found) },
            (_, copied, None, Some((to, true))) if copied.is_some() || to.score >= to.threshold => {
                Decision::Follow { to }
            }
            (.., None, next) => Decision::Start { nearest: next.map(|(found, _)| found) },
        };
        Placement { decision, spoke: Vec::new(), revisions }
    }

    /// Of a new entry that nothing is near enough to.
    fn alone(&self, slot: Slot, neighbors: &[Neighbor], cache: &mut Cache) -> Placement {
        let nearest = neighbors.first().and_then(|nearest| {
            let cluster = self.index.get(nearest.slot)?.cluster;
            self.matches(slot, &self.wholes(slot, cluster, neighbors), cache).swap_remove(0)
        });
        Placement { decision: Decision::Start { nearest }, spoke: Vec::new(), revisions: Vec::new() }
    }

    /// The groups around an entry as they should be; its own is the first. Each cluster is in them with all its members or
    /// not at all. The entry goes with its `mate` in any case, and with its `original` where there is room.
    fn groups(
        &self,
        slot: Slot,
        mate: Option<Slot>,
        original: Option<Slot>,
        neighbors: &[Neighbor],
        cache: &mut Cache,
    ) -> Vec<Group> {
        let tied = mate.or(original);
        let home = tied.and_then(|tied| self.index.get(tied)).map(|live| live.cluster);
        let mut groups = self.taken_apart(slot, neighbors, home.as_slice());
        let holds = |group: &Group| {
            tied.is_some_and(|tied| group.loose.contains(&tied)) || home.is_some_and(|home| group.whole.contains(&home))
        };
        let takes = |group: &Group| holds(group) && (mate.is_some() || group.fits(&groups[0]));
        if let Some(at) = groups.iter().skip(1).position(takes) {
            let tied = groups.remove(at + 1);
            groups[0].absorb(&tied);
        }
        self.linked(groups, cache)
    }

    /// The entry that the user put one together with.
    fn mate(&self, slot: Slot) -> Option<Slot> {
        let id = self.index.get(slot)?.id;
        self.constraints.mates(id).find_map(|mate| self.index.slot(mate))
    }

    /// The oldest neighbor with the same text.
    fn copy_of(&self, slot: Slot, neighbors: &[Neighbor], cache: &mut Cache) -> Option<Slot> {
        let own = self.index.get(slot)?;
        let apart = |other: &Held| Duration::from_millis(own.date.millis().abs_diff(other.date.millis()));
        let near = |other: &&Held| apart(other) <= COPY_WINDOW;
        let same = neighbors.iter().filter(|n| self.pair(slot, n.slot, cache).is_some_and(|p| p.copy && !p.apart));
        let (_, of) =
            same.filter_map(|n| self.index.get(n.slot)).filter(near).map(|held| (held.date, held.id)).min()?;
        self.index.slot(of)
    }
}
