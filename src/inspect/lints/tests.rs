use super::{Rule, TYPES, of, types};
use crate::connection::Connection;
use crate::inspect::{NameUse, Origin, Place};
use crate::secret::Secret;
use crate::value::{Found, SecretKind};

/// Returns the rules that a text breaks; the messages show no value.
fn rules(text: &str) -> Vec<Rule> {
    let found = Found::Text(Secret::from(text));
    let connection = Connection::from_found("c", &found).expect("a connection");
    let lints = of("c", &found, &connection, []);
    for lint in &lints {
        assert!(!lint.message.contains("hunter2"), "{}", lint.message);
    }
    lints.into_iter().map(|lint| lint.rule).collect()
}

#[test]
fn a_password_that_is_cut_is_found_at_each_sign() {
    for text in [
        "postgres://hunter2:12/3hunter2@h.example.com:5432/db",
        "postgres://hunter2:12?3hunter2@h.example.com/db",
        "postgres://hunter2:12#3hunter2@h.example.com/db",
        "postgres://etl:hunter2@3/hunter2@h/db",
    ] {
        assert_eq!(rules(text), [Rule::CutPassword], "{text}");
    }
}

#[test]
fn an_address_in_a_path_or_query_is_no_cut_password() {
    for text in [
        "smtp://etl:pw@h:587/?from_email=a@b.c",
        "smtp://etl:pw@h:587?from_email=a@b.c",
        "http://h:80/x/a@b",
        "http://h/a@b",
        "ssh://etl:p%40w@h:22/?key_file=/keys/a@b",
        "http://https://etl:pw@h:443/v1",
        "postgres://etl:pw@h:5432/db",
    ] {
        assert_eq!(rules(text), [], "{text}");
    }
}

#[test]
fn an_extra_inside_the_extra_is_found() {
    for text in [
        "aws://?extra=%7B%22region_name%22%3A+%22hunter2%22%7D",
        r#"{"conn_type": "aws", "extra": {"extra": {"region_name": "hunter2"}}}"#,
        r#"{"conn_type": "aws", "extra": "{\"extra\": \"{\\\"a\\\": 1}\"}"}"#,
        r#"{"conn_type": "aws", "extra": {"__extra__": "{}"}}"#,
    ] {
        assert_eq!(rules(text), [Rule::NestedExtra], "{text}");
    }
    for text in [
        r#"{"conn_type": "aws", "extra": "{\"a\": {\"b\": 1}}"}"#,
        r#"{"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": "{\"a\": 1}"}}"#,
        "aws://?__extra__=%7B%22a%22%3A+1%7D",
        "aws://?extra=text",
    ] {
        assert_eq!(rules(text), [], "{text}");
    }
}

#[test]
fn a_type_that_no_provider_has_names_the_nearest() {
    let message = |text: &str| {
        let found = Found::Text(Secret::from(text));
        let connection = Connection::from_found("c", &found).expect("a connection");
        of("c", &found, &connection, []).remove(0).message
    };
    assert!(message("postgress://h").ends_with("the nearest is `postgres`"));
    assert!(message("google-cloud-plattform://").ends_with("the nearest is `google_cloud_platform`"));
    assert_eq!(message("hunter2://h"), "no official provider has its `conn_type`");
    assert!(message(r#"{"host": "h"}"#).starts_with("it has no `conn_type`"));
    for text in [
        "postgresql://h",
        "https://h",
        "google-cloud-platform://",
        "fs://",
        "generic://h",
    ] {
        assert_eq!(rules(text), [], "{text}");
    }
    // One warning for one mistake.
    assert_eq!(rules("google_cloud_platform://h"), [Rule::DoubtfulText]);
}

#[test]
fn blanks_around_a_field_are_found() {
    assert_eq!(
        rules(r#"{"conn_type": "http", "host": " h", "password": "hunter2\n", "login": "a b"}"#),
        [Rule::BlankAround, Rule::BlankAround]
    );
    assert_eq!(rules("http://u:hunter2%20@h"), [Rule::BlankAround]);
}

#[test]
fn a_query_that_nobody_reads_is_found() {
    assert_eq!(rules("opsgenie://:hunter2@h?timeout=3"), [Rule::IgnoredQuery]);
    assert_eq!(rules("opsgenie://:hunter2@h"), []);
    assert_eq!(rules("postgres://h/db?sslmode=require"), []);
    assert_eq!(
        rules("aws://?__extra__=%7B%7D&region_name=hunter2"),
        [Rule::ExtraTwice]
    );
    assert_eq!(rules("aws://?__extra__=%7B%7D&extra=%7B%7D"), [Rule::ExtraTwice]);
}

#[test]
fn a_field_that_the_code_uses_must_be_there() {
    let found = Found::Text(Secret::from("http://h?token=hunter2"));
    let connection = Connection::from_found("c", &found).expect("a connection");
    let paths = [
        vec!["host"],
        vec!["login"],
        vec!["login"],
        vec!["extra_dejson", "token"],
        vec!["extra_dejson", "tokne"],
        vec!["get_uri"],
        vec!["extra_dejson"],
    ];
    let one = NameUse {
        kind: SecretKind::Connection,
        name: "c".to_owned(),
        place: Place {
            file: "f".into(),
            line: 1,
            column: 1,
        },
        origin: Origin::Template,
        has_default: false,
        as_json: false,
        fields: paths
            .iter()
            .map(|path| path.iter().map(ToString::to_string).collect())
            .collect(),
        at_parse_time: false,
    };
    let messages: Vec<String> = of("c", &found, &connection, [&one])
        .into_iter()
        .map(|lint| lint.message)
        .collect();
    assert_eq!(
        messages,
        [
            "the code uses its `login`, which it does not have",
            "the code uses its `extra.tokne`, which it does not have"
        ]
    );
}

#[test]
fn the_table_of_types_is_sorted_and_has_what_people_use() {
    assert!(TYPES.lines().is_sorted());
    for name in [
        "aws",
        "postgres",
        "snowflake",
        "google_cloud_platform",
        "http",
        "ssh",
        "kubernetes",
        "wasb",
    ] {
        assert!(types().any(|one| one == (name, true)), "{name}");
    }
    assert!(types().count() > 130);
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
    assert!(Rule::ALL.iter().all(|rule| rule.about().ends_with('.')));
    assert!(Rule::ALL.is_sorted());
}
