//! How alike two entries are, or an entry and a cluster: a dozen numbers that decide, and that can be shown to a person.
//!
//! One similarity serves joining, moving, merging, parting and explaining. Sums run over integers, so their order cannot matter;
//! each value is rounded to fixed point before anything looks at it.

mod copy;
mod decay;
mod norms;
mod profile;
mod shared;
mod weight;

pub use profile::Profile;

use super::index::{MENTIONS_MAX, RARITY_ONE};
use norms::Norms;
use shared::Shared;
use std::sync::LazyLock;
use weight::{fixed, float, ratio};

/// Number of features of a similarity.
pub const FEATURES: usize = 12;
/// Fixed point of a feature: 10,000 = 1.
pub const ONE: i32 = 10_000;

/// `Extent` by the number of terms.
static EXTENTS: LazyLock<Vec<i32>> =
    LazyLock::new(|| (0..=MENTIONS_MAX).map(|terms| fixed(libm::log(float(terms.max(1) as u64)) / 4.0)).collect());

/// What speaks for or against "one event". Each is scaled to run from 0 to about 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Cosine of all terms, weighted by rarity, title terms more.
    All,
    /// Cosine of the titles.
    Title,
    /// Mean cosine of each title with all of the other.
    Cross,
    /// Cosine of the bodies.
    Body,
    /// Rarity of all shared terms together, on a log scale.
    Mass,
    /// Rarity of the second rarest shared term that stands in a title: one shared name is not an event.
    Second,
    /// `exp(-gap)`, gap in days.
    Near,
    /// `exp(-gap / 3)`, gap in days.
    Around,
    /// Terms of the shorter of the two, on a log scale: who says more has more chances to agree.
    Extent,
    /// How common the terms of the two are among the live entries: the likeness to expect by chance.
    Chance,
    /// Score of the best pair of two groups, in log odds / 10 (of two entries alone: 0).
    Best,
    /// Score of the nearest other group, in log odds / 10 (of two entries alone: 0).
    Rival,
}

impl Feature {
    /// All of them, in the order of an [`Evidence`].
    pub const ALL: [Self; FEATURES] = [
        Self::All,
        Self::Title,
        Self::Cross,
        Self::Body,
        Self::Mass,
        Self::Second,
        Self::Near,
        Self::Around,
        Self::Extent,
        Self::Chance,
        Self::Best,
        Self::Rival,
    ];
}

impl Feature {
    /// Between which weights a fit may choose: likeness and nearness never speak against an event, size and commonness
    /// never for one; and no decay is so steep that a data set's clock is learnt.
    #[must_use]
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Self::Extent | Self::Chance | Self::Rival => (-9.0, 0.0),
            Self::Near => (0.0, 3.0),
            Self::Around => (0.0, 5.0),
            _ => (0.0, 20.0),
        }
    }

    /// What model files call it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Title => "title",
            Self::Cross => "cross",
            Self::Body => "body",
            Self::Mass => "mass",
            Self::Second => "second",
            Self::Near => "near",
            Self::Around => "around",
            Self::Extent => "extent",
            Self::Chance => "chance",
            Self::Best => "best",
            Self::Rival => "rival",
        }
    }

    /// What explanations call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all words",
            Self::Title => "titles",
            Self::Cross => "title against all",
            Self::Body => "bodies",
            Self::Mass => "shared rarity",
            Self::Second => "second rarest shared title word",
            Self::Near => "within a day",
            Self::Around => "within days",
            Self::Extent => "length",
            Self::Chance => "common words",
            Self::Best => "nearest member",
            Self::Rival => "nearest other event",
        }
    }
}

/// The values of the features, in the order of [`Feature::ALL`], in 1/10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Evidence(pub [i32; FEATURES]);

impl Evidence {
    /// Value of one feature, in 1/10,000.
    #[must_use]
    pub const fn get(&self, feature: Feature) -> i32 {
        self.0[feature as usize]
    }

    const fn set(&mut self, feature: Feature, value: i32) {
        self.0[feature as usize] = value;
    }

    /// The same but for the nearest other group.
    #[must_use]
    pub fn with_rival(mut self, rival: i32) -> Self {
        self.set(Feature::Rival, rival);
        self
    }

    /// The similarity of two groups: the mean of their pairs, the score of the best of them and of the nearest other group.
    #[must_use]
    pub fn of_group(pairs: &[Self], best: i32, rival: i32) -> Self {
        let mut mean = Self::default();
        let count = i64::try_from(pairs.len()).unwrap_or(i64::MAX).max(1);
        for (place, value) in mean.0.iter_mut().enumerate() {
            let sum: i64 = pairs.iter().map(|pair| i64::from(pair.0[place])).sum();
            *value = i32::try_from(sum / count).unwrap_or(0);
        }
        mean.set(Feature::Best, best);
        mean.set(Feature::Rival, rival);
        mean
    }
}

/// Two entries, held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// How alike they are.
    pub evidence: Evidence,
    /// Whether they say the same in the same words.
    pub copy: bool,
}

/// Compares two entries. Symmetric.
#[must_use]
pub fn compare(a: &Profile, b: &Profile) -> Pair {
    let mut shared = Shared::default();
    let (a, b) = if a.terms().len() < b.terms().len() { (b, a) } else { (a, b) };
    for term in b.terms() {
        if let Some(own) = a.find(term.mention.term()) {
            shared.add(own.mention, term.mention, term.rarity);
        }
    }
    let gap_ms = a.date.millis().abs_diff(b.date.millis());
    Pair { evidence: evidence(&a.norms, &b.norms, &shared, gap_ms), copy: copy::is_copy(a, b, shared.words) }
}

fn evidence(na: &Norms, nb: &Norms, shared: &Shared, gap_ms: u64) -> Evidence {
    let all = ratio(shared.all, na.all * nb.all);
    let cross = i32::midpoint(ratio(shared.title_all, na.title * nb.all), ratio(shared.all_title, na.all * nb.title));
    let around = decay::around(gap_ms);
    let terms = na.terms.min(nb.terms) as usize;
    let mut evidence = Evidence::default();
    evidence.set(Feature::All, all);
    evidence.set(Feature::Title, ratio(shared.title, na.title * nb.title));
    evidence.set(Feature::Cross, cross);
    evidence.set(Feature::Body, ratio(shared.body, na.body * nb.body));
    evidence.set(Feature::Mass, fixed(libm::log1p(float(shared.mass) / f64::from(RARITY_ONE)) / 3.0));
    evidence.set(Feature::Second, fixed(float(shared.second) / f64::from(RARITY_ONE) / 8.0));
    evidence.set(Feature::Near, fixed(around * around * around));
    evidence.set(Feature::Around, fixed(around));
    evidence.set(Feature::Extent, EXTENTS[terms.min(MENTIONS_MAX)]);
    evidence.set(Feature::Chance, fixed((na.chance + nb.chance) * 5.0));
    evidence
}
