//! Why things are where they are: decisions, read back from the entries that carry them.

use super::Engine;
use super::cluster::Cluster;
use super::entry::Entry;
use super::evidence::{Decision, Match};
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

    /// Two live entries, held against each other by the one similarity; none where one of them is not clustered.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        self.clustering.compare(a, b)
    }

    /// Terms that two live entries share, by hash, with their rarity in nats; the rarest first.
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<(u32, f64)> {
        self.clustering.shared_terms(a, b)
    }

    /// What the model makes of a match: name, value, weight and contribution of each feature, the heaviest first.
    #[must_use]
    pub fn contributions(&self, found: &Match) -> Vec<(&'static str, f64, f64, f64)> {
        self.clustering.contributions(found)
    }
}

/// What a decision was made on, and the second best.
#[must_use]
pub fn grounds(decision: &Decision) -> (Option<&Match>, Option<&Match>) {
    match decision {
        Decision::Alone | Decision::Copy { .. } | Decision::Bound { .. } | Decision::Corrected { .. } => (None, None),
        Decision::Start { nearest } => (nearest.as_ref(), None),
        Decision::Join { to, runner_up } => (Some(to), runner_up.as_ref()),
        Decision::Moved { to, .. } | Decision::Follow { to } => (Some(to), None),
    }
}
