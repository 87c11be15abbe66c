//! The role of the kwargs: who assumes it, and how.
//!
//! The kwargs are parsed elsewhere. Source: apache-airflow-providers-amazon 9.39.0, `hooks/base_aws.py` (`_refresh_credentials`,
//! `_get_web_identity_credential_fetcher`).

use super::chain::token_file;
use super::credentials::Credentials;
use super::session::Session;
use super::sts::{self, Action, StsOptions};
use crate::cloud::services::Services;
use crate::error::Result;
use crate::python::json::Object;

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
}

impl Role {
    /// Assumes the role from `session`.
    ///
    /// # Errors
    /// Parameters that botocore refuses, with status 2; a refusal or no credentials, 4; no answer, 5.
    pub(super) async fn assume(&self, session: &Session, services: &Services) -> Result<Credentials> {
        let (options, place) = (&self.options, self.place);
        match &self.method {
            RoleMethod::Keys => {
                let keys = session.credentials(services).await?;
                let action = Action::AssumeRole(&keys);
                sts::assume(session, options, action, &self.parameters, place).await
            }
            RoleMethod::TokenFile { path, place: names } => {
                let mut parameters = self.parameters.clone();
                sts::name_session(&mut parameters);
                let token = token_file(session, path, names)?;
                let action = Action::WebIdentity(&token);
                sts::assume(session, options, action, &parameters, place).await
            }
        }
    }
}
