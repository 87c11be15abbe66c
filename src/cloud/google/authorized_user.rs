//! A user's own credentials, as `gcloud auth application-default login` writes them.
//!
//! Source: google-auth 2.63.0, `oauth2/credentials.py` (`from_authorized_user_info`) and `oauth2/reauth.py` (`refresh_grant`).

use super::credential::{Credential, Scopes, required};
use super::service_account::ASSERTION_AUDIENCE;
use super::token_endpoint::Endpoint;
use super::{AccessToken, DEFAULT_UNIVERSE, TokenContext};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::python::json::{Object, Value};
use crate::secret::Secret;

/// The endpoint that refreshes a user's credentials, whatever the file's `token_uri` is.
const ENDPOINT: Endpoint<'static> = Endpoint {
    what: "Google's token endpoint",
    url: ASSERTION_AUDIENCE,
    hint: "log in again with `gcloud auth application-default login`",
};

pub(super) struct AuthorizedUser {
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
    /// Separated by blanks; empty without any.
    scopes: String,
    /// A proof that the user was asked again.
    rapt: Option<Secret>,
    stored: Option<AccessToken>,
}

impl AuthorizedUser {
    /// Reads the object of a file.
    ///
    /// # Errors
    /// A missing field, or another universe, with status 2.
    pub(super) fn from_object(what: &str, object: &Object) -> Result<Self> {
        if text(object, "universe_domain").is_some_and(|universe| universe != DEFAULT_UNIVERSE) {
            return Err(Error::usage(format!(
                "{what} has a `universe_domain` in which a user's credentials cannot be refreshed"
            )));
        }
        Ok(Self {
            client_id: required(what, object, "client_id")?,
            client_secret: required(what, object, "client_secret")?.into(),
            refresh_token: required(what, object, "refresh_token")?.into(),
            scopes: match object.get("scopes") {
                Some(Value::String(scopes)) => scopes.clone(),
                Some(Value::List(scopes)) => scopes
                    .iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(" "),
                _ => String::new(),
            },
            rapt: text(object, "rapt_token").map(Secret::from),
            stored: AccessToken::stored(object),
        })
    }

    async fn refreshed(&self, context: &TokenContext) -> Result<AccessToken> {
        let form = self.form(&self.scopes);
        ENDPOINT.post_form(context, &form, None).await
    }

    /// Returns an ID token of the user. Its audience is gcloud itself, whatever is asked for.
    ///
    /// # Errors
    /// As [`Credential::token`].
    pub(super) async fn id_token(&self, context: &TokenContext) -> Result<Secret> {
        let form = self.form("openid email");
        let answer = ENDPOINT.form(context, &form, None).await?;
        text(&answer, "id_token")
            .map(Secret::from)
            .ok_or_else(|| ENDPOINT.without_token())
    }

    fn form<'a>(&'a self, scopes: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            (
                "client_secret",
                self.client_secret.expose_text().unwrap_or_default(),
            ),
            (
                "refresh_token",
                self.refresh_token.expose_text().unwrap_or_default(),
            ),
        ];
        if !scopes.is_empty() {
            form.push(("scope", scopes));
        }
        if let Some(rapt) = self.rapt.as_ref().and_then(Secret::expose_text) {
            form.push(("rapt", rapt));
        }
        form
    }
}

impl Credential for AuthorizedUser {
    fn token<'a>(&'a self, context: &'a TokenContext, _: &'a Scopes) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            match &self.stored {
                Some(token) => Ok(token.clone()),
                None => self.refreshed(context).await,
            }
        })
    }
}
