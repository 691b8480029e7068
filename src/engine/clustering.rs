//! The streaming decision: which cluster a new entry joins, if any, and what it shows of others.
//!
//! Candidates are the entries around the new entry's own date that share rare terms with it ([`super::index`]); each is
//! compared ([`super::similarity`]) and weighed ([`super::model`]); a cluster's score mixes its best member's with the
//! mean of its members'. The best cluster above the threshold is joined. After that, near entries that fit better here
//! than at home move over, and clusters that have turned out to be one are merged (average linkage).

use super::entry::Entry;
use super::evidence::{Decision, Match};
use super::features::Features;
use super::id::{ClusterId, EntryId};
use super::index::{Index, Live, RARITY_ONE, Slot};
use super::model::Model;
use super::similarity::{Evidence, Weighed, compare};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How far apart in time the entries of one event may lie, each from its nearest.
pub const WINDOW_DEFAULT: Duration = Duration::from_hours(240);

/// Entries compared with a new one.
const NEIGHBORS: usize = 48;
/// Clusters of theirs that are scored.
const CLUSTERS_TRIED: usize = 8;
/// Members of a cluster that a new entry is compared with, the nearest in time.
const MEMBERS_COMPARED: usize = 12;
/// Neighbours that may move over.
const MOVES_TRIED: usize = 12;
/// Neighbouring clusters that may merge, in each round.
const MERGES_TRIED: usize = 3;
/// Rounds of merging after one entry.
const MERGE_ROUNDS: usize = 3;
/// Members on each side that a merge compares.
const MERGE_MEMBERS: usize = 8;

/// Log-odds that a join must reach, in 1/1000: even odds.
const JOIN_AT: i32 = 0;
/// Log-odds that a move must reach, in 1/1000, and how much better than staying it must be.
const MOVE_AT: i32 = 0;
const MOVE_MARGIN: i32 = 250;
/// Mean log-odds between the members of two clusters that merge, in 1/1000.
const MERGE_AT: i32 = 0;

/// How readily entries join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Fewer and surer joins.
    Strict,
    /// As the model was fitted.
    Balanced,
    /// More joins, more of them wrong.
    Loose,
}

impl Preset {
    /// Log-odds that a join must reach, in 1/1000.
    #[must_use]
    pub fn threshold(self) -> i32 {
        match self {
            Self::Strict => JOIN_AT + 1000,
            Self::Balanced => JOIN_AT,
            Self::Loose => JOIN_AT - 1000,
        }
    }
}

/// What may be tuned about clustering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterOptions {
    /// How readily entries join.
    pub preset: Preset,
    /// See [`WINDOW_DEFAULT`].
    pub window: Duration,
    /// Publishers (domains, in lower case) that are one house, and its name.
    pub publisher_groups: BTreeMap<String, Arc<str>>,
}

impl ClusterOptions {
    /// The publisher that counts: the house, where the configuration names one.
    #[must_use]
    pub fn group_of(&self, publisher: &str) -> Arc<str> {
        self.publisher_groups.get(&publisher.to_lowercase()).cloned().unwrap_or_else(|| publisher.into())
    }
}

/// What a new entry led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Where it went, and why.
    pub decision: Decision,
    /// Entries that moved, and where to.
    pub moved: Vec<(EntryId, Match)>,
    /// Clusters that were merged: gone, and into which.
    pub merged: Vec<(ClusterId, ClusterId)>,
}

impl Placement {
    /// Of an entry that is not clustered.
    #[must_use]
    pub fn alone() -> Self {
        Self { decision: Decision::Alone, moved: Vec::new(), merged: Vec::new() }
    }
}

/// The live form of an entry.
#[must_use]
pub fn live(entry: &Entry, features: Features) -> Live {
    Live {
        id: entry.id,
        date: entry.date(),
        features,
        publisher: Some(super::id::digest(&[entry.publisher.as_bytes()])),
        cluster: entry.cluster,
    }
}

/// Live entries and the clusters they are in. All of it is a function of the set of live entries, so that
/// [`Clustering::insert`]ing them again makes it again.
#[derive(Debug)]
pub struct Clustering {
    options: ClusterOptions,
    model: Model,
    index: Index,
    /// In no order: what is read of it is sorted.
    members: HashMap<ClusterId, Vec<Slot>, FixedState>,
}

/// An entry held against others, with what was computed of it.
struct Probe {
    slot: Slot,
    weighed: Weighed,
    known: HashMap<Slot, Pair, FixedState>,
}

/// Two entries compared.
#[derive(Clone, Copy)]
struct Pair {
    score: i32,
    evidence: Evidence,
}

impl Clustering {
    /// Without entries.
    #[must_use]
    pub fn new(options: ClusterOptions) -> Self {
        Self { options, model: Model::shipped(), index: Index::default(), members: HashMap::default() }
    }

    /// Decides by these options from now on; what was decided stands.
    pub fn set_options(&mut self, options: ClusterOptions) {
        self.options = options;
    }

    /// Takes an entry back in, in the cluster it has.
    pub fn insert(&mut self, live: Live, cluster: ClusterId) {
        let slot = self.index.insert(Live { cluster, ..live });
        self.add_member(cluster, slot);
    }

    /// Forgets an entry.
    pub fn remove(&mut self, id: EntryId) {
        let Some((slot, cluster)) = self.index.slot(id).and_then(|slot| Some((slot, self.index.get(slot)?.cluster)))
        else {
            return;
        };
        self.drop_member(cluster, slot);
        self.index.remove(id);
    }

    /// Decides where a new entry goes; `fresh` is the id of the cluster that it may start. Of two clusters that merge,
    /// the one of lesser `seniority` rank goes on.
    pub fn place<S: Ord>(&mut self, live: Live, fresh: ClusterId, seniority: impl Fn(ClusterId) -> S) -> Placement {
        let slot = self.index.insert(Live { cluster: fresh, ..live });
        let mut probe = self.probe(slot);
        let neighbors = self.neighbors(&mut probe);
        let decision = self.decide(&mut probe, &neighbors);
        let cluster = decision.cluster().unwrap_or(fresh);
        self.index.set_cluster(slot, cluster);
        self.add_member(cluster, slot);
        let moved = self.move_over(slot, &neighbors);
        let merged = self.merge_around(slot, &neighbors, seniority);
        Placement { decision, moved, merged }
    }

    fn probe(&self, slot: Slot) -> Probe {
        Probe { slot, weighed: Weighed::of(&self.index.live(slot).features, &self.index), known: HashMap::default() }
    }

    /// The entries most like the probe, best first.
    fn neighbors(&mut self, probe: &mut Probe) -> Vec<Slot> {
        let found = self.index.search(probe.slot, &probe.weighed, self.options.window, NEIGHBORS);
        let mut scored: Vec<_> = found
            .into_iter()
            .map(|slot| (std::cmp::Reverse(self.pair(probe, slot).score), self.index.live(slot).id, slot))
            .collect();
        scored.sort_unstable();
        scored.into_iter().map(|(.., slot)| slot).collect()
    }

    fn pair(&self, probe: &mut Probe, other: Slot) -> Pair {
        if let Some(pair) = probe.known.get(&other) {
            return *pair;
        }
        let (a, b) = (self.index.live(probe.slot), self.index.live(other));
        let weighed = Weighed::of(&b.features, &self.index);
        let evidence = compare(a, &probe.weighed, b, &weighed);
        let length = a.features.length.min(b.features.length);
        let pair = Pair { score: self.model.score(&evidence, length), evidence };
        probe.known.insert(other, pair);
        pair
    }

    fn decide(&self, probe: &mut Probe, neighbors: &[Slot]) -> Decision {
        let mut tried: Vec<ClusterId> = Vec::new();
        for &slot in neighbors {
            let cluster = self.index.live(slot).cluster;
            if !tried.contains(&cluster) && tried.len() < CLUSTERS_TRIED {
                tried.push(cluster);
            }
        }
        let mut matches: Vec<Match> = tried.into_iter().filter_map(|id| self.affinity(probe, id)).collect();
        matches.sort_by_key(|found| (std::cmp::Reverse(found.score), found.cluster));
        let mut matches = matches.into_iter();
        match matches.next() {
            Some(best) if best.score >= best.threshold => Decision::Join { to: best, runner_up: matches.next() },
            nearest => Decision::Start { nearest },
        }
    }

    /// How well an entry fits a cluster of others: its best member and the mean of its members, half and half.
    fn affinity(&self, probe: &mut Probe, cluster: ClusterId) -> Option<Match> {
        let pairs: Vec<(Slot, Pair)> = self
            .members_near(cluster, probe.slot, MEMBERS_COMPARED)
            .into_iter()
            .map(|slot| (slot, self.pair(probe, slot)))
            .collect();
        let (nearest, best) = pairs.iter().max_by_key(|(slot, pair)| (pair.score, *slot))?;
        let count = i64::try_from(pairs.len()).ok()?;
        let mut evidence = best.evidence;
        for (place, value) in evidence.iter_mut().enumerate() {
            let sum: i64 = pairs.iter().map(|(_, pair)| i64::from(pair.evidence[place])).sum();
            *value = i32::try_from(i64::midpoint(i64::from(*value), sum / count)).unwrap_or(*value);
        }
        let length = self.index.live(*nearest).features.length.min(probe.weighed.length);
        let score = self.model.score(&evidence, length);
        Some(Match { cluster, score, threshold: self.options.preset.threshold(), length, evidence })
    }

    /// Members of a cluster but the entry itself, the nearest to it in time.
    fn members_near(&self, cluster: ClusterId, of: Slot, max: usize) -> Vec<Slot> {
        let date = self.index.live(of).date;
        let mut near: Vec<_> = self
            .members_of(cluster)
            .filter(|slot| *slot != of)
            .map(|slot| {
                let live = self.index.live(slot);
                (live.date.since(date).max(date.since(live.date)), live.id, slot)
            })
            .collect();
        near.sort_unstable();
        near.into_iter().take(max).map(|(.., slot)| slot).collect()
    }

    fn members_of(&self, cluster: ClusterId) -> impl Iterator<Item = Slot> {
        self.members.get(&cluster).into_iter().flatten().copied()
    }

    /// Neighbours that fit the new entry's cluster better than their own.
    fn move_over(&mut self, slot: Slot, neighbors: &[Slot]) -> Vec<(EntryId, Match)> {
        let mut moved = Vec::new();
        for &neighbor in neighbors.iter().take(MOVES_TRIED) {
            let home = self.index.live(neighbor).cluster;
            let here = self.index.live(slot).cluster;
            if home == here {
                continue;
            }
            let mut probe = self.probe(neighbor);
            let Some(there) = self.affinity(&mut probe, here).filter(|found| found.score >= MOVE_AT) else { continue };
            let stays = self.affinity(&mut probe, home).map_or(there.threshold, |found| found.score);
            if there.score >= stays + MOVE_MARGIN {
                self.shift(neighbor, home, here);
                moved.push((self.index.live(neighbor).id, there));
            }
        }
        moved
    }

    fn shift(&mut self, slot: Slot, from: ClusterId, to: ClusterId) {
        self.drop_member(from, slot);
        self.index.set_cluster(slot, to);
        self.add_member(to, slot);
    }

    /// Clusters around a new entry that have turned out to be one.
    fn merge_around<S: Ord>(
        &mut self,
        slot: Slot,
        neighbors: &[Slot],
        seniority: impl Fn(ClusterId) -> S,
    ) -> Vec<(ClusterId, ClusterId)> {
        let mut merged = Vec::new();
        for _ in 0..MERGE_ROUNDS {
            let own = self.index.live(slot).cluster;
            let mut others: Vec<ClusterId> = Vec::new();
            for &neighbor in neighbors {
                let other = self.index.live(neighbor).cluster;
                if other != own && !others.contains(&other) && others.len() < MERGES_TRIED {
                    others.push(other);
                }
            }
            let linked =
                others.into_iter().map(|other| (self.linkage(own, other, slot), std::cmp::Reverse(other))).max();
            let Some((_, std::cmp::Reverse(other))) = linked.filter(|(score, _)| *score >= MERGE_AT) else { break };
            let (into, from) = if seniority(own) <= seniority(other) { (own, other) } else { (other, own) };
            for member in self.members.remove(&from).unwrap_or_default() {
                self.index.set_cluster(member, into);
                self.add_member(into, member);
            }
            merged.push((from, into));
        }
        merged
    }

    /// The mean score over the pairs of two clusters' members (average linkage), those nearest in time to `around`.
    fn linkage(&self, a: ClusterId, b: ClusterId, around: Slot) -> i32 {
        let mut sides = [a, b].map(|cluster| self.members_near(cluster, around, MERGE_MEMBERS));
        if self.index.live(around).cluster == a {
            sides[0].push(around);
        }
        let [left, right] = sides;
        let mut total = 0_i64;
        for &slot in &left {
            let mut probe = self.probe(slot);
            total += right.iter().map(|&other| i64::from(self.pair(&mut probe, other).score)).sum::<i64>();
        }
        let pairs = i64::try_from(left.len() * right.len()).unwrap_or(i64::MAX).max(1);
        i32::try_from(total / pairs).unwrap_or(0)
    }

    fn add_member(&mut self, cluster: ClusterId, slot: Slot) {
        self.members.entry(cluster).or_default().push(slot);
    }

    fn drop_member(&mut self, cluster: ClusterId, slot: Slot) {
        if let Some(members) = self.members.get_mut(&cluster) {
            members.retain(|member| *member != slot);
            if members.is_empty() {
                self.members.remove(&cluster);
            }
        }
    }
}

impl Clustering {
    /// Two live entries, held against each other.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        let (a, b) = (self.index.slot(a)?, self.index.slot(b)?);
        let mut probe = self.probe(a);
        let pair = self.pair(&mut probe, b);
        let length = self.index.live(b).features.length.min(probe.weighed.length);
        let cluster = self.index.live(b).cluster;
        let threshold = self.options.preset.threshold();
        Some(Match { cluster, score: pair.score, threshold, length, evidence: pair.evidence })
    }

    /// See [`super::Engine::shared_terms`].
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<(u32, f64)> {
        let features = |id| Some(&self.index.get(self.index.slot(id)?)?.features);
        let (Some(a), Some(b)) = (features(a), features(b)) else { return Vec::new() };
        let both = a.terms.iter().filter(|term| b.terms.binary_search_by_key(&term.hash, |other| other.hash).is_ok());
        let mut shared: Vec<(u32, u32)> = both.map(|term| (self.index.rarity(term.hash), term.hash)).collect();
        shared.sort_unstable_by(|a, b| b.cmp(a));
        shared.into_iter().map(|(rarity, hash)| (hash, f64::from(rarity) / RARITY_ONE)).collect()
    }

    /// See [`super::Engine::contributions`].
    #[must_use]
    pub fn contributions(&self, found: &Match) -> Vec<(&'static str, f64, f64, f64)> {
        let mut parts = self.model.contributions(&found.evidence, found.length);
        parts.sort_by(|a, b| b.3.abs().total_cmp(&a.3.abs()).then(a.0.cmp(b.0)));
        parts
    }
}

impl Clustering {
    /// The cluster of a live entry.
    #[must_use]
    pub fn cluster_of(&self, id: EntryId) -> Option<ClusterId> {
        Some(self.index.get(self.index.slot(id)?)?.cluster)
    }
}
