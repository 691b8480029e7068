//! Fits the decision's weights to labelled comparisons: logistic regression by coordinate descent, drawn towards a
//! starting point (ridge), within bounds that keep likeness from ever speaking against an event.

use super::model::{Lengths, Model, Row};
use super::similarity::{Evidence, FEATURES, Feature, ONE};

/// One comparison of two entries, and whether they are about one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What the comparison found.
    pub evidence: Evidence,
    /// Which row of the model weighs it.
    pub lengths: Lengths,
    /// 1 if they are, 0 if not.
    pub right: f64,
    /// How much it counts.
    pub weight: f64,
}

/// How strongly weights are drawn to where they start, against samples that weigh 1 on the mean.
const RIDGE: f64 = 1.0;
/// Sweeps over all weights; they end earlier when nothing moves any more.
const SWEEPS_MAX: usize = 100;
/// The longest step of one weight, for the curvature far away is not known.
const STEP_MAX: f64 = 1.0;
/// Steps below this are none.
const STEP_MIN: f64 = 2e-3;

/// Fits all rows, drawn towards those of `start`.
#[must_use]
pub fn fit(samples: &[Sample], start: &Model) -> Model {
    let mut model = *start;
    for lengths in Lengths::ALL {
        let own: Vec<&Sample> = samples.iter().filter(|sample| sample.lengths == lengths).collect();
        if !own.is_empty() {
            model.rows[lengths as usize] = fit_row(&own, &start.rows[lengths as usize]);
        }
    }
    model
}

/// A row while it is fitted: the bias stands before the weights, as the weight of a constant.
type Weights = [f64; FEATURES + 1];

fn fit_row(samples: &[&Sample], start: &Row) -> Row {
    let total: f64 = samples.iter().map(|sample| sample.weight).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of samples")]
    let scale = samples.len() as f64 / total.max(f64::MIN_POSITIVE);
    let rows: Vec<(Weights, f64, f64)> =
        samples.iter().map(|sample| (inputs(&sample.evidence), sample.right, sample.weight * scale)).collect();
    let home = unpack(start);
    let mut weights = home;
    let mut scores: Vec<f64> = rows.iter().map(|(inputs, ..)| dot(inputs, &weights)).collect();
    for _ in 0..SWEEPS_MAX {
        let mut longest: f64 = 0.0;
        for place in 0..weights.len() {
            let step = step(place, &rows, &scores, &weights, &home);
            longest = longest.max(step.abs());
            weights[place] += step;
            for (score, (inputs, ..)) in scores.iter_mut().zip(&rows) {
                *score += step * inputs[place];
            }
        }
        if longest < STEP_MIN {
            break;
        }
    }
    pack(&weights)
}

/// Newton's step for one weight, kept within its bounds.
fn step(place: usize, rows: &[(Weights, f64, f64)], scores: &[f64], weights: &Weights, home: &Weights) -> f64 {
    let (mut slope, mut curvature) = (RIDGE * (weights[place] - home[place]), RIDGE);
    for ((inputs, right, weight), score) in rows.iter().zip(scores) {
        let chance = 1.0 / (1.0 + libm::exp(-score));
        slope += weight * (chance - right) * inputs[place];
        curvature += weight * chance * (1.0 - chance) * inputs[place] * inputs[place];
    }
    let wanted = weights[place] - (slope / curvature).clamp(-STEP_MAX, STEP_MAX);
    let (low, high) = if place == 0 { (f64::MIN, f64::MAX) } else { Feature::ALL[place - 1].bounds() };
    wanted.clamp(low, high) - weights[place]
}

fn dot(inputs: &Weights, weights: &Weights) -> f64 {
    inputs.iter().zip(weights).map(|(input, weight)| input * weight).sum()
}

fn inputs(evidence: &Evidence) -> Weights {
    let mut inputs = [1.0; FEATURES + 1];
    for (input, value) in inputs[1..].iter_mut().zip(evidence.0) {
        *input = f64::from(value) / f64::from(ONE);
    }
    inputs
}

fn unpack(row: &Row) -> Weights {
    let mut weights = [f64::from(row.bias) / 1000.0; FEATURES + 1];
    for ((weight, kept), feature) in weights[1..].iter_mut().zip(row.weights).zip(Feature::ALL) {
        let (low, high) = feature.bounds();
        *weight = (f64::from(kept) / 1000.0).clamp(low, high);
    }
    weights
}

fn pack(weights: &Weights) -> Row {
    #[expect(clippy::cast_possible_truncation, reason = "bounded by some tens of thousands")]
    let thousandths = |weight: f64| (weight * 1000.0).round() as i32;
    let mut row = Row { bias: thousandths(weights[0]), weights: [0; FEATURES] };
    for (kept, weight) in row.weights.iter_mut().zip(&weights[1..]) {
        *kept = thousandths(*weight);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(all: i32, chance: i32, right: f64) -> Sample {
        let mut evidence = Evidence::default();
        evidence.0[Feature::All as usize] = all;
        evidence.0[Feature::Chance as usize] = chance;
        Sample { evidence, lengths: Lengths::Short, right, weight: 1.0 }
    }

    fn nothing() -> Model {
        Model { rows: [Row { bias: 0, weights: [0; FEATURES] }; 4] }
    }

    #[test]
    fn what_tells_events_apart_is_learnt_within_bounds() {
        let together = (0..50).map(|n| sample(6_000 + 40 * n, 5_000, 1.0));
        let apart = (0..50).map(|n| sample(1_000 + 60 * n, 3_000, 0.0));
        let samples: Vec<Sample> = together.chain(apart).collect();
        let model = fit(&samples, &nothing());
        let right = |s: &&Sample| (model.score(&s.evidence, s.lengths) > 0) == (s.right > 0.5);
        assert_eq!(samples.iter().filter(right).count(), samples.len());
        let row = model.rows[Lengths::Short as usize];
        assert!(row.weights[Feature::All as usize] > 0);
        assert_eq!(row.weights[Feature::Chance as usize], 0, "commonness never speaks for an event");
        assert_eq!(model.rows[Lengths::Full as usize], nothing().rows[2], "no sample, no change");
    }

    #[test]
    fn a_few_samples_move_a_model_a_little() {
        let samples = [sample(5_000, 0, 0.0), sample(5_200, 0, 0.0)];
        let model = fit(&samples, &Model::STANDARD);
        let (before, after) = (Model::STANDARD.rows[1], model.rows[1]);
        let all = Feature::All as usize;
        assert!(after.weights[all] <= before.weights[all] && after.weights[all] > before.weights[all] - 1_000);
    }
}
