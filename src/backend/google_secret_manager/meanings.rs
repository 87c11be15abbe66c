//! Names that people know from Google's own tools and from other programs, and the kwarg that each means here.
//!
//! Sources: the variables of google-auth, the options of `gcloud`, Terraform's provider, Airflow's connection to Google, and the
//! kwargs of the other secrets backends of Airflow.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("gcp_project", "project_id"),
    ("gcp_project_id", "project_id"),
    ("gcp_project_name", "project_id"),
    ("google_cloud_project", "project_id"),
    ("google_project", "project_id"),
    ("project", "project_id"),
    ("project_name", "project_id"),
    ("project_number", "project_id"),
    ("quota_project", "project_id"),
    ("credentials_file", "gcp_key_path"),
    ("credentials_path", "gcp_key_path"),
    ("gcp_credentials_path", "gcp_key_path"),
    ("gcp_key_file", "gcp_key_path"),
    ("gcp_keyfile_path", "gcp_key_path"),
    ("google_application_credentials", "gcp_key_path"),
    ("key_file", "gcp_key_path"),
    ("key_path", "gcp_key_path"),
    ("keyfile", "gcp_key_path"),
    ("keyfile_path", "gcp_key_path"),
    ("service_account_file", "gcp_key_path"),
    ("credentials", "gcp_keyfile_dict"),
    ("gcp_key_dict", "gcp_keyfile_dict"),
    ("gcp_keyfile_json", "gcp_keyfile_dict"),
    ("keyfile_dict", "gcp_keyfile_dict"),
    ("keyfile_json", "gcp_keyfile_dict"),
    ("service_account_info", "gcp_keyfile_dict"),
    ("credential_config_file", "gcp_credential_config_file"),
    ("gcp_credential_config", "gcp_credential_config_file"),
    ("workload_identity_config", "gcp_credential_config_file"),
    ("scope", "gcp_scopes"),
    ("scopes", "gcp_scopes"),
    ("delegates", "impersonation_chain"),
    ("delegate_to", "impersonation_chain"),
    ("impersonate_service_account", "impersonation_chain"),
    ("service_account", "impersonation_chain"),
    ("target_principal", "impersonation_chain"),
];
