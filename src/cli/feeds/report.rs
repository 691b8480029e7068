//! `storyfold feeds report`: how politely feeds are fetched.

use crate::cli::output::{clean, count, print, print_json, print_table, table, wrapped};
use crate::cli::{Failure, Places, session};
use crate::control::{FeedRow, Politeness, Reply, Request};
use bytesize::ByteSize;
use std::collections::BTreeMap;

/// Feeds listed that cost most.
const DEAREST_SHOWN: usize = 10;

pub(super) fn run(places: &Places, as_json: bool) -> Result<(), Failure> {
    let Reply::Politeness(report) = session::ask(places, Request::Politeness, |_| {})? else {
        return Err(session::unexpected());
    };
    if as_json {
        return print_json(&report);
    }
    print(&told(&report))?;
    let mut rows = report.feeds;
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    rows.retain(|row| row.requests > 0);
    if rows.is_empty() {
        return Ok(());
    }
    print("\nMost bytes:\n")?;
    let mut table = table(&["FEED", "REQUESTS", "304", "BYTES", "SPARED"]);
    for row in rows.iter().take(DEAREST_SHOWN) {
        let name = row.title.as_deref().unwrap_or(&row.url);
        table.add_row([
            clean(name),
            row.requests.to_string(),
            percent(row.not_modified, row.polls),
            ByteSize(row.bytes).to_string(),
            ByteSize(row.bytes_spared).to_string(),
        ]);
    }
    print_table(&table)
}

fn told(report: &Politeness) -> String {
    let rows = &report.feeds;
    let mut lines = vec![format!("{}: {}", count(rows.len(), "feed"), requests(rows))];
    let gap = report.host_gap_ms;
    lines.push(match report.closest_ms {
        Some(closest) => format!("closest two requests to one host: {closest} ms apart (at least {gap} ms are kept)"),
        None => format!("no host was asked twice since the daemon's start (at least {gap} ms are kept between)"),
    });
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        // Of hints with a number, the kind is counted.
        let reason = row.wait_because.as_deref().unwrap_or("not fetched yet");
        *reasons.entry(reason.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end()).or_default() += 1;
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, feeds)| format!("{reason}: {feeds}")).collect();
    lines.push(format!("what decides when they are asked: {}", reasons.join(", ")));
    let early: u64 = rows.iter().map(|row| row.early).sum();
    lines.push(format!("asked before the publisher's hints had run out, by hand: {early}"));
    lines.iter().map(|line| wrapped("", line)).collect()
}

/// What feeds cost, in one line.
pub(super) fn requests(rows: &[FeedRow]) -> String {
    let sum = |of: fn(&FeedRow) -> u64| rows.iter().map(of).sum::<u64>();
    let (requests, polls) = (sum(|row| row.requests), sum(|row| row.polls));
    format!(
        "{}, {} conditional, {} answered by 304; {} received, {} spared",
        count(usize::try_from(requests).unwrap_or(usize::MAX), "request"),
        percent(sum(|row| row.conditional), polls),
        percent(sum(|row| row.not_modified), polls),
        ByteSize(sum(|row| row.bytes)),
        ByteSize(sum(|row| row.bytes_spared)),
    )
}

fn percent(part: u64, whole: u64) -> String {
    (part * 100).checked_div(whole).map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}
