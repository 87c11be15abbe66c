//! Which secrets backend is configured, and with which kwargs.
//!
//! Owns what Airflow makes of `[secrets]` and, for workers, of `[workers]`. Must not know any backend.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `_get_custom_secret_backend`.

use super::BackendSpec;
use super::globals::Globals;
use super::lookup::{AirflowOption, Configuration, Configured};
use super::origin::Source;
use crate::backend::kwargs::Kwargs;
use crate::error::{Error, Result};
use crate::python::json::{self, Value};
use crate::python::text;

/// A section that configures a backend: the option of its class, that of its kwargs, and what begins the variables of
/// single kwargs.
#[derive(Clone, Copy)]
struct Place {
    backend: AirflowOption,
    kwargs: AirflowOption,
    kwarg_prefix: &'static str,
}

const SECRETS: Place = Place {
    backend: AirflowOption {
        section: "secrets",
        name: "backend",
        sensitive: false,
    },
    kwargs: AirflowOption {
        section: "secrets",
        name: "backend_kwargs",
        sensitive: true,
    },
    kwarg_prefix: "AIRFLOW__SECRETS__BACKEND_KWARG__",
};

const WORKERS: Place = Place {
    backend: AirflowOption {
        section: "workers",
        name: "secrets_backend",
        sensitive: false,
    },
    kwargs: AirflowOption {
        section: "workers",
        name: "secrets_backend_kwargs",
        sensitive: true,
    },
    kwarg_prefix: "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__",
};

/// The configured backend; `None` when none is.
///
/// # Errors
/// A class or kwargs that cannot be used, with status 2.
pub(super) fn configured(
    globals: &Globals,
    configuration: &mut Configuration<'_>,
) -> Result<Option<BackendSpec>> {
    let (place, configured) = configured_class(globals.worker, configuration)?;
    let given = globals.backend.as_ref();
    // Kwargs belong to the class beside which they are configured.
    let mut inherits = true;
    let class = match (given, configured) {
        (Some((class, source)), configured) => {
            inherits = configured.is_none_or(|configured| configured.value == *class);
            Configured {
                value: class.clone(),
                source: source.clone(),
            }
        }
        (None, Some(configured)) => configured,
        (None, None) => return Ok(None),
    };
    if class.value.is_empty() {
        return Ok(None);
    }
    let kwargs = match &globals.backend_kwargs {
        Some((json, source)) => {
            let over = from_json(&Configured {
                value: json.clone(),
                source: source.clone(),
            })?;
            let mut kwargs = Kwargs::default();
            if inherits {
                add_single_kwargs(&mut kwargs, place, configuration)?;
            }
            kwargs.set_all(over);
            kwargs
        }
        None if inherits => {
            let mut kwargs = Kwargs::default();
            if let Some(configured) = configuration.get(place.kwargs)? {
                kwargs.set_all(from_json(&configured)?);
            }
            add_single_kwargs(&mut kwargs, place, configuration)?;
            kwargs
        }
        None => Kwargs::default(),
    };
    Ok(Some(BackendSpec {
        class_path: class.text()?.to_owned(),
        kwargs,
        origin: class.source,
    }))
}

/// The configured class, when it is neither absent nor empty, and where its kwargs stand.
fn configured_class(
    worker: bool,
    configuration: &mut Configuration<'_>,
) -> Result<(Place, Option<Configured>)> {
    let set = |configured: &Configured| !configured.value.is_empty();
    if worker && let Some(configured) = configuration.get(WORKERS.backend)?.filter(set) {
        return Ok((WORKERS, Some(configured)));
    }
    Ok((SECRETS, configuration.get(SECRETS.backend)?.filter(set)))
}

/// Reads kwargs as Airflow's `getjson` does: empty text, and every value that Python takes for false, are none.
fn from_json(configured: &Configured) -> Result<json::Object> {
    let text = configured.text()?;
    if text.is_empty() {
        return Ok(json::Object::default());
    }
    let source = &configured.source;
    let value = json::loads(text)
        .map_err(|cause| Error::usage(format!("{source} is not JSON")).with_source(cause))?;
    match value {
        Value::Object(object) => Ok(object),
        value if !value.is_truthy() => Ok(json::Object::default()),
        _ => Err(Error::usage(format!("{source} is not a JSON object"))),
    }
}

/// Lays the variables of single kwargs over `kwargs`: the key in lower case, the value raw.
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
