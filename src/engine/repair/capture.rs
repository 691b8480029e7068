//! The text of an element, up to its end or to where it must have ended.

use super::references::resolve;
use super::scope::split;
use super::tokens::{Tag, Token, Tokens};
use super::{FIELD_BYTES_MAX, Repair, Repairs};
use quick_xml::escape::partial_escape;
use std::borrow::Cow;

/// What an element holds.
#[derive(Debug)]
pub(super) struct Captured<'a> {
    /// As written, tags and all.
    pub(super) raw: &'a str,
    /// The text in it, references resolved, tags left out.
    pub(super) text: Cow<'a, str>,
    /// Whether there are tags in it.
    pub(super) has_tags: bool,
}

impl Captured<'_> {
    /// As HTML: tags by their local names. Of what `is_xml`, text is text and a section is text; of what only has tags in it,
    /// both may hold markup of their own, escaped, as in an element without tags.
    pub(super) fn markup(&self, is_xml: bool, repairs: &mut Repairs) -> String {
        let mut markup = String::with_capacity(self.raw.len());
        let mut tokens = Tokens::new(self.raw);
        while let Some(token) = tokens.next(repairs) {
            match token {
                Token::Text(text) if is_xml => markup.push_str(text),
                Token::Literal(text) if is_xml => markup.push_str(&partial_escape(text)),
                Token::Text(text) => markup.push_str(&resolve(text, repairs)),
                Token::Literal(text) => markup.push_str(text),
                Token::Remark => {}
                Token::Open(tag) => {
                    for part in ["<", split(tag.name).1, tag.rest(), if tag.is_empty { "/>" } else { ">" }] {
                        markup.push_str(part);
                    }
                }
                Token::Close(name) => {
                    for part in ["</", split(name).1, ">"] {
                        markup.push_str(part);
                    }
                }
            }
        }
        markup.truncate(markup.floor_char_boundary(FIELD_BYTES_MAX));
        markup
    }
}

/// Reads on from a start tag to its end. Where `is_beyond` says of another tag that it cannot be inside, the element was
/// not closed and ends at the first tag in it. The text is made only where it `is_read`. `None` where the document ends
/// first.
pub(super) fn capture<'a>(
    tokens: &mut Tokens<'a>,
    tag: Tag<'a>,
    is_read: bool,
    is_beyond: impl Fn(&str) -> bool,
    repairs: &mut Repairs,
) -> Option<Captured<'a>> {
    let mut found = Captured { raw: "", text: Cow::Borrowed(""), has_tags: false };
    if tag.is_empty {
        return Some(found);
    }
    let start = tokens.place();
    let mut is_apart = false;
    let mut depth = 0_usize;
    // Where the first tag inside begins, and how long the text was there.
    let mut first_tag: Option<(usize, usize)> = None;
    loop {
        let place = tokens.place();
        let token = tokens.next(repairs)?;
        let name = match token {
            Token::Remark => continue,
            Token::Text(_) | Token::Literal(_) if !is_read => continue,
            Token::Text(text) => {
                push(&mut found.text, resolve(text, repairs), &mut is_apart);
                continue;
            }
            Token::Literal(text) => {
                push(&mut found.text, Cow::Borrowed(text), &mut is_apart);
                continue;
            }
            Token::Open(inner) => inner.name,
            Token::Close(name) => name,
        };
        let is_own = name.eq_ignore_ascii_case(tag.name);
        let is_close = matches!(token, Token::Close(_));
        if is_own && is_close && depth == 0 {
            found.raw = tokens.between(start, place);
            break;
        }
        if is_beyond(name) {
            repairs.note(Repair::UnclosedElements);
            let (end, length) = first_tag.unwrap_or((place, found.text.len()));
            tokens.return_to(end);
            found.raw = tokens.between(start, end);
            found.text = cut(found.text, length);
            found.has_tags = false;
            break;
        }
        if is_own {
            let is_empty = matches!(token, Token::Open(inner) if inner.is_empty);
            depth = if is_close { depth - 1 } else { depth + usize::from(!is_empty) };
        }
        first_tag.get_or_insert((place, found.text.len()));
        found.has_tags = true;
    }
    if found.raw.len() > FIELD_BYTES_MAX {
        if is_read {
            repairs.note(Repair::LongText);
        }
        found.raw = &found.raw[..found.raw.floor_char_boundary(FIELD_BYTES_MAX)];
        found.text = cut(found.text, FIELD_BYTES_MAX);
    }
    Some(found)
}

/// Adds a piece. White space around a section is not worth a copy of the section: it only keeps it apart from the next.
fn push<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>, is_apart: &mut bool) {
    let is_space = piece.trim().is_empty();
    if is_space {
        *is_apart |= !text.is_empty();
    } else if text.is_empty() {
        *text = piece;
    } else {
        let text = text.to_mut();
        if std::mem::take(is_apart) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
}

fn cut(text: Cow<'_, str>, length: usize) -> Cow<'_, str> {
    let end = text.floor_char_boundary(length);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}
