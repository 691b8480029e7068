//! The engine: decides, never does. It has no I/O, no clock, no randomness and no `async fn`: the same inputs in the same
//! order give the same [`Update`]s, ids included, on any machine.
//!
//! ```text
//! poll_timeout -> sleep -> poll_fetch -> FetchRequest ~ ~ network ~ ~> FetchOutcome
//!   digest (pure, in the fetch task):  parse -> Document{entries: [Draft{features}], rejected}
//!   handle_fetched (in order, in the loop):
//!       known?  place: candidates -> similarity -> Decision{Start | Join | Copy}  + later corrections
//!       review: lead, publication      next due      -> Update -> Store::commit
//! merged_feed -> render -> Snapshot
//! ```
//!
//! The order of calls: [`Engine::restore`], [`Engine::configure`], then [`Engine::poll_fetch`] until it has none, then
//! [`Engine::handle_fetched`] or [`Engine::handle_time`] at [`Engine::poll_timeout`], each with a new [`Stamp`].

pub mod baseline;
pub mod cluster;
pub mod clustering;
pub mod copy;
pub mod correction;
pub mod date;
pub mod entry;
pub mod eval;
pub mod evidence;
pub mod explain;
pub mod features;
pub mod feed;
pub mod fetched;
pub mod fit;
pub mod headline;
pub mod hypertext;
pub mod id;
pub mod index;
pub mod ingest;
pub mod link;
pub mod markup;
pub mod merged;
pub mod model;
pub mod parse;
pub mod publication;
mod recognition;
pub mod render;
pub mod repair;
pub mod replay;
pub mod retention;
pub mod schedule;
pub mod similarity;
pub mod tail;
pub mod text;
pub mod time;
pub mod tuning;
pub mod update;
pub mod view;

use cluster::Cluster;
use clustering::{ClusterOptions, Clustering};
use correction::Correction;
use entry::Entry;
use features::Features;
use feed::{FeedSpec, FeedState};
use fetched::FetchRequest;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use id::{ClusterId, EntryId, FeedId};
use index::Live;
use publication::OutputOptions;
use retention::RetentionOptions;
use schedule::{Schedule, ScheduleOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::sync::Arc;
use time::{Stamp, Timestamp};
use update::{Records, Update};

/// Everything that can be tuned about the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Requests at a time, and how close together.
    pub schedule: ScheduleOptions,
    /// What joins what.
    pub cluster: ClusterOptions,
    /// What is published.
    pub output: OutputOptions,
    /// What is forgotten.
    pub retention: RetentionOptions,
}

/// The live state, and every decision on it. A cache of the store: [`Engine::restore`] makes it again.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    feeds: BTreeMap<FeedId, Feed>,
    schedule: Schedule,
    entries: BTreeMap<EntryId, Entry>,
    clusters: BTreeMap<ClusterId, Cluster>,
    aliases: BTreeMap<ClusterId, ClusterId>,
    clustering: Clustering,
    corrections: BTreeMap<u32, Correction>,
    /// Followed feeds that were never polled: while there are any, a first import is under way.
    untried: BTreeSet<FeedId>,
    /// Unpublished clusters, by the moment they will have settled.
    settling: BTreeSet<(Timestamp, ClusterId)>,
    /// Entries that their feeds carry no more, by the moment they were dropped.
    left: BTreeSet<(Timestamp, EntryId)>,
    sequence: u64,
    changes: Changes,
}

#[derive(Clone, Debug)]
struct Feed {
    /// None while the configuration does not name it.
    spec: Option<FeedSpec>,
    state: FeedState,
    /// What its last document held, sorted.
    carried: Vec<EntryId>,
    /// How many entries are stored of it.
    entries: usize,
}

/// What the input in hand touched; becomes its [`Update`].
#[derive(Debug, Default)]
struct Changes {
    feeds: BTreeSet<FeedId>,
    carried: BTreeSet<FeedId>,
    entries: BTreeSet<EntryId>,
    clusters: BTreeSet<ClusterId>,
    aliases: BTreeSet<ClusterId>,
    corrections: BTreeSet<u32>,
    details: BTreeMap<EntryId, entry::Details>,
    features: BTreeMap<EntryId, Features>,
}

impl Engine {
    /// An engine with the state that `records` describe; [`Records::default`] for a new one. Feeds wait for
    /// [`Engine::configure`].
    #[must_use]
    pub fn restore(options: Options, records: Records) -> Self {
        let mut engine = Self {
            clustering: Clustering::new(options.cluster.clone()),
            corrections: records.corrections.into_iter().map(|made| (made.number, made)).collect(),
            options,
            feeds: BTreeMap::new(),
            schedule: Schedule::default(),
            entries: records.entries,
            clusters: records.clusters.into_iter().map(|cluster| (cluster.id, cluster)).collect(),
            aliases: records.aliases.into_iter().collect(),
            untried: BTreeSet::new(),
            settling: BTreeSet::new(),
            left: BTreeSet::new(),
            sequence: records.sequence,
            changes: Changes::default(),
        };
        engine.clustering.set_constraints(correction::constraints(engine.corrections.values()));
        let mut carried: BTreeMap<FeedId, Vec<EntryId>> = records.carried.into_iter().collect();
        for state in records.feeds {
            let carried = carried.remove(&state.id).unwrap_or_default();
            engine.feeds.insert(state.id, Feed { spec: None, state, carried, entries: 0 });
        }
        let mut publishers = Publishers::default();
        engine.entries.values_mut().for_each(|entry| publishers.share(&mut entry.publisher));
        let entries = &engine.entries;
        let live = records.features.into_iter();
        let live = live.filter_map(|(id, features)| Some(publishers.live(entries.get(&id)?, features)));
        engine.clustering.restore(live.collect());
        // All at once: most entries have left their feeds, and a set that grows one by one takes several times as long.
        engine.left = entries.values().filter_map(|entry| Some((entry.left?, entry.id))).collect();
        for entry in engine.entries.values() {
            if let Some(feed) = engine.feeds.get_mut(&entry.feed) {
                feed.entries += 1;
            }
        }
        for cluster in engine.clusters.values().filter(|cluster| cluster.publication.is_none()) {
            let seen = cluster.members.iter().filter_map(|id| engine.entries.get(id)).map(|entry| entry.first_seen);
            let first_seen = seen.min().unwrap_or(Timestamp::EPOCH);
            engine.settling.insert((first_seen.plus(engine.options.output.settle), cluster.id));
        }
        engine
    }

    /// Takes a configuration: `feeds` are followed from now on, others no more (what they brought stays until its
    /// retention ends).
    pub fn configure(&mut self, stamp: Stamp, options: Options, feeds: Vec<FeedSpec>) -> Update {
        if options.cluster != self.options.cluster {
            self.clustering.set_options(options.cluster.clone());
        }
        self.options = options;
        let named: BTreeSet<FeedId> = feeds.iter().map(|spec| spec.id).collect();
        let dropped: Vec<FeedId> = self.feeds.keys().filter(|id| !named.contains(id)).copied().collect();
        for id in dropped {
            self.unfollow(id, stamp.at);
        }
        for spec in feeds {
            self.follow(spec, stamp.at);
        }
        self.handle_time(stamp)
    }

    fn follow(&mut self, spec: FeedSpec, now: Timestamp) {
        let (id, host) = (spec.id, spec.url.host_key());
        let feed = self.feeds.entry(id).or_insert_with(|| {
            self.changes.feeds.insert(id);
            Feed { spec: None, state: FeedState::new(&spec, now), carried: Vec::new(), entries: 0 }
        });
        feed.spec = Some(spec);
        if feed.state.last_fetch.is_none() {
            self.untried.insert(id);
        }
        let (due, paused) = (feed.state.next_due, feed.state.paused_until);
        // A feed that waits already may have been asked for: a reload does not put it off.
        if !self.schedule.knows(id, &host) {
            self.schedule.set_due(id, &host, due, &self.options.schedule);
        }
        let whole_host = self.options.schedule.pause_scope == schedule::PauseScope::Host;
        if let Some(until) = paused.filter(|until| whole_host && *until > now) {
            self.schedule.pause_host(id, until, &self.options.schedule);
        }
    }

    fn unfollow(&mut self, id: FeedId, now: Timestamp) {
        self.schedule.remove(id, &self.options.schedule);
        self.untried.remove(&id);
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        feed.spec = None;
        let carried = std::mem::take(&mut feed.carried);
        let was_followed = feed.state.first_success.take().is_some() || !carried.is_empty();
        if was_followed {
            // Followed again, it is read again at once, and what it holds then is an import, not news.
            feed.state.next_due = now;
            feed.state.validators = feed::Validators::default();
            feed.state.body_hash = None;
            self.changes.carried.insert(id);
            self.changes.feeds.insert(id);
        }
        if feed.entries == 0 {
            self.feeds.remove(&id);
            self.changes.feeds.insert(id);
        }
        for entry in carried {
            self.mark_left(entry, now);
        }
    }

    /// The next feed to fetch, if one is due and its host may be asked. It counts as in flight until
    /// [`Engine::handle_fetched`].
    pub fn poll_fetch(&mut self, now: Timestamp) -> Option<FetchRequest> {
        let id = self.schedule.take(now, &self.options.schedule)?;
        let feed = self.feeds.get(&id)?;
        let spec = feed.spec.as_ref()?;
        Some(FetchRequest {
            feed: id,
            url: spec.url.clone(),
            validators: feed.state.validators.clone(),
            user_agent: spec.user_agent.clone(),
            headers: spec.headers.clone(),
        })
    }

    /// When to call again, if nothing comes in before: a feed is due, a cluster has settled, an entry expires.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let due = self.schedule.next_ready(&self.options.schedule);
        let settled = self.settling.first().map(|(at, _)| *at);
        [due, settled, self.next_expiry()].into_iter().flatten().min()
    }

    /// Time passed: publishes what has settled, forgets what has expired.
    pub fn handle_time(&mut self, stamp: Stamp) -> Update {
        self.publish_settled(stamp.at);
        self.expire(stamp.at);
        self.take_update(stamp)
    }

    /// The feeds that a round covers: all that are due, or with `all` every one that its host has not paused. They are
    /// due at once.
    pub fn demand(&mut self, now: Timestamp, all: bool) -> Demand {
        let mut demand = Demand::default();
        for (id, feed) in &self.feeds {
            let Some(spec) = &feed.spec else { continue };
            if !all && feed.state.next_due > now && !self.schedule.is_in_flight(*id) {
                continue;
            }
            if self.is_paused(*id, now) && !self.schedule.is_in_flight(*id) {
                demand.paused.push(*id);
                continue;
            }
            demand.feeds.insert(*id);
            if !self.schedule.is_in_flight(*id) {
                self.schedule.set_due(*id, &spec.url.host_key(), now, &self.options.schedule);
            }
        }
        demand
    }

    /// Which of these feeds wait for a host that asked us to.
    #[must_use]
    pub fn paused(&self, feeds: &BTreeSet<FeedId>, now: Timestamp) -> Vec<FeedId> {
        let paused = |id: &&FeedId| !self.schedule.is_in_flight(**id) && self.is_paused(**id, now);
        feeds.iter().filter(paused).copied().collect()
    }

    fn is_paused(&self, id: FeedId, now: Timestamp) -> bool {
        let own = self.feeds.get(&id).is_some_and(|feed| feed.state.is_paused(now));
        own || self.schedule.host_paused_until(id, now, self.options.schedule.host_gap).is_some()
    }

    /// The sequence number of the last input.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The options in force.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Followed feeds and what we remember of them, by id.
    pub fn feeds(&self) -> impl Iterator<Item = (&FeedSpec, &FeedState)> {
        self.feeds.values().filter_map(|feed| feed.spec.as_ref().map(|spec| (spec, &feed.state)))
    }

    /// A followed feed and what we remember of it.
    #[must_use]
    pub fn feed(&self, id: FeedId) -> Option<(&FeedSpec, &FeedState)> {
        let feed = self.feeds.get(&id)?;
        Some((feed.spec.as_ref()?, &feed.state))
    }

    /// What the configuration says of a feed.
    #[must_use]
    pub fn spec(&self, id: FeedId) -> Option<&FeedSpec> {
        self.feeds.get(&id)?.spec.as_ref()
    }

    /// Entries stored of a feed, copies included.
    #[must_use]
    pub fn entries_of(&self, id: FeedId) -> usize {
        self.feeds.get(&id).map_or(0, |feed| feed.entries)
    }

    /// The user's name for a feed, else its own title, else its address.
    #[must_use]
    pub fn feed_name(&self, id: FeedId) -> String {
        let Some(feed) = self.feeds.get(&id) else { return id.to_string() };
        let name = feed.spec.as_ref().and_then(|spec| spec.name.clone());
        name.or_else(|| feed.state.title.clone()).unwrap_or_else(|| feed.state.address.clone())
    }

    /// The address of a feed as the configuration writes it, else the normalised one.
    #[must_use]
    pub fn feed_url(&self, id: FeedId) -> String {
        let Some(feed) = self.feeds.get(&id) else { return id.to_string() };
        feed.spec.as_ref().map_or_else(|| feed.state.address.clone(), |spec| spec.written.clone())
    }

    /// All clusters, by id.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// The cluster that answers to this id now: its own, or one that was merged into it.
    #[must_use]
    pub fn cluster(&self, id: ClusterId) -> Option<&Cluster> {
        self.clusters.get(&self.resolve(id))
    }

    /// Takes a new cluster in.
    fn found(&mut self, cluster: Cluster) {
        self.changes.clusters.insert(cluster.id);
        self.clusters.insert(cluster.id, cluster);
    }

    fn resolve(&self, id: ClusterId) -> ClusterId {
        self.aliases.get(&id).copied().unwrap_or(id)
    }

    /// An entry.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// How many entries and clusters there are.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.clusters.len())
    }

    /// What the input in hand changed, as it is now, in the order of ids.
    fn take_update(&mut self, stamp: Stamp) -> Update {
        self.sequence = stamp.sequence;
        let changes = std::mem::take(&mut self.changes);
        let (kept_feeds, feeds_forgotten) = split(&self.feeds, changes.feeds.iter().chain(&changes.carried).copied());
        let (entries, entries_expired) = split(&self.entries, changes.entries);
        let (clusters, clusters_ended) = split(&self.clusters, changes.clusters);
        let (targets, aliases_ended) = split_keyed(&self.aliases, changes.aliases);
        let (corrections, corrections_undone) = split(&self.corrections, changes.corrections);
        let carried = kept_feeds.iter().filter(|feed| changes.carried.contains(&feed.state.id));
        Update {
            sequence: stamp.sequence,
            carried: carried.map(|feed| (feed.state.id, feed.carried.clone())).collect(),
            feeds: kept_feeds.into_iter().map(|feed| feed.state).collect(),
            feeds_forgotten,
            details: changes.details.into_iter().filter(|(id, _)| self.entries.contains_key(id)).collect(),
            features: changes.features.into_iter().filter(|(id, _)| self.entries.contains_key(id)).collect(),
            entries,
            entries_expired,
            clusters,
            clusters_ended,
            aliases: targets,
            aliases_ended,
            corrections,
            corrections_undone,
        }
    }
}

/// The publishers of the entries that are taken back, few for so many: each name is kept once and hashed once.
#[derive(Default)]
struct Publishers(HashMap<Arc<str>, Option<NonZeroU64>, FixedState>);

impl Publishers {
    fn share(&mut self, name: &mut Arc<str>) {
        if let Some((known, _)) = self.0.get_key_value(name) {
            *name = known.clone();
        } else {
            self.0.insert(name.clone(), clustering::publisher(name));
        }
    }

    /// The live form of such an entry, as [`clustering::live`] gives it.
    fn live(&self, entry: &Entry, features: Features) -> Live {
        let publisher = self.0.get(&entry.publisher).copied().flatten();
        Live { id: entry.id, date: entry.date(), features, cluster: entry.cluster, publisher }
    }
}

/// Clones of what is there of `touched`, and the keys of what is not there any more.
fn split<K: Ord + Copy, V: Clone>(all: &BTreeMap<K, V>, touched: impl IntoIterator<Item = K>) -> (Vec<V>, Vec<K>) {
    let (there, gone) = split_keyed(all, touched);
    (there.into_iter().map(|(_, value)| value).collect(), gone)
}

fn split_keyed<K: Ord + Copy, V: Clone>(
    all: &BTreeMap<K, V>,
    touched: impl IntoIterator<Item = K>,
) -> (Vec<(K, V)>, Vec<K>) {
    let touched: BTreeSet<K> = touched.into_iter().collect();
    let (there, gone): (Vec<K>, Vec<K>) = touched.into_iter().partition(|key| all.contains_key(key));
    (there.into_iter().map(|key| (key, all[&key].clone())).collect(), gone)
}

/// See [`Engine::demand`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// To be fetched.
    pub feeds: BTreeSet<FeedId>,
    /// Left alone: their hosts asked us to wait.
    pub paused: Vec<FeedId>,
}
