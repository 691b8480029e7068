//! What a fetch brought: digested off the loop, then taken in, in order.

use super::Engine;
use super::cadence::{INTERVAL_MAX, INTERVAL_MIN};
use super::cluster::Cluster;
use super::clustering::{self, Placement, Revision};
use super::copy::{COPY_WINDOW, is_touched_copy};
use super::entry::{Draft, Entry, clamp};
use super::evidence::{Decision, Match};
use super::feed::{FeedSpec, FeedState, PollResult, Validators};
use super::fetched::{Body, Facts, FetchOutcome, Fetched, Freshness, Refusal};
use super::id::{ClusterId, EntryId, FeedId, digest};
use super::look::{GONE_APART, Look};
use super::model::Lengths;
use super::page::Obstacle;
use super::parse::{self, Document, ParseError};
use super::repair::{ITEMS_MAX, Unreadable};
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
    /// What it took.
    pub facts: Facts,
}

/// See [`Digested`].
#[derive(Debug)]
pub enum Content {
    /// A document was read.
    Document(Box<Arrival>),
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
    Failed {
        /// What happened.
        reason: String,
        /// What stands between us and the feed, where that is known.
        obstacle: Option<Obstacle>,
    },
}

/// A document, read.
#[derive(Debug)]
pub struct Arrival {
    /// What it says.
    pub document: Document,
    /// Hash of its bytes.
    pub body_hash: u64,
    /// What the response said of its life.
    pub freshness: Freshness,
    /// It holds only what is new since the last one.
    pub is_delta: bool,
}

/// Digests what a fetch for `spec` brought. Pure, and the expensive part: runs in the fetch task.
#[must_use]
pub fn digested(spec: &FeedSpec, fetched: Fetched) -> Digested {
    let content = match fetched.outcome {
        FetchOutcome::Body(body) => read_body(spec, body),
        FetchOutcome::NotModified(freshness) => Content::NotModified(freshness),
        FetchOutcome::RateLimited { retry_after } => Content::RateLimited { retry_after },
        FetchOutcome::Gone => Content::Gone,
        FetchOutcome::Refused(refusal) => refused(&refusal),
        FetchOutcome::Unfound => {
            let obstacle = Obstacle::Unfound;
            Content::Failed { reason: obstacle.told().to_owned(), obstacle: Some(obstacle) }
        }
        FetchOutcome::Failed(reason) => Content::Failed { reason, obstacle: None },
    };
    Digested { feed: spec.id, content, facts: fetched.facts }
}

fn read_body(spec: &FeedSpec, body: Body) -> Content {
    match parse::parse(&body, spec) {
        Ok(document) => Content::Document(Box::new(Arrival {
            document,
            body_hash: digest(&[&body.bytes]),
            freshness: body.freshness,
            is_delta: body.is_delta,
        })),
        Err(ParseError::Panicked) => Content::Broke,
        Err(ParseError::Unreadable(Unreadable::WebPage)) => {
            let obstacle = Obstacle::of(None, false, &String::from_utf8_lossy(&body.bytes));
            let obstacle = obstacle.unwrap_or(Obstacle::Page);
            Content::Failed { reason: obstacle.told().to_owned(), obstacle: Some(obstacle) }
        }
        Err(error) => Content::Failed { reason: error.to_string(), obstacle: None },
    }
}

fn refused(refusal: &Refusal) -> Content {
    let obstacle = Obstacle::of(Some(refusal.status), refusal.is_challenge, &refusal.page);
    let advice = match (obstacle, refusal.status) {
        (Some(obstacle), _) => format!("; {}", obstacle.told()),
        (None, 403) => "; it does not want us, or wants a login".to_owned(),
        (None, 404) => "; the feed may have moved: `storyfold feeds add` with its site's address finds it".to_owned(),
        _ => String::new(),
    };
    Content::Failed { reason: format!("the host answered {}{advice}", refusal.words), obstacle }
}

impl Engine {
    /// Takes in what a fetch brought, decides on each new entry, and says when the feed is due next. Nothing comes of a
    /// feed that is not followed any more.
    pub fn handle_fetched(&mut self, stamp: Stamp, fetched: Digested) -> Update {
        let now = stamp.at;
        let Some(spec) = self.spec(fetched.feed).cloned() else { return self.take_update(stamp) };
        self.publish_settled(now);
        self.count(spec.id, &fetched.facts, now);
        let (mut asked, mut is_same) = (None, false);
        let result = match fetched.content {
            Content::Document(arrival) => {
                let (result, same) = self.read(&spec, *arrival, stamp);
                is_same = same;
                result
            }
            Content::NotModified(_) if self.state_of(spec.id).is_some_and(|state| state.first_success.is_none()) => {
                PollResult::Failed { reason: "there is nothing at its address yet".to_owned(), obstacle: None }
            }
            Content::NotModified(freshness) => {
                self.refresh(spec.id, freshness, now);
                is_same = true;
                PollResult::NotModified
            }
            Content::RateLimited { retry_after } => {
                let wait = retry_after.unwrap_or(PAUSE_DEFAULT).min(INTERVAL_MAX);
                asked = Some(wait);
                self.pause(&spec, now.plus(wait));
                PollResult::RateLimited
            }
            Content::Gone => {
                let times = self.state_of(spec.id).map_or(0, FeedState::times_gone);
                PollResult::Gone { times: self.once_more(times, spec.id, GONE_APART, now) }
            }
            Content::Broke => {
                let times = self.state_of(spec.id).map_or(0, FeedState::times_broken);
                PollResult::Broke { times: self.once_more(times, spec.id, INTERVAL_MIN, now) }
            }
            Content::Failed { reason, obstacle } => {
                PollResult::Failed { reason: super::markup::line(&reason, REASON_CHARS_MAX), obstacle }
            }
        };
        self.note_result(&spec, Look { result, asked, is_same, facts: &fetched.facts }, now);
        let was_last = self.untried.remove(&spec.id) && self.untried.is_empty();
        if was_last && self.clustering.is_young() {
            self.look_again(stamp);
        }
        self.take_update(stamp)
    }

    /// Takes a document in; how it went, and whether it is the feed that we know: it has something that was there before, or
    /// is the first one.
    fn read(&mut self, spec: &FeedSpec, arrival: Arrival, stamp: Stamp) -> (PollResult, bool) {
        let Arrival { document, body_hash, freshness, is_delta } = arrival;
        let Some(feed) = self.feeds.get_mut(&spec.id) else { return (PollResult::NotModified, false) };
        let state = &mut feed.state;
        let same_bytes = state.body_hash == Some(body_hash);
        let initial = state.first_success.is_none();
        let is_cut = document.repairs.is_partial();
        // With the validators of a document that was cut, what it lacks would not come before the next change.
        state.validators = if is_cut { Validators::default() } else { freshness.validators };
        state.body_hash = Some(body_hash);
        state.hints.max_age = freshness.max_age;
        state.hints.expires = freshness.expires;
        if !is_delta {
            state.last_whole = Some(stamp.at);
            state.hints.document = document.hints;
        }
        let since = state.last_success;
        if same_bytes {
            state.rhythm.note(std::iter::empty(), since.unwrap_or(stamp.at), stamp.at);
            state.spend(0, stamp.at);
            return (PollResult::NotModified, true);
        }
        state.title = document.title.or_else(|| state.title.take());
        let rejected = u32::try_from(document.rejected.len()).unwrap_or(u32::MAX);
        let mut drafts: Vec<Draft> = document.entries.into_iter().filter(Draft::says_something).collect();
        self.recognise(spec.id, &mut drafts, stamp.at);
        let carried = drafts.iter().map(|draft| draft.id).collect();
        self.note_carried(spec.id, carried, is_cut || is_delta, stamp.at);
        self.note_rhythm(spec.id, &drafts, since, stamp.at);
        // Feeds list newest first; clusters grow in the order of events.
        drafts.sort_by_key(|draft| (draft.published.unwrap_or(stamp.at), draft.id));
        let is_same = initial || drafts.iter().any(|draft| self.entries.contains_key(&draft.id));
        let excess = if initial { 0 } else { self.excess(spec.id, &drafts, stamp.at) };
        let (mut new, mut left_out) = (0, 0);
        for draft in drafts {
            let is_new = !self.entries.contains_key(&draft.id);
            if is_new && left_out < excess {
                left_out += 1;
                continue;
            }
            if self.entries.contains_key(&draft.id) {
                self.note_edit(draft, stamp);
            } else {
                self.take_in(spec, draft, initial, stamp);
                new += 1;
            }
        }
        if let Some(feed) = self.feeds.get_mut(&spec.id).filter(|_| !initial) {
            feed.state.spend(new, stamp.at);
        }
        (PollResult::Read { new, rejected: rejected.saturating_add(left_out) }, is_same)
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
