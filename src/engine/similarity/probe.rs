//! One entry, laid out so that others are held against it quickly: its terms by number, with their rarities.

use super::norms::{Norms, Sums};
use super::weight::Factors;
use crate::engine::index::{Held, MENTIONS_MAX, Mention, Rarities, TermId};

/// Places for terms; a power of two, twice what an entry may have. A place holds one more than the term's position.
const PLACES: usize = 2 * MENTIONS_MAX;
const _: () = assert!(PLACES == 1 << u8::BITS, "a place is named by a byte");

/// See the module.
#[derive(Clone, Debug)]
pub struct Probe {
    places: [u8; PLACES],
    terms: Vec<Probed>,
    norms: Norms,
}

/// A term of the entry.
#[derive(Clone, Copy, Debug)]
pub struct Probed {
    /// Which, and where it stands.
    pub mention: Mention,
    /// How rare it is.
    pub rarity: u32,
}

impl Default for Probe {
    fn default() -> Self {
        Self { places: [0; PLACES], terms: Vec::new(), norms: Norms::default() }
    }
}

impl Probe {
    /// Takes another entry.
    pub fn load(&mut self, held: &Held, rarities: &Rarities<'_>) {
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

    /// What the entry is as a whole.
    #[must_use]
    pub fn norms(&self) -> &Norms {
        &self.norms
    }

    /// Its terms with their weights in the cosine of all terms, in the order of their hashes.
    pub fn weights(&self) -> impl Iterator<Item = (TermId, u64)> + '_ {
        self.terms.iter().map(|term| (term.mention.term(), u64::from(term.rarity) * Factors::of(term.mention).all))
    }
}

/// Where a term is looked for first.
#[inline]
fn place(term: TermId) -> u8 {
    u8::try_from(spread(term, u8::BITS)).unwrap_or_default()
}

/// A number of so many bits that differs for runs of terms: 2^32 / the golden ratio spreads them.
#[inline]
pub fn spread(term: TermId, bits: u32) -> usize {
    (term.wrapping_mul(0x9e37_79b9) >> (u32::BITS - bits)) as usize
}
