//! Secrets of a Kubernetes namespace, found by their labels, as Airflow's `KubernetesSecretsBackend` asks for them.
//!
//! `config` takes the kwargs, `names` makes label selectors, `client` reads the answer, and `cloud::kubernetes` finds the cluster.
//! Only the kwargs are read before the first secret is asked for. Facts:
//! `airflow/providers/cncf/kubernetes/secrets/kubernetes_secrets_backend.py` of the cncf.kubernetes provider 10.25.0.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use self::client::NamespaceClient;
use self::config::Config;
use super::{BoxFuture, Checkup, Context, SecretsBackend, Warnings};
use crate::cloud::kubernetes::{Cluster, PodFiles};
use crate::env::Env;
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Address, Location};
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Answer, Lookup, Step};

mod client;
mod config;
mod list;
mod meanings;
mod names;

/// Airflow's class path.
pub const CLASS_PATH: &str =
    "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend";

/// The secrets of a namespace that have certain labels.
#[derive(Debug)]
struct LabelledSecret {
    /// The kwarg; `None` for the namespace of the pod or of the context, which is not known yet.
    namespace: Option<String>,
    selector: String,
    /// The key of the secret's data that has the value.
    data_key: String,
}

impl Address for LabelledSecret {
    fn words(&self) -> String {
        format!("a Secret with labels `{}`", shown(&self.selector))
    }

    fn sentence(&self, place: &str) -> String {
        format!(
            "key `{}` of the Secret with labels `{}` in {place}",
            self.data_key, self.selector
        )
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("namespace", self.namespace.as_deref().into()),
            ("label_selector", self.selector.as_str().into()),
            ("data_key", self.data_key.as_str().into()),
        ]
    }
}

/// Connections, variables and configuration options from the secrets of one Kubernetes namespace.
pub struct KubernetesSecretsBackend {
    config: Config,
    env: Env,
    files: PodFiles,
    deadline: Instant,
    client: OnceLock<NamespaceClient>,
    probing: AtomicBool,
    warnings: Warnings,
}

impl KubernetesSecretsBackend {
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        Ok(Box::new(Self {
            config: Config::new(kwargs)?,
            env: context.env.clone(),
            files: PodFiles::default(),
            deadline: context.deadline,
            client: OnceLock::new(),
            probing: AtomicBool::new(false),
            warnings: context.warnings.clone(),
        }))
    }

    /// Returns the client, which is created for the first secret: `explain` needs no cluster.
    fn client(&self) -> Result<&NamespaceClient> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let cluster = Cluster::find(&self.env, &self.files, self.deadline)?;
        if self.probing.load(Ordering::Relaxed) {
            cluster.probing();
        }
        let namespace = match &self.config.namespace {
            Some(namespace) => namespace.clone(),
            None => cluster.namespace()?,
        };
        let ignored_kubeconfig = cluster.is_own() && self.env.non_empty("KUBECONFIG").is_some();
        let client = NamespaceClient::new(cluster, namespace, ignored_kubeconfig, self.warnings.clone());
        Ok(self.client.get_or_init(|| client))
    }
}

impl Checkup for KubernetesSecretsBackend {
    fn checks(&self) -> &'static [Check] {
        &[Check::Connect, Check::Login, Check::Namespace]
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match self.client() {
                Ok(client) => client.look_around(section).await,
                Err(error) => section.failure(Check::Login, &error),
            }
        })
    }
}

impl SecretsBackend for KubernetesSecretsBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        let known = self.client.get().map(NamespaceClient::namespace);
        match self.config.namespace.as_deref().or(known) {
            Some(namespace) => format!("Kubernetes Secrets (namespace `{}`)", shown(namespace)),
            None => "Kubernetes Secrets".to_owned(),
        }
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let names = self.config.names.of(lookup)?;
        Ok(names
            .into_iter()
            .map(|name| Step {
                location: Location::new(LabelledSecret {
                    namespace: self.config.namespace.clone(),
                    selector: name.selector,
                    data_key: name.data_key,
                }),
                skipped: name.skipped,
            })
            .collect())
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let secret: &LabelledSecret = step.location.address()?;
            let client = self.client()?;
            client.get(lookup.kind, &secret.selector, &secret.data_key).await
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn about_absence(&self) -> Option<String> {
        let client = self.client.get()?;
        Some(client.asked_as())
    }

    fn probing(&self) {
        self.probing.store(true, Ordering::Relaxed);
    }

    fn needs_network(&self) -> bool {
        true
    }
}
