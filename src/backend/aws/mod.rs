//! AWS: Secrets Manager and Parameter Store, as Airflow's two backends ask them.
//!
//! `Store` is the backend, and a `Shelf` is what its service has alone: `secrets_manager`, with the words of connections in
//! `words`, and `parameter_store`. Both share the rest: `kwargs` takes what Airflow passes on to its `AwsBaseHook`, `role` and
//! `sts_config` the parts of it that are for a role, `lookups` the prefixes and patterns, and `client` sends one signed request.
//! Who we are to AWS is `cloud::aws`.
//!
//! Facts: apache-airflow-providers-amazon 9.39.0, `secrets/secrets_manager.py`, `secrets/systems_manager.py`,
//! `utils/connection_wrapper.py` and `hooks/base_aws.py`; botocore 1.44.8.

use std::sync::Arc;

use self::arns::Arns;
use self::client::Client;
use self::kwargs::{Config, refuse_session_factory};
use self::lookups::{Lookups, Names};
use super::{BoxFuture, Checkup, Context, SecretsBackend};
use crate::cloud::aws::endpoint::Service;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Address, Location};
use crate::privilege::{PolicyFormat, Privilege};
use crate::python::json::Object;
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Answer, Lookup, SecretKind, Step};

mod arns;
mod client;
mod kwargs;
mod list;
mod lookups;
mod meanings;
pub mod parameter_store;
mod role;
pub mod secrets_manager;
mod sts_config;
mod words;

/// What one service has alone.
trait Shelf: Send + Sync + Sized + 'static {
    /// Airflow's class path.
    const CLASS_PATH: &'static str;
    const SERVICE: &'static Service;
    /// The version of the API, the only one that botocore knows.
    const API_VERSION: &'static str;
    /// What is read: "secret".
    const NOUN: &'static str;
    /// The key of the name in `explain -o json`.
    const FIELD: &'static str;
    /// The operation that reads it.
    const OPERATION: &'static str;
    /// The permission that the operation needs.
    const PERMISSION: &'static str;
    /// The beginning of the resource in an ARN: `secret:`, and what follows the name.
    const RESOURCE: [&'static str; 2];
    /// The operation that lists the names, without values.
    const LIST_OPERATION: &'static str;
    /// The permission that the listing needs, on every resource.
    const LIST_PERMISSION: &'static str;
    /// The names of the kwargs that it takes itself.
    const KWARGS: &'static [&'static str];

    /// Takes the kwargs of its own, and those of the lookups.
    fn new(kwargs: &mut Kwargs) -> Result<(Self, Lookups)>;

    /// Returns the parameters of the operation.
    fn question(name: &str) -> Object;

    /// Returns the value in an answer.
    fn value(&self, kind: SecretKind, answer: Object) -> Result<Answer>;

    /// Returns the parameters of a listing of the names that begin with one of `starts`, or of all if there are none.
    fn list_question(starts: &[&str]) -> Object;

    /// Returns the names in a page of a listing; `None` without such a list.
    fn listed(page: &Object) -> Option<Vec<String>>;

    /// Returns a note for the answer that nothing has this name; `code` is the error's type.
    fn about_absence(code: &str) -> Option<&'static str> {
        let _ = code;
        None
    }
}

/// The name of a secret or a parameter.
#[derive(Debug)]
struct NameAddress {
    noun: &'static str,
    field: &'static str,
    name: String,
}

impl Address for NameAddress {
    fn words(&self) -> String {
        format!("{} `{}`", self.noun, shown(&self.name))
    }

    fn sentence(&self, place: &str) -> String {
        format!("{} `{}` in {place}", self.noun, self.name)
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![(self.field, self.name.as_str().into())]
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        let prefix = self.name.strip_suffix(id).filter(|prefix| !prefix.is_empty());
        let bare = prefix.and_then(|prefix| prefix.strip_prefix('/'));
        [prefix, bare].into_iter().flatten().map(str::to_owned).collect()
    }
}

/// Connections, variables and configuration options from one service.
struct Store<S> {
    shelf: S,
    lookups: Lookups,
    place: String,
    arns: Arns,
    warnings: Vec<String>,
    client: Arc<Client>,
}

impl<S: Shelf> Store<S> {
    /// Builds the backend from its kwargs. No file of AWS is read before the first secret is asked for.
    fn boxed(mut kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        let (shelf, lookups) = S::new(&mut kwargs)?;
        let known = [lookups::KWARGS, S::KWARGS].concat();
        refuse_session_factory(context.airflow.as_ref())?;
        let config = Config::new(kwargs, context.env, S::CLASS_PATH, S::API_VERSION, &known)?;
        Ok(Box::new(Self {
            shelf,
            lookups,
            place: config.place(S::SERVICE.name, context.env),
            arns: config.arns(context.env),
            warnings: config.warnings.clone(),
            client: Arc::new(Client::new(config, S::SERVICE, context)),
        }))
    }
}

impl<S: Shelf> Checkup for Store<S> {
    fn checks(&self) -> &'static [Check] {
        &[Check::Region, Check::Connect, Check::Login]
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(self.client.look_around(section))
    }
}

impl<S: Shelf> SecretsBackend for Store<S> {
    fn class_path(&self) -> &'static str {
        S::CLASS_PATH
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let location = |name| {
            Location::new(NameAddress {
                noun: S::NOUN,
                field: S::FIELD,
                name,
            })
        };
        Ok(match self.lookups.names(lookup)? {
            Names::Asked(names) => names.into_iter().map(location).map(Step::ask).collect(),
            Names::Skipped(name, why) => vec![Step::skip(location(name), why)],
        })
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            let NameAddress { noun, name, .. } = step.location.address()?;
            if *noun != S::NOUN {
                return Err(Error::internal(
                    "one store of AWS was asked for a step of the other",
                ));
            }
            let what = format!("the {} `{}`", S::NOUN, shown(name));
            match self.client.call(S::OPERATION, S::question(name)).await? {
                Ok(answer) => self
                    .shelf
                    .value(lookup.kind, answer)
                    .map_err(|error| error.with_detail(format!("it is {what}"))),
                Err(refusal) => refusal.answer(&what, S::PERMISSION, S::about_absence),
            }
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.listing(scope))
    }

    fn policy_format(&self) -> Option<PolicyFormat> {
        Some(PolicyFormat::Aws)
    }

    fn privilege(&self, step: &Step) -> Result<Option<Privilege>> {
        let NameAddress { name, .. } = step.location.address()?;
        Ok(Some(Privilege::Aws {
            action: S::PERMISSION,
            resource: self.arns.of::<S>(name)?,
        }))
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
