//! One entry, laid out so that others are held against it quickly: its terms by number, with their rarities.

use super::norms::{Norms, Sums};
use super::weight::Factors;
use crate::engine::features::Length;
use crate::engine::index::{Held, MENTIONS_MAX, Mention, Rarities, TermId};
use crate::engine::time::Timestamp;
use std::num::NonZeroU64;

/// Places for terms; a power of two, twice what an entry may have. A place holds one more than the term's position.
const PLACES: usize = 2 * MENTIONS_MAX;
const _: () = assert!(PLACES == 1 << u8::BITS, "a place is named by a byte");

/// See the module.
#[derive(Clone, Debug)]
pub struct Profile {
    places: [u8; PLACES],
    terms: Vec<Probed>,
    pub(super) norms: Norms,
    pub(crate) date: Timestamp,
    pub(crate) title: u64,
    pub(crate) length: Length,
    pub(crate) publisher: Option<NonZeroU64>,
}

/// A term of the entry.
#[derive(Clone, Copy, Debug)]
pub struct Probed {
    /// Which, and where it stands.
    pub mention: Mention,
    /// How rare it is.
    pub rarity: u32,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            places: [0; PLACES],
            terms: Vec::new(),
            norms: Norms::default(),
            date: Timestamp::EPOCH,
            title: 0,
            length: Length::Title,
            publisher: None,
        }
    }
}

impl Profile {
    /// Takes another entry; its memory is used again.
    pub fn load(&mut self, held: &Held, rarities: &Rarities<'_>) {
        Held { date: self.date, title: self.title, length: self.length, publisher: self.publisher, .. } = *held;
        self.places.fill(0);
        self.terms.clear();
        let mut sums = Sums::default();
        for mention in held.mentions.iter().take(MENTIONS_MAX) {
            let (rarity, others) = rarities.with_others(mention.term());
            sums.add(*mention, rarity, others);
            self.terms.push(Probed { mention: *mention, rarity });
            let mut place = place(mention.term());
            while self.places[usize::from(place)] != 0 {
                place = place.wrapping_add(1);
            }
            self.places[usize::from(place)] = u8::try_from(self.terms.len()).unwrap_or(u8::MAX);
        }
        self.norms = sums.norms(rarities);
    }

    /// The term as the entry has it.
    #[inline]
    #[must_use]
    pub fn find(&self, term: TermId) -> Option<Probed> {
        let mut place = place(term);
        loop {
            let position = self.places[usize::from(place)];
            let found = self.terms.get(usize::from(position).wrapping_sub(1))?;
            if found.mention.term() == term {
                return Some(*found);
            }
            place = place.wrapping_add(1);
        }
    }

    /// Its terms, in the order of their hashes.
    #[must_use]
    pub fn terms(&self) -> &[Probed] {
        &self.terms
    }

    /// Its terms with their weights in the cosine of all terms, in the order of their hashes.
    pub fn weights(&self) -> impl Iterator<Item = (TermId, u64)> + '_ {
        self.terms.iter().map(|term| (term.mention.term(), u64::from(term.rarity) * Factors::of(term.mention).all))
    }
}

/// Where a term is looked for first: 2^32 / the golden ratio spreads runs of terms.
#[inline]
fn place(term: TermId) -> u8 {
    (term.wrapping_mul(0x9e37_79b9) >> (u32::BITS - u8::BITS)).to_le_bytes()[0]
}
