//! The place at the end of a worker's search path, which secretctl does not ask: Airflow's API server. `explain` shows it.
//!
//! Source: airflow 3.3.2, `airflow/sdk/execution_time/secrets/__init__.py`, `DEFAULT_SECRETS_SEARCH_PATH_WORKERS`.

use super::{BoxFuture, Checkup, Context, SecretsBackend};
use crate::class_path;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::listing::{Listing, Scope};
use crate::location::{Location, WholePlace};
use crate::value::{Answer, Lookup, Step};

/// A place that is shown but never asked.
#[derive(Clone, Copy, Debug)]
pub struct NeverAsked {
    class_path: &'static str,
    place: &'static str,
    why: &'static str,
}

impl NeverAsked {
    /// Airflow's API server. It takes no kwargs.
    pub(crate) fn execution_api(kwargs: Kwargs, _: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        kwargs.finish(&[])?;
        Ok(Box::new(Self {
            class_path: class_path::EXECUTION_API,
            place: "Airflow's API server",
            why: "secretctl does not ask Airflow's API server",
        }))
    }
}

impl Checkup for NeverAsked {}

impl SecretsBackend for NeverAsked {
    fn class_path(&self) -> &'static str {
        self.class_path
    }

    fn place(&self) -> String {
        self.place.to_owned()
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let id = lookup.id.clone();
        Ok(vec![Step::skip(Location::new(WholePlace { id }), self.why)])
    }

    fn ask<'a>(&'a self, _: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let own = step.location.address::<WholePlace>();
        let answer = own.and_then(|_| Err(Error::internal("a step that is never asked was asked")));
        Box::pin(std::future::ready(answer))
    }

    fn list<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(std::future::ready(Ok(Listing::Cannot(self.why.to_owned()))))
    }

    fn is_asked(&self) -> bool {
        false
    }
}
