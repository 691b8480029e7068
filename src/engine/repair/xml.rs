//! Reads RSS and Atom of any version, well-formed or not.

use super::capture::capture;
use super::item::{Best, Item, Said};
use super::references::resolve;
use super::scope::{Outer, Scope, split};
use super::tokens::{Tag, Token, Tokens};
use super::vocabulary::{Element, Namespace, Rank, is_in_right_case};
use super::{Atom, Repair, Repairs, Rewritten, Unreadable};
use crate::engine::cadence::DocumentHints;
use std::borrow::Cow;
use std::time::Duration;

/// Containers open inside each other: `rdf`, `channel`, and a few that nobody needs.
const CONTAINERS_MAX: usize = 16;

/// Versions of RSS that have an `rss` root (<https://www.rssboard.org/rss-history>).
const RSS_VERSIONS: [&str; 6] = ["2.0", "0.90", "0.91", "0.92", "0.93", "0.94"];

/// See [`super::rewritten`].
pub(super) fn rewritten(text: &str, base: Option<&str>, repairs: &mut Repairs) -> Result<Rewritten, Unreadable> {
    let mut reader = Reader {
        tokens: Tokens::new(text),
        scope: Scope::new(base),
        repairs,
        open: Vec::new(),
        item_name: "",
        title: Best::default(),
        language: Best::default(),
        hints: DocumentHints::default(),
        period: None,
        frequency: None,
        atom: Atom::with_capacity(text.len()),
    };
    let format = reader.root()?;
    reader.feed();
    if reader.repairs.has(Repair::Truncated) && reader.atom.entries.is_empty() {
        return Err(Unreadable::Truncated);
    }
    let language = reader.language.get().map(|language| language.trim().to_owned());
    let hints = DocumentHints { period: reader.changes_every(), ..reader.hints };
    Ok(Rewritten { language, hints, ..reader.atom.finish(format, reader.title.get()) })
}

pub(super) struct Reader<'a, 'r> {
    pub(super) tokens: Tokens<'a>,
    pub(super) scope: Scope<'a>,
    pub(super) repairs: &'r mut Repairs,
    /// Containers that are open, by their names as written, and what was in force before them.
    pub(super) open: Vec<(&'a str, Outer<'a>)>,
    /// The name, as written, of the item being read.
    pub(super) item_name: &'a str,
    title: Best<Said<'a>>,
    language: Best<Cow<'a, str>>,
    hints: DocumentHints,
    /// `sy:updatePeriod`, and how often in it.
    period: Option<Duration>,
    frequency: Option<u32>,
    atom: Atom,
}

impl<'a> Reader<'a, '_> {
    /// Finds the root, over whatever stands before it; its format.
    fn root(&mut self) -> Result<String, Unreadable> {
        let mut first = None;
        loop {
            let place = self.tokens.place();
            match self.tokens.next(self.repairs) {
                None => break,
                Some(Token::Open(tag)) => {
                    let (_, local) = split(tag.name);
                    let lower = local.to_ascii_lowercase();
                    match lower.as_str() {
                        "rss" | "rdf" | "feed" | "channel" | "entry" => {
                            if lower != local && local != "RDF" {
                                self.repairs.note(Repair::LetterCase);
                            }
                            return Ok(self.begin(tag, &lower, place));
                        }
                        "html" => return Err(Unreadable::WebPage),
                        _ => {
                            self.repairs.note(Repair::Junk);
                            first.get_or_insert(tag.name);
                        }
                    }
                }
                Some(Token::Text(text) | Token::Literal(text))
                    if !text.trim_start_matches('\u{feff}').trim().is_empty() =>
                {
                    self.repairs.note(Repair::Junk);
                }
                Some(_) => {}
            }
        }
        Err(Unreadable::NoFeed(match first {
            Some(name) => format!("its root element is <{name}>"),
            None => "it begins like none of them".to_owned(),
        }))
    }

    fn begin(&mut self, tag: Tag<'a>, local: &str, place: usize) -> String {
        let is_atom = matches!(local, "feed" | "entry");
        self.scope.set_native(if is_atom { Namespace::Atom } else { Namespace::Rss });
        if local == "entry" {
            // A document may be a single entry (RFC 4287, section 2).
            self.tokens.return_to(place);
        } else {
            self.enter(tag);
        }
        let attribute = |wanted: &str| {
            tag.attributes().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let version = attribute("version");
        match local {
            "rss" => {
                let version = version.filter(|version| RSS_VERSIONS.contains(version));
                if version.is_none() {
                    self.repairs.note(Repair::Version);
                }
                format!("rss {}", version.unwrap_or("2.0"))
            }
            "rdf" => {
                let is_oldest = attribute("xmlns").is_some_and(|address| address.contains("netscape"));
                if is_oldest { "rss 0.90" } else { "rss 1.0" }.to_owned()
            }
            "channel" => {
                self.repairs.note(Repair::Version);
                "rss 2.0".to_owned()
            }
            _ => {
                let is_old = tag.attributes().any(|(_, value)| value.contains("purl.org/atom/ns"));
                if is_old || version == Some("0.3") { "atom 0.3" } else { "atom 1.0" }.to_owned()
            }
        }
    }

    /// Reads what is in the root.
    fn feed(&mut self) {
        let is_single = self.open.is_empty();
        loop {
            match self.tokens.next(self.repairs) {
                None => {
                    if !is_single {
                        self.repairs.note(Repair::Truncated);
                    }
                    return;
                }
                Some(Token::Open(tag)) => {
                    if !self.in_feed(tag) {
                        return;
                    }
                }
                Some(Token::Close(name)) => {
                    self.close(name);
                    if self.open.is_empty() && !is_single {
                        return self.rest();
                    }
                }
                Some(Token::Text(_) | Token::Literal(_) | Token::Remark) => {}
            }
        }
    }

    /// What stands behind the root is none of the feed's.
    fn rest(&mut self) {
        while let Some(token) = self.tokens.next(self.repairs) {
            let is_nothing =
                matches!(token, Token::Remark) || matches!(token, Token::Text(text) if text.trim().is_empty());
            if !is_nothing {
                return self.repairs.note(Repair::Junk);
            }
        }
    }

    /// One element of the feed; whether to go on.
    fn in_feed(&mut self, tag: Tag<'a>) -> bool {
        let found = self.element(tag);
        match found {
            Some((Element::Container, _)) => self.enter(tag),
            Some((Element::Item, _)) => {
                if !self.atom.has_room() {
                    self.repairs.note(Repair::ManyItems);
                    return false;
                }
                self.item(tag);
            }
            Some((Element::Title, rank)) => {
                if let Some(title) = self.said(tag).filter(|title| !title.text.trim().is_empty()) {
                    self.title.offer(rank, title);
                }
            }
            Some((Element::Language, rank)) => {
                if let Some(language) = self.text(tag).filter(|language| !language.trim().is_empty()) {
                    self.language.offer(rank, language);
                }
            }
            Some((
                element @ (Element::TimeToLive
                | Element::SkipHour
                | Element::SkipDay
                | Element::Period
                | Element::Frequency),
                _,
            )) => {
                if let Some(text) = self.text(tag) {
                    self.hint(element, text.trim());
                }
            }
            // Not `image`, which has a title of its own.
            _ => self.skip(tag),
        }
        true
    }

    /// What the document asks of those who poll; what cannot be read asks nothing.
    fn hint(&mut self, element: Element, text: &str) {
        const MINUTE: u64 = 60;
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        match element {
            Element::TimeToLive => {
                let minutes: Option<u32> = text.parse().ok();
                self.hints.ttl = minutes.map(|minutes| Duration::from_secs(MINUTE * u64::from(minutes)));
            }
            // Some count the hours of a day from 1 to 24.
            Element::SkipHour => {
                self.hints.skip_hours |=
                    text.parse().map_or(0, |hour: u32| if hour <= 24 { 1 << (hour % 24) } else { 0 });
            }
            Element::SkipDay => {
                let day = days.iter().position(|day| text.eq_ignore_ascii_case(day));
                self.hints.skip_days |= day.map_or(0, |day| 1 << day);
            }
            Element::Frequency => self.frequency = text.parse().ok(),
            _ => self.period = period(text),
        }
    }

    /// RSS 1.0 syndication module: so often in a period, once if it does not say.
    fn changes_every(&self) -> Option<Duration> {
        Some(self.period? / self.frequency.filter(|times| *times > 0).unwrap_or(1))
    }

    /// What an element is; its letters are looked at on the way.
    pub(super) fn element(&mut self, tag: Tag<'a>) -> Option<(Element, Rank)> {
        let found = self.scope.element(tag, self.repairs)?;
        if !is_in_right_case(split(tag.name).1) {
            self.repairs.note(Repair::LetterCase);
        }
        Some(found)
    }

    fn enter(&mut self, tag: Tag<'a>) {
        if tag.is_empty || self.open.len() >= CONTAINERS_MAX {
            return;
        }
        let outer = self.scope.enter(tag, self.repairs);
        self.open.push((tag.name, outer));
        if let Some(language) = self.scope.language() {
            self.language.offer(0, language);
        }
    }

    fn close(&mut self, name: &str) {
        if !self.is_open(name) {
            return;
        }
        while let Some((open, outer)) = self.open.pop() {
            self.scope.leave(outer);
            if open.eq_ignore_ascii_case(name) {
                return;
            }
            self.repairs.note(Repair::UnclosedElements);
        }
    }

    /// Whether a container of this name is open. Who writes in capitals does not always close in them.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|(open, _)| open.eq_ignore_ascii_case(name))
    }

    /// Reads an item, and keeps it where it is whole.
    fn item(&mut self, tag: Tag<'a>) {
        let in_channel = self.open.iter().any(|(name, _)| split(name).1.eq_ignore_ascii_case("channel"));
        let in_rdf = self.open.iter().any(|(name, _)| split(name).1.eq_ignore_ascii_case("rdf"));
        if !self.scope.is_atom() && !in_channel && !in_rdf {
            self.repairs.note(Repair::StrayItems);
        }
        let outer = self.scope.enter(tag, self.repairs);
        self.item_name = tag.name;
        let mut item = Item::default();
        if let Some((_, about)) = tag.attributes().find(|(name, _)| split(name).1 == "about") {
            item.id.offer(2, resolve(about, self.repairs));
        }
        let is_whole = tag.is_empty || self.in_item(&mut item);
        item.language = item.language.or_else(|| outer.own(self.scope.language()));
        self.item_name = "";
        self.scope.leave(outer);
        if is_whole {
            self.atom.add(&item);
        } else {
            self.repairs.note(Repair::Truncated);
        }
    }

    /// Reads what is in an item; false where the document ends before it does.
    fn in_item(&mut self, item: &mut Item<'a>) -> bool {
        loop {
            let place = self.tokens.place();
            match self.tokens.next(self.repairs) {
                None => return false,
                Some(Token::Open(tag)) => {
                    if tag.name == self.item_name {
                        self.repairs.note(Repair::UnclosedElements);
                        self.tokens.return_to(place);
                        return true;
                    }
                    if !self.field(item, tag) {
                        return false;
                    }
                }
                Some(Token::Close(name)) if name.eq_ignore_ascii_case(self.item_name) => return true,
                Some(Token::Close(name)) if self.is_open(name) => {
                    self.repairs.note(Repair::UnclosedElements);
                    self.tokens.return_to(place);
                    return true;
                }
                Some(_) => {}
            }
        }
    }

    fn skip(&mut self, tag: Tag<'a>) {
        // The end of the document shows at the next token.
        let _ = self.skipped(tag);
    }

    /// Steps over an element that is not read; false where the document ends within it.
    pub(super) fn skipped(&mut self, tag: Tag<'a>) -> bool {
        let in_feed = self.item_name.is_empty();
        let (item, open) = (self.item_name, &self.open);
        let is_item = |name: &str| if in_feed { matches!(split(name).1, "item" | "entry") } else { name == item };
        let is_beyond = |name: &str| is_item(name) || open.iter().any(|(open, _)| *open == name);
        capture(&mut self.tokens, tag, false, is_beyond, self.repairs).is_some()
    }
}

/// `sy:updatePeriod`, by its name.
fn period(name: &str) -> Option<Duration> {
    let days = match name.to_ascii_lowercase().as_str() {
        "hourly" => return Some(Duration::from_hours(1)),
        "daily" => 1,
        "weekly" => 7,
        "monthly" => 30,
        "yearly" => 365,
        _ => return None,
    };
    Some(Duration::from_hours(24 * days))
}
