//! Where application default credentials are: a file that a variable names, gcloud's file, the metadata server.
//!
//! Source: google-auth 2.63.0, `_default.py` (`default`), `_cloud_sdk.py`.

use std::path::PathBuf;
use std::time::Instant;

use super::gcloud;
use super::metadata::Metadata;
use crate::env::Env;
use crate::file;

/// The settings with which application default credentials are found.
#[derive(Clone, Debug)]
pub(crate) struct DefaultSettings {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    file: Option<String>,
    /// The file that `gcloud auth application-default login` writes.
    well_known: Option<PathBuf>,
    /// `GOOGLE_CLOUD_PROJECT`; `GCLOUD_PROJECT` if that is not set.
    pub(super) project_id: Option<String>,
    pub(super) metadata: Metadata,
}

/// Where they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    File(String),
    /// gcloud's file, which goes with gcloud's project.
    Gcloud(String),
    Metadata,
}

impl DefaultSettings {
    /// Reads the settings from the environment. `kwargs` names the kwargs that the user can set instead, for a hint.
    pub(crate) fn new(env: &Env, kwargs: &'static str) -> Self {
        // A variable that is set and empty hides the older one.
        let project = env
            .text("GOOGLE_CLOUD_PROJECT")
            .or_else(|| env.text("GCLOUD_PROJECT"));
        let folder = gcloud::folder(env);
        Self {
            file: env.non_empty("GOOGLE_APPLICATION_CREDENTIALS").map(str::to_owned),
            well_known: folder.map(|folder| folder.join("application_default_credentials.json")),
            project_id: project.filter(|project| !project.is_empty()).map(str::to_owned),
            metadata: Metadata::new(env, kwargs),
        }
    }

    /// Finds them. A file that a variable names ends the search, even if it is missing.
    pub(super) fn place(&self, deadline: Instant) -> Place {
        let well_known = self.well_known.as_ref();
        let named = self.file.as_ref();
        if let Some(file) = named
            && well_known.is_none_or(|path| path.as_os_str() != file.as_str())
        {
            return Place::File(file.clone());
        }
        match well_known.filter(|path| file::is_file(path, deadline).unwrap_or(false)) {
            Some(path) => Place::Gcloud(path.to_string_lossy().into_owned()),
            None => Place::Metadata,
        }
    }
}
