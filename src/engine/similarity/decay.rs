//! How much nearness in time is left after a while.

use super::weight::float;
use std::sync::LazyLock;

/// Hours in which the slow decay falls to 1/e.
const SLOW_HOURS: f64 = 72.0;
/// After so many hours nothing is left that a feature could show.
const HOURS_MAX: u64 = 1_000;
const MINUTE_MS: u64 = 60_000;

/// After whole hours, and after the minutes of an hour: an exponential of a sum is a product, and a table for each is far
/// faster than the exponential, of which a decision needs dozens.
static HOURS: LazyLock<Vec<f64>> = LazyLock::new(|| (0..HOURS_MAX).map(|hours| after(float(hours))).collect());
static MINUTES: LazyLock<Vec<f64>> = LazyLock::new(|| (0..60).map(|minutes| after(float(minutes) / 60.0)).collect());

/// `exp(-gap / 3 days)`, of the whole minutes of a gap.
#[inline]
pub fn around(gap_ms: u64) -> f64 {
    let minutes = gap_ms / MINUTE_MS;
    let hours = usize::try_from(minutes / 60).unwrap_or(usize::MAX);
    HOURS.get(hours).map_or(0.0, |left| left * MINUTES[(minutes % 60) as usize])
}

fn after(hours: f64) -> f64 {
    libm::exp(-hours / SLOW_HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_make_the_exponential() {
        for gap_ms in (0..400).map(|step| step * 7_777_777) {
            let exact = libm::exp(-float(gap_ms) / (72.0 * 3_600_000.0));
            assert!((around(gap_ms) - exact).abs() < 3e-4, "{gap_ms}");
        }
        assert!(around(u64::MAX) == 0.0);
    }
}
