//! Entries that are about one event, as far as is known around one of them.

use super::Clustering;
use super::admission::{Extent, may_be_one};
use super::nearby::{Breadth, Neighbor};
use super::scene::{Scene, Seat};
use crate::engine::id::ClusterId;
use crate::engine::index::Slot;
use smallvec::{SmallVec, smallvec};
use std::num::NonZeroU64;

/// Neighbors this far (1/1000 log odds) below the threshold bring their clusters in.
const HOPE: i32 = 2_500;
/// Clusters of up to this many members are taken apart.
const LOOSE_MAX: usize = 6;
/// Members that speak for a larger one, the nearest in time.
const SPEAKERS: usize = 8;
/// Of these, how many may be one publisher's: a cluster is what several say.
const SPEAKERS_OF_PUBLISHER: usize = 2;
/// Members among which speakers are looked for.
const SPEAKERS_AMONG: usize = 24;
/// Entries that are compared in all.
const POINTS_MAX: usize = 28;

/// The vote of a publisher, to be shared by its entries.
const VOTE: i64 = 60;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Entries of clusters that were taken apart.
    pub(super) loose: SmallVec<[Slot; 4]>,
    /// Clusters that are in it as they are.
    pub(super) whole: SmallVec<[ClusterId; 1]>,
    /// The entries that speak for it.
    pub(super) points: SmallVec<[Point; 2]>,
    /// How many there are, and from when to when.
    pub(super) extent: Extent,
}

/// An entry that speaks for a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) seat: Seat,
    /// The cluster that it is in.
    pub(super) cluster: ClusterId,
    publisher: Option<NonZeroU64>,
    /// What it counts: all of one publisher together as much as any other's one, so that nobody glues two events together
    /// by repeating both a hundred times.
    pub(super) vote: i64,
}

impl Group {
    /// Takes another in.
    pub(super) fn absorb(&mut self, other: Self) {
        self.loose.extend(other.loose);
        self.whole.extend(other.whole);
        self.points.extend(other.points);
        self.extent = self.extent.with(other.extent);
        self.share_votes();
    }

    /// Whether one cluster could hold both.
    pub(super) fn fits(&self, other: &Self) -> bool {
        may_be_one(self.extent, other.extent)
    }

    /// Whether some publisher has to share its vote.
    pub(super) fn has_shared_votes(&self) -> bool {
        self.points.iter().any(|point| point.vote < VOTE)
    }

    fn share_votes(&mut self) {
        for at in 0..self.points.len() {
            let publisher = self.points[at].publisher;
            let same = |point: &&Point| publisher.is_some() && point.publisher == publisher;
            let count = i64::try_from(self.points.iter().filter(same).count()).unwrap_or(VOTE);
            self.points[at].vote = (VOTE / count.max(1)).max(1);
        }
    }
}

impl Clustering {
    /// The likely clusters around an entry, small ones taken apart; the entry itself is the first. `tied` are clusters that
    /// are looked at in any case.
    pub(super) fn taken_apart(
        &self,
        slot: Slot,
        neighbors: &[Neighbor],
        tied: &[ClusterId],
        scene: &mut Scene,
    ) -> Vec<Group> {
        let Some(live) = self.index.get(slot) else { return Vec::new() };
        let mut groups = vec![self.single(slot, scene)];
        let floor = self.options.threshold.saturating_sub(HOPE);
        let near = neighbors.iter().take_while(|n| n.score >= floor).count().max(1).min(neighbors.len());
        let near = self.clusters_near(&neighbors[..near], live.cluster, Breadth::of(live.length).clusters);
        let (mut points, mut seen) = (1, Vec::new());
        for cluster in std::iter::once(live.cluster).chain(tied.iter().copied()).chain(near) {
            if seen.contains(&cluster) {
                continue;
            }
            seen.push(cluster);
            let found = self.groups_of(cluster, slot, scene);
            points += found.iter().map(|group| group.points.len()).sum::<usize>();
            if points > POINTS_MAX {
                break;
            }
            groups.extend(found);
        }
        groups
    }

    /// A cluster without one of its entries: as single entries if it is small and the user has not put it together, else as
    /// a whole.
    fn groups_of(&self, cluster: ClusterId, except: Slot, scene: &mut Scene) -> Vec<Group> {
        let date_ms = self.index.get(except).map_or(0, |live| live.date.millis());
        let near = self.nearest_members(cluster, date_ms, except, SPEAKERS_AMONG);
        self.index.warm(&near);
        let pinned = |slot: &Slot| self.index.get(*slot).is_some_and(|live| self.constraints.pins(live.id));
        if near.len() <= LOOSE_MAX && !near.iter().any(pinned) {
            return near.into_iter().map(|slot| self.single(slot, scene)).collect();
        }
        if near.is_empty() {
            return Vec::new();
        }
        let speakers = self.few_of_each(near.into_iter(), |slot| *slot, SPEAKERS_OF_PUBLISHER);
        vec![self.whole(cluster, &speakers, scene)]
    }

    /// A cluster and its neighbors around an entry, each as a whole and without the entry; the cluster is the first.
    pub(super) fn wholes(
        &self,
        slot: Slot,
        cluster: ClusterId,
        neighbors: &[Neighbor],
        scene: &mut Scene,
    ) -> Vec<Group> {
        let Some(live) = self.index.get(slot) else { return Vec::new() };
        let date_ms = live.date.millis();
        let mut near = vec![cluster];
        near.extend(self.clusters_near(neighbors, cluster, Breadth::of(live.length).clusters));
        let speakers = near.into_iter().map(|near| (near, self.nearest_members(near, date_ms, slot, SPEAKERS)));
        let held = speakers.filter(|(_, speakers)| !speakers.is_empty());
        held.map(|(cluster, speakers)| self.whole(cluster, &speakers, scene)).collect()
    }

    fn whole(&self, cluster: ClusterId, speakers: &[Slot], scene: &mut Scene) -> Group {
        let points = speakers.iter().take(SPEAKERS).filter_map(|slot| self.point(*slot, scene)).collect();
        let mut group =
            Group { loose: SmallVec::new(), whole: smallvec![cluster], points, extent: self.extent(cluster) };
        group.share_votes();
        group
    }

    fn single(&self, slot: Slot, scene: &mut Scene) -> Group {
        let date_ms = self.index.get(slot).map_or(0, |live| live.date.millis());
        let points = self.point(slot, scene).into_iter().collect();
        Group { loose: smallvec![slot], whole: SmallVec::new(), points, extent: Extent::at(date_ms) }
    }

    fn point(&self, slot: Slot, scene: &mut Scene) -> Option<Point> {
        let seat = self.seat(slot, scene)?;
        let held = self.index.get(slot)?;
        Some(Point { seat, cluster: held.cluster, publisher: held.publisher, vote: VOTE })
    }
}
