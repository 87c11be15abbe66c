//! `export NAME='VALUE'` lines that bash, dash and zsh evaluate, and the rule for names in a shell.
//!
//! Source: POSIX.1-2024, Shell Command Language, 2.2.2 (single quotes) and 3.216 (names).

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Returns `export NAME='VALUE'` with the bytes unchanged.
///
/// # Errors
/// NUL, which a shell cannot hold, with status 6; an invalid name, with status 2.
pub fn line(name: &str, value: &Secret) -> Result<Secret> {
    check_name(name)?;
    if value.expose().contains(&0) {
        return Err(
            Error::malformed(format!("a shell cannot carry `{name}`: its value has NUL"))
                .with_hint("`--format json` carries any text"),
        );
    }
    let mut line = format!("export {name}='").into_bytes();
    for &byte in value.expose() {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            byte => line.push(byte),
        }
    }
    line.push(b'\'');
    Ok(Secret::new(line))
}

/// Checks that a shell accepts `name`: letters, digits and underscores, not starting with a digit.
///
/// # Errors
/// Any other name, with status 2.
pub fn check_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::usage(format!("`{name}` cannot be the name of a variable in a shell or an env file")).with_hint(
        "give it a name of your own with `--set NAME=conn:ID`, or use `exec` or `--format json`, which accept it unchanged",
    ))
}

/// Whether a shell accepts `name` for a variable.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_hold_everything_but_themselves() {
        let line = line("X", &"a'b\"$`\\\nc".into()).expect("a shell carries it");
        assert_eq!(line.expose_text(), Some("export X='a'\\''b\"$`\\\nc'"));
    }

    #[test]
    fn names_are_what_posix_calls_names() {
        assert!(is_name("AIRFLOW_CONN_A1") && is_name("_"));
        assert!(!is_name("") && !is_name("1A") && !is_name("MY-DB") && !is_name("Ü"));
    }
}
