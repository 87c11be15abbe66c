//! Options of Airflow for the backends: looked up in the configuration, and where that says `_SECRET`, in the configured backend.
//!
//! Owns the lookup within a lookup. It cannot recurse: only the configured backend is asked, and a backend that is asked for an option
//! needs none. Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_config_value_from_secret_backend`.

use std::sync::{OnceLock, Weak};
use std::time::Instant;

use super::{Outcome, ask, lookup};
use crate::airflow_option::{AirflowOption, AirflowOptions, Known, OptionValue};
use crate::backend::SecretsBackend;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::secret::Secret;
use crate::settings::{AirflowConfiguration, PlaceContent, Source};
use crate::value::{Found, SecretKind};

/// The options of one command.
pub(super) struct Options {
    airflow: AirflowConfiguration,
    deadline: Instant,
    /// The configured backends. Set when all backends are built: they hold the options, and must not keep each other alive.
    configured: OnceLock<Vec<Weak<dyn SecretsBackend>>>,
}

impl Options {
    pub(super) fn new(airflow: AirflowConfiguration, deadline: Instant) -> Self {
        Self {
            airflow,
            deadline,
            configured: OnceLock::new(),
        }
    }

    /// Sets the configured backends, once.
    pub(super) fn set_configured(&self, backends: Vec<Weak<dyn SecretsBackend>>) {
        // A second call is ignored, and there is none.
        let _ = self.configured.set(backends);
    }

    /// Asks the configured backend for the value under `key`, which `source` names.
    async fn in_backend(&self, key: &Secret, source: &Source) -> Result<Option<Secret>> {
        let key = key
            .expose_text()
            .ok_or_else(|| Error::usage(format!("{source} is not UTF-8")))?;
        let question = lookup(SecretKind::Config, key, None, false)
            .map_err(|error| error.map_message(|message| format!("{source}: {message}")))?;
        let configured = self.configured.get().into_iter().flatten();
        for backend in configured.filter_map(Weak::upgrade) {
            match ask(backend.as_ref(), &question, self.deadline).await {
                Ok(Outcome::Found { found, .. }) => return text(found, source).map(Some),
                Ok(Outcome::NotFound(_)) => {}
                Err(error) => return Err(error.with_detail(format!("{source} asks for it"))),
            }
        }
        Ok(None)
    }
}

impl AirflowOptions for Options {
    fn home(&self) -> Result<Secret> {
        self.airflow.home()
    }

    fn known(&self, option: &AirflowOption) -> Result<Known> {
        let Some(place) = self.airflow.places(option)?.into_iter().next() else {
            return Ok(Known::Default);
        };
        let place = place?;
        Ok(match place.content {
            PlaceContent::Value(value) => Known::Value(OptionValue {
                value,
                source: place.source.to_string(),
            }),
            PlaceContent::Command(_) | PlaceContent::KeyInBackend(_) => {
                Known::Elsewhere(place.source.to_string())
            }
        })
    }

    fn value<'a>(&'a self, option: &'a AirflowOption) -> BoxFuture<'a, Result<Option<OptionValue>>> {
        Box::pin(async move {
            for place in self.airflow.places(option)? {
                let place = place?;
                let value = match &place.content {
                    PlaceContent::Value(value) => Some(value.clone()),
                    PlaceContent::Command(line) => Some(self.airflow.printed(line, &place.source)?),
                    PlaceContent::KeyInBackend(key) => self.in_backend(key, &place.source).await?,
                };
                if let Some(value) = value.and_then(|value| place.with(value)) {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        })
    }
}

/// Returns the text that a backend has as the value of an option.
fn text(found: Found, source: &Source) -> Result<Secret> {
    match found {
        Found::Text(text) => Ok(text),
        _ => Err(Error::malformed(format!(
            "the value that {source} names is not text"
        ))),
    }
}
