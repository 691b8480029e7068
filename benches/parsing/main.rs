//! What the repair of feeds costs, in one run, one core, on the same bytes: the bare parser; the parser behind decoding and
//! repair, which is what the ratio is of; and the whole reading, down to safe text and what clustering looks at.
//!
//! `cargo bench --bench parsing [-- FOLDER]`: without a folder of feeds (searched through), feeds of our own.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::format_collect,
    reason = "a measurement reads clocks and prints"
)]

mod feeds;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use storyfold::engine::feed::FeedSpec;
use storyfold::engine::fetched::Body;
use storyfold::engine::link::FeedUrl;
use storyfold::engine::parse::parse;
use storyfold::engine::repair::{Repairs, decode, rewritten};

/// Each reader reads all documents so often. The ratio is the median over the rounds of what each round's own two times
/// say: other work on the machine, which comes and goes in seconds, slows both. Of the speeds, the fastest round counts.
const ROUNDS: usize = 101;
const ADDRESS: &str = "https://example.org/feed";

fn main() {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let documents = match &folder {
        Some(folder) => found_in(Path::new(folder)),
        None => feeds::all(),
    };
    println!(
        "{:>24} {:>9} {:>7} {:>11} {:>15} {:>6} {:>12}",
        "feeds", "documents", "MB", "bare, MB/s", "repaired, MB/s", "ratio", "whole, MB/s"
    );
    let mut names: Vec<&str> = documents.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    for name in names {
        let of_name: Vec<&[u8]> = documents.iter().filter(|(own, _)| own == name).map(|(_, bytes)| &**bytes).collect();
        compare(name, &of_name);
    }
    let all: Vec<&[u8]> = documents.iter().map(|(_, bytes)| &**bytes).collect();
    compare("all", &all);
}

/// Only documents that the bare parser reads: it cannot be compared on others.
fn compare(name: &str, documents: &[&[u8]]) {
    let url = FeedUrl::parse(ADDRESS, Path::new("/")).expect("the address is good");
    let spec = FeedSpec::new(url, ADDRESS);
    let bare = |bytes: &[u8]| feed_rs::parser::Builder::new().sanitize_content(false).build().parse(bytes).is_ok();
    let repaired = |bytes: &[u8]| {
        let mut repairs = Repairs::default();
        let decoded = decode(bytes, None, &mut repairs);
        let rewritten = rewritten(&decoded.text, Some(ADDRESS), &mut repairs).expect("a healthy document");
        bare(rewritten.atom.as_bytes())
    };
    let whole = |bytes: &[u8]| {
        let body = Body::of(bytes::Bytes::copy_from_slice(bytes), Some(ADDRESS));
        parse(&body, &spec).is_ok()
    };
    let healthy: Vec<&[u8]> = documents.iter().copied().filter(|bytes| bare(bytes)).collect();
    let mut best = [Duration::MAX; 3];
    let mut ratios = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let times = [timed(&healthy, bare), timed(&healthy, repaired), timed(&healthy, whole)];
        ratios.push(times[0].as_secs_f64() / times[1].as_secs_f64());
        best.iter_mut().zip(times).for_each(|(best, time)| *best = time.min(*best));
    }
    let megabytes = healthy.iter().map(|bytes| bytes.len()).sum::<usize>() as f64 / 1e6;
    let [bare, repaired, whole] = best.map(|time| megabytes / time.as_secs_f64());
    ratios.sort_by(f64::total_cmp);
    let (count, ratio) = (healthy.len(), ratios[ROUNDS / 2]);
    println!("{name:>24} {count:>9} {megabytes:>7.2} {bare:>11.1} {repaired:>15.1} {ratio:>6.2} {whole:>12.1}");
}

fn timed(documents: &[&[u8]], read: impl Fn(&[u8]) -> bool) -> Duration {
    let start = Instant::now();
    let read = documents.iter().filter(|bytes| read(bytes)).count();
    assert_eq!(read, documents.len(), "a healthy document is refused");
    start.elapsed()
}

/// Every file below a folder, under the name of the folder's own child it is in.
fn found_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut documents = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(listed) = std::fs::read_dir(&next) else { continue };
        let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let inside = path.strip_prefix(folder).unwrap_or(&path);
                let child = inside
                    .components()
                    .next()
                    .map_or_else(String::new, |part| part.as_os_str().to_string_lossy().into());
                documents.push((child.chars().take(24).collect(), bytes));
            }
        }
    }
    documents.sort();
    documents
}
