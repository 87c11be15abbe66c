//! Generated connections of one type: parts that are absent, null, empty, plain or odd, and the extras that its hook reads.

use serde_json::{Map, Value, json};

use crate::support::Random;

/// Texts that break URLs, connection strings, option files and lines of a password file.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "@", ":", "/", "?", "#", "[", "]", "%", "&", "=", ";", "+", " ", "\\", "\"", "'", "{", "}", ",", "~", "|", "^", "`",
    "<", ">", "(", ")", "*", "!", "$", "://", "%2F", "%40", "%", "%zz", "\t", "\n", "\r", "\u{b}", "\u{1c}", "\u{7f}",
    "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "é", "e\u{301}", "ß", "\u{1f600}", "null", "None", "true", "0", "a", "B",
    "x1", "pass", "word", "-", "_", ".", "{{", "}}", "${x}", "$$", "=cmd",
];

const WORDS: &[&str] = &[
    "user",
    "admin",
    "etl",
    "db.example.com",
    "my-db",
    "analytics",
    "p4ssw0rd",
    "warehouse",
    "10.0.0.1",
    "::1",
    "/var/run/postgresql",
    "https://h.example.com",
    "h1,h2",
    "http://h",
    "C:\\data\\a.db",
    "/tmp/a.db",
    "A",
];

/// Generates a connection of `conn_type` as JSON. It has most of the extras of `usual`. `extras` are the keys that its hook reads, each
/// with values that mean something there.
pub fn connection(random: &mut Random, conn_type: &str, usual: &str, extras: &[(&str, &[&str])]) -> Value {
    let mut parts = Map::new();
    parts.insert("conn_type".to_owned(), json!(conn_type));
    for name in ["host", "login", "password", "schema"] {
        match random.below(12) {
            0 => {}
            1 => drop(parts.insert(name.to_owned(), Value::Null)),
            2 => drop(parts.insert(name.to_owned(), json!(""))),
            _ => drop(parts.insert(name.to_owned(), json!(text(random)))),
        }
    }
    match random.below(6) {
        0 => {}
        1 => drop(parts.insert("port".to_owned(), Value::Null)),
        2 => drop(parts.insert("port".to_owned(), json!(0))),
        3 => drop(parts.insert("port".to_owned(), json!(random.below(70_000).to_string()))),
        _ => drop(parts.insert("port".to_owned(), json!(random.below(70_000)))),
    }
    let mut extra: Map<String, Value> = serde_json::from_str(usual).expect("the usual extras are JSON");
    extra.retain(|_, _| !random.one_in(8));
    for _ in 0..random.below(4) {
        if random.one_in(5) || extras.is_empty() {
            extra.insert(text(random), any(random, 2));
            continue;
        }
        let (key, values) = random.pick(extras);
        let value = if values.is_empty() || random.one_in(4) {
            any(random, 2)
        } else {
            serde_json::from_str(random.pick::<&str>(values)).expect("the list has JSON")
        };
        extra.insert((*key).to_owned(), value);
    }
    if !extra.is_empty() || random.one_in(3) {
        parts.insert("extra".to_owned(), Value::Object(extra));
    }
    Value::Object(parts)
}

/// Generates text: a word, or pieces.
pub fn text(random: &mut Random) -> String {
    if random.one_in(3) {
        return (*random.pick(WORDS)).to_owned();
    }
    (0..=random.below(5)).map(|_| *random.pick(PIECES)).collect()
}

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => json!(random.one_in(2)),
        2 => json!(random.below(1_000)),
        3 => json!(""),
        4 => json!(1.5),
        5 | 6 => json!(text(random)),
        7 => (0..random.below(3)).map(|_| any(random, depth - 1)).collect(),
        _ => Value::Object(
            (0..random.below(3))
                .map(|_| (text(random), any(random, depth - 1)))
                .collect(),
        ),
    }
}
