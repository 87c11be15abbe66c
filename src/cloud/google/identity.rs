//! A service account that can ask IAM to sign, for Vault's `gcp` login.
//!
//! It comes from a key, application default credentials with a key, or the metadata server. Sources:
//! apache-airflow-providers-google 22.8.0, `utils/credentials_provider.py`; google-auth 2.63.0, `_default.py` and
//! `compute_engine/_metadata.py`.

use super::default::{DefaultSettings, Place};
use super::key::ServiceAccountKey;
use super::service_account::assertion;
use super::source::{named, read};
use crate::cloud::services::{ServiceRequest, Services, object, refused, text, unreachable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::json::{Object, Value, dumps};
use crate::python::quote::quote;
use crate::secret::Secret;

/// The endpoint of Google's IAM.
const IAM: &str = "https://iam.googleapis.com";

/// Where the credentials come from.
#[derive(Debug)]
pub(crate) enum Credentials {
    KeyFile(String),
    Key(ServiceAccountKey),
    Default(ApplicationDefault),
}

/// The settings with which application default credentials are found.
#[derive(Debug)]
pub(crate) struct ApplicationDefault(DefaultSettings);

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
                let account = ServiceAccountKey::from_object(&named(path), &read(path, services.deadline)?)?;
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
    let assertion = account.sign(assertion(&account.email, scopes))?;
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
        Self(DefaultSettings::new(env, kwargs))
    }

    async fn identity(&self, services: &Services, scopes: &str) -> Result<Identity> {
        let (Place::File(path) | Place::Gcloud(path)) = self.0.place(services.deadline) else {
            return self.with_metadata(services, scopes).await;
        };
        let object = read(&path, services.deadline)?;
        match text(&object, "type") {
            Some("service_account") => {
                let account = ServiceAccountKey::from_object(&named(&path), &object)?;
                with_key(services, &account, scopes, self.0.project_id.as_deref()).await
            }
            kind => Err(Error::usage(format!(
                "{} holds credentials of type `{}`, not of a service account",
                named(&path),
                kind.unwrap_or_default().escape_debug()
            ))
            .with_hint("use a service account's key, or run where a metadata server is available")),
        }
    }

    /// Asks the metadata server for the machine's own service account.
    async fn with_metadata(&self, services: &Services, scopes: &str) -> Result<Identity> {
        let metadata = &self.0.metadata;
        let none = || metadata.none();
        if metadata.is_off {
            return Err(none());
        }
        let get = |path: &str| metadata.get(path);
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
        let project_id = if let Some(project_id) = &self.0.project_id {
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

fn access_token(response: &crate::http::Response, what: &str) -> Result<Secret> {
    let answer = object(response);
    let token = answer
        .as_ref()
        .and_then(|answer| text(answer, "access_token"))
        .map(Secret::from);
    token.ok_or_else(|| Error::unavailable(format!("{what} answered without an access token")))
}
