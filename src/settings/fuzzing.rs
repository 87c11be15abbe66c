//! What the fuzzer of `tests/fuzz` feeds env files to: their text, without a file.

use super::env_file;
use crate::secret::Secret;

/// Parses the text of an env file into name, value and line.
///
/// # Errors
/// The line that is no assignment, counted from 1, and what is wrong with it.
pub fn env_file(text: &[u8]) -> Result<Vec<(String, Secret, usize)>, (usize, &'static str)> {
    let mut assignments = Vec::new();
    env_file::dotenv::parse(text, env_file::dotenv::Variant::Default, |line| {
        if let Some(value) = line.value {
            assignments.push((line.name, value, line.line));
        }
        Ok(())
    })
    .map_err(|problem| (problem.line, problem.message))?;
    Ok(assignments)
}
