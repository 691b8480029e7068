//! What a fetch brought: digested off the loop, then taken in, in order.

use super::Engine;
use super::cluster::Cluster;
use super::clustering::{self, Placement, Revision};
use super::copy::{COPY_WINDOW, is_touched_copy};
use super::entry::{Draft, Entry, clamp};
use super::evidence::{Decision, Match};
use super::feed::{FeedSpec, PollResult, Validators};
use super::fetched::{FetchOutcome, Freshness};
use super::id::{ClusterId, EntryId, FeedId, digest};
use super::model::Lengths;
use super::parse::{self, Document, ParseError};
use super::repair::ITEMS_MAX;
use super::schedule::{Hints, INTERVAL_MIN, PauseScope, next_due};
use super::time::{Stamp, Timestamp};
use super::update::Update;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a host is left alone that asks for it without saying how long.
const PAUSE_DEFAULT: Duration = Duration::from_hours(1);
/// Entries that a feed carries, and those of documents that were not whole kept with them.
const CARRIED_MAX: usize = 2 * ITEMS_MAX;
/// Reasons are kept and listed; a hostile host can make them long.
const REASON_CHARS_MAX: usize = 300;

/// A [`FetchOutcome`], digested: all the work that needs no knowledge of other entries.
#[derive(Debug)]
pub struct Digested {
    /// Whose.
    pub feed: FeedId,
    /// What.
    pub content: Content,
}

/// See [`Digested`].
#[derive(Debug)]
pub enum Content {
    /// A document was read.
    Document {
        /// What it says.
        document: Document,
        /// Hash of its bytes.
        body_hash: u64,
        /// What the response said of its life.
        freshness: Freshness,
    },
    /// 304.
    NotModified(Freshness),
    /// 429, or 503 with `Retry-After`.
    RateLimited {
        /// How long to wait, where the host says so.
        retry_after: Option<Duration>,
    },
    /// 410.
    Gone,
    /// We broke down over the document.
    Broke,
    /// Anything else, in a sentence.
    Failed(String),
}

/// Digests what a fetch for `spec` brought. Pure, and the expensive part: runs in the fetch task.
#[must_use]
pub fn digested(spec: &FeedSpec, outcome: FetchOutcome) -> Digested {
    let content = match outcome {
        FetchOutcome::Body(body) => match parse::parse(&body, spec) {
            Ok(document) => {
                Content::Document { document, body_hash: digest(&[&body.bytes]), freshness: body.freshness }
            }
            Err(ParseError::Panicked) => Content::Broke,
            Err(error) => Content::Failed(error.to_string()),
        },
        FetchOutcome::NotModified(freshness) => Content::NotModified(freshness),
        FetchOutcome::RateLimited { retry_after } => Content::RateLimited { retry_after },
        FetchOutcome::Gone => Content::Gone,
        FetchOutcome::Failed(reason) => Content::Failed(reason),
    };
    Digested { feed: spec.id, content }
}

impl Engine {
    /// Takes in what a fetch brought, decides on each new entry, and says when the feed is due next. Nothing comes of a
    /// feed that is not followed any more.
    pub fn handle_fetched(&mut self, stamp: Stamp, fetched: Digested) -> Update {
        let now = stamp.at;
        let Some(spec) = self.spec(fetched.feed).cloned() else { return self.take_update(stamp) };
        self.publish_settled(now);
        let mut hints = Hints::default();
        let result = match fetched.content {
            Content::Document { document, body_hash, freshness } => {
                hints.max_age = freshness.max_age;
                hints.ttl = document.ttl;
                self.read(&spec, document, body_hash, freshness, stamp)
            }
            Content::NotModified(freshness) => {
                hints.max_age = freshness.max_age;
                self.refresh_validators(spec.id, freshness);
                PollResult::NotModified
            }
            Content::RateLimited { retry_after } => {
                let wait = retry_after.unwrap_or(PAUSE_DEFAULT);
                hints.retry_after = Some(wait);
                self.pause(spec.id, now.plus(wait.min(super::schedule::INTERVAL_MAX)));
                PollResult::RateLimited
            }
            Content::Gone => PollResult::Gone,
            Content::Broke => PollResult::Broke { times: self.breaks_of(spec.id) + 1 },
            Content::Failed(reason) => PollResult::Failed { reason: super::markup::line(&reason, REASON_CHARS_MAX) },
        };
        self.note_result(&spec, result, hints, now);
        let was_last = self.untried.remove(&spec.id) && self.untried.is_empty();
        if was_last && self.clustering.is_young() {
            self.look_again(stamp);
        }
        self.take_update(stamp)
    }

    /// How often in a row reading this feed broke us.
    fn breaks_of(&self, id: FeedId) -> u32 {
        match self.feeds.get(&id).and_then(|feed| feed.state.last_result.as_ref()) {
            Some(PollResult::Broke { times }) => *times,
            _ => 0,
        }
    }

    fn note_result(&mut self, spec: &FeedSpec, result: PollResult, hints: Hints, now: Timestamp) {
        let Some(feed) = self.feeds.get_mut(&spec.id) else { return };
        let state = &mut feed.state;
        // Asking again and again by hand while the network is down is one failure, not many.
        let again = state.failures > 0 && state.last_fetch.is_some_and(|last| now.since(last) < INTERVAL_MIN);
        state.last_fetch = Some(now);
        if matches!(result, PollResult::Read { .. } | PollResult::NotModified) {
            state.last_success = Some(now);
            state.first_success.get_or_insert(now);
            state.failures = 0;
            state.paused_until = None;
        } else {
            state.failures = state.failures.saturating_add(u32::from(!again));
        }
        state.last_result = Some(result);
        state.next_due = next_due(spec, state, hints, now);
        let due = state.next_due;
        let gap = match spec.url {
            super::link::FeedUrl::Web(_) => self.options.schedule.host_gap,
            super::link::FeedUrl::File(_) => Duration::ZERO,
        };
        self.schedule.finish(spec.id, due, now, gap, &self.options.schedule);
        self.changes.feeds.insert(spec.id);
    }

    /// RFC 9111, section 4.3.4: a 304 may bring new validators; what it leaves out stays.
    fn refresh_validators(&mut self, id: FeedId, freshness: Freshness) {
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        let kept = &mut feed.state.validators;
        kept.etag = freshness.validators.etag.or_else(|| kept.etag.take());
        kept.last_modified = freshness.validators.last_modified.or_else(|| kept.last_modified.take());
    }

    fn pause(&mut self, id: FeedId, until: Timestamp) {
        if let Some(feed) = self.feeds.get_mut(&id) {
            feed.state.paused_until = Some(until);
        }
        if self.options.schedule.pause_scope == PauseScope::Host {
            self.schedule.pause_host(id, until, &self.options.schedule);
        }
    }

    fn read(
        &mut self,
        spec: &FeedSpec,
        document: Document,
        body_hash: u64,
        freshness: Freshness,
        stamp: Stamp,
    ) -> PollResult {
        let Some(feed) = self.feeds.get_mut(&spec.id) else { return PollResult::NotModified };
        let same_bytes = feed.state.body_hash == Some(body_hash);
        let initial = feed.state.first_success.is_none();
        // With the validators of a document that was cut, what it lacks would not come before the next change.
        let is_partial = document.repairs.is_partial();
        feed.state.validators = if is_partial { Validators::default() } else { freshness.validators };
        feed.state.body_hash = Some(body_hash);
        if same_bytes {
            return PollResult::NotModified;
        }
        feed.state.title = document.title.or_else(|| feed.state.title.take());
        let rejected = u32::try_from(document.rejected.len()).unwrap_or(u32::MAX);
        let mut drafts: Vec<Draft> = document.entries.into_iter().filter(Draft::says_something).collect();
        self.recognise(spec.id, &mut drafts, stamp.at);
        let carried = drafts.iter().map(|draft| draft.id).collect();
        self.note_carried(spec.id, carried, is_partial, stamp.at);
        // Feeds list newest first; clusters grow in the order of events.
        drafts.sort_by_key(|draft| (draft.published.unwrap_or(stamp.at), draft.id));
        let mut new = 0;
        for draft in drafts {
            if self.entries.contains_key(&draft.id) {
                self.note_edit(draft, stamp);
            } else {
                self.take_in(spec, draft, initial, stamp);
                new += 1;
            }
        }
        PollResult::Read { new, rejected }
    }

    /// At the end of a first import, while little is known of what is common: see
    /// [`clustering::Clustering::second_look`].
    fn look_again(&mut self, stamp: Stamp) {
        let (clusters, clustering) = (&self.clusters, &mut self.clustering);
        let revisions = clustering.second_look(stamp.sequence, |id| seniority(clusters, id, stamp));
        let mut touched = BTreeSet::new();
        self.revise(revisions, stamp, &mut touched);
        for cluster in touched {
            self.review(cluster, stamp.at);
        }
    }

    /// Compares what the document holds with what the last one held. What a document lacks that is not whole may stand in
    /// the rest of it.
    fn note_carried(&mut self, id: FeedId, mut now_carried: BTreeSet<EntryId>, is_partial: bool, now: Timestamp) {
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        // A feed whose documents never end would carry all it ever had.
        if is_partial && feed.carried.len() < CARRIED_MAX {
            now_carried.extend(&feed.carried);
        }
        let before = std::mem::replace(&mut feed.carried, now_carried.iter().copied().collect());
        if feed.carried != before {
            self.changes.carried.insert(id);
        }
        for gone in before.into_iter().filter(|entry| !now_carried.contains(entry)) {
            self.mark_left(gone, now);
        }
        for carried in now_carried {
            self.mark_carried(carried);
        }
    }

    /// An entry that is known: what its publisher changed of it is taken over. It stays where it stands, unless it says
    /// something else now that clearly suits another cluster better; its date stays, so that nothing comes up as new.
    fn note_edit(&mut self, draft: Draft, stamp: Stamp) {
        let Some(entry) = self.entries.get_mut(&draft.id) else { return };
        if entry.version == draft.version {
            return;
        }
        entry.version = draft.version;
        entry.title = draft.title;
        entry.link = draft.link.or_else(|| entry.link.take());
        let mut touched = BTreeSet::from([entry.cluster]);
        self.changes.entries.insert(draft.id);
        self.changes.details.insert(draft.id, draft.details);
        if self.clustering.cluster_of(draft.id).is_some() {
            self.changes.features.insert(draft.id, draft.features.clone());
        }
        // The looks of one input have seeds of their own: the last look of an import has the sequence.
        let seed = digest(&[b"edit", &stamp.sequence.to_le_bytes()]);
        let (clusters, clustering) = (&self.clusters, &mut self.clustering);
        let revisions = clustering.revise(draft.id, draft.features, seed, |id| seniority(clusters, id, stamp));
        self.revise(revisions, stamp, &mut touched);
        for cluster in touched {
            self.review(cluster, stamp.at);
        }
    }

    /// A new entry: decided, placed, and the decision's consequences drawn.
    fn take_in(&mut self, spec: &FeedSpec, draft: Draft, initial: bool, stamp: Stamp) {
        let mut entry = self.entry_of(spec, &draft, initial, stamp);
        let fresh = entry.cluster;
        let placement = if spec.cluster {
            self.changes.features.insert(entry.id, draft.features.clone());
            let (clusters, clustering) = (&self.clusters, &mut self.clustering);
            clustering.place(clustering::live(&entry, draft.features), |id| seniority(clusters, id, stamp))
        } else {
            Placement::alone()
        };
        entry.decision = self.confirmed(&entry, placement.decision.clone());
        entry.spoke = placement.spoke;
        entry.cluster = placement.decision.cluster().unwrap_or(fresh);
        let (id, cluster) = (entry.id, entry.cluster);
        self.changes.entries.insert(id);
        self.changes.details.insert(id, draft.details);
        self.entries.insert(id, entry);
        if let Some(feed) = self.feeds.get_mut(&spec.id) {
            feed.entries += 1;
        }
        let opened = || Cluster::new(cluster, id, stamp.sequence);
        self.clusters.entry(cluster).or_insert_with(opened).members.push(id);
        if let Decision::Follow { to } = placement.decision {
            self.chain(cluster, to.cluster);
        }
        let mut touched = BTreeSet::from([cluster]);
        self.revise(placement.revisions, stamp, &mut touched);
        for cluster in touched {
            self.review(cluster, stamp.at);
        }
    }

    /// A decision to join, or that the entry is a copy of the one it is most like there.
    fn confirmed(&self, entry: &Entry, decision: Decision) -> Decision {
        let Decision::Join { to, .. } = &decision else { return decision };
        let Some(nearest) = self.entries.get(&to.nearest) else { return decision };
        let apart = entry.date().since(nearest.date()).max(nearest.date().since(entry.date()));
        let bare = matches!(to.lengths, Lengths::Title | Lengths::Uneven);
        if bare && apart <= COPY_WINDOW && is_touched_copy(&entry.title, &nearest.title) {
            return Decision::Copy { of: nearest.copy_of().unwrap_or(nearest.id), cluster: to.cluster };
        }
        decision
    }

    /// Draws the consequences of second thoughts: entries that move or part, clusters that merge.
    fn revise(&mut self, revisions: Vec<Revision>, stamp: Stamp, touched: &mut BTreeSet<ClusterId>) {
        for revision in revisions {
            match revision {
                Revision::Moved(id, to) => {
                    let from = self.move_entry(id, to);
                    touched.extend(from.into_iter().chain([to.cluster]));
                }
                Revision::Parted { entry, to } => {
                    let from = self.part(entry, to, stamp);
                    touched.extend(from.into_iter().chain([to]));
                }
                Revision::Merged { from, into } => {
                    self.merge(from, into);
                    touched.insert(into);
                }
            }
        }
        touched.retain(|id| self.clusters.contains_key(id));
    }

    /// Links a new cluster to the one whose affair it continues; a first import may bring the later part first.
    fn chain(&mut self, new: ClusterId, known: ClusterId) {
        let starts = |id| {
            let members = self.clusters.get(&id).map(|cluster| &cluster.members).into_iter().flatten();
            members.filter_map(|id| self.entries.get(id)).map(Entry::date).min()
        };
        let (later, earlier) = if starts(new) < starts(known) { (known, new) } else { (new, known) };
        if let Some(cluster) = self.clusters.get_mut(&later) {
            cluster.follows.get_or_insert(earlier);
        }
        if let Some(cluster) = self.clusters.get_mut(&earlier) {
            cluster.followed_by.get_or_insert(later);
        }
        self.changes.clusters.extend([later, earlier]);
    }

    /// Moves an entry; gives the cluster it left.
    fn move_entry(&mut self, id: EntryId, to: Match) -> Option<ClusterId> {
        let entry = self.entries.get_mut(&id)?;
        let from = std::mem::replace(&mut entry.cluster, to.cluster);
        match &mut entry.decision {
            // A copy stays one wherever it goes.
            Decision::Copy { cluster, .. } => *cluster = to.cluster,
            decision => *decision = Decision::Moved { from, to },
        }
        self.changes.entries.insert(id);
        self.clusters.get_mut(&from)?.members.retain(|member| *member != id);
        self.clusters.get_mut(&to.cluster)?.members.push(id);
        Some(from)
    }

    /// Has an entry start a cluster of its own; gives the cluster it left.
    fn part(&mut self, id: EntryId, to: ClusterId, stamp: Stamp) -> Option<ClusterId> {
        let entry = self.entries.get_mut(&id)?;
        let from = std::mem::replace(&mut entry.cluster, to);
        entry.decision = Decision::Parted { from };
        self.changes.entries.insert(id);
        self.clusters.get_mut(&from)?.members.retain(|member| *member != id);
        self.found(Cluster { members: vec![id], ..Cluster::new(to, id, stamp.sequence) });
        Some(from)
    }

    /// `from` becomes an alias of `into`; its entries follow.
    pub(super) fn merge(&mut self, from: ClusterId, into: ClusterId) {
        let Some(gone) = self.clusters.remove(&from) else { return };
        self.changes.clusters.insert(from);
        for id in &gone.members {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.cluster = into;
                self.changes.entries.insert(*id);
            }
        }
        let Some(cluster) = self.clusters.get_mut(&into) else { return };
        cluster.members.extend(gone.members);
        let old: Vec<ClusterId> = gone.aliases.into_iter().chain([from]).collect();
        cluster.aliases.extend(&old);
        let another = |id: &ClusterId| *id != into && *id != from;
        cluster.follows = cluster.follows.filter(another).or(gone.follows).filter(another);
        cluster.followed_by = cluster.followed_by.filter(another).or(gone.followed_by).filter(another);
        self.changes.clusters.insert(into);
        for alias in old {
            self.aliases.insert(alias, into);
            self.changes.aliases.insert(alias);
        }
    }

    fn entry_of(&self, spec: &FeedSpec, draft: &Draft, initial: bool, stamp: Stamp) -> Entry {
        let publisher = spec.publisher_of(draft.link.as_deref());
        Entry {
            id: draft.id,
            feed: spec.id,
            title: draft.title.clone(),
            link: draft.link.clone(),
            publisher: self.options.cluster.group_of(&publisher),
            language: draft.language.clone(),
            published: clamp(draft.published, stamp.at),
            first_seen: stamp.at,
            initial,
            left: None,
            version: draft.version,
            cluster: ClusterId::mint(draft.id, stamp.sequence),
            sequence: stamp.sequence,
            decision: Decision::Alone,
            spoke: Vec::new(),
        }
    }
}

/// Of two clusters that merge, the one that readers know goes on; of two that they know, the one they knew first; else
/// the elder.
pub(super) fn seniority(
    clusters: &std::collections::BTreeMap<ClusterId, Cluster>,
    id: ClusterId,
    stamp: Stamp,
) -> (bool, Timestamp, u64, ClusterId) {
    match clusters.get(&id) {
        Some(Cluster { publication: Some(told), born, .. }) => (false, told.released, *born, id),
        Some(cluster) => (true, stamp.at, cluster.born, id),
        None => (true, stamp.at, stamp.sequence, id),
    }
}
