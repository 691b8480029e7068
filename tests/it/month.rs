//! A month of a thousand feeds, in minutes of computing: the engine decides when each is asked, publishers of all kinds
//! answer at once, and no clock runs but ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use storyfold::config::{Config, Environment};
use storyfold::engine::Engine;
use storyfold::engine::cadence::DocumentHints;
use storyfold::engine::entry::{Details, Draft, Identity};
use storyfold::engine::features::Features;
use storyfold::engine::feed::{FeedSpec, Validators};
use storyfold::engine::fetched::{Facts, Freshness};
use storyfold::engine::id::{EntryId, FeedId};
use storyfold::engine::ingest::{Arrival, Content, Digested};
use storyfold::engine::parse::Document;
use storyfold::engine::repair::Repairs;
use storyfold::engine::time::{Stamp, Timestamp};
use storyfold::engine::update::Records;

const FEEDS: usize = 1000;
const HOSTS: usize = 250;
/// 2026-06-01, a Monday.
const START: i64 = 1_780_272_000;
const DAYS: i64 = 30;
/// Entries that a document holds.
const CARRIED: usize = 8;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A publisher's habits, and what they ask.
struct Kind {
    name: &'static str,
    /// Of a thousand.
    share: usize,
    /// Entries a day, between these hours.
    a_day: f64,
    hours: (i64, i64),
    max_age: Option<i64>,
    hints: DocumentHints,
    /// Fails, or asks to wait for this many seconds, one time in twenty.
    fails: bool,
    retry_after: Option<u64>,
    /// What is asserted: requests a day, and the wait of half and nine tenths of the entries, in minutes.
    requests: (f64, f64),
    median: i64,
    most: i64,
}

const NONE: DocumentHints = DocumentHints { ttl: None, period: None, skip_hours: 0, skip_days: 0 };
const PLAIN: Kind = Kind {
    name: "",
    share: 0,
    a_day: 0.0,
    hours: (0, 24),
    max_age: None,
    hints: NONE,
    fails: false,
    retry_after: None,
    requests: (0.0, 0.0),
    median: 0,
    most: 0,
};

const KINDS: &[Kind] = &[
    Kind { name: "asleep", share: 200, a_day: 0.03, requests: (1.0, 3.0), median: 800, most: 1500, ..PLAIN },
    Kind { name: "weekly", share: 200, a_day: 0.14, requests: (2.0, 6.0), median: 300, most: 660, ..PLAIN },
    Kind { name: "daily", share: 200, a_day: 1.0, requests: (8.0, 16.0), median: 75, most: 160, ..PLAIN },
    Kind { name: "a few", share: 150, a_day: 5.0, requests: (20.0, 36.0), median: 32, most: 66, ..PLAIN },
    Kind { name: "busy", share: 40, a_day: 40.0, requests: (55.0, 96.0), median: 11, most: 24, ..PLAIN },
    Kind {
        name: "office hours",
        share: 30,
        a_day: 40.0,
        hours: (8, 18),
        requests: (40.0, 75.0),
        median: 10,
        most: 20,
        ..PLAIN
    },
    Kind {
        name: "max-age",
        share: 50,
        a_day: 5.0,
        max_age: Some(2 * HOUR),
        requests: (10.0, 12.1),
        median: 80,
        most: 150,
        ..PLAIN
    },
    Kind {
        name: "ttl",
        share: 40,
        a_day: 5.0,
        hints: DocumentHints { ttl: Some(Duration::from_hours(1)), ..NONE },
        requests: (17.0, 24.1),
        median: 45,
        most: 90,
        ..PLAIN
    },
    Kind {
        name: "period",
        share: 20,
        a_day: 2.0,
        hints: DocumentHints { period: Some(Duration::from_hours(12)), ..NONE },
        requests: (1.7, 2.1),
        median: 480,
        most: 760,
        ..PLAIN
    },
    Kind {
        name: "nights off",
        share: 30,
        a_day: 10.0,
        hours: (6, 22),
        hints: DocumentHints { skip_hours: 0b1100_0000_0000_0000_0011_1111, ..NONE },
        requests: (18.0, 40.0),
        median: 30,
        most: 70,
        ..PLAIN
    },
    Kind { name: "flaky", share: 20, a_day: 5.0, fails: true, requests: (18.0, 36.0), median: 35, most: 75, ..PLAIN },
    Kind {
        name: "limited",
        share: 20,
        a_day: 5.0,
        fails: true,
        retry_after: Some(3 * 3600),
        requests: (12.0, 30.0),
        median: 40,
        most: 180,
        ..PLAIN
    },
];

/// Chance that is the same every time (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}

struct Publisher {
    kind: &'static Kind,
    spec: FeedSpec,
    /// When each entry is published, in seconds, from before the start on.
    entries: Vec<i64>,
    /// How many of them were seen; none before the first document.
    seen: usize,
    requests: usize,
    waits: Vec<i64>,
    /// Not to be asked before this, for what it said.
    not_before: i64,
    chance: Chance,
}

impl Publisher {
    fn new(kind: &'static Kind, spec: FeedSpec, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut entries = Vec::new();
        let (from, to) = kind.hours;
        // Two months of past are known to the first document, as far as it holds them.
        for day in -60..DAYS {
            let mut expected = kind.a_day;
            while expected > 0.0 {
                if chance.next() < expected.min(1.0) {
                    let second = chance.next() * ((to - from) * HOUR) as f64;
                    entries.push(START + day * DAY + from * HOUR + second as i64);
                }
                expected -= 1.0;
            }
        }
        entries.sort_unstable();
        Self { kind, spec, entries, seen: 0, requests: 0, waits: Vec::new(), not_before: i64::MIN, chance }
    }

    fn answer(&mut self, now: i64) -> Content {
        assert!(now >= self.not_before, "{} is asked {} s too early", self.kind.name, self.not_before - now);
        let hour = now.rem_euclid(DAY) / HOUR;
        assert!(self.requests == 0 || self.kind.hints.skip_hours & (1 << hour) == 0, "{} at {hour}", self.kind.name);
        self.requests += 1;
        if self.kind.fails && self.chance.next() < 0.05 {
            let retry_after = self.kind.retry_after.map(Duration::from_secs);
            if let Some(wait) = retry_after {
                self.not_before = now + wait.as_secs() as i64;
                return Content::RateLimited { retry_after };
            }
            return Content::Failed { reason: "no answer".to_owned(), obstacle: None };
        }
        let freshness = Freshness {
            validators: Validators { etag: Some("\"1\"".to_owned()), last_modified: None },
            max_age: self.kind.max_age.map(|age| Duration::from_secs(age.unsigned_abs())),
            expires: None,
        };
        let document = self.kind.hints;
        let asked = [self.kind.max_age, document.ttl.map(|ttl| ttl.as_secs() as i64)];
        let period = document.period.map(|period| period.as_secs() as i64);
        self.not_before = now + asked.into_iter().chain([period]).flatten().max().unwrap_or(15 * MINUTE);
        let published = self.entries.partition_point(|at| *at <= now);
        if published == self.seen && published > 0 {
            return Content::NotModified(freshness);
        }
        // What the first document holds was there before anybody looked.
        if self.seen > 0 {
            self.waits.extend(self.entries[self.seen..published].iter().map(|at| now - at));
        }
        self.seen = published;
        Content::Document(Box::new(Arrival {
            document: self.document(),
            body_hash: now as u64,
            freshness,
            is_delta: false,
        }))
    }

    fn document(&self) -> Document {
        let held = self.seen.saturating_sub(CARRIED)..self.seen;
        let draft = |place: usize| Draft {
            place,
            id: EntryId::of(self.spec.id, &Identity::Given(place.to_string())),
            other_id: None,
            title: format!("Entry {place}"),
            link: None,
            published: Some(Timestamp::from_secs(self.entries[place])),
            updated: None,
            language: None,
            version: 1,
            features: Features::of("", "", None),
            details: Details::default(),
        };
        Document {
            format: "rss 2.0".to_owned(),
            encoding: "utf-8".to_owned(),
            repairs: Repairs::default(),
            title: None,
            entries: held.map(draft).collect(),
            repeated: Vec::new(),
            rejected: Vec::new(),
            hints: self.kind.hints,
        }
    }
}

fn config() -> Config {
    let mut text = "[retention]\nmax_age = \"90d\"\n[output]\nsettle = \"0s\"\n".to_owned();
    for feed in 0..FEEDS {
        let host = feed % HOSTS;
        text.push_str(&format!("[[feed]]\nurl = \"https://host{host}.example/{feed}.xml\"\ncluster = false\n"));
    }
    let read = |_: &Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    Config::parse(Path::new("feeds.toml"), Path::new("/"), &text, &Environment::default(), &read).unwrap()
}

#[test]
fn a_month_of_a_thousand_feeds_is_polite_and_prompt() {
    let config = config();
    let kinds = KINDS.iter().flat_map(|kind| std::iter::repeat_n(kind, kind.share));
    let feeds = config.feeds.iter().cloned().zip(kinds).enumerate();
    let mut publishers: BTreeMap<FeedId, Publisher> =
        feeds.map(|(seed, (spec, kind))| (spec.id, Publisher::new(kind, spec, seed as u64))).collect();
    assert_eq!(publishers.len(), FEEDS);
    let mut engine = Engine::restore(config.engine.clone(), Records::default());
    let mut sequence = 1;
    let start = Timestamp::from_secs(START);
    engine.configure(Stamp { sequence, at: start }, config.engine.clone(), config.feeds);
    let end = Timestamp::from_secs(START + DAYS * DAY);
    let mut now = start;
    let mut last_at: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut by_minute: BTreeMap<i64, usize> = BTreeMap::new();
    while now < end {
        while let Some(request) = engine.poll_fetch(now) {
            let before = last_at.insert(request.url.host_key(), now);
            let gap = before.map(|before| now.since(before));
            assert!(gap.is_none_or(|gap| gap >= Duration::from_secs(1)), "{} after {gap:?}", request.url.host_key());
            *by_minute.entry(now.millis() / 60_000).or_default() += 1;
            let publisher = publishers.get_mut(&request.feed).unwrap();
            let content = publisher.answer(now.millis() / 1000);
            sequence += 1;
            let fetched = Digested { feed: request.feed, content, facts: Facts::default() };
            engine.handle_fetched(Stamp { sequence, at: now }, fetched);
        }
        let next = engine.poll_timeout().unwrap();
        now = next.max(now.plus(Duration::from_millis(100)));
        sequence += 1;
        engine.handle_time(Stamp { sequence, at: now });
    }
    for kind in KINDS {
        check(kind, publishers.values().filter(|publisher| publisher.kind.name == kind.name));
    }
    // The first round is one, since nothing is known before it; after that nothing fires together.
    let most = by_minute.iter().skip(10).map(|(_, requests)| *requests).max().unwrap();
    let all: usize = by_minute.values().sum();
    let even = all / (DAYS * DAY / MINUTE) as usize;
    assert!(most <= 5 * even, "{most} requests in one minute, {even} on the mean");
}

fn check<'a>(kind: &Kind, publishers: impl Iterator<Item = &'a Publisher>) {
    let (mut feeds, mut requests, mut waits) = (0, 0, Vec::<i64>::new());
    for publisher in publishers {
        feeds += 1;
        requests += publisher.requests;
        waits.extend(&publisher.waits);
    }
    waits.sort_unstable();
    let a_day = requests as f64 / f64::from(feeds) / DAYS as f64;
    let wait = |part: usize| waits[waits.len() * part / 10] / MINUTE;
    let told = format!("{}: {a_day:.1} requests a day, half waits {} min, nine tenths {}", kind.name, wait(5), wait(9));
    assert!(a_day >= kind.requests.0 && a_day <= kind.requests.1, "{told}");
    assert!(wait(5) <= kind.median && wait(9) <= kind.most, "{told}");
}
