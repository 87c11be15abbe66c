//! `token`: `token_path`, else `token`, else `VAULT_TOKEN`. No login.

use super::{AuthKwargs, BoxFuture, Credential, Env, Method, Services, credential_file, required};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Where the token is.
#[derive(Debug)]
pub(super) enum Token {
    /// A file, read at each login.
    File(String),
    /// The token itself.
    Given(Secret),
}

impl Token {
    pub(super) fn boxed(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        if let Some(path) = kwargs.text("token_path")? {
            return Ok(Box::new(Self::File(path)));
        }
        match kwargs
            .secret("token")?
            .or_else(|| env.get("VAULT_TOKEN").cloned())
        {
            Some(token) => Ok(Box::new(Self::Given(token))),
            None => Err(required("token", &["token", "token_path"])
                .with_hint("set it, or the variable `VAULT_TOKEN`")),
        }
    }

    fn token(&self, services: &Services) -> Result<Secret> {
        match self {
            Self::File(path) => credential_file(path, "the token", services),
            Self::Given(token) if token.is_empty() => {
                Err(Error::denied("the Vault token in `VAULT_TOKEN` is empty"))
            }
            Self::Given(token) => Ok(token.clone()),
        }
    }
}

impl Method for Token {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(std::future::ready(self.token(services).map(Credential::Token)))
    }

    fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Given(token) => vec![token.clone()],
        }
    }

    fn refusal_hint(&self) -> &'static str {
        "the token may have expired, have no uses left, or be a wrapping token; or its policies do not allow this path"
    }
}
