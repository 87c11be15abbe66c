//! What a plugin prints: an `ExecCredential`.
//!
//! Owns the meaning of its fields. No part of it is in a message. Source: k8s.io/client-go v0.36.3, `pkg/apis/clientauthentication`.

use std::time::{Duration, SystemTime};

use super::super::credential::{Credential, bearer};
use crate::calendar;
use crate::http::{Identity, Pem};
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;
use crate::shown::shown;

/// Reads an `ExecCredential` of the version `expected`, or says what is wrong with it. `named` is the plugin.
pub(super) fn credential(printed: &Secret, expected: &str, named: &str) -> Result<Credential, String> {
    let Some(Ok(Value::Object(object))) = printed.expose_text().map(json::loads) else {
        return Err("printed something that is not a JSON object".to_owned());
    };
    let text = |object: &Object, name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("printed a `{name}` that is not text")),
    };
    if text(&object, "kind")?.as_deref() != Some("ExecCredential") {
        return Err("printed something that is not an `ExecCredential`".to_owned());
    }
    let version = text(&object, "apiVersion")?.unwrap_or_default();
    if version != expected {
        return Err(format!(
            "printed a credential of `{}`, but the kubeconfig says `{}`",
            shown(&version),
            expected
        ));
    }
    let Some(Value::Object(status)) = object.get("status") else {
        return Err("printed a credential without `status`".to_owned());
    };
    let token = text(status, "token")?;
    let certificate = text(status, "clientCertificateData")?;
    let key = text(status, "clientKeyData")?;
    let pem = |text: String, name: &str| Pem::Text(Secret::from(text), format!("`{name}` of {named}"));
    let identity = match (certificate, key) {
        (None, None) if token.is_none() => {
            return Err("printed neither a token nor a certificate".to_owned());
        }
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(Identity {
            certificate: pem(certificate, "clientCertificateData"),
            key: Some(pem(key, "clientKeyData")),
        }),
        _ => {
            return Err("printed a certificate without its key, or a key without its certificate".to_owned());
        }
    };
    let expires_at = match text(status, "expirationTimestamp")? {
        None => None,
        Some(text) => Some(time(&text).ok_or("printed an `expirationTimestamp` that is not a time")?),
    };
    let authorization = token.map(|token| bearer(&Secret::from(token)));
    Ok(Credential {
        authorization: authorization
            .transpose()
            .map_err(|_| "printed a token that cannot be sent over HTTP".to_owned())?,
        identity,
        expires_at,
    })
}

/// Reads a time of RFC 3339.
fn time(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !separators
        .iter()
        .all(|(at, separator)| bytes.get(*at) == Some(separator))
    {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !calendar::exists(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() == fraction.len() {
            return None;
        }
        rest = after;
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let start = text.len() - 5;
            let minutes = number(start..start + 2)? * 60 + number(start + 3..start + 5)?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let seconds =
        calendar::days_since_1970(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    // A time before 1970 has passed as well.
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_rfc_3339_are_read() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (text, expected) in [
            ("2018-03-05T17:30:20-08:00", at(1_520_299_820)),
            ("2018-03-06T01:30:20Z", at(1_520_299_820)),
            ("2018-03-06T01:30:20.25+00:00", at(1_520_299_820)),
            ("1960-01-01T00:00:00Z", at(0)),
            ("2018-03-06 01:30:20Z", None),
            ("2018-02-30T01:30:20Z", None),
            ("2018-03-06T01:30:20", None),
            ("2018-03-06T01:30:20.Z", None),
            ("2018-03-06T24:30:20Z", None),
            ("soon", None),
            ("", None),
            ("ééééééééééééé", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_no_credential_says_why() {
        let version = "client.authentication.k8s.io/v1";
        let read = |text: &str| credential(&Secret::from(text), version, "the plugin `x`").map(|_| ());
        let with = |status: &str| {
            let head = r#""kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1""#;
            read(&format!("{{{head}, \"status\": {status}}}"))
        };
        assert_eq!(with(r#"{"token": "t"}"#), Ok(()));
        assert_eq!(with(r#"{"token": "t", "expirationTimestamp": null}"#), Ok(()));
        for (outcome, what) in [
            (read("hunter2"), "not a JSON object"),
            (read("{}"), "not an `ExecCredential`"),
            (
                read(r#"{"kind": "ExecCredential", "apiVersion": "hunter"}"#),
                "a credential of `hunter`",
            ),
            (with("null"), "without `status`"),
            (with("{}"), "neither a token nor a certificate"),
            (with(r#"{"token": 5}"#), "a `token` that is not text"),
            (with(r#"{"token": "hunter 2"}"#), "cannot be sent over HTTP"),
            (with(r#"{"clientKeyData": "hunter2"}"#), "without its certificate"),
            (
                with(r#"{"token": "hunter2", "expirationTimestamp": "soon"}"#),
                "is not a time",
            ),
        ] {
            let said = outcome.expect_err(what);
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
        }
    }
}
