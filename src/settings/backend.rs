//! The configured secrets backend and its kwargs.
//!
//! Owns Airflow's reading of `[secrets]` and, for workers, of `[workers]`. Must not know any backend.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_custom_secret_backend`.

use super::BackendSpec;
use super::globals::{GivenKwargs, Globals};
use super::kwargs_error;
use super::lookup::{Configuration, Configured};
use super::origin::Source;
use crate::airflow_option::AirflowOption;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::python::json::{self, Value};
use crate::python::text;

/// A section that configures a backend: the options for its class and its kwargs, and the prefix of variables for single kwargs.
#[derive(Clone, Copy)]
struct Place {
    backend: AirflowOption<'static>,
    kwargs: AirflowOption<'static>,
    kwarg_prefix: &'static str,
}

const SECRETS: Place = Place {
    backend: AirflowOption::new("secrets", "backend"),
    kwargs: AirflowOption::new("secrets", "backend_kwargs").sensitive(),
    kwarg_prefix: "AIRFLOW__SECRETS__BACKEND_KWARG__",
};

const WORKERS: Place = Place {
    backend: AirflowOption::new("workers", "secrets_backend"),
    kwargs: AirflowOption::new("workers", "secrets_backend_kwargs").sensitive(),
    kwarg_prefix: "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__",
};

/// The options that configure a backend.
pub(super) const OPTIONS: [AirflowOption<'static>; 4] =
    [SECRETS.backend, SECRETS.kwargs, WORKERS.backend, WORKERS.kwargs];

/// Returns the configured backend, if any.
///
/// # Errors
/// A class or kwargs that cannot be used, with status 2.
pub(super) fn configured(
    globals: &Globals,
    configuration: &mut Configuration<'_>,
) -> Result<Option<BackendSpec>> {
    let (place, configured) = configured_class(globals.worker, configuration)?;
    let named = globals.backend.clone();
    let class = named.map(|(value, source)| Configured { value, source });
    // Kwargs belong to the class with which they are configured.
    let inherits = match (&class, &configured) {
        (Some(class), Some(configured)) => class.value == configured.value,
        _ => true,
    };
    if let (Some(_), Some(configured)) = (&class, &configured) {
        configuration.provenance.ignored(
            configured.source.clone(),
            "another backend is named for this command",
        );
    }
    let Some(class) = class.or(configured).filter(is_set) else {
        return none(globals, place, configuration);
    };
    configuration.provenance.settled("backend", class.source.clone());
    let mut kwargs = Kwargs::default();
    match &globals.backend_kwargs {
        Some(given) => {
            let over = Configured {
                value: given.text.clone(),
                source: given.source.clone(),
            };
            let over = from_json(&over, given.file.as_deref(), configuration)?;
            if inherits {
                configuration.ignore(place.kwargs, "kwargs are given for this command");
                add_single_kwargs(&mut kwargs, place, configuration)?;
            }
            kwargs.set_all(over);
        }
        None if inherits => {
            if let Some(configured) = configuration.get(place.kwargs)? {
                kwargs.set_all(from_json(&configured, None, configuration)?);
            }
            add_single_kwargs(&mut kwargs, place, configuration)?;
        }
        None => configuration.ignore(place.kwargs, "they belong to a different backend"),
    }
    Ok(Some(BackendSpec {
        class_path: class.text()?.to_owned(),
        kwargs,
        origin: class.source,
    }))
}

/// Handles the case without a backend: kwargs on the command line are an error, and configured kwargs are ignored.
fn none(
    globals: &Globals,
    place: Place,
    configuration: &mut Configuration<'_>,
) -> Result<Option<BackendSpec>> {
    if let Some(GivenKwargs { source, .. }) = &globals.backend_kwargs {
        return Err(Error::usage(format!(
            "{source} has kwargs, but no secrets backend is configured"
        ))
        .with_hint("name one with `--backend` or `AIRFLOW__SECRETS__BACKEND`"));
    }
    configuration.ignore(place.kwargs, "no secrets backend is configured");
    Ok(None)
}

/// Returns the configured class, and the section of its kwargs. For a worker, an empty class falls back to `[secrets]`.
fn configured_class(
    worker: bool,
    configuration: &mut Configuration<'_>,
) -> Result<(Place, Option<Configured>)> {
    if worker {
        if let Some(configured) = configuration.get(WORKERS.backend)?.filter(is_set) {
            return Ok((WORKERS, Some(configured)));
        }
        configuration.ignore(
            WORKERS.kwargs,
            "`[workers] secrets_backend` is not set, so `[secrets]` is used",
        );
    }
    Ok((SECRETS, configuration.get(SECRETS.backend)?.filter(is_set)))
}

fn is_set(configured: &Configured) -> bool {
    !configured.value.is_empty()
}

/// Parses kwargs as Airflow's `getjson` does: empty text and every falsy value mean no kwargs. `file` is the file of `@FILE`, if any.
///
/// # Errors
/// Kwargs that Airflow ignores with a warning, with status 2.
fn from_json(
    configured: &Configured,
    file: Option<&str>,
    configuration: &mut Configuration<'_>,
) -> Result<json::Object> {
    let text = configured.text()?;
    if text.is_empty() {
        return Ok(json::Object::default());
    }
    let source = &configured.source;
    configuration.provenance.settled("backend_kwargs", source.clone());
    let cause = match json::loads(text) {
        Ok(Value::Object(object)) => return Ok(object),
        Ok(value) if !value.is_truthy() => return Ok(json::Object::default()),
        Ok(_) => None,
        Err(cause) => Some(cause),
    };
    Err(kwargs_error::not_an_object(
        text,
        cause,
        source,
        file,
        configuration,
    ))
}

/// Overrides `kwargs` with the variables of single kwargs: the key in lower case, the value raw.
fn add_single_kwargs(kwargs: &mut Kwargs, place: Place, configuration: &mut Configuration<'_>) -> Result<()> {
    for (variable, value) in configuration.env.iter() {
        let Some(key) = variable
            .strip_prefix(place.kwarg_prefix)
            .filter(|key| !key.is_empty())
        else {
            continue;
        };
        let key = text::lower(key);
        let source = Source::Variable {
            name: variable.to_owned(),
            origin: value.origin.clone(),
        };
        let single = Configured {
            value: value.value.clone(),
            source,
        };
        let text = single.text()?.to_owned();
        configuration
            .provenance
            .settled(format!("kwarg {key}"), single.source);
        kwargs.set_from_variable(key, text, variable.to_owned());
    }
    Ok(())
}
