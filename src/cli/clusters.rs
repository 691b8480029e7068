//! `storyfold clusters`: list, show, explain.

use super::output::{clean, count, minute, print, print_json, print_table, table, wrapped};
use super::{Failure, Places, session};
use crate::control::{Change, ClusterQuery, ClusterRow, EntryRow, Explanation, Reply, Request, Step};
use std::fmt::Write;
use std::time::Duration;

/// Digits of an id that are enough to name it, nearly always.
const ID_DIGITS: usize = 8;
/// Features and terms shown of a decision; `--json` has all.
const PARTS_SHOWN: usize = 6;

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
    /// List clusters, newest first (also without a word)
    List(ListArguments),
    /// Show a cluster with all its entries
    Show(ShowArguments),
    /// Make one of two clusters that are about one event; kept for good
    Merge(MergeArguments),
    /// Take entries that are about another event out of a cluster, into one of their own; kept for good
    Split(SplitArguments),
    /// List the corrections made by hand, or take one back
    Corrections(CorrectionsArguments),
    /// Show why a cluster is one, why an entry is where it is, or how alike two entries are
    Explain(ExplainArguments),
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Only clusters with an entry dated or first seen in this time, such as 24h or 7d
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    since: Option<Duration>,
    /// Only clusters told by so many publishers
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_publishers: usize,
    /// Only clusters with a headline that has these words ("a phrase", -not)
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    query: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The cluster's id, the first digits of it, or the id of an entry in it
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ExplainArguments {
    /// The id of a cluster or an entry
    id: String,
    /// The id of another, to compare the two
    other: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct MergeArguments {
    /// A cluster
    a: String,
    /// The other
    b: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct SplitArguments {
    /// The cluster
    id: String,
    /// The entries to take out of it, as `clusters show` lists them
    #[arg(required = true, value_name = "ENTRY")]
    entries: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct CorrectionsArguments {
    #[command(subcommand)]
    command: Option<CorrectionsCommand>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum CorrectionsCommand {
    /// Take a correction back, and what it did as far as its entries are still there
    Undo {
        /// Its number
        number: u32,
    },
}

pub(super) fn run(places: &Places, arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None => list(places, &arguments.list),
        Some(Command::List(own)) => list(places, &own),
        Some(Command::Show(own)) => show(places, own),
        Some(Command::Explain(own)) => explain(places, own),
        Some(Command::Merge(own)) => correct(places, Change::Merge { a: own.a, b: own.b }, own.json),
        Some(Command::Split(own)) => correct(places, Change::Split { id: own.id, entries: own.entries }, own.json),
        Some(Command::Corrections(own)) => match own.command {
            Some(CorrectionsCommand::Undo { number }) => correct(places, Change::Undo { number }, own.json),
            None => corrections(places, own.json),
        },
    }
}

/// Makes a correction, or takes one back, and shows what became of the clusters.
fn correct(places: &Places, change: Change, json: bool) -> Result<(), Failure> {
    let undone = matches!(change, Change::Undo { .. });
    let Reply::Corrected { number, clusters } = session::ask(places, Request::Correct(change), |_| {})? else {
        return Err(session::unexpected());
    };
    if json {
        return print_json(&serde_json::json!({ "number": number, "clusters": clusters }));
    }
    let mut text = if undone {
        format!("Correction {number} is taken back.\n")
    } else {
        format!("Correction {number} is made (`storyfold clusters corrections undo {number}` takes it back).\n")
    };
    for row in &clusters {
        let _ = write!(text, "\n{}", shown(row));
    }
    print(&text)
}

fn corrections(places: &Places, json: bool) -> Result<(), Failure> {
    let Reply::Corrections(rows) = session::ask(places, Request::Corrections, |_| {})? else {
        return Err(session::unexpected());
    };
    if json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        return print("No corrections yet; `storyfold clusters merge` and `split` make them.\n");
    }
    let mut table = table(&["N", "MADE (UTC)", "WHAT", "CLUSTER", "OTHER", "HEADLINE"]);
    for row in &rows {
        table.add_row([
            row.number.to_string(),
            minute(&row.at),
            row.act.clone(),
            row.cluster[..ID_DIGITS].to_owned(),
            row.other[..ID_DIGITS].to_owned(),
            row.title.as_deref().map_or_else(|| "(expired)".to_owned(), headline),
        ]);
    }
    print_table(&table)
}

fn list(places: &Places, arguments: &ListArguments) -> Result<(), Failure> {
    let query = ClusterQuery {
        since_secs: arguments.since.map(|since| since.as_secs()),
        min_publishers: arguments.min_publishers,
        query: arguments.query.clone(),
        limit: arguments.limit,
    };
    let rows = clusters(places, Request::Clusters(query))?;
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        return print("No cluster matches. `storyfold feeds` says how the feeds are doing.\n");
    }
    let mut table = table(&["CLUSTER", "PUBLISHERS", "NEWEST (UTC)", "HEADLINE"]);
    for row in &rows {
        let newest = row.entries.iter().map(date).max().unwrap_or_default();
        table.add_row([
            row.id[..ID_DIGITS].to_owned(),
            row.publishers.to_string(),
            minute(newest),
            headline(&row.title),
        ]);
    }
    print_table(&table)
}

fn show(places: &Places, arguments: ShowArguments) -> Result<(), Failure> {
    let rows = clusters(places, Request::Cluster { id: arguments.id })?;
    let Some(row) = rows.first() else { return Err(Failure::Failed("there is no such cluster".to_owned())) };
    if arguments.json { print_json(row) } else { print(&shown(row)) }
}

fn clusters(places: &Places, request: Request) -> Result<Vec<ClusterRow>, Failure> {
    match session::ask(places, request, |_| {})? {
        Reply::Clusters(rows) => Ok(rows),
        _ => Err(session::unexpected()),
    }
}

/// When an entry happened, as far as is known.
fn date(entry: &EntryRow) -> &str {
    entry.published.as_deref().unwrap_or(&entry.first_seen)
}

fn headline(title: &str) -> String {
    if title.is_empty() { "(untitled)".to_owned() } else { clean(title) }
}

fn shown(row: &ClusterRow) -> String {
    let mut text = format!("{}\n", headline(&row.title));
    let published = row
        .published
        .as_deref()
        .map_or_else(|| "not published yet".to_owned(), |at| format!("published {} UTC", minute(at)));
    let _ = writeln!(
        text,
        "cluster {}, {}, {}, {published}",
        row.id,
        count(row.publishers, "publisher"),
        count(row.entries.len(), "entry")
    );
    for alias in &row.aliases {
        let _ = writeln!(text, "formerly also {alias}");
    }
    for (relation, other) in [("continues", &row.follows), ("continued by", &row.followed_by)] {
        if let Some(other) = other {
            let _ = writeln!(text, "{relation} {other}");
        }
    }
    for entry in &row.entries {
        let copy = entry.copy_of.as_ref().map(|of| format!(", copy of {}", &of[..ID_DIGITS])).unwrap_or_default();
        let _ = writeln!(
            text,
            "\n  {}  {} UTC  entry {}{copy}",
            clean(&entry.publisher),
            minute(date(entry)),
            &entry.id[..ID_DIGITS]
        );
        let _ = writeln!(text, "  {}", headline(&entry.title));
        if let Some(link) = &entry.link {
            let _ = writeln!(text, "  {}", clean(link));
        }
    }
    text
}

fn explain(places: &Places, arguments: ExplainArguments) -> Result<(), Failure> {
    let request = Request::Explain { id: arguments.id, other: arguments.other };
    match session::ask(places, request, |_| {})? {
        Reply::Explanation(explanation) if arguments.json => print_json(&explanation),
        Reply::Explanation(explanation) => print(&explained(&explanation)),
        _ => Err(session::unexpected()),
    }
}

fn explained(explanation: &Explanation) -> String {
    let cluster = &explanation.cluster;
    let mut text = format!("cluster {}, {}\n", cluster.id, count(cluster.publishers, "publisher"));
    for step in &explanation.steps {
        text.push('\n');
        text.push_str(&told(step));
    }
    if !explanation.near_misses.is_empty() {
        text.push_str("\nNearly joined:\n");
    }
    for missed in &explanation.near_misses {
        let lack = missed.threshold - missed.score;
        let outcome = if lack > 0.0 { format!("{lack:.2} short") } else { "preferred another".to_owned() };
        text.push_str(&wrapped("  ", &format!("{}, now in {}", heading(&missed.entry), &missed.cluster[..ID_DIGITS])));
        let _ = writeln!(text, "    score {:+.2}, needed {:+.2}: {outcome}", missed.score, missed.threshold);
    }
    for made in &explanation.corrections {
        let _ = writeln!(text, "\ncorrection {} by hand, {} UTC: {}", made.number, minute(&made.at), made.act);
    }
    text
}

fn heading(entry: &EntryRow) -> String {
    format!("{}, {}: {}", &entry.id[..ID_DIGITS], clean(&entry.publisher), headline(&entry.title))
}

/// One decision: the sentence, then what it was made of.
fn told(step: &Step) -> String {
    let mut text = wrapped("", &heading(&step.entry));
    text.push_str(&wrapped("  ", &sentence(step)));
    for part in step.features.iter().take(PARTS_SHOWN) {
        let _ = writeln!(text, "    {:+6.2}  {} = {:.2}", part.contribution, part.name, part.value);
    }
    let rest: f64 = step.features.iter().skip(PARTS_SHOWN).map(|part| part.contribution).sum();
    if step.features.len() > PARTS_SHOWN {
        let _ = writeln!(text, "    {rest:+6.2}  the rest (--json has it)");
    }
    if !step.terms.is_empty() {
        let words: Vec<String> = step.terms.iter().take(2 * PARTS_SHOWN).map(|term| clean(&term.word)).collect();
        text.push_str(&wrapped("    ", &format!("both say: {}", words.join(", "))));
    }
    if let Some(other) = &step.runner_up {
        let against = headline(&other.against);
        text.push_str(&wrapped("    ", &format!("the next best was the cluster of «{against}» ({:+.2})", other.score)));
    }
    text
}

fn sentence(step: &Step) -> String {
    let against = headline(step.against.as_deref().unwrap_or_default());
    let score = match (step.score, step.threshold) {
        (Some(score), Some(threshold)) => format!("score {score:+.2}, needed {threshold:+.2}"),
        _ => String::new(),
    };
    match step.decision.as_str() {
        "alone" => "its feed is not clustered".to_owned(),
        "start" if step.against.is_none() => "started the cluster: nothing was near it then".to_owned(),
        "start" => format!("started the cluster: the nearest was «{against}» ({score})"),
        "follow" => format!("started a cluster that continues that of «{against}», which has run its span ({score})"),
        "join" => format!("joined the cluster of «{against}» ({score})"),
        "copy" => format!("says the same as «{against}» in the same words"),
        "moved" => format!("moved to the cluster of «{against}» when later evidence came ({score})"),
        "parted" => "left another cluster when later evidence came".to_owned(),
        "bound" => format!("you put it together with «{against}»"),
        "corrected" => "you moved it here (`storyfold clusters corrections`)".to_owned(),
        _ => format!("against «{against}»: {score}"),
    }
}
