//! Families of near-misses, written for this program: events that share names, places and words, told by several publishers
//! in several languages; series, round-ups, live pages, slips in amounts, agency copies, spam. `tests/families` has one
//! file for each; all of them together are one stream, as `storyfold eval` reads it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use storyfold::engine::clustering::ClusterOptions;
use storyfold::engine::eval::{Labelled, Order, Scores, assign, score};
use storyfold::engine::time::Timestamp;

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    text: String,
    url: Option<String>,
    source: Option<String>,
    lang: Option<String>,
    published: String,
    cluster: String,
}

fn labelled(line: &str) -> Labelled {
    let line: Line = serde_json::from_str(line).unwrap();
    Labelled {
        id: line.id,
        title: line.title,
        text: line.text,
        url: line.url,
        source: line.source,
        language: line.lang,
        published: Timestamp::parse_rfc3339(&line.published).unwrap(),
        event: line.cluster,
    }
}

/// All families, by the name of the file.
fn families() -> BTreeMap<String, Vec<Labelled>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families");
    let files = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path());
    let read = files.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (name, text.lines().map(labelled).collect())
    });
    read.collect()
}

fn scores(mut entries: Vec<Labelled>, order: Order) -> Scores {
    order.arrange(&mut entries);
    score(&entries, &assign(&entries, order, &ClusterOptions::default()))
}

#[test]
fn near_misses_are_told_apart_in_every_language() {
    let families = families();
    assert!(families.len() >= 40, "the families were not found");
    for (order, precision, f1) in [(Order::Time, 0.86, 0.86), (Order::Feeds, 0.85, 0.855)] {
        let found = scores(families.values().flatten().cloned().collect(), order);
        assert!(found.bcubed.precision >= precision && found.bcubed.f1 >= f1, "{order:?}: {found:?}");
    }
}

#[test]
fn the_same_families_give_the_same_clusters() {
    let mut entries: Vec<Labelled> = families().into_values().flatten().collect();
    Order::Time.arrange(&mut entries);
    let run = || assign(&entries, Order::Time, &ClusterOptions::default());
    assert_eq!(run(), run());
}
