//! dbt: a target of a profile, and the variables for its secrets, as astronomer-cosmos maps Airflow's connections.
//!
//! Owns how a mapping is chosen and applied: values, defaults, `--profile-arg`, and secrets as `{{ env_var('…') }}`. The mappings are in `mappings`,
//! what they do beyond a table in `special`. Source: astronomer-cosmos 1.15.1, `cosmos/profiles/base.py` (`BaseProfileMapping`),
//! `cosmos/profiles/__init__.py` (`get_automatic_profile_mapping`).

mod mappings;
mod special;

use std::borrow::Cow;

use super::parts::{Parts, string};
use super::{Content, Options, Rendered};
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::python::text;
use crate::secret::Secret;
use crate::shown::shown;
use mappings::{MAPPINGS, Mapping};

/// The connection types that some mapping takes.
pub(super) fn conn_types() -> impl Iterator<Item = &'static str> {
    MAPPINGS.iter().map(|mapping| mapping.conn_type)
}

/// Returns the target of the first mapping that takes the connection, as Cosmos chooses it.
///
/// `type` and `method` of `--profile-arg` choose among the mappings.
///
/// # Errors
/// No mapping whose required fields are all there, with status 2 and what the nearest one lacks.
pub(super) fn target(parts: &Parts<'_>, options: &Options) -> Result<Rendered> {
    let mut nearest: Option<(&Mapping, Vec<&str>)> = None;
    for mapping in candidates(parts, options) {
        let source = Source::new(parts, options, mapping)?;
        let profile = source.profile()?;
        let lacks: Vec<&str> = mapping
            .required
            .iter()
            .copied()
            .filter(|field| {
                let is_there = profile.get(*field).is_some_and(Value::is_truthy);
                let is_secret = mapping.secrets.contains(field);
                !is_there || (is_secret && source.value(field).is_none())
            })
            .collect();
        if lacks.is_empty() && special::claims(&source) {
            return Ok(Rendered::of(Content::Mapping(profile)));
        }
        if nearest
            .as_ref()
            .is_none_or(|(_, fewest)| lacks.len() < fewest.len())
        {
            nearest = Some((mapping, lacks));
        }
    }
    Err(not_claimed(parts, nearest))
}

/// Returns the variables of the mapping that takes the connection, whatever else its profile lacks.
///
/// # Errors
/// No mapping whose secrets are all there, with status 3.
pub(super) fn variables(parts: &Parts<'_>, options: &Options) -> Result<Vec<(String, Secret)>> {
    for mapping in candidates(parts, options) {
        let source = Source::new(parts, options, mapping)?;
        let has_secrets = special::has_secrets_inside(mapping)
            || mapping.secrets.iter().all(|field| source.value(field).is_some());
        let has_own = mapping.required.iter().all(|field| {
            let of_connection = mapping.parameters.iter().any(|(name, _)| name == field);
            !of_connection || source.value(field).is_some()
        });
        if has_secrets && has_own && special::claims(&source) {
            return source.variables();
        }
    }
    Err(Error::not_found(format!(
        "connection `{}` has no secret for a profile of dbt",
        shown(parts.id)
    )))
}

fn candidates<'a>(
    parts: &Parts<'a>,
    options: &'a Options,
) -> impl Iterator<Item = &'static Mapping> + use<'a> {
    let conn_type = parts.conn_type.unwrap_or_default();
    let wanted = |name: &str| options.profile_args.get(name).and_then(Value::as_str);
    let (dbt_type, method) = (wanted("type"), wanted("method"));
    MAPPINGS.iter().filter(move |mapping| {
        mapping.conn_type == conn_type
            && dbt_type.is_none_or(|wanted| wanted == mapping.dbt_type)
            && method.is_none_or(|wanted| Some(wanted) == mapping.method)
    })
}

fn not_claimed(parts: &Parts<'_>, nearest: Option<(&Mapping, Vec<&str>)>) -> Error {
    let id = shown(parts.id);
    match nearest {
        None => Error::usage(format!(
            "no mapping to dbt has the `type` and `method` of `--profile-arg` for connection `{id}`"
        )),
        Some((mapping, lacks)) if !lacks.is_empty() => {
            let error = Error::usage(format!(
                "connection `{id}` lacks what a profile of type `{}` needs: {}",
                mapping.dbt_type,
                lacks
                    .iter()
                    .map(|field| format!("`{field}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
            // A secret belongs into the connection.
            match lacks.iter().find(|field| !mapping.secrets.contains(field)) {
                Some(field) => error.with_hint(format!(
                    "give what is no part of the connection: `--profile-arg {field}=VALUE`"
                )),
                None => error,
            }
        }
        Some(_) => Error::usage(format!("no mapping to dbt takes connection `{id}`")),
    }
}

/// A connection under a mapping.
struct Source<'a> {
    parts: &'a Parts<'a>,
    options: &'a Options,
    mapping: &'static Mapping,
    /// The extra as the mapping reads it.
    extra: Cow<'a, Object>,
}

impl<'a> Source<'a> {
    fn new(parts: &'a Parts<'a>, options: &'a Options, mapping: &'static Mapping) -> Result<Self> {
        Ok(Self {
            parts,
            options,
            mapping,
            extra: special::extra(parts, mapping)?,
        })
    }

    /// Returns a field as dbt gets it: of `--profile-arg`, or of the first source that is true in Python.
    fn value(&self, field: &str) -> Option<Cow<'_, Value>> {
        if let Some(value) = self
            .options
            .profile_args
            .get(field)
            .filter(|value| value.is_truthy())
        {
            return Some(Cow::Borrowed(value));
        }
        let (_, sources) = self.mapping.parameters.iter().find(|(name, _)| *name == field)?;
        let value = sources.iter().find_map(|source| self.of_connection(source))?;
        Some(special::transformed(self, field, value))
    }

    /// Returns a part of the connection, or of the extra under `extra.NAME`, if it is true in Python.
    fn of_connection(&self, source: &str) -> Option<Cow<'_, Value>> {
        let text = |text: Option<&str>| text.map(|text| Cow::Owned(Value::from(text)));
        let value = match source {
            "host" => text(self.parts.host),
            "login" => text(self.parts.login),
            "password" => text(self.parts.password),
            "schema" => text(self.parts.schema),
            "port" => self
                .parts
                .port
                .as_deref()
                .map(|port| Cow::Owned(Value::Int(port.to_owned()))),
            source => {
                let key = source.strip_prefix("extra.").unwrap_or(source);
                self.extra.get(key).map(Cow::Borrowed)
            }
        };
        value.filter(|value| value.is_truthy())
    }

    /// Returns the target, without the fields that are null.
    fn profile(&self) -> Result<Object> {
        let mapping = self.mapping;
        let mut profile = Object::new();
        let mut set = |name: &str, value: Value| {
            profile.insert(name.to_owned(), value);
        };
        for (name, value) in mapping.first {
            set(name, value.to_value());
        }
        set("type", mapping.dbt_type.into());
        if let Some(method) = mapping.method {
            set("method", method.into());
        }
        for (name, _) in mapping.parameters {
            set(name, self.value(name).map_or(Value::Null, Cow::into_owned));
        }
        for (name, value) in mapping.defaults {
            set(name, value.to_value());
        }
        for (name, value) in &self.options.profile_args {
            set(name, value.clone());
        }
        for name in mapping.secrets {
            if !special::has_secrets_inside(mapping) {
                set(name, self.reference(name).into());
            }
        }
        special::complete(self, &mut profile)?;
        profile.retain(|_, value| !value.is_null());
        Ok(profile)
    }

    /// Returns the variables for the secrets.
    fn variables(&self) -> Result<Vec<(String, Secret)>> {
        if let Some(variables) = special::variables(self)? {
            return Ok(variables);
        }
        let mut variables = Vec::new();
        for field in self.mapping.secrets {
            if let Some(value) = self.value(field) {
                variables.push((self.variable(field), string(&value).as_ref().into()));
            }
        }
        Ok(variables)
    }

    /// Returns the name of the variable for a secret.
    fn variable(&self, field: &str) -> String {
        format!(
            "COSMOS_CONN_{}_{}",
            text::upper(self.mapping.conn_type),
            text::upper(field)
        )
    }

    /// Returns what stands for a secret in the file.
    fn reference(&self, field: &str) -> String {
        format!("{{{{ env_var('{}') }}}}", self.variable(field))
    }
}
