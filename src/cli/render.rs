//! `storyfold render`: the bytes that are served.

use super::{Failure, Places, output, session};
use crate::control::{Reply, Request};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A view of the configuration; without one, the whole merged feed
    #[arg(conflicts_with = "all")]
    view: Option<String>,
    /// Write every document and the page into this folder, for static hosting
    #[arg(long, value_name = "DIR", conflicts_with = "format")]
    all: Option<PathBuf>,
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
    if let Some(folder) = &arguments.all {
        return write_all(places, folder);
    }
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

fn write_all(places: &Places, folder: &Path) -> Result<(), Failure> {
    let Reply::Site(documents) = session::ask(places, Request::RenderAll, |_| {})? else {
        return Err(session::unexpected());
    };
    let config = places.config()?;
    if config.shown_url == format!("http://{}", config.serve.listen) {
        output::remark(&format!(
            "the documents link to {}; set daemon.base_url to where you publish them",
            config.shown_url
        ));
    }
    for (name, text) in &documents {
        // Paths are our own: a fixed name, or a view's, which is letters, digits, - and _.
        let path = folder.join(name);
        let told = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(told)?;
        std::fs::write(&path, text).map_err(told)?;
    }
    output::print(&format!("wrote {} documents to {}\n", documents.len(), folder.display()))
}
