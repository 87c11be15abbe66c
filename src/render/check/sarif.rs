//! The report in SARIF 2.1.0, for code scanning.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{AT_PARSE_TIME, Finding, Level, NOT_KNOWN, Outcome, Report, UNREADABLE};
use crate::inspect::Place;
use crate::inspect::lints::Rule;
use crate::render::terminal::line;

/// The schema that the report conforms to.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a path of a URI cannot hold as it is (RFC 3986, 3.3), but for `/`.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns the report as one line of JSON.
#[must_use]
pub fn sarif(report: &Report, version: &str) -> String {
    let rules = rules();
    let results: Vec<Value> = report
        .findings()
        .iter()
        .map(|finding| result(finding, &rules))
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|(id, about, level)| {
            json!({
                "id": id,
                "shortDescription": {"text": about},
                "defaultConfiguration": {"level": word(*level)},
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "secretctl", "semanticVersion": version, "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true, "exitCode": report.status}],
            "results": results,
        }],
    })
    .to_string()
}

/// Returns every rule: its id, what it is about, and its level.
fn rules() -> Vec<(&'static str, &'static str, Level)> {
    let outcomes = [
        Outcome::Missing,
        Outcome::HasDefault,
        Outcome::Denied,
        Outcome::Unreachable,
        Outcome::Malformed,
    ];
    let about = |outcome| match outcome {
        Outcome::HasDefault => "The name is nowhere on Airflow's search path, but the code has a default.",
        Outcome::Denied => "The login was refused, there is no credential, or permission is denied.",
        Outcome::Unreachable => "A secrets backend could not be reached, or did not answer in time.",
        Outcome::Malformed => "The value is there, but cannot be used as the code uses it.",
        _ => "The name is nowhere on Airflow's search path.",
    };
    let outcomes = outcomes.map(|outcome| {
        (
            outcome.id(),
            about(outcome),
            outcome.level().unwrap_or(Level::Note),
        )
    });
    let lints = Rule::ALL.map(|rule| (rule.id(), rule.about(), Level::Warning));
    let others = [
        (
            NOT_KNOWN,
            "The name cannot be known without running the code.",
            Level::Warning,
        ),
        (UNREADABLE, "The file cannot be read or parsed.", Level::Warning),
        (
            AT_PARSE_TIME,
            "The name is looked up each time Airflow parses the file.",
            Level::Note,
        ),
    ];
    outcomes.into_iter().chain(lints).chain(others).collect()
}

fn result(finding: &Finding<'_>, rules: &[(&str, &str, Level)]) -> Value {
    let lines: Vec<String> = finding.lines.iter().map(|one| line(one)).collect();
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), finding.rule.into());
    if let Some(index) = rules.iter().position(|(id, ..)| *id == finding.rule) {
        result.insert("ruleIndex".to_owned(), index.into());
    }
    result.insert("level".to_owned(), word(finding.level).into());
    result.insert("message".to_owned(), json!({"text": lines.join("\n")}));
    let locations: Vec<Value> = finding.place.map(location).into_iter().collect();
    result.insert("locations".to_owned(), locations.into());
    result.into()
}

fn location(place: &Place) -> Value {
    let region = json!({"startLine": place.line, "startColumn": place.column});
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(&place.file)}, "region": region}})
}

/// Returns the path of a file as a URI reference.
fn uri(file: &str) -> String {
    let path = utf8_percent_encode(file, PATH).to_string();
    if path.starts_with('/') {
        return format!("file://{path}");
    }
    // A `:` in the first segment would end a scheme.
    match path.split('/').next() {
        Some(first) if first.contains(':') => format!("./{path}"),
        _ => path,
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_uri_reference() {
        for (file, expected) in [
            ("dags/x.py", "dags/x.py"),
            ("/srv/my dags/x.py", "file:///srv/my%20dags/x.py"),
            ("a:b/x.py", "./a:b/x.py"),
            ("ü#?%.py", "%C3%BC%23%3F%25.py"),
            ("a\nb.py", "a%0Ab.py"),
        ] {
            assert_eq!(uri(file), expected);
        }
    }
}
