//! The retry policy: what is retried, how often, and after which pause. It is urllib3's `Retry` as Airflow and azure-core use it.
//!
//! A client whose rules are others, such as AWS's, brings a function that decides.
//!
//! Source: urllib3 2.8.0, `util/retry.py` (`get_backoff_time`, `parse_retry_after`, `is_retry`).

use std::time::{Duration, SystemTime};

use super::Response;
use super::failure::{Failure, FailureKind};
use crate::calendar::days_since_1970;

/// The longest pause between two attempts without `Retry-After`: urllib3's `DEFAULT_BACKOFF_MAX`.
const BACKOFF_MAX: Duration = Duration::from_mins(2);

/// The longest `Retry-After` that is honoured: urllib3's `DEFAULT_RETRY_AFTER_MAX`.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(6);

/// What is retried, and how often.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Attempts after the first.
    pub retries: u32,
    /// Statuses that are retried.
    pub statuses: &'static [u16],
    /// Statuses that are retried when the answer has `Retry-After`.
    pub statuses_with_retry_after: &'static [u16],
    /// The factor of the pause: none before the first retry, then twice the factor, four times, …
    pub backoff: Duration,
    /// Whether a failure after sending is retried: only for idempotent requests.
    pub after_sending: bool,
    /// Decides in place of the statuses and the factor.
    pub decide: Option<Decide>,
}

/// Returns the pause before retry number `retry`, counted from 1, or `None` when `outcome` is final.
pub type Decide = fn(retry: u32, outcome: &Result<Response, Failure>) -> Option<Duration>;

impl Retry {
    /// Tries once.
    pub const NONE: Self = Self {
        retries: 0,
        statuses: &[],
        statuses_with_retry_after: &[],
        backoff: Duration::ZERO,
        after_sending: false,
        decide: None,
    };

    /// Returns the pause before retry number `retry`, counted from 1, or `None` when `outcome` is final.
    pub(super) fn next(&self, retry: u32, outcome: &Result<Response, Failure>) -> Option<Duration> {
        if retry > self.retries {
            return None;
        }
        match self.decide {
            Some(decide) => decide(retry, outcome),
            None => self.wants(outcome).then(|| self.pause(retry, outcome)),
        }
    }

    /// Returns whether `outcome` is to be retried, if attempts are left.
    fn wants(&self, outcome: &Result<Response, Failure>) -> bool {
        match outcome {
            Ok(response) => {
                self.statuses.contains(&response.status)
                    || (self.statuses_with_retry_after.contains(&response.status)
                        && response.header("retry-after").is_some())
            }
            Err(failure) => match failure.kind() {
                FailureKind::Connect | FailureKind::Tls | FailureKind::Proxy => true,
                FailureKind::Timeout | FailureKind::Cut | FailureKind::Malformed | FailureKind::Garbled => {
                    self.after_sending
                }
                _ => false,
            },
        }
    }

    /// Returns the pause before retry number `retry`, counted from 1.
    fn pause(&self, retry: u32, outcome: &Result<Response, Failure>) -> Duration {
        let asked = outcome
            .as_ref()
            .ok()
            .and_then(|response| response.header("retry-after"))
            .and_then(retry_after);
        match asked {
            Some(pause) if !pause.is_zero() => pause,
            _ if retry <= 1 => Duration::ZERO,
            _ => self
                .backoff
                .saturating_mul(1 << (retry - 1).min(16))
                .min(BACKOFF_MAX),
        }
    }
}

/// Parses `Retry-After`: seconds, or an HTTP date. Other values are ignored.
fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs);
        return Some(seconds.min(RETRY_AFTER_MAX));
    }
    let date = http_date(value)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(now).min(RETRY_AFTER_MAX))
}

/// Parses an HTTP date (RFC 9110, section 5.6.7, all three forms) into the time since 1970.
pub(crate) fn http_date(value: &str) -> Option<Duration> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let mut words = value.split([' ', ',', '-']).filter(|word| !word.is_empty());
    let first = words.next()?;
    let mut word = if first.as_bytes()[0].is_ascii_digit() {
        first
    } else {
        words.next()?
    };
    let month_of = |word: &str| {
        let name = word.get(..3)?.to_ascii_lowercase();
        MONTHS
            .find(&name)
            .filter(|at| at % 3 == 0)
            .map(|at| i64::try_from(at / 3 + 1).unwrap_or_default())
    };
    // asctime puts the month before the day, and the year at the end.
    let asctime = month_of(word);
    if asctime.is_some() {
        word = words.next()?;
    }
    let day: i64 = word.parse().ok()?;
    let month = match asctime {
        Some(month) => month,
        None => month_of(words.next()?)?,
    };
    let (year, time) = if asctime.is_some() {
        let time = words.next()?;
        (words.next()?, time)
    } else {
        (words.next()?, words.next()?)
    };
    let year: i64 = match (year.len(), year.parse::<i64>().ok()?) {
        (2, short) if short >= 69 => short + 1900,
        (2, short) => short + 2000,
        (_, full) => full,
    };
    let mut clock = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let sane = (1..=31).contains(&day) && (1970..=9999).contains(&year) && (0..24).contains(&hour);
    if !sane || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_an_http_date_are_one_moment() {
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date(date), Some(Duration::from_secs(784_111_777)), "{date}");
        }
    }

    #[test]
    fn an_invalid_retry_after_is_ignored() {
        for value in [
            "",
            "soon",
            "-1",
            "1.5",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994",
            "é",
        ] {
            assert_eq!(retry_after(value), None, "{value}");
        }
    }

    #[test]
    fn a_date_in_the_past_asks_for_no_pause() {
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("99999999999999999999999"), Some(RETRY_AFTER_MAX));
    }

    #[test]
    fn pauses_grow_as_in_urllib3() {
        let retry = Retry {
            backoff: Duration::from_millis(100),
            ..Retry::NONE
        };
        let outcome = Err(Failure::new(FailureKind::Cut, "cut"));
        let pauses: Vec<u128> = (1..=4).map(|n| retry.pause(n, &outcome).as_millis()).collect();
        assert_eq!(pauses, [0, 200, 400, 800]);
    }
}
