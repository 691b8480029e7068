//! Which cluster each group goes on as: the one that most of it was in, so that readers find their clusters again.

use super::arrangement::Look;
use super::group::Group;
use super::scene::Scene;
use super::{Clustering, Revision};
use crate::engine::evidence::Match;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::{Slot, Timeline};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Of how many entries of a cluster a group consists, and whose cluster that was.
type Claim<R> = (Reverse<usize>, R, ClusterId, usize);

impl Clustering {
    /// Makes the clusters be as the groups around an entry say. Gives the cluster of each group, and what changed: moves
    /// before merges. Of the entry itself nothing is told if it is new.
    pub(super) fn settle<R: Ord>(
        &mut self,
        slot: Slot,
        groups: &[Group],
        Look { new, seed }: Look,
        scene: &mut Scene,
        rank: &impl Fn(ClusterId) -> R,
    ) -> (Vec<ClusterId>, Vec<Revision>) {
        let (names, heirs) = heirs(&self.claims(groups, rank), groups.len());
        let pairs = names.iter().zip(groups);
        let ids: Vec<ClusterId> =
            pairs.map(|(name, group)| name.unwrap_or_else(|| self.part_id(slot, group, seed))).collect();
        let told = |of: Slot| !(new && of == slot);
        let mut revisions = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let mut begun = names[at].is_some();
            for member in &group.loose {
                let Some((id, from)) = self.index.get(*member).map(|live| (live.id, live.cluster)) else { continue };
                if from == ids[at] || (heirs.get(&from) == Some(&at) && told(*member)) {
                    continue;
                }
                if told(*member) {
                    revisions.extend(if begun {
                        self.moved(*member, groups, at, ids[at], scene)
                    } else {
                        Some(Revision::Parted { entry: id, to: ids[at] })
                    });
                }
                begun = true;
                self.shift(*member, ids[at]);
            }
        }
        for (from, at) in heirs {
            if from != ids[at] && self.members.contains_key(&from) {
                revisions.push(self.merge(from, ids[at]));
            }
        }
        (ids, revisions)
    }

    /// What each group has of each cluster, the largest parts first.
    fn claims<R: Ord>(&self, groups: &[Group], rank: &impl Fn(ClusterId) -> R) -> Vec<Claim<R>> {
        let mut claims = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let loose = group.loose.iter().filter_map(|member| Some((self.index.get(*member)?.cluster, 1)));
            let whole =
                group.whole.iter().map(|cluster| (*cluster, self.members.get(cluster).map_or(0, Timeline::len)));
            let mut parts: Vec<(ClusterId, usize)> = loose.chain(whole).collect();
            parts.sort_unstable();
            let parts = parts.chunk_by(|a, b| a.0 == b.0);
            let counts = parts.map(|part| (part[0].0, part.iter().map(|(_, count)| count).sum()));
            claims.extend(counts.map(|(cluster, count)| (Reverse(count), rank(cluster), cluster, at)));
        }
        claims.sort_unstable();
        claims
    }

    /// The id of a cluster that begins with what parted from others.
    fn part_id(&self, around: Slot, group: &Group, seed: u64) -> ClusterId {
        let id = |slot: &Slot| self.index.get(*slot).map(|live| live.id);
        let first = group.loose.iter().filter_map(id).min().unwrap_or(EntryId(0));
        ClusterId::part(first, id(&around).unwrap_or(first), seed)
    }

    /// The move of an entry to a group that goes on as the cluster `to`.
    fn moved(&self, slot: Slot, groups: &[Group], at: usize, to: ClusterId, scene: &mut Scene) -> Option<Revision> {
        let own = self.seat(slot, scene)?;
        let suit = self.suits(own, groups, scene).swap_remove(at)?;
        let found = self.matched(own, &groups[at], &suit, scene)?;
        Some(Revision::Moved(self.index.get(slot)?.id, Match { cluster: to, ..found }))
    }

    /// What is left of one cluster goes into another.
    pub(super) fn merge(&mut self, from: ClusterId, into: ClusterId) -> Revision {
        let slots: Vec<Slot> = self.members.get(&from).map(|members| members.iter().collect()).unwrap_or_default();
        for slot in slots {
            self.shift(slot, into);
        }
        Revision::Merged { from, into }
    }
}

/// The cluster that each group goes on as, if any, and the group that each cluster goes on in: as such, or for want of an
/// heir merged into the group that has most of it.
fn heirs<R>(claims: &[Claim<R>], groups: usize) -> (Vec<Option<ClusterId>>, BTreeMap<ClusterId, usize>) {
    let mut heirs: BTreeMap<ClusterId, usize> = BTreeMap::new();
    let mut names: Vec<Option<ClusterId>> = vec![None; groups];
    for (.., cluster, group) in claims {
        if names[*group].is_none() && !heirs.contains_key(cluster) {
            heirs.insert(*cluster, *group);
            names[*group] = Some(*cluster);
        }
    }
    for (.., cluster, group) in claims {
        heirs.entry(*cluster).or_insert(*group);
    }
    (names, heirs)
}
