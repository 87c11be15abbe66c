//! The entry points for the fuzzer in `tests/fuzz`: they parse the text of an env file without a file.

use super::env_file::dotenv::{self, Variant};
use super::env_file::problem::Problem;
use crate::secret::Secret;

/// Name, value and line of each assignment.
type Assignments = Vec<(String, Secret, usize)>;

/// Parses the text of an env file in the default dialect, without replacing references.
///
/// # Errors
/// The line that is not an assignment, counted from 1, and what is wrong with it.
pub fn env_file(text: &[u8]) -> Result<Assignments, (usize, &'static str)> {
    parse(text, Variant::Default)
}

/// Parses the text of an env file exactly as python-dotenv does.
///
/// # Errors
/// Those of [`env_file`].
pub fn env_file_of_python(text: &[u8]) -> Result<Assignments, (usize, &'static str)> {
    parse(text, Variant::Exact)
}

fn parse(text: &[u8], variant: Variant) -> Result<Assignments, (usize, &'static str)> {
    let mut assignments = Vec::new();
    dotenv::parse(text, variant, |line| match line.value {
        Some(value) if value.expose().contains(&0) => Err(Problem::nul(line.line)),
        Some(value) => {
            assignments.push((line.name, value, line.line));
            Ok(())
        }
        None => Ok(()),
    })
    .map_err(|problem| (problem.line, problem.message))?;
    Ok(assignments)
}
