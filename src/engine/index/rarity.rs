//! How rare terms are among the live entries. Fixed point throughout, and a function of two counts only.

use super::mention::TermId;
use std::sync::LazyLock;

/// Fixed point of a rarity: 256 = 1 nat.
pub const RARITY_ONE: u32 = 256;
/// Entries presumed to be live already, so that a young index does not take its few terms for common ones.
const PRIOR_ENTRIES: usize = 1_500;
/// Entries every term is presumed to be in already.
const PRIOR_HOLDERS: u32 = 1;
/// Entries presumed to be there when shares are counted: of three entries nothing is common.
const PRIOR_SHARED: f64 = 60.0;
/// Share of those that a term is presumed to be in: about what a mature index counts on the mean, so that the first
/// entries do not meet by the words that all news has.
const PRIOR_SHARE: f64 = 32.0 / 1_024.0;

/// Fixed point of the logarithms that rarities are made of.
const LOG_ONE: u32 = 65_536;
/// Logarithms of the counts below `1 << LOG_BITS` are kept; larger counts are halved until they are among them, which
/// changes a rarity by less than a tenth of its last digit.
const LOG_BITS: u32 = 12;
/// `ln 2`.
const LOG_TWO: u32 = 45_426;
static LOGS: LazyLock<Vec<u32>> = LazyLock::new(|| (0..1 << LOG_BITS).map(logarithm).collect());

/// How many hold a term, in two bytes, for all of them are asked for all the time: exact below 4,096, else halved as
/// often as needed, the number of halvings in the upper bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u16);

impl Count {
    /// Of so many holders.
    #[must_use]
    pub fn of(holders: usize) -> Self {
        let counted = u32::try_from(holders).unwrap_or(u32::MAX).saturating_add(PRIOR_HOLDERS);
        let halvings =
            (u32::BITS - counted.leading_zeros()).saturating_sub(LOG_BITS).min((1 << (u16::BITS - LOG_BITS)) - 1);
        let kept = (counted >> halvings).min((1 << LOG_BITS) - 1);
        Self(u16::try_from(halvings << LOG_BITS | kept).unwrap_or(u16::MAX))
    }

    /// How many hold it.
    #[inline]
    #[must_use]
    pub fn holders(self) -> u32 {
        (self.kept() << self.halvings()).saturating_sub(PRIOR_HOLDERS)
    }

    #[inline]
    fn kept(self) -> u32 {
        u32::from(self.0) & ((1 << LOG_BITS) - 1)
    }

    #[inline]
    fn halvings(self) -> u32 {
        u32::from(self.0) >> LOG_BITS
    }
}

/// The rarities of all terms at one state of the index.
#[derive(Clone, Copy, Debug)]
pub struct Rarities<'a> {
    counts: &'a [Count],
    logs: &'static [u32],
    log_entries: u32,
    entries: f64,
}

impl<'a> Rarities<'a> {
    /// Of terms with so many holders, by id, among so many entries.
    pub(super) fn new(counts: &'a [Count], entries: usize) -> Self {
        let log_entries = logarithm(entries + PRIOR_ENTRIES);
        Self { counts, logs: &LOGS, log_entries, entries: f64::from(u32::try_from(entries).unwrap_or(u32::MAX)) }
    }

    /// Rarity of a term: `ln((entries + prior) / (entries with it + prior))`, in 1/256.
    #[inline]
    #[must_use]
    pub fn of(&self, term: TermId) -> u32 {
        self.with_others(term).0
    }

    /// Rarity of a term, as [`Self::of`], and how many *other* live entries have it, too. Made for the terms of live
    /// entries: one holder is taken to be the entry that asks.
    #[inline]
    #[must_use]
    pub fn with_others(&self, term: TermId) -> (u32, u32) {
        let count = self.counts.get(term as usize).copied().unwrap_or(Count(0));
        let log = self.logs[count.kept() as usize] + count.halvings() * LOG_TWO;
        let rarity = self.log_entries.saturating_sub(log).div_ceil(LOG_ONE / RARITY_ONE);
        (rarity, count.holders().saturating_sub(1))
    }

    /// The share of the other live entries that so many others are.
    #[must_use]
    pub fn share(&self, others: f64) -> f64 {
        (others + PRIOR_SHARED * PRIOR_SHARE) / (self.entries + PRIOR_SHARED)
    }
}

/// `ln(count)` in 1/65,536.
fn logarithm(count: usize) -> u32 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let log = libm::log(count.max(1) as f64) * f64::from(LOG_ONE);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 44 * 65,536")]
    let fixed = libm::round(log) as u32;
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarities_are_logarithms() {
        let counts: Vec<Count> = (0..300_000).map(Count::of).collect();
        let rarities = Rarities::new(&counts, 500_000);
        let off = |holders: u32| {
            let exact = (501_500.0 / f64::from(holders + 1)).ln() * f64::from(RARITY_ONE);
            (f64::from(rarities.of(holders)) - exact).abs()
        };
        assert!((0..300_000).all(|holders| off(holders) < 1.2));
    }

    #[test]
    fn shares_are_those_of_the_others() {
        let counts = [1, 500_001].map(Count::of);
        let rarities = Rarities::new(&counts, 1_000_000);
        assert!(rarities.share(f64::from(rarities.with_others(0).1)) < 0.001);
        assert!((rarities.share(f64::from(rarities.with_others(1).1)) - 0.5).abs() < 0.001);
    }
}
