//! Which credentials a file holds, by its type.
//!
//! Source: google-auth 2.63.0, `_default.py` (`_load_credentials_from_info`).

use super::authorized_user::AuthorizedUser;
use super::credential::Credential;
use super::external_account::ExternalAccount;
use super::external_user::ExternalUser;
use super::impersonated::Impersonated;
use super::key::ServiceAccountKey;
use super::service_account::ServiceAccount;
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::json::Object;
use crate::shown::shown;

/// The types of files that are read.
const TYPES: &[&str] = &[
    "authorized_user",
    "service_account",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
];

/// A file of credentials that was read.
pub(super) struct Parsed {
    pub(super) credential: Box<dyn Credential>,
    pub(super) project_id: Option<String>,
    /// `quota_project_id`, which a service account's key does not have.
    pub(super) quota_project: Option<String>,
    /// The number of the project of a workload identity pool, or the project that a user of a workforce pool pays with.
    pub(super) project_number: Option<String>,
}

impl Parsed {
    fn new(credential: impl Credential + 'static, object: &Object) -> Self {
        Self {
            credential: Box::new(credential),
            project_id: None,
            quota_project: text(object, "quota_project_id").map(str::to_owned),
            project_number: None,
        }
    }

    /// Reads the object of a file; `what` names the file in errors.
    ///
    /// # Errors
    /// A type that is not known, or a field that is missing or cannot be used, with status 2.
    pub(super) fn of(what: &str, object: &Object) -> Result<Self> {
        match text(object, "type") {
            Some("service_account") => Self::key(what, object),
            Some("authorized_user") => Ok(Self::new(AuthorizedUser::from_object(what, object)?, object)),
            Some("external_account") => {
                let account = ExternalAccount::from_object(what, object)?;
                let project_number = account.project_number().map(str::to_owned);
                Ok(Self {
                    project_number,
                    ..Self::new(account, object)
                })
            }
            Some("external_account_authorized_user") => {
                Ok(Self::new(ExternalUser::from_object(what, object)?, object))
            }
            Some("impersonated_service_account") => {
                Ok(Self::new(Impersonated::from_object(what, object)?, object))
            }
            Some("gdch_service_account") => Err(Error::usage(format!(
                "{what} holds credentials of type `gdch_service_account`, which secretctl does not support"
            ))),
            kind => Err(unknown(what, kind)),
        }
    }

    /// Reads a service account's key, independent of its `type`.
    ///
    /// # Errors
    /// A field that is missing, with status 2.
    pub(super) fn key(what: &str, object: &Object) -> Result<Self> {
        let key = ServiceAccountKey::from_object(what, object)?;
        let project_id = key.project_id.clone();
        Ok(Self {
            project_id,
            quota_project: None,
            ..Self::new(ServiceAccount::new(key), object)
        })
    }
}

fn unknown(what: &str, kind: Option<&str>) -> Error {
    let Some(kind) = kind else {
        return Error::usage(format!("{what} has no `type`"))
            .with_hint("it must be a service account's key, or another file of Google credentials");
    };
    let error = Error::usage(format!(
        "{what} holds credentials of an unknown type `{}`",
        shown(kind)
    ));
    match nearest(kind, TYPES) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint(format!("the types are `{}`", TYPES.join("`, `"))),
    }
}
