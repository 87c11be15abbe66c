//! Keys in a section of an INI file: a profile of the credentials file or of the config file, or boto's own section.
//!
//! Source: botocore 1.44.8, `credentials.py` (`SharedCredentialProvider`, `ConfigProvider`, `BotoProvider`).

use std::path::Path;

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::shared_files::{Section, shown_path};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The keys of the session token, the first one first.
const TOKENS: [&str; 2] = ["aws_security_token", "aws_session_token"];

const ACCESS_KEY: &str = "aws_access_key_id";
const SECRET_KEY: &str = "aws_secret_access_key";

/// Returns whether a profile has any part of a key, in either file: `_has_static_credentials`.
pub(super) fn has_any(session: &SessionSettings, profile: &str) -> bool {
    [ACCESS_KEY, SECRET_KEY]
        .iter()
        .any(|key| session.profile_entry(profile, key).is_some())
}

/// Returns the keys of the profile's section in the credentials file.
///
/// # Errors
/// As [`of_section`].
pub(super) fn of_credentials_file(session: &SessionSettings, profile: &str) -> Result<Option<Credentials>> {
    let file = &session.credentials_file;
    match file.sections.get(profile) {
        Some(section) => of_section(section, &described(profile), &file.path, true),
        None => Ok(None),
    }
}

/// Returns the keys of the profile's section in the config file.
///
/// # Errors
/// As [`of_section`].
pub(super) fn of_config_file(session: &SessionSettings, profile: &str) -> Result<Option<Credentials>> {
    let file = &session.config;
    match file.profiles.get(profile) {
        Some(section) => of_section(section, &described(profile), &file.path, true),
        None => Ok(None),
    }
}

/// Returns the keys of a section, if it has an access key. `what` describes the section.
///
/// # Errors
/// An access key without its secret key, and an empty key, with status 4.
pub(super) fn of_section(
    section: &Section,
    what: &str,
    path: &Path,
    with_token: bool,
) -> Result<Option<Credentials>> {
    let Some(access_key) = section.get(ACCESS_KEY) else {
        return Ok(None);
    };
    let line = access_key.line;
    let place = shown_path(path);
    let value = |key: &str| -> Result<&Secret> {
        let Some(entry) = section.get(key) else {
            return Err(Error::denied(format!("{what} has no `{key}`"))
                .with_detail(format!("its `{ACCESS_KEY}` is in `{place}`, line {line}"))
                .with_hint(format!("add `{key}` to that section")));
        };
        let value = entry.value.secret().filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            Error::denied(format!("{what} has an empty `{key}`"))
                .with_detail(format!("it is in `{place}`, line {}", entry.line))
                .with_hint("fill it in, or remove the line")
        })
    };
    let (access_key, secret_key) = (value(ACCESS_KEY)?, value(SECRET_KEY)?);
    let token = TOKENS
        .into_iter()
        .find_map(|key| section.get(key))
        .filter(|_| with_token)
        .and_then(|entry| entry.value.secret());
    Ok(Some(Credentials::new(
        access_key.expose_text().unwrap_or_default(),
        secret_key.clone(),
        token.cloned(),
    )))
}
