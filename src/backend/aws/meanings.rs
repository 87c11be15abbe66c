//! Names that people know from AWS's own tools and from other programs, and the kwarg that each means here.
//!
//! Sources: the variables and options of `aws` and boto3, the provider blocks of Terraform, and the kwargs of the other secrets
//! backends of Airflow.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("access_key", "aws_access_key_id"),
    ("access_key_id", "aws_access_key_id"),
    ("aws_access_key", "aws_access_key_id"),
    ("key_id", "aws_access_key_id"),
    ("aws_secret_key", "aws_secret_access_key"),
    ("secret_access_key", "aws_secret_access_key"),
    ("secret_id", "aws_secret_access_key"),
    ("secret_key", "aws_secret_access_key"),
    ("aws_security_token", "aws_session_token"),
    ("session_token", "aws_session_token"),
    ("token", "aws_session_token"),
    ("aws_default_region", "region_name"),
    ("aws_region", "region_name"),
    ("default_region", "region_name"),
    ("region", "region_name"),
    ("aws_profile", "profile_name"),
    ("aws_endpoint_url", "endpoint_url"),
    ("endpoint", "endpoint_url"),
    ("url", "endpoint_url"),
    ("ca_bundle", "verify"),
    ("aws_ca_bundle", "verify"),
    ("cacert", "verify"),
    ("ssl_verify", "verify"),
    ("verify_ssl", "verify"),
    ("assume_role", "role_arn"),
    ("assume_role_arn", "role_arn"),
    ("aws_role_arn", "role_arn"),
    ("iam_role", "role_arn"),
    ("role", "role_arn"),
    ("duration_seconds", "assume_role_kwargs"),
    ("role_session_name", "assume_role_kwargs"),
    (
        "web_identity_token_file",
        "assume_role_with_web_identity_token_file",
    ),
    (
        "aws_web_identity_token_file",
        "assume_role_with_web_identity_token_file",
    ),
    ("botocore_config", "config_kwargs"),
    ("client_config", "config_kwargs"),
    ("connection_lookup_pattern", "connections_lookup_pattern"),
    ("variable_lookup_pattern", "variables_lookup_pattern"),
    ("configs_lookup_pattern", "config_lookup_pattern"),
];

#[cfg(test)]
mod tests {
    use super::super::kwargs::{KNOWN, WITHOUT_EFFECT};
    use super::super::{lookups, role};
    use super::MEANINGS;

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        let known = [KNOWN, lookups::KWARGS, role::KWARGS].concat();
        for (name, kwarg) in MEANINGS {
            assert!(known.contains(kwarg), "{kwarg}");
            assert!(
                !known.contains(name) && !WITHOUT_EFFECT.iter().any(|(other, _)| other == name),
                "{name}"
            );
        }
    }
}
