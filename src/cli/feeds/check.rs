//! `storyfold feeds check`: what is understood of a document.

use crate::cli::output::{clean, count, minute, print, print_json};
use crate::cli::{Failure, Places};
use crate::clock;
use crate::engine::entry::{Draft, clamp};
use crate::engine::feed::{FeedSpec, Validators};
use crate::engine::fetched::{Body, Facts, FetchOutcome, FetchRequest};
use crate::engine::ingest::{Content, digested};
use crate::engine::link::FeedUrl;
use crate::engine::markup::first_words;
use crate::engine::parse::{Document, parse};
use crate::engine::repair::Repair;
use crate::engine::time::Timestamp;
use crate::fetch::{FetchOptions, Fetcher};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address or the file
    #[arg(value_name = "URL|FILE")]
    document: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
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

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let folder = std::env::current_dir()?;
    let url = FeedUrl::parse(&arguments.document, &folder).map_err(|reason| Failure::Usage(vec![reason]))?;
    let spec = FeedSpec::new(url, &arguments.document);
    let (body, _) = fetch(places, &spec).map_err(|failure| failure.about(&spec.written))?;
    let document = parse(&body, &spec).map_err(|error| format!("{}: {error}", arguments.document))?;
    let checked = Checked::of(document, &spec, clock::now());
    if arguments.json { print_json(&checked) } else { print(&checked.told()) }
}

/// The document, fetched as the daemon would: with the options of the configuration where there is a good one.
///
/// # Errors
/// Why there is none.
pub(super) fn fetch(places: &Places, spec: &FeedSpec) -> Result<(Body, Facts), Failure> {
    let options = places.config().map_or_else(|_| plain_options(), |config| config.fetch);
    let request = FetchRequest {
        feed: spec.id,
        url: spec.url.clone(),
        validators: Validators::default(),
        user_agent: None,
        headers: Vec::new(),
    };
    let landed = crate::cli::block_on(async { Ok(Fetcher::new(options)?.fetch(request).await) })?;
    let found = landed.open(|fetched| match fetched.outcome {
        FetchOutcome::Body(body) => Ok((body, fetched.facts)),
        outcome => match digested(spec, outcome.into()).content {
            Content::NotModified(_) => Err("there is nothing at this address now".to_owned()),
            Content::RateLimited { .. } => Err("its host asks us to wait".to_owned()),
            Content::Gone => Err("the publisher has ended it (410)".to_owned()),
            Content::Failed { reason, .. } => Err(reason),
            Content::Document { .. } | Content::Broke => Err("there is no answer".to_owned()),
        },
    });
    Ok(found?)
}

fn plain_options() -> FetchOptions {
    FetchOptions {
        host_gap: Duration::from_secs(1),
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
