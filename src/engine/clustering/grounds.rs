//! For explanations: the decision's own similarity, at any time.

use super::Clustering;
use super::scene::{Pair, Scene};
use crate::engine::evidence::{Match, SharedTerm};
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::Slot;
use crate::engine::similarity::{Feature, ONE};

/// Contributions (log odds) below this come of rounding.
const REST_SHOWN: f64 = 0.02;

impl Clustering {
    /// Two live entries, held against each other.
    #[must_use]
    pub fn compare(&self, a: EntryId, b: EntryId) -> Option<Match> {
        let (a, b) = (self.index.slot(a)?, self.index.slot(b)?);
        let scene = &mut Scene::default();
        let (x, y) = (self.seat(a, scene)?, self.seat(b, scene)?);
        let Pair { score, lengths, .. } = self.pair(x, y, scene);
        let (evidence, threshold) = (scene.evidence(x, y), self.options.threshold);
        let b = self.index.get(b)?;
        Some(Match { cluster: b.cluster, nearest: b.id, score, threshold, lengths, evidence })
    }

    /// An entry, held against a cluster as if it came now.
    #[must_use]
    pub fn held_against(&self, id: EntryId, cluster: ClusterId) -> Option<Match> {
        let slot = self.index.slot(id)?;
        let scene = &mut Scene::default();
        let neighbors = self.neighbors(slot, scene);
        let found = self.first_match(slot, cluster, &neighbors, scene)?;
        Some(Match { cluster, ..found })
    }

    /// The entries most like a live one, each held against it, best first: what a model is fitted on.
    #[must_use]
    pub fn nearby(&self, id: EntryId) -> Vec<Match> {
        let Some(slot) = self.index.slot(id) else { return Vec::new() };
        let neighbors = self.neighbors(slot, &mut Scene::default());
        neighbors.iter().filter_map(|near| self.compare(id, self.index.get(near.slot)?.id)).collect()
    }

    /// Terms that two live entries share, the rarest first.
    #[must_use]
    pub fn shared_terms(&self, a: EntryId, b: EntryId) -> Vec<SharedTerm> {
        let (Some(a), Some(b)) = (self.index.slot(a), self.index.slot(b)) else { return Vec::new() };
        self.shared(a, b, &mut Scene::default())
    }

    /// Terms that the entries in two slots share, the rarest first.
    pub(super) fn shared(&self, a: Slot, b: Slot, scene: &mut Scene) -> Vec<SharedTerm> {
        let (Some(a), Some(b)) = (self.seat(a, scene), self.seat(b, scene)) else { return Vec::new() };
        let rated = |(term, rarity)| SharedTerm { hash: self.index.hash(term), rarity };
        let mut shared: Vec<SharedTerm> = scene.shared_terms(a, b).map(rated).collect();
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
