//! The warnings about connections, on generated passwords and on the connections of the providers' documentation.

use secretctl::connection::Connection;
use secretctl::inspect::lints::{self, Rule};
use secretctl::secret::Secret;
use secretctl::value::Found;

use crate::connection::providers::SHAPES;
use crate::support::{cases, random};

/// Returns the connection of a text, and the rules that it breaks; nothing where Airflow refuses it.
fn rules(text: &str) -> Option<(Connection, Vec<Rule>)> {
    let found = Found::Text(Secret::from(text));
    let connection = Connection::from_found("c", &found).ok()?;
    let lints = lints::of("c", &found, &connection, []);
    Some((connection, lints.into_iter().map(|lint| lint.rule).collect()))
}

#[test]
fn a_password_that_airflow_cuts_is_found_and_no_other() {
    const CHARACTERS: [&str; 12] = ["a", "B", "7", "12", "-", ".", "_", "@", "/", "?", "#", "="];
    let mut random = random("cut passwords");
    let (mut cut, mut whole) = (0, 0);
    for _ in 0..cases(20_000, 500_000) {
        let password: String = (0..=random.below(6)).map(|_| *random.pick(&CHARACTERS)).collect();
        let end = random.pick(&[":5432/dw", "/dw", ":5432", ":5432/dw?sslmode=require"]);
        let text = format!("postgres://etl:{password}@db.example.com{end}");
        // A message of Airflow's own says that the rest is no port.
        let Some((connection, rules)) = rules(&text) else {
            continue;
        };
        if connection.password() == Some(&password) {
            assert!(!rules.contains(&Rule::CutPassword), "{text}");
            whole += 1;
        } else {
            assert!(rules.contains(&Rule::CutPassword), "{text}");
            cut += 1;
        }
    }
    assert!(cut > 500 && whole > 500, "{cut} cut, {whole} whole");
}

#[test]
fn a_documented_connection_gets_no_warning_but_for_its_type() {
    let mut unknown = Vec::new();
    for shape in SHAPES {
        let Some((_, rules)) = rules(shape) else { continue };
        // The hook reads the chat from the host alone.
        let is_ignored = |rule: Rule| rule == Rule::IgnoredQuery && shape.starts_with("telegram://");
        let others: Vec<&Rule> = rules
            .iter()
            .filter(|rule| **rule != Rule::UnknownType && !is_ignored(**rule))
            .collect();
        assert!(others.is_empty(), "{shape}: {others:?}");
        if rules.contains(&Rule::UnknownType) {
            unknown.push(shape.split(':').next().unwrap());
        }
    }
    unknown.sort_unstable();
    unknown.dedup();
    // A provider that is gone, one without a hook for its type, a type of one's own, and none at all.
    assert_eq!(unknown, ["hdfs", "my-type", "sendgrid", "user", "{}"]);
}
