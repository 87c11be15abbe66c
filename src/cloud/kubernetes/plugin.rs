//! A credential from an exec plugin: a program such as `aws`, `gke-gcloud-auth-plugin` or `kubelogin` that prints one.
//!
//! Owns how it runs: as kubectl runs it, except that it gets no terminal and must end within the command's time. What it is told is in
//! `info`, and what it prints, which is a secret, in `answer`. Source: k8s.io/client-go v0.36.3, `plugin/pkg/client/auth/exec/exec.go`, and
//! `pkg/apis/clientauthentication`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::credential::Credential;
use super::kubeconfig::Entry;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::helper::{self, Failure, Output, names_a_secret};
use crate::python::json::{self, Object, Value};
use crate::secret::{Redactor, Secret};
use crate::shown::shown;

mod answer;
mod info;

use info::info;

/// The versions of the API. Older ones are gone from kubectl too.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// A plugin of the kubeconfig.
pub(super) struct Plugin {
    program: PathBuf,
    arguments: Vec<String>,
    /// Its whole environment, `KUBERNETES_EXEC_INFO` included.
    env: Vec<(OsString, Secret)>,
    version: String,
    install_hint: Option<String>,
    /// What it is given that could be a secret.
    secrets: Redactor,
    /// As in "the plugin `aws` of user `x` in `/home/me/.kube/config`, line 7".
    named: String,
}

impl Plugin {
    /// Takes the `exec` of a user.
    ///
    /// # Errors
    /// A field that kubectl refuses, with status 2.
    pub(super) fn new(exec: &Entry<'_>, cluster: &Entry<'_>, env: &Env, deadline: Instant) -> Result<Self> {
        let required = |field| {
            let value = exec.text(field)?;
            value.ok_or_else(|| exec.fault(field, "is not set, and an `exec` plugin needs it"))
        };
        let command = required("command")?;
        let version = required("apiVersion")?;
        if !VERSIONS.contains(&version) {
            return Err(exec
                .fault(
                    "apiVersion",
                    &format!("is `{}`, which kubectl does not support", shown(version)),
                )
                .with_hint("update the plugin, and write the kubeconfig again with the cloud's tool"));
        }
        match exec.text("interactiveMode")? {
            Some("Never" | "IfAvailable") => {}
            Some("Always") => {
                return Err(Error::denied(format!(
                    "the plugin `{}` of {} needs a terminal, which secretctl does not give it",
                    shown(command),
                    exec.described()
                ))
                .with_hint("use a login that works without one, or set `interactiveMode: IfAvailable`"));
            }
            Some(_) => return Err(exec.fault("interactiveMode", "must be Never, IfAvailable or Always")),
            None if version == VERSIONS[0] => {
                return Err(exec.fault(
                    "interactiveMode",
                    &format!("is not set, and `{version}` needs it"),
                ));
            }
            None => {}
        }
        let info = info(exec, cluster, version, deadline)?;
        let mut variables: Vec<(OsString, Secret)> = env
            .iter()
            .map(|(name, variable)| (name.into(), variable.value.clone()))
            .collect();
        let arguments = exec.texts("args")?;
        let mut secrets = secrets(env, &arguments);
        for variable in exec.mappings("env")? {
            let Some(name) = variable.text("name")? else {
                return Err(exec.fault("env", "has a variable without a name"));
            };
            let value = Secret::from(variable.text("value")?.unwrap_or_default());
            secrets.add(value.clone());
            variables.push((name.into(), value));
        }
        variables.push(("KUBERNETES_EXEC_INFO".into(), info));
        Ok(Self {
            // Only a path is resolved; a name is looked up in PATH.
            program: if command.contains(std::path::MAIN_SEPARATOR) {
                exec.resolved(command)
            } else {
                command.into()
            },
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            env: variables,
            version: version.to_owned(),
            install_hint: exec.text("installHint")?.map(str::to_owned),
            secrets,
            named: format!("the plugin `{}` of {}", shown(command), exec.described()),
        })
    }

    /// Runs it and returns its credential.
    ///
    /// # Errors
    /// A plugin that is missing, fails or prints no credential (status 4), or does not end in time (5).
    pub(super) async fn run(&self, deadline: Instant) -> Result<Credential> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        for (name, value) in &self.env {
            if let Some(value) = helper::os_value(value) {
                command.env(name, value);
            }
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let named = &self.named;
        let output = match helper::run(command, deadline).await {
            Ok(output) => output,
            Err(Failure::Start(source)) => {
                let error = Error::denied(format!("{named} cannot be run")).with_source(source);
                // Only the first line: the rest is for people at a terminal.
                let hint = self
                    .install_hint
                    .as_deref()
                    .and_then(|hint| hint.trim().lines().next());
                return Err(error.with_hint(hint.map_or_else(
                    || "install it, and check that it is on the PATH".to_owned(),
                    shown,
                )));
            }
            Err(Failure::Late) => {
                return Err(Error::unavailable(format!(
                    "{named} did not end before the command's time was up"
                ))
                .with_hint("`--timeout` sets how long the whole command may take"));
            }
            Err(Failure::TooLong) => {
                let size = helper::MAX_BYTES >> 20;
                return Err(Error::denied(format!("{named} printed more than {size} MiB")));
            }
            Err(Failure::Lost(source)) => {
                return Err(
                    Error::denied(format!("{named} ran, but its result cannot be read")).with_source(source),
                );
            }
        };
        if !output.status.success() {
            let error = Error::denied(format!("{named} failed ({})", output.status));
            let words = self.words(&output);
            let error = match words.as_str() {
                "" => error,
                words => error.with_detail(format!("it says: {words}")),
            };
            return Err(error.with_hint("log in again with the cloud's tool, and try `kubectl get secrets`"));
        }
        answer::credential(&output.stdout, &self.version, named)
            .map_err(|what| Error::denied(format!("{named} {what}")))
    }

    /// Returns what it says on standard error, without what could be a secret.
    ///
    /// kubectl shows all of it, but its reader is a person at a terminal, and ours may be the log of a job.
    fn words(&self, output: &Output) -> String {
        let mut redactor = self.secrets.clone();
        if let Some(Ok(Value::Object(printed))) = output.stdout.expose_text().map(json::loads) {
            let status = printed.get("status").and_then(Value::as_object);
            for text in status
                .into_iter()
                .flat_map(Object::values)
                .filter_map(Value::as_str)
            {
                redactor.add(Secret::from(text));
            }
        }
        let words = String::from_utf8_lossy(output.stderr.expose());
        let words = helper::without_tokens(&redactor.without_secrets(words.into_owned()));
        shown(&redactor.clean(&words))
    }
}

/// Returns the secrets among the variables and the arguments of a plugin, by their names.
fn secrets(env: &Env, arguments: &[&str]) -> Redactor {
    let mut secrets = Redactor::default();
    for (_, variable) in env.iter().filter(|(name, _)| names_a_secret(name)) {
        secrets.add(variable.value.clone());
    }
    let mut follows = false;
    for argument in arguments {
        if follows {
            secrets.add(Secret::from(*argument));
        }
        let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
        let is_secret = name.starts_with('-') && names_a_secret(name);
        if is_secret {
            secrets.add(Secret::from(value));
        }
        follows = is_secret && value.is_empty();
    }
    secrets
}
