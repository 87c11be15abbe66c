//! What a session of botocore's knows without asking anybody: a profile, a region, the shared files.
//!
//! Owns which profile counts and where a setting comes from. Must not know who gives the credentials, nor how an endpoint is made
//! from the settings.
//!
//! Source: botocore 1.44.8, `session.py` and `configprovider.py`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::credentials::Credentials;
use super::shared_files::{ConfigFile, Entry, IniFile, Value, expanded, path_of, shown_path};
use crate::cloud::services::ServiceRequest;
use crate::cloud::trust;
use crate::env::{Env, Origin};
use crate::error::{Error, Result};
use crate::http::{Client, Failure, Options, Proxies, Response, Retry};
use crate::nearest::nearest;
use crate::secret::Secret;
use crate::shown::shown;

/// The profile when nothing names one.
pub(super) const DEFAULT_PROFILE: &str = "default";

/// The variables that name a profile, the first one first.
const PROFILE_VARIABLES: [&str; 2] = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"];

/// The time limit for connecting and for each wait: botocore's `DEFAULT_TIMEOUT`.
const CLIENT_TIMEOUT: Duration = Duration::from_mins(1);

/// What the kwargs say about a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionOptions {
    /// The profile. It switches the environment's keys and web identity off.
    pub(crate) profile_name: Option<String>,
    pub(crate) region_name: Option<String>,
    /// Keys that are used instead of any that are found.
    pub(crate) keys: Option<Credentials>,
    /// The kwargs that give keys, for a hint.
    pub(crate) kwargs_hint: &'static str,
}

/// The settings of a session.
pub(crate) struct SessionSettings {
    env: Env,
    pub(super) options: SessionOptions,
    region: Option<String>,
    pub(super) config: ConfigFile,
    pub(super) credentials_file: IniFile,
    /// The file of `BOTO_CONFIG`.
    pub(super) boto_config: Option<PathBuf>,
    pub(super) deadline: Instant,
    /// The options of the client for STS and SSO.
    http: Options,
    client: OnceLock<Client>,
}

impl SessionSettings {
    /// Reads the shared files. There is no other input or output.
    ///
    /// # Errors
    /// A file that does not parse, and a named profile that is in neither file, with status 2.
    pub(crate) fn new(env: &Env, options: SessionOptions, deadline: Instant) -> Result<Self> {
        let config_path = path_of(env, "AWS_CONFIG_FILE", "~/.aws/config");
        let credentials_path = path_of(env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
        let boto_config = env.get("BOTO_CONFIG").map(|path| expanded(path.expose(), env));
        let mut session = Self {
            env: env.only(|name, variable| {
                name.starts_with("AWS_") || name == "HOME" || variable.origin != Origin::Process
            }),
            options,
            region: None,
            config: ConfigFile::new(IniFile::read(config_path, "the AWS config file", deadline)?),
            credentials_file: IniFile::read(credentials_path, "the AWS credentials file", deadline)?,
            boto_config,
            deadline,
            http: Options {
                proxies: Proxies::from_env(env).by_urllib(),
                ..trust::options(env, CLIENT_TIMEOUT, deadline)
            },
            client: OnceLock::new(),
        };
        session.check_profile()?;
        session.region = session.find_region();
        session.http.roots = trust::aws_roots(env, session.config_value("ca_bundle"));
        Ok(session)
    }

    /// Returns the region: the kwarg, `AWS_DEFAULT_REGION`, the profile's, and last `AWS_REGION`, which botocore does not read.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns the variables of AWS, `HOME`, and those of env files.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// Returns the kwargs that give keys, for a hint.
    pub(super) fn kwargs_hint(&self) -> &'static str {
        self.options.kwargs_hint
    }

    /// Returns whether a kwarg names the profile, so that the environment's credentials do not count.
    pub(super) fn has_explicit_profile(&self) -> bool {
        self.options.profile_name.is_some()
    }

    /// Returns the profile's name.
    pub(crate) fn profile_name(&self) -> &str {
        let name = self.named_profile().map_or(DEFAULT_PROFILE, |(name, _)| name);
        if name.is_empty() { DEFAULT_PROFILE } else { name }
    }

    /// Returns the profile's value of `key`, even an empty one.
    pub(crate) fn config_value(&self, key: &str) -> Option<&str> {
        self.profile_entry(self.profile_name(), key)?
            .value
            .secret()?
            .expose_text()
    }

    /// Returns where the profile's `key` is, for a message: the file and the line.
    pub(crate) fn config_place(&self, key: &str) -> String {
        self.place(self.profile_name(), key)
    }

    /// Returns the value of `key` for `service` in the section `[services …]` that the profile names.
    ///
    /// `service` is the service's id in lower case with `_`, such as `secrets_manager`.
    ///
    /// # Errors
    /// The profile names a section that the config file does not have, with status 2.
    pub(crate) fn service_value(&self, service: &str, key: &str) -> Result<Option<&str>> {
        let Some(name) = self.config_value("services") else {
            return Ok(None);
        };
        let section = self.config.services.get(name);
        let Some(section) = section.filter(|section| !section.is_empty()) else {
            return Err(Error::usage(format!(
                "the AWS profile `{}` names the section `[services {}]`, which is missing",
                shown(self.profile_name()),
                shown(name)
            ))
            .with_detail(format!("`services` is in {}", self.config_place("services")))
            .with_hint(format!("add the section to `{}`", shown_path(&self.config.path))));
        };
        Ok(match section.get(service).map(|entry| &entry.value) {
            Some(Value::Nested(pairs)) => pairs.get(key).and_then(Secret::expose_text),
            _ => None,
        })
    }

    /// Checks what botocore checks when it creates any client: the `[sso-session …]` of the profile, even if nothing uses it.
    ///
    /// # Errors
    /// The section is missing or incomplete, with status 2.
    pub(crate) fn check_client(&self) -> Result<()> {
        self.check_sso_session(self.profile_name())
    }

    /// Checks the `[sso-session …]` that a profile names: `SSOTokenProvider._load_sso_config`.
    pub(super) fn check_sso_session(&self, profile: &str) -> Result<()> {
        let key = "sso_session";
        let Some(name) = self.profile_text(profile, key)? else {
            return Ok(());
        };
        let section = self.config.sso_sessions.get(name);
        let missing: Vec<&str> = ["sso_start_url", "sso_region"]
            .into_iter()
            .filter(|key| section.is_none_or(|section| !section.contains_key(*key)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = described(profile);
        let problem = match section {
            None => format!("{what} names the SSO session `{}`, which is missing", shown(name)),
            Some(_) => format!(
                "the section `[sso-session {}]` of {what} lacks `{}`",
                shown(name),
                missing.join("`, `")
            ),
        };
        Err(Error::usage(problem)
            .with_detail(format!("`{key}` is in {}", self.place(profile, key)))
            .with_hint(format!(
                "complete the section `[sso-session {}]` in `{}`",
                shown(name),
                shown_path(&self.config.path)
            )))
    }

    /// Sends a request to STS or SSO.
    pub(super) async fn send(
        &self,
        timeout: Option<Duration>,
        proxies: Option<&Proxies>,
        retry: Retry,
        request: ServiceRequest,
    ) -> Result<Response, Failure> {
        let request = request.with(retry);
        if timeout.is_none() && proxies.is_none() {
            let client = self.client.get_or_init(|| Client::new(self.http.clone()));
            return client.send(request).await;
        }
        let options = Options {
            attempt_timeout: timeout.unwrap_or(self.http.attempt_timeout),
            proxies: proxies.unwrap_or(&self.http.proxies).clone(),
            ..self.http.clone()
        };
        Client::new(options).send(request).await
    }

    /// Returns whether the command's time is up after `pause`.
    pub(super) fn ends_within(&self, pause: Duration) -> bool {
        self.deadline.saturating_duration_since(Instant::now()) <= pause
    }

    /// Returns the names of all profiles.
    pub(super) fn profile_names(&self) -> Vec<&str> {
        let names = self
            .config
            .profiles
            .keys()
            .chain(self.credentials_file.sections.keys());
        names.map(String::as_str).collect()
    }

    /// Returns a line about each shared file that is there and cannot be read.
    pub(super) fn unreadable_files(&self) -> impl Iterator<Item = String> {
        let files = [
            (&self.config.path, &self.config.unreadable),
            (&self.credentials_file.path, &self.credentials_file.unreadable),
        ];
        files.into_iter().filter_map(|(path, problem)| {
            let problem = problem.as_ref()?;
            Some(format!("`{}` cannot be read: {problem}", shown_path(path)))
        })
    }

    /// Returns `key` of a profile, even an empty value.
    ///
    /// # Errors
    /// A group of indented settings where a value belongs, with status 2.
    pub(super) fn profile_text(&self, profile: &str, key: &str) -> Result<Option<&str>> {
        match self.profile_entry(profile, key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(text.expose_text()),
            Some(Value::Nested(_)) => Err(Error::usage(format!(
                "`{key}` of {} must be a value, not a group of settings",
                described(profile)
            ))
            .with_detail(format!("it is in {}", self.place(profile, key)))
            .with_hint("write the value on the key's own line")),
        }
    }

    /// Returns whether either file has the profile.
    pub(super) fn has_profile(&self, name: &str) -> bool {
        self.config.profiles.contains_key(name) || self.credentials_file.sections.contains_key(name)
    }

    /// Returns `key` of a profile: of the credentials file, else of the config file.
    pub(super) fn profile_entry(&self, profile: &str, key: &str) -> Option<&Entry> {
        self.profile_entry_and_path(profile, key).map(|(entry, _)| entry)
    }

    /// Returns where `key` of a profile is, for a message.
    pub(super) fn place(&self, profile: &str, key: &str) -> String {
        match self.profile_entry_and_path(profile, key) {
            Some((entry, path)) => format!("`{}`, line {}", shown_path(path), entry.line),
            None => format!("`{}`", shown_path(&self.config.path)),
        }
    }

    fn profile_entry_and_path(&self, profile: &str, key: &str) -> Option<(&Entry, &Path)> {
        let files = [
            (&self.credentials_file.sections, &self.credentials_file.path),
            (&self.config.profiles, &self.config.path),
        ];
        files
            .into_iter()
            .find_map(|(sections, path)| Some((sections.get(profile)?.get(key)?, path.as_path())))
    }

    /// Returns the profile that a kwarg or a variable names, and what names it.
    fn named_profile(&self) -> Option<(&str, &'static str)> {
        match &self.options.profile_name {
            Some(name) => Some((name, "profile_name")),
            None => PROFILE_VARIABLES
                .into_iter()
                .find_map(|variable| Some((self.env.text(variable)?, variable))),
        }
    }

    fn check_profile(&self) -> Result<()> {
        let Some((name, source)) = self.named_profile().filter(|(name, _)| !self.has_profile(name)) else {
            return Ok(());
        };
        let kind = if self.has_explicit_profile() {
            "backend kwarg "
        } else {
            ""
        };
        let error = Error::usage(format!(
            "AWS profile `{}` not found ({kind}`{source}`)",
            shown(name)
        ))
        .with_detail(format!(
            "looked in `{}` and `{}`",
            shown_path(&self.config.path),
            shown_path(&self.credentials_file.path)
        ));
        let known = self.profile_names();
        Err(match nearest(name, &known) {
            Some(nearest) => error.with_hint(format!("did you mean `{}`?", shown(nearest))),
            None if name.is_empty() => error.with_hint(format!("unset `{source}`, or give it a name")),
            None => error.with_hint("add the profile with `aws configure`, or name one that exists"),
        })
    }

    fn find_region(&self) -> Option<String> {
        let first = self
            .options
            .region_name
            .as_deref()
            .or_else(|| self.env.text("AWS_DEFAULT_REGION"))
            .or_else(|| self.config_value("region"));
        let region = first.filter(|region| !region.is_empty());
        region
            .or_else(|| self.env.non_empty("AWS_REGION"))
            .map(str::to_owned)
    }
}

/// Returns the words for a profile: "the AWS profile `x`".
pub(super) fn described(profile: &str) -> String {
    format!("the AWS profile `{}`", shown(profile))
}

impl fmt::Debug for SessionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSettings")
            .field("profile", &self.profile_name())
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
