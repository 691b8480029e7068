//! What a daemon has stored when it is started again: the news of one window from two thousand feeds, fetch by fetch.

use super::chance::Chance;
use super::news::{News, Report, SPARSE};
use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::cadence::DocumentHints;
use storyfold::engine::clustering::WINDOW_DEFAULT;
use storyfold::engine::entry::{Details, Draft, Identity};
use storyfold::engine::features::Features;
use storyfold::engine::feed::{FeedSpec, Validators};
use storyfold::engine::fetched::{Facts, Freshness};
use storyfold::engine::id::EntryId;
use storyfold::engine::ingest::{Arrival, Content, Digested};
use storyfold::engine::parse::Document;
use storyfold::engine::repair::Repairs;
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::engine::update::{Records, Update};
use storyfold::store::Store;

const FEEDS: usize = 2_000;
/// New entries that a fetch brings.
const NEW: usize = 5;
/// Entries that a feed carries: the others have left it, which their records say.
const CARRIED: usize = 25;
/// Updates that share a flush, as in the daemon's loop.
const TOGETHER: usize = 64;
const START_MS: i64 = 1_790_000_000_000;
const SEED: u64 = 11;

/// A configuration of all the feeds.
pub fn config() -> Config {
    let feed = |number| format!("[[feed]]\nurl = \"https://www.publisher-{number}.example/feed.xml\"\n");
    let text: String = (0..FEEDS).map(feed).collect();
    let read = |path: &Path| fs::read_to_string(path);
    Config::parse(Path::new("feeds.toml"), Path::new("/"), &text, &Environment::default(), &read).unwrap()
}

/// When the daemon is started again.
pub fn end() -> Timestamp {
    Timestamp::from_millis(START_MS).plus(WINDOW_DEFAULT)
}

/// Writes a store of so many entries.
pub fn write(folder: &Path, size: usize) {
    let unfinished = folder.with_extension("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    let mut past = Past::new(&unfinished);
    let mut chance = Chance::new(!SEED);
    for (report, number) in News::new(SEED, SPARSE, size, WINDOW_DEFAULT.as_millis() as f64).take(size).zip(0_u64..) {
        let feed = chance.below(FEEDS);
        past.appear(feed, &report, number);
        if past.unread[feed] == NEW {
            past.fetch(feed, Timestamp::from_millis(START_MS + report.at_ms));
        }
    }
    (0..FEEDS).for_each(|feed| past.fetch(feed, end()));
    past.commit();
    drop(past);
    fs::rename(unfinished, folder).unwrap();
}

struct Past {
    feeds: Vec<FeedSpec>,
    /// What each feed carries now, the newest first.
    documents: Vec<VecDeque<Draft>>,
    /// How many of these were never fetched.
    unread: Vec<usize>,
    engine: Engine,
    store: Store,
    updates: Vec<Update>,
    sequence: u64,
}

impl Past {
    fn new(folder: &Path) -> Self {
        let config = config();
        let mut engine = Engine::restore(config.engine.clone(), Records::default());
        let stamp = Stamp { sequence: 1, at: Timestamp::from_millis(START_MS) };
        Self {
            updates: vec![engine.configure(stamp, config.engine, config.feeds.clone())],
            feeds: config.feeds,
            documents: vec![VecDeque::new(); FEEDS],
            unread: vec![0; FEEDS],
            engine,
            store: Store::open(folder).unwrap(),
            sequence: 1,
        }
    }

    /// A feed carries another entry.
    fn appear(&mut self, feed: usize, report: &Report, number: u64) {
        let document = &mut self.documents[feed];
        document.push_front(draft(&self.feeds[feed], report, number));
        document.truncate(CARRIED);
        self.unread[feed] += 1;
    }

    fn fetch(&mut self, feed: usize, at: Timestamp) {
        self.unread[feed] = 0;
        self.sequence += 1;
        let stamp = Stamp { sequence: self.sequence, at };
        let fetched = fetched(&self.feeds[feed], &self.documents[feed], self.sequence);
        self.updates.push(self.engine.handle_fetched(stamp, fetched));
        if self.updates.len() == TOGETHER {
            self.commit();
        }
    }

    fn commit(&mut self) {
        self.store.commit(&self.updates).unwrap();
        self.updates.clear();
    }
}

fn fetched(spec: &FeedSpec, entries: &VecDeque<Draft>, body_hash: u64) -> Digested {
    let document = Document {
        format: "rss 2.0".to_owned(),
        encoding: "utf-8".to_owned(),
        repairs: Repairs::default(),
        title: Some(format!("News of {}", spec.written)),
        entries: entries.iter().cloned().collect(),
        repeated: Vec::new(),
        rejected: Vec::new(),
        hints: DocumentHints::default(),
    };
    let validators = Validators { etag: Some(format!("\"{body_hash}\"")), last_modified: None };
    let freshness = Freshness { validators, ..Freshness::default() };
    let arrival = Arrival { document, body_hash, freshness, is_delta: false };
    Digested { feed: spec.id, content: Content::Document(Box::new(arrival)), facts: Facts::default() }
}

fn draft(spec: &FeedSpec, report: &Report, number: u64) -> Draft {
    let site = spec.written.trim_end_matches("feed.xml");
    let slug = report.title.to_lowercase().replace(' ', "-");
    let link = format!("{site}2026/11/{slug}-{number}");
    Draft {
        id: EntryId::of(spec.id, &Identity::Given(link.clone())),
        title: report.title.clone(),
        link: Some(link),
        published: Some(Timestamp::from_millis(START_MS + report.at_ms)),
        updated: None,
        details: Details { text: report.text.clone(), ..Details::default() },
        place: 0,
        other_id: None,
        language: Some("en".to_owned()),
        version: number,
        features: Features::of(&report.title, &report.text, Some("en")),
    }
}
