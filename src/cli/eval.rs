//! `storyfold eval`: labelled entries through the real engine.

use super::Failure;
use super::output::{print, print_json, print_table, table};
use crate::clock;
use crate::engine::baseline::Baseline;
use crate::engine::clustering::ClusterOptions;
use crate::engine::eval::{Labelled, Order, Score, Scores, assign, score};
use crate::engine::id::ClusterId;
use crate::engine::model::Model;
use crate::engine::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Lines of {id, title, text, url, source, lang, published, cluster}
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// Only entries of this language
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// The order in which entries come in
    #[arg(long, value_enum, default_value_t = OrderArgument::Time)]
    order: OrderArgument,
    /// Decide by a rule of others instead, with the constants that they publish
    #[arg(long, value_enum, value_name = "NAME")]
    baseline: Option<BaselineArgument>,
    /// Measure the engine and all baselines, in one table
    #[arg(long, conflicts_with_all = ["baseline", "assignments"])]
    all: bool,
    /// Decide by this model instead of the shipped one
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// Write the cluster of each entry, as lines of {id, cluster}
    #[arg(long, value_name = "OUT.jsonl")]
    assignments: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum OrderArgument {
    /// As they were published
    Time,
    /// Source after source, each newest first, as a first import
    Feeds,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BaselineArgument {
    /// Equal titles
    ExactTitle,
    /// Jaro-Winkler likeness of titles
    JaroWinkler,
    /// Likeness of the titles' trigrams
    TitleTrigram,
    /// Overlap of the titles' significant words
    Overlap,
    /// Jaccard index of all words, by minimal hashes
    Minhash,
    /// Cosine of all words, weighted by rarity
    Tfidf,
}

impl BaselineArgument {
    const fn rule(self) -> Baseline {
        match self {
            Self::ExactTitle => Baseline::ExactTitle,
            Self::JaroWinkler => Baseline::JaroWinkler,
            Self::TitleTrigram => Baseline::TitleTrigram,
            Self::Overlap => Baseline::Overlap,
            Self::Minhash => Baseline::MinHash,
            Self::Tfidf => Baseline::Tfidf,
        }
    }
}

#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    #[serde(default)]
    text: String,
    url: Option<String>,
    source: Option<String>,
    lang: Option<String>,
    published: Option<String>,
    cluster: String,
}

/// What `--json` prints; its members are a contract.
#[derive(Serialize)]
struct Report {
    entries: usize,
    clusters: usize,
    gold: usize,
    bcubed: ScoreReport,
    pairwise: ScoreReport,
    seconds: f64,
    entries_per_second: f64,
    peak_rss_bytes: u64,
}

#[derive(Serialize)]
struct ScoreReport {
    precision: f64,
    recall: f64,
    f1: f64,
}

impl From<Score> for ScoreReport {
    fn from(Score { precision, recall, f1 }: Score) -> Self {
        Self { precision, recall, f1 }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut entries = read(&arguments.file)?;
    if let Some(language) = &arguments.lang {
        entries.retain(|entry| entry.language.as_deref() == Some(language));
    }
    let order = match arguments.order {
        OrderArgument::Time => Order::Time,
        OrderArgument::Feeds => Order::Feeds,
    };
    order.arrange(&mut entries);
    let options = ClusterOptions { model: model(arguments.model.as_deref())?, ..ClusterOptions::default() };
    let engine = |entries: &[Labelled]| assign(entries, order, &options);
    if arguments.all {
        let mut reports = vec![("storyfold", measured(&entries, engine).0)];
        for rule in Baseline::ALL {
            reports.push((rule.name(), measured(&entries, |entries| rule.assign(entries)).0));
        }
        return if arguments.json {
            print_json(&reports.into_iter().collect::<BTreeMap<_, _>>())
        } else {
            compared(&reports)
        };
    }
    let (report, assigned) = match arguments.baseline.map(BaselineArgument::rule) {
        Some(rule) => measured(&entries, |entries| rule.assign(entries)),
        None => measured(&entries, engine),
    };
    if let Some(out) = &arguments.assignments {
        write(out, &entries, &assigned)?;
    }
    if arguments.json { print_json(&report) } else { print(&told(&report)) }
}

/// Runs the entries through a way of clustering, and scores what it made of them.
fn measured(entries: &[Labelled], way: impl Fn(&[Labelled]) -> Vec<ClusterId>) -> (Report, Vec<ClusterId>) {
    let watch = clock::stopwatch();
    let assigned = way(entries);
    let seconds = watch.elapsed().as_secs_f64();
    (report(entries.len(), score(entries, &assigned), seconds), assigned)
}

/// A line for each way of clustering.
fn compared(reports: &[(&str, Report)]) -> Result<(), Failure> {
    let mut table = table(&["", "B-CUBED P", "R", "F1", "PAIRWISE P", "R", "F1", "CLUSTERS"]);
    for (name, report) in reports {
        let Report { bcubed, pairwise, .. } = report;
        let shares = [bcubed.precision, bcubed.recall, bcubed.f1, pairwise.precision, pairwise.recall, pairwise.f1];
        let cells = shares.iter().map(|share| format!("{:.1}", 100.0 * share));
        table.add_row([(*name).to_owned()].into_iter().chain(cells).chain([report.clusters.to_string()]));
    }
    print_table(&table)?;
    reports
        .first()
        .map_or(Ok(()), |(_, report)| print(&format!("{} entries, {} events\n", report.entries, report.gold)))
}

/// The model file, or the shipped model.
fn model(path: Option<&Path>) -> Result<Model, Failure> {
    let Some(path) = path else { return Ok(Model::STANDARD) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the model {} cannot be read: {error}", path.display()))?;
    Ok(crate::config::parse_model(&text).map_err(|reason| format!("the model {} {reason}", path.display()))?)
}

/// Reads labelled entries.
pub(super) fn read(path: &Path) -> Result<Vec<Labelled>, Failure> {
    let fault = |place: usize, what: &str| Failure::Failed(format!("{}:{place}: {what}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let mut entries: Vec<Labelled> = Vec::new();
    for (place, line) in std::io::BufReader::new(file).lines().enumerate() {
        let line: Line = serde_json::from_str(&line?).map_err(|error| fault(place + 1, &error.to_string()))?;
        let before = entries.last().map_or(Timestamp::EPOCH, |entry| entry.published);
        let published = match &line.published {
            None => before,
            Some(text) => {
                Timestamp::parse_rfc3339(text).ok_or_else(|| fault(place + 1, "`published` is no RFC 3339 time"))?
            }
        };
        entries.push(Labelled {
            id: line.id,
            title: line.title,
            text: line.text,
            url: line.url,
            source: line.source,
            language: line.lang,
            published,
            event: line.cluster,
        });
    }
    Ok(entries)
}

fn write(path: &Path, entries: &[Labelled], assigned: &[ClusterId]) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (entry, cluster) in entries.iter().zip(assigned) {
        writeln!(out, "{}", serde_json::json!({ "id": entry.id, "cluster": cluster.to_string() }))?;
    }
    Ok(out.flush()?)
}

fn report(entries: usize, scores: Scores, seconds: f64) -> Report {
    #[expect(clippy::cast_precision_loss, reason = "counts of entries are far below 2^52")]
    let speed = entries as f64 / seconds.max(1e-9);
    Report {
        entries,
        clusters: scores.clusters,
        gold: scores.gold,
        bcubed: scores.bcubed.into(),
        pairwise: scores.pairwise.into(),
        seconds,
        entries_per_second: speed,
        peak_rss_bytes: peak_rss_bytes(),
    }
}

/// The most memory this process ever had; 0 where the system does not tell.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn told(report: &Report) -> String {
    let line = |name: &str, score: &ScoreReport| {
        let percent = |share: f64| 100.0 * share;
        format!(
            "{name:<10} {:>9.1} {:>9.1} {:>9.1}",
            percent(score.precision),
            percent(score.recall),
            percent(score.f1)
        )
    };
    format!(
        "{} entries, {} clusters found, {} events; {:.0} entries a second\n{:<10} {:>9} {:>9} {:>9}\n{}\n{}\n",
        report.entries,
        report.clusters,
        report.gold,
        report.entries_per_second,
        "",
        "precision",
        "recall",
        "F1",
        line("B-Cubed", &report.bcubed),
        line("pairwise", &report.pairwise)
    )
}
