//! Names that people know from Azure's own tools and from other programs, and the kwarg that each means here.
//!
//! Sources: the variables of azure-identity, the options of `az`, the provider blocks of Terraform, and the kwargs of the other
//! secrets backends of Airflow.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("azure_key_vault_url", "vault_url"),
    ("azure_keyvault_url", "vault_url"),
    ("azure_vault_url", "vault_url"),
    ("key_vault", "vault_url"),
    ("key_vault_name", "vault_url"),
    ("key_vault_uri", "vault_url"),
    ("key_vault_url", "vault_url"),
    ("keyvault", "vault_url"),
    ("keyvault_name", "vault_url"),
    ("keyvault_uri", "vault_url"),
    ("keyvault_url", "vault_url"),
    ("uri", "vault_url"),
    ("url", "vault_url"),
    ("vault", "vault_url"),
    ("vault_name", "vault_url"),
    ("vault_uri", "vault_url"),
    ("azure_tenant_id", "tenant_id"),
    ("directory_id", "tenant_id"),
    ("tenant", "tenant_id"),
    ("app_id", "client_id"),
    ("application_id", "client_id"),
    ("appid", "client_id"),
    ("azure_client_id", "client_id"),
    ("service_principal_id", "client_id"),
    ("app_secret", "client_secret"),
    ("azure_client_secret", "client_secret"),
    ("key", "client_secret"),
    ("password", "client_secret"),
    ("secret", "client_secret"),
    ("secret_value", "client_secret"),
    ("service_principal_secret", "client_secret"),
    ("identity_client_id", "managed_identity_client_id"),
    ("managed_identity", "managed_identity_client_id"),
    ("managed_identity_id", "managed_identity_client_id"),
    ("mi_client_id", "managed_identity_client_id"),
    ("msi_client_id", "managed_identity_client_id"),
    ("user_assigned_identity", "managed_identity_client_id"),
    ("workload_identity_tenant", "workload_identity_tenant_id"),
    ("ca_bundle", "connection_verify"),
    ("ca_cert", "connection_verify"),
    ("ca_file", "connection_verify"),
    ("cacert", "connection_verify"),
    ("ssl_verify", "connection_verify"),
    ("verify", "connection_verify"),
    ("verify_ssl", "connection_verify"),
    ("cert", "connection_cert"),
    ("client_cert", "connection_cert"),
    ("http_proxy", "proxies"),
    ("https_proxy", "proxies"),
    ("proxy", "proxies"),
    (
        "disable_challenge_resource_verification",
        "verify_challenge_resource",
    ),
    ("connect_timeout", "connection_timeout"),
    ("request_timeout", "read_timeout"),
    ("max_retries", "retry_total"),
    ("retries", "retry_total"),
];

#[cfg(test)]
mod tests {
    use super::super::config::{KNOWN, WITHOUT_EFFECT};
    use super::MEANINGS;

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        for (name, kwarg) in MEANINGS {
            assert!(KNOWN.contains(kwarg), "{kwarg}");
            assert!(!KNOWN.contains(name) && !WITHOUT_EFFECT.contains(name), "{name}");
        }
    }
}
