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
        let body_chars = lead.chars().take(FULL_CHARS_MIN).count();
        let title = normalize(title);
        let title_tokens = content(&tokens(&title, &language));
        let body_tokens = content(&tokens(&normalize(first(lead, BODY_CHARS)), &language));
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
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

/// The text after the last place where it repeats its title: before it stand menus and cookie notes. Pages repeat it behind
/// the text, too ("Share: ..."), so half of the text must be left.
fn lead<'a>(title: &str, text: &'a str) -> &'a str {
    let title = title.trim();
    if title.is_empty() {
        return text.trim();
    }
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LEAD_SEARCH_BYTES).unwrap_or(text.len());
    let after = text[..end].rmatch_indices(title).map(|(at, _)| at + title.len());
    let start = after.into_iter().find(|at| (text.len() - at) * 2 >= text.len());
    text[start.unwrap_or(0)..].trim()
}

/// Without stop words, unless they are most of what there is.
fn content(tokens: &[Token]) -> Vec<u32> {
    let kept: Vec<u32> = tokens.iter().filter(|t| !t.stop).map(|t| t.term).collect();
    if kept.len() >= 2 { kept } else { tokens.iter().map(|t| t.term).collect() }
}

fn merge(title: &[u32], body: &[u32]) -> Box<[Term]> {
    let mut terms: Vec<Term> = Vec::new();
    for hash in title {
        if let Some(term) = terms.iter_mut().find(|t| t.hash == *hash) {
            term.title = term.title.saturating_add(1);
        } else if terms.len() < TITLE_TERMS_MAX {
            terms.push(Term { hash: *hash, title: 1, body: 0 });
        }
    }
    let titled = terms.len();
    for hash in body {
        if let Some(term) = terms.iter_mut().find(|t| t.hash == *hash) {
            term.body = term.body.saturating_add(1);
        } else {
            terms.push(Term { hash: *hash, title: 0, body: 1 });
        }
    }
    // A stable sort: equal counts stay in reading order.
    terms[titled..].sort_by_key(|t| u8::MAX - t.body);
    terms.truncate(titled + BODY_TERMS_MAX);
    terms.sort_by_key(|t| t.hash);
    terms.into_boxed_slice()
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
    fn page_furniture_before_the_title_is_skipped() {
        let page = format!("Cookie settings Privacy policy Ferry aground {BODY}");
        let bare = Features::of("Ferry aground", BODY, Some("en"));
        assert_eq!(Features::of("Ferry aground", &page, Some("en")), bare);
        let shared = format!("{BODY} Share this: Ferry aground");
        assert_eq!(Features::of("Ferry aground", &shared, Some("en")).length, bare.length);
    }
}
