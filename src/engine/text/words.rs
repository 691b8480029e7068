//! The words of a text by UAX #29, found quickly where they are plain: letters and digits between spaces, as most are.

use unicode_segmentation::{UnicodeSegmentation, UnicodeWordIndices};

/// The words of a text, each with its place, as `unicode_word_indices` has them.
pub(in crate::engine) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    Words { text, next: 0, odd: None }
}

struct Words<'a> {
    text: &'a str,
    /// Where the next piece begins.
    next: usize,
    /// What is left of a piece that is not plain, and where it began. No word has a space in it.
    odd: Option<(usize, UnicodeWordIndices<'a>)>,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((start, words)) = &mut self.odd {
                if let Some((at, word)) = words.next() {
                    return Some((*start + at, word));
                }
                self.odd = None;
            }
            let start = self.next;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            if let Some(behind) = plain_end(&rest.as_bytes()[letters..]) {
                self.next += letters + behind;
                if letters > 0 {
                    return Some((start, &rest[..letters]));
                }
            } else {
                let piece = rest.split(' ').next().unwrap_or_default();
                self.next += piece.len() + 1;
                self.odd = Some((start, piece.unicode_word_indices()));
            }
        }
    }
}

/// How many bytes behind letters and digits end their piece: a space, after at most one mark that belongs to no word there.
fn plain_end(behind: &[u8]) -> Option<usize> {
    match behind {
        [] => Some(0),
        [b' ', ..] => Some(1),
        // A low line joins words, even nothing to a word.
        [mark] | [mark, b' ', ..] if mark.is_ascii_punctuation() && *mark != b'_' => Some(2),
        _ => None,
    }
}
