//! Explains why a line of an `airflow.cfg` does not parse, and what to do.
//!
//! Owns the mistakes that people make in such a file. Shows no part of the line, because it may hold a value. Must not know which lines
//! parse; `python::configparser` does.

use crate::python::configparser::ParseError;

/// Returns what is wrong with `line`, number `number` of its file, and what to do.
pub(super) fn diagnose(line: &str, number: usize, problem: ParseError) -> (String, &'static str) {
    let (what, hint) = match problem {
        ParseError::MissingSectionHeader => before_the_first_section(line, number),
        ParseError::NoOption => no_option(line),
        ParseError::DuplicateSection => (None, "merge the two sections; a section may occur only once"),
        ParseError::DuplicateOption(_) => {
            (None, "remove one of the two lines; an option may occur only once")
        }
    };
    (what.map_or_else(|| problem.to_string(), str::to_owned), hint)
}

fn before_the_first_section(line: &str, number: usize) -> (Option<&'static str>, &'static str) {
    if number == 1 && line.starts_with('\u{feff}') {
        return (
            Some("the file begins with a byte order mark (BOM), which Airflow does not read"),
            "save it as UTF-8 without BOM",
        );
    }
    let text = line.trim_start();
    if text.starts_with('{') {
        return (
            Some("the file is JSON, where an `airflow.cfg` is expected"),
            "an `airflow.cfg` has `[secrets]`, and options below it; JSON goes into `--backend-kwargs @FILE`",
        );
    }
    let name = text.strip_prefix("export ").unwrap_or(text);
    if text.starts_with("export ") || name.starts_with("AIRFLOW_") {
        return (
            Some("there is a variable before the first `[section]`"),
            "read a file of variables with `--env-file`",
        );
    }
    if text.starts_with("---")
        || text.split_once(": ").is_some_and(|(name, _)| !name.contains('=')) && !line.contains('=')
    {
        return (
            None,
            "put `[secrets]` on a line above it; the file must not be YAML",
        );
    }
    if text.starts_with('[') {
        return (
            Some("the section's `]` is missing"),
            "write a section as `[secrets]`",
        );
    }
    (None, "put the section above it, such as `[secrets]`")
}

fn no_option(line: &str) -> (Option<&'static str>, &'static str) {
    const INDENT: &str = "put a blank before it: every further line of a value begins with one";
    let text = line.trim();
    match text.chars().next() {
        Some('}') => (
            Some("the line begins with `}`, so the value above it has ended"),
            INDENT,
        ),
        Some(']') => (
            Some("the line begins with `]`, so the value above it has ended"),
            INDENT,
        ),
        Some('{' | '"' | '\'' | ',') => (
            Some("the line begins without a blank, so the value above it has ended"),
            INDENT,
        ),
        Some('[') => (
            Some("the section's `]` is missing"),
            "write a section as `[secrets]`",
        ),
        Some('<' | '>' | '=')
            if ["<<<<<<<", "=======", ">>>>>>>"]
                .iter()
                .any(|mark| text.starts_with(mark)) =>
        {
            (
                Some("the line is a merge conflict marker"),
                "resolve the conflict first",
            )
        }
        Some('=' | ':') => (
            Some("there is no name before the `=` or `:`"),
            "write `option = value`",
        ),
        Some('/') if text.starts_with("//") => (
            Some("a comment begins with `#` or `;`"),
            "write `#` instead of `//`",
        ),
        _ => (
            None,
            "write `option = value`, or put a blank before it if it continues the value above",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line, its number, the parser's error, a part of the message, and a part of the hint.
    type Case = (&'static str, usize, ParseError, &'static str, &'static str);

    const CASES: &[Case] = &[
        (
            "}",
            4,
            ParseError::NoOption,
            "begins with `}`",
            "a blank before it",
        ),
        (
            "]",
            4,
            ParseError::NoOption,
            "begins with `]`",
            "a blank before it",
        ),
        (
            "\"token\"",
            4,
            ParseError::NoOption,
            "without a blank",
            "a blank before it",
        ),
        (
            "hunter2",
            4,
            ParseError::NoOption,
            "not `option = value`",
            "option = value",
        ),
        ("[secrets", 4, ParseError::NoOption, "`]` is missing", "[secrets]"),
        ("=======", 4, ParseError::NoOption, "merge conflict", "resolve"),
        ("= hunter2", 4, ParseError::NoOption, "no name", "option = value"),
        ("// c", 4, ParseError::NoOption, "a comment", "`#`"),
        (
            "\u{feff}[secrets]",
            1,
            ParseError::MissingSectionHeader,
            "byte order mark",
            "without BOM",
        ),
        (
            "{",
            1,
            ParseError::MissingSectionHeader,
            "is JSON",
            "--backend-kwargs @FILE",
        ),
        (
            "AIRFLOW__A__B=1",
            1,
            ParseError::MissingSectionHeader,
            "a variable",
            "--env-file",
        ),
        (
            "export A=1",
            1,
            ParseError::MissingSectionHeader,
            "a variable",
            "--env-file",
        ),
        (
            "secrets:",
            1,
            ParseError::MissingSectionHeader,
            "before the first",
            "[secrets]",
        ),
        (
            "backend = x",
            1,
            ParseError::MissingSectionHeader,
            "before the first",
            "[secrets]",
        ),
        (
            "[secrets",
            1,
            ParseError::MissingSectionHeader,
            "`]` is missing",
            "[secrets]",
        ),
        (
            "[secrets]",
            9,
            ParseError::DuplicateSection,
            "appears twice",
            "merge",
        ),
        (
            "a = 1",
            9,
            ParseError::DuplicateOption(3),
            "on line 3",
            "remove one",
        ),
    ];

    #[test]
    fn each_line_gets_its_diagnosis() {
        for (line, number, problem, what, hint) in CASES {
            let (message, way_out) = diagnose(line, *number, *problem);
            assert!(message.contains(what), "{line}: {message}");
            assert!(way_out.contains(hint), "{line}: {way_out}");
            assert!(!message.contains("hunter2") && !way_out.contains("hunter2"));
        }
    }
}
