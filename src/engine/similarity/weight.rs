//! How much a term weighs in an entry, and the way from sums to numbers that decide.

use super::ONE;
use crate::engine::index::{COUNTS, Mention};

/// Weight of a term by its count in the body, in 1/16: a second mention says half as much as the first.
const BODY_FACTORS: [u64; 6] = [0, 16, 24, 28, 31, 33];
/// Weight of a term for standing in the title, in 1/16.
const TITLE_FACTOR: u64 = 24;

static FACTORS: [Factors; COUNTS] = factors();

/// Weight of a term by its counts in an entry, without its rarity, in 1/16.
#[derive(Clone, Copy, Debug)]
pub struct Factors {
    /// In title and body together.
    pub all: u64,
    /// In the body alone.
    pub body: u64,
}

impl Factors {
    /// Of a term in an entry.
    #[inline]
    #[must_use]
    pub fn of(mention: Mention) -> Self {
        FACTORS[mention.counts()]
    }
}

const fn factors() -> [Factors; COUNTS] {
    let mut table = [Factors { all: 0, body: 0 }; COUNTS];
    let mut counts = 0;
    while counts < COUNTS {
        let mention = Mention::with_counts(counts);
        let times = mention.body() as usize;
        let body = BODY_FACTORS[if times < BODY_FACTORS.len() { times } else { BODY_FACTORS.len() - 1 }];
        let title = if mention.title() > 0 { TITLE_FACTOR } else { 0 };
        table[counts] = Factors { all: body + title, body };
        counts += 1;
    }
    table
}

/// A cosine, in 1/10,000.
pub fn ratio(dot: u64, norms: f64) -> i32 {
    if norms > 0.0 { fixed((float(dot) / norms).min(1.0)) } else { 0 }
}

#[expect(clippy::cast_precision_loss, reason = "rounded alike on every machine")]
pub const fn float(sum: u64) -> f64 {
    sum as f64
}

/// To the nearest of 1/10,000; features are not negative.
#[expect(clippy::cast_possible_truncation, reason = "features run from 0 to a few units")]
pub fn fixed(value: f64) -> i32 {
    (value * f64::from(ONE) + 0.5) as i32
}
