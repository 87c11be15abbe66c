//! The answers of the Security Token Service: credentials, or an error in its own words.
//!
//! XML with a known form: an element is looked up by its name. Source: botocore 1.44.8, `parsers.py` (`QueryParser`).

use super::credentials::Credentials;
use super::service_error::THROTTLING_CODES;
use super::sts_model::{Action, WHAT};
use super::xml::{decoded, element};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value};
use crate::secret::{Redactor, Secret};
use crate::shown::shown;

/// The code of an identity provider that STS could not reach.
const PROVIDER_UNREACHABLE: &str = "IDPCommunicationError";

/// Reads the credentials of an answer; `place` is where the role comes from. `secrets` are cut out of the service's words.
///
/// # Errors
/// A refusal, or credentials that have expired, with status 4; a failure, or something else than an answer, 5.
pub(super) fn credentials(
    response: &Response,
    action: Action<'_>,
    parameters: &Object,
    place: &str,
    secrets: &Redactor,
) -> Result<Credentials> {
    let role = parameters
        .get("RoleArn")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let what = format!("the role `{}` of {place}", shown(role));
    let xml = response.body.expose_text().unwrap_or_default();
    if response.status != 200 {
        return Err(refusal(response.status, xml, action, &what, secrets));
    }
    let incomplete = || {
        Error::unavailable(format!("{WHAT} answered without credentials for {what}"))
            .with_hint("something else may have answered: check the endpoint and the proxy")
    };
    let group = element(xml, "Credentials").ok_or_else(incomplete)?;
    // Keys and a token go into headers, which have no control characters.
    let fits = |text: &String| !text.chars().any(char::is_control);
    let part = |name: &str| {
        let part = element(group, name).map(decoded).filter(fits);
        part.ok_or_else(incomplete)
    };
    let (access_key, secret_key) = (part("AccessKeyId")?, Secret::from(part("SecretAccessKey")?));
    let keys = Credentials::new(access_key, secret_key, Some(Secret::from(part("SessionToken")?)));
    keys.until(&part("Expiration")?, &what)
}

/// Reads the ARN of an answer of `GetCallerIdentity`. `secrets` are cut out of the service's words.
///
/// # Errors
/// A refusal, with status 4; a failure, or something else than an answer, 5.
pub(super) fn caller(response: &Response, secrets: &Redactor) -> Result<String> {
    let xml = response.body.expose_text().unwrap_or_default();
    let words = |name: &str| element(xml, name).map(|text| secrets.clean(&decoded(text)));
    if response.status == 200 {
        return words("Arn").ok_or_else(|| {
            Error::unavailable(format!("{WHAT} answered without an ARN"))
                .with_hint("something else may have answered: check the endpoint and the proxy")
        });
    }
    let (status, code) = (response.status, words("Code").unwrap_or_default());
    let is_refusal =
        (400..500).contains(&status) && status != 429 && !THROTTLING_CODES.contains(&code.as_str());
    let error = if is_refusal && !code.is_empty() {
        Error::denied(format!(
            "AWS does not accept the credentials: {code} (status {status})"
        ))
        .with_hint(
            "get new keys, or check which are found: the environment, a profile, a role of this machine",
        )
    } else {
        Error::unavailable(format!(
            "{WHAT} did not say whose the credentials are (status {status})"
        ))
    };
    Err(match words("Message").filter(|message| !message.is_empty()) {
        Some(message) => error.with_detail(format!("it says: {message}")),
        None => error,
    })
}

fn refusal(status: u16, xml: &str, action: Action<'_>, what: &str, secrets: &Redactor) -> Error {
    let words = |name: &str| element(xml, name).map(|text| secrets.clean(&decoded(text)));
    let code = words("Code").unwrap_or_default();
    let is_refusal = (400..500).contains(&status)
        && status != 429
        && !THROTTLING_CODES.contains(&code.as_str())
        && code != PROVIDER_UNREACHABLE;
    let mut error = if is_refusal {
        Error::denied(format!("{WHAT} refused {what} (status {status})"))
    } else {
        Error::unavailable(format!("{WHAT} failed for {what} (status {status})"))
    };
    if let Some(message) = words("Message").filter(|message| !message.is_empty()) {
        error = error.with_detail(format!("it says: {code}: {message}"));
    } else if !code.is_empty() {
        error = error.with_detail(format!("it says: {code}"));
    }
    error.with_hint(hint(&code, action, is_refusal))
}

fn hint(code: &str, action: Action<'_>, is_refusal: bool) -> &'static str {
    match (code, action) {
        ("ExpiredToken" | "ExpiredTokenException", Action::AssumeRole(_)) => {
            "get new credentials for the keys that assume the role"
        }
        ("ExpiredToken" | "ExpiredTokenException" | "InvalidIdentityToken", Action::WebIdentity(_)) => {
            "get a new token for the web identity"
        }
        ("SignatureDoesNotMatch" | "RequestExpired" | "InvalidClientTokenId" | "IncompleteSignature", _) => {
            "check the keys that assume the role, and this machine's clock"
        }
        (_, Action::AssumeRole(_)) if is_refusal => {
            "the role's trust policy and the policy of the keys must both allow `sts:AssumeRole`"
        }
        (_, Action::WebIdentity(_)) if is_refusal => {
            "the role's trust policy must allow `sts:AssumeRoleWithWebIdentity` for this identity"
        }
        _ => "try again later",
    }
}
