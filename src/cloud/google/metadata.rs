//! The metadata server of a machine in Google Cloud: the token of its service account, and its project.
//!
//! google-auth first asks whether the server is there, then for the project, the account and the token. Here the token alone is
//! asked for: the answer says all that. Source: google-auth 2.63.0, `compute_engine/_metadata.py`, `compute_engine/credentials.py`.

use super::credential::{Credential, Scopes};
use super::{AccessToken, TokenContext};
use crate::cloud::services::{ServiceRequest, object, refused, unreachable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::http::Response;
use crate::python::quote::quote;
use crate::python::text::strip;
use crate::secret::Secret;

const WHAT: &str = "Google's metadata server";

/// Google's metadata server: `_GCE_DEFAULT_HOST`.
const HOST: &str = "metadata.google.internal";

/// The metadata server.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    /// Its host, and a port if it has one.
    pub(super) host: String,
    /// Whether `NO_GCE_CHECK` says that it is not there.
    pub(super) is_off: bool,
    /// The kwargs that give other credentials, for a hint.
    pub(super) kwargs: &'static str,
}

impl Metadata {
    /// Reads `GCE_METADATA_HOST`, else `GCE_METADATA_ROOT`, and `NO_GCE_CHECK`.
    pub(super) fn new(env: &Env, kwargs: &'static str) -> Self {
        let host = ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"];
        let host = host.iter().find_map(|name| env.non_empty(name));
        Self {
            host: host.unwrap_or(HOST).to_owned(),
            is_off: env.text("NO_GCE_CHECK") == Some("true"),
            kwargs,
        }
    }

    /// Returns the error of credentials that are nowhere.
    pub(super) fn none(&self) -> Error {
        Error::denied("no Google credentials found")
            .with_detail("looked for `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's file and a metadata server")
            .with_hint(format!("set {}", self.kwargs))
    }

    /// Returns the request for `path`.
    pub(super) fn get(&self, path: &str) -> ServiceRequest {
        let url = format!("http://{}/computeMetadata/v1/{path}", self.host);
        ServiceRequest::get(url).header("metadata-flavor", "Google")
    }

    /// Asks for `path` once it is certain that the server is there.
    ///
    /// # Errors
    /// No server, with status 4; no answer, 5.
    async fn ask(&self, context: &TokenContext, path: &str) -> Result<Response> {
        if self.is_off {
            return Err(self.none());
        }
        let root = format!("http://{}/", self.host);
        if !context.services.is_there(&root).await? {
            return Err(self.none());
        }
        let answer = context.services.google_metadata(self.get(path)).await;
        answer.map_err(|failure| unreachable(WHAT, failure))
    }

    /// Returns the machine's project; `None` when the server does not say.
    ///
    /// # Errors
    /// As [`Credential::token`].
    pub(super) async fn project(&self, context: &TokenContext) -> Result<Option<String>> {
        let response = self.ask(context, "project/project-id").await?;
        let project = response.body.expose_text().map(strip);
        let project = project.filter(|project| response.status == 200 && !project.is_empty());
        Ok(project.map(str::to_owned))
    }

    /// Returns an ID token of the machine for `audience`.
    ///
    /// # Errors
    /// As [`Credential::token`].
    pub(super) async fn id_token(&self, context: &TokenContext, audience: &str) -> Result<Secret> {
        let path = format!(
            "instance/service-accounts/default/identity?audience={}&format=full",
            quote(audience)
        );
        let response = self.ask(context, &path).await?;
        match response.status {
            200 if !response.body.is_empty() => Ok(response.body),
            _ => Err(refused(WHAT, &response)),
        }
    }

    async fn machine_token(&self, context: &TokenContext, scopes: &Scopes) -> Result<AccessToken> {
        let mut path = "instance/service-accounts/default/token".to_owned();
        if let Some(scopes) = scopes.explicit() {
            path = format!("{path}?scopes={}", quote(&scopes.join(",")));
        }
        let response = self.ask(context, &path).await?;
        match response.status {
            200 => object(&response)
                .and_then(|answer| AccessToken::of_oauth(&answer))
                .ok_or_else(|| Error::unavailable(format!("{WHAT} answered without an access token"))),
            404 => Err(Error::denied("this machine has no service account")
                .with_detail(format!("{WHAT} answered with status 404"))
                .with_hint(format!(
                    "attach a service account to the machine, or set {}",
                    self.kwargs
                ))),
            status @ 400..=499 if !matches!(status, 408 | 429) => Err(Error::denied(format!(
                "{WHAT} refused the request (status {status})"
            ))
            .with_hint("check the machine's service account and its scopes")),
            status => Err(Error::unavailable(format!("{WHAT} failed (status {status})"))),
        }
    }
}

impl Credential for Metadata {
    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.machine_token(context, scopes))
    }
}
