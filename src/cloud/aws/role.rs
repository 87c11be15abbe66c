//! The role of the kwargs: who assumes it, and how.
//!
//! The kwargs are parsed elsewhere. Source: apache-airflow-providers-amazon 9.39.0, `hooks/base_aws.py` (`_refresh_credentials`,
//! `_get_web_identity_credential_fetcher`).

use super::sts::StsOptions;
use crate::python::json::Object;
use crate::secret::Secret;

/// A role to assume.
#[derive(Clone)]
pub(crate) struct Role {
    /// The parameters of the call, in their order; the token of a web identity is not one of them.
    pub(crate) parameters: Object,
    pub(crate) options: StsOptions,
    pub(crate) method: RoleMethod,
    /// Where the role comes from, for messages: "backend kwarg `role_arn`".
    pub(crate) place: &'static str,
}

/// How a role is assumed.
#[derive(Clone)]
pub(crate) enum RoleMethod {
    /// `assume_role`: with the credentials of the session.
    Keys,
    /// `assume_role_with_web_identity`: with the token in a file, which `place` names.
    TokenFile { path: String, place: &'static str },
    /// `assume_role_with_web_identity`: with a token that is here already.
    Token(Secret),
}
