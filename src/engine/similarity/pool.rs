//! The members of a cluster taken together.

use super::probe::{Probe, spread};
use super::weight::{Factors, float, ratio};
use crate::engine::index::{Held, MENTIONS_MAX, Mention, Rarities, TermId};

/// Members that a pool has room for.
pub const POOLED_MAX: usize = 16;
/// Places for terms; a power of two, twice what the members may have. A place holds one more than the term's position.
const PLACES: usize = 2 * POOLED_MAX * MENTIONS_MAX;
const PLACE_BITS: u32 = PLACES.trailing_zeros();
const _: () = assert!(PLACES.is_power_of_two() && PLACES < 1 << u16::BITS);

/// The terms of some entries with their summed factors; kept from one pool to the next, for its memory.
#[derive(Clone, Debug)]
pub struct Pool {
    places: Box<[u16]>,
    terms: Vec<(TermId, u64)>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { places: vec![0; PLACES].into(), terms: Vec::new() }
    }
}

impl Pool {
    /// Cosine of all terms of an entry with those of all members, in 1/10,000.
    pub fn cosine<'a>(
        &mut self,
        probe: &Probe,
        members: impl Iterator<Item = &'a Held>,
        rarities: &Rarities<'_>,
    ) -> i32 {
        self.clear();
        for mention in members.take(POOLED_MAX).flat_map(|member| member.mentions.iter().take(MENTIONS_MAX)) {
            self.add(*mention);
        }
        let (mut dot, mut square) = (0_u64, 0_u64);
        for (term, factor) in &self.terms {
            let there = u64::from(rarities.of(*term)) * factor;
            square += there * there;
            if let Some(own) = probe.find(*term) {
                dot += there * u64::from(own.rarity) * Factors::of(own.mention).all;
            }
        }
        ratio(dot, probe.norms().all * float(square).sqrt())
    }

    fn add(&mut self, mention: Mention) {
        let (term, factor) = (mention.term(), Factors::of(mention).all);
        let mut place = spread(term, PLACE_BITS);
        while let Some(known) = usize::from(self.places[place]).checked_sub(1) {
            if self.terms[known].0 == term {
                self.terms[known].1 += factor;
                return;
            }
            place = (place + 1) % PLACES;
        }
        self.terms.push((term, factor));
        self.places[place] = u16::try_from(self.terms.len()).unwrap_or(u16::MAX);
    }

    fn clear(&mut self) {
        // Places next to a term's own may be taken by others, and are cleared as theirs.
        for place in 0..self.terms.len() {
            let mut at = spread(self.terms[place].0, PLACE_BITS);
            while self.places[at] != 0 {
                self.places[at] = 0;
                at = (at + 1) % PLACES;
            }
        }
        self.terms.clear();
    }
}
