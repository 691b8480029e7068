//! Markup as a flat run of tokens. Never fails and never nests: what cannot be a tag is text, and what is not closed
//! costs its own opening mark. The grammar is that of XML 1.0 read as browsers read HTML, because that is how feeds are
//! written. Linear in the text: a mark whose end was looked for in vain is not looked for again.

use super::Repair;
use super::Repairs;
use memchr::{memchr, memchr_iter, memchr2, memmem};
use quick_xml::events::attributes::Attributes;

/// Bytes of one tag, attributes included. The longest of real feeds are some kilobytes (`data:` images); a longer tag
/// keeps its name and loses its attributes.
pub const TAG_BYTES_MAX: usize = 64 * 1024;
/// Attributes read of one tag; the longest list of real feeds is the thirty namespaces of a root.
pub const ATTRIBUTES_MAX: usize = 256;

/// How many times over a document may be read: each element that is not closed costs a return to where it began, and a
/// document of nothing else would be read as often as it has elements.
const RETURNS_MAX: usize = 8;

/// Brackets looked at for the end of a document type; entities with brackets in them are few.
const DECLARATIONS_MAX: usize = 256;
/// Bytes looked through for the end of a quoted value: pictures stand in them, whole.
const QUOTED_BYTES_MAX: usize = 1024 * 1024;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Text with its references as written.
    Text(&'a str),
    /// What a CDATA section holds.
    Literal(&'a str),
    /// A start tag, or an empty-element tag.
    Open(Tag<'a>),
    /// An end tag, by its name as written.
    Close(&'a str),
    /// A comment, an instruction, a document type: none of them is obeyed.
    Remark,
}

/// A start tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tag<'a> {
    /// As written, prefix included.
    pub(super) name: &'a str,
    /// What is between the name and the end of the tag.
    rest: &'a str,
    /// `<name/>`.
    pub(super) is_empty: bool,
}

impl<'a> Tag<'a> {
    /// Names and raw values, as far as they can be read: unquoted, without value and repeated ones too.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut attributes = Attributes::html(self.rest, 0);
        attributes.with_checks(false);
        let read = attributes.take(ATTRIBUTES_MAX).filter_map(Result::ok);
        read.filter_map(|attribute| match attribute.value {
            std::borrow::Cow::Borrowed(value) => Some((attribute.key.into_inner(), value)),
            std::borrow::Cow::Owned(_) => None,
        })
    }

    /// Whether a namespace may be declared or a base given in it.
    pub(super) fn says_xml(self) -> bool {
        !self.rest.is_empty() && memmem::find(self.rest.as_bytes(), b"xml").is_some()
    }

    /// Everything after the name, as written.
    pub(super) fn rest(self) -> &'a str {
        self.rest
    }
}

/// A document, from a place on.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Ends that do not come any more, each with the place from which it was looked for.
    missing: Vec<(&'static str, usize)>,
    /// Bytes that may still be read a second time.
    returns: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, missing: Vec::new(), returns: RETURNS_MAX * text.len() }
    }

    /// Where the next token begins.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Reads on from an earlier place; where too much was read twice already, from where it stands.
    pub(super) fn return_to(&mut self, place: usize) {
        if let Some(left) = self.returns.checked_sub(self.at.saturating_sub(place)) {
            self.returns = left;
            self.at = place;
        }
    }

    /// The document between two places.
    pub(super) fn between(&self, from: usize, to: usize) -> &'a str {
        &self.text[from..to]
    }

    /// The next token; `None` at the end of the document.
    pub(super) fn next(&mut self, repairs: &mut Repairs) -> Option<Token<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        if !rest.starts_with('<') {
            return Some(self.text_until(memchr(b'<', rest.as_bytes()).unwrap_or(rest.len())));
        }
        self.markup(rest, repairs).or_else(|| {
            repairs.note(Repair::UnescapedMarkup);
            let next = memchr(b'<', &rest.as_bytes()[1..]).map_or(rest.len(), |place| place + 1);
            Some(self.text_until(next))
        })
    }

    fn text_until(&mut self, length: usize) -> Token<'a> {
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        Token::Text(text)
    }

    /// What begins with `<`; `None` where it is no markup.
    fn markup(&mut self, rest: &'a str, repairs: &mut Repairs) -> Option<Token<'a>> {
        match rest.as_bytes().get(1)? {
            b'!' if rest.starts_with("<!--") => self.skip(rest, 4, "-->").map(|_| Token::Remark),
            b'!' if rest.starts_with("<![CDATA[") => Some(self.section(rest, repairs)),
            b'!' => self.declaration(rest),
            b'?' => self.skip(rest, 2, ">").map(|_| Token::Remark),
            b'/' => self.end_tag(rest),
            _ => self.tag(rest, repairs),
        }
    }

    fn section(&mut self, rest: &'a str, repairs: &mut Repairs) -> Token<'a> {
        const OPEN: usize = "<![CDATA[".len();
        if let Some(inside) = self.skip(rest, OPEN, "]]>") {
            return Token::Literal(inside);
        }
        // Never closed: what follows is read as text, so that the items after it are not lost.
        repairs.note(Repair::UnclosedElements);
        self.at += OPEN;
        Token::Remark
    }

    /// Steps over a stretch that begins here with a mark of `open` bytes; what is inside it.
    fn skip(&mut self, rest: &'a str, open: usize, close: &'static str) -> Option<&'a str> {
        if self.missing.iter().any(|(missing, from)| *missing == close && *from <= self.at) {
            return None;
        }
        let Some(length) = memmem::find(&rest.as_bytes()[open..], close.as_bytes()) else {
            self.missing.retain(|(missing, _)| *missing != close);
            self.missing.push((close, self.at));
            return None;
        };
        self.at += open + length + close.len();
        Some(&rest[open..open + length])
    }

    fn end_tag(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let length = memchr2(b'>', b'<', &rest.as_bytes()[2..])?;
        let inside = &rest[2..2 + length];
        let name = inside.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let is_tag = rest.as_bytes()[2 + length] == b'>' && is_name(name);
        is_tag.then(|| {
            self.at += length + 3;
            Token::Close(name)
        })
    }

    /// A document type, with the declarations it may hold (`[ ... ] >`).
    fn declaration(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let start = self.at;
        let is_type = rest.as_bytes().get(2..9).is_some_and(|name| name.eq_ignore_ascii_case(b"DOCTYPE"));
        let inside = self.skip(rest, 2, ">")?;
        if let (true, Some(open)) = (is_type, inside.find('[')) {
            // The end of a section in the feed behind it would not be one.
            let ends = memchr_iter(b']', &rest.as_bytes()[2 + open..]).map(|place| 2 + open + place);
            let end = ends.take(DECLARATIONS_MAX).find_map(|place| {
                let behind = rest[place + 1..].trim_ascii_start();
                behind.starts_with('>').then(|| rest.len() - behind.len() + 1)
            });
            if let Some(end) = end {
                self.at = start + end;
            }
        }
        Some(Token::Remark)
    }

    fn tag(&mut self, rest: &'a str, repairs: &mut Repairs) -> Option<Token<'a>> {
        let ends_name = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'>' | b'/' | b'<' | b'=');
        let name_end = rest.as_bytes()[1..].iter().position(ends_name)? + 1;
        let name = &rest[1..name_end];
        if !is_name(name) {
            return None;
        }
        let end = name_end + end_of_tag(&rest[name_end..])?;
        self.at += end + 1;
        let inside = &rest[name_end..end];
        let is_empty = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        if inside.len() > TAG_BYTES_MAX {
            repairs.note(Repair::LongTag);
            return Some(Token::Open(Tag { name, rest: "", is_empty }));
        }
        Some(Token::Open(Tag { name, rest: inside, is_empty }))
    }
}

/// Where the `>` is that ends a tag: not in a quoted value, if the quote is closed; not behind another `<` outside of
/// quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return Some(at),
            b'<' => return None,
            quote @ (b'"' | b'\'') if at > 0 && is_before_value(&bytes[..at]) => {
                // A quote that is never closed would swallow the document.
                let limit = bytes.len().min(at + 1 + QUOTED_BYTES_MAX);
                match bytes[at + 1..limit].iter().position(|byte| *byte == quote) {
                    Some(length) => at += length + 1,
                    None => return bytes[at..limit].iter().position(|byte| *byte == b'>').map(|length| at + length),
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a quote here opens a value: an apostrophe elsewhere in a tag is only an apostrophe.
fn is_before_value(before: &[u8]) -> bool {
    before.trim_ascii_end().last() == Some(&b'=')
}

/// XML 1.0, section 2.3, less the colon's rules: a letter first, then no mark that a tag does not have.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    if name.len() <= 256 && name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && name.bytes().all(is_plain) {
        return true;
    }
    name.len() <= 256
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}
