//! Character and entity references (XML 1.0, section 4.1), and what feeds write in their place.

use super::encoding::windows_1252;
use super::{Repair, Repairs};
use memchr::memchr;
use quick_xml::escape::{resolve_html5_entity, resolve_xml_entity};
use std::borrow::Cow;

/// The longest name of an entity is `CounterClockwiseContourIntegral`.
const NAME_BYTES_MAX: usize = 32;

/// Text with its references resolved. A name that is none, and an ampersand that begins nothing, stay as they are;
/// numbers of characters that XML does not have are dropped. Nothing is ever expanded twice.
pub(super) fn resolve<'a>(raw: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    let Some(first) = memchr(b'&', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    loop {
        let (resolved, length) = reference(rest, repairs);
        text.push_str(&resolved);
        rest = &rest[length..];
        let Some(next) = memchr(b'&', rest.as_bytes()) else { break };
        text.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// What stands for the reference that `rest` begins with, and how many bytes that is.
fn reference<'a>(rest: &'a str, repairs: &mut Repairs) -> (Cow<'a, str>, usize) {
    let end = rest.bytes().take(NAME_BYTES_MAX + 2).position(|byte| byte == b';');
    let Some(end) = end else { return bare(repairs) };
    let name = &rest[1..end];
    if let Some(number) = name.strip_prefix('#') {
        if !is_number(number) {
            return bare(repairs);
        }
        let character = character(number);
        if character.is_none() {
            repairs.note(Repair::BadReferences);
        }
        return (Cow::Owned(character.map(String::from).unwrap_or_default()), end + 1);
    }
    if let Some(text) = resolve_xml_entity(name) {
        return (Cow::Borrowed(text), end + 1);
    }
    match resolve_html5_entity(name) {
        Some(text) => {
            repairs.note(Repair::HtmlEntities);
            (Cow::Borrowed(text), end + 1)
        }
        None => bare(repairs),
    }
}

fn bare(repairs: &mut Repairs) -> (Cow<'static, str>, usize) {
    repairs.note(Repair::BareAmpersands);
    (Cow::Borrowed("&"), 1)
}

/// Whether this stands behind `&#` as a number of a character.
fn is_number(number: &str) -> bool {
    match number.strip_prefix(['x', 'X']) {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The character of a number, where XML has it. Numbers from 128 to 159 mean windows-1252, as in HTML (section
/// 13.2.5.80 of the living standard).
fn character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let code = code.ok()?;
    match u8::try_from(code) {
        Ok(byte @ 128..=159) => windows_1252(byte),
        _ => char::from_u32(code).filter(|c| is_xml(*c)),
    }
}

/// XML 1.0, section 2.2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once_and_what_is_none_stays() {
        let check = |raw: &str, expected: &str| assert_eq!(resolve(raw, &mut Repairs::default()), expected, "{raw}");
        check("plain", "plain");
        check("AT&amp;T &lt;b&gt;", "AT&T <b>");
        check("&amp;lt;", "&lt;");
        check("caf&eacute;&nbsp;&#8212;&#x41;", "caf\u{e9}\u{a0}\u{2014}A");
        check("AT&T a && b &; &nosuch; &", "AT&T a && b &; &nosuch; &");
        check("?a=1&copy=2", "?a=1&copy=2");
        check("&#0;&#xD800;&#x110000;&#99999999999999;&#11;x", "x");
        check("&#146;&#x80;", "\u{2019}\u{20ac}");
        check("&#xZZ; &#; &#12", "&#xZZ; &#; &#12");
        check("\u{fc}&\u{fc}", "\u{fc}&\u{fc}");
    }
}
