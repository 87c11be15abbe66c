//! `credential_process`: a program that prints credentials.
//!
//! Owns the program's command line and what its output means. Neither is in an error: both may hold secrets. Source: botocore 1.44.8,
//! `credentials.py` (`ProcessProvider`); <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>.

use std::process::{Command, Stdio};

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::shared_files::os_string;
use crate::cloud::aws::timestamp;
use crate::env::Origin;
use crate::error::{Error, Result};
use crate::helper::{self, Failure, MAX_BYTES};
use crate::python::json::{self, Object, Value};
use crate::python::shlex;
use crate::secret::Secret;

const KEY: &str = "credential_process";

/// Returns the credentials that the profile's program prints, if it names one.
///
/// # Errors
/// A program that cannot be started, with status 2; one that fails, or prints something else or expired credentials, 4; one that
/// does not end in time, 5.
pub(super) async fn credentials(session: &SessionSettings, profile: &str) -> Result<Option<Credentials>> {
    let Some(line) = session.profile_text(profile, KEY)? else {
        return Ok(None);
    };
    let program = Program {
        session,
        what: format!("the `{KEY}` of {}", described(profile)),
        place: format!("it is in {}", session.place(profile, KEY)),
    };
    let answer = program.run(line).await?;
    let expired = answer
        .get("Expiration")
        .and_then(Value::as_str)
        .is_some_and(|expiry| {
            timestamp::parse(expiry).is_some_and(|time| time <= std::time::SystemTime::now())
        });
    // botocore asks once more for credentials that have expired.
    let answer = if expired { program.run(line).await? } else { answer };
    program.read(&answer).map(Some)
}

/// A program, with the words for it.
struct Program<'a> {
    session: &'a SessionSettings,
    what: String,
    place: String,
}

impl Program<'_> {
    fn denied(&self, problem: &str) -> Error {
        Error::denied(format!("{} {problem}", self.what))
            .with_detail(self.place.clone())
            .with_hint("run the program by hand to see what it says")
    }

    fn misused(&self, problem: &str) -> Error {
        Error::usage(format!("{} {problem}", self.what))
            .with_detail(self.place.clone())
            .with_hint("correct the command, or remove the line")
    }

    /// Runs the program and returns the object that it prints. Its stderr is discarded.
    async fn run(&self, line: &str) -> Result<Object> {
        let words = shlex::split(line.as_bytes())
            .map_err(|source| self.misused("cannot be split into words").with_source(source))?;
        let (program, arguments) = words.split_first().ok_or_else(|| self.misused("is empty"))?;
        let mut command = Command::new(os_string(program));
        command.args(arguments.iter().map(|word| os_string(word)));
        for (name, variable) in self.session.env().iter() {
            if variable.origin != Origin::Process {
                command.env(name, os_string(variable.value.expose()));
            }
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let output = match helper::run(command, self.session.deadline).await {
            Ok(output) => output,
            Err(Failure::Start(source)) => {
                return Err(self.misused("cannot be run").with_source(source));
            }
            Err(Failure::Late) => {
                return Err(Error::unavailable(format!("{} did not end in time", self.what))
                    .with_detail(self.place.clone())
                    .with_hint("allow it more time with `--timeout`"));
            }
            Err(Failure::TooLong) => {
                return Err(self.denied(&format!("prints more than {} MiB", MAX_BYTES >> 20)));
            }
            Err(Failure::Lost(source)) => {
                return Err(self.denied("has output that cannot be read").with_source(source));
            }
        };
        if !output.status.success() {
            return Err(self.denied(&format!("failed ({})", output.status)));
        }
        let text = output.stdout.expose_text();
        match text.map(json::loads) {
            Some(Ok(Value::Object(answer))) => Ok(answer),
            _ => Err(self.denied("did not print a JSON object")),
        }
    }

    fn read(&self, answer: &Object) -> Result<Credentials> {
        let is_one = match answer.get("Version") {
            Some(Value::Int(version)) => version == "1",
            Some(Value::Float(version)) => version.total_cmp(&1.0).is_eq(),
            Some(Value::Bool(version)) => *version,
            _ => false,
        };
        if !is_one {
            return Err(self.denied("did not print `\"Version\": 1`"));
        }
        let text = |name: &str| {
            let text = answer.get(name).and_then(Value::as_str);
            text.ok_or_else(|| self.denied(&format!("did not print `{name}`")))
        };
        let keys = Credentials::new(
            text("AccessKeyId")?,
            Secret::from(text("SecretAccessKey")?),
            answer
                .get("SessionToken")
                .and_then(Value::as_str)
                .map(Secret::from),
        );
        match answer.get("Expiration") {
            None | Some(Value::Null) => Ok(keys),
            Some(Value::String(expiry)) => keys
                .until(expiry, &self.what)
                .map_err(|error| error.with_detail(self.place.clone())),
            Some(_) => Err(self.denied("printed an `Expiration` that is not a time")),
        }
    }
}
