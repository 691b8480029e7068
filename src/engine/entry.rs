//! One item of a feed, normalised.

use super::evidence::{Decision, SharedTerm};
use super::features::Features;
use super::id::{ClusterId, EntryId, FeedId, digest};
use super::link::CanonicalLink;
use super::time::Timestamp;
use std::sync::Arc;

/// What names an item within its feed, in the order of trust: the publisher's own id, else the page, else what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// RSS `guid`, Atom `id`, JSON Feed `id`: opaque.
    Given(String),
    /// The canonical link.
    Link(CanonicalLink),
    /// Title and date, for items that have neither.
    Fingerprint(String),
}

impl EntryId {
    /// The id of the item that `identity` names in `feed`: the same on every fetch, whatever else of it changes.
    #[must_use]
    pub fn of(feed: FeedId, identity: &Identity) -> Self {
        let (kind, name): (&[u8], &str) = match identity {
            Identity::Given(id) => (b"given", id),
            Identity::Link(link) => (b"link", link.as_str()),
            Identity::Fingerprint(text) => (b"fingerprint", text),
        };
        Self(digest(&[b"entry", &feed.0.to_le_bytes(), kind, name.as_bytes()]))
    }
}

/// An item as one fetch brought it: everything that can be computed without knowing any other entry.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its place in the document, from 0.
    pub place: usize,
    /// See [`Identity`].
    pub id: EntryId,
    /// What its id is while others share its given one (guid and page), or was before they did (guid alone).
    pub other_id: Option<EntryId>,
    /// Plain text, one line; empty for untitled posts.
    pub title: String,
    /// Absolute, http or https.
    pub link: Option<String>,
    /// As the publisher dates it, unclamped.
    pub published: Option<Timestamp>,
    /// As the publisher dates its last change, unclamped.
    pub updated: Option<Timestamp>,
    /// BCP 47, as the item or its feed says.
    pub language: Option<String>,
    /// Hash of title, link and text: tells an edit from a repetition.
    pub version: u64,
    /// What clustering looks at.
    pub features: Features,
    /// What it says at length.
    pub details: Details,
}

impl Draft {
    /// Whether there is anything to show: some items have an author and a date and nothing else.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let Details { text, image, enclosures, .. } = &self.details;
        let is_shown = !self.title.is_empty() || !text.is_empty();
        is_shown || self.link.is_some() || image.is_some() || !enclosures.is_empty()
    }
}

/// What an entry says at length: read when it is shown, never when it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Plain text of summary or content, whichever says more; a line for each paragraph.
    pub text: String,
    /// The markup it was read from, made safe, where there is more in it than paragraphs; furniture and all.
    pub html: Option<String>,
    /// Names, plain.
    pub authors: Vec<String>,
    /// What the publisher files it under, plain.
    pub categories: Vec<String>,
    /// The address of a picture.
    pub image: Option<String>,
    /// Files that come with it.
    pub enclosures: Vec<Enclosure>,
    /// Where the publisher took it from (Atom's and RSS's `source`).
    pub origin: Option<Origin>,
}

/// A file that comes with an entry (RSS `enclosure`): a podcast's episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// http or https.
    pub url: String,
    /// As the publisher says.
    pub media_type: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
}

/// Where an entry was taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Plain.
    pub name: Option<String>,
    /// The feed, or a page; http or https.
    pub url: Option<String>,
}

/// An entry, kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Permanent.
    pub id: EntryId,
    /// The feed that brought it.
    pub feed: FeedId,
    /// Plain text, one line; empty for untitled posts.
    pub title: String,
    /// Absolute, http or https.
    pub link: Option<String>,
    /// Who stands behind it, alias groups applied.
    pub publisher: Arc<str>,
    /// BCP 47.
    pub language: Option<String>,
    /// As the publisher dates it, clamped (see [`clamp`]).
    pub published: Option<Timestamp>,
    /// When we saw it first.
    pub first_seen: Timestamp,
    /// It was in its feed at the first successful fetch: old news to the reader, whenever it was imported.
    pub initial: bool,
    /// When its feed stopped carrying it; none while it does.
    pub left: Option<Timestamp>,
    /// Tells an edit from a repetition.
    pub version: u64,
    /// Where it stands now.
    pub cluster: ClusterId,
    /// Its place in the order of decisions.
    pub sequence: u64,
    /// How it came there: the evidence of the decision, as it was.
    pub decision: Decision,
    /// What it had in common with the entry that decided, the rarest first.
    pub spoke: Vec<SharedTerm>,
}

impl Entry {
    /// The moment that clustering and ordering go by: the publisher's date, else when we saw it.
    #[must_use]
    pub fn date(&self) -> Timestamp {
        self.published.unwrap_or(self.first_seen)
    }

    /// The entry this is a copy of.
    #[must_use]
    pub fn copy_of(&self) -> Option<EntryId> {
        match &self.decision {
            Decision::Copy { of, .. } => Some(*of),
            _ => None,
        }
    }
}

/// The oldest date that is believed: nothing was syndicated before (RSS is of 1999; archives reach back further, but
/// 1970 and year 1 are broken clocks).
const OLDEST_BELIEVED: Timestamp = Timestamp::EPOCH;

/// A publisher's date, made safe: nothing from the future, nothing absurd. `None` stands for "when we saw it".
#[must_use]
pub fn clamp(date: Option<Timestamp>, first_seen: Timestamp) -> Option<Timestamp> {
    date.filter(|date| *date <= first_seen && *date > OLDEST_BELIEVED.plus(std::time::Duration::from_hours(24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_from_the_future_or_from_a_broken_clock_is_not_believed() {
        let seen = Timestamp::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
        let check = |date: &str, kept: bool| {
            assert_eq!(clamp(Timestamp::parse_rfc3339(date), seen).is_some(), kept, "{date}");
        };
        check("2026-11-21T11:00:00Z", true);
        check("1998-05-01T00:00:00Z", true);
        check("2026-11-21T13:00:00Z", false);
        check("1970-01-01T00:00:00Z", false);
        check("0001-01-01T00:00:00Z", false);
    }

    #[test]
    fn identities_of_different_kinds_or_feeds_never_meet() {
        let link = CanonicalLink::of("https://example.org/a").unwrap();
        let given = Identity::Given("example.org/a".to_owned());
        let feed = FeedId(7);
        assert_ne!(EntryId::of(feed, &given), EntryId::of(feed, &Identity::Link(link)));
        assert_ne!(EntryId::of(feed, &given), EntryId::of(FeedId(8), &given));
    }
}
