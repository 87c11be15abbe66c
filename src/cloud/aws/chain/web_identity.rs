//! A web identity, as a pod's service account or a CI job has: its token is exchanged for a role's credentials.
//!
//! Source: botocore 1.44.8, `credentials.py` (`AssumeRoleWithWebIdentityProvider`), `utils.py` (`FileWebIdentityTokenLoader`).

use std::path::Path;

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::sts::{self, Action, StsOptions};
use crate::cloud::services::Services;
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{Object, Value};
use crate::python::newlines::universal_newlines;
use crate::secret::Secret;
use crate::shown::shown;

/// A setting, and where it is, for messages.
struct Setting<'a> {
    value: &'a str,
    place: String,
}

/// Returns the credentials of the role of a web identity, if one is configured.
///
/// Each of the three settings is in the environment, unless that does not count, or in the profile.
///
/// # Errors
/// No role, with status 2; a token that cannot be read, or a refusal, 4; no answer, 5.
pub(super) async fn credentials(
    session: &SessionSettings,
    _: &Services,
    profile: &str,
    with_environment: bool,
) -> Result<Option<Credentials>> {
    let setting = |variable: &'static str, key: &str| -> Result<Option<Setting<'_>>> {
        let variables = session.env().text(variable).filter(|_| with_environment);
        if let Some(value) = variables {
            let place = format!("`{variable}`");
            return Ok(Some(Setting { value, place }));
        }
        let value = session.profile_text(profile, key)?;
        Ok(value.map(|value| Setting {
            value,
            place: format!("`{key}` in {}", session.place(profile, key)),
        }))
    };
    // An empty variable hides the profile's value.
    let file = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file")?;
    let Some(file) = file.filter(|file| !file.value.is_empty()) else {
        return Ok(None);
    };
    let Some(role) = setting("AWS_ROLE_ARN", "role_arn")?.filter(|role| !role.value.is_empty()) else {
        return Err(Error::usage(format!(
            "the web identity of {} has no role: neither `AWS_ROLE_ARN` nor `role_arn` of {} is set",
            file.place,
            described(profile)
        ))
        .with_hint("name the role beside the token's file"));
    };
    let mut parameters = Object::new();
    if let Some(name) = setting("AWS_ROLE_SESSION_NAME", "role_session_name")? {
        parameters.insert("RoleSessionName".to_owned(), Value::String(name.value.to_owned()));
    }
    parameters.insert("RoleArn".to_owned(), Value::String(role.value.to_owned()));
    sts::name_session(&mut parameters);
    let token = token_file(session, file.value, &file.place)?;
    let options = StsOptions::default();
    let action = Action::WebIdentity(&token);
    sts::assume(session, &options, action, &parameters, &role.place)
        .await
        .map(Some)
}

/// Reads the token in the file `path`, which `place` names, with all its blanks and newlines.
///
/// # Errors
/// A file that cannot be read or is not text, with status 4.
pub(in crate::cloud::aws) fn token_file(
    session: &SessionSettings,
    path: &str,
    place: &str,
) -> Result<Secret> {
    let unreadable = || {
        Error::denied(format!(
            "the web identity's token cannot be read from `{}`",
            shown(path)
        ))
        .with_detail(format!("{place} names the file"))
        .with_hint("check the path; the token is usually mounted by Kubernetes or written by the CI job")
    };
    let bytes =
        file::read(Path::new(path), session.deadline).map_err(|source| unreadable().with_source(source))?;
    let text = bytes
        .expose_text()
        .ok_or_else(|| unreadable().with_detail("it is not UTF-8"))?;
    Ok(Secret::from(universal_newlines(text).as_ref()))
}
