//! Reads JSON Feed (<https://www.jsonfeed.org/version/1.1/>), as it is written rather than as it should be: numbers for
//! ids, missing titles, values of the wrong type. Values are read as they come, not into a tree, so that a document of
//! brackets costs no more memory than its items.

use super::item::{Item, Reference, Said};
use super::loose::{Bounded, Loose};
use super::scope::Scope;
use super::{Atom, Repair, Repairs, Rewritten, Unreadable};
use crate::engine::date;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// See [`super::rewritten`].
pub(super) fn rewritten(text: &str, base: Option<&str>, repairs: &mut Repairs) -> Result<Rewritten, Unreadable> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut feed = Feed::new(base, text.len());
    let mut ended = feed.read(text);
    if ended.as_ref().is_err_and(|error| !error.is_eof()) {
        let mended = mended(text);
        let mut second = Feed::new(base, mended.len());
        let end = second.read(&mended);
        if end.is_ok() || second.atom.entries.len() > feed.atom.entries.len() {
            repairs.note(Repair::JsonSyntax);
            (feed, ended) = (second, end);
        }
    }
    if !feed.is_one() {
        let reason = ended.err().map_or_else(|| "it is JSON, but no feed".to_owned(), |error| error.to_string());
        return Err(Unreadable::NoFeed(reason));
    }
    if let Err(error) = ended {
        if feed.atom.entries.is_empty() {
            let is_cut = error.is_eof();
            return Err(if is_cut { Unreadable::Truncated } else { Unreadable::NoFeed(error.to_string()) });
        }
        repairs.note(Repair::Truncated);
    }
    feed.repairs.list().into_iter().for_each(|repair| repairs.note(repair));
    let version = feed.version.as_deref().unwrap_or_default().trim_end_matches('/');
    let version = if version.ends_with("jsonfeed.org/version/1") { "1" } else { "1.1" };
    let title = feed.title.map(|text| Said { text: Cow::Owned(text), is_html: false });
    Ok(Rewritten { language: feed.language, ..feed.atom.finish(format!("json feed {version}"), title.as_ref()) })
}

/// What JSON does not allow in a string and generators write all the same: half of a surrogate pair, a line break.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut rest) = (false, text);
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' if in_string => escape(rest, &mut out),
            '"' => {
                in_string = !in_string;
                out.push(c);
                1
            }
            '\n' | '\r' | '\t' if in_string => {
                out.push(' ');
                1
            }
            // A comma before a closing bracket.
            ',' if !in_string && rest[1..].trim_start().starts_with([']', '}']) => 1,
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// Copies an escape; one that means nothing loses its meaning, not the document. How many bytes it takes.
fn escape(rest: &str, out: &mut String) -> usize {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    match (rest.as_bytes().get(1), unit(0)) {
        (Some(b'u'), Some(0xd800..=0xdbff)) if matches!(unit(6), Some(0xdc00..=0xdfff)) => {
            out.push_str(&rest[..12]);
            12
        }
        (Some(b'u'), Some(0xd800..=0xdfff)) => {
            out.push(char::REPLACEMENT_CHARACTER);
            6
        }
        (Some(b'u'), Some(_)) => {
            out.push_str(&rest[..6]);
            6
        }
        (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => {
            out.push_str(&rest[..2]);
            2
        }
        _ => {
            out.push_str("\\\\");
            1
        }
    }
}

/// A feed as it is being read: what was read stays when the document breaks off.
struct Feed<'b> {
    scope: Scope<'b>,
    version: Option<String>,
    title: Option<String>,
    language: Option<String>,
    has_items: bool,
    atom: Atom,
    repairs: Repairs,
}

impl Feed<'_> {
    fn new(base: Option<&str>, bytes: usize) -> Self {
        Self {
            scope: Scope::new(base),
            version: None,
            title: None,
            language: None,
            has_items: false,
            atom: Atom::with_capacity(bytes),
            repairs: Repairs::default(),
        }
    }

    fn read(&mut self, text: &str) -> serde_json::Result<()> {
        serde_json::Deserializer::from_str(text).deserialize_map(self)
    }

    fn is_one(&self) -> bool {
        self.has_items || self.version.as_deref().is_some_and(|version| version.contains("jsonfeed.org"))
    }

    fn text(&mut self, value: Option<Loose>) -> Option<String> {
        let text = match value? {
            Loose::Text(text) => text,
            Loose::Number(text) => {
                self.repairs.note(Repair::JsonTypes);
                text
            }
            Loose::Nothing => return None,
            Loose::List(_) | Loose::Map(_) => {
                self.repairs.note(Repair::JsonTypes);
                return None;
            }
        };
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn add(&mut self, value: Loose) {
        let Loose::Map(mut members) = value else {
            self.repairs.note(Repair::JsonTypes);
            return self.atom.pass_over();
        };
        let item = self.item(&mut members);
        self.atom.add(&item);
    }

    fn item(&mut self, members: &mut Vec<(String, Loose)>) -> Item<'static> {
        let mut item = Item::default();
        let mut text = |name: &str| {
            let place = members.iter().rposition(|(known, _)| known == name)?;
            let value = std::mem::replace(&mut members[place].1, Loose::Nothing);
            self.text(Some(value))
        };
        if let Some(id) = text("id") {
            item.id.offer(0, Cow::Owned(id));
        }
        if let Some(title) = text("title") {
            item.title.offer(0, Said { text: Cow::Owned(title), is_html: false });
        }
        for (rank, name, is_html) in [(0, "content_html", true), (1, "content_text", false)] {
            if let Some(content) = text(name) {
                item.content.offer(rank, Said { text: Cow::Owned(content), is_html });
            }
        }
        if let Some(summary) = text("summary") {
            item.summary.offer(0, Said { text: Cow::Owned(summary), is_html: false });
        }
        item.language = text("language").map(Cow::Owned);
        let dates = (text("date_published"), text("date_modified"));
        dates.0.and_then(|date| date::parse(&date)).into_iter().for_each(|date| item.published.offer(0, date));
        dates.1.and_then(|date| date::parse(&date)).into_iter().for_each(|date| item.updated.offer(0, date));
        let links = [(0, text("url")), (1, text("external_url"))];
        let pictures = [text("image"), text("banner_image")];
        for (rank, url) in links {
            if let Some(url) = url {
                item.page.offer(rank, self.scope.absolute(Cow::Owned(url)));
            }
        }
        for url in pictures.into_iter().flatten() {
            item.refer(Reference::new("preview", self.scope.absolute(Cow::Owned(url))));
        }
        item.base = self.scope.base().map(|base| base.as_str().to_owned());
        self.lists(members, &mut item);
        item
    }

    fn lists(&mut self, members: &mut Vec<(String, Loose)>, item: &mut Item<'static>) {
        for (name, value) in members.drain(..) {
            match (name.as_str(), value) {
                ("tags", Loose::List(tags)) => {
                    for tag in tags {
                        self.text(Some(tag)).into_iter().for_each(|tag| item.file_under(Cow::Owned(tag)));
                    }
                }
                ("authors", Loose::List(authors)) => {
                    for author in authors {
                        self.credit(author, item);
                    }
                }
                ("author", author) => self.credit(author, item),
                ("attachments", Loose::List(attachments)) => {
                    for attachment in attachments {
                        self.attach(attachment, item);
                    }
                }
                _ => {}
            }
        }
    }

    fn credit(&mut self, author: Loose, item: &mut Item<'static>) {
        let name = match author {
            Loose::Map(members) => members.into_iter().find(|(name, _)| name == "name").map(|(_, value)| value),
            other => Some(other),
        };
        self.text(name).into_iter().for_each(|name| item.credit(0, Cow::Owned(name)));
    }

    fn attach(&mut self, attachment: Loose, item: &mut Item<'static>) {
        let Loose::Map(members) = attachment else { return };
        let (mut url, mut media_type, mut length) = (None, None, None);
        for (name, value) in members {
            match name.as_str() {
                "url" => url = self.text(Some(value)),
                "mime_type" => media_type = self.text(Some(value)).map(Cow::Owned),
                // A number where a number is due.
                "size_in_bytes" => length = value.number().map(Cow::Owned),
                _ => {}
            }
        }
        if let Some(url) = url {
            let href = self.scope.absolute(Cow::Owned(url));
            item.refer(Reference { media_type, length, ..Reference::new("enclosure", href) });
        }
    }
}

impl<'de> Visitor<'de> for &mut Feed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                self.has_items = true;
                map.next_value_seed(Items(self))?;
                continue;
            }
            let value = map.next_value_seed(Bounded::WHOLE)?;
            match key.as_str() {
                "version" => self.version = self.text(Some(value)),
                "title" => self.title = self.text(Some(value)),
                "language" => self.language = self.text(Some(value)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The list of items: each is written out as it is read.
struct Items<'f, 'b>(&'f mut Feed<'b>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while self.0.atom.has_room()
            && let Some(value) = list.next_element_seed(Bounded::WHOLE)?
        {
            self.0.add(value);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            self.0.repairs.note(Repair::ManyItems);
        }
        Ok(())
    }
}
