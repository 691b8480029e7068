//! The merged feed as documents: values in, bytes out. Nothing here knows the time.

mod atom;
mod body;
mod jsonfeed;
mod rss;

use super::merged::{Item, MergedFeed};
use quick_xml::Writer;
use quick_xml::events::BytesText;

/// A format of the merged feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// RFC 4287; the canonical one.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// `atom`, `rss` or `json`: the end of the file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The media type with its charset.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }
}

/// The document that is served as `/feed.FORMAT`.
#[must_use]
pub fn render(feed: &MergedFeed, format: Format) -> Vec<u8> {
    match format {
        Format::Atom => atom::render(feed),
        Format::Rss => rss::render(feed),
        Format::Json => jsonfeed::render(feed),
    }
}

/// The namespace of what is ours in Atom and RSS: `derived="true"` on a title that its publisher did not give. In JSON
/// Feed, `_storyfold.title_derived` says the same.
const NAMESPACE: &str = "tag:storyfold,2026:feed";

/// The address of one of our own pages, where readers can reach it.
fn own(feed: &MergedFeed, path: &str) -> Option<String> {
    feed.base_url.as_ref().map(|base| format!("{base}{path}"))
}

/// The title of an entry, marked where it is not its publisher's.
fn title(out: &mut Writer<Vec<u8>>, item: &Item) -> std::io::Result<()> {
    let mut element = out.create_element("title");
    if item.is_title_derived {
        element = element.with_attribute(("storyfold:derived", "true"));
    }
    element.write_text_content(BytesText::new(&clean(&item.title)))?;
    Ok(())
}

/// What XML 1.0 (section 2.2) can carry; the door lets nothing else in, and this is the second lock.
fn clean(text: &str) -> std::borrow::Cow<'_, str> {
    let carried = |c: char| c == '\n' || super::markup::is_printable(c);
    if text.chars().all(carried) {
        text.into()
    } else {
        text.chars().filter(|&c| carried(c)).collect::<String>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::entry::Details;
    use crate::engine::id::{ClusterId, EntryId};
    use crate::engine::merged::Source;
    use crate::engine::time::Timestamp;

    /// A feed whose every text tries to break out of its format.
    fn hostile() -> MergedFeed {
        let evil = "\u{b}]]>\"'<script>alert(1)</script> & \u{1F600}";
        let at = Timestamp::from_secs(1_749_367_800);
        let source = Source {
            entry: EntryId(1),
            publisher: evil.to_owned(),
            title: evil.to_owned(),
            link: Some("https://example.org/?a=1&b=\"<".to_owned()),
            date: at,
            copy: false,
            feed: evil.to_owned(),
            feed_url: evil.to_owned(),
        };
        let item = Item {
            id: ClusterId(0xabc),
            title: evil.to_owned(),
            is_title_derived: true,
            link: Some("https://example.org/?a=1&b=2".to_owned()),
            published: at,
            updated: at,
            lead: EntryId(1),
            details: Details { text: format!("{evil}\nSecond paragraph."), ..Details::default() },
            language: Some("en".to_owned()),
            categories: vec![evil.to_owned()],
            edition: 1,
            publishers: 2,
            sources: vec![source.clone(), Source { copy: true, ..source }],
        };
        MergedFeed {
            title: evil.to_owned(),
            base_url: Some("http://127.0.0.1:8380".to_owned()),
            path: "/feed".to_owned(),
            items: vec![item],
        }
    }

    #[test]
    fn every_format_is_read_back_with_the_same_ids_and_titles() {
        let feed = hostile();
        for format in Format::ALL {
            let bytes = render(&feed, format);
            let read = feed_rs::parser::parse(bytes.as_slice()).unwrap_or_else(|error| panic!("{format:?}: {error}"));
            assert_eq!(read.entries.len(), 1, "{format:?}");
            assert_eq!(read.entries[0].id, "tag:storyfold,2026:0000000000000abc", "{format:?}");
            assert_eq!(read.entries[0].title.as_ref().unwrap().content, clean(&feed.items[0].title), "{format:?}");
            assert_eq!(read.entries[0].links[0].href, "https://example.org/?a=1&b=2", "{format:?}");
        }
    }

    #[test]
    fn a_title_of_first_words_is_marked() {
        for (format, mark) in [
            (Format::Atom, "<title storyfold:derived=\"true\">"),
            (Format::Rss, "<title storyfold:derived=\"true\">"),
            (Format::Json, "\"title_derived\": true"),
        ] {
            let mut feed = hostile();
            assert!(String::from_utf8(render(&feed, format)).unwrap().contains(mark), "{format:?}");
            feed.items[0].is_title_derived = false;
            assert!(!String::from_utf8(render(&feed, format)).unwrap().contains("derived"), "{format:?}");
        }
    }

    #[test]
    fn markup_of_others_is_text_in_the_body() {
        let body = body::html(&hostile().items[0]);
        assert!(!body.contains("<script>"), "{body}");
        assert!(body.contains("&lt;script&gt;"), "{body}");
    }

    #[test]
    fn an_empty_feed_is_a_feed() {
        for format in Format::ALL {
            let empty = MergedFeed { items: Vec::new(), base_url: None, ..hostile() };
            assert!(feed_rs::parser::parse(render(&empty, format).as_slice()).is_ok(), "{format:?}");
        }
    }
}
