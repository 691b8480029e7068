//! Dates as feeds write them: RFC 822 and 3339, and what comes instead.
//!
//! One reading for all of it: the text is cut into numbers, words and signs, and what they can only be decides. Month
//! names come from the locales of the GNU C library; zones are those of RFC 822 and the ones seen in feeds. Where
//! nothing decides, the American order of numbers is taken behind a slash and the European one else, and UTC.

mod words;

use super::time::Timestamp;
use jiff::civil;
use jiff::fmt::rfc2822;
use words::{half_of_day, is_mark, month, zone};

/// Bytes of a text that may be a date.
const TEXT_BYTES_MAX: usize = 100;
/// A year of two digits before this one is of this century (RFC 2822, section 4.3).
const CENTURY_TURNS: i16 = 50;

/// Reads a date; `None` where it is none, or not one of the calendar's.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    rfc_2822(text)
        .or_else(|| Timestamp::parse_rfc3339(text))
        .or_else(|| digits_alone(text))
        .or_else(|| Parts::of(text).moment())
}

/// The form of nearly all dates of RSS, read without looking at what else it could be.
fn rfc_2822(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    // Of the zones by name it knows the American ones only, and takes the others for Greenwich.
    let bytes = text.as_bytes();
    let has_plain_zone = text.ends_with("GMT") || matches!(bytes, [.., b'+' | b'-', _, _, _, _]);
    let moment = has_plain_zone.then(|| PARSER.parse_timestamp(text).ok())??;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

/// Digits alone: seconds (with a fraction, from scripts) or milliseconds since 1970, or a moment from the year to the minute
/// or second.
fn digits_alone(text: &str) -> Option<Timestamp> {
    let text = text.split_once('.').filter(|(whole, _)| whole.len() >= 9).map_or(text, |(whole, _)| whole);
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9..=11 => Some(Timestamp::from_secs(number)),
        12 | 14 if text.starts_with("19") || text.starts_with("20") => {
            let number = if text.len() == 12 { number * 100 } else { number };
            let day = number / 1_000_000;
            let parts = Parts { numbers: vec![(day, 8)], time: Some(clock_of(number % 1_000_000)), ..Parts::default() };
            parts.moment()
        }
        12 | 13 => Some(Timestamp::from_millis(number)),
        _ => None,
    }
}

/// What a date is made of, in the order of the text.
#[derive(Debug, Default)]
struct Parts {
    /// Numbers that are not of the time, each with how many digits it has.
    numbers: Vec<(i64, usize)>,
    /// What stands behind the first number.
    separator: Option<char>,
    month: Option<i8>,
    /// Whether the month's name stood before all numbers: then it may be a weekday's (`mar.` is both, in French).
    is_month_first: bool,
    /// Whether the last thing read was a time or a zone: only then a sign begins an offset.
    may_be_offset: bool,
    time: Option<(i8, i8, i8)>,
    is_afternoon: Option<bool>,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
}

impl Parts {
    fn of(text: &str) -> Self {
        let mut parts = Self::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let taken = if c.is_ascii_digit() {
                parts.number(rest)
            } else if c.is_alphabetic() {
                parts.word(rest)
            } else if matches!(c, '+' | '-' | '\u{2212}') && parts.may_be_offset {
                parts.sign(rest, c)
            } else {
                c.len_utf8()
            };
            rest = &rest[taken..];
        }
        parts
    }

    /// A time, or a number of the date; how many bytes it takes.
    fn number(&mut self, rest: &str) -> usize {
        let (number, digits) = digits(rest);
        if self.time.is_none() && digits <= 2 && self.divides_time(&rest[digits..]) {
            let (minute, length) = self::digits(&rest[digits + 1..]);
            let mut taken = digits + 1 + length;
            let mut second = 0;
            if rest[taken..].starts_with(':') {
                let (value, length) = self::digits(&rest[taken + 1..]);
                second = value;
                taken += 1 + length;
                if rest[taken..].starts_with(['.', ',']) {
                    taken += 1 + self::digits(&rest[taken + 1..]).1;
                }
            }
            // A leap second is the last of its minute.
            self.time = Some((small(number), small(minute), small(if second == 60 { 59 } else { second })));
            self.may_be_offset = true;
            return taken;
        }
        if self.numbers.is_empty() {
            self.separator = rest[digits..].chars().next();
        }
        self.numbers.push((number, digits));
        self.may_be_offset = false;
        digits
    }

    /// Whether what stands behind a number makes it an hour: `10:30`, `10h30` (French), `10.30` behind the whole date
    /// (Finnish).
    fn divides_time(&self, rest: &str) -> bool {
        let mut chars = rest.chars();
        let has_date = self.numbers.len() + usize::from(self.month.is_some()) >= 3;
        match (chars.next(), chars.next()) {
            (Some(':'), _) => true,
            (Some('h'), Some(next)) => next.is_ascii_digit(),
            (Some('.'), Some(next)) => has_date && next.is_ascii_digit(),
            _ => false,
        }
    }

    /// A month, a half of the day, a zone, or a word that says nothing (a weekday); how many bytes it takes.
    fn word(&mut self, rest: &str) -> usize {
        let length = rest.find(|c: char| !c.is_alphabetic() && !is_mark(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        if word.eq_ignore_ascii_case("t") {
            let (number, digits) = digits(&rest[1..]);
            if self.time.is_none() && (digits == 4 || digits == 6) {
                let number = if digits == 4 { number * 100 } else { number };
                self.time = Some(clock_of(number));
                self.may_be_offset = true;
                return 1 + digits;
            }
            return 1;
        }
        let lower = word.to_lowercase();
        let takes_month = self.month.is_none() || (self.is_month_first && !self.numbers.is_empty());
        if let Some(is_afternoon) = half_of_day(&lower) {
            self.is_afternoon = Some(is_afternoon);
        } else if self.time.is_some()
            && let Some(seconds) = zone(&lower)
        {
            self.offset.get_or_insert(seconds);
            self.may_be_offset = true;
        } else if takes_month && let Some(month) = month(&lower) {
            self.month = Some(month);
            self.is_month_first = self.numbers.is_empty();
        }
        length
    }

    /// An offset: `+0900`, `-5`, `+09:00`; how many bytes it takes.
    fn sign(&mut self, rest: &str, sign: char) -> usize {
        let start = sign.len_utf8();
        let (number, digits) = digits(&rest[start..]);
        let mut taken = start + digits;
        let (hours, minutes) = match digits {
            1 | 2 if rest[taken..].starts_with(':') => {
                let (minutes, length) = self::digits(&rest[taken + 1..]);
                taken += 1 + length;
                (number, minutes)
            }
            1 | 2 => (number, 0),
            3 | 4 => (number / 100, number % 100),
            _ => return start,
        };
        if hours <= 14 && minutes < 60 {
            let seconds = i32::try_from(hours * 3600 + minutes * 60).unwrap_or_default();
            self.offset = Some(if sign == '+' { seconds } else { -seconds });
        }
        taken
    }

    fn moment(&self) -> Option<Timestamp> {
        let (year, month, day) = self.day()?;
        let (hour, minute, second) = self.clock()?;
        // Midnight at the end of a day is the next day's.
        let (hour, days) = if hour == 24 { (0, 1) } else { (hour, 0) };
        let local = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let utc = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        Some(Timestamp::from_secs(utc + days * 86_400 - i64::from(self.offset.unwrap_or(0))))
    }

    fn clock(&self) -> Option<(i8, i8, i8)> {
        let Some((hour, minute, second)) = self.time else { return Some((0, 0, 0)) };
        let hour = match self.is_afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        let exists = (0..=24).contains(&hour) && (hour < 24 || (minute, second) == (0, 0));
        exists.then_some((hour, minute, second))
    }

    /// Year, month and day, by what each number can only be.
    fn day(&self) -> Option<(i16, i8, i8)> {
        let by_name = |day: (i64, usize), year: (i64, usize)| Some((full_year(year)?, self.month?, small(day.0)));
        match (self.month, self.numbers.as_slice()) {
            // `22 June 2015`, `June 22, 2015`, `2015 June 22`; two digits each, the year comes last.
            (Some(_), &[first, second, ..]) if first.1 >= 3 || first.0 > 31 => by_name(second, first),
            (Some(_), &[first, second, ..]) => by_name(first, second),
            (Some(_), &[year]) if year.1 == 4 => by_name((1, 1), year),
            (None, &[(number, 8)]) => Some((year_of(number / 10_000)?, small(number / 100 % 100), small(number % 100))),
            (None, &[(year, 4)]) => Some((year_of(year)?, 1, 1)),
            (None, &[(year, 4), (month, 1 | 2)]) => Some((year_of(year)?, small(month), 1)),
            (None, &[(year, 4), (month, _), (day, _), ..]) => Some((year_of(year)?, small(month), small(day))),
            (None, &[first, second, year, ..]) => {
                let is_american = self.separator == Some('/') && first.0 <= 12;
                let (day, month) = if is_american { (second, first) } else { (first, second) };
                Some((full_year(year)?, small(month.0), small(day.0)))
            }
            _ => None,
        }
    }
}

/// The number that a text begins with, and how many digits it has; long ones end at eighteen.
fn digits(text: &str) -> (i64, usize) {
    let length = text.bytes().take(18).take_while(u8::is_ascii_digit).count();
    (text[..length].parse().unwrap_or(0), length)
}

/// What is no day, month or hour for its size is none of the calendar's either.
fn small(number: impl TryInto<i8>) -> i8 {
    number.try_into().unwrap_or(-1)
}

/// Hour, minute and second of six digits.
fn clock_of(number: i64) -> (i8, i8, i8) {
    (small(number / 10_000), small(number / 100 % 100), small(number % 100))
}

fn year_of(number: i64) -> Option<i16> {
    i16::try_from(number).ok().filter(|year| (1..=9999).contains(year))
}

/// RFC 2822, section 4.3: years of two and three digits.
fn full_year((number, digits): (i64, usize)) -> Option<i16> {
    let year = year_of(number.max(1))?;
    match digits {
        1 | 2 if i64::from(year) != number => Some(2000),
        1 | 2 if year < CENTURY_TURNS => Some(2000 + year),
        1..=3 => Some(1900 + year),
        _ => Some(year),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parse(text).map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
        };
        check("2015-06-22T11:12:20Z", "2015-06-22T11:12:20Z");
        check("2015-06-22t13:12:20.25+02:00", "2015-06-22T11:12:20Z");
        check("2015-06-22T13:12:20+0200", "2015-06-22T11:12:20Z");
        check("2015-06-22 13:12:20+02:00", "2015-06-22T11:12:20Z");
        check("2015-06-22 11:12:20", "2015-06-22T11:12:20Z");
        check("2015-06-22T11:12", "2015-06-22T11:12:00Z");
        check("2015-06-22", "2015-06-22T00:00:00Z");
        check("2015-06", "2015-06-01T00:00:00Z");
        check("2015", "2015-01-01T00:00:00Z");
        check("20150622", "2015-06-22T00:00:00Z");
        check("20150622T111220Z", "2015-06-22T11:12:20Z");
        check("2015/6/22 11:12:20", "2015-06-22T11:12:20Z");
        check("Mon, 22 Jun 2015 11:12:20 GMT", "2015-06-22T11:12:20Z");
        check("Mon, 22 Jun 2015 13:12:20 +0200", "2015-06-22T11:12:20Z");
        check("22 Jun 15 11:12 UT", "2015-06-22T11:12:00Z");
        check("22 Jun 99 11:12 UT", "1999-06-22T11:12:00Z");
        check("Mon, 22 Jun 2015 13:12:20 CEST", "2015-06-22T11:12:20Z");
        check("Mon, 22 Jun 2015 07:12:20 EDT", "2015-06-22T11:12:20Z");
        check("Mon, 22 June 2015 21:12:20 AEST", "2015-06-22T11:12:20Z");
        check("Mon Jun 22 2015 20:12:20 GMT+0900 (JST)", "2015-06-22T11:12:20Z");
        check("Mon Jun 22 11:12:20 2015", "2015-06-22T11:12:20Z");
        check("Sat, Dec 16 2023 02:02:33 PM", "2023-12-16T14:02:33Z");
        check("December 16, 2023 12:02 AM", "2023-12-16T00:02:00Z");
        check("16 Dec 2023 3:05 p.m.", "2023-12-16T15:05:00Z");
        check("22.11.2022 12:16:00", "2022-11-22T12:16:00Z");
        check("12/16/2023", "2023-12-16T00:00:00Z");
        check("16/12/2023", "2023-12-16T00:00:00Z");
        check("Di, 16 Dez 2023 12:00:00 +0100", "2023-12-16T11:00:00Z");
        check("16 d\u{e9}cembre 2023 12:00", "2023-12-16T12:00:00Z");
        check("16 \u{434}\u{435}\u{43a}\u{430}\u{431}\u{440}\u{44f} 2023", "2023-12-16T00:00:00Z");
        check("2004\u{b144} 05\u{c6d4} 28\u{c77c} \u{c624}\u{d6c4} 11:31:15", "2004-05-28T23:31:15Z");
        check("2004\u{5e74}5\u{6708}28\u{65e5} 11:31", "2004-05-28T11:31:00Z");
        check("20150622111220", "2015-06-22T11:12:20Z");
        check("201506221112", "2015-06-22T11:12:00Z");
        check("mar. 16 janv. 2024 10:00", "2024-01-16T10:00:00Z");
        check("10:00 2024-05-06", "2024-05-06T10:00:00Z");
        check("22.11.2022 10.30", "2022-11-22T10:30:00Z");
        check("22 nov. 2022 10h30", "2022-11-22T10:30:00Z");
        check("22 Nov 2022 13:30 EAT", "2022-11-22T10:30:00Z");
        check("1434971540.123", "2015-06-22T11:12:20Z");
        check("1434971540", "2015-06-22T11:12:20Z");
        check("1434971540000", "2015-06-22T11:12:20Z");
        check("Sun, 31 Dec 2023 24:00:00 GMT", "2024-01-01T00:00:00Z");
        check("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_no_date_is_none() {
        let long = "9".repeat(200);
        for text in [
            "",
            " ",
            "yesterday",
            "31 Feb 2015",
            "2015-13-01",
            "Mon, 22 Jun 2015 25:00:00 GMT",
            "2015-06-22 10:00:75",
            "12",
            &long,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
