//! Rounds: fetches that somebody waits for.

use super::feeds::in_words;
use crate::control::{FailedFeed, Progress, Reply, Round as Report};
use crate::engine::Engine;
use crate::engine::feed::{FeedSpec, FeedState, PollResult};
use crate::engine::fetched::Facts;
use crate::engine::following::Demand;
use crate::engine::id::FeedId;
use crate::engine::publication::count_publishers;
use crate::engine::time::Timestamp;
use std::collections::BTreeSet;
use tokio::sync::mpsc;

/// A round under way.
#[derive(Debug)]
pub(super) struct Round {
    waiting: BTreeSet<FeedId>,
    /// How much of what is served had changed when its last feed was in.
    ended_at: Option<u64>,
    report: Report,
    replies: mpsc::Sender<Reply>,
}

impl Round {
    pub fn new(demand: Demand, engine: &Engine, replies: mpsc::Sender<Reply>) -> Self {
        let report = Report {
            feeds: demand.feeds.len(),
            paused: demand.paused.into_iter().map(|id| engine.feed_url(id)).collect(),
            ..Report::default()
        };
        Self { waiting: demand.feeds, ended_at: None, report, replies }
    }

    /// Takes down how the poll of a feed ended.
    pub fn note(&mut self, spec: &FeedSpec, state: &FeedState) {
        if !self.waiting.remove(&spec.id) {
            return;
        }
        let failed = |reason: &str| FailedFeed { url: spec.written.clone(), reason: reason.to_owned() };
        match &state.last_result {
            Some(PollResult::Read { new, .. }) => self.report.new_entries += *new as usize,
            Some(PollResult::NotModified) => self.report.not_modified += 1,
            Some(PollResult::RateLimited) => self.report.paused.push(spec.written.clone()),
            Some(result) => self.report.failed.push(failed(&in_words(result))),
            None => {}
        }
        let progress = Progress {
            done: self.report.feeds - self.waiting.len(),
            total: self.report.feeds,
            failed: self.report.failed.len(),
            new_entries: self.report.new_entries,
        };
        // Progress may be lost on a slow asker; the report may not.
        let _ = self.replies.try_send(Reply::Progress(progress));
    }

    /// A feed that is not followed any more is not waited for.
    pub fn drop_unfollowed(&mut self, engine: &Engine) {
        self.waiting.retain(|id| engine.spec(*id).is_some());
    }

    /// A host that asks us to wait is not waited for: its feeds are listed as paused.
    pub fn drop_paused(&mut self, engine: &Engine, now: Timestamp) {
        for id in engine.paused(&self.waiting, now) {
            self.waiting.remove(&id);
            self.report.paused.push(engine.feed_url(id));
        }
    }

    /// Tells who waits.
    pub fn finish(mut self, engine: &Engine) {
        (self.report.entries, self.report.clusters) = engine.size();
        let shared = engine.clusters().filter(|cluster| cluster.members.len() > 1).filter(|cluster| {
            let members: Vec<_> = cluster.members.iter().filter_map(|id| engine.entry(*id)).collect();
            count_publishers(&members) > 1
        });
        self.report.shared_clusters = shared.count();
        self.report.failed.sort_by(|a, b| a.url.cmp(&b.url));
        reply(self.replies, Reply::Round(self.report));
    }
}

/// Gives a last reply to who asked, without waiting: a command that does not read must not hold the loop.
pub(super) fn reply(replies: mpsc::Sender<Reply>, last: Reply) {
    tokio::spawn(async move { replies.send(last).await });
}

/// The rounds for which all feeds are in, and whose changes (of `changes` so far) are among the `served` ones.
pub(super) fn take_finished(rounds: &mut Vec<Round>, changes: u64, served: u64) -> Vec<Round> {
    for round in rounds.iter_mut().filter(|round| round.waiting.is_empty()) {
        round.ended_at.get_or_insert(changes);
    }
    rounds.extract_if(.., |round| round.ended_at.is_some_and(|at| at <= served)).collect()
}

/// One line a poll.
pub(super) fn log_poll(spec: &FeedSpec, state: &FeedState, facts: &Facts, quiet: bool) {
    let Some(result) = &state.last_result else { return };
    let (said, url) = (in_words(result), &spec.written);
    let next = state.cadence.map(|cadence| (cadence.why.to_string(), state.next_due.to_string()));
    let (because, next) = next.unwrap_or_default();
    let (status, bytes, took) = (facts.status, facts.bytes, facts.took.as_millis());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                feed.url = url,
                http.status = status,
                bytes,
                took_ms = took,
                failures = state.failures,
                next_due = next,
                because,
                "{said}"
            )
        };
    }
    match result {
        PollResult::Broke { .. } => line!(error),
        PollResult::Failed { .. } | PollResult::Gone { .. } | PollResult::RateLimited if !quiet => line!(warn),
        PollResult::Read { .. } | PollResult::NotModified if !quiet => line!(info),
        _ => line!(debug),
    }
}
