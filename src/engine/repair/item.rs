//! An item as it was understood, whatever format it came in; and the same as an entry of Atom 1.0 (RFC 4287), which is
//! what the parser gets to see.

use super::vocabulary::Rank;
use crate::engine::link::LINK_BYTES_MAX;
use crate::engine::time::Timestamp;
use memchr::memmem;
use quick_xml::escape::escape;
use std::borrow::Cow;

/// Links, enclosures and pictures together.
const LINKS_MAX: usize = 32;
/// Bytes of an id, a name, a date; what is longer is cut.
const SHORT_BYTES_MAX: usize = LINK_BYTES_MAX;
/// Authors kept; papers of large collaborations name thousands.
const AUTHORS_MAX: usize = 16;
/// Categories kept.
const CATEGORIES_MAX: usize = 32;

/// Markup of more bytes than this holds an article, not a picture with a long address.
const ARTICLE_BYTES: usize = 3000;

/// Text, and how it is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said<'a> {
    pub(super) text: Cow<'a, str>,
    /// Markup; else plain.
    pub(super) is_html: bool,
}

/// A value and how far it is believed; of equals the first stays.
#[derive(Clone, Debug)]
pub(super) struct Best<T>(Option<(Rank, T)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    pub(super) fn offer(&mut self, rank: Rank, value: T) {
        if self.0.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.0 = Some((rank, value));
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }
}

/// A link of an item.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    pub(super) rel: Cow<'a, str>,
    pub(super) href: Cow<'a, str>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) title: Option<Cow<'a, str>>,
    pub(super) length: Option<Cow<'a, str>>,
}

impl<'a> Reference<'a> {
    pub(super) fn new(rel: &'static str, href: Cow<'a, str>) -> Self {
        Self { rel: Cow::Borrowed(rel), href, media_type: None, title: None, length: None }
    }
}

/// An item.
#[derive(Clone, Debug, Default)]
pub(super) struct Item<'a> {
    pub(super) id: Best<Cow<'a, str>>,
    pub(super) title: Best<Said<'a>>,
    /// The item's own page.
    pub(super) page: Best<Cow<'a, str>>,
    pub(super) published: Best<Timestamp>,
    pub(super) updated: Best<Timestamp>,
    pub(super) summary: Best<Said<'a>>,
    pub(super) content: Best<Said<'a>>,
    pub(super) language: Option<Cow<'a, str>>,
    /// What relative links in its text count from.
    pub(super) base: Option<String>,
    references: Vec<Reference<'a>>,
    authors: Vec<(Rank, Cow<'a, str>)>,
    categories: Vec<Cow<'a, str>>,
}

impl<'a> Item<'a> {
    pub(super) fn refer(&mut self, reference: Reference<'a>) {
        let says_something = !reference.href.trim().is_empty() || reference.title.is_some();
        let is_link = reference.href.len() <= LINK_BYTES_MAX;
        if self.references.len() < LINKS_MAX && says_something && is_link {
            self.references.push(reference);
        }
    }

    pub(super) fn credit(&mut self, rank: Rank, name: Cow<'a, str>) {
        let known = self.authors.iter().any(|(_, other)| *other == name);
        if self.authors.len() < AUTHORS_MAX && !name.is_empty() && !known {
            self.authors.push((rank, name));
        }
    }

    pub(super) fn file_under(&mut self, category: Cow<'a, str>) {
        if self.categories.len() < CATEGORIES_MAX && !category.trim().is_empty() {
            self.categories.push(category);
        }
    }

    /// The entry element. All text stands in CDATA sections, which a parser reads in one piece.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str("<entry>");
        element(out, "id", self.id.get().map(|id| &**id));
        said(out, "title", self.title.get(), &[]);
        if let Some(page) = self.page.get().filter(|page| page.trim().len() <= LINK_BYTES_MAX) {
            link(out, &Reference::new("alternate", Cow::Borrowed(page)));
        }
        self.references.iter().for_each(|reference| link(out, reference));
        for (name, date) in [("published", &self.published), ("updated", &self.updated)] {
            element(out, name, date.get().map(Timestamp::to_string).as_deref());
        }
        let best = self.authors.iter().map(|(rank, _)| *rank).min();
        for (_, name) in self.authors.iter().filter(|(rank, _)| Some(*rank) == best) {
            out.push_str("<author>");
            element(out, "name", Some(name));
            out.push_str("</author>");
        }
        for category in &self.categories {
            out.push_str("<category term=\"");
            out.push_str(&escape(category.trim()));
            out.push_str("\"/>");
        }
        let (summary, content) = match (self.summary.get(), self.content.get()) {
            (only, None) => (None, only),
            // The whole article beside its teaser: who reads the one does not need the other.
            (Some(teaser), Some(article)) if article.text.len() > ARTICLE_BYTES.max(3 * teaser.text.len()) => {
                (None, Some(article))
            }
            both => both,
        };
        said(out, "summary", summary, &[]);
        let of_content = [("xml:base", self.base.as_deref().unwrap_or_default())];
        said(out, "content", content, &of_content);
        out.push_str("</entry>");
    }
}

fn attribute(out: &mut String, name: &str, value: &str) {
    let value = &value[..value.floor_char_boundary(SHORT_BYTES_MAX)];
    for part in [" ", name, "=\"", &escape(value), "\""] {
        out.push_str(part);
    }
}

fn link(out: &mut String, reference: &Reference<'_>) {
    out.push_str("<link");
    let Reference { rel, href, media_type, title, length } = reference;
    for (name, value) in [
        ("rel", Some(rel)),
        ("href", Some(href)),
        ("type", media_type.as_ref()),
        ("title", title.as_ref()),
        ("length", length.as_ref()),
    ] {
        let value = value.map_or("", |value| value.trim());
        // A source may have a name only; the parser takes no link without `href`.
        if name == "href" || !value.is_empty() {
            attribute(out, name, value);
        }
    }
    out.push_str("/>");
}

pub(super) fn said(out: &mut String, name: &str, said: Option<&Said<'_>>, attributes: &[(&str, &str)]) {
    let Some(Said { text, is_html }) = said.filter(|said| !said.text.trim().is_empty()) else { return };
    out.push('<');
    out.push_str(name);
    out.push_str(if *is_html { " type=\"html\"" } else { " type=\"text\"" });
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        attribute(out, name, value);
    }
    out.push('>');
    literal(out, text);
    close(out, name);
}

/// An element of plain text, where there is any.
pub(super) fn element(out: &mut String, name: &str, text: Option<&str>) {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return };
    let text = &text[..text.floor_char_boundary(SHORT_BYTES_MAX)];
    out.push('<');
    out.push_str(name);
    out.push('>');
    literal(out, text);
    close(out, name);
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text in a CDATA section; in two or more, where it holds the mark that ends one.
fn literal(out: &mut String, text: &str) {
    out.push_str("<![CDATA[");
    let mut rest = text;
    while let Some(end) = memmem::find(rest.as_bytes(), b"]]>") {
        out.push_str(&rest[..end]);
        out.push_str("]]]]><![CDATA[>");
        rest = &rest[end + 3..];
    }
    out.push_str(rest);
    out.push_str("]]>");
}
