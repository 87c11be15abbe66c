//! An access token, and where an answer has it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::now;
use crate::calendar::days_since_1970;
use crate::cloud::services::text;
use crate::cloud::token_cache::Token;
use crate::python::json::{Object, Value};
use crate::secret::Secret;

/// How long before its expiry google-auth no longer uses a stored token: `_helpers.REFRESH_THRESHOLD`.
const REFRESH_THRESHOLD: Duration = Duration::from_secs(225);

/// A token for the `Authorization` header, and when it expires.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) token: Secret,
    pub(crate) expires_at: Option<SystemTime>,
}

impl AccessToken {
    /// Reads `access_token` and `expires_in`, which may be text.
    pub(super) fn of_oauth(answer: &Object) -> Option<Self> {
        let token = usable(text(answer, "access_token")?)?;
        let seconds = match answer.get("expires_in") {
            Some(Value::Int(digits) | Value::String(digits)) => digits.parse::<u64>().ok(),
            _ => None,
        };
        let expires_at =
            seconds.and_then(|seconds| SystemTime::now().checked_add(Duration::from_secs(seconds)));
        Some(Self { token, expires_at })
    }

    /// Reads `accessToken` and `expireTime`, as IAM answers.
    pub(super) fn of_iam(answer: &Object) -> Option<Self> {
        let token = usable(text(answer, "accessToken")?)?;
        let expires_at = text(answer, "expireTime").and_then(time);
        Some(Self { token, expires_at })
    }

    /// Reads `token` and `expiry` of a file, if the token is still fresh.
    pub(super) fn stored(file: &Object) -> Option<Self> {
        let token = usable(text(file, "token")?)?;
        let expires_at = time(text(file, "expiry")?)?;
        let is_fresh = expires_at > SystemTime::now() + REFRESH_THRESHOLD;
        is_fresh.then_some(Self {
            token,
            expires_at: Some(expires_at),
        })
    }

    /// Returns a token that expires `seconds` from now.
    pub(super) fn lasting(token: Secret, seconds: u64) -> Self {
        Self {
            token,
            expires_at: Some(UNIX_EPOCH + Duration::from_secs(now() + seconds)),
        }
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> Secret {
        Secret::new([b"Bearer ", self.token.expose()].concat())
    }
}

impl Token for AccessToken {
    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

/// Returns a token that a header can carry.
fn usable(token: &str) -> Option<Secret> {
    let printable = token.bytes().all(|byte| byte.is_ascii_graphic());
    printable.then(|| Secret::from(token))
}

/// Reads a time in UTC, as `2026-01-02T03:04:05Z`, with or without a fraction.
fn time(text: &str) -> Option<SystemTime> {
    let text = text.trim_end_matches('Z');
    let (date, clock) = text.split('.').next()?.split_once('T')?;
    let mut parts = date.split('-').chain(clock.split(':')).map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !in_range || !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json::loads;

    fn object(json: &str) -> Object {
        match loads(json) {
            Ok(Value::Object(object)) => object,
            _ => panic!("an object"),
        }
    }

    #[test]
    fn times_are_read_with_and_without_a_fraction() {
        let expected = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.123456Z",
            "2026-01-02T03:04:05",
        ] {
            assert_eq!(time(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-13-02T03:04:05Z",
            "2026-01-02",
            "2026-01-02T03:04Z",
            "2026-01-02T-3:04:05Z",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn a_stored_token_is_used_only_while_it_is_fresh() {
        assert!(
            AccessToken::stored(&object(r#"{"token": "t", "expiry": "2999-01-01T00:00:00Z"}"#)).is_some()
        );
        for json in [
            r#"{"token": "t", "expiry": "2001-01-01T00:00:00Z"}"#,
            r#"{"token": "t"}"#,
            r#"{"expiry": "2999-01-01T00:00:00Z"}"#,
        ] {
            assert!(AccessToken::stored(&object(json)).is_none(), "{json}");
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_not_a_token() {
        for json in [
            r#"{"access_token": "a b"}"#,
            r#"{"access_token": "a\n"}"#,
            r#"{"access_token": ""}"#,
            "{}",
        ] {
            assert!(AccessToken::of_oauth(&object(json)).is_none(), "{json}");
        }
        let token =
            AccessToken::of_oauth(&object(r#"{"access_token": "t", "expires_in": "60"}"#)).expect("a token");
        assert!(token.expires_at.is_some());
        assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
    }
}
