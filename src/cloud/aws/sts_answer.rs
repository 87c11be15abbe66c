//! The answers of the Security Token Service: credentials, or an error in its own words.
//!
//! XML with a known form: an element is looked up by its name. Source: botocore 1.44.8, `parsers.py` (`QueryParser`).

use super::credentials::Credentials;
use super::retry::THROTTLING_CODES;
use super::sts::{Action, WHAT};
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
    let part = |name: &str| element(group, name).map(decoded).ok_or_else(incomplete);
    let (access_key, secret_key) = (part("AccessKeyId")?, Secret::from(part("SecretAccessKey")?));
    let keys = Credentials::new(access_key, secret_key, Some(Secret::from(part("SessionToken")?)));
    keys.until(&part("Expiration")?, &what)
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

/// Returns the code of an error.
pub(super) fn code(response: &Response) -> Option<String> {
    element(response.body.expose_text()?, "Code").map(decoded)
}

/// Returns what is between the tags of the first element `name`.
fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}

/// Replaces the entities of XML.
fn decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((plain, after)) = rest.split_once('&') {
        decoded.push_str(plain);
        let Some((c, after)) = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)))
        else {
            decoded.push('&');
            rest = after;
            continue;
        };
        decoded.push(c);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_replaced_and_a_lone_ampersand_stays() {
        assert_eq!(decoded(" a&amp;b&#x3D;&#61;&lt;&gt;&quot;&apos; "), "a&b==<>\"'");
        assert_eq!(decoded("a & b &nbsp; &#xffffffff;"), "a & b &nbsp; &#xffffffff;");
    }
}
