//! For explanations: the decision's own similarity, at any time.

use super::Clustering;
use super::pairs::Cache;
use crate::engine::evidence::{Match, SharedTerm};
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::similarity::{Feature, ONE, Probe};

/// Contributions (log odds) below this come of rounding.
const REST_SHOWN: f64 = 0.02;

impl Clustering {
    /// Two live entries, held against each other.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        let (a, b) = (self.index.slot(a)?, self.index.slot(b)?);
        let pair = self.pair(a, b, &mut Cache::default())?;
        let b = self.index.get(b)?;
        let threshold = self.options.threshold;
        Some(Match {
            cluster: b.cluster,
            nearest: b.id,
            score: pair.score,
            threshold,
            lengths: pair.lengths,
            evidence: pair.evidence,
        })
    }

    /// An entry, held against a cluster as if it came now.
    #[must_use]
    pub fn held_against(&self, id: EntryId, cluster: ClusterId) -> Option<Match> {
        let slot = self.index.slot(id)?;
        let cache = &mut Cache::default();
        let neighbors = self.neighbors(slot, cache);
        let groups = self.wholes(slot, cluster, &neighbors);
        self.matches(slot, &groups, cache).into_iter().next().flatten().map(|found| Match { cluster, ..found })
    }

    /// The entries most like a live one, each held against it, best first: what a model is fitted on.
    #[must_use]
    pub fn nearby(&self, id: EntryId) -> Vec<Match> {
        let Some(slot) = self.index.slot(id) else { return Vec::new() };
        let neighbors = self.neighbors(slot, &mut Cache::default());
        neighbors.iter().filter_map(|near| self.compare(id, self.index.get(near.slot)?.id)).collect()
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
    /// first; what speaks before any evidence is one of them.
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
        parts.push(("before any evidence", 1.0, bias, bias));
        // Pairs of other lengths are weighed otherwise, and very unlike ones count as no more than unlike.
        let rest = f64::from(found.score) / 1000.0 - parts.iter().map(|part| part.3).sum::<f64>();
        if rest.abs() >= REST_SHOWN {
            parts.push(("pairs weighed otherwise", 1.0, rest, rest));
        }
        parts.sort_by(|a, b| b.3.abs().total_cmp(&a.3.abs()).then(a.0.cmp(b.0)));
        parts
    }
}
