//! The `.env` form of a local secrets file: `KEY=VALUE` lines taken as they stand.
//!
//! It is not the form of `--env-file` (`settings`): nothing is stripped, quotes are part of the value, and `export` is part of
//! the key. Source: airflow 3.3.2, `airflow/secrets/local_filesystem.py`, `_parse_env_file`.

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::parse::Problem;
use crate::python::text::{is_space, splitlines};
use crate::secret::Secret;
use crate::shown::shown;

/// A value, and the line on which it stands.
pub(super) struct EnvValue {
    pub(super) value: Secret,
    pub(super) line: usize,
}

/// Parses the text of a file. A repeated key is an error for every kind of secret, so it is one here.
pub(super) fn parse(text: &str) -> Result<IndexMap<String, EnvValue>, Problem> {
    let mut values = IndexMap::new();
    for (index, text) in splitlines(text).into_iter().enumerate() {
        let line = index + 1;
        if text.is_empty() || text.trim_start_matches(is_space).starts_with('#') {
            continue;
        }
        let Some((key, value)) = text.split_once('=') else {
            return Err(Problem::at(
                line,
                "no `=`: a line is `KEY=VALUE`, a comment that starts with `#`, or empty",
            ));
        };
        if key.is_empty() {
            return Err(Problem::at(line, "nothing in front of the `=`"));
        }
        if value.is_empty() {
            return Err(Problem::at(line, format!("`{}` has no value", shown(key))));
        }
        match values.entry(key.to_owned()) {
            Entry::Vacant(entry) => entry.insert(EnvValue {
                value: Secret::from(value),
                line,
            }),
            Entry::Occupied(entry) => {
                let EnvValue { line: first, .. } = entry.get();
                let what = format!("`{}` is there already, on line {first}", shown(key));
                return Err(Problem::at(line, what));
            }
        };
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn values(text: &str) -> Vec<(String, String)> {
        let values = parse(text).expect("the text parses");
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        values
            .iter()
            .map(|(key, value)| (key.clone(), text(value.value.expose())))
            .collect()
    }

    fn problem(text: &str) -> (Option<usize>, String) {
        let problem = parse(text).map(drop).expect_err("the text does not parse");
        (problem.line, problem.what)
    }

    #[test]
    fn nothing_is_stripped() {
        let expected = [("export A ", " 'b' # c"), ("B", "x=y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(values("export A = 'b' # c\n\n  # note\n\x1f#\nB=x=y"), expected);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_alone() {
        assert_eq!(problem("A=1\nsecret").0, Some(2));
        assert!(!problem("A=1\nsecret").1.contains("secret"));
        assert_eq!(problem("=x").0, Some(1));
        assert_eq!(problem("A=1\n \n").0, Some(2));
        assert_eq!(problem("A="), (Some(1), "`A` has no value".to_owned()));
        assert_eq!(
            problem("A=1\nB=2\nA=1"),
            (Some(3), "`A` is there already, on line 1".to_owned())
        );
    }
}
