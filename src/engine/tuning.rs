//! Re-fits the decision to labelled entries: the engine runs over them, its comparisons are labelled by the events, the
//! weights are fitted to these, and again, for other weights bring it before other comparisons.

use super::clustering::ClusterOptions;
use super::eval::{self, Labelled, Order, Scores};
use super::fit::{Sample, fit};
use super::id::EntryId;
use super::model::Model;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// Times that the engine runs and the weights are fitted: from the second on, little changes.
const ROUNDS: usize = 2;

/// How well the model to start with and the fitted one do on the halves of a stream that the fit had not seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// Which of the streams.
    pub stream: usize,
    /// Which half, by time: 0 or 1.
    pub half: usize,
    /// The model to start with.
    pub before: Scores,
    /// The model fitted to all other halves and streams.
    pub after: Scores,
}

/// Fits the model of `options` to streams of labelled entries and to some samples more (a user's corrections).
#[must_use]
pub fn tune(streams: &[Vec<Labelled>], corrections: &[Sample], options: &ClusterOptions) -> Model {
    let mut model = options.model;
    for _ in 0..ROUNDS {
        let current = ClusterOptions { model, ..options.clone() };
        let of_stream = streams.iter().flat_map(|stream| samples(stream, &current));
        let all: Vec<Sample> = of_stream.chain(corrections.iter().cloned()).collect();
        model = fit(&all, &options.model);
    }
    model
}

/// Fits to one half of each stream, by time, and looks at the other; both ways.
#[must_use]
pub fn validate(streams: &[Vec<Labelled>], corrections: &[Sample], options: &ClusterOptions) -> Vec<Validation> {
    let halves: Vec<[Vec<Labelled>; 2]> = streams.iter().map(|stream| halve(stream)).collect();
    let mut found = Vec::new();
    for half in 0..2 {
        let seen: Vec<Vec<Labelled>> = halves.iter().map(|both| both[1 - half].clone()).collect();
        let tuned = ClusterOptions { model: tune(&seen, corrections, options), ..options.clone() };
        for (stream, both) in halves.iter().enumerate() {
            let score = |options| eval::score(&both[half], &eval::assign(&both[half], Order::Time, options));
            found.push(Validation { stream, half, before: score(options), after: score(&tuned) });
        }
    }
    found
}

/// The comparisons that the engine makes over a stream, labelled. Each entry counts the same, and so does each stream.
fn samples(stream: &[Labelled], options: &ClusterOptions) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut events: BTreeMap<EntryId, &str> = BTreeMap::new();
    eval::run(stream, Order::Time, options, |clustering, ids, place| {
        let event = stream[place].event.as_str();
        events.insert(ids[place], event);
        let of_event = |id| events.get(&id) == Some(&event);
        for found in clustering.considered(ids[place]) {
            let others: Vec<_> = clustering.members_of(found.cluster).filter(|id| *id != ids[place]).collect();
            #[expect(clippy::cast_precision_loss, reason = "counts of members")]
            let right = others.iter().filter(|id| of_event(**id)).count() as f64 / others.len().max(1) as f64;
            #[expect(clippy::cast_precision_loss, reason = "counts of entries")]
            let weight = 1.0 / stream.len() as f64;
            samples.push(Sample { evidence: found.evidence, lengths: found.lengths, right, weight });
        }
    });
    samples
}

/// A stream in two, at its median date.
fn halve(stream: &[Labelled]) -> [Vec<Labelled>; 2] {
    let mut dates: Vec<Timestamp> = stream.iter().map(|entry| entry.published).collect();
    dates.sort_unstable();
    let middle = dates.get(dates.len() / 2).copied().unwrap_or(Timestamp::EPOCH);
    let (first, second) = stream.iter().cloned().partition(|entry| entry.published < middle);
    [first, second]
}
