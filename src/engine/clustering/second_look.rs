//! A second look at everything, while the index is young.
//!
//! How rare a word is, is counted over the live entries. The first few hundred
//! are decided on while next to nothing has been counted, in whatever order a first import brings the feeds. So, as the
//! index grows to maturity, each entry is looked at again, by the same similarity, with what is known by then.

use super::arrangement::Look;
use super::scene::Scene;
use super::{Clustering, Revision};
use crate::engine::id::ClusterId;

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

    /// Looks at every live entry again, in the order of their dates, and arranges what is around it anew. `seed` is another
    /// for every look.
    pub fn second_look<R: Ord>(&mut self, seed: u64, rank: impl Fn(ClusterId) -> R) -> Vec<Revision> {
        let scene = &mut Scene::default();
        let mut revisions = Vec::new();
        for slot in self.index.by_date() {
            revisions.extend(self.arrange(slot, Look { new: false, seed }, scene, &rank).revisions);
        }
        revisions
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
