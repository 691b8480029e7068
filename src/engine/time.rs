//! Moments, as values. Nothing here asks what time it is: a [`Timestamp`] comes in from the shell.

use std::fmt;
use std::time::Duration;

/// A moment in UTC, in whole milliseconds since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The years that RFC 3339 can write (0000 to 9999), in milliseconds, less the last two hours, which some zone would have
/// in year 10000 (jiff's own bound).
const WRITABLE_MILLIS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_207_200_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the stand-in where a document must have a date and there is none.
    pub const EPOCH: Self = Self(0);

    /// Later than all there will be.
    pub const NEVER: Self = Self(*WRITABLE_MILLIS.end());

    /// From milliseconds since 1970, clamped to the years that RFC 3339 can write.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(*WRITABLE_MILLIS.start(), *WRITABLE_MILLIS.end()))
    }

    /// From whole seconds since 1970.
    #[must_use]
    pub fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 date and time.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.trim().parse().ok()?;
        Some(Self::from_millis(moment.as_millisecond()))
    }

    /// The form of RFC 822 that RSS 2.0 asks for, in GMT: `Sun, 08 Jun 2025 07:30:00 +0000`.
    #[must_use]
    pub fn to_rfc822(self) -> String {
        self.zoned().strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
    }

    /// Day, hour and minute, for people: `2025-06-08 07:30`.
    #[must_use]
    pub fn to_minute(self) -> String {
        self.zoned().strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// How long after `earlier` this is; zero where it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This much earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    fn zoned(self) -> jiff::Zoned {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with whole seconds: `2025-06-08T07:30:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_second(self.0.div_euclid(1000)).unwrap_or_default();
        write!(f, "{moment}")
    }
}

/// Where an input stands in the one order of all inputs, and when that was. Fixed when the input enters the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Counts inputs from 1; kept over restarts.
    pub sequence: u64,
    /// The time of the input.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_each_form_that_formats_ask_for() {
        let moment = Timestamp::parse_rfc3339("2025-06-08T09:30:15.5+02:00").unwrap();
        assert_eq!(moment.to_string(), "2025-06-08T07:30:15Z");
        assert_eq!(moment.to_rfc822(), "Sun, 08 Jun 2025 07:30:15 +0000");
        assert_eq!(moment.to_minute(), "2025-06-08 07:30");
    }

    #[test]
    fn absurd_moments_stay_writable() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00Z");
    }
}
