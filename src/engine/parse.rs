//! Bytes to a [`Document`]: what a feed says, in our words. The only file that speaks of `feed_rs`.
//!
//! ```text
//! bytes -> repair::decode -> repair::rewritten (a clean Atom document, whatever came) -> feed_rs -> Draft
//! ```
//!
//! Promises: no panic gets out, however the bytes are made; the same bytes give the same ids on every fetch and every
//! machine; an item that cannot be used costs that item.

use super::cadence::DocumentHints;
use super::entry::{Details, Draft, Enclosure, Identity, Origin};
use super::features::Features;
use super::feed::FeedSpec;
use super::fetched::Body;
use super::headline::Furniture;
use super::hypertext;
use super::id::{EntryId, digest};
use super::link::{CanonicalLink, web_link};
use super::markup;
use super::repair::{Decoded, Repairs, Rewritten, Unreadable, Written, decode, rewritten};
use super::tail::without_furniture;
use super::time::Timestamp;
use feed_rs::model;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use url::Url;

/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 500;
/// Characters of text kept for one entry.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Characters of a name: an author's, a category's, a source's.
const NAME_CHARS_MAX: usize = 200;
/// Bytes of a title's markup that are looked at: enough for its characters, whatever is around them.
const TITLE_BYTES_MAX: usize = 64 * 1024;

/// Why an item of JSON is rejected that is no object.
const IS_NO_ITEM: &str = "it is no item";
/// Why an item is rejected without title, text, link, picture and file.
const SHOWS_NOTHING: &str = "there is nothing in it to show";

/// What was understood of a document.
#[derive(Debug)]
pub struct Document {
    /// What it came in, with the version: `rss 2.0`, `atom 1.0`, `json feed 1.1`.
    pub format: String,
    /// As WHATWG names it, in lower case.
    pub encoding: String,
    /// The faults that were found and mended.
    pub repairs: Repairs,
    /// The feed's own title, plain.
    pub title: Option<String>,
    /// The items, in the order of the document, each id once.
    pub entries: Vec<Draft>,
    /// Items that repeat an id of this document: the item's own reading, and the place in `entries` of the one that
    /// stays.
    pub repeated: Vec<(Draft, usize)>,
    /// Items that are not taken in. Those that show nothing stand in `entries`, too.
    pub rejected: Vec<Rejected>,
    /// What it asks of those who poll.
    pub hints: DocumentHints,
}

/// An item that is not taken in.
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
    /// It is no feed, or nothing whole of one.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// We or the parser broke down; see the fence in [`parse`].
    #[error("reading it failed; this is a defect of storyfold, please report the feed's address")]
    Panicked,
}

/// Reads a document of the feed `spec`.
///
/// # Errors
/// Where nothing can be read of it.
pub fn parse(body: &Body, spec: &FeedSpec) -> Result<Document, ParseError> {
    // Nothing is known to panic, since the parser reads only what we wrote; what is not known yet is one feed's failure,
    // not the daemon's.
    catch_unwind(AssertUnwindSafe(|| read(body, spec))).unwrap_or(Err(ParseError::Panicked))
}

fn read(body: &Body, spec: &FeedSpec) -> Result<Document, ParseError> {
    let mut repairs = Repairs::default();
    let Decoded { text, encoding } = decode(&body.bytes, body.content_type.as_deref(), &mut repairs);
    let mut rewritten = rewritten(&text, body.final_url.as_deref(), &mut repairs)?;
    // Each stage is as large as the one before, which nobody reads again.
    drop(text);
    let (title, items) = feed_of(&rewritten);
    rewritten.atom = String::new();
    let title = title.map(|title| line_of(&title)).filter(|title| !title.is_empty());
    let language = rewritten.language.take().as_deref().and_then(language_tag);
    let reader = Reader { spec, furniture: furniture(title.as_deref(), &items, spec), language };
    let mut document = Document {
        format: rewritten.format,
        encoding,
        repairs,
        title,
        entries: Vec::new(),
        repeated: Vec::new(),
        rejected: Vec::new(),
        hints: rewritten.hints,
    };
    let shared = Shared::of(&items);
    let mut drafts = Vec::new();
    for (item, written) in items.into_iter().zip(&rewritten.entries) {
        match item {
            Err(reason) => document.rejected.push(Rejected { index: written.index, reason }),
            Ok(item) => drafts.push(reader.draft(written, &item, &shared)),
        }
    }
    let rejected = |index: usize, reason: &str| Rejected { index, reason: reason.to_owned() };
    document.rejected.extend(rewritten.strange.iter().map(|index| rejected(*index, IS_NO_ITEM)));
    let bare = drafts.iter().filter(|draft| !draft.says_something());
    document.rejected.extend(bare.map(|draft| rejected(draft.place, SHOWS_NOTHING)));
    document.rejected.sort_by_key(|item| item.index);
    fold(drafts, &mut document);
    Ok(document)
}

type Item = Result<model::Entry, String>;

/// The parser's reading of a rewritten document: whole, or where it fails, entry by entry.
fn feed_of(rewritten: &Rewritten) -> (Option<model::Text>, Vec<Item>) {
    if let Ok(feed) = fenced(&rewritten.atom)
        && feed.entries.len() == rewritten.entries.len()
    {
        return (feed.title, feed.entries.into_iter().map(Ok).collect());
    }
    let alone = |entry: &Written| {
        let mut feed = fenced(&rewritten.alone(entry))?;
        feed.entries.pop().ok_or_else(|| "the parser finds nothing in it".to_owned())
    };
    (None, rewritten.entries.iter().map(alone).collect())
}

/// The parser, with its panics caught.
fn fenced(atom: &str) -> Result<model::Feed, String> {
    let parser = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        // The default makes a random id for an item without any, and a new item of every edited title.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|text| {
            let millis = Timestamp::parse_rfc3339(text)?.millis();
            chrono::DateTime::from_timestamp_millis(millis)
        })
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(atom.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(markup::line(&error.to_string(), NAME_CHARS_MAX)),
        Err(_) => Err("the parser failed on it".to_owned()),
    }
}

/// What stands on several items of a document, and so names none of them.
#[derive(Default)]
struct Shared {
    /// Ids of a publisher who gives one to all.
    ids: BTreeSet<String>,
    /// Pages of items without ids: a home page, a page of many notes.
    pages: BTreeSet<String>,
    /// Places in pages of items without ids of their own.
    places: BTreeSet<String>,
}

impl Shared {
    fn of(items: &[Item]) -> Self {
        let mut shared = Self::default();
        let mut places: BTreeMap<(&str, bool), String> = BTreeMap::new();
        let (mut pages_seen, mut places_seen) = (BTreeSet::new(), BTreeSet::new());
        for item in items.iter().flatten() {
            let page = Page::of(item);
            let id = item.id.trim();
            let has_page = page.is_some();
            let place = page.as_ref().map_or_else(|| words_and_date(item), Page::place);
            if id.is_empty() {
                if let Some(page) = page {
                    let canonical = page.canonical.as_str().to_owned();
                    if !pages_seen.insert(canonical.clone()) {
                        shared.pages.insert(canonical);
                    }
                    if !places_seen.insert(place.clone()) {
                        shared.places.insert(place);
                    }
                }
            } else if !place.is_empty() && *places.entry((id, has_page)).or_insert_with(|| place.clone()) != place {
                shared.ids.insert(id.to_owned());
            }
        }
        shared
    }
}

/// What tells items without pages apart: a headline at its date. An undated one may be a revision of the other.
fn words_and_date(item: &model::Entry) -> String {
    let date = item.published.or(item.updated).map(|date| date.to_rfc3339());
    date.map(|date| item.title.as_ref().map(line_of).unwrap_or_default() + "\n" + &date).unwrap_or_default()
}

/// Where an item leads.
struct Page {
    link: String,
    canonical: CanonicalLink,
}

impl Page {
    fn of(item: &model::Entry) -> Option<Self> {
        let link = page_of(item)?;
        Some(Self { canonical: CanonicalLink::of(&link)?, link })
    }

    /// The page, and the place in it that the link names.
    fn place(&self) -> String {
        let fragment = self.link.split_once('#').map(|(_, fragment)| fragment).unwrap_or_default();
        format!("{}#{fragment}", self.canonical.as_str())
    }
}

/// Puts drafts into the document, each id once: the newest of them, whatever their order, else the first in the order of
/// what they say.
fn fold(drafts: Vec<Draft>, document: &mut Document) {
    let mut places: BTreeMap<EntryId, usize> = BTreeMap::new();
    for draft in drafts {
        let Some(&place) = places.get(&draft.id) else {
            places.insert(draft.id, document.entries.len());
            document.entries.push(draft);
            continue;
        };
        let age = |draft: &Draft| (draft.updated.or(draft.published), std::cmp::Reverse(draft.version));
        let kept = &mut document.entries[place];
        let folded = if age(&draft) > age(kept) { std::mem::replace(kept, draft) } else { draft };
        document.repeated.push((folded, place));
    }
}

/// What this site's headlines begin and end with.
fn furniture(title: Option<&str>, items: &[Item], spec: &FeedSpec) -> Furniture {
    let publisher = spec.publisher_of(None);
    let mut furniture = Furniture::of_site([title, spec.name.as_deref(), Some(&*publisher)].into_iter().flatten());
    for title in items.iter().flatten().filter_map(|item| item.title.as_ref()) {
        furniture.note(&line_of(title));
    }
    furniture
}

/// Plain text of a title. Where the type says plain, `<section>` is a word.
fn line_of(text: &model::Text) -> String {
    let content = &text.content[..text.content.floor_char_boundary(TITLE_BYTES_MAX)];
    // Escaped twice: `It&#8217;s` is nobody's plain text. With tags in it, it may be about them.
    let is_escaped = || content.contains("&#") || content.contains("&amp;") || content.contains("&quot;");
    if text.content_type.subty() == "html" || (!content.contains('<') && is_escaped()) {
        markup::line(content, TITLE_CHARS_MAX)
    } else {
        markup::plain_line(content, TITLE_CHARS_MAX)
    }
}

/// Reads items of one document.
struct Reader<'s> {
    spec: &'s FeedSpec,
    furniture: Furniture,
    /// Of the whole feed.
    language: Option<String>,
}

impl Reader<'_> {
    fn draft(&self, written: &Written, item: &model::Entry, shared: &Shared) -> Draft {
        let title = item.title.as_ref().map(line_of).unwrap_or_default();
        let link = page_of(item);
        let details = details(item, &title);
        let published = item.published.or(item.updated).map(moment);
        let said = if title.is_empty() { &details.text } else { &title };
        let (identity, other) = identity(item, said, published, shared);
        let language = written.language.as_deref().and_then(language_tag);
        let language = language.or_else(|| self.spec.language.clone()).or_else(|| self.language.clone());
        let features = Features::of(self.furniture.strip(&title), &details.text, language.as_deref());
        let page = link.as_deref().and_then(CanonicalLink::of);
        let page = page.as_ref().map(CanonicalLink::as_str).unwrap_or_default();
        Draft {
            place: written.index,
            id: EntryId::of(self.spec.id, &identity),
            other_id: other.map(|identity| EntryId::of(self.spec.id, &identity)),
            version: digest(&[title.as_bytes(), page.as_bytes(), details.text.as_bytes()]),
            title,
            link,
            published,
            updated: item.updated.map(moment),
            language,
            features,
            details,
        }
    }
}

/// What names an item, and what would if others shared its id, or did not.
fn identity(
    item: &model::Entry,
    said: &str,
    published: Option<Timestamp>,
    shared: &Shared,
) -> (Identity, Option<Identity>) {
    let id = item.id.trim();
    let date = published.map(|date| date.to_string()).unwrap_or_default();
    let by_words = format!("{}\n{date}", said.to_lowercase());
    let page = Page::of(item);
    if !id.is_empty() {
        let alone = Identity::Given(id.to_owned());
        let with_place = match page {
            Some(page) => Identity::Given(format!("{id}\n{}", page.place())),
            None => Identity::Given(format!("{id}\n{by_words}")),
        };
        return if shared.ids.contains(id) { (with_place, Some(alone)) } else { (alone, Some(with_place)) };
    }
    let Some(page) = page else { return (Identity::Fingerprint(by_words), None) };
    let place = page.place();
    if shared.places.contains(&place) {
        (Identity::Fingerprint(format!("{place}\n{by_words}")), None)
    } else if shared.pages.contains(page.canonical.as_str()) {
        (Identity::Fingerprint(place), None)
    } else {
        (Identity::Link(page.canonical), None)
    }
}

fn moment(date: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

/// The page of the item, else an id that is a link.
fn page_of(item: &model::Entry) -> Option<String> {
    let page = item.links.iter().find(|link| link.rel.as_deref() == Some("alternate"));
    page.and_then(|page| web_link(&page.href)).or_else(|| web_link(&item.id)).map(String::from)
}

/// What an item says at length.
fn details(item: &model::Entry, title: &str) -> Details {
    let base = item.base.as_deref().and_then(|base| Url::parse(base).ok());
    let (text, html) = text_of(item, base.as_ref());
    let linked = |rel: &'static str| item.links.iter().filter(move |link| link.rel.as_deref() == Some(rel));
    let web = |link: &model::Link| web_link(&link.href).map(String::from);
    let is_picture = |link: &&model::Link| link.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
    let name = |text: &str| markup::plain_line(text, NAME_CHARS_MAX);
    let names = |texts: Vec<&str>| texts.into_iter().map(name).filter(|name| !name.is_empty()).collect();
    let via = linked("via").next();
    Details {
        text: without_furniture(&text, title).to_owned(),
        html,
        authors: names(item.authors.iter().filter_map(|author| author.name.as_deref()).collect()),
        categories: names(item.categories.iter().map(|category| category.term.as_str()).collect()),
        image: linked("preview").chain(linked("enclosure").filter(is_picture)).find_map(web),
        enclosures: linked("enclosure")
            .filter(|link| !is_picture(link))
            .filter_map(|link| {
                Some(Enclosure {
                    url: web(link)?,
                    media_type: link.media_type.as_deref().map(name),
                    bytes: link.length,
                })
            })
            .collect(),
        origin: via.map(|via| Origin { name: via.title.as_deref().map(name), url: web(via) }),
    }
}

/// Plain text and safe HTML of summary or content, whichever says more. No HTML where it is paragraphs only.
fn text_of(item: &model::Entry, base: Option<&Url>) -> (String, Option<String>) {
    let summary = item.summary.as_ref().map(|text| (text.content.as_str(), text.content_type.subty() == "html"));
    let content = item.content.as_ref();
    let content = content.and_then(|content| Some((content.body.as_deref()?, content.content_type.subty() == "html")));
    let read = |(markup, is_html): (&str, bool)| {
        if is_html {
            markup::paragraphs(markup, TEXT_CHARS_MAX)
        } else {
            markup::plain_paragraphs(markup, TEXT_CHARS_MAX)
        }
    };
    let (short, long) = (summary.map(read).unwrap_or_default(), content.map(read).unwrap_or_default());
    let (text, source) = if long.len() >= short.len() { (long, content) } else { (short, summary) };
    let rich = source.filter(|(markup, is_html)| *is_html && hypertext::is_rich(markup));
    (text, rich.map(|(markup, _)| hypertext::safe(markup, base)))
}

/// A language tag in lower case, where it is one (BCP 47 has letters, digits and hyphens).
fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-").to_ascii_lowercase();
    let shaped = (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    shaped.then_some(tag)
}
