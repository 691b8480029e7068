//! `storyfold fetch`: one round.

use super::{Failure, Places, output, session};
use crate::control::{FailedFeed, Progress, Reply, Request, Round};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Feeds named of those that failed alike; `storyfold feeds` has them all.
const FAILED_SHOWN: usize = 4;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Fetch every feed that its host has not paused, due or not
    #[arg(long)]
    all: bool,
}

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let mut display = Display::new();
    let answer = session::ask(places, Request::Fetch { all: arguments.all }, |progress| display.show(progress));
    display.end();
    match answer? {
        Reply::Round(round) => {
            report(&round, true);
            Ok(())
        }
        _ => Err(session::unexpected()),
    }
}

/// The progress of a round, on standard error where that is a terminal.
pub(super) struct Display {
    bar: Option<ProgressBar>,
}

impl Display {
    pub fn new() -> Self {
        Self { bar: None }
    }

    pub fn show(&mut self, progress: Progress) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} feeds {msg}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(format!("{} new, {} failed", output::count(progress.new_entries, "entry"), progress.failed));
    }

    pub fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// What a round did, in plain words; the failed feeds, where the log does not name them already.
pub(super) fn report(round: &Round, name_failed: bool) {
    let (entries, clusters) = (output::count(round.entries, "entry"), output::count(round.clusters, "cluster"));
    if round.feeds == 0 && round.paused.is_empty() {
        output::remark(&format!("No feed is due. There are {entries} in {clusters}."));
        return;
    }
    let (feeds, failed) = (output::count(round.feeds, "feed"), round.failed.len());
    let answered = round.feeds.saturating_sub(failed + round.paused.len());
    let new = output::count(round.new_entries, "new entry");
    output::remark(&format!("Looked at {feeds}: {answered} answered, {failed} failed. {new}."));
    output::remark(&format!("In all {entries} in {clusters}, {} told by several publishers.", round.shared_clusters));
    if name_failed {
        for (reason, urls) in by_reason(&round.failed) {
            output::remark(&format!("{} failed: {reason}", output::count(urls.len(), "feed")));
            urls.iter().take(FAILED_SHOWN).for_each(|url| output::remark(&format!("  {url}")));
            if urls.len() > FAILED_SHOWN {
                output::remark(&format!("  and {} more; `storyfold feeds` lists them", urls.len() - FAILED_SHOWN));
            }
        }
    }
    for url in &round.paused {
        output::remark(&format!("paused at its host's request: {url}"));
    }
}

/// Failed feeds by what went wrong: a machine that is offline is one message, not one for each feed.
fn by_reason(failed: &[FailedFeed]) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for feed in failed {
        reasons.entry(&feed.reason).or_default().push(&feed.url);
    }
    reasons
}
