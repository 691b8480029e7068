//! Explanations: the decisions' own evidence, in words and rows.

use super::Daemon;
use super::answer::{entry_row, row};
use super::correct::corrections_of;
use crate::control::{Explanation, FeatureRow, NearMiss, RunnerUp, Step, Term};
use crate::engine::entry::Entry;
use crate::engine::evidence::{Match, SharedTerm};
use crate::engine::explain::Named;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::RARITY_ONE;
use crate::engine::text::words_by_hash;

impl Daemon {
    /// Why a cluster is one, why an entry is where it is, or how alike two things are.
    pub(super) fn explain(&self, id: &str, other: Option<&str>) -> Result<Explanation, String> {
        let (named, cluster) = self.named(id)?;
        let mut explanation = Explanation {
            cluster: row(&self.engine, cluster),
            steps: Vec::new(),
            near_misses: Vec::new(),
            corrections: Vec::new(),
        };
        match (named, other) {
            (_, Some(other)) => explanation.steps.push(self.compared(named, self.named(other)?.0)?),
            (Named::Entry(id), None) => {
                explanation.steps.extend(self.engine.entry(id).map(|entry| self.step(entry)));
            }
            (Named::Cluster(_), None) => {
                let mut members: Vec<&Entry> = cluster.members.iter().filter_map(|id| self.engine.entry(*id)).collect();
                members.sort_by_key(|entry| (entry.sequence, entry.id));
                explanation.steps.extend(members.into_iter().map(|entry| self.step(entry)));
                explanation.near_misses = self.near_misses(cluster.id);
                explanation.corrections = corrections_of(&self.engine, cluster.id);
            }
        }
        Ok(explanation)
    }

    /// The decision on an entry, as it was made.
    fn step(&self, entry: &Entry) -> Step {
        let (found, runner_up) = entry.decision.grounds();
        let against = entry.decision.against().map(|nearest| self.headline_of(nearest));
        Step {
            runner_up: runner_up.map(|other| RunnerUp {
                cluster: self.standing(other.cluster),
                against: self.headline_of(other.nearest),
                score: log_odds(other.score),
                features: self.features(other),
            }),
            ..self.weighed(entry, entry.decision.name(), against, found, &entry.spoke)
        }
    }

    /// Two things, held against each other now.
    fn compared(&self, a: Named, b: Named) -> Result<Step, String> {
        if a == b {
            return Err("name two different things to compare".to_owned());
        }
        let (id, found) = self.engine.compare(a, b).ok_or_else(|| {
            "there is nothing to compare: one of them is of a feed that is not clustered (cluster = false), or the entry \
             is the cluster's only one"
                .to_owned()
        })?;
        let entry = self.engine.entry(id).ok_or_else(|| "there is no such entry".to_owned())?;
        let terms = self.engine.shared_terms(id, found.nearest);
        Ok(self.weighed(entry, "compared", Some(self.headline_of(found.nearest)), Some(&found), &terms))
    }

    fn weighed(
        &self,
        entry: &Entry,
        decision: &str,
        against: Option<String>,
        found: Option<&Match>,
        spoke: &[SharedTerm],
    ) -> Step {
        Step {
            entry: entry_row(&self.engine, entry),
            decision: decision.to_owned(),
            against,
            score: found.map(|found| log_odds(found.score)),
            threshold: found.map(|found| log_odds(found.threshold)),
            features: found.map(|found| self.features(found)).unwrap_or_default(),
            terms: self.terms(entry, spoke),
            runner_up: None,
        }
    }

    fn features(&self, found: &Match) -> Vec<FeatureRow> {
        let parts = self.engine.contributions(found).into_iter();
        let named = parts.map(|(name, value, weight, contribution)| FeatureRow {
            name: name.to_owned(),
            value,
            weight,
            contribution,
        });
        named.collect()
    }

    /// Shared terms in the words of the entry.
    fn terms(&self, entry: &Entry, shared: &[SharedTerm]) -> Vec<Term> {
        if shared.is_empty() {
            return Vec::new();
        }
        let text = self.store.details(entry.id).unwrap_or_default().text;
        let words = words_by_hash(&entry.title, &text, entry.language.as_deref());
        let nats = |rarity: u32| f64::from(rarity) / f64::from(RARITY_ONE);
        let named = shared
            .iter()
            .filter_map(|term| Some(Term { word: words.get(&term.hash)?.clone(), rarity: nats(term.rarity) }));
        named.collect()
    }

    fn near_misses(&self, cluster: ClusterId) -> Vec<NearMiss> {
        let missed = self.engine.near_misses(cluster).into_iter();
        let rows = missed.map(|(entry, found)| NearMiss {
            entry: entry_row(&self.engine, entry),
            cluster: entry.cluster.to_string(),
            score: log_odds(found.score),
            threshold: log_odds(found.threshold),
        });
        rows.collect()
    }

    fn headline_of(&self, entry: EntryId) -> String {
        let title = self.engine.entry(entry).map(|entry| entry.title.clone()).filter(|title| !title.is_empty());
        title.unwrap_or_else(|| format!("entry {entry}"))
    }

    /// The id that answers for a cluster now, or its own where none does any more.
    fn standing(&self, id: ClusterId) -> String {
        self.engine.cluster(id).map_or(id, |cluster| cluster.id).to_string()
    }
}

fn log_odds(thousandths: i32) -> f64 {
    f64::from(thousandths) / 1000.0
}
