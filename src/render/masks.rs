//! Masks: tell a CI system, on stderr, which text to hide in its logs before the text is printed.
//!
//! Owns the detection of a CI system, the grammar of its command, and which parts of a connection are secret. The list of names is
//! Airflow's: `airflow/_shared/secrets_masker/secrets_masker.py`, `DEFAULT_SENSITIVE_FIELDS` (airflow 3.3.2).
//! Sources of the grammars: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>,
//! <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>.

use std::collections::HashSet;

use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::env::{Env, Origin};
use crate::error::{Error, Result};
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;

/// A shorter value or line, in characters, is not masked: it would hide ordinary words.
const SHORTEST: usize = 4;

/// The text to mask, and the CI systems that mask it.
#[derive(Debug, Default)]
pub struct Masks {
    github: bool,
    azure: bool,
    lines: Vec<Secret>,
}

impl Masks {
    /// Detects the CI systems that mask; none if masking is `off`.
    ///
    /// Only the process's own variables count. An env file must not turn masks off, nor cause values to be written where nothing masks
    /// them.
    #[must_use]
    pub fn new(env: &Env, off: bool) -> Self {
        let detected = |name| {
            let of_process = |name| {
                env.variable(name)
                    .is_some_and(|variable| variable.origin == Origin::Process)
            };
            !off && of_process(name)
                && env
                    .non_empty(name)
                    .is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
        };
        Self {
            github: detected("GITHUB_ACTIONS"),
            azure: detected("TF_BUILD"),
            lines: Vec::new(),
        }
    }

    /// Whether a CI system masks.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.github || self.azure
    }

    /// Adds every line of `bytes` that is not blank.
    pub fn add(&mut self, bytes: &[u8]) {
        if self.wanted() {
            for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')) {
                if characters(line) >= SHORTEST && !line.trim_ascii().is_empty() {
                    self.lines.push(Secret::new(line));
                }
            }
        }
    }

    /// Adds text in every form in which it can appear: unchanged, quoted in a URL, escaped in JSON.
    pub fn add_forms(&mut self, text: &str) {
        self.add(text.as_bytes());
        self.add(
            percent_encoding::utf8_percent_encode(text, URL)
                .to_string()
                .as_bytes(),
        );
        self.add(json::escaped(text, false).as_bytes());
        self.add(json::escaped(text, true).as_bytes());
    }

    /// Adds the secrets of a connection: its password, and the extras that Airflow hides by name.
    pub fn add_connection(&mut self, connection: &Connection) {
        if !self.wanted() {
            return;
        }
        if let Some(password) = connection.password() {
            self.add_forms(password);
        }
        if let Some(extra) = connection.extra_object() {
            self.add_sensitive(extra);
        }
    }

    /// Adds the values of `object`, at any depth, whose names are sensitive.
    pub fn add_sensitive(&mut self, object: &Object) {
        let mut open: Vec<(bool, &Value)> = object
            .iter()
            .map(|(key, value)| (is_sensitive(key), value))
            .collect();
        while let Some((sensitive, value)) = open.pop() {
            match value {
                Value::Object(inner) => {
                    open.extend(
                        inner
                            .iter()
                            .map(|(key, value)| (sensitive || is_sensitive(key), value)),
                    );
                }
                Value::List(items) => open.extend(items.iter().map(|item| (sensitive, item))),
                Value::String(text) if sensitive => self.add_forms(text),
                Value::Int(digits) if sensitive => self.add(digits.as_bytes()),
                _ => {}
            }
        }
    }

    /// Writes the masks to stderr. `-q` does not silence them.
    ///
    /// # Errors
    /// A stderr that cannot be written or is the null device (status 1). The CI system cannot mask the values, so they must not be
    /// printed.
    pub fn announce(&self) -> Result<()> {
        let mut seen = HashSet::new();
        let mut text = Zeroizing::new(Vec::new());
        for line in &self.lines {
            if !seen.insert(line.expose()) {
                continue;
            }
            if self.github {
                text.extend_from_slice(b"::add-mask::");
                escape_for_github(&mut text, line.expose());
                text.push(b'\n');
            }
            if self.azure {
                text.extend_from_slice(b"##vso[task.setsecret]");
                super::logging_command::escape(&mut text, line.expose());
                text.push(b'\n');
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let not_announced = || {
            Error::internal(
                "nothing is printed, because the masks for the CI system cannot be written to stderr",
            )
            .with_hint("leave stderr open, or turn masking off with `--no-mask`")
        };
        if super::terminal::is_null_device() {
            return Err(not_announced());
        }
        super::terminal::write_all(&text).map_err(|cause| not_announced().with_source(cause))
    }
}

/// The characters that Python's `quote(safe="")` quotes: all but letters, digits and `_.-~`.
const URL: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// Airflow's list: a name that contains one of these is sensitive.
const SENSITIVE: [&str; 22] = [
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "auth_header",
    "authorization",
    "bearer",
    "connection_string",
    "dsn",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxies",
    "proxy",
    "proxy_password",
    "secret",
    "service_account",
    "service_key",
    "token",
    "webhook_url",
];

/// Whether Airflow hides a value of this name.
#[must_use]
pub fn is_sensitive(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    SENSITIVE.iter().any(|part| name.contains(part))
}

/// Returns the number of characters in `bytes`; a byte that is not UTF-8 counts as one.
fn characters(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum()
}

/// Appends `line` as the data of a GitHub workflow command, where `%` starts an escape.
fn escape_for_github(text: &mut Vec<u8>, line: &[u8]) {
    for &byte in line {
        match byte {
            b'%' => text.extend_from_slice(b"%25"),
            byte => text.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        Masks {
            github: true,
            azure: false,
            lines: Vec::new(),
        }
    }

    #[test]
    fn every_line_of_four_characters_or_more_is_masked() {
        let mut masks = masks();
        masks.add("abcd\nabc\r\nüüüü\nü12\n    \n".as_bytes());
        let lines: Vec<_> = masks.lines.iter().map(Secret::expose_text).collect();
        assert_eq!(lines, [Some("abcd"), Some("üüüü")]);
    }

    #[test]
    fn a_password_is_masked_in_each_of_its_forms() {
        let mut masks = masks();
        masks.add_forms("p@ss\"ü");
        let lines: Vec<_> = masks.lines.iter().filter_map(Secret::expose_text).collect();
        assert_eq!(
            lines,
            ["p@ss\"ü", "p%40ss%22%C3%BC", "p@ss\\\"ü", "p@ss\\\"\\u00fc"]
        );
    }

    #[test]
    fn names_are_sensitive_as_in_airflow() {
        assert!(is_sensitive("aws_secret_access_key"));
        assert!(is_sensitive(" API_Key "));
        assert!(!is_sensitive("region_name"));
    }
}
