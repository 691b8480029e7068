//! Over how many live entries rarities are counted.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::num::NonZeroU64;

/// Entries that any publisher may count for.
const SHARE_MIN: usize = 32;
/// One publisher counts for at most this part of all entries, about, where there are publishers enough.
const SHARE: usize = 16;
/// Publishers are enough if there are so many times as many; of fewer, each counts for more: where all have equal parts,
/// all count in full.
const PUBLISHERS_ENOUGH: usize = 4;

/// The live entries that say something, by publisher. One that floods its feeds with texts of no use would make the words
/// of all others look rarer than they are, and what shares a few of them more alike; so no publisher counts for more than
/// a part of all.
#[derive(Debug, Default)]
pub struct Census {
    by_publisher: HashMap<NonZeroU64, usize, FixedState>,
    /// All of them.
    entries: usize,
    /// Those that count.
    counted: usize,
}

impl Census {
    /// How many count.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.counted
    }

    /// Counts an entry in.
    pub fn add(&mut self, publisher: Option<NonZeroU64>) {
        let before = self.share();
        self.entries += 1;
        let Some(publisher) = publisher else { return self.recount(before, 1) };
        let own = self.by_publisher.entry(publisher).or_default();
        *own += 1;
        let more = isize::from(*own <= before);
        self.recount(before, more);
    }

    /// Counts an entry out.
    pub fn remove(&mut self, publisher: Option<NonZeroU64>) {
        let before = self.share();
        self.entries = self.entries.saturating_sub(1);
        let Some(publisher) = publisher else { return self.recount(before, -1) };
        let Some(own) = self.by_publisher.get_mut(&publisher) else { return };
        let less = isize::from(*own <= before);
        *own -= 1;
        if *own == 0 {
            self.by_publisher.remove(&publisher);
        }
        self.recount(before, -less);
    }

    /// What one publisher may count for. It changes in steps, so that all need not be counted again each time.
    fn share(&self) -> usize {
        let publishers = self.by_publisher.len().checked_ilog2().map_or(0, |log| 1 << log);
        let parts = (publishers / PUBLISHERS_ENOUGH).clamp(1, SHARE);
        (self.entries.next_power_of_two() / parts).max(SHARE_MIN)
    }

    fn recount(&mut self, before: usize, change: isize) {
        let share = self.share();
        self.counted = if share == before {
            self.counted.saturating_add_signed(change)
        } else {
            let named: usize = self.by_publisher.values().sum();
            let capped: usize = self.by_publisher.values().map(|own| (*own).min(share)).sum();
            self.entries - named + capped
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_publisher_counts_for_more_than_its_share() {
        let mut census = Census::default();
        let publisher = NonZeroU64::new;
        for entry in 0..2_000 {
            census.add(publisher(entry % 400 + 1));
        }
        assert_eq!(census.counted(), 2_000);
        for _ in 0..3_000 {
            census.add(publisher(7));
        }
        assert_eq!(census.counted(), 1_995 + 8_192 / SHARE);
        for _ in 0..3_000 {
            census.remove(publisher(7));
        }
        assert_eq!(census.counted(), 2_000);
        for _ in 0..100 {
            census.add(None);
        }
        assert_eq!(census.counted(), 2_100);
    }

    #[test]
    fn few_publishers_count_in_full() {
        for publishers in [1, 3, 7, 12, 40] {
            let mut census = Census::default();
            for entry in 0..3_000 {
                census.add(NonZeroU64::new(entry % publishers + 1));
            }
            assert_eq!(census.counted(), 3_000, "{publishers}");
        }
    }

    #[test]
    fn the_count_is_one_of_the_set_whatever_its_history() {
        let publisher = |entry: u64| NonZeroU64::new(entry * entry % 97 / 3);
        let (mut lived, mut fresh) = (Census::default(), Census::default());
        (0..5_000).for_each(|entry| lived.add(publisher(entry)));
        (0..4_300).rev().for_each(|entry| lived.remove(publisher(entry)));
        (4_300..5_000).for_each(|entry| fresh.add(publisher(entry)));
        assert_eq!(lived.counted(), fresh.counted());
    }
}
