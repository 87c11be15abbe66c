//! Names that people know from Vault's own tools and from other programs, and the kwarg that each means here.
//!
//! Sources: the variables and options of `vault` and `bao`, the modules of `community.hashi_vault`, hvac's arguments, the provider
//! blocks of Terraform, and the kwargs of the other secrets backends of Airflow.

use crate::kwargs::{Kwargs, Meaning};
use crate::python::json::Value;

/// What a name means with every auth type.
const MEANINGS: &[Meaning] = &[
    ("vault_addr", "url"),
    ("vault_address", "url"),
    ("vault_url", "url"),
    ("vault_uri", "url"),
    ("vault_host", "url"),
    ("vault_server", "url"),
    ("addr", "url"),
    ("address", "url"),
    ("base_uri", "url"),
    ("base_url", "url"),
    ("endpoint", "url"),
    ("host", "url"),
    ("hostname", "url"),
    ("server", "url"),
    ("uri", "url"),
    ("vault_namespace", "namespace"),
    ("name_space", "namespace"),
    ("ns", "namespace"),
    ("ca", "verify"),
    ("ca_bundle", "verify"),
    ("ca_cert", "verify"),
    ("ca_cert_file", "verify"),
    ("ca_cert_path", "verify"),
    ("ca_certs", "verify"),
    ("ca_file", "verify"),
    ("ca_path", "verify"),
    ("cacert", "verify"),
    ("cafile", "verify"),
    ("capath", "verify"),
    ("insecure", "verify"),
    ("requests_ca_bundle", "verify"),
    ("skip_tls_verify", "verify"),
    ("skip_verify", "verify"),
    ("ssl", "verify"),
    ("ssl_ca_cert", "verify"),
    ("ssl_cert_file", "verify"),
    ("ssl_verify", "verify"),
    ("tls_skip_verify", "verify"),
    ("tls_verify", "verify"),
    ("validate_certs", "verify"),
    ("vault_cacert", "verify"),
    ("vault_capath", "verify"),
    ("vault_skip_verify", "verify"),
    ("verify_ssl", "verify"),
    ("verify_tls", "verify"),
    ("certificate", "cert"),
    ("client_cert", "cert"),
    ("client_certificate", "cert"),
    ("client_key", "cert"),
    ("tls_cert", "cert"),
    ("vault_client_cert", "cert"),
    ("vault_client_key", "cert"),
    ("access_token", "token"),
    ("root_token", "token"),
    ("vault_token", "token"),
    ("token_file", "token_path"),
    ("vault_token_file", "token_path"),
    ("vault_token_path", "token_path"),
    ("auth", "auth_type"),
    ("auth_method", "auth_type"),
    ("authentication", "auth_type"),
    ("authentication_type", "auth_type"),
    ("login_type", "auth_type"),
    ("method", "auth_type"),
    ("vault_auth_type", "auth_type"),
    ("auth_backend", "auth_mount_point"),
    ("auth_method_path", "auth_mount_point"),
    ("auth_mount", "auth_mount_point"),
    ("auth_mount_path", "auth_mount_point"),
    ("auth_path", "auth_mount_point"),
    ("login_mount_point", "auth_mount_point"),
    ("app_role_id", "role_id"),
    ("approle_id", "role_id"),
    ("approle_role_id", "role_id"),
    ("aws_role", "role_id"),
    ("iam_role", "role_id"),
    ("vault_role_id", "role_id"),
    ("app_role_secret_id", "secret_id"),
    ("approle_secret", "secret_id"),
    ("approle_secret_id", "secret_id"),
    ("aws_secret_access_key", "secret_id"),
    ("secret", "secret_id"),
    ("secret_access_key", "secret_id"),
    ("secret_key", "secret_id"),
    ("vault_secret_id", "secret_id"),
    ("access_key", "key_id"),
    ("access_key_id", "key_id"),
    ("aws_access_key_id", "key_id"),
    ("aws_region", "region"),
    ("region_name", "region"),
    ("engine", "mount_point"),
    ("engine_mount_point", "mount_point"),
    ("kv_mount", "mount_point"),
    ("kv_mount_point", "mount_point"),
    ("mount", "mount_point"),
    ("mount_path", "mount_point"),
    ("secret_engine", "mount_point"),
    ("secret_mount", "mount_point"),
    ("secret_mount_point", "mount_point"),
    ("secrets_engine", "mount_point"),
    ("secrets_mount_point", "mount_point"),
    ("engine_version", "kv_engine_version"),
    ("kv", "kv_engine_version"),
    ("kv_engine", "kv_engine_version"),
    ("kv_secret_version", "kv_engine_version"),
    ("kv_version", "kv_engine_version"),
    ("secret_version", "kv_engine_version"),
    ("secrets_engine_version", "kv_engine_version"),
    ("version", "kv_engine_version"),
    ("base_path", "connections_path"),
    ("conn_path", "connections_path"),
    ("connection_prefix", "connections_path"),
    ("connections", "connections_path"),
    ("connections_prefix", "connections_path"),
    ("path", "connections_path"),
    ("prefix", "connections_path"),
    ("secret_path", "connections_path"),
    ("secrets_path", "connections_path"),
    ("var_path", "variables_path"),
    ("variable_prefix", "variables_path"),
    ("variables", "variables_path"),
    ("variables_prefix", "variables_path"),
    ("vars_path", "variables_path"),
    ("config", "config_path"),
    ("config_prefix", "config_path"),
    ("configuration_path", "config_path"),
    ("configurations_path", "config_path"),
    ("login", "username"),
    ("user", "username"),
    ("user_name", "username"),
    ("vault_username", "username"),
    ("pass", "password"),
    ("passwd", "password"),
    ("pwd", "password"),
    ("vault_password", "password"),
    ("k8s_role", "kubernetes_role"),
    ("kube_role", "kubernetes_role"),
    ("k8s_jwt_path", "kubernetes_jwt_path"),
    ("kubernetes_token_path", "kubernetes_jwt_path"),
    ("service_account_token_path", "kubernetes_jwt_path"),
    ("gcp_credentials", "gcp_key_path"),
    ("gcp_credentials_path", "gcp_key_path"),
    ("google_application_credentials", "gcp_key_path"),
    ("keyfile_path", "gcp_key_path"),
    ("keyfile_dict", "gcp_keyfile_dict"),
    ("scopes", "gcp_scopes"),
    ("tenant_id", "azure_tenant_id"),
    ("resource", "azure_resource"),
    ("http_proxy", "proxies"),
    ("https_proxy", "proxies"),
    ("proxy", "proxies"),
    ("follow_redirects", "allow_redirects"),
    ("connect_timeout", "timeout"),
    ("request_timeout", "timeout"),
    ("timeout_seconds", "timeout"),
];

/// What a name means with the auth type `kubernetes`.
const KUBERNETES: &[Meaning] = &[
    ("role", "kubernetes_role"),
    ("role_name", "kubernetes_role"),
    ("vault_role", "kubernetes_role"),
    ("jwt", "kubernetes_jwt_path"),
    ("jwt_path", "kubernetes_jwt_path"),
];

/// What a name means with the auth type `jwt`.
const JWT: &[Meaning] = &[
    ("role", "jwt_role"),
    ("role_name", "jwt_role"),
    ("vault_role", "jwt_role"),
    ("jwt", "jwt_token"),
    ("jwt_path", "jwt_token_path"),
];

/// What a name means with any other auth type.
const OTHERS: &[Meaning] = &[
    ("role", "role_id"),
    ("role_name", "role_id"),
    ("vault_role", "role_id"),
    ("jwt", "jwt_token"),
    ("jwt_path", "jwt_token_path"),
];

/// Returns what names mean with `kwargs`: the meaning of some depends on the auth type.
pub(super) fn of(kwargs: &Kwargs) -> Vec<Meaning> {
    let by_method = match kwargs.get("auth_type").and_then(Value::as_str) {
        Some("kubernetes") => KUBERNETES,
        Some("jwt") => JWT,
        _ => OTHERS,
    };
    [by_method, MEANINGS].concat()
}

#[cfg(test)]
mod tests {
    use super::super::{auth, config, paths};
    use super::{JWT, KUBERNETES, MEANINGS, OTHERS};

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        let known = [paths::KWARGS, auth::KWARGS, config::KWARGS].concat();
        for (name, kwarg) in [MEANINGS, KUBERNETES, JWT, OTHERS].concat() {
            assert!(known.contains(&kwarg), "{kwarg}");
            assert!(!known.contains(&name), "{name}");
        }
    }
}
