//! Whether one entry's text is another's.

use super::profile::Profile;
use crate::engine::features::Length;

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
pub fn is_copy(a: &Profile, b: &Profile, shared: u32) -> bool {
    let titles = a.title == b.title;
    if a.length == Length::Title || b.length == Length::Title {
        return titles && a.length == b.length && title_terms(a) >= TITLE_TERMS_MIN;
    }
    // Intersection and union as bags.
    let percent = shared * 100 / (a.norms.words + b.norms.words - shared).max(1);
    // One publisher's same text under another headline is its boilerplate.
    let wire = || a.publisher.is_none() || a.publisher != b.publisher;
    (titles && percent >= PERCENT_MIN) || (percent >= BODY_PERCENT_MIN && body_terms(a) >= BODY_TERMS_MIN && wire())
}

fn body_terms(profile: &Profile) -> usize {
    profile.terms().iter().filter(|term| term.mention.body() > 0).count()
}

fn title_terms(profile: &Profile) -> usize {
    profile.terms().iter().filter(|term| term.mention.title() > 0).count()
}
