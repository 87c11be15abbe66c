//! Credentials beside botocore's: which keys, which requests, each signature, and errors on both sides.
//!
//! Both sides get the same files and variables, each in a home folder of its own, and ask the same scripted server.

mod cases;
mod generated;
mod services;
mod sessions;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::airflow;
use super::support::server::{Recorded, Server};
use super::support::sigv4::verify;
use crate::cloud::aws::{Session, SessionOptions};
use crate::cloud::services::Services;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Files and variables, in which `{home}` and `{url}` stand for the home folder and the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    /// Paths below the home folder.
    pub(super) files: BTreeMap<String, String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) profile_name: Option<String>,
}

/// An access key's id, its secret key and its session token.
type Keys = (String, String, Option<String>);

/// What one side did.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) keys: Result<Keys, String>,
    pub(super) requests: Vec<String>,
    /// The error of our side.
    pub(super) error: Option<Error>,
}

impl Case {
    pub(super) fn with_file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.insert(path.to_owned(), text.into());
        self
    }

    pub(super) fn without_file(mut self, path: &str) -> Self {
        self.files.remove(path);
        self
    }

    pub(super) fn with_config(self, text: &str) -> Self {
        self.with_file(".aws/config", text)
    }

    pub(super) fn with_credentials(self, text: &str) -> Self {
        self.with_file(".aws/credentials", text)
    }

    pub(super) fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn with_profile(mut self, name: &str) -> Self {
        self.profile_name = Some(name.to_owned());
        self
    }

    /// Writes the files into a new home folder; returns it and the variables.
    pub(super) fn lay_out(&self, url: &str) -> (tempfile::TempDir, BTreeMap<String, String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().to_str().expect("a path").to_owned();
        let filled = |text: &str| text.replace("{home}", &home).replace("{url}", url);
        for (path, text) in &self.files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, filled(text)).expect("a file");
        }
        let mut env: BTreeMap<String, String> = [
            ("HOME", "{home}"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", "{url}"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{url}/none"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), filled(value)))
        .collect();
        env.extend(self.env.iter().map(|(name, value)| (name.clone(), filled(value))));
        (folder, env)
    }

    pub(super) fn ours(&self, server: &Server) -> Outcome {
        let (_folder, env) = self.lay_out(&server.url());
        let env: Env = env
            .into_iter()
            .map(|(name, value)| (name, Secret::from(value)))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let keys = runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_secs(30);
            let options = SessionOptions {
                profile_name: self.profile_name.clone(),
                kwargs_hint: "`aws_access_key_id`",
                ..SessionOptions::default()
            };
            let session = Session::new(&env, options, deadline)?;
            let services = Services::new(&env, deadline);
            let keys = session.credentials(&services).await?;
            session.check_client()?;
            let text = |secret: &Secret| secret.expose_text().unwrap_or_default().to_owned();
            Ok::<Keys, Error>((
                keys.access_key.clone(),
                text(&keys.secret_key),
                keys.session_token.as_ref().map(text),
            ))
        });
        let requests = server.take().iter().map(line_of).collect();
        match keys {
            Ok(keys) => Outcome {
                keys: Ok(keys),
                requests,
                error: None,
            },
            Err(error) => Outcome {
                keys: Err(error.message().to_owned()),
                requests,
                error: Some(error),
            },
        }
    }

    /// What botocore does; `None` without a judge.
    pub(super) fn theirs(&self, server: &Server) -> Option<Outcome> {
        let judge = airflow()?;
        let (_folder, env) = self.lay_out(&server.url());
        let answer = judge.ask(json!({
            "op": "aws_credentials.keys", "env": env, "profile_name": self.profile_name,
        }));
        let requests = server.take().iter().map(line_of).collect();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let keys = match answer["keys"].as_array().map(Vec::as_slice) {
            Some([id, secret, token]) => Ok((
                text(id).unwrap_or_default(),
                text(secret).unwrap_or_default(),
                text(token),
            )),
            _ => Err(answer.to_string()),
        };
        Some(Outcome {
            keys,
            requests,
            error: None,
        })
    }
}

/// Writes what matters of a request on a line, and verifies its signature.
fn line_of(request: &Recorded) -> String {
    let mut line = format!("{} {}", request.method, request.target);
    let body = String::from_utf8_lossy(&request.body);
    if !body.is_empty() {
        line.extend([" ", &without_time(&body)]);
    }
    for name in [
        "x-amz-sso_bearer_token",
        "x-aws-ec2-metadata-token",
        "x-aws-ec2-metadata-token-ttl-seconds",
    ] {
        if let Some(value) = request.header(name) {
            line.extend([" ", name, "=", value]);
        }
    }
    match request.header("authorization") {
        Some(signature) if signature.starts_with("AWS4-") => {
            let id = signature
                .split_once("Credential=")
                .and_then(|(_, rest)| rest.split('/').next())
                .unwrap_or_default();
            // A key of `[DEFAULT]` may come with the secret key of a profile.
            let profiles = ["DEFAULT", "A", "B", "C"].map(|name| format!("secret-AKIACONFIG{name}"));
            let scope = [format!("secret-{id}")]
                .iter()
                .chain(&profiles)
                .find_map(|secret| verify(request, secret).ok());
            let scope = scope.expect("a valid signature");
            line.extend([format!(" signed by {scope:?}")]);
        }
        Some(token) => line.extend([" authorization=", token]),
        None => {}
    }
    line
}

/// Replaces the time in a session's name.
fn without_time(body: &str) -> String {
    const NAME: &str = "botocore-session-";
    match body.split_once(NAME) {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{NAME}N{rest}")
        }
        None => body.to_owned(),
    }
}

/// Compares both sides; returns what differs.
pub(super) fn difference(case: &Case, server: &Server) -> Option<String> {
    let ours = case.ours(server);
    if let Some(error) = ours.error.as_ref().filter(|error| error.hint().is_none()) {
        return Some(format!("{case:#?}\nno hint: {error:?}"));
    }
    let theirs = case.theirs(server)?;
    let same_requests = match (&ours.keys, &theirs.keys) {
        (Ok(ours_keys), Ok(their_keys)) => {
            if ours_keys != their_keys {
                return Some(format!("{case:#?}\nours: {ours:#?}\ntheirs: {theirs:#?}"));
            }
            ours.requests == theirs.requests
        }
        // botocore may ask the sources of the keys before the terminal.
        (Err(_), Err(words)) if words.contains("no terminal") => true,
        // These may have none, and then botocore does not come to the terminal.
        (Err(words), Err(_)) if words.contains("a code of a device") => true,
        (Err(_), Err(_)) => {
            // botocore asks once more for credentials that have expired.
            let once = |lines: &[String]| {
                let mut lines = lines.to_vec();
                lines.dedup();
                lines
            };
            let (mut ours, mut theirs) = (once(&ours.requests), once(&theirs.requests));
            ours.sort();
            ours.dedup();
            theirs.sort();
            theirs.dedup();
            ours == theirs
        }
        _ => false,
    };
    (!same_requests).then(|| format!("{case:#?}\nours: {ours:#?}\ntheirs: {theirs:#?}"))
}

/// Returns the path of the token of a session of SSO, or of a start URL, below the home folder.
pub(super) fn sso_cache(name: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, name.as_bytes());
    let hash: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(".aws/sso/cache/{}.json", hash.concat())
}
