//! A user of a workforce pool, as `gcloud auth application-default login --login-config` writes the credentials.
//!
//! Source: google-auth 2.63.0, `external_account_authorized_user.py`, `oauth2/sts.py` (`refresh_token`).

use super::credential::{Credential, Scopes, required};
use super::token_endpoint::{Endpoint, basic};
use super::{AccessToken, DEFAULT_UNIVERSE, TokenContext};
use crate::cloud::services::text;
use crate::error::Result;
use crate::future::BoxFuture;
use crate::python::json::Object;
use crate::secret::Secret;

pub(super) struct ExternalUser {
    stored: Option<AccessToken>,
    refresh: Option<Refresh>,
    universe: String,
}

struct Refresh {
    token_url: String,
    authorization: Secret,
    token: Secret,
}

impl ExternalUser {
    /// Reads the object of a file.
    ///
    /// # Errors
    /// A missing field, with status 2.
    pub(super) fn from_object(what: &str, object: &Object) -> Result<Self> {
        let stored = AccessToken::stored(object);
        let refresh = || {
            let client_id = required(what, object, "client_id")?;
            let client_secret = required(what, object, "client_secret")?;
            Ok(Refresh {
                token_url: required(what, object, "token_url")?,
                authorization: basic(&client_id, &client_secret),
                token: required(what, object, "refresh_token")?.into(),
            })
        };
        let refresh = match (refresh(), &stored) {
            (Ok(refresh), _) => Some(refresh),
            (Err(_), Some(_)) => None,
            (Err(error), None) => return Err(error),
        };
        Ok(Self {
            stored,
            refresh,
            universe: text(object, "universe_domain")
                .unwrap_or(DEFAULT_UNIVERSE)
                .to_owned(),
        })
    }
}

impl Credential for ExternalUser {
    fn token<'a>(&'a self, context: &'a TokenContext, _: &'a Scopes) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(async move {
            let refresh = match (&self.stored, &self.refresh) {
                (Some(token), _) => return Ok(token.clone()),
                (None, Some(refresh)) => refresh,
                (None, None) => return Err(crate::error::Error::internal("credentials without a token")),
            };
            let endpoint = Endpoint {
                what: "Google's Security Token Service",
                url: &refresh.token_url,
                hint: "log in again with `gcloud auth application-default login`",
            };
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.token.expose_text().unwrap_or_default()),
            ];
            endpoint
                .post_form(context, &form, Some(refresh.authorization.clone()))
                .await
        })
    }

    fn universe(&self) -> &str {
        &self.universe
    }
}
