//! For explanations: the decision's own similarity, at any time.

use super::Clustering;
use super::affinity::Cache;
use crate::engine::evidence::Match;
use crate::engine::id::EntryId;
use crate::engine::index::RARITY_ONE;
use crate::engine::similarity::{Feature, ONE, Probe};

impl Clustering {
    /// Two live entries, held against each other.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        let (a, b) = (self.index.slot(a)?, self.index.slot(b)?);
        let pair = self.pair(a, b, &mut Cache::default())?;
        let (a, b) = (self.index.get(a)?, self.index.get(b)?);
        let (length, threshold) = (a.length.min(b.length), self.options.preset.threshold());
        Some(Match { cluster: b.cluster, nearest: b.id, score: pair.score, threshold, length, evidence: pair.evidence })
    }

    /// Terms that two live entries share, by hash, with their rarity in nats; the rarest first.
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<(u32, f64)> {
        let held = |id| self.index.get(self.index.slot(id)?);
        let (Some(a), Some(b)) = (held(a), held(b)) else { return Vec::new() };
        let rarities = self.index.rarities();
        let mut probe = Probe::default();
        probe.load(a, &rarities);
        let both = b.mentions.iter().filter_map(|mention| probe.find(mention.term()));
        let mut shared: Vec<(u32, u32)> =
            both.map(|term| (term.rarity, self.index.hash(term.mention.term()))).collect();
        shared.sort_unstable_by(|a, b| b.cmp(a));
        shared.into_iter().map(|(rarity, hash)| (hash, f64::from(rarity) / f64::from(RARITY_ONE))).collect()
    }

    /// What the model makes of a match: name, value, weight and contribution (log odds) of each feature, the heaviest
    /// first; the bias is one of them.
    #[must_use]
    pub fn contributions(&self, found: &Match) -> Vec<(&'static str, f64, f64, f64)> {
        let (bias, weights) = self.options.model.row(found.length);
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
