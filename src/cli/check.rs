//! `storyfold check`: is the configuration right, and is it what was meant?

use super::{Failure, Places, output};

pub(super) fn run(places: &Places) -> Result<(), Failure> {
    let config = places.config()?;
    for warning in &config.warnings {
        output::remark(&format!("{warning} (warning)"));
    }
    let missing = missing_files(&config);
    for path in &missing {
        output::remark(&format!("{}: there is no file {path} (warning)", config.path.display()));
    }
    let feeds = output::count(config.feeds.len(), "feed");
    let warnings = match config.warnings.len() + missing.len() {
        0 => "no warnings".to_owned(),
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    output::print(&format!("{} is right: {feeds}, {warnings}\n", config.path.display()))
}

fn missing_files(config: &crate::config::Config) -> Vec<String> {
    let files = config.feeds.iter().filter_map(|feed| match &feed.url {
        crate::engine::link::FeedUrl::File(path) if !path.exists() => Some(path.display().to_string()),
        _ => None,
    });
    files.collect()
}
