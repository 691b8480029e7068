//! What a person types. One file a command; exit codes are decided here: 0 done, 1 failed, 2 usage or configuration.

mod check;
mod clusters;
mod eval;
mod feeds;
mod fetch;
mod output;
mod render;
mod replay;
mod run;
mod session;
mod tune;

use crate::config::{Config, Environment, Fault, config_file};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Follows feeds, recognises which entries of different publishers cover the same event, and serves each event once, as
/// one entry of a merged feed for any reader.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Places {
    /// The configuration [default: ./feeds.toml, then ~/.config/storyfold/, then /etc/storyfold/]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where entries and clusters are kept [default: ~/.local/state/storyfold]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch on schedule, cluster, and serve the merged feed (also without a command)
    Run,
    /// Do one round of what is due, and exit
    Fetch(fetch::Arguments),
    /// List clusters, show one, explain why it is one
    Clusters(clusters::Arguments),
    /// List followed feeds, or see what is understood of a document
    Feeds(feeds::Arguments),
    /// Check the configuration
    Check,
    /// Print the merged feed, or a view of it, as it is served
    Render(render::Arguments),
    /// Show what other options would make of the entries that are there
    Replay(replay::Arguments),
    /// Fit the decision anew to labelled entries and to the corrections made by hand
    Tune(tune::Arguments),
    /// Measure clustering on labelled entries
    Eval(eval::Arguments),
}

/// How a command ends badly.
#[derive(Debug)]
enum Failure {
    /// It could not be done.
    Failed(String),
    /// The configuration or the arguments are wrong.
    Usage(Vec<String>),
}

impl Failure {
    /// The same, of this address.
    fn about(self, address: &str) -> Self {
        match self {
            Self::Failed(message) => Self::Failed(format!("{address}: {message}")),
            usage @ Self::Usage(_) => usage,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Reads the arguments, does what they say, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command.unwrap_or(Command::Run) {
        Command::Run => run::run(&arguments.places),
        Command::Fetch(own) => fetch::run(&arguments.places, &own),
        Command::Clusters(own) => clusters::run(&arguments.places, own),
        Command::Feeds(own) => feeds::run(&arguments.places, own),
        Command::Check => check::run(&arguments.places),
        Command::Render(own) => render::run(&arguments.places, &own),
        Command::Replay(own) => replay::run(&arguments.places, &own),
        Command::Tune(own) => tune::run(&arguments.places, &own),
        Command::Eval(own) => eval::run(&own),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => {
            output::complain(&message);
            ExitCode::FAILURE
        }
        Err(Failure::Usage(messages)) => {
            for message in &messages {
                output::complain(message);
            }
            ExitCode::from(2)
        }
    }
}

impl Places {
    fn environment() -> Environment {
        // What is not Unicode cannot be an option of ours.
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The configuration file, found and read.
    fn config(&self) -> Result<Config, Failure> {
        let environment = Self::environment();
        let path = config_file(self.config.as_deref(), &environment, std::path::Path::exists)
            .map_err(|message| Failure::Usage(vec![message]))?;
        load(&path, &environment).map_err(|faults| Failure::Usage(faults.iter().map(ToString::to_string).collect()))
    }

    /// The data folder, absolute: a daemon and a command started elsewhere must mean the same.
    fn data_dir(&self, config: Option<&Config>) -> Result<PathBuf, Failure> {
        let folder = crate::config::data_dir(
            self.data_dir.as_deref(),
            &Self::environment(),
            config.and_then(|config| config.data_dir.as_deref()),
        );
        Ok(std::path::absolute(folder.map_err(|message| Failure::Usage(vec![message]))?)?)
    }
}

fn load(path: &std::path::Path, environment: &Environment) -> Result<Config, Vec<Fault>> {
    let fault = |message: String| vec![Fault { place: path.display().to_string(), message }];
    let text = std::fs::read_to_string(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    parse(path, &text, environment)
}

fn parse(path: &std::path::Path, text: &str, environment: &Environment) -> Result<Config, Vec<Fault>> {
    // Files of feeds are found by absolute paths, whatever folder the daemon is started from.
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Config::parse(path, whole.parent().unwrap_or(path), text, environment, &|path| std::fs::read_to_string(path))
}

/// Sees whether a text would be a good configuration in the place of `path`.
fn check_text(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let read = parse(path, text, &Places::environment());
    read.map(drop).map_err(|faults| Failure::Usage(faults.iter().map(ToString::to_string).collect()))
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::config::parse_duration(text).ok_or_else(|| "write a duration such as 30m, 24h or 7d".to_owned())
}

/// Waits for something. What is still running then, such as a slow look-up of a name, is not waited for.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }
}
