//! Which credentials a configuration means: a key, a file, application default credentials; and whether they impersonate another.
//!
//! Source: apache-airflow-providers-google 22.8.0, `utils/credentials_provider.py` (`_CredentialProvider`).

use std::path::Path;
use std::time::Instant;

use super::credential_file::Parsed;
use super::default::{DefaultSettings, Place};
use super::gcloud;
use super::impersonated::{Chain, Impersonated};
use super::metadata::Metadata;
use super::{AccessToken, Credential, Scopes, TokenContext};
use crate::cloud::services::{ServiceRequest, object, text};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{Object, Value, loads};
use crate::shown::shown;

/// A service account's key, independent of its `type`.
#[derive(Clone)]
pub(crate) enum Key {
    File(String),
    Object(Object),
}

/// Credentials of any type.
#[derive(Clone)]
pub(crate) enum ConfigFile {
    /// An existing path, else JSON.
    Text(String),
    Object(Object),
}

/// Where the credentials come from.
#[derive(Clone)]
pub(crate) enum Source {
    Key(Key),
    Config(ConfigFile),
    Default,
}

/// Credentials that are ready to give tokens.
pub(crate) struct Loaded {
    pub(crate) credential: Box<dyn Credential>,
    /// The project that pays for requests, for the header `x-goog-user-project`.
    pub(crate) quota_project: Option<String>,
    /// Where the credentials were found, for messages.
    pub(crate) found_in: String,
    project: Project,
}

/// Where the project's id comes from.
enum Project {
    Known(String),
    Unknown,
    /// The metadata server has it.
    Metadata(Metadata),
    /// The number of a project whose id the Resource Manager has.
    Number(String, String),
}

impl Loaded {
    /// Reads the credentials. `chain` are the accounts of the kwarg `impersonation_chain`, and whether they are a list; `kwargs`
    /// names the kwargs that give credentials, for a hint.
    ///
    /// # Errors
    /// No credentials, with status 4; credentials that cannot be used, 2.
    pub(crate) fn new(
        source: &Source,
        chain: Option<(&[String], bool)>,
        env: &Env,
        deadline: Instant,
        kwargs: &'static str,
    ) -> Result<Self> {
        let mut loaded = match source {
            Source::Key(Key::Object(object)) => {
                let what = "backend kwarg `gcp_keyfile_dict`";
                Self::of_parsed(what, Parsed::key(what, object)?, None)
            }
            Source::Key(Key::File(path)) => {
                let what = named(path);
                Self::of_parsed(&what, Parsed::key(&what, &read(path, deadline)?)?, None)
            }
            Source::Config(config) => {
                let (what, object) = config_object(config, deadline)?;
                Self::of_parsed(&what, Parsed::of(&what, &object)?, Some(env))
            }
            Source::Default => Self::default_credentials(env, deadline, kwargs)?,
        };
        if let Some(chain) = chain.and_then(|(accounts, is_list)| Chain::new(accounts.to_vec(), is_list)) {
            let project = super::project_of_account(&chain.target).unwrap_or_default();
            loaded.project = match project {
                "" => Project::Unknown,
                project => Project::Known(project.to_owned()),
            };
            let impersonated = Impersonated::new(loaded.credential, loaded.quota_project.take(), &chain);
            loaded.credential = Box::new(impersonated);
        }
        Ok(loaded)
    }

    /// Combines what was read with `GOOGLE_CLOUD_QUOTA_PROJECT` of `env`, where that counts.
    fn of_parsed(what: &str, parsed: Parsed, env: Option<&Env>) -> Self {
        let universe = parsed.credential.universe().to_owned();
        Self {
            quota_project: env.and_then(quota_project).or(parsed.quota_project),
            found_in: what.to_owned(),
            project: match (parsed.project_id, parsed.project_number) {
                (Some(project), _) => Project::Known(project),
                (None, Some(number)) => Project::Number(number, universe),
                (None, None) => Project::Unknown,
            },
            credential: parsed.credential,
        }
    }

    fn default_credentials(env: &Env, deadline: Instant, kwargs: &'static str) -> Result<Self> {
        let settings = DefaultSettings::new(env, kwargs);
        let place = settings.place(deadline);
        let mut loaded = match &place {
            Place::File(path) | Place::Gcloud(path) => {
                let what = named(path);
                Self::of_parsed(&what, Parsed::of(&what, &read(path, deadline)?)?, Some(env))
            }
            Place::Metadata => Self {
                quota_project: quota_project(env),
                found_in: "the metadata server".to_owned(),
                project: Project::Metadata(settings.metadata.clone()),
                credential: Box::new(settings.metadata),
            },
        };
        let without = !matches!(loaded.project, Project::Known(_));
        if let Some(project) = settings.project_id {
            loaded.project = Project::Known(project);
        } else if let (Place::Gcloud(_), true) = (&place, without)
            && let Some(project) = gcloud::project(env, deadline)
        {
            loaded.project = Project::Known(project);
        }
        Ok(loaded)
    }

    /// Whether no project can be known, even with a token.
    pub(crate) fn lacks_project(&self, scopes: &Scopes) -> bool {
        match self.project {
            Project::Known(_) | Project::Metadata(_) => false,
            Project::Unknown => true,
            // google-auth asks only when scopes are configured.
            Project::Number(..) => *scopes == Scopes::Default,
        }
    }

    /// Returns the id of the credentials' project; `None` when it is not known. `token` is theirs.
    ///
    /// # Errors
    /// No answer of a service that knows it, with status 4 or 5.
    pub(crate) async fn project(
        &self,
        context: &TokenContext,
        scopes: &Scopes,
        token: &AccessToken,
    ) -> Result<Option<String>> {
        match &self.project {
            Project::Known(project) => Ok(Some(project.clone())),
            Project::Metadata(metadata) => metadata.project(context).await,
            Project::Number(number, universe) if *scopes != Scopes::Default => {
                let url = format!("https://cloudresourcemanager.{universe}/v1/projects/{number}");
                let mut request = ServiceRequest::get(url).header("authorization", token.bearer());
                if let Some(project) = &self.quota_project {
                    request = request.header("x-goog-user-project", project.as_str());
                }
                let response = context.services.google(request).await;
                let response = response.map_err(|failure| {
                    crate::cloud::services::unreachable("Google's Resource Manager", failure)
                })?;
                let answer = object(&response).filter(|_| response.status == 200);
                Ok(answer
                    .as_ref()
                    .and_then(|answer| text(answer, "projectId"))
                    .map(str::to_owned))
            }
            Project::Number(..) | Project::Unknown => Ok(None),
        }
    }
}

impl Source {
    /// Returns the project that is known before any file is read.
    pub(crate) fn known_project(&self, env: &Env) -> Option<String> {
        let object = match self {
            Self::Key(Key::Object(object)) => object,
            Self::Config(ConfigFile::Object(object)) if text(object, "type") == Some("service_account") => {
                object
            }
            Self::Default => return DefaultSettings::new(env, "").project_id,
            Self::Key(Key::File(_)) | Self::Config(_) => return None,
        };
        text(object, "project_id").map(str::to_owned)
    }
}

fn quota_project(env: &Env) -> Option<String> {
    env.non_empty("GOOGLE_CLOUD_QUOTA_PROJECT").map(str::to_owned)
}

/// Returns the object of the kwarg `gcp_credential_config_file`, and its name for messages.
fn config_object(config: &ConfigFile, deadline: Instant) -> Result<(String, Object)> {
    let what = "backend kwarg `gcp_credential_config_file`";
    match config {
        ConfigFile::Object(object) => Ok((what.to_owned(), object.clone())),
        ConfigFile::Text(path) if file::exists(Path::new(path), deadline).unwrap_or(false) => {
            Ok((named(path), read(path, deadline)?))
        }
        ConfigFile::Text(text) => match loads(text) {
            Ok(Value::Object(object)) => Ok((what.to_owned(), object)),
            _ if text.trim_start().starts_with('{') => {
                Err(Error::usage(format!("{what} is not a JSON object")))
            }
            _ => Err(Error::denied(format!("{what} names a file that does not exist"))
                .with_hint("it must be an existing path, or JSON")),
        },
    }
}

/// Returns what messages call the file `path`.
pub(super) fn named(path: &str) -> String {
    format!("the file of Google credentials `{}`", shown(path))
}

/// Reads a file of credentials.
///
/// # Errors
/// A missing file, with status 4; one that is not a JSON object, 2.
pub(super) fn read(path: &str, deadline: Instant) -> Result<Object> {
    let bytes = file::read(Path::new(path), deadline)
        .map_err(|source| Error::denied(format!("{} cannot be read", named(path))).with_source(source))?;
    match bytes.expose_text().and_then(|text| loads(text).ok()) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(Error::usage(format!("{} is not a JSON object", named(path)))),
    }
}
