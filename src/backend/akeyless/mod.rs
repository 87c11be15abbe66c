//! Akeyless, as Airflow's `AkeylessBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` reads a secret, `value` says what a secret's text is to
//! Airflow, and `cloud::akeyless` logs in. Nothing is sent before the first secret is asked for. Facts:
//! `airflow/providers/akeyless/secrets/akeyless.py` of the Akeyless provider 0.3.2.

use super::{BoxFuture, Context, SecretsBackend, listed};
use crate::cloud::akeyless::Client;
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Location, NamedSecret, SecretPlace};
use crate::value::{Answer, Lookup, Step};

mod checkup;
mod client;
mod config;
mod list;
mod meanings;
mod names;
mod value;

use config::Config;
use names::Names;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";

/// The API that has a secret, for messages.
#[derive(Debug)]
struct ApiUrl(String);

impl SecretPlace for ApiUrl {
    fn fields(&self, secret_name: &str) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("api_url", self.0.as_str().into()),
            ("secret_name", secret_name.into()),
        ]
    }
}

/// Connections, variables and configuration options from the static secrets of Akeyless.
pub struct AkeylessBackend {
    names: Names,
    warnings: Vec<String>,
    client: Client,
}

impl AkeylessBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        let Config {
            names,
            api_url,
            login,
            warnings,
        } = Config::new(kwargs)?;
        Ok(Box::new(Self {
            names,
            warnings,
            client: Client::new(api_url, login, context.env, context.deadline),
        }))
    }
}

impl SecretsBackend for AkeylessBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        format!("Akeyless {}", self.client.place())
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let location = |name| {
            let place = ApiUrl(self.client.place().to_owned());
            Location::new(NamedSecret { place, name })
        };
        Ok(Step::of_names(self.names.of(lookup), location))
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let NamedSecret::<ApiUrl> { name, .. } = step.location.address()?;
            let stored = client::read(&self.client, name).await?;
            stored.map_or(Ok(Answer::ABSENT), |stored| value::answer(lookup.kind, stored))
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        let stored = |starts| list::stored(&self.client, starts);
        Box::pin(listed::named::<ApiUrl, _>(self, scope, list::bare, stored))
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn probing(&self) {
        self.client.probing();
    }

    fn needs_network(&self) -> bool {
        true
    }
}
