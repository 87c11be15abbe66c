//! The login at Akeyless: who asks, and the body of the request for a token.
//!
//! Source: akeyless 5.0.40, the model `Auth` and its defaults. Must not send anything to Akeyless itself.

use std::time::Instant;

use super::cloud_id::{self, Cloud};
use crate::env::Env;
use crate::error::Result;
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::shown::shown;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Login {
    /// `api_key`: an access id and its key.
    ApiKey { access_id: String, access_key: Secret },
    /// `uid`: a token that is there already.
    Uid(Secret),
    /// An access id, and the proof of a cloud that this machine runs as an account of it.
    Cloud { access_id: String, cloud: Cloud },
}

/// The first step of a login.
pub(super) enum Start {
    /// A token, which needs no request.
    Token(Secret),
    /// The body of the request for a token, and the secret in it.
    Request { body: Object, proof: Secret },
}

impl Login {
    /// Returns the secret that is configured, if there is one.
    pub(super) fn secret(&self) -> Option<Secret> {
        match self {
            Self::ApiKey { access_key, .. } => Some(access_key.clone()),
            Self::Uid(token) => Some(token.clone()),
            Self::Cloud { .. } => None,
        }
    }

    /// Returns who asks, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::ApiKey { access_id, .. } => format!("`api_key` as `{}`", shown(access_id)),
            Self::Uid(_) => "`uid`".to_owned(),
            Self::Cloud { access_id, cloud } => {
                format!("`{}` as `{}`", cloud.access_type(), shown(access_id))
            }
        }
    }

    /// Returns what to check after a refusal.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::ApiKey { .. } => "check `access_id` and `access_key` in the backend kwargs",
            Self::Uid(_) => "check `uid_token` in the backend kwargs",
            Self::Cloud { .. } => {
                "check `access_id`, and that its auth method in Akeyless allows the account of this machine"
            }
        }
    }

    /// Returns the first step of the login.
    ///
    /// # Errors
    /// What kept it from the proof of a cloud.
    pub(super) async fn start(&self, env: &Env, deadline: Instant) -> Result<Start> {
        let (access_id, access_type, proof_name, proof) = match self {
            Self::Uid(token) => return Ok(Start::Token(token.clone())),
            Self::ApiKey {
                access_id,
                access_key,
            } => (access_id, "access_key", "access-key", access_key.clone()),
            Self::Cloud { access_id, cloud } => {
                let proof = cloud_id::make(cloud, env, deadline).await?;
                (access_id, cloud.access_type(), "cloud-id", proof)
            }
        };
        let mut body = Object::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("access-id", access_id.as_str().into());
        set(proof_name, proof.expose_text().unwrap_or_default().into());
        set("access-type", access_type.into());
        // The defaults of the client's model.
        set("azure-cloud", "AzureCloud".into());
        set("gcp-audience", "akeyless.io".into());
        set("json", Value::Bool(false));
        set("oci-auth-type", "apikey".into());
        Ok(Start::Request { body, proof })
    }
}
