//! Why things are where they are: decisions, read back from the entries that carry them.

use super::Engine;
use super::cluster::Cluster;
use super::entry::Entry;
use super::evidence::{Match, SharedTerm};
use super::id::{ClusterId, EntryId};

/// What an id on the command line may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A cluster, by an id it has or had.
    Cluster(ClusterId),
    /// An entry.
    Entry(EntryId),
}

/// Fewest digits that may stand for an id.
const DIGITS_MIN: usize = 4;
/// Near misses that are told.
const NEAR_MISSES_MAX: usize = 5;

impl Engine {
    /// The cluster or entry with this id, or with the only id that starts with these digits.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn find(&self, text: &str) -> Result<Named, String> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.rsplit(['/', ':']).next().unwrap_or_default();
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hexadecimal || !(DIGITS_MIN..=16).contains(&digits.len()) {
            return Err(format!(
                "`{text}` is no id; write the {DIGITS_MIN} to 16 hexadecimal digits that `storyfold clusters` shows"
            ));
        }
        let first = u64::from_str_radix(&format!("{digits:0<16}"), 16).unwrap_or_default();
        let last = u64::from_str_radix(&format!("{digits:f<16}"), 16).unwrap_or_default();
        let current = self.clusters.range(ClusterId(first)..=ClusterId(last)).map(|(id, _)| Named::Cluster(*id));
        let former = self.aliases.range(ClusterId(first)..=ClusterId(last)).map(|(_, id)| Named::Cluster(*id));
        let entries = self.entries.range(EntryId(first)..=EntryId(last)).map(|(id, _)| Named::Entry(*id));
        let mut found: Vec<Named> = current.chain(former).chain(entries).take(3).collect();
        found.dedup();
        match found.as_slice() {
            [] => Err(format!("there is no cluster and no entry {digits}")),
            [one] => Ok(*one),
            _ => Err(format!("more than one id begins with {digits}; write more digits")),
        }
    }

    /// The cluster that an id names, or that the entry it names is in.
    #[must_use]
    pub fn cluster_of(&self, named: Named) -> Option<&Cluster> {
        match named {
            Named::Cluster(id) => self.cluster(id),
            Named::Entry(id) => self.cluster(self.entry(id)?.cluster),
        }
    }

    /// The entry that an id names, or the lead of the cluster it names.
    #[must_use]
    pub fn entry_of_named(&self, named: Named) -> Option<&Entry> {
        match named {
            Named::Entry(id) => self.entry(id),
            Named::Cluster(id) => self.entry(self.cluster(id)?.lead),
        }
    }

    /// Two things, held against each other now by the one similarity: the entry that was taken of the first, and what it
    /// is to the other. A cluster with a cluster is compared by their leads. None where one of them is not clustered.
    #[must_use]
    pub fn compare(&self, a: Named, b: Named) -> Option<(EntryId, Match)> {
        let lead = |named| self.entry_of_named(named).map(|entry| entry.id);
        match (a, b) {
            (Named::Entry(entry), Named::Cluster(cluster)) | (Named::Cluster(cluster), Named::Entry(entry)) => {
                Some((entry, self.clustering.held_against(entry, self.resolve(cluster))?))
            }
            _ => Some((lead(a)?, self.clustering.compare(lead(a)?, lead(b)?)?)),
        }
    }

    /// Terms that two live entries share, the rarest first.
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<SharedTerm> {
        self.clustering.shared_terms(a, b)
    }

    /// Entries elsewhere that were held against this cluster when they came, with what they lacked; the nearest first.
    #[must_use]
    pub fn near_misses(&self, cluster: ClusterId) -> Vec<(&Entry, &Match)> {
        let elsewhere = self.entries.values().filter(|entry| entry.cluster != cluster);
        let missed = elsewhere.filter_map(|entry| {
            let (first, second) = entry.decision.grounds();
            let held = [first, second].into_iter().flatten();
            let nearest = held.filter(|found| self.resolve(found.cluster) == cluster).max_by_key(|found| found.score);
            Some((entry, nearest?))
        });
        let mut near: Vec<(&Entry, &Match)> = missed.collect();
        near.sort_by_key(|(entry, found)| (std::cmp::Reverse(found.score), entry.id));
        near.truncate(NEAR_MISSES_MAX);
        near
    }

    /// What the model makes of a match: name, value, weight and contribution of each feature, the heaviest first.
    #[must_use]
    pub fn contributions(&self, found: &Match) -> Vec<(&'static str, f64, f64, f64)> {
        self.clustering.contributions(found)
    }
}
