//! The kwargs that Airflow passes on to its `AwsBaseHook`: the session, the client and the role.
//!
//! Airflow swallows every kwarg that it does not know, and several that it no longer reads: they are warnings here. Facts:
//! `__init__` and `client` of the two backends, and `utils/connection_wrapper.py` of apache-airflow-providers-amazon 9.39.0;
//! botocore 1.44.8. Must not read a file.

use super::arns::Arns;
use super::meanings::MEANINGS;
use super::role::{self, AssumedRole};
use super::sts_config;
use crate::airflow_option::{AirflowOption, AirflowOptions, Known, OptionValue};
use crate::cloud::aws::json_service::{ClientKwargs, Verify, origin_of};
use crate::cloud::aws::{Credentials, SessionOptions};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::{self, Kwargs};
use crate::nearest::{meant, nearest};
use crate::python::json::Value;
use crate::secret::Secret;
use crate::shown::shown;

const ACCESS_KEY: &str = "aws_access_key_id";
const SECRET_KEY: &str = "aws_secret_access_key";
const SESSION_TOKEN: &str = "aws_session_token";

/// The kwargs that give keys, for a hint.
const KEYS_HINT: &str = "the backend kwargs `aws_access_key_id` and `aws_secret_access_key`";

/// The kwargs that have a meaning here.
pub(super) const KNOWN: &[&str] = &[
    ACCESS_KEY,
    SECRET_KEY,
    SESSION_TOKEN,
    "session_kwargs",
    "profile_name",
    "region_name",
    "endpoint_url",
    "verify",
    "use_ssl",
    "api_version",
    "role_arn",
    "assume_role_method",
    "assume_role_kwargs",
    "assume_role_with_web_identity_federation",
    "assume_role_with_web_identity_token_file",
    "service_config",
    sts_config::CONFIG_KWARGS,
];

/// The kwargs that Airflow once read, or that are for its connections of type `aws`, and why they have no effect.
pub(super) const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("full_url_mode", "a connection may be a URI or JSON"),
    ("are_secret_values_urlencoded", "values are never URL-decoded"),
    ("profile", "`profile_name` names a profile"),
    (
        "external_id",
        "`assume_role_kwargs` has the parameter `ExternalId`",
    ),
    ("aws_account_id", "`role_arn` has the account"),
    ("aws_iam_role", "`role_arn` has the role's name"),
    ("aws_conn_id", "no Airflow connection is looked up"),
    ("login", "`aws_access_key_id` has the key's id"),
    ("password", "`aws_secret_access_key` has the secret key"),
    ("host", "`endpoint_url` has the endpoint"),
    (
        "assume_role_with_web_identity_federation_audience",
        "only the federation `google` has an audience",
    ),
    ("assume_role_with_saml", "SAML is not supported"),
];

/// The configuration of one backend, but for its lookups.
pub(super) struct Config {
    pub(super) session: SessionOptions,
    pub(super) client: ClientKwargs,
    pub(super) role: Option<AssumedRole>,
    /// The kwarg `role_arn`.
    role_arn: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// Airflow's option for a class that makes the sessions.
const SESSION_FACTORY: AirflowOption<'static> = AirflowOption::new("aws", "session_factory");

/// Refuses a configuration in which a Python class makes the sessions.
///
/// # Errors
/// `[aws] session_factory` is set, with status 2.
pub(super) fn refuse_session_factory(airflow: &dyn AirflowOptions) -> Result<()> {
    match airflow.known(&SESSION_FACTORY)? {
        Known::Value(OptionValue { value, source }) if !value.is_empty() => Err(Error::usage(format!(
            "{source} is set, which is not supported: its value is a Python class"
        ))
        .with_hint("leave it out for secretctl")),
        _ => Ok(()),
    }
}

impl Config {
    /// Takes the kwargs that are left. `known` names those that the backend has taken, for "did you mean".
    ///
    /// # Errors
    /// A kwarg with which Airflow could not make its client, with status 2.
    pub(super) fn new(
        mut kwargs: Kwargs,
        env: &Env,
        class_path: &'static str,
        api_version: &str,
        known: &[&'static str],
    ) -> Result<Self> {
        let mut warnings = Vec::new();
        let keys = keys(&mut kwargs, &mut warnings)?;
        let region_name = not_empty(&mut kwargs, "region_name")?;
        let profile_name = not_empty(&mut kwargs, "profile_name")?;
        let endpoint_url = not_empty(&mut kwargs, "endpoint_url")?;
        use_ssl(&mut kwargs, endpoint_url.is_some())?;
        check_api_version(&mut kwargs, api_version)?;
        let verify = verify(&mut kwargs)?;
        let (config, options) = role::config_kwargs(&mut kwargs)?.unwrap_or_default();
        let role_arn = kwargs.get("role_arn").and_then(Value::as_str).map(str::to_owned);
        let service_config = kwargs.get("service_config").cloned();
        let class = class_path.rsplit('.').next().unwrap_or_default().to_lowercase();
        let role = role::role(
            &mut kwargs,
            env,
            &options,
            &format!("airflow_{class}__connection"),
        )?;
        if let Some(warning) = service_config.as_ref().and_then(role::useless_service_config) {
            warnings.push(warning);
        }
        if !config.is_empty() {
            warnings.push(about_config_kwargs(role.is_some()).to_owned());
        }
        if role.is_none() {
            let useless = role::KWARGS.iter().filter(|name| kwargs.take(name).is_some());
            warnings.extend(useless.map(|name| {
                format!("backend kwarg `{name}` has no effect without `role_arn`, as in Airflow")
            }));
        }
        let known = [known, KNOWN].concat();
        warnings.extend(kwargs.remaining().map(|name| unknown(name, &known)));
        Ok(Self {
            session: SessionOptions {
                profile_name,
                region_name: region_name.clone(),
                keys,
                kwargs_hint: KEYS_HINT,
            },
            client: ClientKwargs {
                region_name,
                endpoint_url,
                verify,
            },
            role,
            role_arn,
            warnings,
        })
    }

    /// Returns where the resources of the service are, as far as kwargs and environment say it.
    pub(super) fn arns(&self, env: &Env) -> Arns {
        Arns::new(self.known_region(env), self.role_arn.as_deref())
    }

    /// Returns the region of the kwargs or of the environment. The profile is not read for it.
    fn known_region<'a>(&'a self, env: &'a Env) -> Option<&'a str> {
        let region = self.client.region_name.as_deref();
        region.or_else(|| env.non_empty("AWS_DEFAULT_REGION"))
    }

    /// Returns where the service is, as far as kwargs and environment say it. The profile is not read for it.
    pub(super) fn place(&self, service: &str, env: &Env) -> String {
        if let Some(url) = &self.client.endpoint_url {
            return format!("{service} at {}", shown(&origin_of(url)));
        }
        match self.known_region(env) {
            Some(region) => format!("{service} in {}", shown(region)),
            None => service.to_owned(),
        }
    }
}

/// Takes a text that an empty one does not stand for.
fn not_empty(kwargs: &mut Kwargs, name: &str) -> Result<Option<String>> {
    let set_by = kwargs.set_by(name);
    match kwargs.text(name)? {
        Some(text) if text.is_empty() => {
            let error = Error::usage(format!("backend kwarg `{name}` is empty"))
                .with_hint("remove it, or set it; null is the same as removing it");
            Err(set_by.into_iter().fold(error, Error::with_detail))
        }
        text => Ok(text),
    }
}

/// Takes the access key: the kwargs' own, else that of `session_kwargs`.
fn keys(kwargs: &mut Kwargs, warnings: &mut Vec<String>) -> Result<Option<Credentials>> {
    let id = kwargs.truthy_text(ACCESS_KEY)?;
    let secret = kwargs.truthy_text(SECRET_KEY)?.map(Secret::from);
    let token = kwargs.truthy_text(SESSION_TOKEN)?.map(Secret::from);
    let mut session = Kwargs::new(kwargs.object("session_kwargs")?.unwrap_or_default());
    let session_id = session.truthy_text(ACCESS_KEY)?;
    let session_secret = session.truthy_text(SECRET_KEY)?.map(Secret::from);
    let token = token.or(session.truthy_text(SESSION_TOKEN)?.map(Secret::from));
    for name in session.remaining() {
        warnings.push(format!(
            "`{}` in the backend kwarg `session_kwargs` has no effect, as in Airflow",
            shown(name)
        ));
    }
    match (id, secret) {
        (Some(id), Some(secret)) => return Ok(Some(Credentials::new(id, secret, token))),
        (id, secret) => match (session_id, session_secret) {
            (Some(id), Some(secret)) => return Ok(Some(Credentials::new(id, secret, token))),
            (None, None) => {
                if let Some((given, missing)) = match (id.is_some(), secret.is_some(), token.is_some()) {
                    (true, ..) => Some((ACCESS_KEY, SECRET_KEY)),
                    (_, true, _) => Some((SECRET_KEY, ACCESS_KEY)),
                    (.., true) => Some((SESSION_TOKEN, ACCESS_KEY)),
                    _ => None,
                } {
                    return Err(half_a_key(given, missing));
                }
            }
            (Some(_), None) => return Err(half_a_key("session_kwargs.aws_access_key_id", SECRET_KEY)),
            (None, Some(_)) => return Err(half_a_key("session_kwargs.aws_secret_access_key", ACCESS_KEY)),
        },
    }
    Ok(None)
}

fn half_a_key(given: &str, missing: &str) -> Error {
    Error::usage(format!("backend kwarg `{given}` is set, but `{missing}` is not")).with_hint(
        "set both `aws_access_key_id` and `aws_secret_access_key`, or neither to use the environment's credentials",
    )
}

fn use_ssl(kwargs: &mut Kwargs, has_endpoint: bool) -> Result<()> {
    let is_null = kwargs.get("use_ssl").is_none_or(Value::is_null);
    let use_ssl = kwargs.flag("use_ssl", true);
    if is_null || use_ssl || has_endpoint {
        return Ok(());
    }
    Err(
        Error::usage("backend kwarg `use_ssl` is false, which would send secrets without encryption")
            .with_hint("remove it; for a server of your own, set `endpoint_url` to an http URL"),
    )
}

fn check_api_version(kwargs: &mut Kwargs, api_version: &str) -> Result<()> {
    match kwargs.text("api_version")? {
        Some(other) if other != api_version => Err(Error::usage(format!(
            "backend kwarg `api_version` is `{}`, which AWS's clients do not know",
            shown(&other)
        ))
        .with_hint(format!("remove it: `{api_version}` is the only version"))),
        _ => Ok(()),
    }
}

fn verify(kwargs: &mut Kwargs) -> Result<Verify> {
    let is_given = kwargs.contains("verify");
    Ok(match kwargs.verify("verify")? {
        kwargs::Verify::Default if is_given => Verify::System,
        kwargs::Verify::Default | kwargs::Verify::Null => Verify::Configured,
        kwargs::Verify::Off => Verify::Nothing,
        kwargs::Verify::Path(path) => Verify::Bundle(path),
    })
}

fn about_config_kwargs(has_role: bool) -> &'static str {
    if has_role {
        "backend kwarg `config_kwargs` is for the call that assumes the role alone, as in Airflow"
    } else {
        "backend kwarg `config_kwargs` has no effect without `role_arn`, as in Airflow"
    }
}

/// Returns the warning about a kwarg that Airflow swallows.
fn unknown(name: &str, known: &[&str]) -> String {
    let shown = shown(name);
    if let Some((_, instead)) = WITHOUT_EFFECT.iter().find(|(known, _)| *known == name) {
        return format!("backend kwarg `{shown}` has no effect, as in Airflow: {instead}");
    }
    match meant(name, MEANINGS).or_else(|| nearest(name, known)) {
        Some(nearest) => format!(
            "backend kwarg `{shown}` is unknown and ignored, as in Airflow; did you mean `{nearest}`?"
        ),
        None => format!("backend kwarg `{shown}` is unknown and ignored, as in Airflow"),
    }
}
