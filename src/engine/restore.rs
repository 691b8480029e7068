//! The engine as the store's records describe it.

use super::clustering::{self, Clustering};
use super::correction;
use super::entry::Entry;
use super::features::Features;
use super::id::{EntryId, FeedId};
use super::index::Live;
use super::schedule::Schedule;
use super::time::Timestamp;
use super::update::Records;
use super::{Changes, Engine, Feed, Options};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::sync::Arc;

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
