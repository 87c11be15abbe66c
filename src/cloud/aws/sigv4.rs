//! AWS Signature Version 4: the headers that sign a request, for any service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>; the same steps as hvac 2.4.0,
//! `aws_utils.py`. Sixty lines with ring's HMAC replace the `aws-sigv4` crate, which brings twenty more crates and whose
//! credentials `Debug` can show.

use std::fmt::Write as _;
use std::time::SystemTime;

use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign as hmac};

use super::credentials::Credentials;
use super::timestamp;
use crate::secret::Secret;

/// The content type of a form.
pub(crate) const FORM_CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A request to be signed.
pub(crate) struct Signable<'a> {
    pub(crate) method: &'static str,
    /// Quoted, as it is sent.
    pub(crate) path: &'a str,
    /// Quoted, with the parameters sorted by name; empty without a query.
    pub(crate) query: &'a str,
    /// All headers to sign, at least `Host`.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: &'a [u8],
}

impl<'a> Signable<'a> {
    /// Creates a POST of a form to the root of `host`.
    ///
    /// The headers are in hvac's order: `Content-Type`, `Host`, `Content-Length`.
    pub(crate) fn post_form(host: &str, form: &'a str) -> Self {
        Self {
            method: "POST",
            path: "/",
            query: "",
            headers: vec![
                ("Content-Type", Secret::from(FORM_CONTENT_TYPE)),
                ("Host", Secret::from(host)),
                ("Content-Length", Secret::from(form.len().to_string())),
            ],
            body: form.as_bytes(),
        }
    }
}

/// Returns the headers of the signed request.
///
/// They are its own, `X-Amz-Date`, `X-Amz-Security-Token` when there is a session token, and `Authorization`.
pub(crate) fn sign(
    request: Signable<'_>,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: SystemTime,
) -> Vec<(&'static str, Secret)> {
    let Signable {
        method,
        path,
        query,
        mut headers,
        body,
    } = request;
    let time = timestamp::compact(now);
    let date = time.get(..8).unwrap_or_default();
    headers.push(("X-Amz-Date", Secret::from(time.as_str())));
    if let Some(token) = &credentials.session_token {
        headers.push(("X-Amz-Security-Token", token.clone()));
    }
    let mut sorted: Vec<&(&str, Secret)> = headers.iter().collect();
    sorted.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let names: Vec<String> = sorted.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let signed = names.join(";");
    let mut canonical = format!("{method}\n{path}\n{query}\n").into_bytes();
    for (name, (_, value)) in names.iter().zip(&sorted) {
        canonical.extend_from_slice(name.as_bytes());
        canonical.push(b':');
        canonical.extend_from_slice(value.expose());
        canonical.push(b'\n');
    }
    canonical.extend_from_slice(format!("\n{signed}\n{}", hex(digest(&SHA256, body).as_ref())).as_bytes());
    let canonical = Secret::new(canonical);
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let hash = hex(digest(&SHA256, canonical.expose()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let first = Secret::new([b"AWS4", credentials.secret_key.expose()].concat());
    let mut key = Key::new(HMAC_SHA256, first.expose());
    for part in [date, region, service, "aws4_request"] {
        key = Key::new(HMAC_SHA256, hmac(&key, part.as_bytes()).as_ref());
    }
    let signature = hex(hmac(&key, to_sign.as_bytes()).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
        credentials.access_key
    );
    headers.push(("Authorization", Secret::from(authorization)));
    headers
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_signature_equals_the_one_from_hvac() {
        // From hvac 2.4.0: SigV4Auth("AKIDEXAMPLE", "wJalr", "tok", "eu-west-1") at 2026-01-02 03:04:05.
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: Secret::from("wJalr"),
            session_token: Some(Secret::from("tok")),
            expires_at: None,
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let request = Signable::post_form("sts.amazonaws.com", body);
        let headers = sign(request, &credentials, "eu-west-1", "sts", now);
        let authorization = headers.last().and_then(|(_, value)| value.expose_text());
        assert_eq!(
            authorization,
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/sts/aws4_request, \
                 SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, \
                 Signature=085903c0188248ae9373c771dc4f76cf9c3be0523c48782f1be2adb46f7b2e7b"
            )
        );
    }
}
