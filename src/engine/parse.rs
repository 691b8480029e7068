//! Bytes to a [`Document`]: what a feed says, in our words. The only file that speaks of `feed_rs`.
//!
//! Promises: no panic gets out, however the bytes are made; the same bytes give the same ids on every fetch and every
//! machine; an item that cannot be used costs that item.

use super::entry::{Draft, Identity};
use super::features::Features;
use super::feed::FeedSpec;
use super::fetched::Body;
use super::headline::Furniture;
use super::id::{EntryId, digest};
use super::link::{CanonicalLink, web_link};
use super::markup;
use super::time::Timestamp;
use feed_rs::model;
use quick_xml::encoding::DecodingReader;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Items read of one document; the rest is left where it is. The longest real feeds carry about a thousand.
pub const ITEMS_MAX: usize = 2000;
/// Elements inside each other. Real feeds stay below 40; the parser's own recursion overflows a stack of 2 MiB at about
/// 1,000 (`media:group` within `media:group`), which nothing can catch.
pub const DEPTH_MAX: usize = 200;
/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 500;
/// Characters of text kept for one entry.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// What was understood of a document.
#[derive(Debug)]
pub struct Document {
    /// `atom`, `rss` or `json`, with the version where it is known.
    pub format: &'static str,
    /// The feed's own title, plain.
    pub title: Option<String>,
    /// The items, in the order of the document, each id once.
    pub entries: Vec<Draft>,
    /// Items that repeat an id of this document: the item's own reading, and the place in `entries` of the first.
    pub repeated: Vec<(Draft, usize)>,
    /// Items that could not be used.
    pub rejected: Vec<Rejected>,
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
}

/// An item that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the document, from 0.
    pub index: usize,
    /// A sentence for the user.
    pub reason: String,
}

/// Why nothing could be read of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing at all came.
    #[error("the document is empty")]
    Empty,
    /// HTML where a feed was expected.
    #[error("this is a web page, not a feed; look for its feed's address")]
    WebPage,
    /// More elements inside each other than [`DEPTH_MAX`].
    #[error("its elements are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    /// The parser's own word.
    #[error("it cannot be read as RSS, Atom or JSON Feed: {0}")]
    Malformed(String),
    /// The parser broke down; see the fence in [`parse`].
    #[error("the parser failed on it; this is a defect, please report the feed's address")]
    Panicked,
}

/// Reads a document of the feed `spec`.
///
/// # Errors
/// Where nothing can be read of it.
pub fn parse(body: &Body, spec: &FeedSpec) -> Result<Document, ParseError> {
    let bytes = body.bytes.trim_ascii();
    if bytes.is_empty() {
        return Err(ParseError::Empty);
    }
    let base = body.final_url.as_deref();
    // feed-rs 3.0.0 panics on an e-mail address beside a multibyte character, on durations of more than 64 bits, and
    // where an encoding is declared after a comment: that is this feed's failure, not the daemon's.
    let fenced = || if nests_too_deep(bytes) { None } else { Some(parser(base).parse(bytes)) };
    let feed = catch_unwind(AssertUnwindSafe(fenced)).map_err(|_| ParseError::Panicked)?;
    match feed.ok_or(ParseError::TooDeep)? {
        Ok(feed) => Ok(document(feed, spec, base)),
        Err(_) if looks_like_a_web_page(bytes) => Err(ParseError::WebPage),
        Err(_) if !matches!(bytes.first(), Some(b'<' | b'{' | 0xef | 0xfe | 0xff)) => {
            Err(ParseError::Malformed("it begins like none of them".to_owned()))
        }
        Err(error) => Err(ParseError::Malformed(markup::line(&error.to_string(), TITLE_CHARS_MAX))),
    }
}

fn parser(base: Option<&str>) -> feed_rs::parser::Parser {
    feed_rs::parser::Builder::new()
        .base_uri(base)
        .sanitize_content(false)
        // The default makes a random id for an item without any, and a new item of every edited title.
        .id_generator(|_, _, _| String::new())
        .build()
}

fn looks_like_a_web_page(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    head.contains("<!doctype html") || head.contains("<html")
}

/// Counts open elements in what the parser sees: the text after its encoding is undone (read as bytes, UTF-16 has no end
/// tags, and one Latin-1 letter ends the count). Ends at the first error, which the parser finds again and names.
fn nests_too_deep(bytes: &[u8]) -> bool {
    if bytes.first() == Some(&b'{') {
        return false; // JSON: its reader has a limit of its own, and markup in its strings is not nested
    }
    let mut reader = Reader::from_reader(DecodingReader::new(bytes));
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut buffer, mut depth) = (Vec::new(), 0_usize);
    loop {
        buffer.clear();
        let encoding = match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(_)) => {
                depth += 1;
                None
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                None
            }
            Ok(Event::Decl(declaration)) => declaration.encoder(),
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => None,
        };
        if let Some(encoding) = encoding {
            reader.get_mut().set_encoding(encoding);
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
}

fn document(feed: model::Feed, spec: &FeedSpec, base: Option<&str>) -> Document {
    let language = feed.language.as_deref().and_then(language_tag);
    let mut out = Document {
        format: match feed.feed_type {
            model::FeedType::Atom => "atom",
            model::FeedType::JSON => "json",
            model::FeedType::RSS0 => "rss 0.9x",
            model::FeedType::RSS1 => "rss 1.0",
            model::FeedType::RSS2 => "rss 2.0",
        },
        title: feed.title.map(|title| markup::line(&title.content, TITLE_CHARS_MAX)).filter(|title| !title.is_empty()),
        entries: Vec::new(),
        repeated: Vec::new(),
        rejected: Vec::new(),
        ttl: feed.ttl.map(|minutes| Duration::from_secs(60 * u64::from(minutes))),
    };
    let kind = feed.feed_type;
    let furniture = furniture(out.title.as_deref(), &feed.entries, &kind, spec);
    let mut places: BTreeMap<EntryId, usize> = BTreeMap::new();
    for (index, item) in feed.entries.into_iter().take(ITEMS_MAX).enumerate() {
        match draft(&item, &kind, spec, &furniture, language.as_deref(), base) {
            Err(reason) => out.rejected.push(Rejected { index, reason }),
            Ok(draft) => {
                if let Some(&first) = places.get(&draft.id) {
                    out.repeated.push((draft, first));
                } else {
                    places.insert(draft.id, out.entries.len());
                    out.entries.push(draft);
                }
            }
        }
    }
    out
}

/// What this site's headlines begin and end with.
fn furniture(title: Option<&str>, items: &[model::Entry], kind: &model::FeedType, spec: &FeedSpec) -> Furniture {
    let publisher = spec.publisher_of(None);
    let mut furniture = Furniture::of_site([title, spec.name.as_deref(), Some(&*publisher)].into_iter().flatten());
    for title in items.iter().take(ITEMS_MAX).filter_map(|item| item.title.as_ref()) {
        furniture.note(&title_of(title, kind));
    }
    furniture
}

fn draft(
    item: &model::Entry,
    kind: &model::FeedType,
    spec: &FeedSpec,
    furniture: &Furniture,
    feed_language: Option<&str>,
    base: Option<&str>,
) -> Result<Draft, String> {
    let title = item.title.as_ref().map(|title| title_of(title, kind)).unwrap_or_default();
    let text = text_of(item);
    let link = link_of(item, base);
    if title.is_empty() && text.is_empty() && link.is_none() {
        return Err("it has no title, no text and no link".to_owned());
    }
    let published = item.published.or(item.updated).map(moment);
    let identity = identity(&item.id, link.as_deref(), &title, &text, published);
    let language = item.language.as_deref().and_then(language_tag);
    let language = language.or_else(|| spec.language.clone()).or_else(|| feed_language.map(str::to_owned));
    let features = Features::of(furniture.strip(&title), &text, language.as_deref());
    let version = digest(&[title.as_bytes(), link.as_deref().unwrap_or_default().as_bytes(), text.as_bytes()]);
    Ok(Draft {
        id: EntryId::of(spec.id, &identity),
        title,
        link,
        published,
        updated: item.updated.map(moment),
        text,
        language,
        version,
        features,
    })
}

/// Plain text. Atom and JSON Feed say what is plain, and `<section>` in a plain title is a word; RSS does not say, and its
/// titles are full of markup.
fn title_of(title: &model::Text, kind: &model::FeedType) -> String {
    let says = matches!(kind, model::FeedType::Atom | model::FeedType::JSON);
    if says && title.content_type.essence().to_string() == "text/plain" {
        markup::plain_line(&title.content, TITLE_CHARS_MAX)
    } else {
        markup::line(&title.content, TITLE_CHARS_MAX)
    }
}

fn moment(date: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

fn identity(given: &str, link: Option<&str>, title: &str, text: &str, published: Option<Timestamp>) -> Identity {
    let given = given.trim();
    if !given.is_empty() {
        return Identity::Given(given.to_owned());
    }
    if let Some(link) = link.and_then(CanonicalLink::of) {
        return Identity::Link(link);
    }
    let said = if title.is_empty() { text } else { title };
    let date = published.map(|date| date.to_string()).unwrap_or_default();
    Identity::Fingerprint(format!("{}\n{date}", said.to_lowercase()))
}

/// The page of the item: its alternate link, else the first that is not of another kind, else an id that is a link.
fn link_of(item: &model::Entry, base: Option<&str>) -> Option<String> {
    let of_kind = |wanted: fn(Option<&str>) -> bool| {
        item.links.iter().filter(|link| wanted(link.rel.as_deref())).find_map(|link| absolute(&link.href, base))
    };
    of_kind(|rel| matches!(rel, None | Some("alternate")))
        .or_else(|| of_kind(|rel| !matches!(rel, Some("self" | "edit" | "enclosure" | "replies" | "hub" | "license"))))
        .or_else(|| absolute(&item.id, None))
}

fn absolute(href: &str, base: Option<&str>) -> Option<String> {
    let joined = base.and_then(|base| url::Url::parse(base).ok()).and_then(|base| base.join(href.trim()).ok());
    web_link(joined.as_ref().map_or(href, |url| url.as_str())).map(String::from)
}

/// Summary or content, whichever says more; a video's description where there is neither.
fn text_of(item: &model::Entry) -> String {
    let plain = |markup: &str| markup::paragraphs(markup, TEXT_CHARS_MAX);
    let summary = item.summary.as_ref().map(|text| plain(&text.content)).unwrap_or_default();
    let content = item.content.as_ref().and_then(|content| content.body.as_deref()).map(plain).unwrap_or_default();
    let longer = if content.len() > summary.len() { content } else { summary };
    if !longer.is_empty() {
        return longer;
    }
    item.media.iter().find_map(|media| media.description.as_ref()).map(|text| plain(&text.content)).unwrap_or_default()
}

/// A language tag in lower case, where it is one (BCP 47 has letters, digits and hyphens).
fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-").to_ascii_lowercase();
    let shaped = (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    shaped.then_some(tag)
}
