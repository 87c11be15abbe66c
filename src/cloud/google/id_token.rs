//! ID tokens: who this machine's service account is, for one audience.
//!
//! Source: google-auth 2.63.0, `oauth2/id_token.py` (`fetch_id_token_credentials`), `oauth2/service_account.py`
//! (`IDTokenCredentials`), `impersonated_credentials.py` (`IDTokenCredentials`), `compute_engine/credentials.py`.

use std::path::PathBuf;

use super::TokenContext;
use super::authorized_user::AuthorizedUser;
use super::gcloud;
use super::impersonated::Impersonated;
use super::key::ServiceAccountKey;
use super::metadata::Metadata;
use super::service_account;
use super::source::{named, read};
use crate::cloud::services::{Services, text};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::secret::Secret;

/// Where ID tokens come from: a file that a variable names, else the metadata server. gcloud's file has none.
#[derive(Debug)]
pub(crate) struct IdTokens {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    file: Option<String>,
    /// gcloud's file, where it is looked at.
    gcloud: Option<PathBuf>,
    metadata: Metadata,
    /// The environment, from which the credentials behind an impersonated account read.
    env: Env,
}

impl IdTokens {
    /// Reads the settings from the environment.
    pub(crate) fn new(env: &Env) -> Self {
        Self {
            file: env.non_empty("GOOGLE_APPLICATION_CREDENTIALS").map(str::to_owned),
            gcloud: None,
            metadata: Metadata::new(env, "`GOOGLE_APPLICATION_CREDENTIALS`"),
            env: env.clone(),
        }
    }

    /// Reads the settings from the environment, and looks at gcloud's file too, as Airflow's own code does.
    ///
    /// Source: apache-airflow-providers-google 22.8.0, `common/utils/id_token_credentials.py`.
    pub(crate) fn with_gcloud(env: &Env) -> Self {
        let folder = gcloud::folder(env);
        Self {
            gcloud: folder.map(|folder| folder.join("application_default_credentials.json")),
            ..Self::new(env)
        }
    }

    /// Returns a token for `audience`.
    ///
    /// # Errors
    /// No credentials, or a refusal, with status 4; no answer, 5; a file that cannot be used, 2.
    pub(crate) async fn token(&self, services: Services, audience: &str) -> Result<Secret> {
        let deadline = services.deadline;
        // No account signs a token for itself here.
        let context = &TokenContext {
            services,
            env: self.env.clone(),
            audience: "",
        };
        let is_file = |path: &&PathBuf| file::is_file(path, deadline).unwrap_or(false);
        let gcloud = self.gcloud.as_ref().filter(is_file);
        let path = match (&self.file, gcloud) {
            (Some(path), _) => path.clone(),
            (None, Some(path)) => path.to_string_lossy().into_owned(),
            (None, None) => return self.metadata.id_token(context, audience).await,
        };
        let (object, what) = (read(&path, deadline)?, named(&path));
        match text(&object, "type") {
            Some("service_account") => {
                let key = ServiceAccountKey::from_object(&what, &object)?;
                service_account::id_token(context, &key, audience).await
            }
            Some("authorized_user") if self.gcloud.is_some() => {
                let user = AuthorizedUser::from_object(&what, &object)?;
                user.id_token(context).await
            }
            Some("impersonated_service_account") if self.gcloud.is_none() => {
                let account = Impersonated::from_object(&what, &object)?;
                account.id_token(context, audience).await
            }
            kind => Err(Error::usage(format!(
                "{what} holds credentials of type `{}`, which have no ID token",
                kind.unwrap_or_default().escape_debug()
            ))
            .with_hint("use a service account's key, or run where a metadata server is available")),
        }
    }
}
