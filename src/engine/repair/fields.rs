//! The elements of an item: what each of them says.

use super::Repair;
use super::capture::{Captured, capture};
use super::item::{Item, Reference, Said};
use super::references::resolve;
use super::tokens::{Tag, Token, Tokens};
use super::vocabulary::{Element, Rank};
use super::xml::Reader;
use crate::engine::date;
use crate::engine::entry::clamp;
use std::borrow::Cow;

impl<'a> Reader<'a, '_> {
    /// One element of an item; false where the document ends within it.
    pub(super) fn field(&mut self, item: &mut Item<'a>, tag: Tag<'a>) -> bool {
        let Some((element, rank)) = self.element(tag) else {
            return self.skipped(tag);
        };
        let outer = tag.says_xml().then(|| self.scope.enter(tag, self.repairs));
        let is_whole = self.read(item, tag, element, rank).is_some();
        if let Some(outer) = outer {
            if matches!(element, Element::Content | Element::Summary) {
                item.language = outer.own(self.scope.language()).or_else(|| item.language.take());
            }
            self.scope.leave(outer);
        }
        is_whole
    }

    fn read(&mut self, item: &mut Item<'a>, tag: Tag<'a>, element: Element, rank: Rank) -> Option<()> {
        match element {
            Element::Title => {
                let said = self.said(tag)?;
                if !said.text.trim().is_empty() {
                    item.title.offer(rank, said);
                }
            }
            Element::Summary | Element::Content => {
                let said = self.said(tag)?;
                if said.text.trim().is_empty() {
                    return Some(());
                }
                item.base = self.scope.base().map(|base| base.as_str().to_owned());
                let place = if element == Element::Summary { &mut item.summary } else { &mut item.content };
                place.offer(rank, said);
            }
            Element::Link => self.link(item, tag, rank)?,
            Element::Id => self.id(item, tag, rank)?,
            Element::Published | Element::Updated => {
                let text = self.text(tag)?;
                if let Some(date) = date::parse(&text) {
                    let place = if element == Element::Published { &mut item.published } else { &mut item.updated };
                    // A broken clock's (1970, year 1) is better than none, and worse than any other.
                    let is_believed = clamp(Some(date), date).is_some();
                    place.offer(if is_believed { rank } else { Rank::MAX }, date);
                }
            }
            Element::Author => {
                let captured = self.captured(tag)?;
                let name =
                    if captured.has_tags { self.child(captured.raw, Element::Name) } else { Some(captured.text) };
                item.credit(rank, Cow::Owned(name.map(|name| person(&name)).unwrap_or_default()));
            }
            Element::Category => {
                let term = self.attribute(tag, "label").or_else(|| self.attribute(tag, "term"));
                let text = self.text(tag)?;
                item.file_under(term.filter(|term| !term.is_empty()).unwrap_or(text));
            }
            Element::Enclosure => self.enclosure(item, tag),
            Element::Picture => {
                if let Some(href) = self.attribute(tag, "url").or_else(|| self.attribute(tag, "href")) {
                    item.refer(Reference::new("preview", self.scope.absolute(href)));
                }
            }
            Element::Source => self.source(item, tag)?,
            Element::Language => {
                let text = Some(self.text(tag)?).filter(|text| !text.trim().is_empty());
                item.language = text.or_else(|| item.language.take());
            }
            Element::Container
            | Element::Item
            | Element::Group
            | Element::Name
            | Element::TimeToLive
            | Element::SkipHour
            | Element::SkipDay
            | Element::Period
            | Element::Frequency
            | Element::WebPage => {}
        }
        Some(())
    }

    /// A link, as RSS (text) or Atom (`href`) has it.
    fn link(&mut self, item: &mut Item<'a>, tag: Tag<'a>, rank: Rank) -> Option<()> {
        let text = self.text(tag)?;
        let Some(href) = self.attribute(tag, "href") else {
            if !text.trim().is_empty() {
                // Escaped twice; no address has this in it.
                let text = if text.contains("&amp;") { Cow::Owned(text.replace("&amp;", "&")) } else { text };
                item.page.offer(rank, self.scope.absolute(text));
            }
            return Some(());
        };
        let href = self.scope.absolute(href);
        let media_type = self.attribute(tag, "type");
        match self.attribute(tag, "rel").as_deref().map_or("alternate", str::trim) {
            "alternate" | "" => {
                let is_page = media_type.is_none_or(|media_type| media_type.contains("htm"));
                if !href.trim().is_empty() {
                    item.page.offer(if is_page { rank } else { rank + 1 }, href);
                }
            }
            "enclosure" => {
                let (title, length) = (self.attribute(tag, "title"), self.attribute(tag, "length"));
                item.refer(Reference { media_type, title, length, ..Reference::new("enclosure", href) });
            }
            "related" => item.page.offer(rank + 2, href),
            "via" => item.refer(Reference { title: self.attribute(tag, "title"), ..Reference::new("via", href) }),
            _ => {}
        }
        Some(())
    }

    fn id(&mut self, item: &mut Item<'a>, tag: Tag<'a>, rank: Rank) -> Option<()> {
        let text = self.text(tag)?;
        let text = text.trim();
        if text.is_empty() {
            return Some(());
        }
        let may_be_link =
            self.attribute(tag, "isPermaLink").is_none_or(|value| !value.trim().eq_ignore_ascii_case("false"));
        if may_be_link && (text.starts_with("http://") || text.starts_with("https://")) {
            item.page.offer(Rank::MAX, Cow::Owned(text.to_owned()));
        }
        item.id.offer(rank, Cow::Owned(text.to_owned()));
        Some(())
    }

    fn enclosure(&mut self, item: &mut Item<'a>, tag: Tag<'a>) {
        let Some(href) = self.attribute(tag, "url").or_else(|| self.attribute(tag, "href")) else { return };
        let media_type = self.attribute(tag, "type").or_else(|| {
            let medium = self.attribute(tag, "medium")?;
            Some(Cow::Owned(format!("{medium}/*")))
        });
        let length = self.attribute(tag, "length").or_else(|| self.attribute(tag, "fileSize"));
        let href = self.scope.absolute(href);
        item.refer(Reference { media_type, length, ..Reference::new("enclosure", href) });
    }

    /// Where an item was taken from: RSS has name and address, Atom a feed's own elements.
    fn source(&mut self, item: &mut Item<'a>, tag: Tag<'a>) -> Option<()> {
        let captured = self.captured(tag)?;
        let (title, href) = if captured.has_tags {
            (self.child(captured.raw, Element::Title), self.child(captured.raw, Element::Link))
        } else {
            (Some(captured.text), self.attribute(tag, "url"))
        };
        let href = href.map(|href| self.scope.absolute(href)).unwrap_or_default();
        item.refer(Reference { title, ..Reference::new("via", href) });
        Some(())
    }

    /// The text (of a link: the address) of the first such element within a piece of the document.
    fn child(&mut self, piece: &'a str, wanted: Element) -> Option<Cow<'a, str>> {
        let mut tokens = Tokens::new(piece);
        while let Some(token) = tokens.next(self.repairs) {
            let Token::Open(tag) = token else { continue };
            if self.scope.element(tag, self.repairs).is_none_or(|(element, _)| element != wanted) {
                continue;
            }
            let href = self.attribute(tag, "href");
            let text = capture(&mut tokens, tag, true, |_| false, self.repairs).map(|captured| captured.text);
            return href.or(text).filter(|text| !text.trim().is_empty());
        }
        None
    }

    fn attribute(&mut self, tag: Tag<'a>, name: &str) -> Option<Cow<'a, str>> {
        if tag.rest().is_empty() {
            return None;
        }
        let (_, value) = tag.attributes().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(resolve(value, self.repairs))
    }

    fn captured(&mut self, tag: Tag<'a>) -> Option<Captured<'a>> {
        let (item, open) = (self.item_name, &self.open);
        let is_beyond = |name: &str| name == item || open.iter().any(|(open, _)| *open == name);
        capture(&mut self.tokens, tag, true, is_beyond, self.repairs)
    }

    pub(super) fn text(&mut self, tag: Tag<'a>) -> Option<Cow<'a, str>> {
        self.captured(tag).map(|captured| captured.text)
    }

    /// Text with its type. RSS has none and means markup; Atom says (RFC 4287, section 3.1.1; 0.3: `mode`).
    pub(super) fn said(&mut self, tag: Tag<'a>) -> Option<Said<'a>> {
        let captured = self.captured(tag)?;
        let given = self.attribute(tag, "type");
        let mode = self.attribute(tag, "mode");
        let is_atom = self.scope.is_atom() || given.is_some();
        let is_html = match given.as_deref().map(str::trim) {
            _ if mode.as_deref() == Some("escaped") => true,
            None | Some("text" | "text/plain" | "plain" | "") => !is_atom,
            Some("html" | "xhtml" | "text/html" | "application/xhtml+xml") => true,
            Some(_) => {
                if self.scope.is_atom() {
                    self.repairs.note(Repair::UnknownType);
                }
                true
            }
        };
        if !captured.has_tags {
            return Some(Said { text: captured.text, is_html });
        }
        let is_xml = given.is_some_and(|given| given.contains("xhtml") || given.contains("xml"))
            || mode.as_deref() == Some("xml");
        if !is_xml {
            self.repairs.note(Repair::InlineMarkup);
        }
        Some(Said { text: Cow::Owned(captured.markup(is_xml, self.repairs)), is_html: true })
    }
}

/// A person's name out of what RSS has for it: `mail@example.org (Name)`, `Name <mail@example.org>`, a name. Mail
/// addresses are not passed on.
fn person(text: &str) -> String {
    let is_mail = |word: &&str| word.contains('@');
    let trimmed = text.trim();
    let words: Vec<&str> = trimmed
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '\u{ff08}' | '\u{ff09}'))
        .filter(|word| !word.is_empty())
        .collect();
    if !words.iter().any(is_mail) {
        return trimmed.to_owned();
    }
    let name: Vec<&str> = words.into_iter().filter(|word| !is_mail(word) && *word != "mailto:").collect();
    name.join(" ").trim_end_matches([':', ',']).to_owned()
}
