//! An identity's token that a program prints, or has left in a file.
//!
//! It runs only if `GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES` is `1`. Source: google-auth 2.63.0, `pluggable.py`. Deliberate
//! difference: its standard error is not part of its answer.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{TokenContext, now};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::file;
use crate::helper;
use crate::python::json::{Object, Value, loads};
use crate::python::shlex;
use crate::secret::Secret;

/// The variable that allows programs to run.
const ALLOWED: &str = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

/// How long it may run, in milliseconds: by default, at least, at most.
const DEFAULT_MILLIS: u64 = 30_000;
const LEAST_MILLIS: u64 = 5_000;
const MOST_MILLIS: u64 = 120_000;

pub(super) struct Executable {
    command: Vec<Vec<u8>>,
    timeout: Duration,
    output_file: Option<String>,
    /// The variables that the program gets.
    variables: Vec<(&'static str, String)>,
}

impl Executable {
    /// Reads the `executable` of a `credential_source`.
    ///
    /// google-auth never tells the program which service account is impersonated: that is done with another object.
    ///
    /// # Errors
    /// A command or a time limit that cannot be used, with status 2.
    pub(super) fn from_object(
        what: &str,
        executable: &Object,
        audience: &str,
        token_type: &str,
    ) -> Result<Self> {
        let refused = |why: &str| Error::usage(format!("`executable` of {what} {why}"));
        let command = text(executable, "command").ok_or_else(|| refused("lacks `command`"))?;
        let command = shlex::split(command.as_bytes())
            .map_err(|source| refused("has a `command` that cannot be split").with_source(source))?;
        let millis = match executable.get("timeout_millis") {
            Some(Value::Int(digits)) if digits != "0" => digits.parse().unwrap_or_default(),
            _ => DEFAULT_MILLIS,
        };
        if !(LEAST_MILLIS..=MOST_MILLIS).contains(&millis) {
            return Err(refused(
                "has a `timeout_millis` that is not between 5000 and 120000",
            ));
        }
        let output_file = text(executable, "output_file").map(str::to_owned);
        let mut variables = vec![
            ("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", audience.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", token_type.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_ID", String::new()),
            ("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0".to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_REVOKE", "0".to_owned()),
        ];
        if let Some(file) = &output_file {
            variables.push(("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", file.clone()));
        }
        Ok(Self {
            command,
            timeout: Duration::from_millis(millis),
            output_file,
            variables,
        })
    }

    /// Returns the token: the one in the output file while it is valid, else what the program prints.
    ///
    /// # Errors
    /// A program that may not run, with status 2; that fails or prints no token, 4; that does not end in time, 5.
    pub(super) async fn token(&self, context: &TokenContext) -> Result<Secret> {
        if context.env.text(ALLOWED) != Some("1") {
            return Err(
                Error::usage("the Google credentials name a program, which is not allowed to run")
                    .with_hint(format!("set `{ALLOWED}=1` if you trust the file of credentials")),
            );
        }
        if let Some(answer) = self.output(context)
            && answer.contains_key("expiration_time")
            && let Ok(token) = token_of(&answer)
        {
            return Ok(token);
        }
        let printed = self.run(context).await?;
        let answer = match printed.expose_text().map(str::trim) {
            Some("") => self.output(context),
            Some(text) => object(text),
            None => None,
        };
        let answer = answer.ok_or_else(|| {
            Error::denied(
                "the program for the external account's token printed something that is not a JSON object",
            )
        })?;
        token_of(&answer)
    }

    /// Returns what is in the output file, if it can be read.
    fn output(&self, context: &TokenContext) -> Option<Object> {
        let path = self.output_file.as_ref()?;
        let bytes = file::read(Path::new(path), context.services.deadline).ok()?;
        object(bytes.expose_text()?)
    }

    async fn run(&self, context: &TokenContext) -> Result<Secret> {
        const WHAT: &str = "the program for the external account's token";
        let mut words = self.command.iter().map(|word| os_text(word));
        let program = words
            .next()
            .ok_or_else(|| Error::usage("`command` of `executable` is empty"))?;
        let mut command = Command::new(program);
        command.args(words).env_clear();
        for (name, variable) in context.env.iter() {
            command.env(name, os_text(variable.value.expose()));
        }
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let limit = Instant::now() + self.timeout;
        match helper::run(command, limit.min(context.services.deadline)).await {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => {
                let ended = match output.status.code() {
                    Some(status) => format!("ended with status {status}"),
                    None => "was ended by a signal".to_owned(),
                };
                Err(Error::denied(format!("{WHAT} {ended}")))
            }
            Err(helper::Failure::Start(source)) => {
                Err(Error::denied(format!("{WHAT} cannot be run")).with_source(source))
            }
            Err(helper::Failure::Late) => Err(Error::unavailable(format!("{WHAT} did not end in time"))
                .with_hint("`timeout_millis` in the file of credentials and `--timeout` limit its time")),
            Err(helper::Failure::TooLong | helper::Failure::Lost(_)) => {
                Err(Error::denied(format!("the output of {WHAT} could not be read")))
            }
        }
    }
}

fn object(text: &str) -> Option<Object> {
    match loads(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Returns the token of an answer.
///
/// # Errors
/// An answer that reports a failure, has expired, or has no token, with status 4.
fn token_of(answer: &Object) -> Result<Secret> {
    let refused = |why: &str| Error::denied(format!("the program for the external account's token {why}"));
    match answer.get("version") {
        Some(Value::Int(version)) if version == "1" || version == "0" => {}
        _ => return Err(refused("answered in a version that is not supported")),
    }
    if !answer.get("success").is_some_and(Value::is_truthy) {
        return Err(refused("reported a failure"));
    }
    let expires_at = match answer.get("expiration_time") {
        Some(Value::Int(digits)) => digits.parse::<f64>().ok(),
        Some(Value::Float(time)) => Some(*time),
        _ => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "a time of today is exact")]
    if expires_at.is_some_and(|time| time < now() as f64) {
        return Err(refused("answered with a token that has expired"));
    }
    let field = match text(answer, "token_type") {
        Some("urn:ietf:params:oauth:token-type:jwt" | "urn:ietf:params:oauth:token-type:id_token") => {
            "id_token"
        }
        Some("urn:ietf:params:oauth:token-type:saml2") => "saml_response",
        _ => return Err(refused("answered with a type of token that is not supported")),
    };
    text(answer, field)
        .map(Secret::from)
        .ok_or_else(|| refused(&format!("answered without `{field}`")))
}

#[cfg(unix)]
fn os_text(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

#[cfg(not(unix))]
fn os_text(bytes: &[u8]) -> &std::ffi::OsStr {
    std::ffi::OsStr::new(std::str::from_utf8(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_version_a_type_and_its_token() {
        let good = r#"{"version": 1, "success": true, "token_type": "urn:ietf:params:oauth:token-type:id_token", "id_token": "t"}"#;
        assert_eq!(
            token_of(&object(good).expect("an object")).expect("a token"),
            Secret::from("t")
        );
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("true", "false"),
            ("\"id_token\":", "\"saml_response\":"),
            ("token-type:id_token", "token-type:other"),
            ("\"success\"", "\"expiration_time\": 1, \"success\""),
        ] {
            let bad = good.replace(from, to);
            let error = token_of(&object(&bad).expect("an object")).expect_err("no token");
            assert_eq!(error.kind().exit_status(), 4, "{bad}");
        }
    }
}
