//! One question to Secret Manager, `GET …/versions/latest:access`, and its answer.
//!
//! Source: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access>. Airflow's client
//! (google-cloud-secret-manager 2.32.0) repeats `UNAVAILABLE` and `RESOURCE_EXHAUSTED` for 60 seconds; here `--timeout` is the limit.

use std::time::Instant;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::config::Config;
use super::crc32c::crc32c;
use super::refusal;
use crate::cloud::google::{ProjectClient, Service};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value, loads};
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// The service. A different universe or endpoint does not change the audience.
const SERVICE: Service = Service {
    name: "Google Secret Manager",
    audience: "https://secretmanager.googleapis.com/",
    kwargs: "`gcp_key_path`, `gcp_keyfile_dict` or `gcp_credential_config_file`",
};

/// Base64 as Google writes it, and without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The client of one backend.
pub(super) struct SecretManager {
    pub(super) google: ProjectClient,
    pub(super) url: String,
}

impl SecretManager {
    /// Reads the credentials. It sends nothing.
    ///
    /// # Errors
    /// No credentials, with status 4; credentials that cannot be used, 2.
    pub(super) fn new(config: &Config, env: &Env, deadline: Instant) -> Result<Self> {
        Ok(Self {
            google: ProjectClient::new(SERVICE, &config.access, env, deadline)?,
            url: config.url.clone(),
        })
    }

    /// Marks this as a probe: there is one login, even if it fails.
    pub(super) fn probing(&self) {
        self.google.probing();
    }

    /// Reads the newest version of the secret `name`.
    ///
    /// # Errors
    /// What kept it from an answer, with status 2, 4 or 5.
    pub(super) async fn access(&self, kind: SecretKind, name: &str) -> Result<Answer> {
        let (project, response) = self.ask(name).await?;
        let answer = response
            .body
            .expose_text()
            .map(|text| loads(text.trim_start_matches('\u{feff}')));
        match answer {
            Some(Ok(Value::Object(answer))) if response.status == 200 => found(kind, &answer),
            Some(Ok(Value::Object(answer))) => refusal::meaning(&project, name, response.status, &answer),
            Some(Err(error)) if !error.is_decode_error() => {
                Err(Error::malformed("the secret in Google Secret Manager cannot be read").with_source(error))
            }
            _ => Err(not_google(&response)),
        }
    }
}

impl SecretManager {
    /// Asks for the newest version of the secret `name`, and returns the project with the answer.
    pub(super) async fn ask(&self, name: &str) -> Result<(String, Response)> {
        let url = |project: &str| {
            let secret = format!("projects/{project}/secrets/{name}");
            format!("{}/v1/{secret}/versions/latest:access", self.url)
        };
        self.google.get(url).await
    }
}

/// Returns the payload of an answer.
///
/// # Errors
/// An answer without a payload, or one that its checksum does not fit, with status 5.
fn found(kind: SecretKind, answer: &Object) -> Result<Answer> {
    let damaged = |why: &str| {
        Error::unavailable(format!("Google Secret Manager's answer {why}"))
            .with_hint("a proxy may have changed it; try again")
    };
    let Some(Value::Object(payload)) = answer.get("payload") else {
        return Err(damaged("has no payload"));
    };
    let data = match payload.get("data") {
        None | Some(Value::Null) => Secret::default(),
        Some(Value::String(text)) => {
            let data = BASE64
                .decode(text)
                .map_err(|_| damaged("has data that is not base64"))?;
            Secret::new(data)
        }
        Some(_) => return Err(damaged("has data that is not text")),
    };
    match payload.get("dataCrc32c") {
        None | Some(Value::Null) => {}
        Some(Value::String(digits) | Value::Int(digits))
            if digits.parse() == Ok(i64::from(crc32c(data.expose()))) => {}
        Some(_) => return Err(damaged("does not fit its checksum")),
    }
    // Airflow takes no connection from an empty secret, and asks for no other name.
    if kind == SecretKind::Connection && data.is_empty() {
        return Ok(Answer::Null);
    }
    Ok(Answer::Found(Found::Text(data)))
}

/// Returns the error of an answer that does not come from Secret Manager.
pub(super) fn not_google(response: &Response) -> Error {
    let status = response.status;
    let error = match status {
        301 | 302 | 303 | 307 | 308 => Error::unavailable(format!(
            "Google Secret Manager redirects (status {status}) to a place where the token must not go"
        )),
        429 | 500.. => Error::unavailable(format!("Google Secret Manager failed (status {status})")),
        _ => Error::unavailable(format!(
            "Google Secret Manager answered with status {status} and something that is not its JSON"
        )),
    };
    error.with_hint("a proxy or a gateway may have answered instead; check `HTTPS_PROXY`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str) -> Result<Answer> {
        let Ok(Value::Object(answer)) = loads(&format!(r#"{{"name": "n", "payload": {payload}}}"#)) else {
            panic!("an object")
        };
        found(SecretKind::Variable, &answer)
    }

    fn bytes(answer: Result<Answer>) -> Vec<u8> {
        match answer {
            Ok(Answer::Found(Found::Text(secret))) => secret.expose().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn data_is_decoded_and_its_checksum_is_text_or_a_number() {
        for payload in [
            r#"{"data": "MTIzNDU2Nzg5"}"#,
            r#"{"data": "MTIzNDU2Nzg5", "dataCrc32c": "3808858755"}"#,
            r#"{"data": "MTIzNDU2Nzg5", "dataCrc32c": 3808858755}"#,
        ] {
            assert_eq!(bytes(answer(payload)), b"123456789", "{payload}");
        }
        assert_eq!(bytes(answer("{}")), b"");
        assert_eq!(bytes(answer(r#"{"data": "/w"}"#)), [0xff]);
    }

    #[test]
    fn a_damaged_payload_is_never_a_value() {
        for payload in [
            "null",
            "[]",
            r#"{"data": "!"}"#,
            r#"{"data": 5}"#,
            r#"{"data": "MTIzNDU2Nzg5", "dataCrc32c": "1"}"#,
            r#"{"data": "MTIzNDU2Nzg5", "dataCrc32c": "x"}"#,
            r#"{"data": "MTIzNDU2Nzg5", "dataCrc32c": {}}"#,
        ] {
            let error = answer(payload).expect_err("no value");
            assert_eq!(error.kind().exit_status(), 5, "{payload}");
        }
    }
}
