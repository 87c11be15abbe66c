//! `gcp`: `POST auth/gcp/login` with `role` and `jwt`, which Google's IAM signs for a service account.
//!
//! Source: apache-airflow-providers-hashicorp 4.8.4, `vault_client.py` (`_auth_gcp`).

use std::path::Path;

use super::{AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services, json, required};
use crate::cloud::google::key::ServiceAccountKey;
use crate::cloud::google::{ApplicationDefault, Credentials, now};
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::python::repr::str;
use crate::python::text::strip;
use crate::secret::Secret;

/// How long Vault accepts the JWT.
const LIFETIME_SECONDS: u64 = 900;

#[derive(Debug)]
pub(super) struct Gcp {
    mount: String,
    role: Value,
    /// Separated by spaces.
    scopes: String,
    credentials: Credentials,
}

impl Gcp {
    pub(super) fn boxed(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("gcp");
        let scopes = kwargs
            .text("gcp_scopes")?
            .ok_or_else(|| required("gcp", &["gcp_scopes"]))?;
        let role = kwargs.required("gcp", "role_id")?;
        let credentials = match (kwargs.text("gcp_key_path")?, kwargs.object("gcp_keyfile_dict")?) {
            (Some(_), key) if !key.is_empty() => {
                return Err(Error::usage(
                    "backend kwargs `gcp_key_path` and `gcp_keyfile_dict` cannot both be set",
                ));
            }
            (Some(path), _)
                if Path::new(&path)
                    .extension()
                    .is_none_or(|extension| extension != "json") =>
            {
                return Err(Error::usage(
                    "backend kwarg `gcp_key_path` must name a `.json` file",
                ));
            }
            (Some(path), _) => Credentials::KeyFile(path),
            (None, key) if !key.is_empty() => Credentials::Key(ServiceAccountKey::from_object(
                "backend kwarg `gcp_keyfile_dict`",
                &key,
            )?),
            (None, _) => Credentials::Default(ApplicationDefault::new(
                env,
                "`gcp_key_path` or `gcp_keyfile_dict`",
            )),
        };
        let scopes: Vec<&str> = scopes.split(',').map(strip).collect();
        Ok(Box::new(Self {
            mount,
            role,
            scopes: scopes.join(" "),
            credentials,
        }))
    }

    async fn login(&self, services: &Services) -> Result<Login> {
        let identity = self.credentials.identity(services, &self.scopes).await?;
        let now = now();
        let mut claims = Object::new();
        claims.insert("iat".to_owned(), Value::Int(now.to_string()));
        claims.insert("exp".to_owned(), Value::Int((now + LIFETIME_SECONDS).to_string()));
        claims.insert("sub".to_owned(), Value::String(identity.email.clone()));
        claims.insert(
            "aud".to_owned(),
            Value::String(format!("vault/{}", str(&self.role))),
        );
        let jwt = identity.sign_jwt(services, claims).await?;
        let role = self.role.clone();
        Ok(Login::new(&self.mount, [("role", role), ("jwt", json(&jwt))]).holding(jwt))
    }
}

impl Method for Gcp {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(async move { self.login(services).await.map(Credential::Login) })
    }

    fn secrets(&self) -> Vec<Secret> {
        self.credentials.secrets()
    }

    fn refusal_hint(&self) -> &'static str {
        "`role_id` may not be bound to this service account or project"
    }
}
