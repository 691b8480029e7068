//! How rare terms are among the live entries. Fixed point throughout, and a function of two counts only.

use super::mention::TermId;
use std::sync::LazyLock;

/// Fixed point of a rarity: 256 = 1 nat.
pub const RARITY_ONE: u32 = 256;
/// Fixed point of a share: 1,024 = all entries.
pub const SHARE_ONE: u32 = 1 << SHARE_BITS;
const SHARE_BITS: u32 = 10;

/// Entries presumed to be live already, so that a young index does not take its few terms for common ones.
const PRIOR_ENTRIES: usize = 1_500;
/// Entries every term is presumed to be in already.
const PRIOR_HOLDERS: u32 = 1;
/// Entries presumed to be there when shares are counted: of three entries nothing is common.
const PRIOR_SHARED: usize = 60;
/// Share of those that a term is presumed to be in, in 1/1,024: about what a mature index counts on the mean, so that the
/// first entries do not meet by the words that all news has.
const PRIOR_SHARE: u64 = 20;

/// Fixed point of the logarithms that rarities are made of.
const LOG_ONE: u32 = 65_536;
/// Logarithms of the counts below `1 << LOG_BITS` are kept; larger counts are halved until they are among them, which
/// changes a rarity by less than a tenth of its last digit.
const LOG_BITS: u32 = 12;
/// `ln 2`.
const LOG_TWO: u32 = 45_426;
/// Fixed point of the reciprocal of the number of entries.
const RECIPROCAL_BITS: u32 = 32;

static LOGS: LazyLock<Vec<u32>> = LazyLock::new(|| (0..1 << LOG_BITS).map(logarithm).collect());

/// The rarities of all terms at one state of the index.
#[derive(Clone, Copy, Debug)]
pub struct Rarities<'a> {
    /// Holders of each term.
    holders: &'a [u32],
    logs: &'static [u32],
    log_entries: u32,
    per_entry: u64,
}

impl<'a> Rarities<'a> {
    /// Of terms with so many holders, by id, among so many entries.
    pub(super) fn new(holders: &'a [u32], entries: usize) -> Self {
        let shared = (entries + PRIOR_SHARED) as u64;
        Self {
            holders,
            logs: &LOGS,
            log_entries: logarithm(entries + PRIOR_ENTRIES),
            per_entry: (1 << RECIPROCAL_BITS) / shared,
        }
    }

    /// Rarity of a term: `ln((entries + prior) / (entries with it + prior))`, in 1/256.
    #[must_use]
    pub fn of(&self, term: TermId) -> u32 {
        self.of_holders(self.holders(term))
    }

    /// Rarity of a term, as [`Self::of`], and the share of the *other* live entries that have it, too, in 1/1,024. Made
    /// for the terms of live entries: one holder is taken to be the entry that asks.
    #[must_use]
    pub fn with_share(&self, term: TermId) -> (u32, u32) {
        let holders = self.holders(term);
        let counted = (u64::from(holders.saturating_sub(1)) << SHARE_BITS) + PRIOR_SHARED as u64 * PRIOR_SHARE;
        #[expect(clippy::cast_possible_truncation, reason = "a share is at most about 1,024")]
        let share = (counted * self.per_entry >> RECIPROCAL_BITS) as u32;
        (self.of_holders(holders), share)
    }

    fn holders(&self, term: TermId) -> u32 {
        self.holders.get(term as usize).copied().unwrap_or_default()
    }

    fn of_holders(&self, holders: u32) -> u32 {
        let counted = holders + PRIOR_HOLDERS;
        let halvings = (u32::BITS - counted.leading_zeros()).saturating_sub(LOG_BITS);
        let log = self.logs[(counted >> halvings) as usize & ((1 << LOG_BITS) - 1)] + halvings * LOG_TWO;
        self.log_entries.saturating_sub(log).div_ceil(LOG_ONE / RARITY_ONE)
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
        let holders: Vec<u32> = (0..300_000).collect();
        let rarities = Rarities::new(&holders, 500_000);
        let off = |holders: u32| {
            let exact = (501_500.0 / f64::from(holders + 1)).ln() * f64::from(RARITY_ONE);
            (f64::from(rarities.of(holders)) - exact).abs()
        };
        assert!(holders.iter().all(|holders| off(*holders) < 1.2));
    }

    #[test]
    fn shares_are_those_of_the_others() {
        let rarities = Rarities::new(&[1, 500_001], 1_000_000);
        assert_eq!(rarities.with_share(0).1, 0);
        assert_eq!(rarities.with_share(1).1, 511);
    }
}
