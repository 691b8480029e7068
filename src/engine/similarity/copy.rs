//! Whether one entry's text is another's.

use super::norms::Norms;
use crate::engine::features::Length;
use crate::engine::index::Held;

/// Terms that a bare title needs to be recognized as a copy: "Live" is no one's.
const TITLE_TERMS_MIN: usize = 4;
/// How much of two bodies (percent of words) is the same in copies with the same title.
const PERCENT_MIN: u32 = 70;
/// The same where titles differ: one wire text under two headlines.
const BODY_PERCENT_MIN: u32 = 90;
/// Different words that such a body has at least: "buy now" twenty times is no wire text.
const BODY_TERMS_MIN: usize = 10;

/// Whether two texts are one, near enough: the same words in title and body, or nearly all of a longer body. `shared` is
/// the number of words that both bodies have.
pub fn is_copy((a, na): (&Held, &Norms), (b, nb): (&Held, &Norms), shared: u32) -> bool {
    let titles = a.title == b.title;
    if a.length == Length::Title || b.length == Length::Title {
        return titles && a.length == b.length && title_terms(a) >= TITLE_TERMS_MIN;
    }
    // Intersection and union as bags.
    let percent = shared * 100 / (na.words + nb.words - shared).max(1);
    // One publisher's same text under another headline is its boilerplate.
    let wire = || a.publisher.is_none() || a.publisher != b.publisher;
    (titles && percent >= PERCENT_MIN) || (percent >= BODY_PERCENT_MIN && body_terms(a) >= BODY_TERMS_MIN && wire())
}

fn body_terms(held: &Held) -> usize {
    held.mentions.iter().filter(|mention| mention.body() > 0).count()
}

fn title_terms(held: &Held) -> usize {
    held.mentions.iter().filter(|mention| mention.title() > 0).count()
}
