//! What must hold whatever comes and goes, in whatever order.

use super::{ClusterOptions, Clustering, publisher};
use crate::engine::features::Features;
use crate::engine::id::{ClusterId, EntryId};
use crate::engine::index::Live;
use crate::engine::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;

const WORDS: &[&str] = &[
    "ferry",
    "tarvel",
    "harbor",
    "aground",
    "rescue",
    "orvia",
    "bank",
    "rate",
    "inflation",
    "festival",
    "aldana",
    "storm",
    "quarter",
    "passengers",
    "strike",
    "minister",
    "election",
    "budget",
    "river",
    "flood",
];
const HOUR_MS: i64 = 3_600_000;

/// What happens to a clustering.
#[derive(Clone, Debug)]
enum Step {
    Place { id: u64, hour: i64, words: Vec<usize> },
    Remove { id: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let words = prop::collection::vec(0..WORDS.len(), 1..24);
    let place = (1..40_u64, 0..72_i64, words).prop_map(|(id, hour, words)| Step::Place { id, hour, words });
    let remove = (1..40_u64).prop_map(|id| Step::Remove { id });
    prop::collection::vec(prop_oneof![4 => place, 1 => remove], 1..80)
}

fn live(id: u64, hour: i64, words: &[usize]) -> Live {
    let text: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
    let (title, body) = text.split_at(text.len().div_ceil(3));
    Live {
        id: EntryId(id),
        date: Timestamp::from_millis(hour * HOUR_MS),
        features: Features::of(&title.join(" "), &body.join(" "), Some("en")),
        cluster: ClusterId(id),
        publisher: publisher(if id.is_multiple_of(3) { "A" } else { "B" }),
    }
}

/// A clustering after some steps, and the entries that are live then.
fn after(steps: &[Step]) -> (Clustering, BTreeMap<u64, Live>) {
    let (mut clustering, mut entries) = (Clustering::new(ClusterOptions::default()), BTreeMap::new());
    for step in steps {
        match step {
            Step::Place { id, hour, words } => {
                let entry = live(*id, *hour, words);
                entries.insert(*id, entry.clone());
                clustering.place(entry, |cluster| cluster);
            }
            Step::Remove { id } => {
                entries.remove(id);
                clustering.remove(EntryId(*id));
            }
        }
    }
    for entry in entries.values_mut() {
        entry.cluster = clustering.cluster_of(entry.id).unwrap();
    }
    (clustering, entries)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Restored in any order, it decides as the one that lived through it all; nothing that is kept is stale.
    #[test]
    fn a_clustering_is_a_function_of_its_entries(steps in steps(), turn in 0..40_usize, words in prop::collection::vec(0..WORDS.len(), 1..24)) {
        let (mut lived, entries) = after(&steps);
        let mut entries: Vec<Live> = entries.into_values().collect();
        let by = turn % entries.len().max(1);
        entries.rotate_left(by);
        let mut restored = Clustering::new(ClusterOptions::default());
        restored.restore(entries.clone());
        for (a, b) in entries.iter().zip(entries.iter().rev()) {
            prop_assert_eq!(lived.compare(a.id, b.id), restored.compare(a.id, b.id));
            prop_assert_eq!(lived.shared_terms(a.id, b.id), restored.shared_terms(a.id, b.id));
        }
        let next = live(99, 36, &words);
        prop_assert_eq!(lived.place(next.clone(), |cluster| cluster), restored.place(next, |cluster| cluster));
        for entry in &entries {
            prop_assert_eq!(lived.cluster_of(entry.id), restored.cluster_of(entry.id));
        }
    }

    /// Every entry is in the members of its cluster, and every cluster has members.
    #[test]
    fn members_and_entries_agree(steps in steps()) {
        let (clustering, entries) = after(&steps);
        let members: usize = clustering.members.values().map(super::Timeline::len).sum();
        prop_assert_eq!(members, entries.len());
        for entry in entries.values() {
            let slot = clustering.index.slot(entry.id).unwrap();
            prop_assert!(clustering.members[&entry.cluster].iter().any(|member| member == slot));
        }
        prop_assert!(clustering.members.values().all(|members| !members.is_empty()));
    }

    /// What is counted of terms is what counting them anew gives; what nobody holds is forgotten.
    #[test]
    fn terms_are_counted_right(steps in steps()) {
        let (clustering, entries) = after(&steps);
        let mut holders: BTreeMap<u32, usize> = BTreeMap::new();
        for term in entries.values().flat_map(|entry| &entry.features.terms) {
            *holders.entry(term.hash).or_default() += 1;
        }
        prop_assert_eq!(clustering.index.holders(), holders);
    }
}
