//! The one place that asks what time it is. Everything else is told.

use crate::engine::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, by the wall clock; 1970 where the clock stands before it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Starts measuring how long something takes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
