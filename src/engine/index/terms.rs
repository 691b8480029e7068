//! The terms of the live entries: a number for each, and who holds it.

use super::Slot;
use super::mention::{TERMS_MAX, TermId};
use super::rarity::Count;
use super::timeline::Timeline;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

const HASHER: FixedState = FixedState::with_seed(0);

/// Terms by number and by hash.
#[derive(Debug, Default)]
pub struct Terms {
    numbers: HashTable<TermId>,
    hashes: Vec<u32>,
    holders: Vec<Timeline>,
    /// Lengths of the timelines, side by side.
    counts: Vec<Count>,
    free: Vec<TermId>,
}

impl Terms {
    /// The number of a term, a new one if nobody holds it yet; `None` if there are too many.
    pub fn number(&mut self, hash: u32) -> Option<TermId> {
        let hashes = &self.hashes;
        let known = self.numbers.find(HASHER.hash_one(hash), |id| hashes[*id as usize] == hash);
        known.copied().or_else(|| self.add(hash))
    }

    fn add(&mut self, hash: u32) -> Option<TermId> {
        let id = if let Some(id) = self.free.pop() {
            self.hashes[id as usize] = hash;
            id
        } else {
            let id = TermId::try_from(self.hashes.len()).ok().filter(|id| (*id as usize) < TERMS_MAX)?;
            self.hashes.push(hash);
            self.holders.push(Timeline::default());
            self.counts.push(Count::of(0));
            id
        };
        let hashes = &self.hashes;
        self.numbers.insert_unique(HASHER.hash_one(hash), id, |id| HASHER.hash_one(hashes[*id as usize]));
        Some(id)
    }

    /// Has the memory of the holders of some terms fetched, all at a time.
    pub fn warm(&self, ids: impl Iterator<Item = TermId>) {
        std::hint::black_box(ids.fold(0, |all, id| all ^ self.holders[id as usize].ends()));
    }

    /// Notes a holder of a term.
    pub fn hold(&mut self, id: TermId, slot: Slot, is_before: impl Fn(Slot) -> bool) {
        let holders = &mut self.holders[id as usize];
        holders.insert(slot, is_before);
        self.counts[id as usize] = Count::of(holders.len());
    }

    /// Forgets a holder of a term, and with its last holder the term.
    pub fn release(&mut self, id: TermId, slot: Slot, is_before: impl Fn(Slot) -> bool) {
        let holders = &mut self.holders[id as usize];
        holders.remove(slot, is_before);
        self.counts[id as usize] = Count::of(holders.len());
        if holders.is_empty() {
            let hash = HASHER.hash_one(self.hashes[id as usize]);
            if let Ok(found) = self.numbers.find_entry(hash, |other| *other == id) {
                found.remove();
            }
            self.free.push(id);
        }
    }

    /// The hash of a term that somebody holds.
    #[must_use]
    pub fn hash(&self, id: TermId) -> u32 {
        self.hashes[id as usize]
    }

    /// Who holds a term.
    #[must_use]
    pub fn holders(&self, id: TermId) -> &Timeline {
        &self.holders[id as usize]
    }

    /// How many hold each term, by number.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }
}

#[cfg(test)]
impl Terms {
    /// Terms by hash, and who holds each.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Timeline)> {
        self.numbers.iter().map(|id| (self.hash(*id), self.holders(*id)))
    }
}
