//! What the shipped configuration promises: the five sample feeds show the program's point, offline.

use crate::cli::Storyfold;
use std::path::Path;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::fetched::{Body, FetchOutcome};
use storyfold::engine::ingest::digested;
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::engine::update::Records;

/// The headlines of the five entries about the one event.
const TALKS: [&str; 5] = [
    "Meta plans $10 billion stake in Scale AI, its biggest outside deal in AI",
    "Meta is weighing a $10 billion investment in data-labeling startup Scale AI",
    "Meta mulls 1.5 trillion yen investment in U.S. data-labeling firm Scale AI",
    "Meta eyes $1 billion stake in Scale AI as it looks beyond its own labs",
    "With Scale AI, Meta places a billion-dollar bet on the people who label data",
];

/// Headlines that share names and words with it, and are of other events.
const NEAR_MISSES: [&str; 7] = [
    "Meta launches Llama 4, releasing two open models at once",
    "Two months on, why developers never warmed to Meta's Llama 4",
    "Scale AI lays off 14% of its staff",
    "Scale AI set to lose Google, its biggest customer",
    "Google prepares to cut ties with Scale AI, its supplier of training data",
    "Meta to spend up to $65 billion on AI this year, Zuckerberg says",
    "Zuckerberg is assembling a superintelligence lab at Meta",
];

/// Everyday events that two or three of the samples tell.
const SHARED: [&[&str]; 6] = [
    &[
        "Passengers taken off ferry stranded on sandbank near Port Ellery",
        "Lifeboats rescue 212 from ferry aground in fog off Port Ellery",
        "No Japanese aboard ferry that ran aground off Port Ellery",
    ],
    &[
        "Halcyon capsule lands in Australia with dust from asteroid Ondra",
        "Asteroid dust on Earth: Halcyon's capsule touches down",
        "Japanese team recovers Halcyon sample capsule in Australian desert",
    ],
    &[
        "Ravensholm beat Calder on penalties to lift the Northern Cup",
        "Northern Cup goes to Ravensholm after shoot-out drama against Calder",
    ],
    &[
        "Marlish Foods agrees to buy biscuit maker Tolley & Finch for £1.4bn",
        "Cereal meets biscuit: Marlish Foods takes over Tolley & Finch",
    ],
    &[
        "Password manager Keyloft says thieves copied its customers' encrypted vaults",
        "Three million affected as password manager Keyloft admits theft of backups",
    ],
    &[
        "Scale AI set to lose Google, its biggest customer",
        "Google prepares to cut ties with Scale AI, its supplier of training data",
    ],
];

#[test]
fn five_sources_in_one_entry_out() {
    let storyfold = Storyfold::with_samples();
    storyfold.succeed(&["fetch"]);
    let clusters = storyfold.clusters();
    let mut talks: Vec<&str> = TALKS.to_vec();
    talks.sort_unstable();
    let of_talks: Vec<&Vec<String>> =
        clusters.iter().filter(|titles| titles.iter().any(|title| TALKS.contains(&title.as_str()))).collect();
    assert_eq!(of_talks.len(), 1, "{of_talks:#?}");
    assert_eq!(*of_talks[0], talks);
    for title in NEAR_MISSES {
        assert!(clusters.iter().any(|titles| titles.iter().any(|other| other == title)), "{title} is not there");
    }
}

#[test]
fn everyday_news_is_clustered_too() {
    let storyfold = Storyfold::with_samples();
    storyfold.succeed(&["fetch"]);
    let clusters = storyfold.clusters();
    let shared: Vec<Vec<&str>> = SHARED
        .iter()
        .map(|titles| {
            let mut titles = titles.to_vec();
            titles.sort_unstable();
            titles
        })
        .collect();
    for titles in &shared {
        assert!(clusters.iter().any(|cluster| cluster == titles), "{titles:#?} is not a cluster");
    }
    let of_several = clusters.iter().filter(|titles| titles.len() > 1).count();
    assert_eq!(of_several, SHARED.len() + 1, "something else was clustered: {clusters:#?}");
}

/// The titles of the entries that share a cluster with one of the talks, after the feeds came in this order.
fn beside_the_talks(config: &Config, order: &[usize]) -> Vec<Vec<String>> {
    let mut engine = Engine::restore(config.engine.clone(), Records::default());
    let at = Timestamp::from_secs(1_770_000_000);
    engine.configure(Stamp { sequence: 1, at }, config.engine.clone(), config.feeds.clone());
    for (place, feed) in order.iter().enumerate() {
        let spec = &config.feeds[*feed];
        let bytes = std::fs::read(spec.url.address()).unwrap();
        let body = Body::of(bytes, None);
        let stamp = Stamp { sequence: place as u64 + 2, at };
        engine.handle_fetched(stamp, digested(spec, FetchOutcome::Body(body).into()));
    }
    let titles = engine.clusters().map(|cluster| {
        let members = cluster.members.iter().filter_map(|id| engine.entry(*id));
        let mut titles: Vec<String> = members.map(|entry| entry.title.clone()).collect();
        titles.sort_unstable();
        titles
    });
    titles.filter(|titles| titles.iter().any(|title| TALKS.contains(&title.as_str()))).collect()
}

#[test]
fn the_order_in_which_feeds_answer_does_not_matter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(root.join("feeds.toml")).unwrap();
    let mut config = Config::parse(Path::new("feeds.toml"), root, &shipped, &Environment::default(), &|path| {
        std::fs::read_to_string(path)
    })
    .unwrap();
    config.feeds.retain(|spec| spec.written.starts_with("examples/"));
    let mut talks: Vec<&str> = TALKS.to_vec();
    talks.sort_unstable();
    for turn in 0..5 {
        let mut order: Vec<usize> = (0..5).map(|place| (place + turn) % 5).collect();
        for _ in 0..2 {
            assert_eq!(beside_the_talks(&config, &order), [talks.clone()], "{order:?}");
            order.reverse();
        }
    }
}
