//! Re-fits the decision to labelled entries: when all of a stream is there, each entry is compared with its neighbors, and
//! the weights are fitted to tell those about the same event from the others.

use super::clustering::ClusterOptions;
use super::eval::{self, Labelled, Order, Scores};
use super::fit::{Sample, fit};
use super::id::EntryId;
use super::model::Model;
use super::time::Timestamp;
use std::collections::BTreeMap;

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
    let of_streams = streams.iter().flat_map(|stream| samples(stream, options));
    let all: Vec<Sample> = of_streams.chain(corrections.iter().cloned()).collect();
    let biased = |model: &Model, sign: i32| {
        let mut model = *model;
        for (row, more) in model.rows.iter_mut().zip(Model::LINKAGE_BIAS) {
            row.bias += sign * more;
        }
        model
    };
    biased(&fit(&all, &biased(&options.model, -1)), 1)
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

/// The comparisons of each entry with its neighbors once all of a stream is there. Each entry counts the same, and so does
/// each stream.
fn samples(stream: &[Labelled], options: &ClusterOptions) -> Vec<Sample> {
    let mut samples = Vec::new();
    eval::run(stream, Order::Time, options, |clustering, ids, place| {
        if place + 1 < stream.len() {
            return;
        }
        let events: BTreeMap<EntryId, &str> =
            ids.iter().copied().zip(stream.iter().map(|e| e.event.as_str())).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of entries")]
        let weight = 1.0 / stream.len() as f64;
        for (id, event) in &events {
            samples.extend(clustering.nearby(*id).into_iter().map(|found| Sample {
                evidence: found.evidence,
                lengths: found.lengths,
                right: f64::from(u8::from(events.get(&found.nearest) == Some(event))),
                weight,
            }));
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
