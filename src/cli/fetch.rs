//! `storyfold fetch`: one round.

use super::{Failure, Places, output, session};
use crate::control::{Progress, Reply, Request, Round};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// Failed feeds named after a round; `storyfold feeds` has them all.
const FAILED_SHOWN: usize = 10;

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
    if round.feeds == 0 && round.paused.is_empty() {
        output::remark(&format!(
            "No feed is due. There are {} in {}.",
            output::count(round.entries, "entry"),
            output::count(round.clusters, "cluster")
        ));
        return;
    }
    let read = round.feeds - round.failed.len();
    output::remark(&format!(
        "Looked at {}: {read} answered ({} had nothing new), {} failed.",
        output::count(round.feeds, "feed"),
        round.not_modified,
        round.failed.len()
    ));
    output::remark(&format!(
        "{} new; in all {} in {}, {} of them told by two publishers or more.",
        output::count(round.new_entries, "entry"),
        output::count(round.entries, "entry"),
        output::count(round.clusters, "cluster"),
        round.shared_clusters
    ));
    let shown = if name_failed { FAILED_SHOWN } else { 0 };
    for feed in round.failed.iter().take(shown) {
        output::remark(&format!("  failed: {}: {}", feed.url, feed.reason));
    }
    if name_failed && round.failed.len() > FAILED_SHOWN {
        output::remark(&format!("  and {} more; `storyfold feeds` lists them", round.failed.len() - FAILED_SHOWN));
    }
    for url in &round.paused {
        output::remark(&format!("  paused at its host's request: {url}"));
    }
}
