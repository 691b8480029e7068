//! The decision's weights: linear, one row for each length of text.

use super::features::Length;
use super::similarity::{Evidence, FEATURES, Feature, ONE};

/// Weights for one length of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Log odds without any evidence, 1/1000.
    pub bias: i32,
    /// Log odds (1/1000) for a feature of 1, in the order of an [`Evidence`].
    pub weights: [i32; FEATURES],
}

/// A logistic model of "these are about one event".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// For the shorter of the two lengths compared: title only, short, full.
    pub rows: [Row; 3],
}

impl Model {
    /// Fitted by logistic regression (ridge, likeness and nearness held at or above zero, `extent`, `chance` and `crowd`
    /// at or below it, `around` at most 5 so that no clock of a data set is learnt) on decisions of this engine over
    /// labelled streams: titles in six languages, short texts with clusters of one to three, articles, near-misses. The
    /// biases were then raised by .3, .3 and .15. Columns in the order of `Feature::ALL`: all, title, cross, body, mass,
    /// second, near, around, extent, chance, crowd, pooled. To be fitted again when a feature's meaning changes.
    pub const STANDARD: Self = Self {
        rows: [
            Row { bias: -5_730, weights: [1_676, 0, 0, 918, 3_735, 17, 294, 3_992, -4_364, -769, -480, 2_675] },
            Row { bias: -6_553, weights: [7_958, 0, 3_154, 0, 3_964, 0, 3_000, 5_000, -6_163, -5_821, -8_121, 0] },
            Row {
                bias: -8_145,
                weights: [6_919, 1_340, 0, 5_612, 2_719, 1_359, 2_499, 5_000, -4_143, -1_212, -3_404, 305],
            },
        ],
    };

    /// Log odds, in 1/1000, that what is this alike is about one event. Exact: integers only.
    #[must_use]
    pub fn score(&self, evidence: &Evidence, length: Length) -> i32 {
        let row = &self.rows[length as usize];
        let sum: i64 = row.weights.iter().zip(evidence.0).map(|(w, x)| i64::from(*w) * i64::from(x)).sum();
        let score = i64::from(row.bias) + sum.div_euclid(i64::from(ONE));
        i32::try_from(score).unwrap_or(if score < 0 { i32::MIN } else { i32::MAX })
    }

    /// Whether a feature matters to texts of this length.
    #[must_use]
    pub fn weighs(&self, feature: Feature, length: Length) -> bool {
        self.rows[length as usize].weights[feature as usize] != 0
    }

    /// Bias and weights (log odds, 1/1000, in the order of [`super::similarity::Feature::ALL`]) for a length of text.
    #[must_use]
    pub fn row(&self, length: Length) -> (i32, [i32; FEATURES]) {
        let Row { bias, weights } = self.rows[length as usize];
        (bias, weights)
    }
}
