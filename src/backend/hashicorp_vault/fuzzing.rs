//! What the fuzzer of `tests/fuzz` feeds Vault's answers to: the meaning of an answer, without the asking.

use super::{Client, Config, VaultBackend};
use crate::backend::Context;
use crate::error::Result;
use crate::http::Response;
use crate::kwargs::Kwargs;
use crate::secret::Secret;
use crate::value::{Answer, SecretKind};

/// A backend that asks nobody.
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
        }))
    }

    /// Holds a token, as one that a login was answered with.
    pub fn hold(&self, token: Secret) {
        self.0.client.hold(token);
    }

    /// Tells what the answer to a read means.
    ///
    /// # Errors
    /// An answer that says neither what the secret is nor that there is none.
    pub fn of_read(&self, kind: SecretKind, kv_engine_version: u8, response: &Response) -> Result<Answer> {
        self.0
            .meaning(kind, "secret", "connections/c", kv_engine_version, response)
    }

    /// Tells what the answer to a login means.
    ///
    /// # Errors
    /// An answer without a token.
    pub fn of_login(&self, response: &Response) -> Result<Secret> {
        self.0.client.token_of("v1/auth/approle/login", response)
    }
}
