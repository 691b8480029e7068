//! What is kept of an entry for comparing it: hashed terms with counts, and little else.

use super::headline::{Series, is_round_up};
use super::text::{Language, Token, fingerprint, normalize, tokens};

/// Most distinct terms kept of a title; longer titles are not titles.
const TITLE_TERMS_MAX: usize = 24;
/// Most distinct terms kept of a body beyond those of the title, by count, then by place.
const BODY_TERMS_MAX: usize = 64;
/// With fewer terms in all, an entry is about nothing in particular ("Update").
const TERMS_MIN: usize = 2;
/// Characters of the body that are read: news says what happened at the top.
const BODY_CHARS: usize = 1500;
/// Characters of the text that tell its language, where nobody says.
const DETECTED_CHARS: usize = 300;
/// Where in the text the title is looked for, in bytes: page furniture may stand before it.
const LEAD_SEARCH_BYTES: usize = 4000;
/// Bytes of the title that are looked for before the whole of it: most texts do not have them, and to find that out for so
/// few is much quicker.
const TITLE_GLANCE_BYTES: usize = 24;
/// Bodies shorter than this (characters) tell nothing that the title does not.
const SHORT_CHARS_MIN: usize = 25;
/// From this length (characters) on a body is a full text.
const FULL_CHARS_MIN: usize = 900;

/// How much text there is; similarity has one row of weights for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// No body worth the name.
    Title,
    /// A teaser of a few sentences.
    Short,
    /// An article.
    Full,
}

/// A term and how often it stands where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Hash of the folded stem.
    pub hash: u32,
    /// Times in the title, at most 255.
    pub title: u8,
    /// Times in the body, at most 255.
    pub body: u8,
}

/// The comparable part of an entry: about 8 bytes a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// Sorted by hash, each hash once.
    pub terms: Box<[Term]>,
    /// Fingerprint of the title's letters and digits.
    pub title: u64,
    /// How much text there was.
    pub length: Length,
    /// What the title has in common with other instalments of a series.
    pub series: Series,
    /// It is about no single event: a round-up, or a title that says nothing.
    pub vague: bool,
}

impl Features {
    /// Features of an entry from its plain text; `lang` is a BCP 47 tag.
    #[must_use]
    pub fn of(title: &str, text: &str, lang: Option<&str>) -> Self {
        let lead = lead(title, text);
        let language = Language::of_text(lang, || format!("{title}\n{}", first(lead, DETECTED_CHARS)));
        let body_chars = first(lead, FULL_CHARS_MIN).chars().count();
        let title = normalize(title);
        let title_tokens = tokens(&title, &language);
        let body_tokens = tokens(&normalize(first(lead, BODY_CHARS)), &language);
        let terms = merge(&title_tokens, &body_tokens);
        Self {
            vague: terms.len() < TERMS_MIN || is_round_up(&title),
            terms,
            series: Series::of(&title),
            title: fingerprint(&title),
            length: match body_chars {
                0..SHORT_CHARS_MIN => Length::Title,
                SHORT_CHARS_MIN..FULL_CHARS_MIN => Length::Short,
                _ => Length::Full,
            },
        }
    }
}

/// The first characters of a text.
fn first(text: &str, chars: usize) -> &str {
    // No character is shorter than a byte.
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

/// The text after the last place where it repeats its title: before it stand menus and cookie notes. Pages repeat it behind
/// the text, too ("Share: ..."), so half of the text must be left.
fn lead<'a>(title: &str, text: &'a str) -> &'a str {
    let title = title.trim();
    if title.is_empty() {
        return text.trim();
    }
    let searched = &text[..text.ceil_char_boundary(LEAD_SEARCH_BYTES)];
    if !searched.contains(&title[..title.floor_char_boundary(TITLE_GLANCE_BYTES)]) {
        return text.trim();
    }
    let after = searched.rmatch_indices(title).map(|(at, _)| at + title.len());
    let start = after.into_iter().find(|at| (text.len() - at) * 2 >= text.len());
    text[start.unwrap_or(0)..].trim()
}

/// Without stop words, unless they are most of what there is.
fn content(tokens: &[Token]) -> impl Iterator<Item = u32> {
    let enough = tokens.iter().filter(|token| !token.stop).nth(1).is_some();
    tokens.iter().filter(move |token| !(enough && token.stop)).map(|token| token.term)
}

/// The terms of a title and a body. Sorting brings the mentions of a term together, quickly for few words and for many.
fn merge(title: &[Token], body: &[Token]) -> Box<[Term]> {
    let first_terms = first_terms(title);
    let mut mentions: Vec<(u32, usize)> = Vec::with_capacity(title.len() + body.len());
    mentions.extend(content(title).filter(|hash| first_terms.contains(hash)).zip(0..));
    let titled = mentions.len();
    mentions.extend(content(body).zip(titled..));
    mentions.sort_unstable();
    let mut found: Vec<(Term, usize)> = Vec::with_capacity(mentions.len());
    found.extend(mentions.chunk_by(|a, b| a.0 == b.0).map(|mentions| (term(mentions, titled), mentions[0].1)));
    if let Some(left_out) = first_left_out(&found) {
        found.retain(|(term, place)| term.title > 0 || rank(*term, *place) < left_out);
    }
    found.iter().map(|(term, _)| *term).collect()
}

/// The terms of a title, as many as are kept.
fn first_terms(title: &[Token]) -> Vec<u32> {
    let mut terms = Vec::with_capacity(TITLE_TERMS_MAX);
    for hash in content(title) {
        if terms.len() < TITLE_TERMS_MAX && !terms.contains(&hash) {
            terms.push(hash);
        }
    }
    terms
}

/// A term from its mentions: its hash, each with the number of the word; those below `titled` are the title's.
fn term(mentions: &[(u32, usize)], titled: usize) -> Term {
    let in_title = mentions.partition_point(|(_, place)| *place < titled);
    let times = |times: usize| u8::try_from(times).unwrap_or(u8::MAX);
    Term { hash: mentions[0].0, title: times(in_title), body: times(mentions.len() - in_title) }
}

/// Of the body's terms, frequent ones come before others, then early ones.
fn rank(term: Term, place: usize) -> (u8, usize) {
    (u8::MAX - term.body, place)
}

/// The rank from which on the body's own terms are too many.
fn first_left_out(found: &[(Term, usize)]) -> Option<(u8, usize)> {
    if found.len() <= BODY_TERMS_MAX {
        return None;
    }
    let of_body = found.iter().filter(|(term, _)| term.title == 0);
    let mut ranks: Vec<(u8, usize)> = of_body.map(|(term, place)| rank(*term, *place)).collect();
    (ranks.len() > BODY_TERMS_MAX).then(|| *ranks.select_nth_unstable(BODY_TERMS_MAX).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "The ferry Aldana ran aground near Tarvel harbor on Monday with 140 passengers aboard; rescue boats \
                        brought everyone ashore within three hours, the coast guard said.";

    #[test]
    fn terms_are_sorted_and_unique() {
        let features = Features::of("Ferry ferry aground", BODY, Some("en"));
        assert!(features.terms.is_sorted_by(|a, b| a.hash < b.hash));
        assert_eq!(features.length, Length::Short);
    }

    #[test]
    fn terms_beyond_the_limits_are_those_met_late_and_seldom() {
        let letters = |place: usize| char::from(b'a' + u8::try_from(place % 26).expect("a letter"));
        let words = |count: usize, end: &str| -> Vec<String> {
            (0..count).map(|place| format!("{}{}{end}", letters(place / 26), letters(place))).collect()
        };
        let (title, body) = (words(30, "q"), words(70, "z"));
        let text = format!("{} {} {}", body.join(" "), body[69], title[29]);
        let features = Features::of(&title.join(" "), &text, Some("xx"));
        let counts = |word: &str| {
            let hash = Features::of(word, "", Some("xx")).terms[0].hash;
            features.terms.iter().find(|term| term.hash == hash).map(|term| (term.title, term.body))
        };
        let check = |word: &str, expected| assert_eq!(counts(word), expected, "{word}");
        assert_eq!(features.terms.len(), TITLE_TERMS_MAX + BODY_TERMS_MAX);
        check(&title[23], Some((1, 0)));
        check(&title[24], None);
        check(&title[29], None);
        check(&body[62], Some((0, 1)));
        check(&body[63], None);
        check(&body[69], Some((0, 2)));
    }

    #[test]
    fn page_furniture_before_the_title_is_skipped() {
        let page = format!("Cookie settings Privacy policy Ferry aground {BODY}");
        let bare = Features::of("Ferry aground", BODY, Some("en"));
        assert_eq!(Features::of("Ferry aground", &page, Some("en")), bare);
        let shared = format!("{BODY} Share this: Ferry aground");
        assert_eq!(Features::of("Ferry aground", &shared, Some("en")).length, bare.length);
    }
}
