//! What the user has said of single entries: these belong together, those do not (must-link and cannot-link constraints:
//! Wagstaff and Cardie, "Clustering with Instance-level Constraints", 2000). No evidence outweighs them.

use crate::engine::id::EntryId;
use std::collections::{BTreeMap, BTreeSet};

/// All constraints in force. Of two that contradict each other, the later one holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// The other entries that one belongs with.
    together: BTreeMap<EntryId, BTreeSet<EntryId>>,
    /// The entries that one must not share a cluster with.
    apart: BTreeMap<EntryId, BTreeSet<EntryId>>,
}

impl Constraints {
    /// Puts all these entries, and whatever already belongs with one of them, together.
    pub fn unite(&mut self, entries: &[EntryId]) {
        let mates = entries.iter().filter_map(|id| self.together.get(id)).flatten();
        let all: BTreeSet<EntryId> = mates.chain(entries).copied().collect();
        for id in &all {
            let others = all.iter().copied().filter(|other| other != id);
            self.together.entry(*id).or_default().extend(others);
            if let Some(apart) = self.apart.get_mut(id) {
                apart.retain(|other| !all.contains(other));
            }
        }
    }

    /// Puts the entries of one side together and apart from those of the other.
    pub fn part(&mut self, out: &[EntryId], rest: &[EntryId]) {
        for (side, other) in [(out, rest), (rest, out)] {
            for id in side {
                if let Some(together) = self.together.get_mut(id) {
                    together.retain(|mate| !other.contains(mate));
                }
                self.apart.entry(*id).or_default().extend(other);
            }
        }
        self.unite(out);
    }

    /// Whether nothing is constrained.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.together.is_empty() && self.apart.is_empty()
    }

    /// The entries that one belongs with.
    pub fn mates(&self, id: EntryId) -> impl Iterator<Item = EntryId> {
        self.together.get(&id).into_iter().flatten().copied()
    }

    /// The entries that one must not share a cluster with.
    pub fn opponents(&self, id: EntryId) -> impl Iterator<Item = EntryId> {
        self.apart.get(&id).into_iter().flatten().copied()
    }

    /// Whether two entries must not share a cluster.
    #[must_use]
    pub fn parts(&self, a: EntryId, b: EntryId) -> bool {
        !self.apart.is_empty() && self.apart.get(&a).is_some_and(|apart| apart.contains(&b))
    }

    /// Whether the user said where an entry belongs, so that no later evidence moves it.
    #[must_use]
    pub fn pins(&self, id: EntryId) -> bool {
        self.together.get(&id).is_some_and(|mates| !mates.is_empty()) || self.apart.contains_key(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(of: &[u64]) -> Vec<EntryId> {
        of.iter().copied().map(EntryId).collect()
    }

    #[test]
    fn the_later_word_holds() {
        let mut constraints = Constraints::default();
        constraints.unite(&ids(&[1, 2]));
        constraints.unite(&ids(&[2, 3]));
        assert_eq!(constraints.mates(EntryId(1)).collect::<Vec<_>>(), ids(&[2, 3]));
        constraints.part(&ids(&[3]), &ids(&[1, 2]));
        assert_eq!(constraints.mates(EntryId(1)).collect::<Vec<_>>(), ids(&[2]));
        assert_eq!(constraints.opponents(EntryId(3)).collect::<Vec<_>>(), ids(&[1, 2]));
        constraints.unite(&ids(&[3, 1]));
        assert_eq!(constraints.opponents(EntryId(3)).count(), 0);
        assert!(constraints.pins(EntryId(2)) && !constraints.pins(EntryId(9)));
    }
}
