//! A term in an entry, in four bytes: there are dozens of them for each live entry.

use crate::engine::features::Term;

/// Number of a term while some live entry has it. Given to another term afterwards, so no order may depend on it.
pub type TermId = u32;

const TITLE_BITS: u32 = 2;
const BODY_BITS: u32 = 4;
const COUNT_BITS: u32 = TITLE_BITS + BODY_BITS;
const TITLE_MAX: u32 = (1 << TITLE_BITS) - 1;
const BODY_MAX: u32 = (1 << BODY_BITS) - 1;

/// Counts that a mention tells apart: every pair of title and body.
pub const COUNTS: usize = 1 << COUNT_BITS;
/// Terms that can be live at a time; all of the world's words are fewer.
pub const TERMS_MAX: usize = 1 << (32 - COUNT_BITS);

/// A term of an entry, and how often it stands where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention(u32);

impl Mention {
    /// Puts a number in the place of a term's hash.
    #[must_use]
    pub fn new(id: TermId, term: Term) -> Self {
        Self(id << COUNT_BITS | Self::of_counts(u32::from(term.title), u32::from(term.body)).0)
    }

    /// Of no term in particular.
    const fn of_counts(title: u32, body: u32) -> Self {
        let title = if title < TITLE_MAX { title } else { TITLE_MAX };
        let body = if body < BODY_MAX { body } else { BODY_MAX };
        Self(title << BODY_BITS | body)
    }

    /// The term that it stands for, whose hash this is.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "counts of a few bits")]
    pub const fn of(self, hash: u32) -> Term {
        Term { hash, title: self.title() as u8, body: self.body() as u8 }
    }

    /// The term.
    #[must_use]
    pub const fn term(self) -> TermId {
        self.0 >> COUNT_BITS
    }

    /// Times in the title; 3 stands for more, too.
    #[must_use]
    pub const fn title(self) -> u32 {
        self.0 >> BODY_BITS & TITLE_MAX
    }

    /// Times in the body; 15 stands for more, too.
    #[must_use]
    pub const fn body(self) -> u32 {
        self.0 & BODY_MAX
    }

    /// The two counts as one number below [`COUNTS`], for tables.
    #[must_use]
    pub const fn counts(self) -> usize {
        (self.0 & (TITLE_MAX << BODY_BITS | BODY_MAX)) as usize
    }

    /// The mention, of no term in particular, with these [`Self::counts`].
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a number below COUNTS")]
    pub const fn with_counts(counts: usize) -> Self {
        Self(counts as u32 & (TITLE_MAX << BODY_BITS | BODY_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mention = Mention::new(7_000_001, Term { hash: 5, title: 2, body: 11 });
        assert_eq!((mention.term(), mention.title(), mention.body()), (7_000_001, 2, 11));
        let many = Mention::new(1, Term { hash: 5, title: 200, body: 200 });
        assert_eq!((many.term(), many.title(), many.body()), (1, 3, 15));
        assert_eq!(Mention::with_counts(many.counts()).body(), 15);
    }
}
