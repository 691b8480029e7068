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
pub mod cadence;
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
pub mod following;
pub mod headline;
pub mod hypertext;
pub mod id;
pub mod index;
pub mod ingest;
pub mod link;
mod look;
pub mod markup;
pub mod merged;
pub mod model;
pub mod page;
pub mod parse;
pub mod publication;
mod recognition;
pub mod render;
pub mod repair;
pub mod replay;
mod restore;
pub mod retention;
pub mod rhythm;
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
use id::{ClusterId, EntryId, FeedId};
use publication::OutputOptions;
use retention::RetentionOptions;
use schedule::{Schedule, ScheduleOptions};
use std::collections::{BTreeMap, BTreeSet};
use time::{Stamp, Timestamp};
use update::Update;

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
