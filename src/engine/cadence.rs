//! How long until a feed is looked at again, and why: between what its publisher asks, what the user chose and what its
//! own [`Rhythm`](super::rhythm::Rhythm) suggests.

use super::feed::{FeedSpec, FeedState, PollResult};
use super::id::FeedId;
use super::link::FeedUrl;
use super::page::Obstacle;
use super::time::Timestamp;
use std::fmt;
use std::time::Duration;

/// Never more often than this, whatever a publisher or its `max-age` says.
pub const INTERVAL_MIN: Duration = Duration::from_mins(15);
/// Never less often than this: an absurd `max-age` must not silence a feed.
pub const INTERVAL_MAX: Duration = Duration::from_hours(24);
/// From where failures back off, where the user says nothing.
const FAILURE_INTERVAL: Duration = Duration::from_mins(30);
/// From where it backs off where not even a host was found.
const UNFOUND_INTERVAL: Duration = Duration::from_mins(2);
/// Each failure in a row multiplies the interval by this (in tenths), up to [`INTERVAL_MAX`].
const BACKOFF_TENTHS: u32 = 18;
/// How long a feed is left alone that breaks us every time: it may change, or a newer storyfold may read it.
const SET_ASIDE: Duration = Duration::from_hours(7 * 24);
/// Feeds are spread over this share of their interval, by their id: nothing fires together.
const SPREAD_SHARE: u32 = 10;
/// Over so much of time first looks are spread at least, where they are not shorter themselves.
const FIRST_SPREAD: Duration = Duration::from_hours(1);
const HOUR: Duration = Duration::from_hours(1);

/// What a publisher asks of the one who polls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `Cache-Control: max-age`, less `Age`.
    pub max_age: Option<Duration>,
    /// `Expires`, from the answer's own date; where there is a `max-age`, that one counts (RFC 9111, section 5.3).
    pub expires: Option<Duration>,
    /// What the document itself asks.
    pub document: DocumentHints,
}

/// What a document asks of the one who polls. Kept while answers say that it has not changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentHints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// `sy:updatePeriod` by `sy:updateFrequency` (RSS 1.0 syndication module).
    pub period: Option<Duration>,
    /// RSS `skipHours`: a bit for each hour of the day, in GMT.
    pub skip_hours: u32,
    /// RSS `skipDays`: a bit for each day, from Monday.
    pub skip_days: u8,
}

/// How long to wait, and why so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Until the next look, before it is spread.
    pub wait: Duration,
    /// Who or what decided.
    pub why: Why,
}

/// See [`Cadence::why`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The feed's own rhythm.
    Rhythm,
    /// It is a file of this machine.
    File,
    /// `interval` in the configuration.
    Chosen,
    /// `Cache-Control: max-age`, with its seconds.
    MaxAge(u64),
    /// `Expires`.
    Expires,
    /// RSS `ttl`, with its minutes.
    Ttl(u64),
    /// `sy:updatePeriod`.
    Period,
    /// 429 or 503.
    Asked,
    /// So many failures in a row.
    Failures(u32),
    /// 410, so many times.
    Gone(u32),
    /// It breaks us.
    SetAside,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rhythm => f.write_str("its own rhythm"),
            Self::File => f.write_str("it is a file"),
            Self::Chosen => f.write_str("your configuration"),
            Self::MaxAge(secs) => write!(f, "publisher says max-age {secs}"),
            Self::Expires => f.write_str("publisher says Expires"),
            Self::Ttl(minutes) => write!(f, "publisher says ttl {minutes}"),
            Self::Period => f.write_str("publisher says sy:updatePeriod"),
            Self::Asked => f.write_str("its host asks us to wait"),
            Self::Failures(1) => f.write_str("it failed"),
            Self::Failures(times) => write!(f, "it failed {times} times"),
            Self::Gone(1) => f.write_str("its publisher has ended it"),
            Self::Gone(times) => write!(f, "its publisher has ended it, said {times} times"),
            Self::SetAside => f.write_str("reading it breaks storyfold"),
        }
    }
}

/// How long to leave a feed alone after a poll at `now` whose result stands in `state`; `None` for a feed that ended.
/// `retry_after` is what a host that asks us to wait says of how long.
#[must_use]
pub fn cadence(spec: &FeedSpec, state: &FeedState, retry_after: Option<Duration>, now: Timestamp) -> Option<Cadence> {
    let own = match spec.interval {
        Some(wait) => Cadence { wait, why: Why::Chosen },
        // Nobody minds.
        None if matches!(spec.url, FeedUrl::File(_)) => Cadence { wait: INTERVAL_MIN, why: Why::File },
        None => Cadence { wait: state.rhythm.interval(now, INTERVAL_MAX), why: Why::Rhythm },
    };
    // What the user asks for may be longer than the cap, never shorter than the floor.
    let longest = INTERVAL_MAX.max(spec.interval.unwrap_or_default());
    let wanted = match state.last_result {
        Some(PollResult::Broke { .. }) if state.is_set_aside() => {
            return Some(Cadence { wait: SET_ASIDE, why: Why::SetAside });
        }
        Some(PollResult::Gone { .. }) if state.has_ended() => return None,
        Some(PollResult::Gone { times }) => Cadence { wait: longest, why: Why::Gone(times) },
        Some(PollResult::RateLimited) => {
            let backoff = backoff(spec.interval, state.failures);
            Cadence { wait: backoff.max(retry_after.unwrap_or_default().min(INTERVAL_MAX)), why: Why::Asked }
        }
        // Mostly it is our own network that is down, and no host is troubled by another look.
        Some(PollResult::Failed { obstacle: Some(Obstacle::Unfound), .. }) => {
            let wait = grown(UNFOUND_INTERVAL, state.failures).min(longest);
            return Some(Cadence { wait, why: Why::Failures(state.failures) });
        }
        Some(PollResult::Failed { .. } | PollResult::Broke { .. }) => {
            Cadence { wait: backoff(spec.interval, state.failures), why: Why::Failures(state.failures) }
        }
        _ => state.hints.asked().into_iter().fold(own, |most, hint| if hint.wait >= most.wait { hint } else { most }),
    };
    Some(Cadence { wait: wanted.wait.clamp(INTERVAL_MIN, longest), why: wanted.why })
}

/// When that is: after the wait, spread by the feed's id, and not in the hours and days that the publisher's document
/// excludes. A first look is spread wider, since all feeds of a configuration have it together.
#[must_use]
pub fn due(feed: FeedId, cadence: Cadence, is_first: bool, hints: &Hints, now: Timestamp) -> Timestamp {
    let share = u32::try_from(feed.0 % 1000).unwrap_or_default();
    let usual = cadence.wait / SPREAD_SHARE;
    let spread = if is_first { usual.max(cadence.wait.min(FIRST_SPREAD)) } else { usual } * share / 1000;
    // Nobody asks us to wait longer than the longest interval: there the spread comes before it.
    let is_longest = cadence.why == Why::Rhythm && cadence.wait + spread > INTERVAL_MAX;
    let due = now.plus(if is_longest { cadence.wait.saturating_sub(spread) } else { cadence.wait + spread });
    let due = due.max(hints.fresh_until(now));
    let allowed = hints.document.next_allowed(due);
    // They come back spread over the first minutes of the hour, not all on its first second.
    if allowed == due { due } else { allowed.plus(INTERVAL_MIN * share / 1000) }
}

fn backoff(chosen: Option<Duration>, failures: u32) -> Duration {
    grown(chosen.unwrap_or(FAILURE_INTERVAL), failures)
}

/// An interval after so many failures in a row.
fn grown(base: Duration, failures: u32) -> Duration {
    let mut interval = base;
    for _ in 1..failures {
        interval = (interval * BACKOFF_TENTHS / 10).min(INTERVAL_MAX.max(base));
        if interval >= INTERVAL_MAX {
            break;
        }
    }
    interval
}

impl Hints {
    /// Each hint that says something, as a wait.
    fn asked(&self) -> impl IntoIterator<Item = Cadence> {
        let wait = |wait: Option<Duration>, why: fn(Duration) -> Why| wait.map(|wait| Cadence { wait, why: why(wait) });
        let expires = self.expires.filter(|_| self.max_age.is_none());
        let document = &self.document;
        [
            wait(self.max_age, |age| Why::MaxAge(age.as_secs())),
            wait(expires, |_| Why::Expires),
            wait(document.ttl, |ttl| Why::Ttl(ttl.as_secs() / 60)),
            wait(document.period, |_| Why::Period),
        ]
        .into_iter()
        .flatten()
    }

    /// Until when an answer of `at` asks not to be asked again, as far as it is heeded.
    #[must_use]
    pub fn fresh_until(&self, at: Timestamp) -> Timestamp {
        let longest = self.asked().into_iter().map(|hint| hint.wait).max().unwrap_or_default();
        at.plus(longest.min(INTERVAL_MAX))
    }
}

impl DocumentHints {
    /// The first moment from `at` on that is not excluded. Who excludes all hours or all days excludes none.
    fn next_allowed(&self, at: Timestamp) -> Timestamp {
        const ALL_HOURS: u32 = (1 << 24) - 1;
        const ALL_DAYS: u8 = (1 << 7) - 1;
        let hours = if self.skip_hours & ALL_HOURS == ALL_HOURS { 0 } else { self.skip_hours };
        let days = if self.skip_days & ALL_DAYS == ALL_DAYS { 0 } else { self.skip_days };
        let mut moment = at;
        // In a week every hour of every day comes by.
        for _ in 0..=7 * 24 {
            let hour = moment.millis().div_euclid(3_600_000);
            // 1970 began on a Thursday.
            let day = (hour.div_euclid(24) + 3).rem_euclid(7);
            if hours & (1 << hour.rem_euclid(24)) == 0 && days & (1 << day) == 0 {
                return moment;
            }
            moment = Timestamp::from_millis(hour * 3_600_000).plus(HOUR);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// 2025-06-09, a Monday, 10:40 UTC.
    const MONDAY: i64 = 1_749_465_600;

    fn now() -> Timestamp {
        Timestamp::from_secs(MONDAY)
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_mins(count)
    }

    fn spec(interval: Option<Duration>) -> FeedSpec {
        let written = "https://example.org/feed";
        FeedSpec { interval, ..FeedSpec::new(FeedUrl::parse(written, Path::new("/")).unwrap(), written) }
    }

    fn told(interval: Option<Duration>, result: PollResult, hints: Hints, failures: u32) -> Option<String> {
        let spec = spec(interval);
        let state = FeedState { last_result: Some(result), failures, hints, ..FeedState::new(&spec, now()) };
        let cadence = cadence(&spec, &state, Some(minutes(600)), now())?;
        Some(format!("{} min: {}", cadence.wait.as_secs() / 60, cadence.why))
    }

    #[test]
    fn the_next_look_respects_user_and_publisher_within_bounds() {
        let check = |interval: Option<u64>, hints: Hints, expected: &str| {
            let found = told(interval.map(minutes), PollResult::NotModified, hints, 0);
            assert_eq!(found.as_deref(), Some(expected), "{interval:?} {hints:?}");
        };
        let none = Hints::default();
        let of_document = |document| Hints { document, ..none };
        let document = DocumentHints::default();
        check(None, none, "30 min: its own rhythm");
        check(Some(1), none, "15 min: your configuration");
        check(Some(2880), none, "2880 min: your configuration");
        check(None, Hints { max_age: Some(minutes(120)), ..none }, "120 min: publisher says max-age 7200");
        check(None, Hints { max_age: Some(minutes(600_000)), ..none }, "1440 min: publisher says max-age 36000000");
        check(None, Hints { max_age: Some(minutes(0)), ..none }, "30 min: its own rhythm");
        check(None, Hints { max_age: Some(INTERVAL_MAX), ..none }, "1440 min: publisher says max-age 86400");
        check(Some(300), Hints { max_age: Some(minutes(120)), ..none }, "300 min: your configuration");
        check(None, Hints { expires: Some(minutes(90)), ..none }, "90 min: publisher says Expires");
        let both = Hints { max_age: Some(minutes(60)), expires: Some(minutes(90)), ..none };
        check(None, both, "60 min: publisher says max-age 3600");
        check(None, of_document(DocumentHints { ttl: Some(minutes(45)), ..document }), "45 min: publisher says ttl 45");
        let weekly = DocumentHints { period: Some(minutes(7 * 1440)), ..document };
        check(None, of_document(weekly), "1440 min: publisher says sy:updatePeriod");
    }

    #[test]
    fn failures_back_off_and_only_a_repeated_end_is_one() {
        let check = |result: PollResult, failures, expected: Option<&str>| {
            assert_eq!(told(None, result.clone(), Hints::default(), failures).as_deref(), expected, "{result:?}");
        };
        let failed = || PollResult::Failed { reason: String::new(), obstacle: None };
        check(failed(), 1, Some("30 min: it failed"));
        check(failed(), 3, Some("97 min: it failed 3 times"));
        check(failed(), 4_000_000_000, Some("1440 min: it failed 4000000000 times"));
        let unfound = || PollResult::Failed { reason: String::new(), obstacle: Some(Obstacle::Unfound) };
        check(unfound(), 1, Some("2 min: it failed"));
        check(unfound(), 6, Some("37 min: it failed 6 times"));
        check(unfound(), 60, Some("1440 min: it failed 60 times"));
        check(PollResult::RateLimited, 1, Some("600 min: its host asks us to wait"));
        check(PollResult::Broke { times: 3 }, 3, Some("10080 min: reading it breaks storyfold"));
        check(PollResult::Gone { times: 1 }, 1, Some("1440 min: its publisher has ended it"));
        check(PollResult::Gone { times: 3 }, 3, None);
    }

    #[test]
    fn looks_are_spread_and_keep_out_of_excluded_hours() {
        let cadence = Cadence { wait: minutes(60), why: Why::Rhythm };
        let check = |feed: u64, is_first, document: DocumentHints, expected: &str| {
            let hints = Hints { document, ..Hints::default() };
            assert_eq!(due(FeedId(feed), cadence, is_first, &hints, now()).to_string(), expected);
        };
        let none = DocumentHints::default();
        check(0, false, none, "2025-06-09T11:40:00Z");
        check(500, false, none, "2025-06-09T11:43:00Z");
        check(500, true, none, "2025-06-09T12:10:00Z");
        let longest = Cadence { wait: INTERVAL_MAX, why: Why::Rhythm };
        assert_eq!(due(FeedId(999), longest, false, &Hints::default(), now()).to_string(), "2025-06-10T08:16:08Z");
        check(0, false, DocumentHints { skip_hours: 0b1_1000_0000_0000, ..none }, "2025-06-09T13:00:00Z");
        check(0, false, DocumentHints { skip_days: 0b000_0001, ..none }, "2025-06-10T00:00:00Z");
        check(0, false, DocumentHints { skip_days: 0b011_1111, ..none }, "2025-06-15T00:00:00Z");
        check(0, false, DocumentHints { skip_hours: (1 << 24) - 1, skip_days: 0xff, ..none }, "2025-06-09T11:40:00Z");
    }
}
