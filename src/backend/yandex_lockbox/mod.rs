//! Yandex Lockbox, as Airflow's `LockboxSecretBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` lists the folder and reads a secret, and
//! `cloud::yandex` gets the token. Nothing is sent before the first secret is asked for. Facts:
//! `airflow/providers/yandex/secrets/lockbox.py` of the Yandex provider 4.6.1.

use std::time::Instant;

use super::own_connection::OwnConnection;
use super::{BoxFuture, Context, SecretsBackend, listed};
use crate::cloud::yandex::{Access, Extra};
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Location, NamedSecret, Null, SecretPlace};
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod checkup;
mod client;
mod config;
mod meanings;
mod names;

use client::{Client, Session};
use config::{Config, Identity};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";

/// The folder that has a secret, unless only the connection names it.
#[derive(Debug)]
struct Folder(Option<String>);

impl SecretPlace for Folder {
    fn fields(&self, secret_name: &str) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("folder_id", self.0.as_deref().into()),
            ("secret_name", secret_name.into()),
        ]
    }

    fn null(&self) -> Null {
        Null {
            words: "has no entry with text",
            hint: "Airflow treats such a secret as not found: give an entry of it a text that is not empty",
        }
    }
}

/// Connections, variables and configuration options from the secrets of one Lockbox folder.
pub struct LockboxSecretBackend {
    config: Config,
    own_connection: OwnConnection,
    deadline: Instant,
    client: Client,
}

impl LockboxSecretBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs, context.deadline)?,
            own_connection: OwnConnection::new(context, "Yandex Lockbox", "yc_sa_key_json_path"),
            deadline: context.deadline,
            client: Client::new(context.env, context.deadline),
        }))
    }

    /// Returns the session, which lists the folder.
    async fn session(&self) -> Result<Session> {
        self.own_connection.refuse_recursion()?;
        self.client.session(self.access()).await
    }

    /// Returns the access of the kwargs, or of the connection that they name.
    async fn access(&self) -> Result<Access> {
        let Config { identity, place, .. } = &self.config;
        match identity {
            Identity::Given(credentials) => place.access(credentials.clone()),
            Identity::Connection(id) => {
                let extra = self.own_connection.extra(id).await?;
                place.access_of(&Extra::new(id, &extra), self.deadline)
            }
        }
    }
}

impl SecretsBackend for LockboxSecretBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        match &self.config.place.folder_id {
            Some(folder) => format!("Yandex Lockbox (folder `{}`)", shown(folder)),
            None => "Yandex Lockbox".to_owned(),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let location = |name| {
            let place = Folder(self.config.place.folder_id.clone());
            Location::new(NamedSecret { place, name })
        };
        Ok(Step::of_names(self.config.names.of(lookup), location))
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let NamedSecret::<Folder> { name, .. } = step.location.address()?;
            let session = self.session().await?;
            self.client.read(&session, name).await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        // The folder's list, which every lookup needs, too.
        let stored = |_| async { Ok(self.session().await?.names()) };
        Box::pin(listed::named::<Folder, _>(self, scope, |name| name, stored))
    }

    fn probing(&self) {
        self.client.probing();
    }

    fn needs_network(&self) -> bool {
        true
    }
}
