//! `construct_yaml_timestamp`: dates and times, as Python's `str()` writes them.
//!
//! Source: PyYAML 6.0.3, `yaml/constructor.py`; CPython 3.11, `Lib/datetime.py`.

use std::fmt::Write as _;

use super::object::Object;
use crate::calendar;

type Result<T> = std::result::Result<T, &'static str>;

const NO_TIMESTAMP: &str = "it is not a timestamp";

/// The numbers of a timestamp's text.
struct Fields<'a> {
    rest: &'a [u8],
}

impl Fields<'_> {
    fn number(&mut self, least: usize, most: usize) -> Result<u32> {
        let count = self
            .rest
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count < least {
            return Err(NO_TIMESTAMP);
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(digits
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn skip(&mut self, byte: u8) -> Result<()> {
        self.rest = self.rest.strip_prefix(&[byte]).ok_or(NO_TIMESTAMP)?;
        Ok(())
    }

    fn skip_blanks(&mut self) -> bool {
        let count = self
            .rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        self.rest = &self.rest[count..];
        count > 0
    }
}

/// `construct_yaml_timestamp`
pub(super) fn timestamp(text: &str) -> Result<Object> {
    // Python's `$` also matches before a final newline.
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut fields = Fields {
        rest: text.as_bytes(),
    };
    let year = fields.number(4, 4)?;
    fields.skip(b'-')?;
    let month = fields.number(1, 2)?;
    fields.skip(b'-')?;
    let day = fields.number(1, 2)?;
    let days = days_since_epoch(year, month, day).ok_or("a date that does not exist")?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    match fields.rest.first() {
        None => return Ok(Object::Date(date)),
        Some(b'T' | b't') => fields.rest = &fields.rest[1..],
        Some(_) if fields.skip_blanks() => {}
        Some(_) => return Err(NO_TIMESTAMP),
    }
    let hour = fields.number(1, 2)?;
    fields.skip(b':')?;
    let minute = fields.number(2, 2)?;
    fields.skip(b':')?;
    let second = fields.number(2, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return Err("a time that does not exist");
    }
    let microsecond = fraction(&mut fields);
    let offset = zone(&mut fields)?;
    let mut text = format!("{date} {hour:02}:{minute:02}:{second:02}");
    if microsecond > 0 {
        let _ = write!(text, ".{microsecond:06}");
    }
    let instant = offset.map(|offset| {
        let (sign, offset_minutes) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        let _ = write!(
            text,
            "{sign}{:02}:{:02}",
            offset_minutes / 60,
            offset_minutes % 60
        );
        let minutes = days * 1440 + i64::from(hour * 60 + minute) - offset;
        (minutes * 60 + i64::from(second)) * 1_000_000 + i64::from(microsecond)
    });
    Ok(Object::DateTime(text, instant))
}

/// Reads `.123` as microseconds. Digits after the sixth are dropped.
fn fraction(fields: &mut Fields<'_>) -> u32 {
    let Some(rest) = fields.rest.strip_prefix(b".") else {
        return 0;
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    fields.rest = &rest[count..];
    rest[..count]
        .iter()
        .chain(std::iter::repeat(&b'0'))
        .take(6)
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}

/// Reads a time zone as minutes from UTC.
fn zone(fields: &mut Fields<'_>) -> Result<Option<i64>> {
    if fields.rest.is_empty() {
        return Ok(None);
    }
    fields.skip_blanks();
    let negative = match fields.rest {
        b"Z" => return Ok(Some(0)),
        [b'-', ..] => true,
        [b'+', ..] => false,
        _ => return Err(NO_TIMESTAMP),
    };
    fields.rest = &fields.rest[1..];
    let hours = fields.number(1, 2)?;
    let minutes = if fields.rest.is_empty() {
        0
    } else {
        fields.skip(b':')?;
        fields.number(2, 2)?
    };
    if !fields.rest.is_empty() {
        return Err(NO_TIMESTAMP);
    }
    let offset = i64::from(hours * 60 + minutes);
    if offset >= 1440 {
        return Err("a time zone that does not exist");
    }
    Ok(Some(if negative { -offset } else { offset }))
}

/// Counts the days from 1970-01-01 to a date, or returns `None` for a date that does not exist.
fn days_since_epoch(year: u32, month: u32, day: u32) -> Option<i64> {
    let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    calendar::exists(year, month, day).then(|| calendar::days_since_1970(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::{days_since_epoch, timestamp};
    use crate::python::yaml::object::Object;

    #[test]
    fn timestamps_are_written_as_python_writes_them() {
        for (text, written) in [
            ("2024-01-31", Some("2024-01-31")),
            ("2024-1-3", Some("2024-01-03")),
            ("2024-01-31T1:02:03.45Z", Some("2024-01-31 01:02:03.450000+00:00")),
            ("2024-01-31 01:02:03 -1:30", Some("2024-01-31 01:02:03-01:30")),
            ("2024-01-31 01:02:03.1234567", Some("2024-01-31 01:02:03.123456")),
            ("2023-02-29", None),
            ("0000-01-01", None),
            ("2024-01-31 24:00:00", None),
            ("2024-01-31 00:00:00 +24", None),
        ] {
            let found = match timestamp(text) {
                Ok(Object::Date(text) | Object::DateTime(text, _)) => Some(text),
                _ => None,
            };
            assert_eq!(found.as_deref(), written, "{text}");
        }
    }

    /// The values are those of `datetime.timestamp()`, in microseconds.
    #[test]
    fn an_instant_is_that_of_the_time_zone() {
        for (text, expected) in [
            ("2024-01-31 10:20:30Z", Some(1_706_696_430_000_000)),
            ("2024-01-31 10:20:30.5 +1:30", Some(1_706_691_030_500_000)),
            ("2024-01-31 10:20:30.000007 -11", Some(1_706_736_030_000_007)),
            ("1969-12-31 23:59:59Z", Some(-1_000_000)),
            ("2024-01-31 10:20:30", None),
        ] {
            let Ok(Object::DateTime(_, instant)) = timestamp(text) else {
                panic!("{text}")
            };
            assert_eq!(instant, expected, "{text}");
        }
    }

    /// The values are those of `date.toordinal()`, less that of 1970-01-01.
    #[test]
    fn days_are_counted_from_1970() {
        for (year, month, day, days) in [
            (1970, 1, 1, Some(0)),
            (2000, 3, 1, Some(11_017)),
            (1, 1, 1, Some(-719_162)),
            (2000, 2, 29, Some(11_016)),
            (2000, 2, 30, None),
            (1900, 2, 28, Some(-25_509)),
            (1900, 2, 29, None),
            (2024, 2, 29, Some(19_782)),
            (2023, 2, 29, None),
            (2024, 4, 30, Some(19_843)),
            (2024, 4, 31, None),
            (2024, 12, 31, Some(20_088)),
            (9999, 12, 31, Some(2_932_896)),
            (2024, 13, 1, None),
            (2024, 0, 1, None),
            (2024, 1, 0, None),
            (0, 12, 31, None),
        ] {
            assert_eq!(days_since_epoch(year, month, day), days, "{year}-{month}-{day}");
        }
    }
}
