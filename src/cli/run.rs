//! `storyfold run`: the daemon.

use super::fetch::{Display, report};
use super::{Failure, Places, output, session};
use crate::control::{Reply, Request};
use crate::daemon::{self, Role};
use std::io::IsTerminal;

pub(super) fn run(places: &Places) -> Result<(), Failure> {
    let config = places.config()?;
    let data_dir = places.data_dir(Some(&config))?;
    output::log_to_terminal(&config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let watched = std::io::stderr().is_terminal();
    let base = config.shown_url.clone();
    let token = config.serve.token.as_ref().map(|_| "/t/TOKEN").unwrap_or_default();
    let feeds = output::count(config.feeds.len(), "feed");
    output::remark(&format!("storyfold {} follows {feeds} of {}", env!("CARGO_PKG_VERSION"), config.path.display()));
    output::remark(&format!("It keeps what it reads in {}", data_dir.display()));
    super::block_on(async {
        let setup = session::setup(config, data_dir, watched);
        let handle = daemon::start(setup, Role::Daemon).await.map_err(|error| error.to_string())?;
        // Fails only where there is no systemd to tell.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let mut replies = handle.ask(Request::Fetch { all: false }).await;
        let mut display = Display::new();
        while let Some(reply) = replies.recv().await {
            match reply {
                Reply::Progress(progress) => display.show(progress),
                Reply::Round(round) => {
                    display.end();
                    report(&round, watched);
                    output::print(&format!(
                        "Subscribe to {base}{token}/feed.atom\n(or feed.rss, feed.json; the page is {base}{token}/)\n"
                    ))?;
                    break;
                }
                _ => break,
            }
        }
        display.end();
        handle.ended().await.map_err(|error| Failure::Failed(error.to_string()))
    })
}
