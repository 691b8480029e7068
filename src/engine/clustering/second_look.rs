//! A second look at everything, while the index is young.
//!
//! How rare a word is, and how crowded the news around an entry, is counted over the live entries. The first few hundred
//! are decided on while next to nothing has been counted, in whatever order a first import brings the feeds. So, as the
//! index grows to maturity, each entry is looked at again, by the same similarity, with what is known by then.

use super::{Cache, Clustering, Correction, MOVE_MARGIN};
use crate::engine::id::ClusterId;
use crate::engine::index::Slot;

/// From this many live entries on the counts are good; it is about the prior of the rarities.
pub const MATURE_AT: usize = 2_000;
/// Looked at again each time the index has grown by this much (in percent): in all, some four looks an entry.
const GROWTH_PERCENT: usize = 30;

/// Whether the index has just grown to one of the sizes at which everything is looked at again. A function of the size
/// alone, so that a restart changes nothing.
pub(super) fn is_due(live: usize) -> bool {
    let mut size = 10;
    while size < live && size < MATURE_AT {
        size += (size * GROWTH_PERCENT).div_ceil(100);
    }
    size == live
}

impl Clustering {
    /// Whether the counts are still to be mistrusted.
    #[must_use]
    pub fn is_young(&self) -> bool {
        self.index.len() < MATURE_AT
    }

    /// Looks at every live entry again: one that suits another cluster clearly better moves there, and clusters that have
    /// turned out to be one merge.
    pub fn second_look<R: Ord>(&mut self, rank: impl Fn(ClusterId) -> R) -> Vec<Correction> {
        let cache = &mut Cache::default();
        let mut corrections = Vec::new();
        for slot in self.index.by_date() {
            corrections.extend(self.look_again(slot, cache, &rank));
        }
        corrections
    }

    pub(super) fn look_again<R: Ord>(
        &mut self,
        slot: Slot,
        cache: &mut Cache,
        rank: &impl Fn(ClusterId) -> R,
    ) -> Vec<Correction> {
        let Some((id, home)) = self.index.get(slot).map(|live| (live.id, live.cluster)) else { return Vec::new() };
        let neighbors = self.neighbors(slot, cache);
        let crowd = self.crowd(&neighbors, [home, home]);
        let stays = self.affinity(slot, home, crowd, cache);
        let mut corrections = Vec::new();
        let mut matches = self.matches(slot, home, &neighbors, cache);
        matches.sort_unstable_by_key(|found| (std::cmp::Reverse(found.score), found.cluster));
        let better = matches.first().filter(|found| found.score >= found.threshold);
        if let Some(there) = better.filter(|found| self.may_move(slot, found.cluster)) {
            match stays {
                None => corrections.push(self.merge(home, there.cluster, rank, cache)),
                Some(here) if there.score >= here.score.saturating_add(MOVE_MARGIN) => {
                    self.shift(slot, there.cluster, cache);
                    corrections.push(Correction::Moved(id, *there));
                }
                Some(_) => {}
            }
        }
        corrections.extend(self.correct_merges(slot, &neighbors, cache, rank));
        corrections
    }
}

#[cfg(test)]
mod tests {
    use super::{MATURE_AT, is_due};

    #[test]
    fn looks_come_with_growth_and_end_with_maturity() {
        let looks: Vec<usize> = (0..100_000).filter(|live| is_due(*live)).collect();
        assert_eq!(looks[..5], [10, 13, 17, 23, 30]);
        assert!(looks.len() < 30 && *looks.last().unwrap() < 2 * MATURE_AT, "{looks:?}");
        assert!(looks.iter().sum::<usize>() < 6 * MATURE_AT);
    }
}
