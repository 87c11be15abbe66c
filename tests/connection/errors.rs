//! Errors name the wrong part and its position, give hints for common mistakes, and never show the value.

use std::fmt::Write as _;

use secretctl::connection::Connection;
use secretctl::error::{Error, ErrorKind};
use secretctl::python::json as python_json;
use secretctl::secret::Secret;
use secretctl::value::Found;
use serde_json::json;

fn error(text: &str) -> Error {
    Connection::from_found("my db\n", &Found::Text(Secret::from(text))).unwrap_err()
}

/// Returns everything that an error can show to a user.
fn shown(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{}\n", error.hint().unwrap_or_default());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        writeln!(text, "{cause}\n{cause:?}").unwrap();
        source = cause.source();
    }
    text
}

#[test]
fn an_error_names_the_part_and_its_position_but_never_the_value() {
    for (text, part) in [
        ("postgres://user:hunter2@h:port-hunter2/s", "`port`"),
        ("postgres://user:hunter2@h:99999", "greater than 65535"),
        ("http://user:hunter2@https://hunter2", "before the second `://`"),
        ("a://b://c://hunter2", "third `://`"),
        ("a://[hunter2", "one of `[` and `]`"),
        ("a://[hunter2]", "brackets"),
        ("a://hunter2\u{2100}", "normalizes to one of"),
        ("a://h?__extra__=hunter2", "`extra` is not JSON"),
        (r#"{"password": "hunter2" "#, "line 1 column 23"),
        (r#"{"password": "hunter2" "#, "it starts with `{` and is not JSON"),
        (
            r#"{"password": "hunter2 "#,
            "unterminated string starting at line 1 column 14",
        ),
        (r#"{"passwrd": "hunter2"}"#, "unknown key `passwrd`"),
        (r#"{"port": "hunter2"}"#, "`port` is not an integer"),
        (r#"{"port": ["hunter2"]}"#, "`port` is of type list"),
        (r#"{"password": {"hunter2": 1}}"#, "`password` is of type dict"),
        (r#"{"extra": ["hunter2"]}"#, "`extra` is of type list"),
        (
            r#"{"uri": "a://hunter2", "host": "h"}"#,
            "both `uri` and other parts",
        ),
        (
            r#"{"extra": {"a": "hunter2\ud83d"}}"#,
            "it is JSON that cannot be read",
        ),
        (
            r#"{"extra": "{\"a\": \"hunter2\\ud83d\"}"}"#,
            "`extra` is JSON that cannot be read",
        ),
        (r#"{"extra": {"a": "hunter2\ud83d"}}"#, "half of a surrogate pair"),
        (" \u{1c}\n", "it is blank"),
    ] {
        let error = error(text);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{text}");
        let shown = shown(&error);
        assert!(shown.contains(part), "{text}: {shown}");
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
        assert!(
            error
                .message()
                .starts_with("connection `my db\\n` is malformed: "),
            "{shown}"
        );
    }
}

#[test]
fn a_password_with_a_reserved_character_gets_the_hint_to_encode_it() {
    for text in [
        "postgres://user:pa/ss@host:5432/db",
        "postgres://user:pa#ss@host",
        "postgres://user:pa?ss@host",
        "postgres://user:pa[ss@host",
        "http://user:pass@https://host",
    ] {
        assert!(
            error(text)
                .hint()
                .is_some_and(|hint| hint.contains("percent-encode")),
            "{text}"
        );
    }
    assert_eq!(error("postgres://host:port").hint(), None);
    assert_eq!(
        error("postgres://u@host\u{2100}").hint(),
        Some("percent-encode that character")
    );
}

#[test]
fn json_text_inside_json_text_gets_its_hint() {
    let doubled = error(r#"{"extra": "\"{\\\"a\\\": 1}\""}"#);
    assert!(doubled.hint().unwrap().contains("JSON text inside JSON text"));
    assert_eq!(error(r#"{"extra": "\"text\""}"#).hint(), None);
}

#[test]
fn an_unknown_key_gets_a_suggestion() {
    let hint = |text: &str| error(text).hint().unwrap().to_owned();
    assert!(
        hint(r#"{"passwrd": 1}"#)
            .starts_with("write `password` for `passwrd`; the keys of a connection are `conn_type`, ")
    );
    for (key, meant) in [
        ("user", "login"),
        ("username", "login"),
        ("pass", "password"),
        ("type", "conn_type"),
        ("hostname", "host"),
        ("database", "schema"),
        ("db", "schema"),
        ("extras", "extra"),
        ("conn_host", "host"),
        ("url", "uri"),
    ] {
        let hint = hint(&format!(r#"{{"{key}": "hunter2"}}"#));
        assert!(
            hint.starts_with(&format!("write `{meant}` for `{key}`; ")),
            "{hint}"
        );
    }
    // The similarity of `pa` and `password` is exactly the limit, 0.8.
    for key in ["zzz", "pa"] {
        let hint = hint(&format!(r#"{{"{key}": 1}}"#));
        assert!(
            hint.starts_with("the keys of a connection are `conn_type`, "),
            "{key}: {hint}"
        );
    }
    let hint = hint(r#"{"conn_id": "c", "host": "h"}"#);
    assert!(hint.starts_with("remove `conn_id`, "), "{hint}");
}

#[test]
fn several_hosts_with_ports_get_a_form_that_airflow_accepts() {
    for text in [
        "mongodb://h1:27017,h2:27018/db",
        "mongodb://user:hunter2@h1:27017,h2:27018/?replicaSet=r",
        "kafka://h1:9092,h2",
    ] {
        let error = error(text);
        assert!(error.message().contains("several hosts with ports"), "{error}");
        assert!(error.hint().unwrap().contains("%3A"), "{error:?}");
        assert!(
            !shown(&error).contains("hunter2") && !shown(&error).contains("h1"),
            "{}",
            shown(&error)
        );
    }
    // A password that is cut off is not a list of hosts.
    for text in ["x://user:a,b/c@h", "x://u:1,2:3/c@h:1", "x://h:port"] {
        assert!(!error(text).message().contains("several hosts"), "{text}");
    }
    let Some(judge) = crate::support::airflow() else {
        return;
    };
    let ask = |value: &str| {
        let inputs = [json!({"id": "c", "value": value})];
        judge.ask(json!({"op": "connection.check", "domain": "text", "inputs": inputs}))[0].clone()
    };
    assert!(!ask("mongodb://h1:27017,h2:27018/db")["error"].is_null());
    let remedies = [
        ("mongodb://h1%3A27017,h2:27018/db", "h1:27017,h2", json!("27018")),
        (
            r#"{"conn_type": "mongodb", "host": "h1:27017,h2:27018"}"#,
            "h1:27017,h2:27018",
            json!(null),
        ),
    ];
    for (text, host, port) in remedies {
        let theirs = ask(text);
        assert_eq!(theirs["fields"]["host"], host, "{text}: {theirs}");
        assert_eq!(theirs["fields"]["port"], port, "{text}: {theirs}");
        assert_eq!(
            super::ours::answer("text", &json!({"id": "c", "value": text})),
            theirs,
            "{text}"
        );
    }
}

#[test]
fn a_scheme_with_an_underscore_gets_the_first_hint() {
    for text in [
        "google_cloud_platform://user:hunter2@h://x://y",
        "a_b://u:hunter2@c://d",
    ] {
        let error = error(text);
        assert!(
            error
                .hint()
                .unwrap()
                .starts_with("the scheme of a URI cannot contain `_`: write `"),
            "{error:?}"
        );
        assert!(!shown(&error).contains("hunter2"));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_malformed() {
    let error = Connection::from_found("c", &Found::Text(Secret::new(*b"a://h\xff"))).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (
            ErrorKind::Malformed,
            "connection `c` is malformed: it is not UTF-8"
        )
    );
}

#[test]
fn a_vault_value_that_is_not_text_is_malformed() {
    let error = Connection::from_found("c", &Found::Json(python_json::Value::Int("5".into()))).unwrap_err();
    assert!(error.message().contains("type int instead of text"));
}

#[test]
fn a_part_that_is_not_text_fails_only_the_uri() {
    let object = python_json::loads(r#"{"conn_type": "x", "host": 5}"#)
        .unwrap()
        .as_object()
        .unwrap()
        .clone();
    let connection = Connection::from_found("my db", &Found::Fields(object)).unwrap();
    assert_eq!(
        connection.get_uri().unwrap_err().message(),
        "connection `my db` is malformed: `host` is of type int instead of text"
    );
    assert_eq!(
        connection.as_json().unwrap().expose_text(),
        Some(r#"{"conn_type": "x", "host": 5}"#)
    );
    assert!(connection.to_object().is_err());
    assert_eq!(
        connection.field("host").unwrap().unwrap().expose_text(),
        Some("5")
    );
}

#[test]
fn fields_reach_into_the_extra() {
    let extra =
        r#"{"conn_type": "x", "extra": {"a": {"b": [1, {"c": "é \n"}], "n": null}, "d.e": 1.0, "": true}}"#;
    let connection = Connection::from_found("c", &Found::Text(Secret::from(extra))).unwrap();
    for (name, value) in [
        ("extra.a.b.0", Some("1")),
        ("extra.a.b.1.c", Some("é \n")),
        ("extra.a.b", Some(r#"[1,{"c":"é \n"}]"#)),
        ("extra.d.e", Some("1.0")),
        ("extra.", Some("true")),
        ("extra.a.n", None),
        ("extra.a.b.2", None),
        ("extra.a.b.-1", None),
        ("extra.a.b.+1", None),
        ("extra.a.x", None),
        ("extra.a.b.0.x", None),
        ("host", None),
        ("conn_type", Some("x")),
    ] {
        let field = connection.field(name).unwrap();
        assert_eq!(field.as_ref().and_then(Secret::expose_text), value, "{name}");
    }
    assert_eq!(
        connection.field("extra").unwrap().unwrap().expose_text(),
        Some(r#"{"a":{"b":[1,{"c":"é \n"}],"n":null},"d.e":1.0,"":true}"#)
    );
}

#[test]
fn a_field_that_airflow_does_not_know_is_a_usage_error() {
    let connection = Connection::from_found("c", &Found::Text(Secret::from("a://h"))).unwrap();
    let error = connection.field("passwrd").unwrap_err();
    assert_eq!(
        (error.kind(), error.hint()),
        (ErrorKind::Usage, Some("the nearest is `password`"))
    );
    for (name, hint) in [
        ("host.a", "the fields are conn_type, "),
        ("", "the fields are conn_type, "),
        ("pa", "the fields are conn_type, "),
        ("Schema", "the nearest is `schema`"),
    ] {
        let error = connection.field(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{name}");
        assert!(error.hint().unwrap().starts_with(hint), "{name}: {error:?}");
    }
    assert!(connection.field("extra.a").unwrap().is_none());
}
