//! What is summed over the terms of one entry.

use super::weight::{Factors, float};
use crate::engine::index::{Mention, Rarities};

/// The sums, while they are being summed. Integers, so that their order cannot matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    all: u64,
    title: u64,
    body: u64,
    common: u64,
    terms: u32,
    words: u32,
}

/// What a comparison needs to know of an entry as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Norms {
    /// Lengths of the vectors that cosines are taken of.
    pub all: f64,
    /// See `all`.
    pub title: f64,
    /// See `all`.
    pub body: f64,
    /// Mean share of the other live entries that a term is in, by the weight of the term.
    pub chance: f64,
    /// Distinct terms.
    pub terms: u32,
    /// Words of the body.
    pub words: u32,
}

impl Sums {
    /// Counts a term in.
    #[inline]
    pub fn add(&mut self, mention: Mention, rarity: u32, others: u32) {
        let (Factors { all, body }, square) = (Factors::of(mention), u64::from(rarity) * u64::from(rarity));
        let own = square * (all * all);
        self.all += own;
        self.body += square * (body * body);
        // What many have weighs little: the sum stays far below 64 bits, whatever the counts.
        self.common += own * u64::from(others);
        self.title += square * u64::from(mention.title() > 0);
        self.terms += 1;
        self.words += mention.body();
    }

    /// The norms that these sums make.
    #[must_use]
    pub fn norms(&self, rarities: &Rarities<'_>) -> Norms {
        let chance = if self.all > 0 { rarities.share(float(self.common) / float(self.all)) } else { 0.0 };
        Norms {
            all: float(self.all).sqrt(),
            title: float(self.title).sqrt(),
            body: float(self.body).sqrt(),
            chance,
            terms: self.terms,
            words: self.words,
        }
    }
}
