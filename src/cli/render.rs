//! `storyfold render`: the bytes that are served.

use super::{Failure, Places, output, session};
use crate::control::{Reply, Request};
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A view of the configuration; without one, the whole merged feed
    view: Option<String>,
    /// The document's format
    #[arg(long, value_enum, default_value_t = Format::Atom)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Atom,
    Rss,
    Json,
}

pub(super) fn run(places: &Places, arguments: &Arguments) -> Result<(), Failure> {
    let format = match arguments.format {
        Format::Atom => "atom",
        Format::Rss => "rss",
        Format::Json => "json",
    };
    let request = Request::Render { view: arguments.view.clone(), format: format.to_owned() };
    match session::ask(places, request, |_| {})? {
        Reply::Document(text) => output::print(&text),
        _ => Err(session::unexpected()),
    }
}
