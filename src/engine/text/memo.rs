//! Stems of words met before. Stemming is most of the work of reading a text, and most words of a text are common ones.
//!
//! A memory of a pure function: what it has or has forgotten changes no result. Words are compared whole, not by hash.

use super::{Language, Token};
use std::cell::RefCell;

/// Words remembered by each thread; a power of two. 32 bytes each.
const WORDS: usize = 1 << WORD_BITS;
const WORD_BITS: u32 = 13;
/// Longer words (in bytes) are not remembered; few are longer.
const BYTES_MAX: usize = 15;

thread_local! {
    static WORDS_MET: RefCell<Vec<Met>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy)]
struct Met {
    /// The bytes of the word, and their number in the last. Zero stands for no word.
    word: u128,
    language: u32,
    term: u32,
    stop: bool,
}

/// The token of a word: remembered, or made and remembered.
pub(super) fn token(word: &str, language: &Language, make: impl FnOnce() -> Token) -> Token {
    let Some(packed) = pack(word.as_bytes()) else { return make() };
    WORDS_MET.with_borrow_mut(|words| {
        if words.is_empty() {
            words.resize(WORDS, Met { word: 0, language: 0, term: 0, stop: false });
        }
        let place = &mut words[place(packed, language.code)];
        if (place.word, place.language) != (packed, language.code) {
            let Token { term, stop } = make();
            *place = Met { word: packed, language: language.code, term, stop };
        }
        Token { term: place.term, stop: place.stop }
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
    ((mixed ^ mixed >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - WORD_BITS)) as usize
}
