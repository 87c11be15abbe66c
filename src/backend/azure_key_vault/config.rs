//! The backend's kwargs as typed values: the vault, the names, the identity, and the transport of the vault's client.
//!
//! Facts: `AzureKeyVaultBackend.__init__` of the Microsoft Azure provider 15.2.1, and the kwargs that it passes on to
//! `SecretClient` of azure-keyvault-secrets 4.12.0. Must not send anything, or know a credential.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use url::Url;

use super::meanings::MEANINGS;
use super::names::Names;
use crate::cloud::azure::{self, Identity, retry};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Identity as ClientIdentity, Options, Retry, Roots};
use crate::kwargs::{self, Kwargs};
use crate::python::json::Value;
use crate::python::repr::str;

/// The version of the service's API that Airflow's client asks for (`DEFAULT_VERSION`).
const API_VERSION: &str = "2026-04-01";

/// The kwargs that have a meaning here: Airflow's own, then those of its `SecretClient`.
pub(super) const KNOWN: &[&str] = &[
    "connections_prefix",
    "variables_prefix",
    "config_prefix",
    "vault_url",
    "sep",
    "tenant_id",
    "client_id",
    "client_secret",
    "managed_identity_client_id",
    "workload_identity_tenant_id",
    "api_version",
    "verify_challenge_resource",
    "connection_timeout",
    "read_timeout",
    "connection_verify",
    "connection_cert",
    "use_env_settings",
    "proxies",
    "retry_total",
    "retry_status",
    "retry_backoff_factor",
];

/// The kwargs of `SecretClient` that have no effect in secretctl. They are not mistakes, and cause only a warning.
pub(super) const WITHOUT_EFFECT: &[&str] = &[
    "auto_request_id",
    "connection_data_block_size",
    "headers",
    "http_logging_policy",
    "logging_enable",
    "permit_redirects",
    "polling_interval",
    "redirect_max",
    "request_id",
    "retry_backoff_max",
    "retry_connect",
    "retry_mode",
    "retry_on_status_codes",
    "retry_read",
    "sdk_moniker",
    "timeout",
    "user_agent",
    "user_agent_overwrite",
    "user_agent_use_env",
];

/// The configuration of one backend.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) names: Names,
    /// The kwarg as configured, for messages.
    pub(super) vault_url: String,
    /// The URL that requests are sent to.
    pub(super) endpoint: Url,
    pub(super) identity: Identity,
    pub(super) api_version: String,
    pub(super) verify_challenge_resource: bool,
    /// Which requests to the vault are retried.
    pub(super) retry: Retry,
    /// How the transport to the vault differs from that of logins; `None` when it does not.
    pub(super) transport: Option<Transport>,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

/// The kwargs of the transport to the vault. They do not apply to logins: Airflow builds its credential without them.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    verify: Verify,
    identity: Option<ClientIdentity>,
    use_env_settings: bool,
    proxies: Vec<(String, Option<String>)>,
    attempt_timeout: Duration,
}

#[derive(Clone, Debug)]
enum Verify {
    Environment,
    Path(PathBuf),
    Nobody,
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// A kwarg of the wrong type, or a `vault_url` that is missing or not that of a Key Vault, with status 2.
    pub(super) fn new(mut kwargs: Kwargs) -> Result<Self> {
        let sep = kwargs.text_or("sep", "-")?;
        let names = Names::new(sep, |name, default| prefix(&mut kwargs, name, default))?;
        let vault_url = kwargs.text("vault_url")?.unwrap_or_default();
        let endpoint = super::vault_url::parse(&vault_url)?;
        let identity = identity(&mut kwargs)?;
        let api_version = match kwargs.take("api_version") {
            None => API_VERSION.to_owned(),
            Some(Value::String(text) | Value::Int(text)) => text,
            Some(Value::Float(number)) => number.to_string(),
            Some(_) => return Err(Error::usage("backend kwarg `api_version` must be text")),
        };
        let verify_challenge_resource = kwargs.protection("verify_challenge_resource")?;
        let retry = retry_of(&mut kwargs)?;
        let transport = Transport::new(&mut kwargs)?;
        Ok(Self {
            names,
            vault_url,
            endpoint,
            identity,
            api_version,
            verify_challenge_resource,
            retry,
            transport,
            warnings: warnings(kwargs),
        })
    }
}

/// Takes a prefix. One that Python finds false may be of any type: it is formatted as Python's `str()` does.
fn prefix(kwargs: &mut Kwargs, name: &str, default: &str) -> Result<Option<String>> {
    match kwargs.get(name) {
        Some(value) if !value.is_null() && !value.is_truthy() => {
            let shown = str(value);
            kwargs.take(name);
            Ok(Some(shown))
        }
        _ => kwargs.text_or(name, default),
    }
}

fn identity(kwargs: &mut Kwargs) -> Result<Identity> {
    let mut all = |names: &[&str]| {
        let is_true = |name: &&str| kwargs.get(name).is_some_and(Value::is_truthy);
        // A kwarg that is not used may have any type.
        if names.iter().all(is_true) {
            let texts = names.iter().map(|name| kwargs.text(name));
            texts.collect::<Result<Option<Vec<String>>>>()
        } else {
            for name in names {
                kwargs.take(name);
            }
            Ok(None)
        }
    };
    let secret = all(&["tenant_id", "client_id", "client_secret"])?;
    let managed = all(&["managed_identity_client_id", "workload_identity_tenant_id"]);
    if let Some(Ok([tenant_id, client_id, client_secret])) = secret.map(<[String; 3]>::try_from) {
        return Ok(Identity::ClientSecret {
            tenant_id,
            client_id,
            client_secret: client_secret.into(),
        });
    }
    match managed?.map(<[String; 2]>::try_from) {
        Some(Ok([client_id, tenant_id])) => Ok(Identity::Managed { client_id, tenant_id }),
        _ => Ok(Identity::Default),
    }
}

/// Returns the warnings about the kwargs that have no effect.
fn warnings(mut kwargs: Kwargs) -> Vec<String> {
    let without_effect: Vec<&str> = WITHOUT_EFFECT
        .iter()
        .copied()
        .filter(|name| kwargs.take(name).is_some())
        .collect();
    without_effect
        .into_iter()
        .map(|name| format!("backend kwarg `{name}` has no effect in secretctl"))
        .chain(kwargs.ignored(KNOWN, MEANINGS))
        .collect()
}

impl Transport {
    fn new(kwargs: &mut Kwargs) -> Result<Option<Self>> {
        const NAMES: [&str; 6] = [
            "connection_verify",
            "connection_cert",
            "use_env_settings",
            "proxies",
            "connection_timeout",
            "read_timeout",
        ];
        if !NAMES.iter().any(|name| kwargs.contains(name)) {
            return Ok(None);
        }
        let verify = match kwargs.verify("connection_verify")? {
            kwargs::Verify::Default | kwargs::Verify::Null => Verify::Environment,
            kwargs::Verify::Off => Verify::Nobody,
            kwargs::Verify::Path(path) => Verify::Path(path.into()),
        };
        let identity = kwargs
            .texts("connection_cert")?
            .map(|paths| paths.into_iter().map(PathBuf::from).collect::<Vec<_>>());
        let identity = match identity.as_deref() {
            None => None,
            Some([certificate]) => Some(ClientIdentity {
                certificate: certificate.clone().into(),
                key: None,
            }),
            Some([certificate, key]) => Some(ClientIdentity {
                certificate: certificate.clone().into(),
                key: Some(key.clone().into()),
            }),
            Some(_) => {
                return Err(Error::usage(
                    "backend kwarg `connection_cert` must be a path, or a pair of them",
                ));
            }
        };
        let mut proxies = Vec::new();
        for (scheme, proxy) in kwargs.object("proxies")?.unwrap_or_default() {
            proxies.push(match proxy {
                Value::Null => (scheme, None),
                Value::String(url) => (scheme, Some(url)),
                _ => {
                    return Err(Error::usage(
                        "backend kwarg `proxies` must have URLs as its values",
                    ));
                }
            });
        }
        let mut seconds = |name| match kwargs.number(name)? {
            None => Ok(None),
            Some(seconds) => Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|timeout| !timeout.is_zero())
                .map(Some)
                .ok_or_else(|| {
                    Error::usage(format!(
                        "backend kwarg `{name}` must be a positive number of seconds"
                    ))
                }),
        };
        // There is one limit here for both: the longer one.
        let attempt_timeout = seconds("connection_timeout")?
            .max(seconds("read_timeout")?)
            .unwrap_or(azure::TIMEOUT);
        Ok(Some(Self {
            verify,
            identity,
            use_env_settings: kwargs.flag("use_env_settings", true),
            proxies,
            attempt_timeout,
        }))
    }

    /// Returns the HTTP options of the vault's client.
    pub(super) fn options(&self, env: &Env, deadline: Instant) -> Options {
        let bare = Env::default();
        let environment = azure::options(if self.use_env_settings { env } else { &bare }, deadline);
        Options {
            roots: match &self.verify {
                Verify::Environment => environment.roots,
                Verify::Path(path) => Roots::Path(path.clone()),
                Verify::Nobody => Roots::Unverified,
            },
            identity: self.identity.clone(),
            proxies: environment.proxies.with_explicit(self.proxies.iter().cloned()),
            attempt_timeout: self.attempt_timeout,
            deadline,
        }
    }
}

/// Takes the kwargs of `SecretClient` for retries.
///
/// # Errors
/// A kwarg that is not a number, with status 2.
fn retry_of(kwargs: &mut Kwargs) -> Result<Retry> {
    let mut count = |name| match kwargs.integer(name)? {
        None => Ok(None),
        Some(count) => u32::try_from(count)
            .map(Some)
            .map_err(|_| Error::usage(format!("backend kwarg `{name}` must be a number of retries"))),
    };
    let total = count("retry_total")?.unwrap_or(10);
    let status = count("retry_status")?.unwrap_or(retry::DEFAULT.retries);
    let backoff = match kwargs.number("retry_backoff_factor")? {
        None => retry::DEFAULT.backoff,
        Some(factor) => Duration::try_from_secs_f64(factor)
            .map_err(|_| Error::usage("backend kwarg `retry_backoff_factor` must be a number of seconds"))?,
    };
    Ok(Retry {
        retries: total.min(status),
        backoff,
        ..retry::DEFAULT
    })
}
