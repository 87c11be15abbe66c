//! The kwargs of all auth methods, taken and typed: Airflow accepts them all, whichever `auth_type` there is.

use super::super::address::normalize;
use crate::backend::kwargs::Kwargs;
use crate::error::Result;
use crate::python::json::{Object, Value};
use crate::secret::Secret;

/// The names of the kwargs that are taken here, and `auth_type`.
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

/// The kwargs. Where Airflow asks Python for the truth of one, an empty text is absent.
pub(super) struct Taken {
    auth_mount_point: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) token_path: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) key_id: Option<String>,
    pub(super) secret_id: Option<Secret>,
    pub(super) role_id: Option<String>,
    pub(super) assume_role_kwargs: Object,
    pub(super) region: Option<String>,
    pub(super) kubernetes_role: Option<String>,
    pub(super) kubernetes_jwt_path: Option<String>,
    pub(super) gcp_key_path: Option<String>,
    pub(super) gcp_keyfile_dict: Object,
    pub(super) gcp_scopes: Option<String>,
    pub(super) azure_tenant_id: Option<String>,
    pub(super) azure_resource: Option<String>,
    pub(super) radius_host: Option<String>,
    pub(super) radius_secret: Option<String>,
    pub(super) jwt_role: Option<String>,
    pub(super) jwt_token: Option<Secret>,
    pub(super) jwt_token_path: Option<String>,
}

impl Taken {
    /// Takes them.
    ///
    /// # Errors
    /// A value of the wrong type, with status 2.
    pub(super) fn from_kwargs(kwargs: &mut Kwargs) -> Result<Self> {
        let taken = Self {
            auth_mount_point: non_empty(kwargs, "auth_mount_point")?,
            token: non_empty(kwargs, "token")?.map(Secret::from),
            token_path: non_empty(kwargs, "token_path")?,
            username: text(kwargs, "username")?,
            password: text(kwargs, "password")?.map(Secret::from),
            key_id: non_empty(kwargs, "key_id")?,
            secret_id: text(kwargs, "secret_id")?.map(Secret::from),
            role_id: non_empty(kwargs, "role_id")?,
            assume_role_kwargs: kwargs.object("assume_role_kwargs")?.unwrap_or_default(),
            region: non_empty(kwargs, "region")?,
            kubernetes_role: non_empty(kwargs, "kubernetes_role")?,
            kubernetes_jwt_path: kwargs
                .text_or("kubernetes_jwt_path", DEFAULT_KUBERNETES_JWT_PATH)?
                .filter(|path| !path.is_empty()),
            gcp_key_path: non_empty(kwargs, "gcp_key_path")?,
            gcp_keyfile_dict: kwargs.object("gcp_keyfile_dict")?.unwrap_or_default(),
            gcp_scopes: non_empty(kwargs, "gcp_scopes")?,
            azure_tenant_id: non_empty(kwargs, "azure_tenant_id")?,
            azure_resource: non_empty(kwargs, "azure_resource")?,
            radius_host: non_empty(kwargs, "radius_host")?,
            radius_secret: non_empty(kwargs, "radius_secret")?,
            jwt_role: non_empty(kwargs, "jwt_role")?,
            jwt_token: non_empty(kwargs, "jwt_token")?.map(Secret::from),
            jwt_token_path: non_empty(kwargs, "jwt_token_path")?,
        };
        kwargs.integer("radius_port")?;
        Ok(taken)
    }

    /// Returns the mount of the auth method, `default` unless one is configured.
    pub(super) fn mount(&self, default: &str) -> String {
        match self.auth_mount_point.as_deref() {
            None => default.to_owned(),
            Some(mount) => normalize(mount),
        }
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

fn non_empty(kwargs: &mut Kwargs, name: &str) -> Result<Option<String>> {
    Ok(text(kwargs, name)?.filter(|text| !text.is_empty()))
}
