//! Google Secret Manager, as Airflow's `CloudSecretManagerBackend` asks it.
//!
//! `config` takes the kwargs, `names` computes the names of secrets, `client` reads a secret over REST, and `cloud::google` gets
//! the token. Only the kwargs are read before the first secret is asked for. Airflow speaks gRPC; Google answers the same over
//! REST. Facts: `airflow/providers/google/cloud/secrets/secret_manager.py` of the Google provider 22.8.0.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use self::client::SecretManager;
use self::config::Config;
use super::{BoxFuture, Context, SecretsBackend};
use crate::env::Env;
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Location, NamedSecret, Null, SecretPlace};
use crate::privilege::{PolicyFormat, Privilege};
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod checkup;
mod client;
mod config;
mod crc32c;
mod list;
mod meanings;
mod names;
mod refusal;

/// Airflow's class path.
pub const CLASS_PATH: &str =
    "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";

/// The project that has a secret; `None` where only the credentials name it.
#[derive(Debug)]
struct Project(Option<String>);

impl SecretPlace for Project {
    fn fields(&self, secret_name: &str) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("project_id", self.0.as_deref().into()),
            ("secret_name", secret_name.into()),
            ("version", "latest".into()),
        ]
    }

    fn null(&self) -> Null {
        Null {
            words: "is empty",
            hint: "Airflow takes no connection from an empty secret: add a version with a connection",
        }
    }
}

/// Connections, variables and configuration options from the secrets of one project.
pub struct GoogleSecretManagerBackend {
    config: Config,
    /// The project, where it is known before any request.
    project_id: Option<String>,
    env: Env,
    deadline: Instant,
    client: OnceLock<SecretManager>,
    probing: AtomicBool,
}

impl GoogleSecretManagerBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        let config = Config::new(kwargs, context.env)?;
        Ok(Box::new(Self {
            project_id: config.access.known_project(context.env),
            config,
            env: context.env.clone(),
            deadline: context.deadline,
            client: OnceLock::new(),
            probing: AtomicBool::new(false),
        }))
    }

    /// Returns the client, which is created for the first secret: `explain` needs no credentials.
    fn client(&self) -> Result<&SecretManager> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = SecretManager::new(&self.config, &self.env, self.deadline)?;
        if self.probing.load(Ordering::Relaxed) {
            client.probing();
        }
        Ok(self.client.get_or_init(|| client))
    }
}

impl SecretsBackend for GoogleSecretManagerBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        match &self.project_id {
            Some(project) => format!("Google Secret Manager (project `{}`)", shown(project)),
            None => "Google Secret Manager".to_owned(),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let names = self.config.names.of(lookup);
        let step = |name: names::Name| Step {
            location: Location::new(NamedSecret {
                place: Project(self.project_id.clone()),
                name: name.name,
            }),
            skipped: name.skipped,
        };
        Ok(names.into_iter().map(step).collect())
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let NamedSecret::<Project> { name, .. } = step.location.address()?;
            self.client()?.access(lookup.kind, name).await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn policy_format(&self) -> Option<PolicyFormat> {
        Some(PolicyFormat::Gcp)
    }

    fn privilege(&self, step: &Step) -> Result<Option<Privilege>> {
        let NamedSecret::<Project> { place, name } = step.location.address()?;
        Ok(Some(Privilege::Gcp {
            project: place.0.clone(),
            secret: name.clone(),
        }))
    }

    fn warnings(&self) -> &[String] {
        &self.config.warnings
    }

    fn probing(&self) {
        self.probing.store(true, Ordering::Relaxed);
        if let Some(client) = self.client.get() {
            client.probing();
        }
    }

    fn needs_network(&self) -> bool {
        true
    }
}
