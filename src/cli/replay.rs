//! `storyfold replay`: what other options would make of the entries that are there.

use super::output::{clean, count, print, print_json, wrapped};
use super::{Failure, Places, session};
use crate::control::{Headline, Replayed, Reply, Request, WhatIf};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Changes of each kind that are shown; `--json` has more.
const CHANGES_SHOWN: usize = 12;
/// Digits of an id that are enough to name it, nearly always.
const ID_DIGITS: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only entries dated or first seen in this time, such as 24h or 7d
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    since: Option<Duration>,
    /// How sure a join must be, from 0 to 1: balanced is 0.5, strict 0.73, loose 0.27
    #[arg(long, value_name = "X", conflicts_with = "preset", value_parser = probability)]
    threshold: Option<f64>,
    /// strict, balanced or loose
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// Decide by this model file
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn probability(text: &str) -> Result<f64, String> {
    let parsed: Option<f64> = text.parse().ok();
    parsed.filter(|x| *x > 0.0 && *x < 1.0).ok_or_else(|| "write a number between 0 and 1, such as 0.6".to_owned())
}

/// Log odds of a probability, in 1/1000.
fn log_odds(probability: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1, it is below 40,000")]
    let thousandths = (libm::log(probability / (1.0 - probability)) * 1000.0).round() as i32;
    thousandths
}

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let unreadable = |path: &PathBuf, error| format!("the model {} cannot be read: {error}", path.display());
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| unreadable(path, error));
    let request = Request::Replay(WhatIf {
        since_secs: arguments.since.map(|since| since.as_secs()),
        threshold: arguments.threshold.map(log_odds),
        preset: arguments.preset.clone(),
        model: arguments.model.as_ref().map(read).transpose()?,
    });
    match session::ask(places, request, |_| {})? {
        Reply::Replayed(found) if arguments.json => print_json(&found),
        Reply::Replayed(found) => print(&told(&found)),
        _ => Err(session::unexpected()),
    }
}

fn told(found: &Replayed) -> String {
    let mut text = format!(
        "{} in {} now; {} with these options (a join needs {:+.2})\n",
        count(found.entries, "entry"),
        count(found.clusters_now, "cluster"),
        found.clusters_then,
        found.threshold
    );
    if found.corrections > 0 {
        let _ = writeln!(
            text,
            "of {} by hand, today's options need {}, these {}",
            count(found.corrections, "correction"),
            found.corrections_needed_now,
            found.corrections_needed_then
        );
    }
    group(&mut text, "would be one", found.joined_count, &found.joined, |clusters| lines(clusters));
    group(&mut text, "would come apart", found.split_count, &found.split, |(_, parts)| lines(parts));
    group(&mut text, "entries would move", found.moved_count, &found.moved, |(entry, to)| {
        format!("{}{}", wrapped("  ", &line(entry)), wrapped("    to ", &line(to)))
    });
    text
}

fn group<T>(text: &mut String, what: &str, total: usize, changes: &[T], show: impl Fn(&T) -> String) {
    if total == 0 {
        return;
    }
    let _ = writeln!(text, "\n{total} {what}:");
    let shown: Vec<String> = changes.iter().take(CHANGES_SHOWN).map(show).collect();
    text.push_str(&shown.join("\n"));
    if total > CHANGES_SHOWN {
        let _ = writeln!(text, "  and {} more (--json)", total - CHANGES_SHOWN);
    }
}

fn lines(headlines: &[Headline]) -> String {
    headlines.iter().map(|headline| wrapped("  ", &line(headline))).collect()
}

fn line(headline: &Headline) -> String {
    format!("{} {}", &headline.id[..ID_DIGITS], clean(&headline.title))
}
