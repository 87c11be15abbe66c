//! Vault's auth methods, one file each: what each needs, and the login that it asks for.
//!
//! A method makes a [`Login`] of its kwargs, or a token as it is. It does not know how a login is sent or what its answer
//! means (`client` does). Source of what is required: apache-airflow-providers-hashicorp 4.8.4,
//! `_internal_client/vault_client.py`; of the requests: hvac 2.4.0, `api/auth_methods/`.

use std::path::Path;

use super::address::normalize;
use crate::backend::kwargs::{Kwargs, nearest};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::python::json::{Object, Value};
use crate::python::quote::quote_path;
use crate::secret::Secret;

mod approle;
mod token;

/// The names of the kwargs that are taken here.
pub(super) const KWARGS: &[&str] = &[
    "auth_type",
    "auth_mount_point",
    "token",
    "token_path",
    "username",
    "password",
    "key_id",
    "secret_id",
    "role_id",
    "assume_role_kwargs",
    "region",
    "kubernetes_role",
    "kubernetes_jwt_path",
    "gcp_key_path",
    "gcp_keyfile_dict",
    "gcp_scopes",
    "azure_tenant_id",
    "azure_resource",
    "radius_host",
    "radius_secret",
    "radius_port",
    "jwt_role",
    "jwt_token",
    "jwt_token_path",
];

/// Airflow's `VALID_AUTH_TYPES`.
const AUTH_TYPES: &[&str] = &[
    "approle",
    "aws_iam",
    "azure",
    "github",
    "gcp",
    "jwt",
    "kubernetes",
    "ldap",
    "radius",
    "token",
    "userpass",
];

/// How a token is had.
#[derive(Debug)]
pub(super) enum Auth {
    AppRole(approle::AppRole),
    Token(token::Token),
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
        }
    }
}

impl Auth {
    /// Takes the kwargs of every auth method and builds the one that `auth_type` names.
    ///
    /// # Errors
    /// An unknown `auth_type`, and a kwarg that it requires and that is missing, both with status 2.
    pub(super) fn from_kwargs(kwargs: &mut Kwargs, env: &Env) -> Result<Self> {
        let auth_type = match kwargs.text_or("auth_type", "token")? {
            Some(auth_type) => auth_type,
            None => return Err(Error::usage("backend kwarg `auth_type` must not be null")),
        };
        let taken = Taken::from_kwargs(kwargs)?;
        match auth_type.as_str() {
            "approle" => approle::AppRole::new(taken).map(Self::AppRole),
            "token" => token::Token::new(taken, env).map(Self::Token),
            other => {
                let error = Error::usage(format!(
                    "Vault's auth type `{}` is not supported",
                    other.escape_debug()
                ));
                Err(match nearest(other, AUTH_TYPES) {
                    Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                    None => error.with_hint(format!("`auth_type` is one of {}", AUTH_TYPES.join(", "))),
                })
            }
        }
    }

    /// Returns Airflow's name of the auth type.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::AppRole(_) => "approle",
            Self::Token(_) => "token",
        }
    }

    /// Returns the secrets that it holds, so that they are never shown.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::AppRole(method) => method.secrets(),
            Self::Token(method) => method.secrets(),
        }
    }

    /// Makes a token or a login of it; files are read now, so that a token that was renewed in a file is seen.
    ///
    /// # Errors
    /// No credential to be had, with status 4.
    #[expect(clippy::unused_async, reason = "some methods ask other services first")]
    pub(super) async fn credential(&self) -> Result<Credential> {
        match self {
            Self::AppRole(method) => Ok(Credential::Login(method.login())),
            Self::Token(method) => method.token().map(Credential::Token),
        }
    }

    /// Returns what a refused login of this method is likely to mean.
    pub(super) fn refusal_hint(&self) -> &'static str {
        match self {
            Self::AppRole(method) => method.refusal_hint(),
            Self::Token(_) => token::REFUSAL_HINT,
        }
    }
}

/// The kwargs of all auth methods, taken and typed.
#[derive(Default)]
struct Taken {
    auth_mount_point: Option<String>,
    token: Option<Secret>,
    token_path: Option<String>,
    secret_id: Option<Secret>,
    role_id: Option<String>,
}

impl Taken {
    fn from_kwargs(kwargs: &mut Kwargs) -> Result<Self> {
        let taken = Self {
            auth_mount_point: non_empty(kwargs, "auth_mount_point")?,
            token: non_empty(kwargs, "token")?.map(Secret::from),
            token_path: non_empty(kwargs, "token_path")?,
            secret_id: text(kwargs, "secret_id")?.map(Secret::from),
            role_id: non_empty(kwargs, "role_id")?,
        };
        for name in KWARGS {
            kwargs.take(name);
        }
        Ok(taken)
    }

    /// Returns the mount of the auth method, `default` unless one is configured.
    fn mount(&self, default: &str) -> String {
        self.auth_mount_point
            .as_deref()
            .map_or_else(|| default.to_owned(), normalize)
    }
}

/// Takes a text; an integer is its digits, as Vault reads it.
fn text(kwargs: &mut Kwargs, name: &str) -> Result<Option<String>> {
    if let Some(Value::Int(digits)) = kwargs.get(name) {
        let digits = digits.clone();
        kwargs.take(name);
        return Ok(Some(digits));
    }
    kwargs.text(name)
}

/// Takes a text that Airflow asks Python for the truth of: empty is absent.
fn non_empty(kwargs: &mut Kwargs, name: &str) -> Result<Option<String>> {
    Ok(text(kwargs, name)?.filter(|text| !text.is_empty()))
}

/// Makes JSON of a secret for the body of a login.
fn json(secret: &Secret) -> Value {
    Value::String(secret.expose_text().unwrap_or_default().to_owned())
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

/// Reads a credential from a file, without the blanks around it.
///
/// # Errors
/// A file that cannot be read, is not text or is empty, with status 4: there is no credential to be had.
fn credential_file(path: &str, what: &str) -> Result<Secret> {
    let bytes = std::fs::read(Path::new(path))
        .map(Secret::new)
        .map_err(|source| {
            Error::denied(format!("{what} cannot be read from `{}`", path.escape_debug())).with_source(source)
        })?;
    let text = bytes
        .expose_text()
        .ok_or_else(|| Error::denied(format!("{what} in `{}` is not text", path.escape_debug())))?;
    match text.trim() {
        "" => Err(Error::denied(format!(
            "`{}`, which should hold {what}, is empty",
            path.escape_debug()
        ))),
        text => Ok(Secret::from(text)),
    }
}
