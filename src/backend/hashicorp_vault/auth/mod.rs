//! Vault's auth methods, one file each: what each requires, and the login that it sends.
//!
//! A method turns its kwargs into a [`Login`] or a token. Must not know how a login is sent or what its answer means (`client`
//! does). Sources: apache-airflow-providers-hashicorp 4.8.4, `_internal_client/vault_client.py`, for what is required; hvac 2.4.0,
//! `api/auth_methods/`, for the requests.

use std::fmt;

use super::address::{climbs, refuse_climbing};
use crate::backend::{BoxFuture, Context};
use crate::cloud::services::{Services, credential_file};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::nearest::nearest;
use crate::python::json::{Object, Value};
use crate::python::quote::{quote, quote_path};
use crate::python::repr::str;
use crate::secret::Secret;

mod approle;
mod auth_kwargs;
mod aws_iam;
mod existing;
mod gcp;
mod github;
mod jwt;
mod kubernetes;
mod ldap;
mod others;
mod password;
mod token;
mod userpass;

use auth_kwargs::AuthKwargs;
pub(super) use auth_kwargs::KWARGS;

type Constructor = fn(AuthKwargs, &Env) -> Result<Box<dyn Method>>;

/// Airflow's `VALID_AUTH_TYPES`, and the constructor of each.
const METHODS: &[(&str, Constructor)] = &[
    ("approle", approle::AppRole::boxed),
    ("aws_iam", aws_iam::AwsIam::boxed),
    ("azure", existing::ExistingToken::azure),
    ("github", github::GitHub::boxed),
    ("gcp", gcp::Gcp::boxed),
    ("jwt", jwt::Jwt::boxed),
    ("kubernetes", kubernetes::Kubernetes::boxed),
    ("ldap", ldap::boxed),
    ("radius", existing::ExistingToken::radius),
    ("token", token::Token::boxed),
    ("userpass", userpass::boxed),
];

/// An auth method, ready to make a credential.
trait Method: fmt::Debug + Send + Sync {
    /// Makes a token or a login. Files are read each time, because they may have been renewed.
    ///
    /// # Errors
    /// No credential available, with status 4; a service that should provide it does not answer, 5.
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>>;

    /// Returns the secrets in its kwargs, so that they are never shown.
    fn secrets(&self) -> Vec<Secret>;

    /// Returns the likely cause of a refused login.
    fn refusal_hint(&self) -> &'static str;
}

/// The result of an auth method.
pub(super) enum Credential {
    /// A token that needs no request.
    Token(Secret),
    /// A request that returns a token.
    Login(Login),
}

/// A login: `POST /v1/auth/<mount>/login[/<name>]` with a JSON body.
pub(super) struct Login {
    /// The path from `v1/` on, quoted.
    pub(super) api_path: String,
    /// The body.
    pub(super) body: Object,
    /// The secrets in the body that are not in the method's kwargs.
    pub(super) secrets: Vec<Secret>,
}

impl Login {
    /// Creates the login at `mount`.
    fn new(mount: &str, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let body = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Self {
            api_path: format!("v1/auth/{}/login", quote_path(mount)),
            body,
            secrets: Vec::new(),
        }
    }

    /// Appends the user name to the path.
    ///
    /// A deliberate difference: hvac does not quote a `/` in it, and quotes nothing for userpass.
    fn of(mut self, username: &str) -> Self {
        self.api_path = format!("{}/{}", self.api_path, quote(username));
        self
    }

    /// Adds a secret of the body.
    fn holding(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }
}

/// The configured auth method.
#[derive(Debug)]
pub(super) struct Auth {
    name: &'static str,
    /// Whether the login goes to the method's default mount, because `auth_mount_point` is not set.
    pub(super) mount_is_default: bool,
    /// A note about kwargs of another auth type, for when Vault denies something.
    pub(super) unused: Option<String>,
    method: Box<dyn Method>,
    services: Services,
}

impl Auth {
    /// Takes the kwargs of every auth method and builds the one that `auth_type` names.
    ///
    /// # Errors
    /// An unknown `auth_type`, or a missing kwarg that it requires, with status 2.
    pub(super) fn from_kwargs(kwargs: &mut Kwargs, context: &Context<'_>) -> Result<Self> {
        let is_set = kwargs.contains("auth_type");
        let Some(auth_type) = kwargs.text_or("auth_type", "token")? else {
            return Err(Error::usage("backend kwarg `auth_type` must not be null"));
        };
        let auth_mount_point = kwargs.get("auth_mount_point").filter(|mount| mount.is_truthy());
        let mount_is_default = auth_mount_point.is_none();
        if let Some(mount) = auth_mount_point {
            refuse_climbing(
                "auth_mount_point",
                kwargs.set_by("auth_mount_point").as_deref(),
                &str(mount),
            )?;
        }
        let Some((name, constructor)) = METHODS.iter().find(|(name, _)| *name == auth_type) else {
            return Err(unknown(&auth_type));
        };
        let others = others::of(kwargs, name);
        let auth_kwargs = AuthKwargs::from_kwargs(kwargs);
        let method = constructor(auth_kwargs, context.env).map_err(|error| match &others {
            Some(others) => others.explain(error, name, is_set),
            None => error,
        })?;
        let services = Services::new(context.env, context.deadline);
        Ok(Self {
            mount_is_default,
            unused: others.map(|others| others.unused(name)),
            name,
            method,
            services,
        })
    }

    /// Returns Airflow's name for the auth type.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it logs in, and so can replace a token that has expired.
    pub(super) fn logs_in(&self) -> bool {
        !matches!(self.name, "token" | "azure" | "radius")
    }

    /// Whether its login is signed with the time, or holds a token that says when it was made.
    pub(super) fn needs_clock(&self) -> bool {
        matches!(self.name, "aws_iam" | "gcp")
    }

    /// Returns the secrets in its kwargs, so that they are never shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.method.secrets()
    }

    /// Makes a token or a login.
    ///
    /// # Errors
    /// No credential available, with status 4; a service that should provide it does not answer, 5.
    pub(super) async fn credential(&self) -> Result<Credential> {
        self.method.credential(&self.services).await
    }

    /// Returns the likely cause of a refused login of this method.
    pub(super) fn refusal_hint(&self) -> &'static str {
        self.method.refusal_hint()
    }
}

fn unknown(auth_type: &str) -> Error {
    let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
    // A text that does not look like a name may be a token in the wrong place.
    let is_word = auth_type.len() <= 20
        && auth_type
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let error = Error::usage(if is_word {
        format!("Vault's auth type `{auth_type}` is not supported")
    } else {
        "backend kwarg `auth_type` is not one of Vault's auth types".to_owned()
    });
    match nearest(auth_type, &names) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint(format!("`auth_type` is one of {}", names.join(", "))),
    }
}

/// Returns a secret as JSON for the body of a login.
fn json(secret: &Secret) -> Value {
    Value::from(secret.expose_text().unwrap_or_default())
}

/// Returns the secret in a value of a login's body, in the form in which it could be shown.
fn secret_in(value: &Value) -> Option<Secret> {
    value.is_truthy().then(|| Secret::from(str(value)))
}

/// Returns the error of a missing kwarg that `auth_type` requires.
fn required(auth_type: &str, names: &[&str]) -> Error {
    let names = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" or ");
    Error::usage(format!(
        "Vault's auth type `{auth_type}` requires the backend kwarg {names}"
    ))
}

/// Takes the user name for the path of a login.
///
/// # Errors
/// A missing name, or one that would change the path, with status 2.
fn username(auth_type: &str, kwargs: &mut AuthKwargs) -> Result<String> {
    match kwargs.value("username") {
        Value::Null => Err(required(auth_type, &["username"])),
        name => match str(&name).as_str() {
            "" => Err(required(auth_type, &["username"])),
            "." => Err(Error::usage("the backend kwarg `username` is not a valid name")),
            name if climbs(name) => Err(Error::usage("the backend kwarg `username` is not a valid name")
                .with_detail("it would climb out of the path of the login with `..`")),
            name => Ok(name.to_owned()),
        },
    }
}
