//! For explanations: the decision's own similarity, at any time.

use super::Clustering;
use super::affinity::Cache;
use crate::engine::evidence::{Match, SharedTerm};
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::model::Lengths;
use crate::engine::similarity::{Feature, ONE, Probe};

impl Clustering {
    /// Two live entries, held against each other.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        let (a, b) = (self.index.slot(a)?, self.index.slot(b)?);
        let pair = self.pair(a, b, &mut Cache::default())?;
        let (a, b) = (self.index.get(a)?, self.index.get(b)?);
        let (lengths, threshold) = (Lengths::of(a.length, b.length), self.options.threshold);
        Some(Match {
            cluster: b.cluster,
            nearest: b.id,
            score: pair.score,
            threshold,
            lengths,
            evidence: pair.evidence,
        })
    }

    /// An entry, held against a cluster as if it came now.
    #[must_use]
    pub fn held_against(&self, id: EntryId, cluster: ClusterId) -> Option<Match> {
        let slot = self.index.slot(id)?;
        let home = self.index.get(slot)?.cluster;
        let cache = &mut Cache::default();
        let neighbors = self.neighbors(slot, cache);
        self.affinity(slot, cluster, self.crowd(&neighbors, [home, cluster]), cache)
    }

    /// The clusters that a live entry is held against, its own among them.
    #[must_use]
    pub fn considered(&self, id: EntryId) -> Vec<Match> {
        let Some(slot) = self.index.slot(id) else { return Vec::new() };
        let Some(home) = self.index.get(slot).map(|live| live.cluster) else { return Vec::new() };
        let cache = &mut Cache::default();
        let neighbors = self.neighbors(slot, cache);
        let own = self.affinity(slot, home, self.crowd(&neighbors, [home, home]), cache);
        let others = self.matches(slot, home, &neighbors, cache);
        own.into_iter().chain(others).collect()
    }

    /// Terms that two live entries share, the rarest first.
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<SharedTerm> {
        let held = |id| self.index.get(self.index.slot(id)?);
        let (Some(a), Some(b)) = (held(a), held(b)) else { return Vec::new() };
        let mut probe = Probe::default();
        probe.load(a, &self.index.rarities());
        let both = b.mentions.iter().filter_map(|mention| probe.find(mention.term()));
        let rated = both.map(|term| SharedTerm { hash: self.index.hash(term.mention.term()), rarity: term.rarity });
        let mut shared: Vec<SharedTerm> = rated.collect();
        shared.sort_unstable_by_key(|term| (std::cmp::Reverse(term.rarity), term.hash));
        shared
    }

    /// What the model makes of a match: name, value, weight and contribution (log odds) of each feature, the heaviest
    /// first; the bias is one of them.
    #[must_use]
    pub fn contributions(&self, found: &Match) -> Vec<(&'static str, f64, f64, f64)> {
        let (bias, weights) = self.options.model.row(found.lengths);
        let part = |(feature, weight): (Feature, i32)| {
            let value = f64::from(found.evidence.get(feature)) / f64::from(ONE);
            let weight = f64::from(weight) / 1000.0;
            (feature.name(), value, weight, value * weight)
        };
        let bias = f64::from(bias) / 1000.0;
        let mut parts: Vec<_> = Feature::ALL.into_iter().zip(weights).map(part).collect();
        parts.push(("bias", 1.0, bias, bias));
        parts.sort_by(|a, b| b.3.abs().total_cmp(&a.3.abs()).then(a.0.cmp(b.0)));
        parts
    }
}
