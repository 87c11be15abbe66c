//! `azure` and `radius`: no login, but an existing token.
//!
//! A deliberate difference: for these two, Airflow *writes the auth method's configuration* to Vault, and continues with
//! `VAULT_TOKEN` or `~/.vault-token` (hvac 2.4.0, `utils.py`, `get_token_from_env`). secretctl writes nothing to Vault. It uses
//! that token if it exists, and fails if it does not.

use super::{AuthKwargs, BoxFuture, Credential, Env, Method, Services};
use crate::error::{Error, Result};
use crate::file;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct ExistingToken {
    auth_type: &'static str,
    token: Option<Secret>,
    home: Option<String>,
}

impl ExistingToken {
    pub(super) fn azure(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        for name in ["azure_resource", "azure_tenant_id"] {
            kwargs.required("azure", name)?;
        }
        Ok(Self::boxed("azure", env))
    }

    pub(super) fn radius(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        for name in ["radius_host", "radius_secret"] {
            kwargs.required("radius", name)?;
        }
        Ok(Self::boxed("radius", env))
    }

    fn boxed(auth_type: &'static str, env: &Env) -> Box<dyn Method> {
        let token = env.get("VAULT_TOKEN").filter(|token| !token.is_empty()).cloned();
        Box::new(Self {
            auth_type,
            token,
            home: env.non_empty("HOME").map(str::to_owned),
        })
    }

    fn token(&self, services: &Services) -> Result<Secret> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let file = self
            .home
            .as_ref()
            .map(|home| std::path::Path::new(home).join(".vault-token"));
        let bytes = file.and_then(|path| file::read(&path, services.deadline).ok());
        match bytes.as_ref().and_then(Secret::expose_text).map(str::trim) {
            Some(token) if !token.is_empty() => Ok(Secret::from(token)),
            _ => Err(
                Error::usage(format!("Vault's auth type `{}` does not log in", self.auth_type))
                    .with_detail(
                        "Airflow writes the method's configuration to Vault instead; secretctl does not",
                    )
                    .with_hint(
                        "set `VAULT_TOKEN`, or use the auth type `jwt` with a token for your identity",
                    ),
            ),
        }
    }
}

impl Method for ExistingToken {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(std::future::ready(self.token(services).map(Credential::Token)))
    }

    fn secrets(&self) -> Vec<Secret> {
        self.token.iter().cloned().collect()
    }

    fn refusal_hint(&self) -> &'static str {
        "the token in `VAULT_TOKEN` or `~/.vault-token` may have expired, or its policies do not allow this path"
    }
}
