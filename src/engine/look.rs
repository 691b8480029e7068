//! A look at a feed: what it says of the feed itself, and when the next one is.

use super::Engine;
use super::cadence::{self, Cadence, Hints};
use super::entry::{Draft, clamp};
use super::feed::{FeedSpec, FeedState, PollResult};
use super::fetched::{Facts, Freshness};
use super::id::FeedId;
use super::link::FeedUrl;
use super::schedule::{Finish, PauseScope};
use super::time::Timestamp;
use std::time::Duration;

/// So far apart 410s are counted: a host that is confused for an hour ends no feed.
pub(super) const GONE_APART: Duration = Duration::from_hours(12);

/// What came of a look at a feed.
pub(super) struct Look<'a> {
    /// How it went.
    pub result: PollResult,
    /// How long its host asks us to wait.
    pub asked: Option<Duration>,
    /// What came is the feed that we know.
    pub is_same: bool,
    /// What it took.
    pub facts: &'a Facts,
}

impl Engine {
    /// A count of days, or of looks on schedule: looks by hand, one right after the other, are one.
    pub(super) fn once_more(&self, times: u32, id: FeedId, apart: Duration, now: Timestamp) -> u32 {
        let last = self.state_of(id).and_then(|state| state.last_fetch);
        if times > 0 && last.is_some_and(|last| now.since(last) < apart) { times } else { times.saturating_add(1) }
    }

    pub(super) fn state_of(&self, id: FeedId) -> Option<&FeedState> {
        self.feeds.get(&id).map(|feed| &feed.state)
    }

    /// Counts what a look has cost.
    pub(super) fn count(&mut self, id: FeedId, facts: &Facts, now: Timestamp) {
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        let state = &mut feed.state;
        let tally = &mut state.tally;
        let is_not_modified = facts.status == Some(304);
        tally.looks += 1;
        tally.requests += facts.requests;
        tally.conditional += u64::from(facts.is_conditional);
        tally.not_modified += u64::from(is_not_modified);
        tally.bytes += facts.bytes;
        if is_not_modified {
            tally.spared += tally.last_bytes;
        } else if facts.bytes > 0 {
            tally.last_bytes = facts.bytes;
        }
        let began = now.minus(facts.took);
        tally.early += u64::from(state.last_success.is_some_and(|last| state.hints.fresh_until(last) > began));
    }

    pub(super) fn note_result(&mut self, spec: &FeedSpec, look: Look, now: Timestamp) {
        let Look { result, asked, is_same, facts } = look;
        let Some(feed) = self.feeds.get_mut(&spec.id) else { return };
        let state = &mut feed.state;
        // Asking again and again by hand while the network is down is one failure, not many.
        let again = state.failures > 0 && now < state.next_due;
        let is_first = state.last_fetch.is_none();
        let is_read = matches!(result, PollResult::Read { .. } | PollResult::NotModified);
        state.last_fetch = Some(now);
        if is_read {
            state.last_success = Some(now);
            state.first_success.get_or_insert(now);
            state.failures = 0;
            state.paused_until = None;
        } else {
            state.failures = state.failures.saturating_add(u32::from(!again));
        }
        state.last_result = Some(result);
        state.note_move(spec, facts, is_same, now);
        state.cadence = cadence::cadence(spec, state, asked, now);
        // They were made for answers: what fails is tried again when its backoff ends.
        let hints = if is_read { state.hints } else { Hints::default() };
        let due = state.cadence.map(|cadence: Cadence| cadence::due(spec.id, cadence, is_first, &hints, now));
        state.next_due = due.unwrap_or(Timestamp::NEVER);
        state.server = facts.server.clone().or_else(|| state.server.take());
        let target = state.target(spec);
        let end = Finish {
            due,
            host: &target.host_key(),
            server: facts.server.as_deref(),
            now,
            gap: match target {
                FeedUrl::Web(_) => self.options.schedule.host_gap,
                FeedUrl::File(_) => Duration::ZERO,
            },
        };
        if self.schedule.is_in_flight(spec.id) {
            self.schedule.finish(spec.id, &end, &self.options.schedule);
        } else if let Some(due) = due {
            // It was not the schedule that asked: a command brought it, or the feed was dropped and followed again.
            self.schedule.set_due(spec.id, end.host, due, &self.options.schedule);
        }
        self.changes.feeds.insert(spec.id);
    }

    /// RFC 9111, section 4.3.4: a 304 may bring new validators and another age; what it leaves out stays.
    pub(super) fn refresh(&mut self, id: FeedId, freshness: Freshness, now: Timestamp) {
        let Some(feed) = self.feeds.get_mut(&id) else { return };
        let state = &mut feed.state;
        let kept = &mut state.validators;
        kept.etag = freshness.validators.etag.or_else(|| kept.etag.take());
        kept.last_modified = freshness.validators.last_modified.or_else(|| kept.last_modified.take());
        if freshness.max_age.is_some() || freshness.expires.is_some() {
            state.hints.max_age = freshness.max_age;
            state.hints.expires = freshness.expires;
        }
        let since = state.last_success.unwrap_or(now);
        state.rhythm.note(std::iter::empty(), since, now);
        state.spend(0, now);
    }

    pub(super) fn pause(&mut self, spec: &FeedSpec, until: Timestamp) {
        if let Some(feed) = self.feeds.get_mut(&spec.id) {
            feed.state.paused_until = Some(until);
        }
        if spec.pause_scope.unwrap_or(self.options.schedule.pause_scope) == PauseScope::Host {
            self.schedule.pause_host(spec.id, until, &self.options.schedule);
        }
    }

    /// How many of these, the oldest of them, are more than the feed may bring.
    pub(super) fn excess(&self, id: FeedId, drafts: &[Draft], now: Timestamp) -> u32 {
        let new = drafts.iter().filter(|draft| !self.entries.contains_key(&draft.id)).count();
        let allowed = self.state_of(id).map_or(0, |state| state.allowance(now));
        u32::try_from(new).unwrap_or(u32::MAX).saturating_sub(allowed)
    }

    /// Takes down when what is new came: by its date, or where it has none, some time since the last look. What a first
    /// look finds without dates could be of any time.
    pub(super) fn note_rhythm(&mut self, id: FeedId, drafts: &[Draft], last_look: Option<Timestamp>, now: Timestamp) {
        let date = |draft: &Draft| clamp(draft.published.or(draft.updated), now);
        let since = last_look.or_else(|| drafts.iter().filter_map(date).min()).unwrap_or(now);
        let new = drafts.iter().filter(|draft| !self.entries.contains_key(&draft.id));
        let came: Vec<Timestamp> = match last_look {
            Some(last) => new.map(|draft| date(draft).unwrap_or(now).max(last)).collect(),
            None => new.filter_map(date).collect(),
        };
        if let Some(feed) = self.feeds.get_mut(&id) {
            feed.state.rhythm.note(came.into_iter(), since, now);
        }
    }
}
