//! What Cosmos's mappings do beyond their tables.
//!
//! Source: astronomer-cosmos 1.15.1, `cosmos/profiles/*/*.py`: `can_claim_connection`, `transform_…`, `profile`, `env_vars` and `conn` of
//! each class.

use std::borrow::Cow;

use super::Source;
use super::mappings::{Mapping, Special};
use crate::drivers::aws;
use crate::drivers::parts::{Parts, string};
use crate::error::Result;
use crate::python::base64::b64decode;
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;

/// The prefix of the extras of old versions of Snowflake's provider.
const OLD_SNOWFLAKE: &str = "extra__snowflake__";

/// Returns the extra as the mapping reads it: Snowflake's old names without their prefix, and its key decoded.
pub(super) fn extra<'a>(parts: &Parts<'a>, mapping: &Mapping) -> Result<Cow<'a, Object>> {
    let Some(extra) = parts.extra_object() else {
        return Ok(Cow::Owned(Object::new()));
    };
    let renames = matches!(
        mapping.special,
        Special::SnowflakePassword
            | Special::SnowflakeEncryptedFile
            | Special::SnowflakeEncryptedKey
            | Special::SnowflakeKey
    );
    if !renames {
        return Ok(Cow::Borrowed(extra));
    }
    let mut extra: Object = if extra
        .get("extra__snowflake__account")
        .is_some_and(Value::is_truthy)
    {
        let pairs = extra
            .iter()
            .map(|(name, value)| (name.replace(OLD_SNOWFLAKE, ""), value.clone()));
        pairs.collect()
    } else {
        extra.clone()
    };
    if matches!(
        mapping.special,
        Special::SnowflakeEncryptedKey | Special::SnowflakeKey
    ) && let Some(key) = extra.get_mut("private_key_content").filter(|key| key.is_truthy())
    {
        match key {
            Value::String(key) => {
                // Cosmos decodes it whenever it looks at the connection.
                while let Some(decoded) = decoded(key) {
                    *key = decoded;
                }
            }
            _ => return Err(parts.malformed("`extra.private_key_content` is not text")),
        }
    }
    Ok(Cow::Owned(extra))
}

/// Returns a key that is Base64 as its text.
fn decoded(key: &str) -> Option<String> {
    let bytes = b64decode(key)?;
    bytes.expose_text().filter(|text| *text != key).map(str::to_owned)
}

/// Whether the mapping takes a connection that has all required fields.
pub(super) fn claims(source: &Source<'_>) -> bool {
    let has = |name: &str| source.extra.get(name).is_some_and(|value| !value.is_null());
    match source.mapping.special {
        Special::SnowflakePassword => !has("private_key_file") && !has("private_key_content"),
        Special::SnowflakeEncryptedFile => !has("private_key_content"),
        Special::SnowflakeEncryptedKey => !has("private_key_file"),
        Special::SnowflakeFile => source.parts.password.is_none_or(str::is_empty),
        _ => true,
    }
}

/// Returns a value of the connection as the mapping changes it.
pub(super) fn transformed<'a>(source: &Source<'_>, field: &str, value: Cow<'a, Value>) -> Cow<'a, Value> {
    let Some(text) = value.as_str() else { return value };
    let changed = match (source.mapping.special, field) {
        (Special::DatabricksToken, "host") => text.replace("https://", ""),
        (Special::Trino, "host") => text.replace("http://", "").replace("https://", ""),
        (Special::Exasol, "dsn") if !text.contains(':') => {
            format!("{text}:{}", source.parts.truthy_port().unwrap_or("8563"))
        }
        (_, "account") => match source.extra.get("region").and_then(Value::as_str) {
            Some(region) if !region.is_empty() && region != "us-west-2" && !text.contains(region) => {
                format!("{text}.{region}")
            }
            _ => return value,
        },
        _ => return value,
    };
    Cow::Owned(Value::String(changed))
}

/// Whether the mapping has its secrets inside another field.
pub(super) fn has_secrets_inside(mapping: &Mapping) -> bool {
    mapping.special == Special::BigQueryKey
}

/// Adds what the mapping adds to its profile.
pub(super) fn complete(source: &Source<'_>, profile: &mut Object) -> Result<()> {
    let default = |profile: &mut Object, name: &str, value: Value| {
        if !profile.get(name).is_some_and(Value::is_truthy) {
            profile.insert(name.to_owned(), value);
        }
    };
    match source.mapping.special {
        Special::Athena => {
            let keys = keys(source)?;
            let access = keys.access_key.map_or(Value::Null, Value::from);
            profile.insert("aws_access_key_id".to_owned(), access);
            profile.insert(SECRET_KEY.to_owned(), source.reference(SECRET_KEY).into());
            if keys.session_token.is_some() {
                profile.insert(TOKEN.to_owned(), source.reference(TOKEN).into());
            }
        }
        Special::ClickHouse => {
            default(profile, "driver", "native".into());
            default(profile, "port", Value::Int("9000".to_owned()));
            default(profile, "secure", Value::Bool(false));
        }
        Special::DatabricksOauth => {
            profile.insert("auth_type".to_owned(), "oauth".into());
        }
        Special::SqlServer => default(profile, "port", Value::Int("1433".to_owned())),
        Special::BigQueryKey => {
            if !source.options.profile_args.contains_key("keyfile_json")
                && let Some(mut key) = key_file(source)?
            {
                for field in source.mapping.secrets {
                    key.insert((*field).to_owned(), source.reference(field).into());
                }
                profile.insert("keyfile_json".to_owned(), Value::Object(key));
            }
        }
        Special::Oracle => {
            if !profile.contains_key("schema")
                && let Some(user) = profile.get("user").cloned()
            {
                let proxied = user.as_str().and_then(in_brackets);
                profile.insert("schema".to_owned(), proxied.map_or(user.clone(), Value::from));
            }
        }
        Special::Teradata => {
            let has_schema =
                source.options.profile_args.contains_key("schema") || source.value("schema").is_some();
            if !has_schema {
                let user = profile.get("user").cloned().unwrap_or(Value::Null);
                profile.insert("schema".to_owned(), user);
            }
        }
        _ => {}
    }
    Ok(())
}

const SECRET_KEY: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";

/// Returns the variables of a mapping that does not take them from its table.
pub(super) fn variables(source: &Source<'_>) -> Result<Option<Vec<(String, Secret)>>> {
    let mut variables = Vec::new();
    match source.mapping.special {
        Special::Athena => {
            let keys = keys(source)?;
            for (name, value) in [(SECRET_KEY, keys.secret_key), (TOKEN, keys.session_token)] {
                if let Some(value) = value {
                    variables.push((source.variable(name), value.into()));
                }
            }
        }
        Special::BigQueryKey => {
            let key = key_file(source)?.unwrap_or_default();
            for field in source.mapping.secrets {
                if let Some(value) = key.get(*field) {
                    variables.push((source.variable(field), string(value).as_ref().into()));
                }
            }
        }
        Special::Oracle => {
            for field in source.mapping.secrets {
                if let Some(value) = source.value(field) {
                    variables.push((source.variable(field), string(&value).as_ref().into()));
                }
            }
            if source.extra.get("thick_mode").is_some_and(Value::is_truthy) {
                variables.push(("ORA_PYTHON_DRIVER_TYPE".to_owned(), "thick".into()));
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(variables))
}

/// Returns the keys that Airflow's hook would get without asking AWS.
fn keys<'a>(source: &Source<'a>) -> Result<aws::Keys<'a>> {
    if source.parts.truthy_extra("role_arn").is_some() {
        return Err(source
            .parts
            .needs_a_service("`extra.role_arn` makes Airflow ask AWS for the keys of a role"));
    }
    aws::keys(source.parts)
}

/// Returns the key of a service account.
fn key_file(source: &Source<'_>) -> Result<Option<Object>> {
    let Some((_, sources)) = source
        .mapping
        .parameters
        .iter()
        .find(|(name, _)| *name == "keyfile_json")
    else {
        return Ok(None);
    };
    let Some(value) = sources.iter().find_map(|name| source.of_connection(name)) else {
        return Ok(None);
    };
    let not_an_object = || {
        source
            .parts
            .malformed("`extra.keyfile_dict` is not a JSON object")
    };
    let key = match value.into_owned() {
        Value::Object(key) => key,
        Value::String(text) => match json::loads(&text) {
            Ok(Value::Object(key)) => key,
            _ => return Err(not_an_object()),
        },
        _ => return Err(not_an_object()),
    };
    for field in source.mapping.secrets {
        if key.get(*field).is_none_or(Value::is_null) {
            return Err(source
                .parts
                .malformed(&format!("`extra.keyfile_dict` has no `{field}`")));
        }
    }
    Ok(Some(key))
}

/// Returns the first text in brackets: the schema of a proxy user, `user[schema]`.
fn in_brackets(user: &str) -> Option<&str> {
    user.match_indices('[').find_map(|(at, _)| {
        let inner = &user[at + 1..];
        let end = inner.find(']')?;
        (end > 0).then_some(&inner[..end])
    })
}
