//! Stems of words met before. Stemming is most of the work of reading a text, and most words of a text are common ones.
//!
//! A memory of a pure function: what it has or has forgotten changes no result. Words are compared whole, not by hash.

use super::{Language, Token};
use std::cell::RefCell;

/// Pairs of words remembered by each thread; a power of two. 64 bytes each: a megabyte is about what a core has close at hand.
const PAIRS: usize = 1 << PAIR_BITS;
const PAIR_BITS: u32 = 14;
/// Longer words (in bytes) are not remembered; few are longer.
const BYTES_MAX: usize = 15;

thread_local! {
    static WORDS_MET: RefCell<Vec<Pair>> = const { RefCell::new(Vec::new()) };
}

/// The two words remembered of all that share a place. The first has been met again, so one that is met only once
/// displaces but the second. Aligned so that one read of memory brings both.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Pair([Met; 2]);

#[derive(Clone, Copy, Default)]
struct Met {
    /// The bytes of the word, and their number in the last. Zero stands for no word.
    word: u128,
    language: u32,
    term: u32,
    stop: bool,
}

impl Pair {
    fn token(&mut self, word: u128, language: u32, make: impl FnOnce() -> Token) -> Token {
        let is_met = |met: &Met| (met.word, met.language) == (word, language);
        let Self([first, second]) = self;
        if is_met(second) {
            std::mem::swap(first, second);
        } else if !is_met(first) {
            let Token { term, stop } = make();
            *second = Met { word, language, term, stop };
            return Token { term, stop };
        }
        Token { term: first.term, stop: first.stop }
    }
}

/// The token of a word: remembered, or made and remembered.
pub(super) fn token(word: &str, language: &Language, make: impl FnOnce() -> Token) -> Token {
    let Some(packed) = pack(word.as_bytes()) else { return make() };
    WORDS_MET.with_borrow_mut(|pairs| {
        if pairs.is_empty() {
            pairs.resize(PAIRS, Pair::default());
        }
        pairs[place(packed, language.code)].token(packed, language.code, make)
    })
}

fn pack(word: &[u8]) -> Option<u128> {
    if word.len() > BYTES_MAX {
        return None;
    }
    let mut bytes = [0; BYTES_MAX + 1];
    bytes[..word.len()].copy_from_slice(word);
    bytes[BYTES_MAX] = u8::try_from(word.len()).ok()?;
    Some(u128::from_le_bytes(bytes))
}

#[expect(clippy::cast_possible_truncation, reason = "both halves are taken, and the top bits of their product")]
fn place(word: u128, language: u32) -> usize {
    let halves = (word as u64).rotate_left(29) ^ (word >> u64::BITS) as u64 ^ u64::from(language).rotate_left(47);
    // 2^64 / the golden ratio, twice: every bit of the word reaches the top.
    let mixed = halves.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PAIR_BITS)) as usize
}
