//! How long a start takes: from the store's folder on disk to an engine that knows what to serve, with more and more live
//! entries: `cargo bench --bench restore`, or `-- 100000` for one size.
//!
//! The stores are written by the engine and the store themselves, which takes ten minutes for half a million entries; they
//! stay in Cargo's folder for such files (`target/tmp`), so that this happens once. Delete them after a change of what is
//! stored. Each start is a process of its own: memory is that of the start and of nothing before it.
//!
//! Two starts are measured. sled replays its log from where the last start found its end, so a start after a long run
//! (`long run`) reads all of it, and the next one (`again`) next to nothing. Seconds are those that pass: look at `on
//! cores`, what all threads together used, where other work is going on.

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
#![allow(dead_code, reason = "the other bench uses the rest of the news")]

#[path = "../clustering/chance.rs"]
mod chance;
#[path = "../clustering/news.rs"]
mod news;
mod past;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use storyfold::engine::Engine;
use storyfold::engine::time::Stamp;
use storyfold::store::Store;

/// Live entries.
const SIZES: &[usize] = &[50_000, 500_000];
/// The argument of the processes that do one thing and end.
const WRITE: &str = "write";
const START: &str = "start";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let size = arguments.iter().find_map(|argument| argument.parse().ok());
    let is = |name: &str| arguments.get(1).is_some_and(|argument| argument == name);
    match size {
        Some(size) if is(WRITE) => past::write(&folder(size), size),
        Some(size) if is(START) => start(size),
        size => {
            println!("                     seconds                                                       peak");
            println!("live    after        open      read   restore      feed       all  on cores         MB");
            size.map_or(SIZES.to_vec(), |size| vec![size]).into_iter().for_each(measure);
        }
    }
}

fn folder(size: usize) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("restore-{size}"))
}

fn measure(size: usize) {
    let folder = folder(size);
    if !folder.exists() {
        apart(WRITE, size);
    }
    forget_replays(&folder.join("store"));
    for after in ["long run", "again"] {
        println!("{size:<7} {after:8} {}", apart(START, size));
    }
}

/// Does one thing in another process; gives what it prints.
fn apart(what: &str, size: usize) -> String {
    let this = std::env::current_exe().unwrap();
    let done = Command::new(this).arg(what).arg(size.to_string()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Removes what sled remembers of its log: it is replayed whole then.
fn forget_replays(store: &Path) {
    let files = fs::read_dir(store).unwrap().map(|file| file.unwrap());
    for file in files.filter(|file| file.file_name().to_string_lossy().starts_with("snap.")) {
        fs::remove_file(file.path()).unwrap();
    }
}

/// What the daemon does when it starts.
fn start(size: usize) {
    let config = past::config();
    let begin = Instant::now();
    let mut last = begin;
    let mut lap = || {
        print!(" {:9.2}", last.elapsed().as_secs_f64());
        last = Instant::now();
    };
    let store = Store::open(&folder(size)).unwrap();
    lap();
    let records = store.records().unwrap();
    lap();
    let mut engine = Engine::restore(config.engine.clone(), records);
    let stamp = Stamp { sequence: engine.sequence() + 1, at: past::end() };
    engine.configure(stamp, config.engine, config.feeds);
    lap();
    assert!(!engine.merged_feed(stamp.at).items.is_empty());
    lap();
    let all = begin.elapsed().as_secs_f64();
    assert_eq!(engine.size().0, size);
    print!(" {all:9.2} {:9.2} {:10}", on_cores().as_secs_f64(), peak_megabytes());
}

/// Time of all threads so far, in the system's and in our code.
fn on_cores() -> Duration {
    /// Of Linux, whatever the machine's own.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    TICK * ticks.sum::<u32>()
}

fn peak_megabytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() / 1024
}
