//! Which entries are about one event: the decision for each new entry, and the late revisions that make the order of
//! arrival harmless.
//!
//! ```text
//! entry -> neighbors -> groups around it -> average linkage -> Join | Copy | Follow | Start, and revisions
//! ```
//!
//! # The method, on one page
//!
//! **Features** ([`super::features`]). Words by UAX #29, folded, stemmed (Snowball) and cut to five characters, so that
//! endings and compounds meet; bigrams where a script has no spaces; stop words, words of form ("live") and what a site
//! writes around its headlines ([`super::headline`]) left out. Of an entry, up to 24 terms of the title and 64 of the first
//! 1,500 characters are kept, with counts.
//!
//! **Rarity** ([`super::index`]): `ln((N + 1500) / (df + 1))` over the live entries (inverse document frequency, Spärck
//! Jones 1972, with a prior for a young index). Entries that say nothing are not counted, and no publisher counts for more
//! than its share.
//!
//! **Neighbors** (`nearby`). An inverted index gives the entries that share the weightiest terms (12 for a teaser, 48 for a
//! bare title), dated within ten days of this one's own date, whatever the order of arrival; a publisher has four of them
//! at most.
//!
//! **Similarity** ([`super::similarity`]). Two entries give ten numbers: cosines of all terms, titles, title against all, and
//! bodies, kept apart as in Miranda et al. 2018 (EMNLP); the rarity of what they share, and of the second rarest shared word
//! of a title, for one shared name is not an event; two decays of the time between them; how much the shorter one says, and
//! how common its words are, for likeness by chance grows with both.
//!
//! **Decision** ([`super::model`]). A linear model, one row for each pair of lengths (two titles, two teasers, two articles, a
//! title and a text), gives the log odds that two entries are about one event. Amounts have no part in it. A publisher's own
//! two entries need more, for it does not tell the same twice.
//!
//! **Linkage** (`linkage`). The clusters of the likely neighbors are taken apart (larger ones speak through eight of their
//! members) and put together again with the new entry by average linkage (Sokal and Michener 1958): the two groups whose
//! pairs score best on the mean become one, as long as that mean reaches the threshold. For bare titles, the best pair adds
//! a little and the nearest other group takes a little. So one entry may join, show that two clusters are one, or that one is
//! two. A publisher has one vote in a group, however often it repeats itself. What stands together has a small advantage, so
//! that nothing goes to and fro; a group keeps the id that most of it had (`settlement`).
//!
//! **What evidence cannot do** (`admission`, `constraints`, `scene`). Instalments of a series are never one event; round-ups
//! and headlines that say nothing join nobody but their copies; a cluster ends after ten days or 500 entries, and the next
//! one follows it; what the user has put together or apart stays so (Wagstaff and Cardie 2000).
//!
//! **Second looks** (`second_look`). While fewer than 2,000 entries are live, rarities are guesses: everything is arranged
//! anew each time the index has grown by 30 %, and at the end of a first import.
//!
//! One pass, bounded work for each entry, nothing random. Sums run over integers and logarithms come from `libm`, so the same
//! entries in the same order give the same clusters on every machine. The state is a function of the live entries, each with
//! its cluster: [`Clustering::restore`] takes them in any order and gives what was there before a restart.
//!
//! How well it does is a number (`storyfold eval`), beside the rules of others (`eval --all`, [`super::baseline`]); how fast
//! it is, `cargo bench --bench clustering`. `storyfold tune` fits the weights anew ([`super::tuning`]).

mod admission;
mod arrangement;
mod constraints;
mod grounds;
mod group;
mod linkage;
mod nearby;
mod options;
mod scene;
mod second_look;
mod settlement;

pub use constraints::Constraints;
pub use options::{ClusterOptions, Preset, WINDOW_DEFAULT};

use super::entry::Entry;
use super::evidence::{Decision, Match, SharedTerm};
use super::features::Features;
use super::id::{ClusterId, EntryId, digest};
use super::index::{Index, Live, Slot, Timeline};
use arrangement::Look;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use scene::Scene;
use std::num::NonZeroU64;

/// Terms kept with a decision, for its explanation.
const SPOKEN_MAX: usize = 8;
/// What a new entry led to: its decision, and the revisions that it brought about, moves before merges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Where it went, and why.
    pub decision: Decision,
    /// What it had in common with the entry that decided, the rarest first.
    pub spoke: Vec<SharedTerm>,
    /// What it showed of others, in the order in which it happened.
    pub revisions: Vec<Revision>,
}

/// A second thought on older entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// An entry moved to the cluster that suits it so well.
    Moved(EntryId, Match),
    /// Of two clusters that are one, which is gone, and into which.
    Merged {
        /// Gone.
        from: ClusterId,
        /// Has its entries now.
        into: ClusterId,
    },
    /// An entry left the cluster it was in for one of its own.
    Parted {
        /// Which.
        entry: EntryId,
        /// The new cluster.
        to: ClusterId,
    },
}

impl Placement {
    /// Of an entry that is not clustered.
    #[must_use]
    pub fn alone() -> Self {
        Self { decision: Decision::Alone, spoke: Vec::new(), revisions: Vec::new() }
    }
}

/// What tells publishers apart.
#[must_use]
pub fn publisher(name: &str) -> Option<NonZeroU64> {
    NonZeroU64::new(digest(&[b"publisher", name.as_bytes()]))
}

/// The live form of an entry.
#[must_use]
pub fn live(entry: &Entry, features: Features) -> Live {
    let publisher = publisher(&entry.publisher);
    Live { id: entry.id, date: entry.date(), features, cluster: entry.cluster, publisher }
}

/// The live entries and their clusters.
#[derive(Debug)]
pub struct Clustering {
    options: ClusterOptions,
    constraints: Constraints,
    index: Index,
    members: HashMap<ClusterId, Timeline, FixedState>,
    /// Of the placement in hand; between placements it is memory to be used again.
    scene: Scene,
}

impl Clustering {
    /// Without any entries.
    #[must_use]
    pub fn new(options: ClusterOptions) -> Self {
        let constraints = Constraints::default();
        Self { options, constraints, index: Index::default(), members: HashMap::default(), scene: Scene::default() }
    }

    /// The cluster an entry is in.
    #[must_use]
    pub fn cluster_of(&self, id: EntryId) -> Option<ClusterId> {
        Some(self.index.get(self.index.slot(id)?)?.cluster)
    }

    /// A live entry, as far as the index keeps it: counts beyond what a weight depends on are cut.
    #[must_use]
    pub fn live(&self, id: EntryId) -> Option<Live> {
        self.index.live(self.index.slot(id)?)
    }

    /// Takes back entries whose clusters are known. Their order does not matter.
    pub fn restore(&mut self, mut entries: Vec<Live>) {
        // In the order of timelines, each goes to an end.
        entries.sort_unstable_by_key(|live| (live.date, live.id));
        self.index.reserve(entries.len());
        for live in entries {
            self.take_in(live);
        }
    }

    /// Decides by these options from now on; what was decided stands.
    pub fn set_options(&mut self, options: ClusterOptions) {
        self.options = options;
    }

    /// Respects these constraints from now on.
    pub fn set_constraints(&mut self, constraints: Constraints) {
        self.constraints = constraints;
    }

    /// Puts an entry in a cluster because somebody said so.
    pub fn assign(&mut self, id: EntryId, to: ClusterId) {
        if let Some(slot) = self.index.slot(id) {
            self.shift(slot, to);
        }
    }

    /// Makes one of two clusters because somebody said so.
    pub fn unite(&mut self, from: ClusterId, into: ClusterId) {
        self.merge(from, into);
    }

    /// Takes over what an edited entry says now, and looks at it again. Nothing comes of one that is not clustered. `seed`
    /// is another for every look.
    pub fn revise<R: Ord>(
        &mut self,
        id: EntryId,
        features: Features,
        seed: u64,
        rank: impl Fn(ClusterId) -> R,
    ) -> Vec<Revision> {
        let Some(live) = self.live(id) else { return Vec::new() };
        let slot = self.take_in(Live { features, ..live });
        self.arrange(slot, Look { new: false, seed }, &mut Scene::default(), &rank).revisions
    }

    /// Forgets an entry. Its cluster goes with its last member.
    pub fn remove(&mut self, id: EntryId) {
        let Some(slot) = self.index.slot(id) else { return };
        self.leave(slot);
        self.index.remove(id);
    }

    /// Decides where an entry belongs; `live.cluster` is the id of the cluster that it starts if it belongs nowhere. Of
    /// two clusters that merge, the larger one goes on, and of equals the one of lesser `rank`.
    pub fn place<R: Ord>(&mut self, live: Live, rank: impl Fn(ClusterId) -> R) -> Placement {
        let fresh = live.cluster;
        let slot = self.take_in(live);
        let mut scene = std::mem::take(&mut self.scene);
        let mut placement = self.arrange(slot, Look { new: true, seed: fresh.0 }, &mut scene, &rank);
        let against = placement.decision.against().and_then(|against| self.index.slot(against));
        placement.spoke = against.map(|against| self.shared(slot, against, &mut scene)).unwrap_or_default();
        placement.spoke.truncate(SPOKEN_MAX);
        self.scene = scene;
        if second_look::is_due(self.index.len()) {
            placement.revisions.extend(self.second_look(fresh.0.wrapping_add(1), &rank));
        }
        placement
    }

    fn take_in(&mut self, live: Live) -> Slot {
        self.remove(live.id);
        let cluster = live.cluster;
        let slot = self.index.insert(live);
        self.add_member(cluster, slot);
        slot
    }

    fn shift(&mut self, slot: Slot, to: ClusterId) {
        self.leave(slot);
        self.index.set_cluster(slot, to);
        self.add_member(to, slot);
    }

    fn add_member(&mut self, cluster: ClusterId, slot: Slot) {
        let (index, own) = (&self.index, self.index.when(slot));
        self.members.entry(cluster).or_default().insert(slot, |other| index.when(other) < own);
    }

    fn leave(&mut self, slot: Slot) {
        let Some(home) = self.index.get(slot).map(|live| live.cluster) else { return };
        let Some(members) = self.members.get_mut(&home) else { return };
        let (index, own) = (&self.index, self.index.when(slot));
        members.remove(slot, |other| index.when(other) < own);
        if members.is_empty() {
            self.members.remove(&home);
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Timestamp;

    const HOUR_MS: i64 = 3_600_000;

    fn entry(id: u64, hour: i64, title: &str, text: &str) -> Live {
        let date = Timestamp::from_millis(hour.saturating_mul(HOUR_MS));
        Live {
            id: EntryId(id),
            date,
            features: Features::of(title, text, Some("en")),
            cluster: ClusterId(id),
            publisher: None,
        }
    }

    fn members(clusters: &Clustering, cluster: u64) -> Vec<u64> {
        let slots = clusters.members.get(&ClusterId(cluster)).into_iter().flat_map(Timeline::iter);
        let mut ids: Vec<u64> = slots.map(|slot| clusters.index.get(slot).unwrap().id.0).collect();
        ids.sort_unstable();
        ids
    }

    fn stream() -> Vec<Live> {
        vec![
            entry(
                1,
                1,
                "Ferry runs aground off Tarvel with 140 aboard",
                "Rescue boats took passengers off the ferry Aldana near Tarvel harbor on Monday.",
            ),
            entry(
                2,
                2,
                "Passengers rescued as ferry strands near Tarvel",
                "All 140 passengers of the Aldana were brought to the harbor of Tarvel by rescue boats.",
            ),
            entry(
                3,
                3,
                "Central bank of Orvia raises rates to 4 percent",
                "The bank lifted its key rate by a quarter point, citing inflation in Orvia.",
            ),
            entry(
                4,
                90,
                "Tarvel harbor festival opens with fireworks",
                "Thousands came to the harbor for music and food on Friday.",
            ),
            entry(
                5,
                4,
                "Orvia lifts key rate by a quarter point",
                "The central bank of Orvia raised rates again because of inflation.",
            ),
            entry(
                6,
                4,
                "Orvia lifts key rate by a quarter point",
                "The central bank of Orvia raised rates again because of inflation.",
            ),
        ]
    }

    fn placed(entries: impl IntoIterator<Item = Live>) -> (Clustering, Vec<Placement>) {
        let mut clusters = Clustering::new(ClusterOptions::default());
        let placements = entries.into_iter().map(|live| clusters.place(live, |id| id)).collect();
        (clusters, placements)
    }

    #[test]
    fn entries_about_one_event_join_and_others_stay_apart() {
        let (clusters, placements) = placed(stream());
        assert_eq!(members(&clusters, 1), [1, 2]);
        assert_eq!(members(&clusters, 3), [3, 5, 6]);
        assert_eq!(members(&clusters, 4), [4]);
        assert!(matches!(placements[1].decision, Decision::Join { .. }));
        assert_eq!(placements[5].decision, Decision::Copy { of: EntryId(5), cluster: ClusterId(3) });
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_here() {
        let (clusters, _) = placed(stream().into_iter().rev());
        let mates = |id| clusters.cluster_of(EntryId(id)).map(|cluster| members(&clusters, cluster.0));
        assert_eq!(mates(1), Some(vec![1, 2]));
        assert_eq!(mates(3), Some(vec![3, 5, 6]));
        assert_eq!(mates(4), Some(vec![4]));
    }

    #[test]
    fn a_restored_engine_decides_as_the_one_before_it() {
        let (mut before, _) = placed(stream());
        before.remove(EntryId(2));
        let mut after = Clustering::new(ClusterOptions::default());
        let rest = stream().into_iter().rev().filter(|live| live.id != EntryId(2));
        after.restore(rest.map(|live| Live { cluster: before.cluster_of(live.id).unwrap(), ..live }).collect());
        let next =
            || entry(7, 5, "Stranded ferry Aldana towed to Tarvel", "The ferry that ran aground was towed to harbor.");
        assert_eq!(before.place(next(), |id| id), after.place(next(), |id| id));
        assert_eq!(before.compare(EntryId(7), EntryId(1)), after.compare(EntryId(7), EntryId(1)));
    }

    #[test]
    fn what_joined_wrongly_parts_again() {
        let mut clusters = Clustering::new(ClusterOptions::default());
        let wrong = stream().into_iter().filter(|live| matches!(live.id.0, 1 | 3));
        clusters.restore(wrong.map(|live| Live { cluster: ClusterId(1), ..live }).collect());
        let second = stream().remove(1);
        let placement = clusters.place(second, |id| id);
        assert!(matches!(placement.decision, Decision::Join { to, .. } if to.cluster == ClusterId(1)));
        assert!(matches!(placement.revisions[..], [Revision::Parted { entry: EntryId(3), .. }]));
        assert_eq!(members(&clusters, 1), [1, 2]);
    }

    #[test]
    fn a_cluster_goes_with_its_last_member() {
        let (mut clusters, _) = placed(stream());
        clusters.remove(EntryId(4));
        assert!(!clusters.members.contains_key(&ClusterId(4)));
    }

    #[test]
    fn an_entry_without_words_starts_its_own_cluster() {
        let (_, placements) = placed([entry(1, 1, "", ""), entry(2, 1, "", "")]);
        assert_eq!(placements[1].decision, Decision::Start { nearest: None });
    }

    #[test]
    fn extreme_dates_are_survived() {
        let late = entry(1, i64::MAX, "Ferry runs aground off Tarvel", "");
        let early = entry(2, i64::MIN, "Ferry runs aground off Tarvel", "");
        let (_, placements) = placed([late, early]);
        assert_eq!(placements[1].decision, Decision::Start { nearest: None });
    }
}
