//! The decision's weights: linear, one row for each length of text.

use super::features::Length;
use super::similarity::{Evidence, FEATURES, Feature, ONE};

/// How much text the two that are compared have: the decision has one row of weights for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// Two bare titles.
    Title,
    /// Two texts, the shorter a teaser.
    Short,
    /// Two articles.
    Full,
    /// A bare title and a text: what a title says can stand anywhere in the text, and most of the text cannot be shared.
    Uneven,
}

impl Lengths {
    /// All of them, in the order of [`Model::rows`].
    pub const ALL: [Self; 4] = [Self::Title, Self::Short, Self::Full, Self::Uneven];

    /// What model files call it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Short => "short",
            Self::Full => "full",
            Self::Uneven => "uneven",
        }
    }

    /// Of two lengths, in either order.
    #[must_use]
    pub fn of(a: Length, b: Length) -> Self {
        match (a, b) {
            (Length::Title, Length::Title) => Self::Title,
            (Length::Title, _) | (_, Length::Title) => Self::Uneven,
            (Length::Short, _) | (_, Length::Short) => Self::Short,
            (Length::Full, Length::Full) => Self::Full,
        }
    }
}

/// Weights for one pair of lengths.
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
    /// In the order of [`Lengths`].
    pub rows: [Row; 4],
}

impl Model {
    /// Fitted by logistic regression (ridge, likeness and nearness held at or above zero, `extent`, `chance` and `crowd`
    /// at or below it, `around` at most 5 so that no clock of a data set is learnt) on decisions of this engine over
    /// labelled streams: titles in six languages, short texts with clusters of one to three, articles, near-misses. The
    /// biases were then raised by .3, .3, .15 and .15. For the last row, three teasers in ten had lost their text. Columns
    /// in the order of `Feature::ALL`: all, title, cross, body, mass, second, near, around, extent, chance, crowd, pooled.
    /// To be fitted again when a feature's meaning changes.
    pub const STANDARD: Self = Self {
        rows: [
            Row { bias: -5_730, weights: [1_676, 0, 0, 918, 3_735, 17, 294, 3_992, -4_364, -769, -480, 2_675] },
            Row { bias: -6_553, weights: [7_958, 0, 3_154, 0, 3_964, 0, 3_000, 5_000, -6_163, -5_821, -8_121, 0] },
            Row {
                bias: -8_145,
                weights: [6_919, 1_340, 0, 5_612, 2_719, 1_359, 2_499, 5_000, -4_143, -1_212, -3_404, 305],
            },
            Row {
                bias: -7_860,
                weights: [4_531, 436, 1_470, 951, 4_032, 0, 3_000, 4_701, -5_373, -3_390, -2_277, 1_446],
            },
        ],
    };

    /// Log odds, in 1/1000, that what is this alike is about one event. Exact: integers only.
    #[must_use]
    pub fn score(&self, evidence: &Evidence, lengths: Lengths) -> i32 {
        let row = &self.rows[lengths as usize];
        let sum: i64 = row.weights.iter().zip(evidence.0).map(|(w, x)| i64::from(*w) * i64::from(x)).sum();
        let score = i64::from(row.bias) + sum.div_euclid(i64::from(ONE));
        i32::try_from(score).unwrap_or(if score < 0 { i32::MIN } else { i32::MAX })
    }

    /// Whether a feature matters to texts of these lengths.
    #[must_use]
    pub fn weighs(&self, feature: Feature, lengths: Lengths) -> bool {
        self.rows[lengths as usize].weights[feature as usize] != 0
    }

    /// Bias and weights (log odds, 1/1000, in the order of [`super::similarity::Feature::ALL`]) for two lengths of text.
    #[must_use]
    pub fn row(&self, lengths: Lengths) -> (i32, [i32; FEATURES]) {
        let Row { bias, weights } = self.rows[lengths as usize];
        (bias, weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_title_and_a_text_have_a_row_of_their_own() {
        let check = |a, b, expected| assert_eq!((Lengths::of(a, b), Lengths::of(b, a)), (expected, expected));
        check(Length::Title, Length::Title, Lengths::Title);
        check(Length::Title, Length::Short, Lengths::Uneven);
        check(Length::Title, Length::Full, Lengths::Uneven);
        check(Length::Short, Length::Full, Lengths::Short);
        check(Length::Full, Length::Full, Lengths::Full);
    }
}
