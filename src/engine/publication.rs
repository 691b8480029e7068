//! When a cluster is published, who leads it, and what of it stands in the merged feed.

use super::Engine;
use super::cluster::{Cluster, Publication, is_significant};
use super::entry::{Details, Entry};
use super::id::{ClusterId, EntryId};
use super::merged::{Item, MergedFeed, Source};
use super::time::Timestamp;
use super::view::View;
use std::collections::BTreeSet;
use std::time::Duration;

/// From this many publishers on, a cluster need not settle: it will not turn out to be nothing.
const PUBLISHERS_AT_ONCE: usize = 3;

/// The merged feed's own options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputOptions {
    /// The merged feed's title.
    pub title: String,
    /// How long a new cluster waits for company before it is published.
    pub settle: Duration,
    /// What growth does to an entry that readers have.
    pub growth: Growth,
    /// Clusters in the merged feed.
    pub max_entries: usize,
    /// How long a cluster stays in the merged feed after it last grew.
    pub max_age: Duration,
    /// Where documents are served, for links to our own pages.
    pub base_url: Option<String>,
    /// Saved selections.
    pub views: Vec<View>,
}

/// What a reader sees of a cluster's growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// The body grows; `updated` moves on significant change only.
    Silent,
    /// `updated` moves with every further publisher.
    Bump,
    /// On significant growth it is issued anew, under another id: for readers that ignore updates.
    Reissue,
}

impl Engine {
    /// Brings a cluster's lead and publication up to date after something about it changed.
    pub(super) fn review(&mut self, id: ClusterId, now: Timestamp) {
        let Some(cluster) = self.clusters.get(&id) else { return };
        let members: Vec<&Entry> = cluster.members.iter().filter_map(|id| self.entries.get(id)).collect();
        let Some(lead) = self.lead(cluster, &members, now) else { return };
        let due = self.publication_due(&members);
        let publication = match &cluster.publication {
            Some(told) if self.is_fresh_import(cluster, &members, now) => {
                Some(Publication { released: told.released, ..first_publication(lead, &members, now) })
            }
            Some(told) => Some(self.grown(told.clone(), cluster.lead, lead, &members, now)),
            None => (due <= now).then(|| first_publication(lead, &members, now)),
        };
        let lead = lead.id;
        if publication.is_none() {
            self.settling.insert((due, id));
        }
        if let Some(cluster) = self.clusters.get_mut(&id) {
            cluster.lead = lead;
            cluster.publication = publication;
        }
        self.changes.clusters.insert(id);
    }

    /// What readers are told after a cluster that they know changed.
    fn grown(
        &self,
        mut told: Publication,
        old_lead: EntryId,
        lead: &Entry,
        members: &[&Entry],
        now: Timestamp,
    ) -> Publication {
        let newest = members.iter().max_by_key(|entry| entry.sequence);
        let at = newest.filter(|entry| entry.initial).map_or(now, |entry| entry.date());
        let publishers = count_publishers(members);
        let significant = is_significant(told.publishers, publishers);
        let growth = self.options.output.growth;
        if significant && growth == Growth::Reissue {
            told.edition += 1;
            told.published = told.published.max(at);
        }
        let bump = growth == Growth::Bump && publishers > told.publishers;
        if significant || bump || old_lead != lead.id {
            told.updated = told.updated.max(at);
            told.publishers = publishers;
        }
        if old_lead != lead.id {
            told.link.clone_from(&lead.link);
        }
        told
    }

    /// Publishes what has settled by `now`.
    pub(super) fn publish_settled(&mut self, now: Timestamp) {
        while let Some(&(due, id)) = self.settling.first() {
            if due > now {
                return;
            }
            self.settling.pop_first();
            let unpublished = self.clusters.get(&id).is_some_and(|cluster| cluster.publication.is_none());
            if unpublished {
                self.review(id, now);
            }
        }
    }

    /// When a cluster may be published: at once, or when it has settled.
    fn publication_due(&self, members: &[&Entry]) -> Timestamp {
        let first_seen = members.iter().map(|entry| entry.first_seen).min().unwrap_or(Timestamp::EPOCH);
        let at_once = count_publishers(members) >= PUBLISHERS_AT_ONCE || members.iter().all(|entry| entry.initial);
        if at_once { first_seen } else { first_seen.plus(self.options.output.settle) }
    }

    /// A first import publishes at once and then brings one feed after another: so soon after, no reader knows the lead.
    fn is_fresh_import(&self, cluster: &Cluster, members: &[&Entry], now: Timestamp) -> bool {
        let Some(told) = &cluster.publication else { return true };
        members.iter().all(|entry| entry.initial) && now < told.released.plus(self.options.output.settle)
    }

    /// The lead: the one readers already know while it is there, else by preference, original before copy, earliest.
    fn lead<'a>(&self, cluster: &Cluster, members: &[&'a Entry], now: Timestamp) -> Option<&'a Entry> {
        if !self.is_fresh_import(cluster, members, now)
            && let Some(known) = members.iter().find(|entry| entry.id == cluster.lead)
        {
            return Some(known);
        }
        let rank = |entry: &&&Entry| {
            let spec = self.feeds.get(&entry.feed).and_then(|feed| feed.spec.as_ref());
            let preferred = spec.is_some_and(|spec| spec.prefer);
            let paywalled = spec.is_some_and(|spec| spec.paywalled);
            (!preferred, paywalled, entry.copy_of().is_some(), entry.link.is_none(), entry.date(), entry.id)
        };
        members.iter().min_by_key(rank).copied()
    }

    /// The merged feed as it stands at `now`, without the leads' texts (`text` is empty, to be filled from the store).
    #[must_use]
    pub fn merged_feed(&self, now: Timestamp) -> MergedFeed {
        let output = &self.options.output;
        let oldest = now.minus(output.max_age);
        let mut standing: Vec<(&Publication, &Cluster)> = self
            .clusters
            .values()
            .filter_map(|cluster| cluster.publication.as_ref().map(|told| (told, cluster)))
            .filter(|(told, cluster)| told.released >= oldest || self.grew_since(cluster, oldest))
            .collect();
        standing.sort_unstable_by_key(|(told, cluster)| (std::cmp::Reverse(told.published), cluster.id));
        let followed = standing.into_iter().filter(|(_, cluster)| self.is_followed(cluster));
        MergedFeed {
            title: output.title.clone(),
            base_url: output.base_url.clone(),
            path: "/feed".to_owned(),
            items: followed.take(output.max_entries).filter_map(|(_, cluster)| self.item(cluster)).collect(),
        }
    }

    /// Whether a feed that the configuration still names brought an entry of the cluster.
    fn is_followed(&self, cluster: &Cluster) -> bool {
        let mut members = cluster.members.iter().filter_map(|id| self.entries.get(id));
        members.any(|entry| self.spec(entry.feed).is_some())
    }

    /// Whether an entry of the cluster was first seen since then.
    fn grew_since(&self, cluster: &Cluster, since: Timestamp) -> bool {
        cluster.members.iter().filter_map(|id| self.entries.get(id)).any(|entry| entry.first_seen >= since)
    }

    /// One cluster as a reader sees it, without the lead's text; an unpublished one is dated by its lead.
    #[must_use]
    pub fn item(&self, cluster: &Cluster) -> Option<Item> {
        let lead = self.entries.get(&cluster.lead)?;
        let mut members: Vec<&Entry> = cluster.members.iter().filter_map(|id| self.entries.get(id)).collect();
        members.sort_by_key(|entry| (entry.id != lead.id, entry.date(), entry.id));
        let categories: BTreeSet<String> = members.iter().filter_map(|entry| self.category(entry)).collect();
        let told = cluster.publication.as_ref();
        Some(Item {
            id: cluster.id,
            title: lead.title.clone(),
            is_title_derived: lead.title.is_empty(),
            link: told.map_or_else(|| lead.link.clone(), |told| told.link.clone()),
            published: told.map_or(lead.date(), |told| told.published),
            updated: told.map_or(lead.date(), |told| told.updated),
            lead: lead.id,
            details: Details::default(),
            language: lead.language.clone(),
            categories: categories.into_iter().collect(),
            edition: told.map_or(1, |told| told.edition),
            publishers: count_publishers(&members),
            sources: copies_after_originals(&members).into_iter().map(|entry| self.source(entry)).collect(),
        })
    }

    fn category(&self, entry: &Entry) -> Option<String> {
        self.feeds.get(&entry.feed)?.spec.as_ref()?.category.clone()
    }

    fn source(&self, entry: &Entry) -> Source {
        Source {
            entry: entry.id,
            publisher: entry.publisher.to_string(),
            title: entry.title.clone(),
            link: entry.link.clone(),
            date: entry.date(),
            copy: entry.copy_of().is_some(),
            feed: self.feed_name(entry.feed),
            feed_url: self.feed_url(entry.feed),
        }
    }
}

/// What readers are told first. What was in its feed when we first read it keeps its own date: nobody's reader is flooded
/// with old news dated now.
fn first_publication(lead: &Entry, members: &[&Entry], now: Timestamp) -> Publication {
    let published = if lead.initial { lead.date() } else { now };
    Publication {
        published,
        updated: published,
        released: now,
        link: lead.link.clone(),
        publishers: count_publishers(members),
        edition: 1,
    }
}

/// Distinct publishers; a copy adds none.
#[must_use]
pub fn count_publishers(members: &[&Entry]) -> usize {
    let originals = members.iter().filter(|entry| entry.copy_of().is_none());
    originals.map(|entry| &*entry.publisher).collect::<BTreeSet<&str>>().len().max(1)
}

/// The same entries, each copy right after the entry it copies (where that is here).
fn copies_after_originals<'a>(members: &[&'a Entry]) -> Vec<&'a Entry> {
    let here: BTreeSet<_> = members.iter().map(|entry| entry.id).collect();
    let is_folded = |entry: &Entry| entry.copy_of().is_some_and(|of| here.contains(&of));
    let mut out = Vec::with_capacity(members.len());
    for entry in members.iter().filter(|entry| !is_folded(entry)) {
        out.push(*entry);
        out.extend(members.iter().filter(|copy| copy.copy_of() == Some(entry.id)));
    }
    // A copy of a copy has no place yet.
    let placed: BTreeSet<_> = out.iter().map(|entry| entry.id).collect();
    out.extend(members.iter().filter(|entry| !placed.contains(&entry.id)));
    out
}
