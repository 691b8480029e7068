//! What holds for any input at all. The fuzz targets look for one that breaks a promise; `tests/it/chance.rs` tries a
//! few thousand in every test run.

#![allow(dead_code, reason = "each target needs one of them")]

use quick_xml::Reader;
use quick_xml::events::Event;
use std::path::Path;
use storyfold::engine::date;
use storyfold::engine::entry::Draft;
use storyfold::engine::feed::FeedSpec;
use storyfold::engine::fetched::Body;
use storyfold::engine::hypertext;
use storyfold::engine::link::{CanonicalLink, FeedUrl, web_link};
use storyfold::engine::parse::{Document, ParseError, TITLE_CHARS_MAX, parse};
use storyfold::engine::repair::{Repairs, decode};
use storyfold::engine::time::Timestamp;

/// Bytes become text without what XML does not have.
pub fn decoding(bytes: &[u8]) {
    let decoded = decode(bytes, None, &mut Repairs::default());
    assert!(!decoded.text.chars().any(|c| c < ' ' && !matches!(c, '\t' | '\n' | '\r')));
}

/// Bytes are a feed or are refused; what is read of a feed is safe, and the same when read again.
pub fn reading(bytes: &[u8]) {
    let first = match read(bytes) {
        Ok(document) => document,
        Err(error) => return assert_ne!(error, ParseError::Panicked),
    };
    // Our own writing never fails the parser.
    let reasons = ["there is nothing in it to show", "it is no item"];
    assert!(first.rejected.iter().all(|item| reasons.contains(&item.reason.as_str())), "{:?}", first.rejected);
    first.entries.iter().for_each(is_safe);
    let mut ids: Vec<_> = first.entries.iter().map(|draft| draft.id).collect();
    let again: Vec<_> = read(bytes).expect("it was read before").entries.iter().map(|draft| draft.id).collect();
    assert_eq!(ids, again);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), first.entries.len(), "an id stands twice");
}

fn read(bytes: &[u8]) -> Result<Document, ParseError> {
    let url = "https://example.org/feeds/all";
    let spec = FeedSpec::new(FeedUrl::parse(url, Path::new("/")).expect("a good address"), url);
    let bytes = bytes.to_vec();
    parse(&Body::of(bytes, Some(url)), &spec)
}

fn is_safe(draft: &Draft) {
    assert!(draft.title.chars().count() <= TITLE_CHARS_MAX && !draft.title.chars().any(char::is_control));
    let details = &draft.details;
    assert!(!details.text.chars().any(|c| c.is_control() && c != '\n'));
    let files = details.enclosures.iter().map(|file| &file.url);
    for link in draft.link.iter().chain(&details.image).chain(files) {
        assert!(web_link(link).is_some(), "{link}");
    }
    details.html.as_deref().into_iter().for_each(is_harmless);
}

/// Markup becomes HTML that is safe and well-formed.
pub fn writing(markup: &str) {
    is_harmless(&hypertext::safe(markup, None));
}

fn is_harmless(html: &str) {
    const KEPT: &[&str] =
        &["a", "b", "blockquote", "br", "code", "em", "h3", "i", "img", "li", "ol", "p", "pre", "strong", "ul"];
    let whole = format!("<div>{html}</div>");
    let mut reader = Reader::from_str(&whole);
    loop {
        match reader.read_event().expect("it is well-formed") {
            Event::Eof => return,
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name().into_inner().to_owned();
                assert!(name == "div" || KEPT.contains(&name.as_str()), "<{name}>");
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("it is well-formed");
                    let value = &attribute.value;
                    match attribute.key.into_inner() {
                        "alt" => {}
                        "href" | "src" => {
                            assert!(value.starts_with("http://") || value.starts_with("https://"), "{value}");
                        }
                        other => panic!("{other} in <{name}>"),
                    }
                }
            }
            Event::End(_) | Event::Text(_) | Event::GeneralRef(_) => {}
            other => panic!("{other:?} in it"),
        }
    }
}

/// Text is a date of the calendar or none.
pub fn dating(text: &str) {
    let Some(date) = date::parse(text) else { return };
    // To the second, which is what is written.
    let written = date.to_string();
    assert_eq!(Timestamp::parse_rfc3339(&written).map(|date| date.to_string()), Some(written));
}

/// Text is a link of the web or none; a canonical link is its own.
pub fn linking(text: &str) {
    if let Some(link) = web_link(text) {
        assert!(matches!(link.scheme(), "http" | "https") && link.username().is_empty());
    }
    if let Some(link) = CanonicalLink::of(text) {
        let again = CanonicalLink::of(&format!("https://{}", link.as_str()));
        assert_eq!(again.as_ref().map(CanonicalLink::as_str), Some(link.as_str()), "{text}");
    }
}
