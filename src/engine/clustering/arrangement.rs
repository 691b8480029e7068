//! The clusters around an entry, arranged anew: the one thing that every look at an entry does.

use super::group::Group;
use super::nearby::Neighbor;
use super::scene::{Scene, Seat};
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
        scene: &mut Scene,
        rank: &impl Fn(ClusterId) -> R,
    ) -> Placement {
        scene.clear();
        let mate = self.mate(slot);
        if mate.is_some() && !look.new {
            // The user put it where it is.
            return Placement::alone();
        }
        let Some(own) = self.seat(slot, scene) else { return Placement::alone() };
        let neighbors = self.neighbors(slot, scene);
        let single = look.new || self.index.get(slot).is_some_and(|live| self.extent(live.cluster).is_single());
        if single && mate.is_none() && !self.is_near_any(own, &neighbors, scene) {
            return self.alone(slot, &neighbors, scene);
        }
        let original = self.copy_of(slot, &neighbors, scene);
        let groups = self.groups(slot, mate, original, &neighbors, scene);
        let (to, next) = self.own_and_next(own, &groups, scene);
        let (ids, revisions) = self.settle(slot, &groups, look, scene, rank);
        let named = |(at, found): (usize, Match)| (Match { cluster: ids[at], ..found }, !groups[at].fits(&groups[0]));
        let (to, next) = (to.map(|to| named((0, to)).0), next.map(named));
        let name = |slot: Slot| self.index.get(slot).map(|live| live.id);
        let decision = match (mate.and_then(name), original.and_then(name), to, next) {
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
    fn alone(&self, slot: Slot, neighbors: &[Neighbor], scene: &mut Scene) -> Placement {
        let nearest = neighbors.first().and_then(|nearest| self.index.get(nearest.slot));
        let nearest = nearest.and_then(|nearest| self.first_match(slot, nearest.cluster, neighbors, scene));
        Placement { decision: Decision::Start { nearest }, spoke: Vec::new(), revisions: Vec::new() }
    }

    /// An entry held against a cluster, beside the clusters of its neighbors.
    pub(super) fn first_match(
        &self,
        slot: Slot,
        cluster: ClusterId,
        neighbors: &[Neighbor],
        scene: &mut Scene,
    ) -> Option<Match> {
        let own = self.seat(slot, scene)?;
        let heeded = self.options.model.heeds_rivals_of(self.index.get(slot)?.length);
        let rivals = if heeded { neighbors } else { &[] };
        let groups = self.wholes(slot, cluster, rivals, scene);
        let suit = self.suits(own, &groups, scene).into_iter().next()??;
        self.matched(own, &groups[0], &suit, scene)
    }

    /// How an entry suits its own group, the first, and which other it suits best.
    fn own_and_next(&self, own: Seat, groups: &[Group], scene: &mut Scene) -> (Option<Match>, Option<(usize, Match)>) {
        let suits = self.suits(own, groups, scene);
        let others = suits.iter().enumerate().skip(1).filter_map(|(at, suit)| Some((at, suit.as_ref()?)));
        let next = others.max_by_key(|(at, suit)| (self.suit_score(suit), std::cmp::Reverse(*at)));
        let next = next.and_then(|(at, suit)| Some((at, self.matched(own, &groups[at], suit, scene)?)));
        let to = suits.first().and_then(Option::as_ref);
        (to.and_then(|suit| self.matched(own, &groups[0], suit, scene)), next)
    }

    /// The groups around an entry as they should be; its own is the first. Each cluster is in them with all its members or
    /// not at all. The entry goes with its `mate` in any case, and with its `original` where there is room.
    fn groups(
        &self,
        slot: Slot,
        mate: Option<Slot>,
        original: Option<Slot>,
        neighbors: &[Neighbor],
        scene: &mut Scene,
    ) -> Vec<Group> {
        let tied = mate.or(original);
        let home = tied.and_then(|tied| self.index.get(tied)).map(|live| live.cluster);
        let mut groups = self.taken_apart(slot, neighbors, home.as_slice(), scene);
        let holds = |group: &Group| {
            tied.is_some_and(|tied| group.loose.contains(&tied)) || home.is_some_and(|home| group.whole.contains(&home))
        };
        let takes = |group: &Group| holds(group) && (mate.is_some() || group.fits(&groups[0]));
        if let Some(at) = groups.iter().skip(1).position(takes) {
            let tied = groups.remove(at + 1);
            groups[0].absorb(tied);
        }
        self.linked(groups, scene)
    }

    /// The entry that the user put one together with.
    fn mate(&self, slot: Slot) -> Option<Slot> {
        let id = self.index.get(slot)?.id;
        self.constraints.mates(id).find_map(|mate| self.index.slot(mate))
    }

    /// The oldest neighbor with the same text.
    fn copy_of(&self, slot: Slot, neighbors: &[Neighbor], scene: &mut Scene) -> Option<Slot> {
        let (own, seat) = (self.index.get(slot)?, self.seat(slot, scene)?);
        let apart = |other: &Held| Duration::from_millis(own.date.millis().abs_diff(other.date.millis()));
        let near = |other: &&Held| apart(other) <= COPY_WINDOW;
        let mut is_same = |near: &&Neighbor| {
            let pair = self.pair(seat, near.seat, scene);
            pair.copy && !pair.apart
        };
        let same = neighbors.iter().filter(&mut is_same).filter_map(|near| self.index.get(near.slot));
        let (_, of) = same.filter(near).map(|held| (held.date, held.id)).min()?;
        self.index.slot(of)
    }
}
