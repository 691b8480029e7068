//! What is known of feeds, as rows; and a feed that was added by a command.

use super::Daemon;
use crate::clock;
use crate::control::{Addition, FeedRow, Politeness};
use crate::engine::Engine;
use crate::engine::feed::{FeedSpec, FeedState, PollResult, Validators};
use crate::engine::fetched::{Body, Facts, FetchOutcome, Fetched, Freshness};
use crate::engine::ingest::digested;
use crate::engine::parse::ParseError;
use crate::engine::time::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::time::Duration;

/// All feeds, by category and address.
pub(super) fn feeds(engine: &Engine, now: Timestamp) -> Vec<FeedRow> {
    let mut rows: Vec<FeedRow> = engine.feeds().map(|(spec, state)| feed_row(engine, spec, state, now)).collect();
    rows.sort_by(|a, b| (&a.category, &a.url).cmp(&(&b.category, &b.url)));
    rows
}

pub(super) fn politeness(engine: &Engine, now: Timestamp) -> Politeness {
    let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Politeness {
        host_gap_ms: millis(engine.options().schedule.host_gap),
        closest_ms: engine.closest_requests().map(millis),
        feeds: feeds(engine, now),
    }
}

fn feed_row(engine: &Engine, spec: &FeedSpec, state: &FeedState, now: Timestamp) -> FeedRow {
    let due = state.next_due.max(state.paused_until.unwrap_or(state.next_due));
    let obstacle = match &state.last_result {
        Some(PollResult::Failed { obstacle, .. }) => obstacle.map(|obstacle| obstacle.name().to_owned()),
        _ => None,
    };
    FeedRow {
        url: spec.written.clone(),
        title: spec.name.clone().or_else(|| state.title.clone()),
        status: state.status(now).to_owned(),
        obstacle,
        moved_to: state.moved.as_ref().filter(|moved| moved.since != Timestamp::NEVER).map(|moved| moved.to.clone()),
        moved: state.moved.as_ref().is_some_and(|moved| moved.adopted),
        last_fetch: state.last_fetch.map(|at| at.to_string()),
        next_due: (!state.has_ended()).then(|| due.to_string()),
        wait_secs: state.cadence.map(|cadence| cadence.wait.as_secs()),
        wait_because: state.cadence.map(|cadence| cadence.why.to_string()),
        per_day: state.last_success.map(|_| state.rhythm.per_day()),
        polls: state.tally.looks,
        requests: state.tally.requests,
        conditional: state.tally.conditional,
        not_modified: state.tally.not_modified,
        bytes: state.tally.bytes,
        bytes_spared: state.tally.spared,
        early: state.tally.early,
        last_result: state.last_result.as_ref().map(in_words),
        failures: state.failures,
        entries: engine.entries_of(spec.id),
        category: spec.category.clone(),
    }
}

/// How a poll ended, in words.
pub(super) fn in_words(result: &PollResult) -> String {
    match result {
        PollResult::Read { new, rejected: 0 } => format!("read, {new} new"),
        PollResult::Read { new, rejected } => format!("read, {new} new, {rejected} rejected"),
        PollResult::NotModified => "not modified".to_owned(),
        PollResult::RateLimited => "its host asks us to wait".to_owned(),
        PollResult::Gone { .. } => "the publisher has ended it (410); take it out of the configuration".to_owned(),
        PollResult::Broke { .. } => ParseError::Panicked.to_string(),
        PollResult::Failed { reason, .. } => reason.clone(),
    }
}

impl Daemon {
    /// Follows a feed that a command has just added, and takes in what that has fetched of it already.
    pub(super) async fn add(&mut self, addition: &Addition) -> Result<FeedRow, String> {
        let update = self.reconfigure();
        let now = self.stamp();
        self.record(update.into_iter().collect(), now.at).await.map_err(|error| error.to_string())?;
        let found = self.engine.feeds().find(|(spec, _)| spec.written == addition.url);
        let (spec, is_new) =
            found.map(|(spec, state)| (spec.clone(), state.first_success.is_none())).ok_or_else(|| {
                format!(
                    "{} stands in the configuration, but the daemon could not take that over; its log says why",
                    addition.url
                )
            })?;
        if is_new {
            let fetched = fetched(addition).ok_or_else(|| "the document of the new feed is damaged".to_owned())?;
            let id = spec.id;
            let digest = tokio::task::spawn_blocking(move || digested(&spec, fetched)).await;
            let stamp = self.stamp();
            let update = self.engine.handle_fetched(stamp, digest.map_err(|error| error.to_string())?);
            self.record(vec![update], stamp.at).await.map_err(|error| error.to_string())?;
            let (spec, state) = self.engine.feed(id).ok_or_else(|| "it is not followed any more".to_owned())?;
            return Ok(feed_row(&self.engine, spec, state, clock::now()));
        }
        let (spec, state) = self.engine.feed(spec.id).ok_or_else(|| "it is not followed any more".to_owned())?;
        Ok(feed_row(&self.engine, spec, state, clock::now()))
    }
}

fn fetched(addition: &Addition) -> Option<Fetched> {
    let freshness = Freshness {
        validators: Validators { etag: addition.etag.clone(), last_modified: addition.last_modified.clone() },
        max_age: addition.max_age.map(Duration::from_secs),
        expires: addition.expires.map(Duration::from_secs),
    };
    let body = Body {
        bytes: BASE64_STANDARD.decode(&addition.document).ok()?.into(),
        content_type: addition.content_type.clone(),
        final_url: addition.final_url.clone(),
        is_delta: false,
        freshness,
    };
    let (requests, bytes, server) = (addition.requests, addition.bytes, addition.server.clone());
    let facts = Facts { requests, bytes, server, status: Some(200), ..Facts::default() };
    Some(Fetched { outcome: FetchOutcome::Body(body), facts })
}
