//! The options of every command: from the command line, then from the `SECRETCTL_` variable of the same name, then the default.
//!
//! Owns the names and the syntax of these variables. Must not know Airflow's configuration.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::origin::{Provenance, Source};
use crate::env::{Env, Variable};
use crate::error::{Error, Result};
use crate::file;
use crate::kwargs::boolean_word;
use crate::options::{ColorChoice, EnvFileDialect, GlobalArgs};
use crate::secret::Secret;
use crate::shown::shown;

/// The default of `--timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest `--timeout`: a year. Longer values are reduced to it.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(365 * 24);

/// The default of `--jobs`, and the most.
const DEFAULT_JOBS: usize = 8;
const MOST_JOBS: usize = 64;

/// Whether a variable configures Airflow, or names a configuration of it.
pub(super) fn belongs_to_one_configuration(name: &str) -> bool {
    name.starts_with("AIRFLOW_")
        || [
            CONFIG.variable,
            BACKEND.variable,
            BACKEND_KWARGS.variable,
            ENV_FILE_VARIABLE,
        ]
        .contains(&name)
}

/// An option that takes a value: its name on the command line, and its variable.
struct Named {
    option: &'static str,
    variable: &'static str,
}

/// An option without a value: its name on the command line, and its variable.
type Flag = Named;

const CONFIG: Named = Named {
    option: "--config",
    variable: "SECRETCTL_CONFIG",
};
const BACKEND: Named = Named {
    option: "--backend",
    variable: "SECRETCTL_BACKEND",
};
const BACKEND_KWARGS: Named = Named {
    option: "--backend-kwargs",
    variable: "SECRETCTL_BACKEND_KWARGS",
};
const TEAM: Named = Named {
    option: "--team",
    variable: "SECRETCTL_TEAM",
};
const TIMEOUT: Named = Named {
    option: "--timeout",
    variable: "SECRETCTL_TIMEOUT",
};
const JOBS: Named = Named {
    option: "--jobs",
    variable: "SECRETCTL_JOBS",
};
const COLOR: Named = Named {
    option: "--color",
    variable: "SECRETCTL_COLOR",
};
const VERBOSE: Named = Named {
    option: "--verbose",
    variable: "SECRETCTL_VERBOSE",
};
const WORKER: Flag = Flag {
    option: "--worker",
    variable: "SECRETCTL_WORKER",
};
const NO_FALLBACK: Flag = Flag {
    option: "--no-fallback",
    variable: "SECRETCTL_NO_FALLBACK",
};
const NO_METASTORE: Flag = Flag {
    option: "--no-metastore",
    variable: "SECRETCTL_NO_METASTORE",
};
const LENIENT: Flag = Flag {
    option: "--lenient",
    variable: "SECRETCTL_LENIENT",
};
const NO_NEWLINE: Flag = Flag {
    option: "--no-newline",
    variable: "SECRETCTL_NO_NEWLINE",
};
const NO_MASK: Flag = Flag {
    option: "--no-mask",
    variable: "SECRETCTL_NO_MASK",
};
const QUIET: Flag = Flag {
    option: "--quiet",
    variable: "SECRETCTL_QUIET",
};

const ENV_FILE_DIALECT: Named = Named {
    option: "--env-file-dialect",
    variable: "SECRETCTL_ENV_FILE_DIALECT",
};

/// `SECRETCTL_ENV_FILE`: the env files of `--env-file`, separated as the folders of `PATH` are.
pub(super) const ENV_FILE_VARIABLE: &str = "SECRETCTL_ENV_FILE";

/// The options of every command, resolved.
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub(super) struct Globals {
    pub(super) config: Option<(PathBuf, Source)>,
    pub(super) backend: Option<(Secret, Source)>,
    pub(super) backend_kwargs: Option<GivenKwargs>,
    pub(super) worker: bool,
    pub(super) team: Option<String>,
    pub(super) timeout: Duration,
    pub(super) jobs: usize,
    pub(super) no_fallback: bool,
    pub(super) no_metastore: bool,
    pub(super) lenient: bool,
    pub(super) no_newline: bool,
    pub(super) no_mask: bool,
    pub(super) quiet: bool,
    pub(super) verbose: u8,
    pub(super) color: ColorChoice,
}

/// Parses the value of `SECRETCTL_VERBOSE`: the number of `-v`.
fn verbosity(text: &str) -> Option<u8> {
    text.parse().ok().or_else(|| boolean_word(text).map(u8::from))
}

/// Whether the environment asks for detailed errors. Used for an error that may occur before the settings are resolved.
pub(crate) fn wants_details(env: &Env) -> bool {
    env.text(VERBOSE.variable)
        .and_then(verbosity)
        .is_some_and(|level| level > 0)
}

/// The kwargs from an option or its variable.
pub(super) struct GivenKwargs {
    /// The JSON text.
    pub(super) text: Secret,
    pub(super) source: Source,
    /// The file of `@FILE`, for people.
    pub(super) file: Option<String>,
}

impl Globals {
    pub(super) fn resolve(
        args: &GlobalArgs,
        env: &Env,
        started: Instant,
        provenance: &mut Provenance,
    ) -> Result<Self> {
        let deadline = started + timeout(args, env)?;
        let mut reader = Reader { env, provenance };
        let config = match &args.config {
            Some(path) => Some((path.clone(), Source::Option(CONFIG.option))),
            None => reader
                .variable(&CONFIG)
                .map(|(variable, source)| (path_of(&variable.value), source)),
        };
        let backend = reader.text(args.backend.as_deref(), &BACKEND);
        let backend_kwargs = match reader.text(
            args.backend_kwargs.as_ref().and_then(Secret::expose_text),
            &BACKEND_KWARGS,
        ) {
            Some((text, source)) => Some(contents(text, source, deadline)?),
            None => None,
        };
        Ok(Self {
            config,
            backend,
            backend_kwargs,
            worker: reader.flag(args.worker, &WORKER)?,
            team: reader.team(args.team.as_deref())?,
            timeout: reader.timeout(args.timeout.as_deref())?,
            jobs: reader.jobs(args.jobs.as_deref())?,
            no_fallback: reader.flag(args.no_fallback, &NO_FALLBACK)?,
            no_metastore: reader.flag(args.no_metastore, &NO_METASTORE)?,
            lenient: reader.flag(args.lenient, &LENIENT)?,
            no_newline: reader.flag(args.no_newline, &NO_NEWLINE)?,
            no_mask: reader.flag(args.no_mask, &NO_MASK)?,
            quiet: reader.flag(args.quiet, &QUIET)?,
            verbose: reader.verbose(args.verbose)?,
            color: reader.color(args.color)?,
        })
    }
}

/// Returns the time limit of the whole command from `args` and `env`.
///
/// # Errors
/// A time that is not a positive number of seconds, with status 2.
pub(super) fn timeout(args: &GlobalArgs, env: &Env) -> Result<Duration> {
    let provenance = &mut Provenance::default();
    Reader { env, provenance }.timeout(args.timeout.as_deref())
}

/// Returns the dialect of env files from `args` and the process's environment `env`.
///
/// # Errors
/// An unknown dialect, with status 2.
pub(super) fn env_file_dialect(
    args: &GlobalArgs,
    env: &Env,
    provenance: &mut Provenance,
) -> Result<Option<EnvFileDialect>> {
    Reader { env, provenance }.env_file_dialect(args.env_file_dialect)
}

/// Looks up options, and records their sources.
struct Reader<'a> {
    env: &'a Env,
    provenance: &'a mut Provenance,
}

impl<'a> Reader<'a> {
    /// Returns the variable of `named`; an empty one counts as absent.
    fn variable(&mut self, named: &Named) -> Option<(&'a Variable, Source)> {
        let variable = self
            .env
            .variable(named.variable)
            .filter(|variable| !variable.value.is_empty())?;
        let source = Source::Variable {
            name: named.variable.to_owned(),
            origin: variable.origin.clone(),
        };
        self.provenance.settled(named.option, source.clone());
        Some((variable, source))
    }

    /// Returns the option's value, even if empty, or the variable's.
    fn text(&mut self, option: Option<&str>, named: &Named) -> Option<(Secret, Source)> {
        match option {
            Some(text) => {
                self.provenance
                    .settled(named.option, Source::Option(named.option));
                Some((Secret::from(text), Source::Option(named.option)))
            }
            None => self
                .variable(named)
                .map(|(variable, source)| (variable.value.clone(), source)),
        }
    }

    fn flag(&mut self, option: bool, flag: &Flag) -> Result<bool> {
        if option {
            self.provenance.settled(flag.option, Source::Option(flag.option));
            return Ok(true);
        }
        let Some((variable, source)) = self.variable(flag) else {
            return Ok(false);
        };
        variable
            .value
            .expose_text()
            .and_then(boolean_word)
            .ok_or_else(|| Error::usage(format!("{source} must be true or false")))
    }

    fn team(&mut self, option: Option<&str>) -> Result<Option<String>> {
        match self.text(option, &TEAM) {
            None => Ok(None),
            Some((text, source)) => match text.expose_text() {
                Some("") => Err(Error::usage(format!("{source} is empty"))),
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(Error::usage(format!("{source} is not UTF-8"))),
            },
        }
    }

    fn timeout(&mut self, option: Option<&str>) -> Result<Duration> {
        let Some((text, source)) = self.text(option, &TIMEOUT) else {
            return Ok(DEFAULT_TIMEOUT);
        };
        text.expose_text()
            .and_then(seconds)
            .ok_or_else(|| Error::usage(format!("{source} must be a positive number of seconds")))
    }

    fn jobs(&mut self, option: Option<&str>) -> Result<usize> {
        let Some((text, source)) = self.text(option, &JOBS) else {
            return Ok(DEFAULT_JOBS);
        };
        text.expose_text()
            .and_then(jobs)
            .ok_or_else(|| Error::usage(format!("{source} must be a number from 1 to {MOST_JOBS}")))
    }

    fn verbose(&mut self, count: u8) -> Result<u8> {
        if count > 0 {
            return Ok(count);
        }
        let Some((variable, source)) = self.variable(&VERBOSE) else {
            return Ok(0);
        };
        let text = variable.value.expose_text();
        text.and_then(verbosity)
            .ok_or_else(|| Error::usage(format!("{source} must be a number from 0 to 255")))
    }

    fn env_file_dialect(&mut self, option: Option<EnvFileDialect>) -> Result<Option<EnvFileDialect>> {
        if option.is_some() {
            return Ok(option);
        }
        let Some((variable, source)) = self.variable(&ENV_FILE_DIALECT) else {
            return Ok(None);
        };
        match variable.value.expose_text() {
            Some("dotenv") => Ok(Some(EnvFileDialect::Dotenv)),
            Some("compose") => Ok(Some(EnvFileDialect::Compose)),
            Some("docker") => Ok(Some(EnvFileDialect::Docker)),
            _ => Err(Error::usage(format!(
                "{source} must be dotenv, compose or docker"
            ))),
        }
    }

    fn color(&mut self, option: Option<ColorChoice>) -> Result<ColorChoice> {
        if let Some(choice) = option {
            return Ok(choice);
        }
        let Some((variable, source)) = self.variable(&COLOR) else {
            return Ok(ColorChoice::Auto);
        };
        match variable.value.expose_text() {
            Some("auto") => Ok(ColorChoice::Auto),
            Some("always") => Ok(ColorChoice::Always),
            Some("never") => Ok(ColorChoice::Never),
            _ => Err(Error::usage(format!("{source} must be auto, always or never"))),
        }
    }
}

/// Parses a number of jobs: digits.
fn jobs(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let jobs = if digits { text.parse().ok()? } else { return None };
    (1..=MOST_JOBS).contains(&jobs).then_some(jobs)
}

/// Parses a positive number of seconds: digits, with or without a decimal point.
fn seconds(text: &str) -> Option<Duration> {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = if decimal { text.parse().ok()? } else { return None };
    if seconds <= 0.0 {
        return None;
    }
    // A number below one nanosecond is still positive.
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_TIMEOUT);
    Some(duration.clamp(Duration::from_nanos(1), LONGEST_TIMEOUT))
}

/// Returns the kwargs of an option: its text, or with `@FILE` and `@-` the content of the file or of standard input.
fn contents(text: Secret, source: Source, deadline: Instant) -> Result<GivenKwargs> {
    let Some(path) = text.expose().strip_prefix(b"@") else {
        return Ok(GivenKwargs {
            text,
            source,
            file: None,
        });
    };
    let (place, read) = if path == b"-" {
        ("standard input".to_owned(), file::read_stdin(deadline))
    } else {
        let path = PathBuf::from(os_string_of(path));
        let text = path.to_string_lossy();
        // An `@` before the JSON itself does not name a file, so the text is not shown.
        if text.trim_start().starts_with(['{', '[', '"', '\'']) {
            return Err(Error::usage(format!(
                "{source} has an `@` before the JSON, so it is read as the name of a file"
            ))
            .with_hint("remove the `@`, or put the JSON into a file and pass `@FILE`"));
        }
        if path.as_os_str().is_empty() {
            return Err(
                Error::usage(format!("{source} has an `@` without a file after it"))
                    .with_hint("write `@FILE`, or `@-` for standard input"),
            );
        }
        (format!("`{}`", shown(&text)), file::read(&path, deadline))
    };
    match read {
        Ok(text) => Ok(GivenKwargs {
            text,
            source,
            file: Some(place),
        }),
        Err(cause) => {
            let missing = cause.kind() == std::io::ErrorKind::NotFound;
            let error =
                Error::usage(format!("{place}, which {source} names, cannot be read")).with_source(cause);
            Err(if missing {
                error.with_hint("a path is relative to the working folder, and `~` is not expanded after `@`")
            } else {
                error
            })
        }
    }
}

/// Converts `bytes` to a path.
pub(super) fn path_of(bytes: &Secret) -> PathBuf {
    PathBuf::from(os_string_of(bytes.expose()))
}

/// Converts `bytes` to the system's string; where that is Unicode, invalid UTF-8 is replaced.
pub(super) fn os_string_of(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        std::ffi::OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_positive_number_of_seconds() {
        assert_eq!(seconds("30"), Some(Duration::from_secs(30)));
        assert_eq!(seconds("0.25"), Some(Duration::from_millis(250)));
        assert_eq!(seconds(".5"), Some(Duration::from_millis(500)));
        for refused in [
            "", "0", "0.0", "-1", "+1", "1e3", "inf", "nan", "NaN", " 1", "1s", "1.2.3", ".", "0x10", "1_0",
        ] {
            assert_eq!(seconds(refused), None, "{refused}");
        }
    }

    #[test]
    fn jobs_are_a_number_from_1_to_64() {
        for (text, expected) in [("1", 1), ("8", 8), ("064", 64)] {
            assert_eq!(jobs(text), Some(expected), "{text}");
        }
        for refused in [
            "",
            "0",
            "65",
            "-1",
            "+1",
            "1.0",
            " 1",
            "1 ",
            "0x8",
            "８",
            "99999999999999999999",
        ] {
            assert_eq!(jobs(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_very_long_timeout_is_a_year() {
        assert_eq!(seconds(&"9".repeat(400)), Some(LONGEST_TIMEOUT));
        assert_eq!(seconds("0.00000000000001"), Some(Duration::from_nanos(1)));
    }
}
