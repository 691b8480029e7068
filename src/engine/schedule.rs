//! When a feed is due, and when its host may be asked. Pure: time comes in, the next moment comes out.
//!
//! Feeds wait in a queue of their host, hosts in one queue of all; both are ordered by the moment they are ready, so
//! that the next feed is found in logarithmic time however many wait. Politeness rules are those of `FeedState`
//! (persisted) and of the host (made again from those of its feeds).

use super::feed::{FeedSpec, FeedState, PollResult};
use super::id::FeedId;
use super::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often a feed is looked at when neither user nor publisher says.
pub const INTERVAL_DEFAULT: Duration = Duration::from_mins(30);
/// Never more often than this, whatever a publisher or its `max-age` says.
pub const INTERVAL_MIN: Duration = Duration::from_mins(15);
/// Never less often than this: an absurd `max-age` must not silence a feed.
pub const INTERVAL_MAX: Duration = Duration::from_hours(24);
/// Each failure in a row multiplies the interval by this (in tenths), up to [`INTERVAL_MAX`].
const BACKOFF_TENTHS: u32 = 18;
/// How long a feed is left alone that breaks us every time: it may change, or a newer storyfold may read it.
const SET_ASIDE: Duration = Duration::from_hours(7 * 24);
/// Feeds are spread over this share of their interval, by their id: nothing fires together.
const SPREAD_SHARE: u32 = 10;

/// How many requests may run, and how close together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleOptions {
    /// Requests in flight over all hosts.
    pub max_concurrent: usize,
    /// Requests in flight to one host.
    pub host_concurrency: usize,
    /// From the end of one request to a host until the next begins.
    pub host_gap: Duration,
    /// Whether a host's "wait" holds for all its feeds, or only for the one that asked.
    pub pause_scope: PauseScope,
}

/// See [`ScheduleOptions::pause_scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseScope {
    /// The usual case: one owner, one limit.
    Host,
    /// For hosts that carry many feeds of different owners.
    Feed,
}

/// What a publisher asks of the one who polls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `Cache-Control: max-age`, less `Age`.
    pub max_age: Option<Duration>,
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// When to look at a feed next, after a poll at `now` whose result stands in `state`.
#[must_use]
pub fn next_due(spec: &FeedSpec, state: &FeedState, hints: Hints, now: Timestamp) -> Timestamp {
    let base = spec.interval.unwrap_or(INTERVAL_DEFAULT);
    let wanted = match state.last_result {
        Some(PollResult::Broke { .. }) if state.is_set_aside() => {
            return now.plus(SET_ASIDE + spread(spec.id, INTERVAL_MAX));
        }
        Some(PollResult::Failed { .. } | PollResult::Broke { .. } | PollResult::RateLimited) => {
            backoff(base, state.failures)
        }
        Some(PollResult::Gone) => INTERVAL_MAX.max(base),
        _ => base.max(hints.max_age.unwrap_or_default()).max(hints.ttl.unwrap_or_default()),
    };
    // What the user asks for may be longer than the cap, never shorter than the floor.
    let longest = INTERVAL_MAX.max(base);
    let asked = hints.retry_after.unwrap_or_default().min(INTERVAL_MAX);
    let interval = wanted.clamp(INTERVAL_MIN, longest).max(asked);
    now.plus(interval + spread(spec.id, interval))
}

/// A fixed offset for this feed, between nothing and a tenth of the interval.
fn spread(feed: FeedId, interval: Duration) -> Duration {
    let share = u32::try_from(feed.0 % 1000).unwrap_or_default();
    interval / SPREAD_SHARE * share / 1000
}

fn backoff(base: Duration, failures: u32) -> Duration {
    let mut interval = base;
    for _ in 1..failures {
        interval = (interval * BACKOFF_TENTHS / 10).min(INTERVAL_MAX.max(base));
    }
    interval
}

/// The queue of feeds, by the moment each may be fetched.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    feeds: BTreeMap<FeedId, Slot>,
    hosts: BTreeMap<String, Host>,
    ready: BTreeSet<(Timestamp, String)>,
    in_flight: usize,
}

#[derive(Clone, Debug)]
struct Slot {
    host: String,
    due: Timestamp,
    in_flight: bool,
}

#[derive(Clone, Debug, Default)]
struct Host {
    queue: BTreeSet<(Timestamp, FeedId)>,
    in_flight: usize,
    not_before: Timestamp,
    listed_at: Option<Timestamp>,
}

impl Schedule {
    /// Puts a feed into the queue, or moves it there. A feed in flight is queued when it is [`Schedule::finish`]ed.
    pub fn set_due(&mut self, feed: FeedId, host: &str, due: Timestamp, options: &ScheduleOptions) {
        let in_flight = self.feeds.get(&feed).is_some_and(|slot| slot.in_flight);
        if !in_flight {
            self.remove(feed, options);
            self.hosts.entry(host.to_owned()).or_default().queue.insert((due, feed));
        }
        self.feeds.insert(feed, Slot { host: host.to_owned(), due, in_flight });
        self.relist(host, options);
    }

    /// Takes a feed out of the queue. One in flight ends on its own.
    pub fn remove(&mut self, feed: FeedId, options: &ScheduleOptions) {
        let Some(slot) = self.feeds.remove(&feed) else { return };
        if let Some(host) = self.hosts.get_mut(&slot.host) {
            host.queue.remove(&(slot.due, feed));
            if slot.in_flight {
                host.in_flight -= 1;
                self.in_flight -= 1;
            }
        }
        self.relist(&slot.host, options);
    }

    /// The moment at which [`Schedule::take`] will have something, if nothing happens before.
    #[must_use]
    pub fn next_ready(&self, options: &ScheduleOptions) -> Option<Timestamp> {
        if self.in_flight >= options.max_concurrent {
            return None;
        }
        self.ready.first().map(|(at, _)| *at)
    }

    /// The next feed to fetch at `now`, now in flight.
    pub fn take(&mut self, now: Timestamp, options: &ScheduleOptions) -> Option<FeedId> {
        self.next_ready(options).filter(|at| *at <= now)?;
        let (_, name) = self.ready.first()?.clone();
        let host = self.hosts.get_mut(&name)?;
        let (_, feed) = host.queue.pop_first()?;
        host.in_flight += 1;
        self.in_flight += 1;
        if let Some(slot) = self.feeds.get_mut(&feed) {
            slot.in_flight = true;
        }
        self.relist(&name, options);
        Some(feed)
    }

    /// A fetch ended at `now`; the feed waits for `due`.
    pub fn finish(&mut self, feed: FeedId, due: Timestamp, now: Timestamp, gap: Duration, options: &ScheduleOptions) {
        // A fetch from before the feed was dropped and followed again counts no more.
        let Some(slot) = self.feeds.get_mut(&feed).filter(|slot| slot.in_flight) else { return };
        slot.due = due;
        slot.in_flight = false;
        let name = slot.host.clone();
        self.in_flight -= 1;
        if let Some(host) = self.hosts.get_mut(&name) {
            host.in_flight -= 1;
            host.not_before = host.not_before.max(now.plus(gap));
            host.queue.insert((due, feed));
        }
        self.relist(&name, options);
    }

    /// Asks nothing of a feed's host before `until`.
    pub fn pause_host(&mut self, feed: FeedId, until: Timestamp, options: &ScheduleOptions) {
        let Some(name) = self.feeds.get(&feed).map(|slot| slot.host.clone()) else { return };
        if let Some(host) = self.hosts.get_mut(&name) {
            host.not_before = host.not_before.max(until);
        }
        self.relist(&name, options);
    }

    /// Until when the host of this feed is paused, if it is at `now`.
    #[must_use]
    pub fn host_paused_until(&self, feed: FeedId, now: Timestamp, gap: Duration) -> Option<Timestamp> {
        let host = self.hosts.get(&self.feeds.get(&feed)?.host)?;
        (host.not_before > now.plus(gap)).then_some(host.not_before)
    }

    /// Whether the feed is in the queue of this host, or in flight to it.
    #[must_use]
    pub fn knows(&self, feed: FeedId, host: &str) -> bool {
        self.feeds.get(&feed).is_some_and(|slot| slot.host == host)
    }

    /// Whether the feed is being fetched.
    #[must_use]
    pub fn is_in_flight(&self, feed: FeedId) -> bool {
        self.feeds.get(&feed).is_some_and(|slot| slot.in_flight)
    }

    /// Puts a host where it belongs in the queue of hosts, after anything about it changed.
    fn relist(&mut self, name: &str, options: &ScheduleOptions) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        if let Some(at) = host.listed_at.take() {
            self.ready.remove(&(at, name.to_owned()));
        }
        if host.in_flight >= options.host_concurrency {
            return;
        }
        if let Some((due, _)) = host.queue.first() {
            let at = (*due).max(host.not_before);
            host.listed_at = Some(at);
            self.ready.insert((at, name.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::link::FeedUrl;
    use std::path::Path;

    const OPTIONS: ScheduleOptions = ScheduleOptions {
        max_concurrent: 2,
        host_concurrency: 1,
        host_gap: Duration::from_secs(1),
        pause_scope: PauseScope::Host,
    };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn spec() -> FeedSpec {
        let written = "https://example.org/feed";
        FeedSpec::new(FeedUrl::parse(written, Path::new("/")).unwrap(), written)
    }

    #[test]
    fn one_request_at_a_time_and_a_gap_for_each_host() {
        let mut schedule = Schedule::default();
        for (feed, host) in [(1, "a"), (2, "a"), (3, "b"), (4, "c")] {
            schedule.set_due(FeedId(feed), host, at(10), &OPTIONS);
        }
        assert_eq!(schedule.take(at(9), &OPTIONS), None);
        assert_eq!(schedule.take(at(10), &OPTIONS), Some(FeedId(1)));
        assert_eq!(schedule.take(at(10), &OPTIONS), Some(FeedId(3)), "host a is busy");
        assert_eq!(schedule.take(at(10), &OPTIONS), None, "two are in flight");
        schedule.finish(FeedId(1), at(1000), at(12), OPTIONS.host_gap, &OPTIONS);
        assert_eq!(schedule.take(at(12), &OPTIONS), Some(FeedId(4)), "host a has its gap");
        schedule.finish(FeedId(3), at(1000), at(12), OPTIONS.host_gap, &OPTIONS);
        assert_eq!(schedule.next_ready(&OPTIONS), Some(at(13)));
        assert_eq!(schedule.take(at(13), &OPTIONS), Some(FeedId(2)));
    }

    #[test]
    fn a_paused_host_delays_its_feeds_and_no_other() {
        let mut schedule = Schedule::default();
        schedule.set_due(FeedId(1), "a", at(0), &OPTIONS);
        schedule.set_due(FeedId(2), "b", at(5), &OPTIONS);
        schedule.pause_host(FeedId(1), at(100), &OPTIONS);
        assert_eq!(schedule.take(at(5), &OPTIONS), Some(FeedId(2)));
        assert_eq!(schedule.next_ready(&OPTIONS), Some(at(100)));
    }

    #[test]
    fn a_feed_removed_in_flight_frees_its_host() {
        let mut schedule = Schedule::default();
        schedule.set_due(FeedId(1), "a", at(0), &OPTIONS);
        schedule.set_due(FeedId(2), "a", at(0), &OPTIONS);
        assert_eq!(schedule.take(at(0), &OPTIONS), Some(FeedId(1)));
        schedule.remove(FeedId(1), &OPTIONS);
        schedule.finish(FeedId(1), at(9), at(1), OPTIONS.host_gap, &OPTIONS);
        assert_eq!(schedule.take(at(1), &OPTIONS), Some(FeedId(2)));
    }

    #[test]
    fn the_next_poll_respects_user_and_publisher_within_bounds() {
        let now = at(1_000_000);
        let minutes = |secs: u64| Duration::from_secs(60 * secs);
        let check = |interval, hints, result, failures, low: u64, high: u64| {
            let spec = FeedSpec { interval, ..spec() };
            let state = FeedState { last_result: Some(result), failures, ..FeedState::new(&spec, now) };
            let wait = next_due(&spec, &state, hints, now).since(now);
            assert!(wait >= minutes(low) && wait <= minutes(high), "{hints:?} {failures}: {wait:?}");
        };
        let read = PollResult::NotModified;
        let failed = PollResult::Failed { reason: String::new() };
        let none = Hints::default();
        check(None, none, read.clone(), 0, 30, 33);
        check(Some(minutes(1)), none, read.clone(), 0, 15, 17);
        check(Some(minutes(60 * 48)), none, read.clone(), 0, 60 * 48, 60 * 53);
        check(None, Hints { max_age: Some(minutes(120)), ..none }, read.clone(), 0, 120, 132);
        check(None, Hints { max_age: Some(minutes(60 * 24 * 365)), ..none }, read, 0, 1440, 1584);
        check(None, none, failed.clone(), 1, 30, 33);
        check(None, none, failed.clone(), 3, 97, 107);
        check(None, none, failed.clone(), 50, 1440, 1584);
        check(None, Hints { retry_after: Some(minutes(600)), ..none }, failed, 1, 600, 660);
        check(None, none, PollResult::Gone, 1, 1440, 1584);
    }
}
