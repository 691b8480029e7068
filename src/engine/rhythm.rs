//! How often a feed has something new, and at which hours: what its next look is timed by.
//!
//! A look costs a request, waiting costs the reader. Where entries come at a rate `r`, a look after a time `t` finds them
//! `r t^2 / 2` old in all; looking whenever that sum reaches one fixed value shares requests among feeds as the square
//! root of their rates, which is the best one can do (Cho and Garcia-Molina, "Synchronizing a database to improve
//! freshness", 2000; Sia, Cho and Cho, "Efficient monitoring algorithm for fast news alerts", 2007). With the rate of the
//! hours ahead, a feed that sleeps at night is left alone at night.

use super::time::Timestamp;
use std::time::Duration;

/// Counts are kept in this many parts of an entry, so that they can fade.
const PARTS: u32 = 256;
/// What was seen a day ago counts as this many percent of what was seen today: after seven weeks, a third.
const KEPT_PERCENT: u64 = 98;
/// A look further back teaches nothing any more.
const HORIZON: Duration = Duration::from_hours(50 * 24);
/// Of a feed that we know nothing of: an entry in four expected...
const PRIOR_PARTS: u32 = PARTS / 4;
/// ...in so many minutes. Both together make the first interval half an hour, and that of a feed where nothing ever comes
/// a day.
const PRIOR_MINUTES: u32 = 23;
/// How long unseen entries may be expected to have waited, in all, in minutes: an entry a day is looked for every two
/// hours, twenty-five a day every 24 minutes.
const PATIENCE_MINUTES: f64 = 5.0;
/// How many entries it takes until the hours count as much as the whole day.
const HOURS_TRUSTED_FROM: f64 = 24.0;
const DAY_MINUTES: f64 = 1440.0;

/// What is remembered of when a feed's entries came. Older looks fade.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rhythm {
    /// Entries by the hour of the day (UTC), in 1/256.
    pub hours: [u32; 24],
    /// Minutes during which they came.
    pub watched: u32,
    /// Up to which day (since 1970) all of this has faded.
    pub day: i64,
}

impl Rhythm {
    /// Takes down a look at `now`: what came, and since when nothing else did. `since` is the last look, or of a first
    /// look the date of the oldest entry.
    pub fn note(&mut self, came: impl Iterator<Item = Timestamp>, since: Timestamp, now: Timestamp) {
        let today = day_of(now);
        self.fade(today);
        let since = since.max(now.minus(HORIZON));
        let minutes = u32::try_from(now.since(since).as_secs() / 60).unwrap_or(0);
        self.watched = self.watched.saturating_add(minutes).min(minutes_of(HORIZON));
        for at in came {
            let at = at.min(now);
            if at < since {
                continue;
            }
            let mut count = PARTS;
            for _ in day_of(at)..today {
                count = faded(count);
            }
            let hour = &mut self.hours[hour_of(at)];
            *hour = hour.saturating_add(count);
        }
    }

    fn fade(&mut self, today: i64) {
        let days = today.saturating_sub(self.day).clamp(0, 400);
        for _ in 0..days {
            self.hours.iter_mut().for_each(|count| *count = faded(*count));
            self.watched = faded(self.watched);
        }
        self.day = self.day.max(today);
    }

    /// Entries a day, as far as is known.
    #[must_use]
    pub fn per_day(&self) -> f64 {
        let parts = self.hours.iter().fold(PRIOR_PARTS, |sum, count| sum.saturating_add(*count));
        f64::from(parts) / f64::from(PARTS) / f64::from(self.watched.saturating_add(PRIOR_MINUTES)) * DAY_MINUTES
    }

    /// How long to wait from `now` until a look is worth it; at most `longest`.
    #[must_use]
    pub fn interval(&self, now: Timestamp, longest: Duration) -> Duration {
        let parts: f64 = self.hours.iter().map(|count| f64::from(*count)).sum();
        let entries = parts / f64::from(PARTS);
        let trust = entries / (entries + HOURS_TRUSTED_FROM);
        let even = self.per_day() / DAY_MINUTES;
        // Neighboring hours are alike, and one entry does not make an hour.
        let share = |hour: usize| {
            let around = self.hours[(hour + 23) % 24] + 2 * self.hours[hour] + self.hours[(hour + 1) % 24];
            if parts > 0.0 { f64::from(around) / 4.0 / parts } else { 1.0 / 24.0 }
        };
        // Hour by hour, in minutes: the rate within one is even, so what is missing there has a closed form.
        let (mut unseen, mut missing, mut wait) = (0.0, PATIENCE_MINUTES, 0.0);
        let mut rest_of_hour = 60.0 - minute_of(now);
        let longest_minutes = longest.as_secs_f64() / 60.0;
        for hour in hour_of(now)..hour_of(now) + 25 {
            let rate = even * (1.0 - trust + trust * share(hour % 24) * 24.0);
            let until_enough = 2.0 * missing / (unseen + (unseen * unseen + 2.0 * rate * missing).sqrt());
            if until_enough <= rest_of_hour {
                wait += until_enough;
                break;
            }
            missing -= (unseen + rate * rest_of_hour / 2.0) * rest_of_hour;
            unseen += rate * rest_of_hour;
            wait += rest_of_hour;
            rest_of_hour = 60.0;
            if wait >= longest_minutes {
                break;
            }
        }
        // Seconds suffice.
        Duration::from_secs_f64((wait * 60.0).floor()).min(longest)
    }
}

fn faded(count: u32) -> u32 {
    u32::try_from(u64::from(count) * KEPT_PERCENT / 100).unwrap_or(count)
}

fn minutes_of(span: Duration) -> u32 {
    u32::try_from(span.as_secs() / 60).unwrap_or(u32::MAX)
}

fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(86_400_000)
}

fn hour_of(at: Timestamp) -> usize {
    usize::try_from(at.millis().rem_euclid(86_400_000) / 3_600_000).unwrap_or(0)
}

/// Minutes into its hour.
fn minute_of(at: Timestamp) -> f64 {
    u32::try_from(at.millis().rem_euclid(3_600_000)).map_or(0.0, f64::from) / 60_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const LONGEST: Duration = Duration::from_hours(24);

    /// Minutes of the interval at an hour of the day, after so many days with so many entries each, from one hour to
    /// another.
    fn minutes(days: i64, a_day: i64, from: i64, to: i64, at_hour: i64) -> u64 {
        let mut rhythm = Rhythm::default();
        let start = 20_000 * DAY;
        for day in 0..days {
            let morning = start + day * DAY;
            let came = (0..a_day).map(|n| morning + from * 3600 + n * (to - from) * 3600 / a_day);
            let since = Timestamp::from_secs(morning);
            rhythm.note(came.map(Timestamp::from_secs), since, Timestamp::from_secs(morning + DAY));
        }
        let now = Timestamp::from_secs(start + days * DAY + at_hour * 3600);
        rhythm.interval(now, LONGEST).as_secs() / 60
    }

    #[test]
    fn looks_follow_the_square_root_of_the_rate() {
        let check = |days, a_day, low, high| {
            let found = minutes(days, a_day, 0, 24, 12);
            assert!((low..=high).contains(&found), "{a_day} a day for {days} days: {found} min");
        };
        check(0, 0, 25, 35);
        check(1, 0, 150, 300);
        check(100, 0, 1200, 1440);
        check(30, 1, 120, 200);
        check(30, 4, 35, 70);
        check(30, 25, 20, 30);
        check(30, 100, 10, 15);
    }

    #[test]
    fn a_feed_that_sleeps_at_night_is_left_alone_at_night() {
        let (busy, evening) = (minutes(30, 60, 8, 18, 11), minutes(30, 60, 8, 18, 21));
        assert!(busy <= 15, "{busy}");
        assert!(evening >= 3 * busy, "{evening}");
    }

    #[test]
    fn what_was_seen_long_ago_fades() {
        let mut rhythm = Rhythm::default();
        let start = Timestamp::from_secs(20_000 * DAY);
        let came = (0..100).map(|n| start.plus(Duration::from_mins(n)));
        rhythm.note(came, start, start.plus(Duration::from_hours(24)));
        assert!(rhythm.per_day() > 90.0);
        let later = start.plus(Duration::from_hours(24 * 200));
        rhythm.note(std::iter::empty(), start.plus(Duration::from_hours(24)), later);
        assert!(rhythm.per_day() < 1.0, "{}", rhythm.per_day());
    }
}
