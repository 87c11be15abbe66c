//! The backend's kwargs as typed values: the names, the project, the credentials.
//!
//! Facts: `CloudSecretManagerBackend.__init__` of the Google provider 22.8.0. Must not read a file or send anything.

use super::meanings::MEANINGS;
use super::names::{self, Names};
use crate::cloud::google::{
    self, Access, ConfigFile, Key, Scopes, Source, project_fault, project_of_account,
};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::{Kwargs, Prefixes};
use crate::python::json::Value;
use crate::python::text::strip;
use crate::shown::shown;

/// The kwargs that have a meaning.
pub(super) const KNOWN: &[&str] = &[
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "sep",
    "project_id",
    "gcp_key_path",
    "gcp_keyfile_dict",
    "gcp_credential_config_file",
    "gcp_scopes",
    "impersonation_chain",
];

/// gcloud's variable for another endpoint.
const ENDPOINT_OVERRIDE: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";

/// The default prefixes of connections, variables and options.
const PREFIXES: [&str; 3] = ["airflow-connections", "airflow-variables", "airflow-config"];

/// The configuration of one backend.
pub(super) struct Config {
    pub(super) names: Names,
    pub(super) access: Access,
    /// The URL of the service.
    pub(super) url: String,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// A kwarg that is unknown, of the wrong type or cannot be used, with status 2.
    pub(super) fn new(mut kwargs: Kwargs, env: &Env) -> Result<Self> {
        kwargs.refuse_unknown(KNOWN, MEANINGS)?;
        let names = Names {
            prefixes: Prefixes::take("prefix", PREFIXES, |name, default| {
                prefix(&mut kwargs, name, default)
            })?,
            sep: prefix(&mut kwargs, "sep", "-")?.ok_or_else(|| Kwargs::null("sep", "-"))?,
        };
        let project_id = project(&mut kwargs)?;
        let source = source(&mut kwargs)?;
        let mut warnings = Vec::new();
        let scopes = scopes(&mut kwargs, &mut warnings)?;
        let chain = chain(&mut kwargs)?;
        kwargs.finish(KNOWN)?;
        Ok(Self {
            names,
            access: Access {
                source,
                chain,
                scopes,
                project_id,
            },
            url: google::service_url(env, "secretmanager", ENDPOINT_OVERRIDE)?,
            warnings,
        })
    }
}

/// Takes a prefix, or the separator.
///
/// # Errors
/// A value that is not text, or text that no name has, with status 2.
fn prefix(kwargs: &mut Kwargs, name: &str, default: &str) -> Result<Option<String>> {
    let place = kwargs.set_by(name);
    let Some(text) = kwargs.text_or(name, default)? else {
        return Ok(None);
    };
    let wrong = text.chars().find(|c| !names::is_allowed(*c));
    if wrong.is_none() && text.len() <= names::LONGEST {
        return Ok(Some(text));
    }
    let why = match wrong {
        Some(c) => format!("has `{}`", shown(&c.to_string())),
        None => "is too long".to_owned(),
    };
    let error = Error::usage(format!(
        "backend kwarg `{name}` {why}, which no name in Secret Manager has"
    ))
    .with_hint("a name has only 0-9, a-z, A-Z, - and _, and at most 255 characters");
    Err(match place {
        Some(place) => error.with_detail(place),
        None => error,
    })
}

/// Takes the project, which may be a number. One that Python finds false is as if absent.
fn project(kwargs: &mut Kwargs) -> Result<Option<String>> {
    let project = match kwargs.get("project_id") {
        Some(Value::Int(digits)) if digits != "0" => {
            let digits = digits.clone();
            kwargs.take("project_id");
            Some(digits)
        }
        _ => kwargs.truthy_text("project_id")?,
    };
    match project {
        Some(project) => match project_fault(&project) {
            Some(why) => Err(Error::usage(format!("backend kwarg `project_id` {why}"))
                .with_hint("it is a project's id or number, such as `my-project`")),
            None => Ok(Some(project)),
        },
        None => Ok(None),
    }
}

/// Takes the kwargs that give credentials, at most one of which is true in Python.
fn source(kwargs: &mut Kwargs) -> Result<Source> {
    const NAMES: [&str; 3] = ["gcp_key_path", "gcp_keyfile_dict", "gcp_credential_config_file"];
    let given: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| kwargs.get(name).is_some_and(Value::is_truthy))
        .collect();
    if let [first, second, ..] = given.as_slice() {
        return Err(Error::usage(format!(
            "backend kwargs `{first}` and `{second}` cannot both be set"
        ))
        .with_hint("remove all but one of the kwargs that give credentials"));
    }
    for name in NAMES.into_iter().filter(|name| !given.contains(name)) {
        kwargs.take(name);
    }
    if let Some(path) = kwargs.truthy_text("gcp_key_path")? {
        if path.strip_suffix(".json").is_none() {
            return Err(
                Error::usage("backend kwarg `gcp_key_path` must name a `.json` file")
                    .with_hint("for other files of credentials use `gcp_credential_config_file`"),
            );
        }
        return Ok(Source::Key(Key::File(path)));
    }
    if let Some(key) = kwargs.object("gcp_keyfile_dict")? {
        return Ok(Source::Key(Key::Object(key)));
    }
    if let Some(Value::Object(_)) = kwargs.get("gcp_credential_config_file") {
        let object = kwargs.object("gcp_credential_config_file")?;
        return Ok(object.map_or(Source::Default, |object| {
            Source::Config(ConfigFile::Object(object))
        }));
    }
    match kwargs.truthy_text("gcp_credential_config_file")? {
        Some(text) => Ok(Source::Config(ConfigFile::Text(text))),
        None => Ok(Source::Default),
    }
}

/// Takes the scopes, which are separated by commas. Airflow takes the text apart into characters, with which nothing works.
fn scopes(kwargs: &mut Kwargs, warnings: &mut Vec<String>) -> Result<Scopes> {
    if kwargs.get("gcp_scopes").is_some_and(|value| !value.is_truthy()) {
        kwargs.take("gcp_scopes");
    }
    let is_text = matches!(kwargs.get("gcp_scopes"), Some(Value::String(text)) if !text.is_empty());
    let scopes = kwargs.texts("gcp_scopes")?.unwrap_or_default();
    let scopes = scopes.iter().flat_map(|scopes| scopes.split(',')).map(strip);
    let scopes: Vec<String> = scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    if scopes
        .iter()
        .any(|scope| scope.contains(|c: char| !c.is_ascii_graphic()))
    {
        return Err(Error::usage(
            "backend kwarg `gcp_scopes` has a scope with a blank or a control character",
        )
        .with_hint("separate scopes by commas"));
    }
    if is_text && !scopes.is_empty() {
        warnings.push(
            "backend kwarg `gcp_scopes` does not work in Airflow, which splits it into characters; \
             secretctl splits it at commas"
                .to_owned(),
        );
    }
    Ok(if scopes.is_empty() {
        Scopes::Default
    } else {
        Scopes::Chosen(scopes)
    })
}

/// Takes the accounts to impersonate; `None` when there is no last one.
fn chain(kwargs: &mut Kwargs) -> Result<Option<(Vec<String>, bool)>> {
    let text = kwargs
        .get("impersonation_chain")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if kwargs
        .get("impersonation_chain")
        .is_some_and(|value| !value.is_truthy())
    {
        kwargs.take("impersonation_chain");
        return Ok(None);
    }
    let Some(accounts) = kwargs.texts("impersonation_chain")? else {
        return Ok(None);
    };
    let is_list = text.is_none_or(|text| accounts != [text]);
    let Some(target) = accounts.last().filter(|target| !target.is_empty()) else {
        return Ok(None);
    };
    if project_of_account(target).is_none() {
        return Err(Error::usage(format!(
            "backend kwarg `impersonation_chain` ends with `{}`, which is not a service account's email",
            shown(target)
        ))
        .with_hint("it must be `NAME@PROJECT.iam.gserviceaccount.com`, or a list of such"));
    }
    Ok(Some((accounts, is_list)))
}
