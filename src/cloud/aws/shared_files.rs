//! The two shared files of AWS, `~/.aws/config` and `~/.aws/credentials`: their sections, each value with its line.
//!
//! Owns where the files are, how they are parsed, and which section is a profile. Must not know what a key means. A value of the
//! credentials file comes before the same profile's value of the config file.
//!
//! Source: botocore 1.44.8, `configloader.py`, and `session.py` (`full_config`); `configparser.RawConfigParser` of CPython 3.11.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indexmap::IndexMap;

use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::home::home_folder;
use crate::python::configparser::ConfigParser;
use crate::python::expandvars::{expanduser, expandvars};
use crate::python::newlines::universal_newlines;
use crate::python::shlex;
use crate::python::text::{lower, splitlines, strip};
use crate::secret::Secret;
use crate::shown::shown;

/// One key of a section.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    /// Its line in the file, counted from 1.
    pub(crate) line: usize,
}

/// A value, or the indented pairs below a key without a value.
#[derive(Clone)]
pub(crate) enum Value {
    Text(Secret),
    Nested(IndexMap<String, Secret>),
}

/// A section's keys, in lower case.
pub(crate) type Section = IndexMap<String, Entry>;

/// One of the two files, or another one of the same form.
#[derive(Default)]
pub(crate) struct IniFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The sections in their order; empty when there is no such file.
    pub(crate) sections: IndexMap<String, Section>,
    /// Why a file that is there could not be read. Python's `configparser` passes over it.
    pub(crate) unreadable: Option<io::Error>,
}

/// The config file, with its sections by kind.
#[derive(Default)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) unreadable: Option<io::Error>,
    pub(crate) profiles: IndexMap<String, Section>,
    pub(crate) sso_sessions: IndexMap<String, Section>,
    pub(crate) services: IndexMap<String, Section>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry(line {})", self.line)
    }
}

impl Value {
    /// Returns the value unless it is a group of pairs.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nested(_) => None,
        }
    }
}

impl IniFile {
    /// Reads and parses `path`. A missing file, or anything but a regular one, is an empty one.
    ///
    /// # Errors
    /// A file that does not parse, with its line and status 2; one that is not read in time.
    pub(crate) fn read(path: PathBuf, what: &str, deadline: Instant) -> Result<Self> {
        let bytes = match file::read_regular(&path, file::MAX_SETTINGS_BYTES, deadline) {
            Ok(bytes) => Secret::new(bytes),
            Err(source) => return Self::without(path, what, source),
        };
        let broken = |line: Option<usize>| {
            let place = shown(&path.to_string_lossy());
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            Error::usage(format!("{what} `{place}`{line} cannot be parsed"))
                .with_hint("AWS's tools and Airflow refuse this file too; correct the line")
        };
        let text = bytes
            .expose_text()
            .ok_or_else(|| broken(None).with_detail("it is not UTF-8"))?;
        let text = universal_newlines(text);
        let parser =
            ConfigParser::parse(&text).map_err(|(line, source)| broken(Some(line)).with_source(source))?;
        let mut sections = IndexMap::new();
        let mut defaults = Section::new();
        // The section `[DEFAULT]` comes last and serves all others.
        for (name, options) in parser.options() {
            let mut section = Section::new();
            for (option, line) in options {
                let value = parser.raw_value(name, option).unwrap_or_default();
                let value =
                    parse_value(value).map_err(|nth| broken(parser.line_within(name, option, nth)))?;
                if let Some(first) = section.insert(lower(option), Entry { value, line }) {
                    return Err(broken(Some(line)).with_detail(format!(
                        "the option is already on line {} of this section",
                        first.line
                    )));
                }
            }
            match name {
                "DEFAULT" => defaults = section,
                _ => drop(sections.insert(name.to_owned(), section)),
            }
        }
        for section in sections.values_mut() {
            for (key, entry) in &defaults {
                section.entry(key.clone()).or_insert_with(|| entry.clone());
            }
        }
        Ok(Self {
            path,
            sections,
            unreadable: None,
        })
    }

    fn without(path: PathBuf, what: &str, source: io::Error) -> Result<Self> {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => {
                Ok(Self {
                    path,
                    ..Self::default()
                })
            }
            io::ErrorKind::PermissionDenied => Ok(Self {
                path,
                unreadable: Some(source),
                ..Self::default()
            }),
            _ => Err(Error::usage(format!(
                "{what} `{}` cannot be read",
                shown(&path.to_string_lossy())
            ))
            .with_source(source)),
        }
    }
}

impl ConfigFile {
    /// Sorts the sections of the config file: `[default]`, `[profile x]`, `[sso-session x]`, `[services x]`.
    pub(crate) fn new(file: IniFile) -> Self {
        let mut config = Self {
            path: file.path,
            unreadable: file.unreadable,
            ..Self::default()
        };
        for (title, section) in file.sections {
            let group = if title.starts_with("profile") {
                &mut config.profiles
            } else if title.starts_with("sso-session") {
                &mut config.sso_sessions
            } else if title.starts_with("services") {
                &mut config.services
            } else {
                if title == "default" {
                    config.profiles.insert(title, section);
                }
                continue;
            };
            if let Some(name) = second_word(&title) {
                group.insert(name, section);
            }
        }
        config
    }
}

/// Returns the path in the variable `name`, else `default`, as botocore's `raw_config_parse` expands it.
pub(crate) fn path_of(env: &Env, name: &str, default: &str) -> PathBuf {
    expanded(env.get(name).map_or(default.as_bytes(), Secret::expose), env)
}

/// Replaces variables, then a `~` at the start.
pub(crate) fn expanded(path: &[u8], env: &Env) -> PathBuf {
    with_home(&expandvars(path, |name| env.get(name).map(Secret::expose)), env)
}

/// Replaces a `~` at the start.
pub(crate) fn with_home(path: &[u8], env: &Env) -> PathBuf {
    os_string(&expanduser(path, |user| home_folder(user, env))).into()
}

/// Returns `path` for a message.
pub(crate) fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

#[cfg(unix)]
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt as _;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
pub(super) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Returns the name in a title of two words, such as `profile "a b"`.
fn second_word(title: &str) -> Option<String> {
    match shlex::split(title.as_bytes()).ok()?.as_slice() {
        [_, name] => String::from_utf8(name.clone()).ok(),
        _ => None,
    }
}

/// Parses the indented pairs of a value that begins with an empty line. The error is the number of a line without `=`.
fn parse_value(value: String) -> Result<Value, usize> {
    let value = Secret::from(value);
    let Some(text) = value.expose_text().filter(|text| text.starts_with('\n')) else {
        return Ok(Value::Text(value));
    };
    let mut pairs = IndexMap::new();
    for (index, line) in splitlines(text).into_iter().enumerate() {
        if strip(line).is_empty() {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(index + 1)?;
        pairs.insert(strip(key).to_owned(), Secret::from(strip(value)));
    }
    Ok(Value::Nested(pairs))
}
