//! The kwargs of all auth methods. The method that uses a kwarg checks its type.
//!
//! Airflow accepts all of them with every `auth_type`, and puts a value into the body of a login as JSON of its own type.

use super::super::address::normalize;
use super::required;
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::python::json::{Object, Value};
use crate::python::repr::str;
use crate::secret::Secret;

/// The names of the kwargs that are taken here, with `auth_type`.
pub(in super::super) const KWARGS: &[&str] = &[
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

/// Airflow's `DEFAULT_KUBERNETES_JWT_PATH`.
const DEFAULT_KUBERNETES_JWT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The kwargs as given: one that the auth method does not use may have any type.
pub(super) struct AuthKwargs(Kwargs);

impl AuthKwargs {
    /// Takes all of them.
    pub(super) fn from_kwargs(kwargs: &mut Kwargs) -> Self {
        Self(kwargs.take_all(KWARGS))
    }

    /// Returns the mount of the auth method, `default` unless one is configured.
    pub(super) fn mount(&mut self, default: &str) -> String {
        match self.shown("auth_mount_point") {
            None => default.to_owned(),
            Some(mount) => normalize(&mount),
        }
    }

    /// Takes a text that Airflow ignores if Python finds it false.
    ///
    /// # Errors
    /// A true value that is not text, with status 2.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        self.0.truthy_text(name)
    }

    /// Takes a secret as [`text`](Self::text) takes a text.
    ///
    /// # Errors
    /// A true value that is not text, with status 2.
    pub(super) fn secret(&mut self, name: &str) -> Result<Option<Secret>> {
        Ok(self.text(name)?.map(Secret::from))
    }

    /// Takes a value that Airflow formats as text, unless Python finds it false.
    pub(super) fn shown(&mut self, name: &str) -> Option<String> {
        self.0.truthy(name).as_ref().map(str)
    }

    /// Takes a value for the body of a login, unchanged; null when it is absent.
    pub(super) fn value(&mut self, name: &str) -> Value {
        self.0.take(name).unwrap_or(Value::Null)
    }

    /// Takes a required value for the body of a login, unchanged.
    ///
    /// # Errors
    /// An absent value, or one that Python finds false, with status 2.
    pub(super) fn required(&mut self, auth_type: &str, name: &str) -> Result<Value> {
        self.0.truthy(name).ok_or_else(|| required(auth_type, &[name]))
    }

    /// Takes an object; anything that Python finds false is an empty object.
    ///
    /// # Errors
    /// A true value that is not an object, with status 2.
    pub(super) fn object(&mut self, name: &str) -> Result<Object> {
        Ok(self.0.object(name)?.unwrap_or_default())
    }

    /// Takes the path of a service account's token, which has a default.
    ///
    /// # Errors
    /// A true value that is not text, with status 2.
    pub(super) fn kubernetes_jwt_path(&mut self) -> Result<Option<String>> {
        if self.0.contains("kubernetes_jwt_path") {
            self.text("kubernetes_jwt_path")
        } else {
            Ok(Some(DEFAULT_KUBERNETES_JWT_PATH.to_owned()))
        }
    }
}
