//! The entry point of the fuzzer of `tests/fuzz` for challenges and answers: the whole client of a vault, without a network.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::challenge::Challenge;
use super::client::VaultClient;
use super::config::Config;
use crate::backend::BoxFuture;
use crate::cloud::azure::tokens::Tokens;
use crate::cloud::azure::transport::Sender;
use crate::cloud::azure::{self, CredentialContext};
use crate::env::Env;
use crate::error::Result;
use crate::http::{Request, Response};
use crate::kwargs::Kwargs;
use crate::secret::Redaction;
use crate::value::Answer;

/// A challenge that has been read and checked.
#[derive(Debug)]
pub struct Accepted {
    /// The scope of the token.
    pub scope: String,
    /// The vault's tenant.
    pub tenant: Option<String>,
    /// Claims that the token must have.
    pub claims: Option<String>,
    /// The header that the SDK gets instead.
    pub canonical: String,
}

/// Reads the challenge of a vault at `authority`.
///
/// # Errors
/// A challenge that is malformed, or for another service.
pub fn challenge(header: &str, authority: &str) -> Result<Accepted> {
    let challenge = Challenge::parse(header)?;
    challenge.verify(authority, &Redaction::default())?;
    let canonical = challenge.canonical();
    Ok(Accepted {
        scope: challenge.scope,
        tenant: challenge.tenant,
        claims: challenge.claims,
        canonical,
    })
}

/// The function that answers requests.
pub type Server = Box<dyn FnMut(&Request) -> Response + Send>;

/// A sender that calls the server instead of the network.
struct Fake(Mutex<Server>);

impl Sender for Fake {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let mut server = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(ready(Ok(server(&request))))
    }

    fn connects<'a>(&'a self, _: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(ready(false))
    }
}

/// Asks the vault of `kwargs` for the secret `name`. `server` answers all requests, including logins.
///
/// # Errors
/// What kept it from an answer.
pub async fn ask(kwargs: Kwargs, name: &str, server: Server) -> Result<Answer> {
    let config = Config::new(kwargs)?;
    let sender: Arc<dyn Sender> = Arc::new(Fake(Mutex::new(server)));
    let redactor = Arc::new(Redaction::default());
    let context = CredentialContext {
        env: Env::default(),
        sender: Arc::clone(&sender),
        direct: Arc::clone(&sender),
        redactor: Arc::clone(&redactor),
        deadline: Instant::now() + Duration::from_secs(30),
        words: super::WORDS,
    };
    let credential = azure::build(&config.identity, &context)?;
    let tokens = Tokens::new(credential, Arc::clone(&redactor));
    let client = VaultClient::new(&config, tokens, sender, redactor)?;
    client.get(name).await
}
