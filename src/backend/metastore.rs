//! Airflow's database: on Airflow's search path, and never asked by secretctl, which `explain` says.

use crate::backend::kwargs::Kwargs;
use crate::backend::{BoxFuture, Context, SecretsBackend, foreign_step};
use crate::error::Result;
use crate::value::{Answer, Location, Lookup, Step};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.secrets.metastore.MetastoreBackend";

/// The place of Airflow's database on the search path.
#[derive(Debug)]
pub struct MetastoreBackend;

impl MetastoreBackend {
    pub(crate) fn boxed(kwargs: Kwargs, _: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        kwargs.finish(&[])?;
        Ok(Box::new(Self))
    }
}

impl SecretsBackend for MetastoreBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        "Airflow's database".to_owned()
    }

    fn plan(&self, _: &Lookup) -> Result<Vec<Step>> {
        Ok(vec![Step::skip(
            Location::Metastore,
            "secretctl does not ask Airflow's database",
        )])
    }

    fn ask<'a>(&'a self, _: &'a Lookup, _: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(std::future::ready(Err(foreign_step(self))))
    }
}
