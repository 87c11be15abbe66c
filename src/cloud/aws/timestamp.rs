//! The times at which credentials expire, as AWS's services and tools write them.
//!
//! Source: botocore 1.44.8 reads them with `dateutil.parser.parse`, which knows many more forms. Only the forms of ISO 8601 are read
//! here, with a zone: botocore cannot compare a time without one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::calendar::{date_of, days_since_1970, exists};

/// Reads a time with its zone; `None` if it has another form. A time before 1970 counts as 1970.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let mut rest = Rest(text.trim());
    let year = rest.digits(4)?;
    let dashed = rest.skip("-");
    let month = rest.digits(2)?;
    if dashed && !rest.skip("-") {
        return None;
    }
    let day = rest.digits(2)?;
    if !rest.skip("T") && !rest.skip("t") && !rest.skip(" ") {
        return None;
    }
    let hour = rest.digits(2)?;
    let colons = rest.skip(":");
    let minute = rest.digits(2)?;
    let second = if rest.skip(":") || !colons && rest.begins_with_digit() {
        let second = rest.digits(2)?;
        if rest.skip(".") || rest.skip(",") {
            rest.fraction()?;
        }
        second
    } else {
        0
    };
    if !exists(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = rest.zone()?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Writes a time as `20260102T030405Z`.
pub(super) fn compact(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date_of(i64::try_from(days).unwrap_or_default());
    let (hour, minute, second) = (clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Writes a time as `2026-01-02T03:04:05Z`.
pub(super) fn written(time: SystemTime) -> String {
    let basic = compact(time);
    let part = |from: usize, to: usize| basic.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    )
}

/// The text that is left to read.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn skip(&mut self, wanted: &str) -> bool {
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn begins_with_digit(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    /// Passes over the digits of a fraction.
    fn fraction(&mut self) -> Option<()> {
        let rest = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_fraction = rest.len() < self.0.len();
        self.0 = rest;
        is_fraction.then_some(())
    }

    /// Reads the zone, to the end of the text: its offset in seconds east.
    fn zone(mut self) -> Option<i64> {
        self.0 = self.0.trim_start();
        if matches!(self.0, "Z" | "z" | "UTC" | "GMT") {
            return Some(0);
        }
        let sign = if self.skip("+") {
            1
        } else if self.skip("-") {
            -1
        } else {
            return None;
        };
        let hours = self.digits(2)?;
        let _ = self.skip(":");
        let minutes = if self.0.is_empty() { 0 } else { self.digits(2)? };
        (self.0.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        let since = parse(text)?.duration_since(UNIX_EPOCH);
        since.map(|time| time.as_secs()).ok()
    }

    #[test]
    fn the_forms_of_iso_8601_are_read() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.678Z",
            "2026-01-02T04:04:05+01:00",
            "2026-01-01 22:34:05-0430",
            "20260102T030405Z",
            "2026-01-02T03:04:05UTC",
            " 2026-01-02T03:04:05 +00 ",
        ] {
            assert_eq!(seconds(text), Some(1_767_323_045), "{text}");
        }
        assert_eq!(seconds("2026-01-02T03:04Z"), Some(1_767_323_040));
        assert_eq!(seconds("1960-01-01T00:00:00Z"), Some(0));
    }

    #[test]
    fn a_time_without_a_zone_or_of_another_form_is_not_read() {
        for text in [
            "",
            "2026-01-02T03:04:05",
            "2026-02-30T03:04:05Z",
            "2026-01-02",
            "2026-01-02T25:04:05Z",
            "tomorrow",
            "1767323045",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05Zx",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_written_time_is_read_again() {
        let time = parse("2026-01-02T03:04:05Z").expect("a time");
        assert_eq!(written(time), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn times_are_written_in_the_form_of_aws() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_767_225_599, "20251231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(compact(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
