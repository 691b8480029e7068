//! What commands print. Everything from a feed was cleaned of control characters at the door; what is printed here is
//! cleaned again, for a terminal believes what it is sent.

use super::Failure;
use crate::engine::markup::is_printable;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Wider lines are hard to read.
const WIDTH_MAX: usize = 100;

/// Says on standard error what is wrong.
pub(super) fn complain(message: &str) {
    // Where standard error is gone, there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "storyfold: {}", clean(message));
}

/// Says something on standard error that is not wrong.
pub(super) fn remark(message: &str) {
    let _ = writeln!(std::io::stderr(), "{}", clean(message));
}

/// Prints text; a reader that went away (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a value as JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    print(&format!("{text}\n"))
}

/// A table as wide as the terminal, or 80 columns where there is none.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if !std::io::stdout().is_terminal() {
        table.set_width(80);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// Prints a table without the blanks at the ends of its lines.
pub(super) fn print_table(table: &Table) -> Result<(), Failure> {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    print(&format!("{}\n", lines.join("\n")))
}

/// A paragraph as wide as the terminal, each line indented.
pub(super) fn wrapped(indent: &str, text: &str) -> String {
    let further = format!("{indent}  ");
    let options = textwrap::Options::new(textwrap::termwidth().min(WIDTH_MAX));
    format!("{}\n", textwrap::fill(text, options.initial_indent(indent).subsequent_indent(&further)))
}

/// A name and what it has, as wide as the terminal.
pub(super) fn field(name: &str, text: &str) -> String {
    let (first, further) = (format!("{name:>12}  "), " ".repeat(14));
    let options = textwrap::Options::new(textwrap::termwidth().min(WIDTH_MAX));
    format!("{}\n", textwrap::fill(text, options.initial_indent(&first).subsequent_indent(&further)))
}

/// Text that does nothing to a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || is_printable(c)).collect()
}

/// `2025-06-08T07:30:00Z` as `2025-06-08 07:30`.
pub(super) fn minute(moment: &str) -> String {
    moment.get(..16).unwrap_or(moment).replace('T', " ")
}

/// `45 min`, `2 h`, `2 h 30 min`, `7 days`.
pub(super) fn span(span: Duration) -> String {
    let minutes = span.as_secs().div_ceil(60);
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (1, 0, 0) => "24 h".to_owned(),
        (days, ..) => count(usize::try_from(days).unwrap_or(usize::MAX), "day"),
    }
}

/// `1 feed`, `2 feeds`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = match noun {
        "entry" => "entries",
        "new entry" => "new entries",
        "day" => "days",
        "feed" => "feeds",
        "file" => "files",
        "cluster" => "clusters",
        "publisher" => "publishers",
        "request" => "requests",
        "correction" => "corrections",
        other => other,
    };
    format!("{number} {}", if number == 1 { noun } else { plural })
}

/// Sends the log to standard error, filtered as `$RUST_LOG` or else `filter` says.
pub(super) fn log_to_terminal(filter: &str) {
    let wanted = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(wanted.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false);
    // journald and terminals: the one stamps lines itself.
    let started = if std::env::var_os("JOURNAL_STREAM").is_some() {
        builder.without_time().try_init()
    } else {
        builder.try_init()
    };
    if let Err(error) = started {
        complain(&format!("there will be no log: {error}"));
    }
}
