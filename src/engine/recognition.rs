//! Entries that come back under another id: some publishers make new ids on every fetch, or change how they make them.
//! What the last document of a feed held and this one does not name is looked for among what this one brings as new.

use super::Engine;
use super::entry::{Draft, clamp};
use super::id::{EntryId, FeedId, digest};
use super::link::CanonicalLink;
use super::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// Gives drafts of known entries their known ids. The page and the publisher's date are the same, and where there is
    /// no page or no date, the title: and nothing else here or there has the same. A page that shows something new every
    /// day has a new date for it, and is new.
    pub(super) fn recognise(&self, feed: FeedId, drafts: &mut [Draft], now: Timestamp) {
        let Some(feed) = self.feeds.get(&feed) else { return };
        let named: BTreeSet<EntryId> = drafts.iter().map(|draft| draft.id).collect();
        let missing = feed.carried.iter().filter(|id| !named.contains(id)).filter_map(|id| self.entries.get(id));
        let missing =
            unique(missing.map(|entry| (likeness(entry.link.as_deref(), entry.published, &entry.title), entry.id)));
        if missing.is_empty() {
            return;
        }
        let is_new = |draft: &Draft| !self.entries.contains_key(&draft.id);
        let likeness_of = |draft: &Draft| likeness(draft.link.as_deref(), clamp(draft.published, now), &draft.title);
        let new = drafts.iter().enumerate().filter(|(_, draft)| is_new(draft));
        for (likeness, place) in unique(new.map(|(place, draft)| (likeness_of(draft), place))) {
            if let Some(known) = missing.get(&likeness) {
                drafts[place].id = *known;
            }
        }
    }
}

/// A hash of what is the same of an entry under any id.
fn likeness(link: Option<&str>, published: Option<Timestamp>, title: &str) -> u64 {
    let page = link.and_then(CanonicalLink::of);
    let page = page.as_ref().map(CanonicalLink::as_str).unwrap_or_default();
    let date = published.map(|date| date.to_string()).unwrap_or_default();
    let title = if page.is_empty() || date.is_empty() { title } else { "" };
    digest(&[page.as_bytes(), date.as_bytes(), title.as_bytes()])
}

/// Without what stands there twice.
fn unique<T>(all: impl Iterator<Item = (u64, T)>) -> BTreeMap<u64, T> {
    let mut once = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for (likeness, value) in all {
        if once.insert(likeness, value).is_some() {
            twice.insert(likeness);
        }
    }
    once.retain(|likeness, _| !twice.contains(likeness));
    once
}
