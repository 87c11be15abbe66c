//! Airflow's API server: where a worker's search path ends, and never asked by secretctl, which `explain` says.
//!
//! Source: airflow 3.3.2, `airflow/sdk/execution_time/secrets/__init__.py`, `DEFAULT_SECRETS_SEARCH_PATH_WORKERS`.

use crate::backend::{BoxFuture, Context, SecretsBackend};
use crate::class_path;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::location::{Location, WholePlace};
use crate::value::{Answer, Lookup, Step};

/// Airflow's class path.
pub const CLASS_PATH: &str = class_path::EXECUTION_API;

/// The place of Airflow's API server, and of the database behind it, on a worker's search path.
#[derive(Debug)]
pub struct ExecutionApiSecretsBackend;

impl ExecutionApiSecretsBackend {
    pub(crate) fn boxed(kwargs: Kwargs, _: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        kwargs.finish(&[])?;
        Ok(Box::new(Self))
    }
}

impl SecretsBackend for ExecutionApiSecretsBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        "Airflow's API server".to_owned()
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        Ok(vec![Step::skip(
            Location::new(WholePlace {
                id: lookup.id.clone(),
            }),
            "secretctl does not ask Airflow's API server",
        )])
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let own = step.location.address::<WholePlace>();
        Box::pin(std::future::ready(own.and_then(|_| {
            Err(Error::internal("a step that is never asked was asked"))
        })))
    }

    fn is_asked(&self) -> bool {
        false
    }
}
