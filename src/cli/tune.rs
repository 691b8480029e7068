//! `storyfold tune`: the decision, fitted anew.

use super::output::{count, print, print_table, remark, table};
use super::{Failure, Places, eval, session};
use crate::control::{Reply, Request, SampleRow};
use crate::engine::clustering::ClusterOptions;
use crate::engine::eval::{Labelled, Order, Scores};
use crate::engine::fit::Sample;
use crate::engine::model::{Lengths, Model};
use crate::engine::similarity::Evidence;
use crate::engine::tuning::{Validation, tune, validate};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::time::Duration;

/// What a correction counts against a labelled stream, which counts 1: a hundred of them make another stream.
const CORRECTION_WEIGHT: f64 = 0.01;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Labelled entries, as `storyfold eval` reads them
    #[arg(value_name = "FILE.jsonl")]
    files: Vec<PathBuf>,
    /// Where to write the model; the configuration names it as cluster.model
    #[arg(short, long, value_name = "MODEL")]
    output: PathBuf,
    /// Only entries of this language
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
}

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let mut streams = Vec::new();
    for file in &arguments.files {
        let mut entries = eval::read(file)?;
        entries.retain(|entry| arguments.lang.is_none() || entry.language == arguments.lang);
        Order::Time.arrange(&mut entries);
        streams.push(entries);
    }
    let corrections = corrections(places)?;
    if streams.is_empty() && corrections.is_empty() {
        return Err(Failure::Usage(vec![
            "there is nothing to fit to: name labelled files, or correct some clusters first".to_owned(),
        ]));
    }
    let options = ClusterOptions::default();
    let spinner = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner.set_message("fitting to one half of each file, looking at the other");
    let validations = validate(&streams, &corrections, &options);
    spinner.set_message("fitting to everything");
    let model = tune(&streams, &corrections, &options);
    spinner.finish_and_clear();
    std::fs::write(&arguments.output, written(&model, &streams, &corrections))
        .map_err(|error| format!("{} cannot be written: {error}", arguments.output.display()))?;
    report(arguments, &validations, corrections.len())
}

/// The corrections made by hand here; none where there is no configuration.
fn corrections(places: &Places) -> Result<Vec<Sample>, Failure> {
    if places.config().is_err() {
        remark("no configuration was found: corrections made by hand are not used");
        return Ok(Vec::new());
    }
    match session::ask(places, Request::Samples, |_| {})? {
        Reply::Samples(rows) => rows.into_iter().map(sample).collect(),
        _ => Err(session::unexpected()),
    }
}

fn sample(row: SampleRow) -> Result<Sample, Failure> {
    let evidence = row.evidence.try_into().map_err(|_| session::unexpected())?;
    Ok(Sample {
        evidence: Evidence(evidence),
        lengths: Lengths::ALL.get(usize::from(row.lengths)).copied().ok_or_else(session::unexpected)?,
        right: f64::from(u8::from(row.together)),
        weight: CORRECTION_WEIGHT,
    })
}

fn written(model: &Model, streams: &[Vec<Labelled>], corrections: &[Sample]) -> String {
    let entries = streams.iter().map(Vec::len).sum();
    format!(
        "# Weights of the decision, in log odds. Fitted by `storyfold tune` to {} of {} and {} by hand.\n\n{}",
        count(entries, "entry"),
        count(streams.len(), "file"),
        count(corrections.len(), "correction"),
        crate::config::write_model(model)
    )
}

fn report(arguments: &Arguments, validations: &[Validation], corrections: usize) -> Result<(), Failure> {
    if !validations.is_empty() {
        print("On the half of each file that the fit had not seen (B-Cubed F1 / pairwise F1):\n\n")?;
        let mut table = table(&["FILE", "HALF", "SHIPPED", "TUNED"]);
        for found in validations {
            let name = arguments.files[found.stream].file_name().unwrap_or_default().to_string_lossy();
            let half = ["first", "second"][found.half];
            table.add_row([name.into_owned(), half.to_owned(), told(&found.before), told(&found.after)]);
        }
        print_table(&table)?;
        print("\n")?;
    }
    print(&format!(
        "{} written, {} included. To use it: [cluster] model = \"{}\"; `storyfold replay --model {0}` shows what it \
         would change.\n",
        arguments.output.display(),
        count(corrections, "correction"),
        arguments.output.display(),
    ))
}

fn told(scores: &Scores) -> String {
    format!("{:.1} / {:.1}", 100.0 * scores.bcubed.f1, 100.0 * scores.pairwise.f1)
}
