//! How often a request is retried, and after which answers: botocore's three retry modes.
//!
//! Source: botocore 1.44.8, `args.py` (`_compute_retry_config`), `config.py` (`_validate_retry_configuration`),
//! `retries/standard.py`, `retryhandler.py` and `data/_retry.json` (legacy). `adaptive` retries what `standard` retries.

use super::client_config::{ClientConfig, Setting};
use crate::error::{Error, Result};
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
