//! Runs a tool that people log in with: `az`, `azd` or `pwsh`.
//!
//! Facts: `azure_cli.py` of azure-identity 1.27.0 for Python. The tool is found on the PATH of the environment in force. It
//! runs in a folder that users cannot write to, without input, for at most ten seconds. Its output holds a token, so it is a secret.
//! Anything that looks like a token is redacted from its error messages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use azure_core::credentials::AccessToken;

use super::entra::is_token;
use super::tenant::Tenants;
use super::{CredentialContext, Failure, TokenRequest};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::helper;
use crate::python::json::has_too_many_values;
use crate::secret::Secret;

/// `process_timeout`
const TIMEOUT: Duration = Duration::from_secs(10);

/// The result of a run.
pub(super) struct Output {
    /// The exit status; `None` if a signal ended it.
    pub(super) status: Option<i32>,
    /// Its standard output.
    pub(super) stdout: Secret,
    /// Its standard error.
    pub(super) stderr: String,
}

/// A tool, with the code that all credentials which run one share.
pub(super) struct Tool {
    /// The name of its program.
    name: &'static str,
    not_found: &'static str,
    context: CredentialContext,
    tenants: Tenants,
}

impl Tool {
    /// Creates the tool `name`; `not_found` is the message when it is not installed.
    pub(super) fn new(context: &CredentialContext, name: &'static str, not_found: &'static str) -> Self {
        Self {
            name,
            not_found,
            tenants: Tenants::unchecked(&context.env, "", Vec::new()),
            context: context.clone(),
        }
    }

    /// Finds the first of `programs`.
    ///
    /// # Errors
    /// If none is found, the credential is unavailable.
    pub(super) fn find(&self, programs: &[&str]) -> Result<PathBuf, Failure> {
        let mut found = programs.iter().map(|program| find(&self.context.env, program));
        found.find_map(|program| program).ok_or_else(|| self.missing())
    }

    /// Returns the tenant for the arguments, if any, and checks it and the scope.
    ///
    /// # Errors
    /// A vault of another tenant, or a value that cannot be an argument, with status 4.
    pub(super) async fn tenant(&self, request: &TokenRequest) -> Result<Option<String>, Failure> {
        let tenant = Some(self.tenants.to_ask(request).await?).filter(|tenant| !tenant.is_empty());
        check_arguments(&request.scope, tenant.as_deref())?;
        Ok(tenant)
    }

    /// Runs `program` with `extra` variables.
    ///
    /// # Errors
    /// As [`run`]; if the shell does not find the program, the credential is unavailable.
    pub(super) async fn run(
        &self,
        program: &Path,
        arguments: &[String],
        extra: &[(&str, &str)],
    ) -> Result<Output, Failure> {
        let output = run(&self.context, self.name, program, arguments, extra).await?;
        let unrecognized = format!("'{}' is not recognized", self.name);
        let is_missing = output.status == Some(127)
            || output.status != Some(0) && output.stderr.starts_with(&unrecognized);
        if is_missing {
            return Err(self.missing());
        }
        Ok(output)
    }

    /// Returns the token that it printed.
    ///
    /// # Errors
    /// If it is not a token, the credential is unavailable.
    pub(super) fn printed(&self, token: Option<AccessToken>) -> Result<AccessToken, Failure> {
        printed(&self.context, self.name, token)
    }

    /// Makes the failure of a run with the error message `text`.
    pub(super) fn failed(&self, text: &str) -> Failure {
        failed(&self.context, self.name, text)
    }

    fn missing(&self) -> Failure {
        Failure::Unavailable(self.not_found.to_owned())
    }
}

/// Finds `tool` on the PATH of `env`, as `shutil.which` does.
fn find(env: &Env, tool: &str) -> Option<PathBuf> {
    let path = env.text("PATH")?;
    let extensions: &[&str] = if cfg!(windows) {
        &[".cmd", ".exe", ".bat", ""]
    } else {
        &[""]
    };
    std::env::split_paths(path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .flat_map(|folder| {
            extensions
                .iter()
                .map(move |extension| folder.join(format!("{tool}{extension}")))
        })
        .find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// Runs `program`, which messages call `tool`, with `extra` variables.
///
/// # Errors
/// If it does not start or answer in time, the credential is unavailable; if the command's own time is up, it failed.
async fn run(
    context: &CredentialContext,
    tool: &str,
    program: &Path,
    arguments: &[String],
    extra: &[(&str, &str)],
) -> Result<Output, Failure> {
    let env = &context.env;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(safe_folder(env)?);
    for (name, variable) in env.iter() {
        if let Some(value) = helper::os_value(&variable.value) {
            command.env(name, value);
        }
    }
    command.envs(extra.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let limit = Instant::now() + TIMEOUT;
    let unavailable = |why: String| Failure::Unavailable(format!("`{tool}` {why}"));
    match helper::run(command, limit.min(context.deadline)).await {
        Ok(output) => Ok(Output {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(output.stderr.expose()).into_owned(),
        }),
        Err(helper::Failure::Start(_)) => Err(unavailable("cannot be run".to_owned())),
        Err(helper::Failure::Lost(_)) => Err(unavailable("ran, but its result could not be read".to_owned())),
        Err(helper::Failure::TooLong) => {
            let size = helper::MAX_BYTES >> 20;
            Err(unavailable(format!("printed more than {size} MiB")))
        }
        Err(helper::Failure::Late) if context.deadline < limit => {
            let error = Error::unavailable(format!(
                "`{tool}` did not answer before the command's time was up"
            ));
            Err(Failure::Failed(error.with_hint(
                "`--timeout` sets how long the whole command may take",
            )))
        }
        Err(helper::Failure::Late) => Err(unavailable(format!(
            "did not answer within {} s",
            TIMEOUT.as_secs()
        ))),
    }
}

/// `get_safe_working_dir`
fn safe_folder(env: &Env) -> Result<PathBuf, Failure> {
    if cfg!(windows) {
        let folder = env
            .non_empty("SYSTEMROOT")
            .or_else(|| env.non_empty("SystemRoot"));
        folder
            .map(PathBuf::from)
            .ok_or_else(|| Failure::Unavailable("`SYSTEMROOT` is not set".to_owned()))
    } else {
        Ok(PathBuf::from("/bin"))
    }
}

/// Returns the token that a tool printed, and redacts it from later messages.
///
/// # Errors
/// If it is not a token, the credential is unavailable.
fn printed(
    context: &CredentialContext,
    tool: &str,
    token: Option<AccessToken>,
) -> Result<AccessToken, Failure> {
    let Some(token) = token.filter(|token| is_token(token.token.secret())) else {
        return Err(Failure::Unavailable(format!(
            "`{tool}` printed something that is not a token"
        )));
    };
    context.redactor.add(token.token.secret().into());
    Ok(token)
}

/// Makes the failure of a tool that printed an error message.
fn failed(context: &CredentialContext, tool: &str, stderr: &str) -> Failure {
    let text = shown(context, stderr);
    Failure::Unavailable(if text.is_empty() {
        format!("`{tool}` failed without a message")
    } else {
        format!("`{tool}` failed: {text}")
    })
}

/// Returns a tool's error message, fit to be shown: one line, without anything that could be a token.
fn shown(context: &CredentialContext, stderr: &str) -> String {
    context.redactor.clean(&helper::without_tokens(stderr))
}

/// Checks a scope (`validate_scope`) and a tenant that become arguments.
///
/// # Errors
/// A character that Python does not accept, with status 4.
fn check_arguments(scope: &str, tenant: Option<&str>) -> Result<()> {
    let scope_is_valid = !scope.is_empty()
        && scope
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.:/".contains(c));
    let tenant_is_valid = tenant.is_none_or(|tenant| {
        tenant
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
    });
    if scope_is_valid && tenant_is_valid {
        return Ok(());
    }
    Err(Error::denied(
        "the vault's challenge has a scope or a tenant that cannot be passed to a tool",
    ))
}

/// Reads a time that a tool prints: `YYYY-MM-DDThh:mm:ssZ`, or with a space and a fraction. It is taken as UTC.
pub(super) fn time(text: &str) -> Option<azure_core::time::OffsetDateTime> {
    let text = text
        .split('.')
        .next()?
        .trim_end_matches('Z')
        .replacen(' ', "T", 1);
    azure_core::time::parse_rfc3339(&format!("{text}Z")).ok()
}

/// Reads the JSON that a tool printed; `None` also if it has too many values.
pub(super) fn json(printed: &[u8]) -> Option<serde_json::Value> {
    if has_too_many_values(printed) {
        return None;
    }
    serde_json::from_slice(printed).ok()
}
