//! What one input changed, for the store to record, and what the store gives back at a start.

use super::cluster::Cluster;
use super::correction::Correction;
use super::entry::{Details, Entry};
use super::features::Features;
use super::feed::FeedState;
use super::id::{ClusterId, EntryId, FeedId};
use std::collections::BTreeMap;

/// The changes of one input, whole: recorded together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// The sequence number of the input.
    pub sequence: u64,
    /// Feeds as they are now, by id.
    pub feeds: Vec<FeedState>,
    /// What each feed's last document held, where that changed.
    pub carried: Vec<(FeedId, Vec<EntryId>)>,
    /// Feeds that are forgotten.
    pub feeds_forgotten: Vec<FeedId>,
    /// Entries as they are now, by id.
    pub entries: Vec<Entry>,
    /// What entries new or edited say at length.
    pub details: Vec<(EntryId, Details)>,
    /// The features of new entries.
    pub features: Vec<(EntryId, Features)>,
    /// Entries past their retention.
    pub entries_expired: Vec<EntryId>,
    /// Clusters as they are now, by id.
    pub clusters: Vec<Cluster>,
    /// Clusters that are no more: expired, or merged into another.
    pub clusters_ended: Vec<ClusterId>,
    /// Old ids and the clusters that answer to them.
    pub aliases: Vec<(ClusterId, ClusterId)>,
    /// Old ids that nothing answers to any more.
    pub aliases_ended: Vec<ClusterId>,
    /// Corrections made by hand.
    pub corrections: Vec<Correction>,
    /// Corrections taken back, by number.
    pub corrections_undone: Vec<u32>,
}

impl Update {
    /// Whether there is nothing to record but the schedule and validators of feeds.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        let Self { sequence: _, feeds: _, carried, feeds_forgotten, entries, details, features, .. } = self;
        let of_feeds = carried.is_empty() && feeds_forgotten.is_empty();
        let of_entries =
            entries.is_empty() && details.is_empty() && features.is_empty() && self.entries_expired.is_empty();
        let of_clusters = self.clusters.is_empty() && self.clusters_ended.is_empty();
        let of_corrections = self.corrections.is_empty() && self.corrections_undone.is_empty();
        of_feeds
            && of_entries
            && of_clusters
            && of_corrections
            && self.aliases.is_empty()
            && self.aliases_ended.is_empty()
    }

    /// Whether there is nothing to record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_bookkeeping() && self.feeds.is_empty()
    }
}

/// Everything the engine remembers, as the store has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// The sequence number of the last input recorded.
    pub sequence: u64,
    /// By id.
    pub feeds: Vec<FeedState>,
    /// By feed.
    pub carried: Vec<(FeedId, Vec<EntryId>)>,
    /// By id; the engine keeps them as they are here.
    pub entries: BTreeMap<EntryId, Entry>,
    /// By entry.
    pub features: Vec<(EntryId, Features)>,
    /// By id.
    pub clusters: Vec<Cluster>,
    /// By the old id.
    pub aliases: Vec<(ClusterId, ClusterId)>,
    /// By number.
    pub corrections: Vec<Correction>,
}
