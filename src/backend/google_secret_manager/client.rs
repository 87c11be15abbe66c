//! One question to Secret Manager, `GET …/versions/latest:access`, and its answer.
//!
//! Source: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access>. Airflow's client
//! (google-cloud-secret-manager 2.32.0) repeats `UNAVAILABLE` and `RESOURCE_EXHAUSTED` for 60 seconds; here `--timeout` is the limit.

use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::config::{CREDENTIAL_KWARGS, Config, project_fault};
use super::crc32c::crc32c;
use super::refusal;
use crate::cloud::google::{AccessToken, Loaded, Scopes, TokenContext};
use crate::cloud::services::Services;
use crate::cloud::token_cache::{Token, TokenCache};
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Client, FailureKind, Request, Response, Retry};
use crate::python::json::{Object, Value, loads};
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// The audience of a token that a service account signs for itself. A different universe or endpoint does not change it.
const AUDIENCE: &str = "https://secretmanager.googleapis.com/";

/// What to do when the project is not known, or cannot be one.
const SET_PROJECT: &str = "set the backend kwarg `project_id`";

/// The time limit for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which requests are repeated: what gRPC calls `UNAVAILABLE` or `RESOURCE_EXHAUSTED`.
const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[429, 502, 503, 504],
    statuses_with_retry_after: &[],
    backoff: Duration::from_millis(500),
    after_sending: true,
    decide: None,
};

/// Base64 as Google writes it, and without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The client of one backend: one set of credentials, one token at a time.
pub(super) struct SecretManager {
    http: Client,
    url: String,
    context: TokenContext,
    credentials: Loaded,
    scopes: Scopes,
    /// The kwarg `project_id`.
    project_id: Option<String>,
    sessions: TokenCache<Session>,
}

/// Who asks, and for which project.
#[derive(Clone)]
struct Session {
    token: AccessToken,
    project: String,
}

impl Token for Session {
    fn expires_at(&self) -> Option<SystemTime> {
        self.token.expires_at()
    }
}

impl SecretManager {
    /// Reads the credentials. It sends nothing.
    ///
    /// # Errors
    /// No credentials, with status 4; credentials that cannot be used, 2.
    pub(super) fn new(config: &Config, env: &Env, deadline: Instant) -> Result<Self> {
        let chain = config
            .chain
            .as_ref()
            .map(|(accounts, is_list)| (accounts.as_slice(), *is_list));
        Ok(Self {
            http: Client::new(trust::options(env, TIMEOUT, deadline)),
            url: config.url.clone(),
            credentials: Loaded::new(&config.source, chain, env, deadline, CREDENTIAL_KWARGS)?,
            context: TokenContext {
                services: Services::new(env, deadline),
                env: env.clone(),
                audience: AUDIENCE,
            },
            scopes: config.scopes.clone(),
            project_id: config.project_id.clone(),
            sessions: TokenCache::new(),
        })
    }

    /// Marks this as a probe: there is one login, even if it fails.
    pub(super) fn probing(&self) {
        self.sessions.probing();
    }

    /// Reads the newest version of the secret `name`.
    ///
    /// # Errors
    /// What kept it from an answer, with status 2, 4 or 5.
    pub(super) async fn access(&self, kind: SecretKind, name: &str) -> Result<Answer> {
        let (session, _) = self.sessions.get("", None, self.session()).await?;
        let project = &session.project;
        let mut headers = vec![("authorization".to_owned(), session.token.bearer())];
        if let Some(quota) = &self.credentials.quota_project {
            headers.push(("x-goog-user-project".to_owned(), Secret::from(quota.as_str())));
        }
        let request = Request {
            method: "GET",
            url: format!(
                "{}/v1/projects/{project}/secrets/{name}/versions/latest:access",
                self.url
            ),
            headers,
            body: None,
            retry: RETRY,
            follow_redirects: false,
        };
        let response = self
            .http
            .send(request)
            .await
            .map_err(|failure| match failure.kind() {
                FailureKind::Configuration => Error::from(failure),
                FailureKind::Deadline | FailureKind::Certificate(_) | FailureKind::Proxy => {
                    Error::from(failure)
                }
                _ => Error::unavailable("Google Secret Manager did not answer").with_source(failure),
            })?;
        let answer = response
            .body
            .expose_text()
            .map(|text| loads(text.trim_start_matches('\u{feff}')));
        match answer {
            Some(Ok(Value::Object(answer))) if response.status == 200 => found(kind, &answer),
            Some(Ok(Value::Object(answer))) => refusal::meaning(project, name, response.status, &answer),
            Some(Err(error)) if !error.is_decode_error() => {
                Err(Error::malformed("the secret in Google Secret Manager cannot be read").with_source(error))
            }
            _ => Err(not_google(&response)),
        }
    }

    /// Gets a token, and the project of the credentials if no kwarg names it.
    ///
    /// # Errors
    /// No project, or one that no secret can be in, with status 2; what kept it from a token.
    async fn session(&self) -> Result<Session> {
        let unknown = || {
            Error::usage("the Google Cloud project of the secrets is not known")
                .with_detail("neither `project_id` nor the credentials nor `GOOGLE_CLOUD_PROJECT` names one")
                .with_hint(SET_PROJECT)
        };
        let Self {
            credentials, scopes, ..
        } = self;
        if self.project_id.is_none() && credentials.lacks_project(scopes) {
            return Err(unknown());
        }
        let token = credentials.credential.token(&self.context, scopes).await?;
        if let Some(project) = self.project_id.clone() {
            return Ok(Session { token, project });
        }
        let project = credentials.project(&self.context, scopes, &token).await?;
        let project = project
            .filter(|project| !project.is_empty())
            .ok_or_else(unknown)?;
        match project_fault(&project) {
            Some(why) => Err(
                Error::usage(format!("the project of the Google credentials {why}")).with_hint(SET_PROJECT),
            ),
            None => Ok(Session { token, project }),
        }
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
fn not_google(response: &Response) -> Error {
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
