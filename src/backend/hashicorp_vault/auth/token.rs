//! `token`: `token_path`, before `token`, before `VAULT_TOKEN`. No login.

use super::{Taken, credential_file, required};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// What a refused token is likely to be.
pub(super) const REFUSAL_HINT: &str = "the token may have expired, have no uses left, or be a wrapping token; or its policies do not allow this path";

/// Where the token is.
#[derive(Debug)]
pub(in super::super) enum Token {
    /// A file, read at each login.
    File(String),
    /// The token itself.
    Given(Secret),
}

impl Token {
    pub(super) fn new(taken: Taken, env: &Env) -> Result<Self> {
        if let Some(path) = taken.token_path {
            return Ok(Self::File(path));
        }
        match taken.token.or_else(|| env.get("VAULT_TOKEN").cloned()) {
            Some(token) => Ok(Self::Given(token)),
            None => Err(required("token", &["token", "token_path"])
                .with_hint("a token in the variable `VAULT_TOKEN` serves too")),
        }
    }

    pub(super) fn token(&self) -> Result<Secret> {
        match self {
            Self::File(path) => credential_file(path, "the token"),
            Self::Given(token) if token.is_empty() => {
                Err(Error::denied("the Vault token in `VAULT_TOKEN` is empty"))
            }
            Self::Given(token) => Ok(token.clone()),
        }
    }

    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Given(token) => vec![token.clone()],
        }
    }
}
