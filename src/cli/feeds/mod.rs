//! `storyfold feeds`: the followed feeds.

mod add;
mod check;
mod report;

use super::output::{clean, count, field, minute, print, print_json, print_table, span, table};
use super::{Failure, Places, session};
use crate::clock;
use crate::control::{FeedRow, Reply, Request};
use crate::engine::time::Timestamp;
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
    /// Show all that is known of a feed
    Show(ShowArguments),
    /// Report how politely feeds are fetched
    Report(ListArguments),
    /// Follow the feed at an address, or behind the page there
    Add(add::Arguments),
    /// Show what is understood of a feed's document
    Check(check::Arguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The feed's address, or a part of it that no other has
    url: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(places: &Places, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None => list(places, &arguments.list),
        Some(Command::List(own)) => list(places, &own),
        Some(Command::Show(own)) => show(places, &own),
        Some(Command::Report(own)) => report::run(places, own.json),
        Some(Command::Add(own)) => add::run(places, &own),
        Some(Command::Check(own)) => check::run(places, &own),
    }
}

fn all(places: &Places) -> Result<Vec<FeedRow>, Failure> {
    match session::ask(places, Request::Feeds, |_| {})? {
        Reply::Feeds(rows) => Ok(rows),
        _ => Err(session::unexpected()),
    }
}

fn list(places: &Places, arguments: &ListArguments) -> Result<(), Failure> {
    let rows = all(places)?;
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        return print("No feeds are followed; `storyfold feeds add URL` follows one.\n");
    }
    let now = clock::now();
    let mut table = table(&["FEED", "STATUS", "ENTRIES", "NEXT", "LAST RESULT"]);
    for row in &rows {
        let name = row.title.as_deref().unwrap_or_else(|| without_scheme(&row.url));
        let due = row.next_due.as_deref().map(Timestamp::parse_rfc3339);
        let next = due.map_or_else(|| "never".to_owned(), |due| due.map_or_else(String::new, |due| until(due, now)));
        // What to do about it is told by `show`.
        let result = row.last_result.as_deref().unwrap_or("not fetched yet");
        let result = result.split("; ").next().unwrap_or_default();
        let mut said =
            vec![row.obstacle.as_ref().map_or(result.to_owned(), |obstacle| format!("{obstacle}: {result}"))];
        said.extend(rhythm(row));
        said.extend(moved(row));
        table.add_row([clean(name), row.status.clone(), row.entries.to_string(), next, clean(&said.join("\n"))]);
    }
    print_table(&table)?;
    let failing = rows.iter().filter(|row| row.status == "failing").count();
    let remedy = if failing > 0 { "; `storyfold feeds show URL` tells what to do" } else { "" };
    print(&format!("\n{}, {failing} failing{remedy}\n", count(rows.len(), "feed")))
}

fn until(due: Timestamp, now: Timestamp) -> String {
    if due <= now { "now".to_owned() } else { format!("in {}", span(due.since(now))) }
}

/// In one or two words.
fn status(row: &FeedRow) -> String {
    match &row.obstacle {
        Some(obstacle) => format!("{} ({obstacle})", row.status),
        None if row.moved_to.is_some() && row.status == "ok" => "ok (moved)".to_owned(),
        None => row.status.clone(),
    }
}

/// `every 2 h: publisher says max-age 7200`.
fn rhythm(row: &FeedRow) -> Option<String> {
    let wait = span(Duration::from_secs(row.wait_secs?));
    let because = row.wait_because.as_deref().unwrap_or_default();
    Some(match row.status.as_str() {
        "ok" => format!("every {wait}: {because}"),
        _ => format!("again after {wait}: {because}"),
    })
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// What the user might do about a feed that has moved.
fn moved(row: &FeedRow) -> Option<String> {
    let to = row.moved_to.as_ref()?;
    let done = if row.moved { "is fetched there; " } else { "" };
    Some(format!("has moved to {to}: {done}change its url in the configuration"))
}

fn show(places: &Places, arguments: &ShowArguments) -> Result<(), Failure> {
    let row = find(all(places)?, &arguments.url)?;
    if arguments.json {
        return print_json(&row);
    }
    let mut lines = vec![
        ("address", row.url.clone()),
        ("title", row.title.clone().unwrap_or_else(|| "(none yet)".to_owned())),
        ("status", status(&row)),
        ("last fetch", row.last_fetch.as_deref().map_or_else(|| "never".to_owned(), |at| minute(at) + " UTC")),
        ("last result", row.last_result.clone().unwrap_or_else(|| "not fetched yet".to_owned())),
        ("next fetch", row.next_due.as_deref().map_or_else(|| "never".to_owned(), |at| minute(at) + " UTC")),
    ];
    lines.extend(rhythm(&row).map(|rhythm| ("rhythm", rhythm)));
    lines.extend(moved(&row).map(|moved| ("moved", moved)));
    lines.extend((row.failures > 0).then(|| ("failures", format!("{} in a row", row.failures))));
    lines.extend(row.category.clone().map(|category| ("category", category)));
    let often = row.per_day.map(|entries| match entries {
        few if few < 1.0 => format!(", about {:.1} a week", few * 7.0),
        many => format!(", about {many:.0} a day"),
    });
    lines.push(("entries", format!("{} stored{}", row.entries, often.unwrap_or_default())));
    lines.push(("requests", report::requests(std::slice::from_ref(&row))));
    print(&lines.iter().map(|(name, text)| field(name, &clean(text))).collect::<String>())
}

/// The feed that a user means.
fn find(rows: Vec<FeedRow>, wanted: &str) -> Result<FeedRow, Failure> {
    let wanted = wanted.trim();
    let is_whole = |row: &FeedRow| row.url == wanted;
    if let Some(row) = rows.iter().find(|row| is_whole(row)) {
        return Ok(row.clone());
    }
    let mut found: Vec<FeedRow> = rows.into_iter().filter(|row| row.url.contains(wanted)).collect();
    match (found.pop(), found.len()) {
        (Some(row), 0) => Ok(row),
        (None, _) => Err(Failure::Failed(format!("no feed with `{wanted}` is followed; `storyfold feeds` lists them"))),
        (Some(_), others) => {
            Err(Failure::Failed(format!("`{wanted}` is part of {} addresses; write more of it", others + 1)))
        }
    }
}
