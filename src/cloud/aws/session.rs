//! A session of botocore's: its settings, and one set of credentials.
//!
//! Owns that the credentials are looked for once, and what a role of the kwargs changes. Must not know what a backend asks.
//!
//! Source: botocore 1.44.8, `session.py`; apache-airflow-providers-amazon 9.39.0, `hooks/base_aws.py` (`create_session`,
//! `_create_session_with_assume_role`, `_get_web_identity_credential_fetcher`).

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Instant;

use super::chain;
use super::client_config::ClientConfig;
use super::credentials::Credentials;
use super::role::{Role, RoleMethod};
use super::settings::{SessionOptions, SessionSettings};
use super::sts::{self, Action};
use crate::cloud::services::Services;
use crate::cloud::token_cache::TokenCache;
use crate::env::Env;
use crate::error::Result;
use crate::secret::Secret;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A session.
pub(crate) struct Session {
    settings: SessionSettings,
    cache: TokenCache<Credentials>,
    /// The role that gives the credentials, and the session that it is assumed from.
    role: Option<Box<(Session, Role)>>,
}

impl Session {
    /// Reads the shared files. There is no other input or output.
    ///
    /// # Errors
    /// A file that does not parse, and a named profile that is in neither file, with status 2.
    pub(crate) fn new(env: &Env, options: SessionOptions, deadline: Instant) -> Result<Self> {
        Ok(Self {
            settings: SessionSettings::new(env, options, deadline)?,
            cache: TokenCache::new(),
            role: None,
        })
    }

    /// Returns a new session whose credentials are those of `role`, assumed from this one.
    ///
    /// Airflow makes one for the client that uses an assumed role: it keeps the region, and forgets the kwargs' profile. A profile
    /// that a variable names still counts.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn with_role(self, env: &Env, role: Role) -> Result<Self> {
        let options = SessionOptions {
            profile_name: None,
            region_name: self.region().map(str::to_owned),
            keys: None,
            kwargs_hint: self.options.kwargs_hint,
        };
        Ok(Self {
            settings: SessionSettings::new(env, options, self.deadline)?,
            cache: TokenCache::new(),
            role: Some(Box::new((self, role))),
        })
    }

    /// Returns the session's credentials: the kwargs' keys, else the first of the chain. They are looked for once.
    ///
    /// # Errors
    /// No credentials, or a source that refuses, with status 4; a source that does not answer, 5; one that is set up wrongly, 2.
    pub(crate) fn credentials<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Credentials> {
        // Boxed, because a role's session looks for its credentials in the same way.
        Box::pin(async move {
            if let Some(keys) = &self.options.keys {
                return Ok(keys.clone());
            }
            let request = async {
                match self.role.as_deref() {
                    Some((session, role)) => session.assume(role, services).await,
                    None => chain::credentials(self, services).await,
                }
            };
            let (keys, _) = self.cache.get("", None, request).await?;
            Ok(keys)
        })
    }

    /// Assumes a role from this session.
    async fn assume(&self, role: &Role, services: &Services) -> Result<Credentials> {
        let (options, place) = (&role.options, role.place);
        match &role.method {
            RoleMethod::Keys => {
                let keys = self.credentials(services).await?;
                let action = Action::AssumeRole(&keys);
                sts::assume(self, options, action, &role.parameters, place).await
            }
            RoleMethod::TokenFile { path, place: names } => {
                let token = chain::token_file(self, path, names)?;
                self.assume_as(role, &token).await
            }
            RoleMethod::Token(token) => self.assume_as(role, token).await,
        }
    }
}

impl Session {
    /// Assumes a role with the token of a web identity.
    async fn assume_as(&self, role: &Role, token: &Secret) -> Result<Credentials> {
        let mut parameters = role.parameters.clone();
        sts::name_session(&mut parameters);
        let action = Action::WebIdentity(token);
        sts::assume(self, &role.options, action, &parameters, role.place).await
    }
}

impl Deref for Session {
    type Target = SessionSettings;

    fn deref(&self) -> &SessionSettings {
        &self.settings
    }
}

impl ClientConfig for Session {
    fn variable(&self, name: &str) -> Option<&str> {
        self.settings.variable(name)
    }

    fn profile(&self, key: &str) -> Option<&str> {
        self.settings.profile(key)
    }

    fn service(&self, service: &str, key: &str) -> Result<Option<&str>> {
        self.settings.service(service, key)
    }

    fn given_region(&self) -> Option<&str> {
        self.settings.given_region()
    }

    fn profile_place(&self, key: &str) -> String {
        self.settings.profile_place(key)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
