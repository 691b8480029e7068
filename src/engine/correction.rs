//! What the user has put right by hand. Kept for good, and stronger than any evidence: see
//! [`super::clustering::Constraints`].

use super::Engine;
use super::cluster::Cluster;
use super::clustering::Constraints;
use super::evidence::Decision;
use super::id::{ClusterId, EntryId};
use super::ingest::seniority;
use super::time::{Stamp, Timestamp};
use super::update::Update;
use std::collections::BTreeSet;

/// Corrections kept; a person makes a few a day.
const CORRECTIONS_MAX: usize = 20_000;

/// One correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What the user calls it by; 1 is the first.
    pub number: u32,
    /// When it was made.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
}

/// What a correction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Two clusters are about one event.
    Merge {
        /// The cluster that went on.
        into: ClusterId,
        /// Its entries at the time.
        members: Vec<EntryId>,
        /// The cluster that went, as it was.
        gone: Cluster,
    },
    /// Entries of a cluster are about an event of their own.
    Split {
        /// The cluster they were in.
        from: ClusterId,
        /// The entries that stayed.
        rest: Vec<EntryId>,
        /// The cluster that they are in since.
        into: ClusterId,
        /// The entries that went.
        out: Vec<EntryId>,
    },
}

impl Correction {
    /// Adds what it says of single entries.
    pub fn constrain(&self, constraints: &mut Constraints) {
        match &self.act {
            Act::Merge { members, gone, .. } => {
                let all: Vec<EntryId> = members.iter().chain(&gone.members).copied().collect();
                constraints.unite(&all);
            }
            Act::Split { rest, out, .. } => constraints.part(out, rest),
        }
    }
}

/// The constraints that corrections amount to, in their order.
#[must_use]
pub fn constraints<'a>(corrections: impl Iterator<Item = &'a Correction>) -> Constraints {
    let mut constraints = Constraints::default();
    corrections.for_each(|correction| correction.constrain(&mut constraints));
    constraints
}

impl Engine {
    /// All corrections, the first one first.
    pub fn corrections(&self) -> impl Iterator<Item = &Correction> {
        self.corrections.values()
    }

    /// Makes one of two clusters, for good. The one that readers know goes on; the other's id answers for it.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn merge_by_hand(&mut self, stamp: Stamp, a: ClusterId, b: ClusterId) -> Result<(u32, Update), String> {
        let number = self.next_correction()?;
        let [a, b] = [a, b].map(|id| self.resolve(id));
        if a == b {
            return Err(format!("both are cluster {a} already"));
        }
        let (into, from) =
            if seniority(&self.clusters, a, stamp) <= seniority(&self.clusters, b, stamp) { (a, b) } else { (b, a) };
        let no_cluster = |id| format!("there is no cluster {id}");
        let members = self.clusters.get(&into).ok_or_else(|| no_cluster(into))?.members.clone();
        let gone = self.clusters.get(&from).ok_or_else(|| no_cluster(from))?.clone();
        self.clustering.unite(from, into);
        self.merge(from, into);
        self.keep(Correction { number, at: stamp.at, act: Act::Merge { into, members, gone } });
        self.review(into, stamp.at);
        Ok((number, self.take_update(stamp)))
    }

    /// Takes entries out of their cluster into one of their own, for good.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn split_by_hand(&mut self, stamp: Stamp, from: ClusterId, out: &[EntryId]) -> Result<(u32, Update), String> {
        let number = self.next_correction()?;
        let cluster = self.cluster(from).ok_or_else(|| format!("there is no cluster {from}"))?;
        let from = cluster.id;
        let out: BTreeSet<EntryId> = out.iter().copied().collect();
        if let Some(stranger) = out.iter().find(|id| !cluster.members.contains(id)) {
            return Err(format!("entry {stranger} is not in cluster {from}"));
        }
        let (out, rest): (Vec<EntryId>, Vec<EntryId>) = cluster.members.iter().partition(|id| out.contains(*id));
        let Some(first) = out.first().copied().filter(|_| !rest.is_empty()) else {
            return Err("name some of its entries, not all of them: at least one must stay".to_owned());
        };
        let into = ClusterId::mint(first, stamp.sequence);
        self.found(Cluster::new(into, first, stamp.sequence));
        for id in &out {
            self.relocate(*id, into, Decision::Corrected { number, from });
        }
        self.keep(Correction { number, at: stamp.at, act: Act::Split { from, rest, into, out } });
        self.review(from, stamp.at);
        self.review(into, stamp.at);
        Ok((number, self.take_update(stamp)))
    }

    /// Takes a correction back, and what it did as far as its entries are still there.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn undo_correction(&mut self, stamp: Stamp, number: u32) -> Result<Update, String> {
        let correction = self.corrections.remove(&number).ok_or_else(|| {
            format!("there is no correction {number}; `storyfold clusters corrections` lists those there are")
        })?;
        self.changes.corrections.insert(number);
        self.clustering.set_constraints(constraints(self.corrections.values()));
        match correction.act {
            Act::Merge { into, gone, .. } => self.part_again(into, gone, number, stamp),
            Act::Split { from, into, .. } => {
                let [from, into] = [from, into].map(|id| self.resolve(id));
                if from != into && self.clusters.contains_key(&from) && self.clusters.contains_key(&into) {
                    self.clustering.unite(into, from);
                    self.merge(into, from);
                    self.review(from, stamp.at);
                }
            }
        }
        Ok(self.take_update(stamp))
    }

    /// Brings a merged-away cluster back under its own id, so that readers who knew it know it again.
    fn part_again(&mut self, into: ClusterId, gone: Cluster, number: u32, stamp: Stamp) {
        let into = self.resolve(into);
        let Some(cluster) = self.clusters.get_mut(&into) else { return };
        let (back, rest): (Vec<EntryId>, Vec<EntryId>) =
            cluster.members.iter().partition(|id| gone.members.contains(id));
        if back.is_empty() || rest.is_empty() {
            return;
        }
        cluster.aliases.retain(|alias| *alias != gone.id && !gone.aliases.contains(alias));
        self.aliases.remove(&gone.id);
        self.changes.aliases.insert(gone.id);
        for alias in &gone.aliases {
            self.aliases.insert(*alias, gone.id);
            self.changes.aliases.insert(*alias);
        }
        let id = gone.id;
        self.found(Cluster { members: Vec::new(), ..gone });
        for entry in back {
            self.relocate(entry, id, Decision::Corrected { number, from: into });
        }
        self.review(into, stamp.at);
        self.review(id, stamp.at);
    }

    fn next_correction(&self) -> Result<u32, String> {
        if self.corrections.len() >= CORRECTIONS_MAX {
            return Err(format!("there are {CORRECTIONS_MAX} corrections already; undo some that are long past"));
        }
        Ok(self.corrections.last_key_value().map_or(1, |(number, _)| number + 1))
    }

    fn keep(&mut self, correction: Correction) {
        self.changes.corrections.insert(correction.number);
        self.corrections.insert(correction.number, correction);
        self.clustering.set_constraints(constraints(self.corrections.values()));
    }

    /// Moves an entry to another cluster because somebody said so.
    fn relocate(&mut self, id: EntryId, to: ClusterId, decision: Decision) {
        self.clustering.assign(id, to);
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let from = std::mem::replace(&mut entry.cluster, to);
        entry.decision = decision;
        self.changes.entries.insert(id);
        if let Some(cluster) = self.clusters.get_mut(&from) {
            cluster.members.retain(|member| *member != id);
        }
        if let Some(cluster) = self.clusters.get_mut(&to) {
            cluster.members.push(id);
        }
    }
}
