//! Labelled entries through the real engine, and how well it did.
//!
//! B-Cubed (Bagga and Baldwin 1998, as used by Amigó et al. 2009): for each entry, the share of its cluster that is of
//! its event, and the share of its event that is in its cluster, averaged over entries. Pairwise: over pairs of entries.

use super::clustering::{ClusterOptions, Clustering};
use super::features::Features;
use super::headline::Furniture;
use super::id::{ClusterId, EntryId, digest};
use super::index::Live;
use super::time::Timestamp;
use std::collections::BTreeMap;

/// Feeds that entries without a source are spread over when replayed feed after feed.
const PSEUDO_FEEDS: u64 = 50;

/// One labelled entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Of the entry, in the file.
    pub id: String,
    /// Plain text.
    pub title: String,
    /// Plain text; may be empty.
    pub text: String,
    /// The page.
    pub url: Option<String>,
    /// Who published it.
    pub source: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// When.
    pub published: Timestamp,
    /// The event it is about.
    pub event: String,
}

/// The order in which entries come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were published.
    Time,
    /// Source after source, each newest first: as a first import brings them.
    Feeds,
}

impl Order {
    /// Puts entries in order.
    pub fn arrange(self, entries: &mut [Labelled]) {
        entries.sort_by_key(|entry| entry.published);
        if self == Self::Feeds {
            entries.sort_by_cached_key(|entry| (feed_of(entry), std::cmp::Reverse(entry.published)));
        }
    }
}

fn feed_of(entry: &Labelled) -> String {
    entry.source.clone().unwrap_or_else(|| format!("{:02}", digest(&[entry.id.as_bytes()]) % PSEUDO_FEEDS))
}

/// Runs the entries, arranged in this order, through the engine's clustering; gives the cluster of each as it stands
/// after the last one.
#[must_use]
pub fn assign(entries: &[Labelled], order: Order, options: &ClusterOptions) -> Vec<ClusterId> {
    run(entries, order, options, |_, _, _| {})
}

/// The same, and shows the clustering after each entry: with the ids of all entries, and the place of this one.
pub fn run(
    entries: &[Labelled],
    order: Order,
    options: &ClusterOptions,
    mut after: impl FnMut(&Clustering, &[EntryId], usize),
) -> Vec<ClusterId> {
    let mut clustering = Clustering::new(options.clone());
    let ids: Vec<EntryId> =
        (1..).map(|place| EntryId(digest(&[b"eval", &u64::to_le_bytes(place)]))).take(entries.len()).collect();
    let mut born: BTreeMap<ClusterId, usize> = BTreeMap::new();
    let mut sites: BTreeMap<&str, Furniture> = BTreeMap::new();
    for (place, (entry, id)) in entries.iter().zip(&ids).enumerate() {
        let fresh = ClusterId::mint(*id, place as u64);
        born.insert(fresh, place);
        let title = bare_title(entry, &mut sites);
        clustering.place(live(entry, title, *id, fresh), |cluster| seniority(&born, cluster));
        after(&clustering, &ids, place);
    }
    if order == Order::Feeds && clustering.is_young() {
        // As at the end of a first import.
        clustering.second_look(entries.len() as u64, |cluster| seniority(&born, cluster));
    }
    ids.iter().map(|id| clustering.cluster_of(*id).unwrap_or(ClusterId(0))).collect()
}

/// Clusters are as old as the place of the entry that they began with; what parted from others is younger than all.
pub(super) fn seniority(born: &BTreeMap<ClusterId, usize>, cluster: ClusterId) -> usize {
    born.get(&cluster).copied().unwrap_or(usize::MAX)
}

/// A title without what its site puts around it, as far as the site's titles so far have told.
fn bare_title<'a>(entry: &'a Labelled, sites: &mut BTreeMap<&'a str, Furniture>) -> &'a str {
    let Some(source) = &entry.source else { return &entry.title };
    let site = sites.entry(source).or_insert_with(|| Furniture::of_site([source.as_str()]));
    site.note(&entry.title);
    site.strip(&entry.title)
}

fn live(entry: &Labelled, title: &str, id: EntryId, cluster: ClusterId) -> Live {
    Live {
        id,
        date: entry.published,
        features: Features::of(title, &entry.text, entry.language.as_deref()),
        cluster,
        publisher: entry.source.as_deref().and_then(super::clustering::publisher),
    }
}

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Of what was put together, the share that belongs together.
    pub precision: f64,
    /// Of what belongs together, the share that was put together.
    pub recall: f64,
    /// The harmonic mean.
    pub f1: f64,
}

impl Score {
    fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

/// How well an assignment does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Clusters found.
    pub clusters: usize,
    /// Events there are.
    pub gold: usize,
    /// Over entries.
    pub bcubed: Score,
    /// Over pairs of entries.
    pub pairwise: Score,
}

/// Scores the clusters that entries were assigned to.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of entries are far below 2^52")]
pub fn score(entries: &[Labelled], assigned: &[ClusterId]) -> Scores {
    let mut gold: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: BTreeMap<ClusterId, usize> = BTreeMap::new();
    let mut both: BTreeMap<(&str, ClusterId), usize> = BTreeMap::new();
    for (entry, cluster) in entries.iter().zip(assigned) {
        *gold.entry(&entry.event).or_default() += 1;
        *found.entry(*cluster).or_default() += 1;
        *both.entry((&entry.event, *cluster)).or_default() += 1;
    }
    let total = entries.len().max(1) as f64;
    let over = |size: &dyn Fn(&(&str, ClusterId)) -> usize| {
        both.iter().map(|(cell, count)| (count * count) as f64 / size(cell) as f64).sum::<f64>() / total
    };
    let pairs = |counts: &mut dyn Iterator<Item = usize>| counts.map(|n| n * n.saturating_sub(1) / 2).sum::<usize>();
    let right = pairs(&mut both.values().copied()) as f64;
    let share = |of: usize| right / of.max(1) as f64;
    Scores {
        clusters: found.len(),
        gold: gold.len(),
        bcubed: Score::new(over(&|(_, cluster)| found[cluster]), over(&|(event, _)| gold[event])),
        pairwise: Score::new(share(pairs(&mut found.values().copied())), share(pairs(&mut gold.values().copied()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(events: &str) -> Vec<Labelled> {
        let one = |(place, event): (usize, char)| Labelled {
            id: place.to_string(),
            title: String::new(),
            text: String::new(),
            url: None,
            source: None,
            language: None,
            published: Timestamp::EPOCH,
            event: event.to_string(),
        };
        events.chars().enumerate().map(one).collect()
    }

    #[test]
    fn scores_are_those_of_the_definitions() {
        let check = |events: &str, clusters: &[u64], bcubed: (f64, f64), pairwise: (f64, f64)| {
            let assigned: Vec<ClusterId> = clusters.iter().copied().map(ClusterId).collect();
            let scores = score(&labelled(events), &assigned);
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{events} {clusters:?}: {a} is not {b}");
            near(scores.bcubed.precision, bcubed.0);
            near(scores.bcubed.recall, bcubed.1);
            near(scores.pairwise.precision, pairwise.0);
            near(scores.pairwise.recall, pairwise.1);
        };
        check("aab", &[1, 1, 2], (1.0, 1.0), (1.0, 1.0));
        check("aab", &[1, 1, 1], (5.0 / 9.0, 1.0), (1.0 / 3.0, 1.0));
        check("aab", &[1, 2, 3], (1.0, 2.0 / 3.0), (0.0, 0.0));
    }

    #[test]
    fn feeds_order_is_source_after_source_newest_first() {
        let mut entries = labelled("aaaa");
        for (place, (source, at)) in [("y", 1), ("x", 2), ("y", 3), ("x", 4)].into_iter().enumerate() {
            entries[place].source = Some(source.to_owned());
            entries[place].published = Timestamp::from_secs(at);
        }
        Order::Feeds.arrange(&mut entries);
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids, ["3", "1", "2", "0"]);
    }
}
