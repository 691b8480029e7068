//! What is summed over the terms that two entries share.

use super::weight::Factors;
use crate::engine::index::Mention;

/// The sums. Integers, so that their order cannot matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shared {
    /// Dot products: of all terms, titles, bodies, one's title and all of the other, and the reverse.
    pub all: u64,
    /// See `all`.
    pub title: u64,
    /// See `all`.
    pub body: u64,
    /// See `all`.
    pub title_all: u64,
    /// See `all`.
    pub all_title: u64,
    /// Rarity of all of them together.
    pub mass: u64,
    /// The greatest rarity of those that stand in a title.
    first: u64,
    /// The second greatest.
    pub second: u64,
    /// Words of both bodies.
    pub words: u32,
}

impl Shared {
    /// Counts in a term, as it stands in the one and in the other.
    #[inline]
    pub fn add(&mut self, a: Mention, b: Mention, rarity: u32) {
        let rarity = u64::from(rarity);
        let square = rarity * rarity;
        let (in_a, in_b) = (u64::from(a.title() > 0), u64::from(b.title() > 0));
        let (fa, fb) = (Factors::of(a), Factors::of(b));
        self.all += square * (fa.all * fb.all);
        self.body += square * (fa.body * fb.body);
        self.title += square * (in_a * in_b);
        self.title_all += square * (in_a * fb.all);
        self.all_title += square * (fa.all * in_b);
        self.mass += rarity;
        self.words += a.body().min(b.body());
        if in_a + in_b > 0 {
            self.second = self.second.max(rarity.min(self.first));
            self.first = self.first.max(rarity);
        }
    }
}
