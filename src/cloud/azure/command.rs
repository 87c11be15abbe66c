//! Running one of the tools that people log in with: `az`, `azd`, `pwsh`.
//!
//! Facts: `azure_cli.py` of azure-identity 1.27.0 for Python: found on the PATH of the environment in force, run in a folder that nobody
//! can write a program to, without input, and given ten seconds. A tool's output holds a token: it is a secret, and its
//! complaints are shown without anything that looks like one.

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
const PATIENCE: Duration = Duration::from_secs(10);

/// What a tool left behind.
pub(super) struct Output {
    /// The exit status; `None` when a signal ended it.
    pub(super) status: Option<i32>,
    /// What it printed.
    pub(super) stdout: Secret,
    /// What it complained about.
    pub(super) stderr: String,
}

/// A tool, and what every credential that runs one does with it.
pub(super) struct Tool {
    /// Its name for people, which is that of its program.
    name: &'static str,
    not_found: &'static str,
    surroundings: CredentialContext,
    tenants: Tenants,
}

impl Tool {
    /// Takes the tool `name`; `not_found` is said where it is not installed.
    pub(super) fn new(surroundings: &CredentialContext, name: &'static str, not_found: &'static str) -> Self {
        Self {
            name,
            not_found,
            tenants: Tenants::unchecked(&surroundings.env, "", Vec::new()),
            surroundings: surroundings.clone(),
        }
    }

    /// Finds the first of `programs`.
    ///
    /// # Errors
    /// None of them is unavailable.
    pub(super) fn find(&self, programs: &[&str]) -> Result<PathBuf, Failure> {
        let mut found = programs
            .iter()
            .map(|program| find(&self.surroundings.env, program));
        found.find_map(|program| program).ok_or_else(|| self.missing())
    }

    /// Returns the tenant to name in the arguments, if any, checked as the scope is.
    ///
    /// # Errors
    /// A vault of another tenant, or what cannot be an argument, with status 4.
    pub(super) async fn tenant(&self, request: &TokenRequest) -> Result<Option<String>, Failure> {
        let tenant = Some(self.tenants.to_ask(request).await?).filter(|tenant| !tenant.is_empty());
        check_arguments(&request.scope, tenant.as_deref())?;
        Ok(tenant)
    }

    /// Runs `program` with `extra` variables.
    ///
    /// # Errors
    /// As [`run`]; a shell that finds no such program is unavailable.
    pub(super) async fn run(
        &self,
        program: &Path,
        arguments: &[String],
        extra: &[(&str, &str)],
    ) -> Result<Output, Failure> {
        let output = run(&self.surroundings, self.name, program, arguments, extra).await?;
        let unrecognized = format!("'{}' is not recognized", self.name);
        let is_missing = output.status == Some(127)
            || output.status != Some(0) && output.stderr.starts_with(&unrecognized);
        if is_missing {
            return Err(self.missing());
        }
        Ok(output)
    }

    /// Takes the token that it printed.
    ///
    /// # Errors
    /// Something that is no token is unavailable.
    pub(super) fn printed(&self, token: Option<AccessToken>) -> Result<AccessToken, Failure> {
        printed(&self.surroundings, self.name, token)
    }

    /// Makes the failure of a run that ended with `words`.
    pub(super) fn failed(&self, words: &str) -> Failure {
        failed(&self.surroundings, self.name, words)
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

/// Runs `program`, whose name for people is `tool`, with `extra` variables.
///
/// # Errors
/// One that does not start or answer in time is unavailable; the end of the command's own time is a failure.
async fn run(
    surroundings: &CredentialContext,
    tool: &str,
    program: &Path,
    arguments: &[String],
    extra: &[(&str, &str)],
) -> Result<Output, Failure> {
    let env = &surroundings.env;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir(safe_folder(env)?);
    for (name, variable) in env.iter() {
        if let Some(value) = os_value(&variable.value) {
            command.env(name, value);
        }
    }
    command.envs(extra.iter().copied());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let patience = Instant::now() + PATIENCE;
    let unavailable = |why: String| Failure::Unavailable(format!("`{tool}` {why}"));
    match helper::run(command, patience.min(surroundings.deadline)).await {
        Ok(output) => Ok(Output {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(output.stderr.expose()).into_owned(),
        }),
        Err(helper::Failure::Start(_)) => Err(unavailable("cannot be run".to_owned())),
        Err(helper::Failure::Lost(_)) => Err(unavailable("could not be waited for".to_owned())),
        Err(helper::Failure::TooLong) => {
            let limit = helper::MAX_BYTES >> 20;
            Err(unavailable(format!("printed more than {limit} MiB")))
        }
        Err(helper::Failure::Late) if surroundings.deadline < patience => {
            let error = Error::unavailable(format!(
                "`{tool}` did not answer before the command's time was up"
            ));
            Err(Failure::Failed(error.with_hint(
                "`--timeout` sets how long the whole command may take",
            )))
        }
        Err(helper::Failure::Late) => Err(unavailable(format!(
            "did not answer within {} s",
            PATIENCE.as_secs()
        ))),
    }
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "not every system can have any bytes in a variable"
)]
fn os_value(value: &Secret) -> Option<&std::ffi::OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(value.expose()))
}

#[cfg(not(unix))]
fn os_value(value: &Secret) -> Option<&std::ffi::OsStr> {
    value.expose_text().map(std::ffi::OsStr::new)
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

/// Takes the token that a tool printed, which nothing shown from now on may hold.
///
/// # Errors
/// Something that is no token is unavailable.
fn printed(
    surroundings: &CredentialContext,
    tool: &str,
    token: Option<AccessToken>,
) -> Result<AccessToken, Failure> {
    let Some(token) = token.filter(|token| is_token(token.token.secret())) else {
        return Err(Failure::Unavailable(format!(
            "`{tool}` printed something that is no token"
        )));
    };
    surroundings.redactor.add(token.token.secret().into());
    Ok(token)
}

/// Makes the failure of a tool that complained.
fn failed(surroundings: &CredentialContext, tool: &str, stderr: &str) -> Failure {
    let words = complaint(surroundings, stderr);
    Failure::Unavailable(if words.is_empty() {
        format!("`{tool}` failed without a word")
    } else {
        format!("`{tool}` failed: {words}")
    })
}

/// Returns a tool's complaint, fit to be shown: one line, and nothing in it that could be a token.
fn complaint(surroundings: &CredentialContext, stderr: &str) -> String {
    let words = stderr.split_whitespace().map(|word| {
        if word.contains("eyJ") || word.len() > 100 {
            "[redacted]"
        } else {
            word
        }
    });
    surroundings.redactor.clean(&words.collect::<Vec<_>>().join(" "))
}

/// Checks a scope that becomes an argument (`validate_scope`), and the tenant with it.
///
/// # Errors
/// Any other character than Python takes, with status 4.
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
        "the vault's challenge has a scope or a tenant that cannot be handed to a tool",
    ))
}

/// Reads a moment that a tool prints as UTC: `YYYY-MM-DDThh:mm:ssZ`, and with a blank and a fraction.
pub(super) fn moment(text: &str) -> Option<azure_core::time::OffsetDateTime> {
    let text = text
        .split('.')
        .next()?
        .trim_end_matches('Z')
        .replacen(' ', "T", 1);
    azure_core::time::parse_rfc3339(&format!("{text}Z")).ok()
}

/// Reads the JSON that a tool printed, of as many values as anybody should have to parse.
pub(super) fn json(printed: &[u8]) -> Option<serde_json::Value> {
    if has_too_many_values(printed) {
        return None;
    }
    serde_json::from_slice(printed).ok()
}
