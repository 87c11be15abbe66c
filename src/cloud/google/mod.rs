//! Who we are to Google Cloud: a service account's key, application default credentials, or the machine's own account.
//!
//! Sources: apache-airflow-providers-google, `utils/credentials_provider.py`; google-auth 2.x, `_default.py` and
//! `compute_engine/_metadata.py`.

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::cloud::services::{ServiceRequest, Services, object, refused, text, unreachable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{Object, Value, dumps, loads};
use crate::python::quote::quote;
use crate::secret::Secret;

pub(crate) mod key;

use key::ServiceAccountKey;

/// The lifetime of an assertion for an access token: google-auth's `_DEFAULT_TOKEN_LIFETIME_SECS`.
const ASSERTION_SECONDS: u64 = 3600;

/// The audience of every assertion, independent of the key's `token_uri`: google-auth's `_GOOGLE_OAUTH2_TOKEN_ENDPOINT`.
const ASSERTION_AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// The endpoint of Google's IAM.
const IAM: &str = "https://iam.googleapis.com";

/// Google's metadata server: google-auth's `_GCE_DEFAULT_HOST`.
const METADATA_HOST: &str = "metadata.google.internal";

/// Where the credentials come from.
#[derive(Debug)]
pub(crate) enum Credentials {
    KeyFile(String),
    Key(ServiceAccountKey),
    Default(ApplicationDefault),
}

/// The settings with which application default credentials are found.
#[derive(Debug)]
pub(crate) struct ApplicationDefault {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    file: Option<String>,
    /// The file that `gcloud auth application-default login` writes.
    well_known: Option<PathBuf>,
    /// `GOOGLE_CLOUD_PROJECT`, else `GCLOUD_PROJECT`.
    project_id: Option<String>,
    metadata_host: String,
    no_metadata: bool,
    /// The kwargs that give a key, for a hint.
    kwargs: &'static str,
}

/// A service account that can ask IAM to sign.
pub(crate) struct Identity {
    pub(crate) email: String,
    project_id: String,
    access_token: Secret,
}

impl Credentials {
    /// Returns the service account, with an access token for `scopes`, which are separated by spaces.
    ///
    /// # Errors
    /// No credentials, or a refusal, with status 4; no answer, 5; a key that cannot be used, 2.
    pub(crate) async fn identity(&self, services: &Services, scopes: &str) -> Result<Identity> {
        match self {
            Self::KeyFile(path) => {
                let account =
                    ServiceAccountKey::from_object(&shown(path), &key_file(path, services.deadline)?)?;
                with_key(services, &account, scopes, None).await
            }
            Self::Key(account) => with_key(services, account, scopes, None).await,
            Self::Default(default) => default.identity(services, scopes).await,
        }
    }

    /// Returns their secrets.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Key(account) => account.secrets(),
            _ => Vec::new(),
        }
    }
}

impl Identity {
    /// Returns a JWT with `claims` that IAM signs with the service account's key.
    ///
    /// # Errors
    /// A refusal, with status 4; no answer, 5.
    pub(crate) async fn sign_jwt(&self, services: &Services, claims: Object) -> Result<Secret> {
        let mut body = Object::new();
        body.insert("payload".to_owned(), Value::String(dumps(&Value::Object(claims))));
        let url = format!(
            "{IAM}/v1/projects/{}/serviceAccounts/{}:signJwt?alt=json",
            segment(&self.project_id),
            segment(&self.email)
        );
        let mut bearer = b"Bearer ".to_vec();
        bearer.extend_from_slice(self.access_token.expose());
        let body = Secret::from(dumps(&Value::Object(body)));
        let request =
            ServiceRequest::post(url, "application/json", body).header("authorization", Secret::new(bearer));
        let response = services
            .google(request)
            .await
            .map_err(|failure| unreachable("Google's IAM", failure))?;
        if response.status != 200 {
            return Err(refused("Google's IAM", &response).with_hint(
                "the service account needs the permission `iam.serviceAccounts.signJwt` on itself",
            ));
        }
        let answer = object(&response);
        let jwt = answer
            .as_ref()
            .and_then(|answer| text(answer, "signedJwt"))
            .map(Secret::from);
        jwt.ok_or_else(|| Error::unavailable("Google's IAM answered without a signed JWT"))
    }
}

/// Gets an access token for an assertion that the account's key signs.
async fn with_key(
    services: &Services,
    account: &ServiceAccountKey,
    scopes: &str,
    project_id: Option<&str>,
) -> Result<Identity> {
    let now = now();
    let mut claims = Object::new();
    claims.insert("iat".to_owned(), Value::Int(now.to_string()));
    claims.insert(
        "exp".to_owned(),
        Value::Int((now + ASSERTION_SECONDS).to_string()),
    );
    claims.insert("iss".to_owned(), Value::String(account.email.clone()));
    claims.insert("aud".to_owned(), Value::String(ASSERTION_AUDIENCE.to_owned()));
    claims.insert("scope".to_owned(), Value::String(scopes.to_owned()));
    let assertion = account.sign(claims)?;
    let form = format!(
        "assertion={}&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
        assertion.expose_text().unwrap_or_default()
    );
    let request = ServiceRequest::post(
        &account.token_uri,
        "application/x-www-form-urlencoded",
        Secret::from(form),
    );
    let what = "Google's token endpoint";
    let response = services
        .google(request)
        .await
        .map_err(|failure| unreachable(what, failure))?;
    if response.status != 200 {
        return Err(refused(what, &response));
    }
    Ok(Identity {
        email: account.email.clone(),
        project_id: project_id
            .or(account.project_id.as_deref())
            .unwrap_or("-")
            .to_owned(),
        access_token: access_token(&response, what)?,
    })
}

impl ApplicationDefault {
    /// Reads the settings from the environment. `kwargs` names the kwargs that the user can set instead, for a hint.
    pub(crate) fn new(env: &Env, kwargs: &'static str) -> Self {
        let folder = env.non_empty("CLOUDSDK_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| {
            env.non_empty("HOME")
                .map(|home| PathBuf::from(home).join(".config/gcloud"))
        });
        let project = ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"]
            .iter()
            .find_map(|name| env.non_empty(name));
        let host = ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"]
            .iter()
            .find_map(|name| env.non_empty(name));
        Self {
            file: env.non_empty("GOOGLE_APPLICATION_CREDENTIALS").map(str::to_owned),
            well_known: folder.map(|folder| folder.join("application_default_credentials.json")),
            project_id: project.map(str::to_owned),
            metadata_host: host.unwrap_or(METADATA_HOST).to_owned(),
            no_metadata: env
                .text("NO_GCE_CHECK")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            kwargs,
        }
    }

    async fn identity(&self, services: &Services, scopes: &str) -> Result<Identity> {
        let path = match &self.file {
            Some(file) => Some(file.clone()),
            None => self
                .well_known
                .as_ref()
                .filter(|path| file::is_file(path, services.deadline).unwrap_or(false))
                .map(|path| path.to_string_lossy().into_owned()),
        };
        let Some(path) = path else {
            return self.with_metadata(services, scopes).await;
        };
        let object = key_file(&path, services.deadline)?;
        match text(&object, "type") {
            Some("service_account") => {
                let account = ServiceAccountKey::from_object(&shown(&path), &object)?;
                with_key(services, &account, scopes, self.project_id.as_deref()).await
            }
            kind => Err(Error::usage(format!(
                "{} holds credentials of type `{}`, not of a service account",
                shown(&path),
                kind.unwrap_or_default().escape_debug()
            ))
            .with_hint("use a service account's key, or run where a metadata server is available")),
        }
    }

    /// Asks the metadata server for the machine's own service account.
    async fn with_metadata(&self, services: &Services, scopes: &str) -> Result<Identity> {
        let none = || {
            Error::denied("no Google credentials found")
                .with_detail(
                    "looked for `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's file and a metadata server",
                )
                .with_hint(format!("set {}", self.kwargs))
        };
        if self.no_metadata {
            return Err(none());
        }
        let root = format!("http://{}/computeMetadata/v1", self.metadata_host);
        let get =
            |path: &str| ServiceRequest::get(format!("{root}/{path}")).header("metadata-flavor", "Google");
        let accounts = "instance/service-accounts/default";
        let Some(response) = services
            .ask_if_there(get(&format!("{accounts}/?recursive=true")))
            .await?
        else {
            return Err(none());
        };
        let account = object(&response)
            .filter(|_| response.status == 200)
            .ok_or_else(none)?;
        let email = text(&account, "email").ok_or_else(none)?.to_owned();
        let scopes = scopes.replace(' ', ",");
        let what = "Google's metadata server";
        let path = format!(
            "instance/service-accounts/{}/token?scopes={}",
            quote(&email),
            quote(&scopes)
        );
        let response = services
            .metadata(get(&path))
            .await
            .map_err(|failure| unreachable(what, failure))?;
        if response.status != 200 {
            return Err(refused(what, &response));
        }
        let access_token = access_token(&response, what)?;
        let project_id = if let Some(project_id) = &self.project_id {
            project_id.clone()
        } else {
            let project = services.metadata(get("project/project-id")).await;
            let project = project.ok().filter(|response| response.status == 200);
            let project = project.as_ref().and_then(|response| response.body.expose_text());
            project.map_or("-", str::trim).to_owned()
        };
        Ok(Identity {
            email,
            project_id,
            access_token,
        })
    }
}

/// Quotes a segment of an API's path. Google's client leaves `:` and `@` unquoted.
fn segment(text: &str) -> String {
    quote(text).replace("%40", "@").replace("%3A", ":")
}

fn shown(path: &str) -> String {
    format!("the Google key file `{}`", path.escape_debug())
}

/// Reads a key file.
///
/// # Errors
/// A missing file, with status 4; one that is not a JSON object, 2.
fn key_file(path: &str, deadline: Instant) -> Result<Object> {
    let bytes = file::read(Path::new(path), deadline)
        .map_err(|source| Error::denied(format!("{} cannot be read", shown(path))).with_source(source))?;
    match bytes.expose_text().and_then(|text| loads(text).ok()) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(Error::usage(format!("{} is not a JSON object", shown(path)))),
    }
}

fn access_token(response: &crate::http::Response, what: &str) -> Result<Secret> {
    let answer = object(response);
    let token = answer
        .as_ref()
        .and_then(|answer| text(answer, "access_token"))
        .map(Secret::from);
    token.ok_or_else(|| Error::unavailable(format!("{what} answered without an access token")))
}

/// Returns the seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
