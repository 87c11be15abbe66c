//! Where AWS credentials come from when no kwarg gives them: the order of botocore's chain.
//!
//! Owns the order. Each source has its own file; it returns `None` when it is not configured, and an error when it is configured
//! and gives nothing. Source: botocore 1.44.8, `credentials.py` (`create_credential_resolver`, `ProfileProviderBuilder`).

use super::credentials::Credentials;
use super::settings::{SessionSettings, described};
use crate::cloud::services::Services;
use crate::error::{Error, Result};

mod assume_role;
mod container;
mod environment;
mod instance;
mod keys;
mod legacy_files;
mod process;
mod sso;
mod sso_token;
mod web_identity;

use instance::Instance;

pub(super) use web_identity::token_file;

/// Returns the first credentials of the chain.
///
/// # Errors
/// No credentials, or a source that refuses, with status 4; a source that does not answer, 5; one that is set up wrongly, 2.
pub(super) async fn credentials(session: &SessionSettings, services: &Services) -> Result<Credentials> {
    // botocore reads the settings of the last source before it asks the first.
    let instance = Instance::of(session)?;
    let profile = session.profile_name();
    let explicit = session.has_explicit_profile();
    if !explicit && let Some(keys) = environment::credentials(session)? {
        return Ok(keys);
    }
    if let Some(keys) = assume_role::credentials(session, services, &instance, profile).await? {
        return Ok(keys);
    }
    if let Some(keys) = of_profile(session, services, profile, !explicit).await? {
        return Ok(keys);
    }
    if let Some(keys) = legacy_files::credentials(session)? {
        return Ok(keys);
    }
    if let Some(keys) = container::credentials(session, services).await? {
        return Ok(keys);
    }
    match instance.credentials(services).await? {
        Some(keys) => Ok(keys),
        None => Err(nothing_found(session)),
    }
}

/// Returns the credentials that a profile has without a role to assume.
///
/// Only the session's own profile shares its web identity `with_environment`.
async fn of_profile(
    session: &SessionSettings,
    services: &Services,
    profile: &str,
    with_environment: bool,
) -> Result<Option<Credentials>> {
    if let Some(keys) = web_identity::credentials(session, services, profile, with_environment).await? {
        return Ok(Some(keys));
    }
    if let Some(keys) = sso::credentials(session, services, profile).await? {
        return Ok(Some(keys));
    }
    if let Some(keys) = keys::of_credentials_file(session, profile)? {
        return Ok(Some(keys));
    }
    if session.profile_entry(profile, "login_session").is_some() {
        return Err(Error::usage(format!(
            "{} uses `login_session`, which is not supported",
            described(profile)
        ))
        .with_detail(format!("it is in {}", session.place(profile, "login_session")))
        .with_hint("export its credentials with `aws configure export-credentials --format env`"));
    }
    if let Some(keys) = process::credentials(session, profile).await? {
        return Ok(Some(keys));
    }
    keys::of_config_file(session, profile)
}

fn nothing_found(session: &SessionSettings) -> Error {
    let mut error = Error::denied("no AWS credentials found").with_detail(
        "looked in the environment, the shared files, the container's and the instance's metadata",
    );
    for problem in session.unreadable_files() {
        error = error.with_detail(problem);
    }
    error.with_hint(if session.has_explicit_profile() {
        format!(
            "give {} credentials: `profile_name` switches the environment's keys off",
            described(session.profile_name())
        )
    } else {
        format!(
            "set {}, or `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
            session.kwargs_hint()
        )
    })
}
