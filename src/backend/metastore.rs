//! Airflow's database: on Airflow's search path, and never asked by secretctl, which `explain` says.

use crate::backend::{BoxFuture, Context, SecretsBackend};
use crate::class_path;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::location::{Location, WholePlace};
use crate::value::{Answer, Lookup, Step};

/// Airflow's class path.
pub const CLASS_PATH: &str = class_path::METASTORE;

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

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        Ok(vec![Step::skip(
            Location::new(WholePlace {
                id: lookup.id.clone(),
            }),
            "secretctl does not ask Airflow's database",
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
