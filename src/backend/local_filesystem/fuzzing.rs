//! The entry point of the fuzzer of `tests/fuzz` for local secrets files: bytes instead of a file.

use std::time::{Duration, Instant};

use super::load::{self, Unprintable};
use super::malformed;
use super::parse::{Entries, format_of, parse_bytes};
use crate::backend::CheckConnection;
use crate::error::Result;
use crate::value::{Answer, Lookup, SecretKind};

/// A file that has been read and checked.
pub struct File {
    path: String,
    kind: SecretKind,
    entries: Entries,
}

impl File {
    /// Reads `bytes` as the file at `path`.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &str, bytes: &[u8], kind: SecretKind, check: CheckConnection) -> Result<Self> {
        let deadline = Instant::now() + Duration::from_secs(600);
        let entries = format_of(path).and_then(|format| parse_bytes(format, bytes.to_vec(), deadline));
        let entries = entries.map_err(|problem| problem.in_file(path))?;
        load::check(&entries, kind, check, deadline).map_err(|problem| problem.in_file(path))?;
        Ok(Self {
            path: path.to_owned(),
            kind,
            entries,
        })
    }

    /// Returns the keys that are text.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.entries.keys()
    }

    /// Returns what the file has under `key`.
    ///
    /// # Errors
    /// Something that JSON cannot represent.
    pub fn get(&self, key: &str) -> Result<Answer> {
        load::get(&self.entries, self.kind, key).map_err(|unprintable: Unprintable| {
            let lookup = Lookup {
                kind: self.kind,
                id: key.to_owned(),
                team: None,
                multi_team: false,
            };
            malformed(&lookup, &self.path, &unprintable)
        })
    }
}
