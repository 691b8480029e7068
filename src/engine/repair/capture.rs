//! The text of an element, up to its end or to where it must have ended.

use super::references::resolve;
use super::scope::split;
use super::tokens::{Tag, Token, Tokens};
use super::{FIELD_BYTES_MAX, Repair, Repairs};
use quick_xml::escape::escape;
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
    /// As HTML: tags by their local names, text as it is.
    pub(super) fn markup(&self, repairs: &mut Repairs) -> String {
        let mut markup = String::with_capacity(self.raw.len());
        let mut tokens = Tokens::new(self.raw);
        while let Some(token) = tokens.next(repairs) {
            match token {
                Token::Text(text) => markup.push_str(text),
                Token::Literal(text) => markup.push_str(&escape(text)),
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
                push(&mut found.text, resolve(text, repairs));
                continue;
            }
            Token::Literal(text) => {
                push(&mut found.text, Cow::Borrowed(text));
                continue;
            }
            Token::Open(inner) => inner.name,
            Token::Close(name) => name,
        };
        let is_own = name == tag.name;
        let is_close = matches!(token, Token::Close(_));
        if is_own && is_close && depth == 0 {
            found.raw = tokens.since(start, place);
            break;
        }
        if is_beyond(name) {
            repairs.note(Repair::UnclosedElements);
            let (end, length) = first_tag.unwrap_or((place, found.text.len()));
            tokens.return_to(end);
            found.raw = tokens.since(start, end);
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
        repairs.note(Repair::LongText);
        found.raw = &found.raw[..found.raw.floor_char_boundary(FIELD_BYTES_MAX)];
        found.text = cut(found.text, FIELD_BYTES_MAX);
    }
    Some(found)
}

/// Adds a piece; white space around a section is not worth a copy of the section.
fn push<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    let is_space = piece.trim().is_empty();
    if text.is_empty() {
        *text = if is_space { Cow::Borrowed("") } else { piece };
    } else if !is_space {
        text.to_mut().push_str(&piece);
    } else if let Cow::Owned(text) = text {
        text.push(' ');
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
