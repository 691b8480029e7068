//! Entries that come back under another id: some publishers make new ids on every fetch, or change how they make them.
//! What the last document of a feed held and this one does not name is looked for among what this one brings as new.

use super::Engine;
use super::entry::{Draft, Entry, clamp};
use super::id::{EntryId, FeedId, digest};
use super::link::CanonicalLink;
use super::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// Gives drafts of known entries their known ids: where the id is not shared any more, or was not before; else where
    /// page and date are the same (without a page, title and date; without a date, page and title), and nothing else here
    /// or there has the same. A page that shows something new every day has a new date for it, and is new.
    pub(super) fn recognise(&self, feed: FeedId, drafts: &mut [Draft], now: Timestamp) {
        let Some(feed) = self.feeds.get(&feed) else { return };
        for draft in drafts.iter_mut() {
            draft.id = self.id_before(draft).unwrap_or(draft.id);
        }
        let named: BTreeSet<EntryId> = drafts.iter().map(|draft| draft.id).collect();
        let missing = feed.carried.iter().filter(|id| !named.contains(id)).filter_map(|id| self.entries.get(id));
        let likeness_of = |entry: &Entry| likeness(entry.link.as_deref(), entry.published, &entry.title);
        let missing = unique(missing.filter_map(|entry| Some((likeness_of(entry)?, entry.id))));
        if missing.is_empty() {
            return;
        }
        let is_new = |draft: &Draft| !self.entries.contains_key(&draft.id);
        let likeness_of = |draft: &Draft| likeness(draft.link.as_deref(), clamp(draft.published, now), &draft.title);
        let new = drafts.iter().enumerate().filter(|(_, draft)| is_new(draft));
        for (likeness, place) in unique(new.filter_map(|(place, draft)| Some((likeness_of(draft)?, place)))) {
            if let Some(known) = missing.get(&likeness) {
                drafts[place].id = *known;
            }
        }
    }

    /// The id that an entry had when its given one was shared, or was not: known, for this very page, and the one it has
    /// now is not.
    fn id_before(&self, draft: &Draft) -> Option<EntryId> {
        let is_this = |id: &EntryId| {
            let known = self.entries.get(id).and_then(|entry| entry.link.as_deref()).and_then(CanonicalLink::of);
            known.is_some() && known == draft.link.as_deref().and_then(CanonicalLink::of)
        };
        draft.other_id.filter(|other| !is_this(&draft.id) && is_this(other))
    }
}

/// A hash of what is the same of an entry under any id; none where too little is said. A home page says nothing.
fn likeness(link: Option<&str>, published: Option<Timestamp>, title: &str) -> Option<u64> {
    let page = link.and_then(CanonicalLink::of).filter(|page| page.as_str().contains(['/', '?']));
    let page = page.as_ref().map(CanonicalLink::as_str).unwrap_or_default();
    let date = published.map(|date| date.to_string()).unwrap_or_default();
    let title = if page.is_empty() || date.is_empty() { title } else { "" };
    let said = [page, &date, title].iter().filter(|part| !part.is_empty()).count();
    (said >= 2).then(|| digest(&[page.as_bytes(), date.as_bytes(), title.as_bytes()]))
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
