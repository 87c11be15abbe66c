//! The `.env` form of a local secrets file: `KEY=VALUE` lines, read literally.
//!
//! It differs from the form of `--env-file` (`settings`): nothing is stripped, quotes are part of the value, and `export` is
//! part of the key. Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`, `_parse_env_file`.

use std::borrow::Cow;

use super::index::{Index, Place};
use super::problem::Problem;
use crate::python::text::{is_space, lines};
use crate::shown::shown;

/// Parses the text of a file. A repeated key is an error for every kind of secret, so it is one here.
pub(super) fn parse(text: String) -> Result<Index, Problem> {
    let mut places = Vec::new();
    let mut problem = None;
    let start = text.as_ptr() as usize;
    let range = |part: &str| {
        let from = part.as_ptr() as usize - start;
        from..from + part.len()
    };
    for (index, line) in lines(&text).enumerate() {
        let number = index + 1;
        match assignment(line) {
            Ok(Some((key, value))) => places.push((Place::new(&range(key), &range(value), number), number)),
            Ok(None) => {}
            Err(what) => {
                problem = Some(Problem::at(number, what));
                break;
            }
        }
    }
    let mut entries = Index::new(text, |key| Cow::Borrowed(key));
    for (place, line) in places {
        if let Err(first) = entries.insert(place) {
            let what = format!("`{}` is already set on line {}", shown(&first.key), first.line);
            return Err(Problem::at(line, what));
        }
    }
    problem.map_or(Ok(entries), Err)
}

/// Returns the key and the value of a line that is neither empty nor a comment.
fn assignment(line: &str) -> Result<Option<(&str, &str)>, String> {
    if line.is_empty() || line.trim_start_matches(is_space).starts_with('#') {
        return Ok(None);
    }
    let Some((key, value)) = line.split_once('=') else {
        return Err("no `=`: a line is `KEY=VALUE`, a comment that starts with `#`, or empty".to_owned());
    };
    if key.is_empty() {
        return Err("nothing before the `=`".to_owned());
    }
    if value.is_empty() {
        return Err(format!("`{}` has no value", shown(key)));
    }
    Ok(Some((key, value)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn values(text: &str) -> Vec<(String, String)> {
        let values = parse(text.to_owned()).expect("the text parses");
        values
            .iter()
            .map(|entry| (entry.key.into_owned(), entry.value.to_owned()))
            .collect()
    }

    fn problem(text: &str) -> (Option<usize>, String) {
        let problem = parse(text.to_owned())
            .map(drop)
            .expect_err("the text does not parse");
        (problem.line, problem.what)
    }

    #[test]
    fn nothing_is_stripped() {
        let expected = [("export A ", " 'b' # c"), ("B", "x=y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(values("export A = 'b' # c\n\n  # note\n\x1f#\nB=x=y"), expected);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_only() {
        assert_eq!(problem("A=1\nsecret").0, Some(2));
        assert!(!problem("A=1\nsecret").1.contains("secret"));
        assert_eq!(problem("=x").0, Some(1));
        assert_eq!(problem("A=1\n \n").0, Some(2));
        assert_eq!(problem("A="), (Some(1), "`A` has no value".to_owned()));
        assert_eq!(
            problem("A=1\nB=2\nA=1"),
            (Some(3), "`A` is already set on line 1".to_owned())
        );
    }
}
