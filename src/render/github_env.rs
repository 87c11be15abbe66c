//! The lines that a step appends to `$GITHUB_ENV`: values between random delimiters.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>, "Multiline strings"; the runner's
//! `FileCommandManager.cs`, which keeps the text between the two lines unchanged.

use std::fmt::Write as _;

use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Entry, Exported, shell};
use crate::error::{Error, Result};

/// Returns the text. A value cannot end its own block: its delimiter is random, and does not occur in it.
///
/// # Errors
/// A value that is not UTF-8 or has NUL (status 6), an invalid name (2).
pub fn render(entries: &[Entry]) -> Result<Exported> {
    let mut text = String::new();
    for entry in entries {
        shell::check_name(&entry.name)?;
        let value = entry.text_for_environment("$GITHUB_ENV")?;
        let delimiter = delimiter(value)?;
        let _ = write!(text, "{}<<{delimiter}\n{value}\n{delimiter}\n", entry.name);
    }
    Ok(Exported::plain(text))
}

/// Returns a delimiter of 128 random bits that does not occur in `value`.
fn delimiter(value: &str) -> Result<String> {
    let random = SystemRandom::new();
    loop {
        let mut bytes = [0; 16];
        random
            .fill(&mut bytes)
            .map_err(|_| Error::internal("the system has no random bytes available"))?;
        let delimiter = format!("ghadelimiter_{:032x}", u128::from_be_bytes(bytes));
        if !value.contains(&delimiter) {
            return Ok(delimiter);
        }
    }
}
