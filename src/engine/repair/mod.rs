//! Documents as publishers write them, made into one that a parser can read: a feed in Atom 1.0, whatever came.
//!
//! ```text
//! bytes -> text, in the encoding they really have
//! text -> tokens (never fails, never nests) -> Item (what it means, by vocabulary) -> an Atom entry of our own writing
//! JSON -> a reader that forgives types       -> Item
//! ```
//!
//! So the parser never meets the publisher's own markup: no version or namespace it does not know, no element it
//! recurses on or panics at, no type it refuses. An item that cannot be used costs that item. Every kind of fault that
//! was found is reported by name ([`Repair`]); a healthy document has none. There is no recursion and no tree: memory is
//! the document, once more, and the stack is flat.
//!
//! Sources: RFC 4287 (Atom), the RSS 2.0 and RSS 1.0 specifications, the Atom 0.3 draft, JSON Feed 1.1; and what is out
//! there, each oddity with a fixture in `tests/feeds`.

mod capture;
mod encoding;
mod fields;
mod item;
mod json;
mod loose;
mod references;
mod scope;
mod tokens;
mod vocabulary;
mod xml;

use crate::engine::cadence::DocumentHints;
pub use encoding::{Decoded, decode};
use std::ops::Range;
pub use tokens::{ATTRIBUTES_MAX, TAG_BYTES_MAX};

/// Items read of one document; the rest is left where it is. The longest real feeds carry about a thousand.
pub const ITEMS_MAX: usize = 2000;
/// Bytes written; what comes of the largest documents has fewer, unless each of their links and texts repeats a long base.
const ATOM_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Bytes read of one element's text; the longest articles in feeds have some hundred thousand.
pub const FIELD_BYTES_MAX: usize = 1024 * 1024;

macro_rules! repairs {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A kind of fault that was found and mended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Repair { $($(#[$doc])* $variant,)* }

        impl Repair {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in lists; a contract.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

repairs! {
    /// The document is not in the encoding that it names.
    EncodingLabel = "encoding-label",
    /// Bytes that are no text in its encoding.
    InvalidBytes = "invalid-bytes",
    /// Control characters that XML does not have.
    ControlCharacters = "control-characters",
    /// Something stands before the feed, or behind it.
    Junk = "junk",
    /// An RSS version that there is not, or none.
    Version = "version",
    /// A namespace or prefix that is not declared, or of the wrong format.
    Namespaces = "namespaces",
    /// `<RSS>`, `<Item>`.
    LetterCase = "letter-case",
    /// Items outside of the channel in a format that has them inside.
    StrayItems = "stray-items",
    /// An `xml:base` that is no address.
    BadBase = "bad-base",
    /// A type of text that Atom does not have.
    UnknownType = "unknown-type",
    /// `AT&T`.
    BareAmpersands = "bare-ampersands",
    /// `&eacute;` where only XML's five are known.
    HtmlEntities = "html-entities",
    /// `&#0;`.
    BadReferences = "bad-references",
    /// `<` that begins no tag.
    UnescapedMarkup = "unescaped-markup",
    /// Elements that are not closed, or closed by another's end.
    UnclosedElements = "unclosed-elements",
    /// Tags within a text that is not said to have any.
    InlineMarkup = "inline-markup",
    /// A tag beyond [`TAG_BYTES_MAX`]; its attributes are not read.
    LongTag = "long-tag",
    /// A text beyond [`FIELD_BYTES_MAX`] was cut.
    LongText = "long-text",
    /// Items beyond [`ITEMS_MAX`], or beyond what can be written, were left out.
    ManyItems = "many-items",
    /// It ends before its end: the items that are whole are read, and nothing is taken to be gone.
    Truncated = "truncated",
    /// JSON values of another type than the format has there.
    JsonTypes = "json-types",
    /// JSON that is not quite JSON.
    JsonSyntax = "json-syntax",
}

/// The faults found in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repairs(Vec<Repair>);

impl Repairs {
    /// Notes one; each kind once.
    pub fn note(&mut self, repair: Repair) {
        if !self.has(repair) {
            self.0.push(repair);
        }
    }

    /// In the order of [`Repair`].
    #[must_use]
    pub fn list(&self) -> Vec<Repair> {
        let mut list = self.0.clone();
        list.sort_unstable();
        list
    }

    /// Whether this kind was found.
    #[must_use]
    pub fn has(&self, repair: Repair) -> bool {
        self.0.contains(&repair)
    }

    /// Whether the document ended before its end.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.has(Repair::Truncated)
    }
}

/// A document, rewritten.
#[derive(Debug)]
pub struct Rewritten {
    /// The format it came in, with its version: `rss 2.0`, `atom 1.0`, `json feed 1.1`.
    pub format: String,
    /// The language of the whole feed.
    pub language: Option<String>,
    /// A whole Atom document.
    pub atom: String,
    /// Its entries, in its order.
    pub entries: Vec<Written>,
    /// Items of the source that are none: in JSON, what is no object.
    pub strange: Vec<usize>,
    /// What it asks of those who poll.
    pub hints: DocumentHints,
}

/// An entry of a [`Rewritten`] document.
#[derive(Debug)]
pub struct Written {
    /// Which item of the source it is, from 0.
    pub index: usize,
    /// Where it stands in the document.
    pub place: Range<usize>,
    /// Its own language, where it says one: the parser would ask the content, which not every entry has.
    pub language: Option<String>,
}

/// Why there is nothing to rewrite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing at all came.
    #[error("the document is empty")]
    Empty,
    /// HTML where a feed was expected.
    #[error("this is a web page, not a feed; look for its feed's address")]
    WebPage,
    /// It says nothing of a feed.
    #[error("it cannot be read as RSS, Atom or JSON Feed: {0}")]
    NoFeed(String),
    /// What came is only the beginning.
    #[error("it ends before its first item is whole")]
    Truncated,
}

/// Rewrites a document. Relative links count from `base`.
pub fn rewritten(text: &str, base: Option<&str>, repairs: &mut Repairs) -> Result<Rewritten, Unreadable> {
    match text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').as_bytes().first() {
        None => Err(Unreadable::Empty),
        Some(b'{') => json::rewritten(text, base, repairs),
        Some(_) => xml::rewritten(text, base, repairs),
    }
}

const HEAD: &str = "<feed xmlns=\"http://www.w3.org/2005/Atom\">";
const FOOT: &str = "</feed>";

impl Rewritten {
    /// A document of one of its entries alone.
    #[must_use]
    pub fn alone(&self, entry: &Written) -> String {
        let text = self.atom.get(entry.place.clone()).unwrap_or_default();
        [HEAD, text, FOOT].concat()
    }
}

/// An Atom document as it grows.
#[derive(Debug, Default)]
struct Atom {
    text: String,
    entries: Vec<Written>,
    strange: Vec<usize>,
}

impl Atom {
    fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push_str(HEAD);
        Self { text, entries: Vec::new(), strange: Vec::new() }
    }

    /// Whether there is room for one more item.
    fn has_room(&self) -> bool {
        self.count() < ITEMS_MAX && self.text.len() < ATOM_BYTES_MAX
    }

    /// Items so far.
    fn count(&self) -> usize {
        self.entries.len() + self.strange.len()
    }

    /// Counts an item that is none.
    fn pass_over(&mut self) {
        self.strange.push(self.count());
    }

    fn add(&mut self, item: &item::Item<'_>) {
        let index = self.count();
        let start = self.text.len();
        item.write(&mut self.text);
        let language = item.language.as_deref().map(|language| language.trim().to_owned());
        self.entries.push(Written { index, place: start..self.text.len(), language });
    }

    /// The whole document, with what is known of the feed itself at its end: by then it is known.
    fn finish(mut self, format: String, title: Option<&item::Said<'_>>) -> Rewritten {
        item::said(&mut self.text, "title", title, &[]);
        self.text.push_str(FOOT);
        let Self { text, entries, strange } = self;
        Rewritten { format, language: None, atom: text, entries, strange, hints: DocumentHints::default() }
    }
}
