//! What if: the entries that are there, clustered once more by other options, and what would be different.

use super::Engine;
use super::clustering::{ClusterOptions, Clustering, Constraints};
use super::correction::{Act, Correction};
use super::eval::seniority;
use super::id::{ClusterId, EntryId};
use super::index::Live;
use super::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Entries in the order in which they were decided on, and where they are.
#[derive(Clone, Debug)]
pub struct Replay {
    entries: Vec<Live>,
    now: BTreeMap<EntryId, ClusterId>,
    corrections: Vec<Correction>,
    constraints: Constraints,
}

/// What other options would make of the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Entries replayed.
    pub entries: usize,
    /// Their clusters now.
    pub clusters_now: usize,
    /// Their clusters by the other options.
    pub clusters_then: usize,
    /// Clusters of now that would be one, the largest groups first.
    pub joined: Vec<Vec<ClusterId>>,
    /// Clusters of now that would be several: for each, the entries of the parts.
    pub split: Vec<(ClusterId, Vec<Vec<EntryId>>)>,
    /// Entries that would be with others: the entry, and the cluster of now that most of those are in.
    pub moved: Vec<(EntryId, ClusterId)>,
    /// Corrections by hand whose entries are all there.
    pub corrections: usize,
    /// Of these, how many today's options would have needed: what they decide without being told is otherwise.
    pub needed_now: usize,
    /// The same of the other options.
    pub needed_then: usize,
}

impl Engine {
    /// The entries that were dated or first seen since then (all of them with [`Timestamp::EPOCH`]), to be replayed.
    #[must_use]
    pub fn replay(&self, since: Timestamp) -> Replay {
        let recent = self.entries.values().filter(|entry| entry.date().max(entry.first_seen) >= since);
        let mut order: Vec<_> = recent.map(|entry| (entry.sequence, entry.date(), entry.id)).collect();
        order.sort_unstable();
        let entries: Vec<Live> = order
            .into_iter()
            .filter_map(|(sequence, _, id)| {
                let live = self.clustering.live(id)?;
                Some(Live { cluster: ClusterId::mint(id, sequence), ..live })
            })
            .collect();
        let now = entries.iter().filter_map(|live| Some((live.id, self.clustering.cluster_of(live.id)?))).collect();
        let corrections: Vec<Correction> = self.corrections().cloned().collect();
        Replay { entries, now, constraints: super::correction::constraints(corrections.iter()), corrections }
    }
}

impl Replay {
    /// Clusters the entries by `other` options, and compares with what is; `today` are the options in force.
    #[must_use]
    pub fn difference(&self, today: &ClusterOptions, other: &ClusterOptions) -> Difference {
        let then = self.run(other, self.constraints.clone());
        let relevant: Vec<&Correction> = self.corrections.iter().filter(|made| self.covers(made)).collect();
        let needed = |options| {
            let untold = self.run(options, Constraints::default());
            relevant.iter().filter(|made| !holds(made, &untold)).count()
        };
        let (needed_now, needed_then) = if relevant.is_empty() { (0, 0) } else { (needed(today), needed(other)) };
        Difference { corrections: relevant.len(), needed_now, needed_then, ..compare(&self.now, &then) }
    }

    fn run(&self, options: &ClusterOptions, constraints: Constraints) -> BTreeMap<EntryId, ClusterId> {
        let mut clustering = Clustering::new(options.clone());
        clustering.set_constraints(constraints);
        let born: BTreeMap<ClusterId, usize> =
            self.entries.iter().enumerate().map(|(place, live)| (live.cluster, place)).collect();
        for live in &self.entries {
            clustering.place(live.clone(), |cluster| seniority(&born, cluster));
        }
        if clustering.is_young() {
            clustering.second_look(self.entries.len() as u64, |cluster| seniority(&born, cluster));
        }
        self.entries.iter().filter_map(|live| Some((live.id, clustering.cluster_of(live.id)?))).collect()
    }

    fn covers(&self, made: &Correction) -> bool {
        let (a, b) = sides(made);
        a.iter().chain(b).all(|id| self.now.contains_key(id))
    }
}

/// The two sets of entries that a correction joins or parts.
fn sides(made: &Correction) -> (&[EntryId], &[EntryId]) {
    match &made.act {
        Act::Merge { members, gone, .. } => (members, &gone.members),
        Act::Split { rest, out, .. } => (rest, out),
    }
}

/// Whether clusters are as a correction says.
fn holds(made: &Correction, clusters: &BTreeMap<EntryId, ClusterId>) -> bool {
    let (a, b) = sides(made);
    let of = |side: &[EntryId]| side.iter().filter_map(|id| clusters.get(id).copied()).collect::<BTreeSet<_>>();
    match made.act {
        Act::Merge { .. } => of(a).union(&of(b)).count() == 1,
        Act::Split { .. } => of(a).is_disjoint(&of(b)),
    }
}

/// How one clustering differs from another: clusters that lie whole within one of the other's are joined or split;
/// entries that left the bulk of their cluster have moved.
fn compare(now: &BTreeMap<EntryId, ClusterId>, then: &BTreeMap<EntryId, ClusterId>) -> Difference {
    let (before, after) = (members(now), members(then));
    let mut difference = Difference {
        entries: now.len(),
        clusters_now: before.len(),
        clusters_then: after.len(),
        ..Difference::default()
    };
    let mut settled: BTreeSet<EntryId> = BTreeSet::new();
    for group in after.values() {
        let whole = parts(group, now).into_iter().filter(|(id, part)| before[id].len() == part.len());
        let whole: Vec<(ClusterId, Vec<EntryId>)> = whole.collect();
        settled.extend(whole.iter().flat_map(|(_, part)| part));
        if whole.len() > 1 {
            difference.joined.push(whole.into_iter().map(|(id, _)| id).collect());
        }
    }
    for (id, group) in &before {
        let whole = parts(group, then).into_iter().filter(|(id, part)| after[id].len() == part.len());
        let whole: Vec<Vec<EntryId>> = whole.map(|(_, part)| part).collect();
        settled.extend(whole.iter().flatten());
        if whole.len() > 1 {
            difference.split.push((*id, whole));
        }
    }
    for group in after.values() {
        // Of equal shares, the one that is a whole cluster stays where it is.
        let weight = |(id, part): &(ClusterId, Vec<EntryId>)| {
            (part.len(), before[id].len() == part.len(), std::cmp::Reverse(*id))
        };
        let bulk = parts(group, now).into_iter().max_by_key(weight);
        let Some((bulk, _)) = bulk else { continue };
        let strangers = group.iter().filter(|id| now[id] != bulk && !settled.contains(id));
        difference.moved.extend(strangers.map(|id| (*id, bulk)));
    }
    difference.joined.sort_by_key(|ids| (std::cmp::Reverse(ids.len()), ids.clone()));
    difference.split.sort_by_key(|(id, parts)| (std::cmp::Reverse(parts.len()), *id));
    difference
}

fn members(clusters: &BTreeMap<EntryId, ClusterId>) -> BTreeMap<ClusterId, Vec<EntryId>> {
    let mut members: BTreeMap<ClusterId, Vec<EntryId>> = BTreeMap::new();
    for (entry, cluster) in clusters {
        members.entry(*cluster).or_default().push(*entry);
    }
    members
}

/// A group of entries by the clusters that another clustering has them in.
fn parts(group: &[EntryId], other: &BTreeMap<EntryId, ClusterId>) -> Vec<(ClusterId, Vec<EntryId>)> {
    let mut parts: BTreeMap<ClusterId, Vec<EntryId>> = BTreeMap::new();
    for entry in group {
        if let Some(cluster) = other.get(entry) {
            parts.entry(*cluster).or_default().push(*entry);
        }
    }
    parts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter an entry: the cluster that it is in.
    fn clusters(letters: &str) -> BTreeMap<EntryId, ClusterId> {
        let placed = (1..).zip(letters.bytes());
        placed.map(|(entry, letter)| (EntryId(entry), ClusterId(u64::from(letter - b'a')))).collect()
    }

    #[test]
    fn joins_splits_and_moves_are_told_apart() {
        let check = |now: &str, then: &str, joined: usize, split: usize, moved: usize| {
            let found = compare(&clusters(now), &clusters(then));
            let counts = (found.joined.len(), found.split.len(), found.moved.len());
            assert_eq!(counts, (joined, split, moved), "{now} -> {then}: {found:?}");
        };
        check("aabb", "aabb", 0, 0, 0);
        check("aabb", "ccdd", 0, 0, 0);
        check("aabb", "aaaa", 1, 0, 0);
        check("aaaa", "aabb", 0, 1, 0);
        check("aaabbb", "aabbbb", 0, 0, 1);
        check("aabbcc", "aaaabb", 1, 0, 0);
        check("aaab", "aabb", 0, 0, 1);
    }
}
