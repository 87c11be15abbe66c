//! Names that people know from Yandex Cloud's own tools and from other backends, and the kwarg that each means here.
//!
//! Sources: the options and variables of `yc`, the provider block of Terraform, the extras of Airflow's Yandex Cloud connection,
//! and the kwargs of the other secrets backends of Airflow.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("oauth", "yc_oauth_token"),
    ("oauth_token", "yc_oauth_token"),
    ("token", "yc_oauth_token"),
    ("yc_token", "yc_oauth_token"),
    ("service_account_json", "yc_sa_key_json"),
    ("service_account_key", "yc_sa_key_json"),
    ("sa_key_json", "yc_sa_key_json"),
    ("service_account_json_path", "yc_sa_key_json_path"),
    ("service_account_key_file", "yc_sa_key_json_path"),
    ("sa_key_json_path", "yc_sa_key_json_path"),
    ("connection_id", "yc_connection_id"),
    ("conn_id", "yc_connection_id"),
    ("yandex_conn_id", "yc_connection_id"),
    ("yc_folder_id", "folder_id"),
    ("folder", "folder_id"),
    ("api_endpoint", "endpoint"),
    ("endpoint_url", "endpoint"),
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
