//! Copies that were touched: the same headline but for a letter or a mark. Counts of words ([`super::features`]) find
//! texts that are the same; where a headline is all there is, likeness of strings is the right tool, and only to confirm
//! what the decision has already put together.

use std::time::Duration;

/// Share of characters that two headlines have in common when one is the other, touched.
const LIKENESS_MIN: f64 = 0.92;
/// Shorter headlines (in characters) are alike by chance.
const CHARS_MIN: usize = 24;
/// Longer headlines are cut: the comparison is quadratic.
const CHARS_MAX: usize = 200;
/// Later than this, the same words are a series, not a copy.
pub const COPY_WINDOW: Duration = Duration::from_hours(48);

/// Whether one headline is the other with a slip mended or a mark changed. Different figures make different headlines:
/// "Gold price today, 3 July" is no copy of the one of 4 July.
#[must_use]
pub fn is_touched_copy(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|title| title.to_lowercase().chars().take(CHARS_MAX).collect::<String>());
    let figures = |title: &str| title.chars().filter(char::is_ascii_digit).collect::<String>();
    let long = a.chars().count().min(b.chars().count()) >= CHARS_MIN;
    long && figures(&a) == figures(&b) && strsim::normalized_damerau_levenshtein(&a, &b) >= LIKENESS_MIN
}

#[cfg(test)]
mod tests {
    use super::is_touched_copy;

    #[test]
    fn a_mended_headline_is_a_copy_and_another_date_is_not() {
        let check = |a: &str, b: &str, expected: bool| assert_eq!(is_touched_copy(a, b), expected, "{a} / {b}");
        check("Storm Agda cuts power to forty thousand homes", "Storm Agda cuts power to forty thousand homes.", true);
        check("Storm Agda cuts power to fourty thousand homes", "Storm Agda cuts power to forty thousand homes", true);
        check(
            "Gold price today: 3 July 2025, what buyers pay",
            "Gold price today: 4 July 2025, what buyers pay",
            false,
        );
        check(
            "Storm Agda cuts power to forty thousand homes",
            "Forty thousand homes without power after storm Agda",
            false,
        );
        check("Mayor resigns", "Mayor resigns!", false);
    }
}
