//! How fast clustering is, how long the slowest decisions take, and how much memory a live entry costs, with more and more
//! live entries: `cargo bench --bench clustering`, or `-- 100000` for one size.
//!
//! Each size is a steady state: for every entry that comes in, one expires. Time is that of one core, as the system counts
//! it for this thread, so that other work on the machine does not matter.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement reads clocks and prints"
)]

mod chance;
mod news;

use cap::Cap;
use news::{DENSE, Density, News, Report, SPARSE};
use std::alloc::System;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use storyfold::engine::clustering::{ClusterOptions, Clustering, WINDOW_DEFAULT, publisher};
use storyfold::engine::features::Features;
use storyfold::engine::id::{ClusterId, EntryId};
use storyfold::engine::index::Live;
use storyfold::engine::time::Timestamp;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Live entries.
const SIZES: &[usize] = &[10_000, 100_000, 500_000];
/// Live entries of the dense stream.
const DENSE_SIZE: usize = 100_000;
/// Decisions that are measured.
const MEASURED: usize = 20_000;
/// Decisions measured at a time; some systems count a thread's time in steps of four milliseconds.
const PIECE: usize = 2_000;
const START_MS: i64 = 1_790_000_000_000;
const SEED: u64 = 11;
/// Publishers of all the news.
const PUBLISHERS: u64 = 400;

/// Who publishes: hashed once, as the daemon does for a feed.
static KNOWN: LazyLock<Vec<Option<NonZeroU64>>> =
    LazyLock::new(|| (0..PUBLISHERS).map(|number| publisher(&format!("publisher {number}"))).collect());

/// What was measured at one size.
struct Measures {
    features: Duration,
    decisions: Duration,
    /// Of single decisions, sorted.
    single: Vec<Duration>,
    bytes: usize,
    restore: Duration,
    /// Of the piece that was least disturbed, features and decisions.
    quietest: Duration,
    per_cluster: f64,
}

fn main() {
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    println!(
        "             entries/s                            decision, us                    bytes per   restore  entries"
    );
    println!(
        "live      at best       all  features  decision    mean     p50     p99      most  live entry   seconds  a cluster"
    );
    for (name, size, density) in runs() {
        if only.is_none_or(|only| only == size) {
            print(&name, &measure(size, density));
        }
    }
}

fn runs() -> Vec<(String, usize, Density)> {
    let mut runs: Vec<_> = SIZES.iter().map(|size| (size.to_string(), *size, SPARSE)).collect();
    runs.push(("dense".to_owned(), DENSE_SIZE, DENSE));
    runs
}

fn print(name: &str, measures: &Measures) {
    let each = |time: Duration| time.as_secs_f64() / MEASURED as f64;
    let rate = |time: Duration| 1.0 / each(time);
    let share = |percent: usize| measures.single[(measures.single.len() * percent / 100).min(MEASURED - 1)];
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{name:7} {:9.0} {:9.0} {:9.0} {:9.0} {:7.1} {:7.1} {:7.1} {:9.1} {:11} {:9.2} {:10.2}",
        PIECE as f64 / measures.quietest.as_secs_f64(),
        rate(measures.features + measures.decisions),
        rate(measures.features),
        rate(measures.decisions),
        each(measures.decisions) * 1e6,
        us(share(50)),
        us(share(99)),
        us(share(100)),
        measures.bytes,
        measures.restore.as_secs_f64(),
        measures.per_cluster,
    );
}

fn measure(size: usize, density: Density) -> Measures {
    let mut news = News::new(SEED, density, size, WINDOW_DEFAULT.as_millis() as f64).zip(0_u64..);
    let mut firsts = BTreeMap::new();
    let mut known = |(report, number): (Report, u64)| {
        let cluster = *firsts.entry(report.event).or_insert(ClusterId(id(number).0));
        Live { cluster, ..live(&report, number) }
    };
    let before: Vec<Live> = news.by_ref().take(size).map(&mut known).collect();
    let mut clustering = Clustering::new(ClusterOptions::default());
    let clock = Clock::start();
    clustering.restore(before);
    let restore = clock.stop();
    let (mut features, mut decisions, mut single) = (Duration::ZERO, Duration::ZERO, Vec::new());
    let mut quietest = Duration::MAX;
    // In pieces, so that texts are as fresh in the machine's caches as those of a fetch are.
    for piece in 0..=MEASURED / PIECE {
        let reports: Vec<(Report, u64)> = news.by_ref().take(PIECE).collect();
        let clock = Clock::start();
        let entries: Vec<Live> = reports.iter().map(|(report, number)| live(report, *number)).collect();
        let of_features = clock.stop();
        let clock = Clock::start();
        let of_single: Vec<Duration> = entries
            .into_iter()
            .zip(&reports)
            .map(|(entry, (_, number))| step(&mut clustering, entry, *number, size))
            .collect();
        let of_decisions = clock.stop();
        // The first piece warms up.
        if piece > 0 {
            features += of_features;
            decisions += of_decisions;
            quietest = quietest.min(of_features + of_decisions);
            single.extend(of_single);
        }
    }
    single.sort_unstable();
    let last = size + MEASURED + PIECE;
    let clusters: BTreeSet<_> =
        (last - size..last).filter_map(|number| clustering.cluster_of(id(number as u64))).collect();
    let with = MEMORY.allocated();
    drop(clustering);
    let bytes = (with - MEMORY.allocated()) / size;
    Measures { features, decisions, single, bytes, restore, quietest, per_cluster: size as f64 / clusters.len() as f64 }
}

/// One in, one out.
fn step(clustering: &mut Clustering, entry: Live, number: u64, size: usize) -> Duration {
    let start = Instant::now();
    clustering.place(entry, |cluster| cluster);
    clustering.remove(id(number - size as u64));
    start.elapsed()
}

fn live(report: &Report, number: u64) -> Live {
    Live {
        id: id(number),
        date: Timestamp::from_millis(START_MS + report.at_ms),
        features: Features::of(&report.title, &report.text, Some("en")),
        cluster: ClusterId(id(number).0),
        publisher: KNOWN[(number % PUBLISHERS) as usize],
    }
}

/// Ids are spread as hashes are; an odd factor keeps them apart.
fn id(number: u64) -> EntryId {
    EntryId((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Time of this thread on a core, where the system tells it; else the time that passes.
enum Clock {
    Core(Duration),
    Wall(Instant),
}

impl Clock {
    fn start() -> Self {
        on_core().map_or_else(|| Self::Wall(Instant::now()), Self::Core)
    }

    fn stop(self) -> Duration {
        match self {
            Self::Core(start) => on_core().unwrap_or_default().saturating_sub(start),
            Self::Wall(start) => start.elapsed(),
        }
    }
}

fn on_core() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
