//! The entry point of the fuzzer of `tests/fuzz` for Vault's answers: their meaning, without a request.

use super::{Client, Config, VaultBackend};
use crate::backend::Context;
use crate::error::Result;
use crate::http::Response;
use crate::kwargs::Kwargs;
use crate::secret::Secret;
use crate::value::{Answer, SecretKind};

/// A backend that sends no request.
pub struct Answers(VaultBackend);

impl Answers {
    /// Builds the backend.
    ///
    /// # Errors
    /// Kwargs that it refuses.
    pub fn new(kwargs: Kwargs, context: &Context<'_>) -> Result<Self> {
        let config = Config::new(kwargs, context)?;
        Ok(Self(VaultBackend {
            client: Client::new(config),
            jobs: 1,
        }))
    }

    /// Holds a token, as if it came from a login.
    pub fn hold(&self, token: Secret) {
        self.0.client.hold(token);
    }

    /// Returns the meaning of the answer to a read.
    ///
    /// # Errors
    /// An answer that has no secret and does not say that it is absent.
    pub fn of_read(&self, kind: SecretKind, kv_engine_version: u8, response: &Response) -> Result<Answer> {
        self.0
            .meaning(kind, "secret", "connections/c", kv_engine_version, response)
    }

    /// Returns the meaning of the answer to a login.
    ///
    /// # Errors
    /// An answer without a token.
    pub fn of_login(&self, response: &Response) -> Result<Secret> {
        self.0.client.token_of("v1/auth/approle/login", response)
    }
}
