//! Vault's auth methods, one file each: what each needs, and the login that it asks for.
//!
//! A method makes a [`Login`] of its kwargs, or a token as it is. It does not know how a login is sent or what its answer
//! means (`client` does). Source of what is required: apache-airflow-providers-hashicorp 4.8.4,
//! `_internal_client/vault_client.py`; of the requests: hvac 2.4.0, `api/auth_methods/`.

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
    /// Makes a token or a login; files are read now, so that one that was renewed is seen.
    ///
    /// # Errors
    /// No credential to be had, with status 4; a service that it is had from and that does not answer, 5.
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>>;

    /// Returns the secrets that its kwargs hold, so that they are never shown.
    fn secrets(&self) -> Vec<Secret>;

    /// Returns what a refused login is likely to mean.
    fn refusal_hint(&self) -> &'static str;
}

/// What an auth method comes to.
pub(super) enum Credential {
    /// A token, without asking anyone.
    Token(Secret),
    /// A request that is answered with one.
    Login(Login),
}

/// A login: `POST /v1/auth/<mount>/login[/<name>]` with a JSON body.
pub(super) struct Login {
    /// Quoted, from `v1/` on.
    pub(super) api_path: String,
    /// The body.
    pub(super) body: Object,
    /// What of the body is never shown, beside the method's own secrets.
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

    /// Puts the name of who logs in behind the path. A deliberate difference: hvac leaves a `/` in it, and quotes nothing for
    /// userpass.
    fn of(mut self, username: &str) -> Self {
        self.api_path = format!("{}/{}", self.api_path, quote(username));
        self
    }

    /// Notes a secret of the body.
    fn holding(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }
}

/// The auth method that is configured.
#[derive(Debug)]
pub(super) struct Auth {
    name: &'static str,
    /// Whether the login goes to the mount that the method has unless `auth_mount_point` is set.
    pub(super) mount_is_default: bool,
    /// What to say of kwargs that are another auth type's, when Vault denies something.
    pub(super) unused: Option<String>,
    method: Box<dyn Method>,
    services: Services,
}

impl Auth {
    /// Takes the kwargs of every auth method and builds the one that `auth_type` names.
    ///
    /// # Errors
    /// An unknown `auth_type`, and a kwarg that it requires and that is missing, both with status 2.
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
        let taken = AuthKwargs::from_kwargs(kwargs);
        let method = constructor(taken, context.env).map_err(|error| match &others {
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

    /// Returns Airflow's name of the auth type.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the secrets that its kwargs hold, so that they are never shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.method.secrets()
    }

    /// Makes a token or a login.
    ///
    /// # Errors
    /// No credential to be had, with status 4; a service that it is had from and that does not answer, 5.
    pub(super) async fn credential(&self) -> Result<Credential> {
        self.method.credential(&self.services).await
    }

    /// Returns what a refused login of this method is likely to mean.
    pub(super) fn refusal_hint(&self) -> &'static str {
        self.method.refusal_hint()
    }
}

fn unknown(auth_type: &str) -> Error {
    let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
    // What does not look like a name may be a token in the wrong place.
    let is_word = auth_type.len() <= 20
        && auth_type
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let error = Error::usage(if is_word {
        format!("Vault's auth type `{auth_type}` is not supported")
    } else {
        "backend kwarg `auth_type` is no auth type of Vault's".to_owned()
    });
    match nearest(auth_type, &names) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint(format!("`auth_type` is one of {}", names.join(", "))),
    }
}

/// Makes JSON of a secret for the body of a login.
fn json(secret: &Secret) -> Value {
    Value::from(secret.expose_text().unwrap_or_default())
}

/// Returns the secret that a value of a login's body is, in the form in which it could be shown.
fn secret_in(value: &Value) -> Option<Secret> {
    value.is_truthy().then(|| Secret::from(str(value)))
}

/// The error of a kwarg that `auth_type` requires.
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

/// Takes the name that a login has in its path.
///
/// # Errors
/// No name, or one that would change the path, with status 2.
fn username(auth_type: &str, kwargs: &mut AuthKwargs) -> Result<String> {
    match kwargs.value("username") {
        Value::Null => Err(required(auth_type, &["username"])),
        name => match str(&name).as_str() {
            "" => Err(required(auth_type, &["username"])),
            "." => Err(Error::usage("the backend kwarg `username` is no name")),
            name if climbs(name) => Err(Error::usage("the backend kwarg `username` is no name")
                .with_detail("it would climb out of the login's path with `..`")),
            name => Ok(name.to_owned()),
        },
    }
}
