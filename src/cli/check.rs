//! `storyfold check`: is the configuration right, and is it what was meant?

use super::{Failure, Places, output};

pub(super) fn run(places: &Places) -> Result<(), Failure> {
    let config = places.config()?;
    for warning in &config.warnings {
        output::remark(&format!("{warning} (warning)"));
    }
    let feeds = output::count(config.feeds.len(), "feed");
    let warnings = match config.warnings.len() {
        0 => "no warnings".to_owned(),
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    output::print(&format!("{} is right: {feeds}, {warnings}\n", config.path.display()))
}
