//! Akeyless, as Airflow's `AkeylessBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` logs in and reads a secret, `value` says what a
//! secret's text is to Airflow. Nothing is sent before the first secret is asked for. Facts:
//! `airflow/providers/akeyless/secrets/akeyless.py` of the Akeyless provider 0.3.2.

use super::{BoxFuture, Context, SecretsBackend};
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::location::{Address, Location};
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod client;
mod cloud_id;
mod config;
mod meanings;
mod names;
mod value;

use client::Client;
use config::Config;
use names::Names;

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";

/// A secret of Akeyless.
#[derive(Debug)]
struct SecretAddress {
    /// The API, for messages.
    api_url: String,
    /// The name, computed from the id.
    secret_name: String,
}

impl Address for SecretAddress {
    fn words(&self) -> String {
        format!("secret `{}`", shown(&self.secret_name))
    }

    fn sentence(&self, place: &str) -> String {
        format!("secret `{}` in {place}", shown(&self.secret_name))
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("api_url", self.api_url.as_str().into()),
            ("secret_name", self.secret_name.as_str().into()),
        ]
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        let prefix = self.secret_name.strip_suffix(id);
        prefix.map(str::to_owned).into_iter().collect()
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
            client: Client::new(api_url, login, context),
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
        let location = |secret_name| {
            Location::new(SecretAddress {
                api_url: self.client.place().to_owned(),
                secret_name,
            })
        };
        Ok(match self.names.of(lookup) {
            Ok(names) => names.into_iter().map(|name| Step::ask(location(name))).collect(),
            Err(why) => vec![Step::skip(location(String::new()), why)],
        })
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let SecretAddress { secret_name, .. } = step.location.address()?;
            let stored = self.client.read(secret_name).await?;
            stored.map_or(Ok(Answer::ABSENT), |stored| value::answer(lookup.kind, stored))
        })
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
