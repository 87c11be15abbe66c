//! What a step appends to `$GITHUB_ENV`: values between random delimiters.
//!
//! Source: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>, "Multiline strings"; the runner's
//! `FileCommandManager.cs`, which keeps what stands between the two lines as it is.

use std::fmt::Write as _;

use ring::rand::{SecureRandom as _, SystemRandom};

use super::{Entry, Exported, shell};
use crate::error::{Error, Result};

/// Returns the text. No value can end its own block: nobody who wrote it knew the delimiter, and it is looked for.
///
/// # Errors
/// What no environment variable of a runner can be: not UTF-8, NUL (status 6); a name that is none (2).
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

/// Returns a delimiter of 128 random bits that `value` does not hold.
fn delimiter(value: &str) -> Result<String> {
    let random = SystemRandom::new();
    loop {
        let mut bytes = [0; 16];
        random
            .fill(&mut bytes)
            .map_err(|_| Error::internal("the system has no randomness to give"))?;
        let delimiter = format!("ghadelimiter_{:032x}", u128::from_be_bytes(bytes));
        if !value.contains(&delimiter) {
            return Ok(delimiter);
        }
    }
}
