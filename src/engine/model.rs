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
    /// Fitted by logistic regression (ridge, likeness and nearness held at or above zero, `extent` and `chance` at or below
    /// it, `near` at most 3 and `around` at most 5, so that no clock of a data set is learnt) on labelled streams: titles in
    /// six languages, short texts with clusters of one to three, articles, near-misses. The rows of titles, articles and
    /// uneven pairs (three short texts in ten had lost their text) come from pairs of neighbors in full indexes; that of
    /// short texts for the most part from decisions on clusters. `best` and `rival` are the linkage's own about titles; for longer texts they
    /// brought nothing. The biases were then set for average linkage, which asks less of a mean than of a pair. Columns in
    /// the order of `Feature::ALL`: all, title, cross, body, mass, second, near, around, extent, chance, best, rival. To be
    /// fitted again when a feature's meaning changes.
    pub const STANDARD: Self = Self {
        rows: [
            Row { bias: -5_450, weights: [964, 963, 963, 8, 4_409, 0, 165, 4_100, -5_323, -396, 1_585, -500] },
            Row { bias: -6_443, weights: [7_416, 250, 3_091, 0, 3_961, 50, 3_000, 5_000, -6_275, -6_050, 0, 0] },
            Row { bias: -7_749, weights: [10_329, 923, 349, 5_943, 2_075, 1_462, 3_000, 5_000, -3_772, -2_960, 0, 0] },
            Row { bias: -8_943, weights: [4_016, 981, 1_840, 2_145, 5_188, 0, 3_000, 5_000, -4_834, -4_618, 0, 0] },
        ],
    };

    /// What a bias fitted to pairs lacks (1/1000 log odds) to be right for the mean of the pairs of two groups, which is
    /// lower than the best of them; in the order of [`Lengths`]. Found on the labelled streams.
    pub const LINKAGE_BIAS: [i32; 4] = [650, 1_000, 600, 1_100];

    /// Log odds, in 1/1000, that what is this alike is about one event. Exact: integers only.
    #[must_use]
    pub fn score(&self, evidence: &Evidence, lengths: Lengths) -> i32 {
        let row = &self.rows[lengths as usize];
        let sum: i64 = row.weights.iter().zip(evidence.0).map(|(w, x)| i64::from(*w) * i64::from(x)).sum();
        let score = i64::from(row.bias) + sum.div_euclid(i64::from(ONE));
        i32::try_from(score).unwrap_or(if score < 0 { i32::MIN } else { i32::MAX })
    }

    /// Log odds, in 1/1000, that two groups are about one event: the mean of their pairs' scores, and what the best pair
    /// and the nearest other group add to it or take from it.
    #[must_use]
    pub fn linkage(&self, mean: i32, best: i32, rival: i32, lengths: Lengths) -> i32 {
        let weights = &self.rows[lengths as usize].weights;
        if (weights[Feature::Best as usize], weights[Feature::Rival as usize]) == (0, 0) {
            return mean;
        }
        let part = |feature: Feature, value: i32| i64::from(weights[feature as usize]) * i64::from(value);
        let more = (part(Feature::Best, best) + part(Feature::Rival, rival)).div_euclid(i64::from(ONE));
        let score = i64::from(mean) + more;
        i32::try_from(score).unwrap_or(if score < 0 { i32::MIN } else { i32::MAX })
    }

    /// Whether anything but the pairs themselves may count where an entry of this length is held against others.
    #[must_use]
    pub fn heeds_rivals_of(&self, length: Length) -> bool {
        let others = [Length::Title, Length::Short, Length::Full];
        others.iter().any(|other| self.heeds_rival(Lengths::of(length, *other)))
    }

    /// Whether the nearest other group counts for anything.
    #[must_use]
    pub const fn heeds_rival(&self, lengths: Lengths) -> bool {
        self.rows[lengths as usize].weights[Feature::Rival as usize] != 0
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
