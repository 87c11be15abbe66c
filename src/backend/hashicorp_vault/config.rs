//! The kwargs of Airflow's `VaultBackend`, and those that it passes on to `hvac.Client`.
//!
//! Sources: apache-airflow-providers-hashicorp 4.8.4, `secrets/vault.py` and `_internal_client/vault_client.py` (`_client`);
//! hvac 2.4.0, `v1/__init__.py` and `adapters.py`; requests 2.34.2, `sessions.py` (`merge_environment_settings`).

use std::time::Duration;

use super::address::{Address, NamedBy};
use super::auth::{self, Auth};
use super::header;
use super::meanings;
use super::paths::{self, Paths};
use crate::backend::Context;
use crate::cloud::trust;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{Identity, Options, Pem, Proxies, Roots};
use crate::kwargs::{Kwargs, Verify};
use crate::python::json::Value;
use crate::secret::Secret;

/// hvac's `DEFAULT_URL`.
const DEFAULT_URL: &str = "http://localhost:8200";

/// hvac's default of `timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The names of the kwargs that are taken here: `url`, and those of `hvac.Client` and its adapter.
pub(super) const KWARGS: &[&str] = &[
    "url",
    "namespace",
    "verify",
    "cert",
    "timeout",
    "proxies",
    "allow_redirects",
    "session",
    "adapter",
    "ignore_exceptions",
    "strict_http",
    "request_header",
];

/// The backend's configuration.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) paths: Paths,
    pub(super) auth: Auth,
    pub(super) address: Address,
    /// The bytes of the header.
    pub(super) namespace: Option<Secret>,
    /// Whether `X-Vault-Request` is sent, which a Vault agent may insist on.
    pub(super) request_header: bool,
    pub(super) allow_redirects: bool,
    pub(super) http: Options,
    /// The kwarg or variable that names the file or directory of trusted certificates.
    pub(super) roots_named_by: Option<&'static str>,
    /// Whether `VAULT_NAMESPACE` is set, which Airflow does not read.
    pub(super) ignored_namespace: bool,
}

impl Config {
    /// Takes every kwarg.
    ///
    /// # Errors
    /// A kwarg that is unknown, missing, of the wrong type or cannot be used, with status 2.
    pub(super) fn new(mut kwargs: Kwargs, context: &Context<'_>) -> Result<Self> {
        let env = context.env;
        let known = [paths::KWARGS, auth::KWARGS, KWARGS].concat();
        kwargs.refuse_unknown(&known, &meanings::of(&kwargs))?;
        let paths = Paths::from_kwargs(&mut kwargs)?;
        let auth = Auth::from_kwargs(&mut kwargs, context)?;
        let address = address(&mut kwargs, env)?;
        let (roots, roots_named_by) = roots(&mut kwargs, env)?;
        let http = Options {
            roots,
            identity: identity(&mut kwargs, env)?,
            proxies: proxies(&mut kwargs, env)?,
            attempt_timeout: timeout(&mut kwargs)?,
            deadline: context.deadline,
        };
        let allow_redirects = kwargs.flag("allow_redirects", true);
        let request_header = kwargs.flag("request_header", true);
        // They have no effect here: one is for another kind of request, one for the form of Python's errors.
        for name in ["strict_http", "ignore_exceptions"] {
            kwargs.take(name);
        }
        let unsupported = if kwargs.truthy("session").is_some() {
            Some("session")
        } else {
            kwargs.take("adapter").map(|_| "adapter")
        };
        if let Some(name) = unsupported {
            return Err(Error::usage(format!("backend kwarg `{name}` is not supported"))
                .with_detail("its value is a Python object"));
        }
        let namespace = namespace(&mut kwargs)?;
        let ignored_namespace = namespace.is_none() && env.non_empty("VAULT_NAMESPACE").is_some();
        kwargs.finish(&known)?;
        Ok(Self {
            paths,
            auth,
            address,
            namespace,
            request_header,
            allow_redirects,
            http,
            roots_named_by,
            ignored_namespace,
        })
    }
}

impl Config {
    /// Checks that the files of the client certificate exist, as requests does even when they are not used.
    ///
    /// # Errors
    /// A missing file, with status 2.
    pub(super) fn check_identity(&self) -> Result<()> {
        let Some(identity) = &self.http.identity else {
            return Ok(());
        };
        let files = [Some(&identity.certificate), identity.key.as_ref()];
        for file in files.into_iter().flatten().filter_map(Pem::file) {
            let shown = file.display();
            match file::exists(file, self.http.deadline) {
                Ok(true) => {}
                Ok(false) => {
                    return Err(Error::usage(format!(
                        "the client certificate's file `{shown}` does not exist"
                    )));
                }
                Err(source) => {
                    return Err(Error::usage(format!(
                        "the client certificate's file `{shown}` cannot be read"
                    ))
                    .with_source(source));
                }
            }
        }
        Ok(())
    }
}

fn namespace(kwargs: &mut Kwargs) -> Result<Option<Secret>> {
    let Some(namespace) = kwargs.truthy_text("namespace")? else {
        return Ok(None);
    };
    match header::value(&Secret::from(namespace)) {
        Some(namespace) => Ok(Some(namespace)),
        None => Err(Error::usage("backend kwarg `namespace` cannot be sent over HTTP")),
    }
}

fn address(kwargs: &mut Kwargs, env: &Env) -> Result<Address> {
    let set_by = kwargs.set_by("url");
    if let Some(url) = kwargs.truthy_text("url")? {
        return Address::new(&url, NamedBy::Kwarg)
            .map_err(|error| set_by.into_iter().fold(error, Error::with_detail));
    }
    match env.text("VAULT_ADDR") {
        Some(url) => Address::new(url, NamedBy::Variable),
        None => Address::new(DEFAULT_URL, NamedBy::Default),
    }
}

/// Takes the trusted certificates, and the kwarg or variable that names them.
///
/// They come from `verify`. If it is true: from `REQUESTS_CA_BUNDLE`, then `CURL_CA_BUNDLE`. If it is null: from `VAULT_CACERT`,
/// then `VAULT_CAPATH`, then as if it were true.
fn roots(kwargs: &mut Kwargs, env: &Env) -> Result<(Roots, Option<&'static str>)> {
    let first = |names| trust::named(env, names).map(|(roots, name)| (roots, Some(name)));
    let default = || first(trust::REQUESTS_BUNDLES).unwrap_or_else(|| (Roots::system(env), None));
    Ok(match kwargs.verify("verify")? {
        Verify::Default => default(),
        Verify::Null => first(&["VAULT_CACERT", "VAULT_CAPATH"]).unwrap_or_else(default),
        Verify::Off => (Roots::Unverified, None),
        Verify::Path(path) => (Roots::Path(path.into()), Some("verify")),
    })
}

/// Takes the client certificate: `cert`, a file or a pair of certificate and key; else `VAULT_CLIENT_CERT` and
/// `VAULT_CLIENT_KEY`.
fn identity(kwargs: &mut Kwargs, env: &Env) -> Result<Option<Identity>> {
    let files = match kwargs.get("cert") {
        // hvac reads the variables only if `cert` is null.
        Some(cert) if !cert.is_null() && !cert.is_truthy() => {
            kwargs.take("cert");
            return Ok(None);
        }
        _ => kwargs.texts("cert")?,
    };
    match files.as_deref() {
        None => Ok(env.non_empty("VAULT_CLIENT_CERT").map(|certificate| Identity {
            certificate: certificate.into(),
            key: env.non_empty("VAULT_CLIENT_KEY").map(Pem::from),
        })),
        Some([file]) => Ok(Some(Identity {
            certificate: file.into(),
            key: None,
        })),
        Some([certificate, key]) => Ok(Some(Identity {
            certificate: certificate.into(),
            key: Some(key.into()),
        })),
        Some(_) => Err(Error::usage(
            "backend kwarg `cert` must be a file, or a pair of a certificate and its key",
        )),
    }
}

/// Takes the proxies: `proxies`, an object of scheme (or `scheme://host`) to URL, overrides the environment.
fn proxies(kwargs: &mut Kwargs, env: &Env) -> Result<Proxies> {
    let mut explicit = Vec::new();
    for (scheme, proxy) in kwargs.object("proxies")?.unwrap_or_default() {
        match proxy {
            Value::Null => explicit.push((scheme, None)),
            Value::String(url) => explicit.push((scheme, Some(url))),
            _ => return Err(Error::usage("backend kwarg `proxies` must be an object of texts")),
        }
    }
    Ok(Proxies::from_env(env).with_explicit(explicit))
}

/// Takes the time limit of connecting and of each wait for the server. Null means no limit.
fn timeout(kwargs: &mut Kwargs) -> Result<Duration> {
    if !kwargs.contains("timeout") {
        return Ok(DEFAULT_TIMEOUT);
    }
    match kwargs.number("timeout")? {
        None => Ok(Duration::MAX),
        Some(seconds) if seconds > 0.0 => Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
        Some(_) => Err(Error::usage(
            "backend kwarg `timeout` must be more than 0 seconds",
        )),
    }
}
