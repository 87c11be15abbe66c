//! Names that people know from Akeyless's own tools and from other backends, and the kwarg that each means here.
//!
//! Sources: the options and variables of the `akeyless` command, the provider block of Terraform, Airflow's Akeyless connection,
//! and the kwargs of the other secrets backends of Airflow.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("connections_prefix", "connections_path"),
    ("variables_prefix", "variables_path"),
    ("config_prefix", "config_path"),
    ("configs_path", "config_path"),
    ("url", "api_url"),
    ("host", "api_url"),
    ("endpoint", "api_url"),
    ("endpoint_url", "api_url"),
    ("gateway_url", "api_url"),
    ("api_gateway_address", "api_url"),
    ("akeyless_gateway_url", "api_url"),
    ("api_key", "access_key"),
    ("key", "access_key"),
    ("akeyless_access_id", "access_id"),
    ("akeyless_access_key", "access_key"),
    ("akeyless_access_type", "access_type"),
    ("auth_type", "access_type"),
    ("auth_method", "access_type"),
    ("token", "uid_token"),
    ("universal_identity_token", "uid_token"),
    ("audience", "gcp_audience"),
    ("object_id", "azure_object_id"),
    ("separator", "sep"),
    ("global_path", "global_secrets_path"),
];

#[cfg(test)]
mod tests {
    use super::super::config::KNOWN;
    use super::MEANINGS;

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        for (name, kwarg) in MEANINGS {
            assert!(KNOWN.contains(kwarg), "{kwarg}");
            assert!(!KNOWN.contains(name), "{name}");
        }
    }
}
