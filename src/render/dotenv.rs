//! `NAME=VALUE` lines in the `.env` dialect of python-dotenv, unquoted where Docker's `--env-file` reads the same value.
//!
//! Sources: python-dotenv 1.2, `dotenv/parser.py` and `dotenv/variables.py`;
//! <https://docs.docker.com/reference/cli/docker/container/run/#env>; compose-go's `dotenv` package.

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Returns `NAME=VALUE`, quoted if necessary.
///
/// # Errors
/// A value that the dialect cannot carry, with status 6: `${`, which python-dotenv replaces inside any quotes; a `$` with a backslash
/// or a carriage return, which single quotes cannot hold; NUL; bytes that are not UTF-8. An invalid name, with status 2.
pub fn line(name: &str, value: &Secret) -> Result<Secret> {
    super::shell::check_name(name)?;
    let text = carried(name, value)?;
    if !text.chars().any(needs_quotes) {
        return Ok(format!("{name}={text}").into());
    }
    if text.contains('$') {
        return Ok(format!("{name}='{}'", text.replace('\'', "\\'")).into());
    }
    let mut line = format!("{name}=\"");
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\\' => line.push_str("\\\\"),
            '"' => line.push_str("\\\""),
            c => line.push(c),
        }
    }
    line.push('"');
    Ok(line.into())
}

/// Returns the line that `get-conn -o env` prints.
///
/// The value is unchanged if Docker, Astro's `.env` and python-dotenv all read it back (they keep the quotes and blanks inside JSON).
/// Otherwise it is quoted as by [`line()`].
///
/// # Errors
/// Those of [`line()`], and a value that needs more than one line.
pub fn single_line(name: &str, value: &Secret) -> Result<Secret> {
    super::shell::check_name(name)?;
    let text = carried(name, value)?;
    let starts_well = !text.starts_with(|c: char| is_blank(c) || matches!(c, '"' | '\'' | '`'));
    let mut blank_before = false;
    let stays = starts_well
        && !text.ends_with(is_blank)
        && text.chars().all(|c| {
            let comment = blank_before && c == '#';
            blank_before = is_blank(c);
            !comment && !matches!(c, '\n' | '\r' | '$')
        });
    if stays {
        return Ok(format!("{name}={text}").into());
    }
    if text.contains('$') && text.contains('\n') {
        return Err(refusal(
            name,
            "a `$` with a newline, which needs more than one line",
        ));
    }
    line(name, value)
}

/// Returns the text of `value` if the dialect can carry it.
fn carried<'a>(name: &str, value: &'a Secret) -> Result<&'a str> {
    let Some(text) = value.expose_text() else {
        return Err(refusal(name, "bytes that are not UTF-8"));
    };
    if text.contains('\0') {
        return Err(refusal(name, "NUL"));
    }
    if text.contains("${") {
        return Err(refusal(
            name,
            "`${`, which python-dotenv replaces even inside quotes",
        ));
    }
    if text.contains('$') && text.contains(['\\', '\r']) {
        return Err(refusal(name, "a `$` with a backslash or a carriage return"));
    }
    Ok(text)
}

fn refusal(name: &str, what: &str) -> Error {
    Error::malformed(format!("dotenv cannot carry `{name}`: its value has {what}"))
        .with_hint("`--format json` carries any text")
}

fn needs_quotes(c: char) -> bool {
    is_blank(c) || matches!(c, '\'' | '"' | '#' | '$' | '\\' | '`')
}

/// Whether Python's `\s` matches `c` and `rstrip()` strips it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(value: &str) -> String {
        let line = line("X", &value.into()).expect("the dialect carries it");
        line.expose_text().expect("it is text").to_owned()
    }

    #[test]
    fn plain_text_is_bare() {
        assert_eq!(rendered(""), "X=");
        assert_eq!(
            rendered("smtp://user:pass@h:587/?a=b&c"),
            "X=smtp://user:pass@h:587/?a=b&c"
        );
    }

    #[test]
    fn quotes_are_double_or_single_with_a_dollar() {
        assert_eq!(rendered("a b"), "X=\"a b\"");
        assert_eq!(rendered("a\n\"b\"\\\r'"), "X=\"a\\n\\\"b\\\"\\\\\\r'\"");
        assert_eq!(rendered("a$b 'c'"), "X='a$b \\'c\\''");
    }

    #[test]
    fn what_it_cannot_carry_is_refused() {
        for value in ["${a}", "$a\\", "$a\r", "a\0"] {
            let error = line("X", &value.into()).expect_err("it cannot be carried");
            assert_eq!(error.kind(), crate::error::ErrorKind::Malformed);
        }
        assert!(line("X", &Secret::new([0xff])).is_err());
        assert!(line("X-Y", &"a".into()).is_err());
    }

    #[test]
    fn json_is_unchanged_on_a_single_line() {
        let value = r#"{"conn_type": "http", "host": "h"}"#;
        let line = single_line("X", &value.into()).expect("it is carried");
        assert_eq!(line.expose_text(), Some(format!("X={value}").as_str()));
        let line = single_line("X", &"a #b".into()).expect("it is carried");
        assert_eq!(line.expose_text(), Some("X=\"a #b\""));
    }
}
