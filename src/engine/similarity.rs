//! How alike two entries are, or an entry and a cluster: a dozen numbers that decide, and that can be shown to a person.
//!
//! One similarity serves joining, moving, merging and explaining. Sums run over integers, so their order cannot matter;
//! each value is rounded to fixed point before anything looks at it.

use super::features::{Features, Term};
use super::index::{Index, Live};

/// Number of features of a similarity.
pub const FEATURES: usize = 12;
/// Fixed point of a feature: 10,000 = 1.
pub const ONE: i32 = 10_000;

/// Weight of a term by its count in the body, in 1/16: a second mention says half as much as the first.
const BODY_FACTORS: [u64; 6] = [0, 16, 24, 28, 31, 33];
/// Weight of a term for standing in the title, in 1/16.
const TITLE_FACTOR: u64 = 24;
/// Fixed point of a rarity, as [`Index::rarity`] gives it: 256 = 1 nat.
const RARITY_ONE: f64 = 256.0;
/// Share of the best member in a cluster's similarity, in percent.
const BEST_SHARE: i64 = 30;
const DAY_MS: f64 = 86_400_000.0;
/// Days in which the slow decay falls to 1/e.
const SLOW_DAYS: f64 = 3.0;

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
    /// How much other events around resemble this one.
    Crowd,
    /// Cosine with the members taken together (for two entries: the same as `All`).
    Pooled,
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
        Self::Crowd,
        Self::Pooled,
    ];
}

impl Feature {
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
            Self::Crowd => "crowd",
            Self::Pooled => "pooled",
        }
    }

    /// Between which weights a fit may choose: likeness and nearness never speak against an event, size and commonness
    /// never for one; and no decay is so steep that a data set's clock is learnt.
    #[must_use]
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Self::Extent | Self::Chance | Self::Crowd => (-9.0, 0.0),
            Self::Near => (0.0, 3.0),
            Self::Around => (0.0, 5.0),
            _ => (0.0, 20.0),
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
            Self::Crowd => "crowd of other events",
            Self::Pooled => "cluster as a whole",
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
}

/// An entry's terms with their rarities, ready to be compared.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// Rarity of each term, in the order of the features' terms.
    rarities: Box<[u32]>,
    all: f64,
    title: f64,
    body: f64,
    /// Mean share of the other live entries that a term is in, by the weight of the term.
    chance: f64,
}

impl Weighed {
    /// Looks up the rarities of an entry's terms among the live entries.
    #[must_use]
    pub fn of(live: &Live, index: &Index) -> Self {
        let terms = &live.features.terms;
        let (mut all, mut title, mut body, mut common) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut rarities = Vec::with_capacity(terms.len());
        for term in terms {
            let (rarity, share) = index.rarity_and_share(term.hash);
            let (own, in_body) = (weight(rarity, factor(*term)), weight(rarity, body_factor(*term)));
            all += own * own;
            body += in_body * in_body;
            // Weights have 18 bits and shares 10: far from the 64 that there are, even for a hundred terms.
            common += own * own * u64::from(share);
            if term.title > 0 {
                title += u64::from(rarity) * u64::from(rarity);
            }
            rarities.push(rarity);
        }
        let chance = if all > 0 { float(common) / float(all) / f64::from(Index::SHARE_ONE) } else { 0.0 };
        Self {
            rarities: rarities.into(),
            all: float(all).sqrt(),
            title: float(title).sqrt(),
            body: float(body).sqrt(),
            chance,
        }
    }

    /// Weight of each term in the cosine of all terms, in the order of the features' terms.
    #[must_use]
    pub fn weights(&self, features: &Features) -> Vec<u64> {
        features.terms.iter().zip(&self.rarities).map(|(term, rarity)| weight(*rarity, factor(*term))).collect()
    }

    /// Cosine of all terms with a pool's, in 1/10,000.
    #[must_use]
    pub fn cosine_with(&self, features: &Features, pool: &Pool, index: &Index) -> i32 {
        let (mut dot, mut square, mut at) = (0_u64, 0_u64, 0);
        for (hash, pooled) in &pool.0 {
            while features.terms.get(at).is_some_and(|term| term.hash < *hash) {
                at += 1;
            }
            let own = features.terms.get(at).filter(|term| term.hash == *hash);
            let rarity = own.map_or_else(|| index.rarity(*hash), |_| self.rarities[at]);
            let there = weight(rarity, *pooled);
            square += there * there;
            dot += there * own.map_or(0, |term| weight(rarity, factor(*term)));
        }
        ratio(dot, self.all * float(square).sqrt())
    }
}

/// The terms of a cluster's members taken together, sorted by hash, with their summed factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool(Vec<(u32, u64)>);

/// Pools the terms of some entries.
#[must_use]
pub fn pool<'a>(members: impl Iterator<Item = &'a Features>) -> Pool {
    let mut terms: Vec<(u32, u64)> = members.flat_map(|m| m.terms.iter().map(|t| (t.hash, factor(*t)))).collect();
    // The stable sort makes use of the members' lists being sorted already.
    terms.sort_by_key(|(hash, _)| *hash);
    terms.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    Pool(terms)
}

/// Compares two entries. Symmetric. Nothing is known of the crowd around two entries alone: it is 0.
#[must_use]
pub fn compare(a: (&Live, &Weighed), b: (&Live, &Weighed)) -> Evidence {
    let ((a, wa), (b, wb)) = (a, b);
    let shared = Shared::of(&a.features.terms, &wa.rarities, &b.features.terms);
    let days = float(a.date.millis().abs_diff(b.date.millis())) / DAY_MS;
    let all = ratio(shared.all, wa.all * wb.all);
    let terms = wa.rarities.len().min(wb.rarities.len()).max(1);
    let mut evidence = Evidence::default();
    evidence.set(Feature::All, all);
    evidence.set(Feature::Title, ratio(shared.title, wa.title * wb.title));
    evidence.set(
        Feature::Cross,
        i32::midpoint(ratio(shared.title_all, wa.title * wb.all), ratio(shared.all_title, wa.all * wb.title)),
    );
    evidence.set(Feature::Body, ratio(shared.body, wa.body * wb.body));
    evidence.set(Feature::Mass, fixed(libm::log1p(float(shared.mass) / RARITY_ONE) / 3.0));
    evidence.set(Feature::Second, fixed(float(shared.second) / RARITY_ONE / 8.0));
    evidence.set(Feature::Near, fixed(libm::exp(-days)));
    evidence.set(Feature::Around, fixed(libm::exp(-days / SLOW_DAYS)));
    evidence.set(Feature::Extent, fixed(libm::log(float(terms as u64)) / 4.0));
    evidence.set(Feature::Chance, fixed((wa.chance + wb.chance) * 5.0));
    evidence.set(Feature::Pooled, all);
    evidence
}

/// The similarity of an entry to a cluster: 30 % its best member, 70 % the mean of its members; `pooled` and `crowd`
/// are known of the cluster as a whole.
#[must_use]
pub fn blend<'a>(best: &Evidence, pairs: impl Iterator<Item = &'a Evidence>, pooled: i32, crowd: i32) -> Evidence {
    let (mut sums, mut count) = ([0_i64; FEATURES], 0_i64);
    for pair in pairs {
        count += 1;
        for (sum, value) in sums.iter_mut().zip(pair.0) {
            *sum += i64::from(value);
        }
    }
    let mut blended = *best;
    for (value, sum) in blended.0.iter_mut().zip(sums) {
        let mixed = (BEST_SHARE * i64::from(*value) + (100 - BEST_SHARE) * sum / count.max(1)) / 100;
        *value = i32::try_from(mixed).unwrap_or(*value);
    }
    blended.set(Feature::Pooled, pooled);
    blended.set(Feature::Crowd, crowd);
    blended
}

/// What two entries share, summed over their common terms.
#[derive(Debug, Default)]
struct Shared {
    all: u64,
    title: u64,
    body: u64,
    title_all: u64,
    all_title: u64,
    mass: u64,
    first: u64,
    second: u64,
}

impl Shared {
    /// Walks two lists sorted by hash.
    fn of(a: &[Term], rarities: &[u32], b: &[Term]) -> Self {
        let mut shared = Self::default();
        let mut rest = b;
        for (term, rarity) in a.iter().zip(rarities) {
            while let [first, tail @ ..] = rest
                && first.hash < term.hash
            {
                rest = tail;
            }
            match rest {
                [] => break,
                [first, ..] if first.hash == term.hash => shared.add(*term, *first, u64::from(*rarity)),
                _ => {}
            }
        }
        shared
    }

    fn add(&mut self, a: Term, b: Term, rarity: u64) {
        let square = rarity * rarity;
        let (in_a, in_b) = (u64::from(a.title > 0), u64::from(b.title > 0));
        self.all += square * factor(a) * factor(b);
        self.body += square * body_factor(a) * body_factor(b);
        self.title += square * in_a * in_b;
        self.title_all += square * in_a * factor(b);
        self.all_title += square * factor(a) * in_b;
        self.mass += rarity;
        if in_a + in_b > 0 {
            self.second = self.second.max(rarity.min(self.first));
            self.first = self.first.max(rarity);
        }
    }
}

fn factor(term: Term) -> u64 {
    body_factor(term) + if term.title > 0 { TITLE_FACTOR } else { 0 }
}

fn body_factor(term: Term) -> u64 {
    BODY_FACTORS[usize::from(term.body).min(BODY_FACTORS.len() - 1)]
}

fn weight(rarity: u32, factor: u64) -> u64 {
    u64::from(rarity) * factor
}

fn ratio(dot: u64, norms: f64) -> i32 {
    if norms > 0.0 { fixed((float(dot) / norms).min(1.0)) } else { 0 }
}

#[expect(clippy::cast_precision_loss, reason = "rounded alike on every machine")]
const fn float(sum: u64) -> f64 {
    sum as f64
}

#[expect(clippy::cast_possible_truncation, reason = "features run from 0 to a few units")]
fn fixed(value: f64) -> i32 {
    libm::round(value * f64::from(ONE)) as i32
}
