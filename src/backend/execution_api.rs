//! Airflow's API server: where a worker's search path ends, and never asked by secretctl, which `explain` says.
//!
//! Source: airflow 3.3.2, `airflow/sdk/execution_time/secrets/__init__.py`, `DEFAULT_SECRETS_SEARCH_PATH_WORKERS`.

use crate::backend::kwargs::Kwargs;
use crate::backend::{BoxFuture, Context, SecretsBackend, foreign_step};
use crate::error::Result;
use crate::value::{Answer, Location, Lookup, Step};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.sdk.execution_time.secrets.execution_api.ExecutionAPISecretsBackend";

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

    fn plan(&self, _: &Lookup) -> Result<Vec<Step>> {
        Ok(vec![Step::skip(
            Location::Metastore,
            "secretctl does not ask Airflow's API server",
        )])
    }

    fn ask<'a>(&'a self, _: &'a Lookup, _: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(std::future::ready(Err(foreign_step(self))))
    }
}
