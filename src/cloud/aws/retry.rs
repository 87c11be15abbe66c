//! How often a request is retried, and after which answers: botocore's three retry modes.
//!
//! Source: botocore 1.44.8, `args.py` (`_compute_retry_config`), `config.py` (`_validate_retry_configuration`),
//! `retries/standard.py`, `retryhandler.py` and `data/_retry.json` (legacy). `adaptive` retries what `standard` retries. Not
//! imitated, because a command ends after `--timeout`: the quota of retries, and the rate limit of `adaptive`.

use std::time::Duration;

use ring::rand::{Random, SystemRandom};

use super::client_config::{ClientConfig, Setting};
use super::service_error::{self, THROTTLING_CODES};
use crate::error::{Error, Result};
use crate::http::{Decide, Failure, FailureKind, Response, Retry};
use crate::python::int;
use crate::shown::shown;

/// The retry mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryMode {
    Legacy,
    Standard,
    Adaptive,
}

/// How often a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetrySettings {
    pub(crate) mode: RetryMode,
    /// The first attempt included.
    pub(crate) max_attempts: u32,
}

impl RetrySettings {
    /// Reads `AWS_RETRY_MODE` and `AWS_MAX_ATTEMPTS`, else the profile's `retry_mode` and `max_attempts`.
    ///
    /// # Errors
    /// An unknown mode, or a number that is not positive, with status 2.
    pub(crate) fn configured(config: &(impl ClientConfig + ?Sized)) -> Result<Self> {
        let mode = match config.variable_or_profile("AWS_RETRY_MODE", "retry_mode") {
            None => RetryMode::Standard,
            Some(setting) => mode(&setting)?,
        };
        let max_attempts = match config.variable_or_profile("AWS_MAX_ATTEMPTS", "max_attempts") {
            Some(setting) => attempts(&setting)?,
            None if mode == RetryMode::Legacy => 5,
            None => 3,
        };
        Ok(Self { mode, max_attempts })
    }
}

fn mode(setting: &Setting<'_>) -> Result<RetryMode> {
    match setting.value {
        "legacy" => Ok(RetryMode::Legacy),
        "standard" => Ok(RetryMode::Standard),
        "adaptive" => Ok(RetryMode::Adaptive),
        other => Err(Error::usage(format!(
            "{} must be `standard`, `adaptive` or `legacy`, not `{}`",
            setting.place,
            shown(other)
        ))
        .with_hint("unset it: `standard` is the default")),
    }
}

/// Returns `int(value)`, which must be at least 1; a number beyond `u32` counts as its maximum.
fn attempts(setting: &Setting<'_>) -> Result<u32> {
    match int::parse(setting.value) {
        Some(digits) if digits != "0" && !digits.starts_with('-') => Ok(digits.parse().unwrap_or(u32::MAX)),
        _ => Err(Error::usage(format!(
            "{} must be a number from 1 on, not `{}`",
            setting.place,
            shown(setting.value)
        ))
        .with_hint("unset it: 3 attempts are the default")),
    }
}

/// The error types that mean a transient failure: `TransientRetryableChecker`.
const TRANSIENT_CODES: &[&str] = &[
    "RequestTimeout",
    "RequestTimeoutException",
    "PriorRequestNotComplete",
    // Of STS alone: `RetryIDPCommunicationError` in `retries/special.py`.
    "IDPCommunicationError",
];

/// The statuses that mean a transient failure.
const TRANSIENT_STATUSES: &[u16] = &[500, 502, 503, 504];

/// The errors that a read of either store declares. With one of these, a 429 is no throttling: `ThrottlingStatusCodeChecker`.
const MODELED_CODES: &[&str] = &[
    "ResourceNotFoundException",
    "InvalidParameterException",
    "InvalidRequestException",
    "DecryptionFailure",
    "InternalServiceError",
    "InternalServerError",
    "InvalidKeyId",
    "ParameterNotFound",
    "ParameterVersionNotFound",
];

/// The statuses that `legacy` retries: `data/_retry.json`.
const LEGACY_STATUSES: &[u16] = &[429, 500, 502, 503, 504, 509];

/// The error types that `legacy` retries with status 400.
const LEGACY_CODES: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "ProvisionedThroughputExceededException",
];

/// The longest pause of `standard`, before a wish of the service.
const MAX_BACKOFF: Duration = Duration::from_secs(20);

/// How much longer than that a service can make a client wait.
const MAX_ADDITIONAL: Duration = Duration::from_secs(5);

impl RetrySettings {
    /// Returns the policy for `http`.
    pub(crate) fn policy(self) -> Retry {
        let decide: Decide = match self.mode {
            RetryMode::Legacy => legacy,
            RetryMode::Standard | RetryMode::Adaptive => standard,
        };
        Retry {
            retries: self.max_attempts - 1,
            after_sending: true,
            decide: Some(decide),
            ..Retry::NONE
        }
    }
}

/// Decides as `StandardRetryConditions` and `ExponentialBackoff` do.
fn standard(retry: u32, outcome: &Result<Response, Failure>) -> Option<Duration> {
    let (is_transient, is_throttled) = match outcome {
        Err(failure) => (is_retried(failure), false),
        Ok(response) if response.status <= 300 => (false, false),
        Ok(response) => {
            let code = service_error::code_of(response);
            let is_one_of = |codes: &[&str]| code.as_deref().is_some_and(|code| codes.contains(&code));
            let is_throttled =
                is_one_of(THROTTLING_CODES) || response.status == 429 && !is_one_of(MODELED_CODES);
            let is_transient = TRANSIENT_STATUSES.contains(&response.status) || is_one_of(TRANSIENT_CODES);
            (is_transient, is_throttled)
        }
    };
    if !is_transient && !is_throttled {
        return None;
    }
    let scale = Duration::from_millis(if is_throttled { 1_000 } else { 50 });
    let pause = scale
        .saturating_mul(doubled(retry - 1))
        .min(MAX_BACKOFF)
        .mul_f64(fraction());
    let wish = outcome.as_ref().ok().and_then(wish);
    Some(wish.map_or(pause, |wish| pause.max(wish.min(pause + MAX_ADDITIONAL))))
}

/// Decides as `retryhandler.py` does with `data/_retry.json`.
fn legacy(retry: u32, outcome: &Result<Response, Failure>) -> Option<Duration> {
    let is_retried = match outcome {
        Err(failure) => is_retried(failure),
        Ok(response) => {
            let is_throttled = response.status == 400
                && service_error::code_of(response).is_some_and(|code| LEGACY_CODES.contains(&&*code));
            is_throttled || LEGACY_STATUSES.contains(&response.status)
        }
    };
    is_retried.then(|| {
        Duration::from_secs(1)
            .saturating_mul(doubled(retry - 1))
            .mul_f64(fraction())
    })
}

/// Whether a request without an answer is sent again. A certificate that is not trusted stays so.
fn is_retried(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Connect
            | FailureKind::Timeout
            | FailureKind::Tls
            | FailureKind::Proxy
            | FailureKind::Cut
            | FailureKind::Malformed
            | FailureKind::Garbled
    )
}

/// Returns the pause that the service asks for with `x-amz-retry-after`, in milliseconds.
fn wish(response: &Response) -> Option<Duration> {
    let digits = int::parse(response.header("x-amz-retry-after")?)?;
    digits.parse().ok().map(Duration::from_millis)
}

/// Returns 2 to the power of `exponent`, within bounds.
fn doubled(exponent: u32) -> u32 {
    1 << exponent.min(16)
}

/// Returns a random number from 0 to 1, so that clients do not return all at once.
fn fraction() -> f64 {
    // Without random numbers, the longest pause is right too.
    let random: Option<[u8; 4]> = ring::rand::generate(&SystemRandom::new())
        .ok()
        .map(Random::expose);
    random.map_or(1.0, |bytes| {
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn answer(status: u16, code: &str, headers: &[(&str, &str)]) -> Response {
        Response {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Secret::from(format!(r#"{{"__type": "{code}"}}"#)),
        }
    }

    /// Returns the longest of many pauses, in milliseconds.
    fn longest(decide: Decide, retry: u32, outcome: &Result<Response, Failure>) -> u128 {
        let pauses = (0..200).map(|_| decide(retry, outcome).expect("a retry").as_millis());
        pauses.max().expect("pauses")
    }

    #[test]
    fn pauses_are_random_up_to_a_bound_that_doubles() {
        let (down, throttled) = (Ok(answer(500, "X", &[])), Ok(answer(400, "SlowDown", &[])));
        for (decide, retry, outcome, bound) in [
            (standard as Decide, 1, &down, 50),
            (standard, 2, &down, 100),
            (standard, 1, &throttled, 1_000),
            (standard, 2, &throttled, 2_000),
            (standard, 9, &throttled, 20_000),
            (legacy, 1, &down, 1_000),
            (legacy, 3, &down, 4_000),
        ] {
            let longest = longest(decide, retry, outcome);
            assert!(
                (bound / 2..=bound).contains(&longest),
                "{retry}: {longest} of {bound}"
            );
        }
    }

    #[test]
    fn a_service_can_ask_for_a_longer_pause_within_five_seconds() {
        let pause = |wish| {
            let outcome = Ok(answer(503, "X", &[("x-amz-retry-after", wish)]));
            standard(1, &outcome).expect("a retry").as_millis()
        };
        assert_eq!(pause("700"), 700);
        assert!((5_000..=5_050).contains(&pause("60000")));
        for invalid in ["", "-1", "soon", "0"] {
            assert!(pause(invalid) <= 50, "{invalid}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_asked_once() {
        let failure = |kind| Err(Failure::new(kind, "no"));
        let untrusted = FailureKind::Certificate(crate::http::CertificateProblem::UnknownIssuer);
        for (kind, is_retried) in [
            (FailureKind::Connect, true),
            (FailureKind::Cut, true),
            (FailureKind::Timeout, true),
            (untrusted, false),
            (FailureKind::Configuration, false),
            (FailureKind::TooLarge, false),
        ] {
            assert_eq!(standard(1, &failure(kind)).is_some(), is_retried, "{kind:?}");
            assert_eq!(legacy(1, &failure(kind)).is_some(), is_retried, "{kind:?}");
        }
    }
}
