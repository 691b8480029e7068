//! `storyfold feeds`: the followed feeds, and what is understood of a document.

use super::output::{clean, count, minute, print, print_json, print_table, table};
use super::{Failure, Places, session};
use crate::clock;
use crate::control::{FeedRow, Reply, Request};
use crate::engine::entry::{Draft, clamp};
use crate::engine::feed::FeedSpec;
use crate::engine::feed::Validators;
use crate::engine::fetched::{Body, FetchOutcome, FetchRequest, Freshness};
use crate::engine::link::FeedUrl;
use crate::engine::markup::first_words;
use crate::engine::parse::{Document, parse};
use crate::engine::repair::Repair;
use crate::engine::time::Timestamp;
use crate::fetch::{FetchOptions, Fetcher};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List followed feeds (also without a word)
    List(ListArguments),
    /// Show what is understood of a feed's document
    Check(CheckArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct CheckArguments {
    /// The address or the file
    #[arg(value_name = "URL|FILE")]
    document: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(places: &Places, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None => list(places, &arguments.list),
        Some(Command::List(own)) => list(places, &own),
        Some(Command::Check(own)) => check(places, &own),
    }
}

fn list(places: &Places, arguments: &ListArguments) -> Result<(), Failure> {
    let Reply::Feeds(rows) = session::ask(places, Request::Feeds, |_| {})? else { return Err(session::unexpected()) };
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        return print("No feeds are followed; add some to the configuration.\n");
    }
    let mut table = table(&["FEED", "STATUS", "ENTRIES", "NEXT (UTC)", "LAST RESULT"]);
    for row in &rows {
        let name = row.title.as_deref().unwrap_or(&row.url);
        let result = row.last_result.as_deref().unwrap_or("not fetched yet");
        table.add_row([clean(name), row.status.clone(), row.entries.to_string(), minute(&row.next_due), clean(result)]);
    }
    print_table(&table)?;
    print(&format!(
        "\n{}, {} failing\n",
        count(rows.len(), "feed"),
        rows.iter().filter(|row: &&FeedRow| row.status == "failing").count()
    ))
}

/// Characters of an untitled post that stand for its title in the list.
const UNTITLED_CHARS: usize = 60;

/// What `feeds check --json` prints; its members are a contract.
#[derive(Serialize)]
struct Checked {
    format: String,
    title: Option<String>,
    encoding: String,
    repairs: Vec<&'static str>,
    entries: Vec<CheckedEntry>,
    rejected: Vec<CheckedItem>,
}

#[derive(Serialize)]
struct CheckedEntry {
    id: String,
    title: String,
    link: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    text: String,
    duplicate_of: Option<String>,
}

#[derive(Serialize)]
struct CheckedItem {
    index: usize,
    reason: String,
}

fn check(places: &Places, arguments: &CheckArguments) -> Result<(), Failure> {
    let folder = std::env::current_dir()?;
    let url = FeedUrl::parse(&arguments.document, &folder).map_err(|reason| Failure::Usage(vec![reason]))?;
    let spec = FeedSpec::new(url, &arguments.document);
    let body = fetch(places, &spec)?;
    let document = parse(&body, &spec).map_err(|error| format!("{}: {error}", arguments.document))?;
    let checked = Checked::of(document, &spec, clock::now());
    if arguments.json { print_json(&checked) } else { print(&checked.told()) }
}

/// The document, fetched as the daemon would: with the options of the configuration where there is a good one.
fn fetch(places: &Places, spec: &FeedSpec) -> Result<Body, Failure> {
    let options = places.config().map_or_else(|_| plain_options(), |config| config.fetch);
    let request = FetchRequest {
        feed: spec.id,
        url: spec.url.clone(),
        validators: Validators::default(),
        user_agent: None,
        headers: Vec::new(),
    };
    let outcome = super::block_on(async { Ok(Fetcher::new(options)?.fetch(request).await) })?;
    let failed = |reason: &str| Err(Failure::Failed(format!("{}: {reason}", spec.written)));
    match outcome {
        FetchOutcome::Body(body) => Ok(body),
        FetchOutcome::NotModified(Freshness { .. }) => {
            failed("the host says that nothing changed, though it was not asked")
        }
        FetchOutcome::RateLimited { .. } => failed("its host asks us to wait"),
        FetchOutcome::Gone => failed("the publisher has ended it (410)"),
        FetchOutcome::Failed(reason) => failed(&reason),
    }
}

fn plain_options() -> FetchOptions {
    FetchOptions {
        timeout: Duration::from_secs(30),
        max_body: 8 * 1024 * 1024,
        allow_private: Vec::new(),
        contact: None,
        proxy: None,
    }
}

impl Checked {
    fn of(document: Document, spec: &FeedSpec, now: Timestamp) -> Self {
        let first: Vec<String> = document.entries.iter().map(|draft| draft.id.to_string()).collect();
        let read = document.entries.into_iter().map(|draft| (draft, None));
        let repeated = document.repeated.into_iter().map(|(draft, kept)| (draft, first.get(kept).cloned()));
        let mut entries: Vec<(Draft, Option<String>)> = read.chain(repeated).collect();
        entries.sort_by_key(|(draft, _)| draft.place);
        let entries = entries.into_iter().map(|(draft, kept)| CheckedEntry::of(draft, kept, now)).collect();
        let rejected = document.rejected.into_iter().map(|item| CheckedItem { index: item.index, reason: item.reason });
        Self {
            format: document.format,
            title: document.title.or_else(|| spec.name.clone()),
            encoding: document.encoding,
            repairs: document.repairs.list().into_iter().map(Repair::name).collect(),
            entries,
            rejected: rejected.collect(),
        }
    }

    fn told(&self) -> String {
        let mut lines = vec![
            clean(self.title.as_deref().unwrap_or("(untitled)")),
            format!(
                "{}, {}, {}, {} rejected",
                clean(&self.format),
                self.encoding,
                count(self.entries.len(), "entry"),
                self.rejected.len()
            ),
        ];
        if !self.repairs.is_empty() {
            lines.push(format!("repaired: {}", self.repairs.join(", ")));
        }
        for entry in &self.entries {
            let title = if entry.title.is_empty() { entry.first_words() } else { entry.title.clone() };
            let date = entry.published.as_deref().map_or_else(|| "undated         ".to_owned(), minute);
            let folded = entry.duplicate_of.as_ref().map(|of| format!(" (repeats {})", &of[..8])).unwrap_or_default();
            lines.push(format!("  {}  {date}  {}{folded}", &entry.id[..8], clean(&title)));
            if let Some(link) = &entry.link {
                lines.push(format!("            {}", clean(link)));
            }
        }
        for item in &self.rejected {
            lines.push(format!("  item {} rejected: {}", item.index + 1, clean(&item.reason)));
        }
        lines.join("\n") + "\n"
    }
}

impl CheckedEntry {
    /// What the merged feed shows of an untitled post.
    fn first_words(&self) -> String {
        let words = first_words(&self.text, UNTITLED_CHARS);
        if words.is_empty() { "(untitled)".to_owned() } else { format!("(untitled) {words}") }
    }

    /// As the daemon would take it in now: what is dated in the future, or before there were feeds, is of now.
    fn of(draft: Draft, duplicate_of: Option<String>, now: Timestamp) -> Self {
        let date = |at: Option<Timestamp>| at.map(|at| clamp(Some(at), now).unwrap_or(now).to_string());
        Self {
            id: draft.id.to_string(),
            title: draft.title,
            link: draft.link,
            published: date(draft.published),
            updated: date(draft.updated),
            text: draft.details.text,
            duplicate_of,
        }
    }
}
