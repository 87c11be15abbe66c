//! Random local secrets files: good and bad entries, in every form, for every kind of secret.

use crate::support::{self, Random};

/// A file, and the lookups in it.
pub struct File {
    pub name: &'static str,
    pub kind: &'static str,
    pub content: Vec<u8>,
    pub keys: Vec<String>,
}

const KEYS: &[&str] = &["a", "b", "smtp_default", "B", "1", "x y", "é", "conn_id"];

const TEXTS: &[&str] = &[
    "smtp://user:pass@mail.example.com:587",
    "postgres://u:p%40ss@h:5432/db?a=b&c=1",
    "{\"conn_type\": \"http\"}",
    "http://h:99999",
    "a://b://c://d",
    "x",
    "",
    " smtp://h ",
    "postgresql://@:3306",
    "aws://?__extra__=%7B%22a%22%3A+1%7D",
    "aws://?__extra__=%5B1%5D",
    "http://https://h/p",
    "yes",
    "1",
];

/// JSON values of variables, options, and invalid connections.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "5",
    "-1.5",
    "1e400",
    "[]",
    "[1]",
    "[1, 2]",
    "[\"x\"]",
    "[null]",
    "{}",
    "{\"a\": {\"b\": [1]}}",
    "\"\"",
    "\"text\"",
    "\"\\u00e9\"",
    "[[\"smtp://h\"]]",
];

const MEMBERS: &[&str] = &[
    "\"conn_type\": \"http\"",
    "\"conn_type\": \"my-type\"",
    "\"conn_type\": null",
    "\"host\": \"h\"",
    "\"host\": 5",
    "\"login\": \"u@\"",
    "\"password\": \"p/w\"",
    "\"password\": 5",
    "\"password\": null",
    "\"schema\": \"s\"",
    "\"port\": 5",
    "\"port\": \"5\"",
    "\"port\": 0",
    "\"description\": \"d\"",
    "\"extra\": {\"k\": \"v\"}",
    "\"extra\": \"{}\"",
    "\"extra\": \"no json\"",
    "\"extra\": [1]",
    "\"extra\": {}",
    "\"extra\": null",
    "\"extra_dejson\": {\"k\": 1}",
    "\"extra_dejson\": null",
    "\"extra_dejson\": {}",
    "\"uri\": \"http://h\"",
    "\"uri\": \"\"",
    "\"conn_id\": \"a\"",
    "\"conn_id\": \"other\"",
    "\"team_name\": \"t\"",
    "\"pasword\": \"x\"",
    "\"id\": 1",
];

/// Strange files, with the file's name, the kind and the key of the lookup.
const TRAPS: &[(&str, &str, &str, &str)] = &[
    ("f.env", "variable", "a", "a=1\u{85}b=2\n"),
    ("f.env", "variable", "b", "a=1\u{2028}b=2\n"),
    ("f.env", "variable", "b", "a=1\x0bb=2"),
    ("f.env", "variable", "a", "a=1\r\nb=2\r"),
    ("f.env", "variable", "a", "\u{feff}a=1"),
    ("f.env", "variable", "a", " # c\n\x1c#\n\u{a0}# c\na='1'"),
    ("f.env", "variable", "a", "a = 1"),
    ("f.env", "variable", "a", "a=1\n \nb=2"),
    ("f.env", "variable", "a", "a=1\na=1"),
    ("f.env", "variable", "a", ""),
    ("f.env", "connection", "a", "a={\"conn_type\": \"http\"}"),
    (".env", "variable", "a", "a=1"),
    ("f.ENV", "variable", "a", "a=1"),
    ("f.JSON", "variable", "a", "{\"a\": 1}"),
    ("f.Yml", "variable", "a", "a: 1"),
    ("f.txt", "variable", "a", "a=1"),
    ("f", "variable", "a", "a=1"),
    ("f.json", "variable", "a", ""),
    ("f.json", "variable", "a", "[]"),
    ("f.json", "variable", "a", "\u{feff}{\"a\": 1}"),
    ("f.json", "variable", "a", "{\"a\": 1, \"a\": 2}"),
    ("f.json", "variable", "a", "{\"a\": NaN}"),
    ("f.json", "variable", "a", "{\"a\": \"x\ny\"}"),
    ("f.yaml", "variable", "a", ""),
    ("f.yaml", "variable", "a", "# only"),
    ("f.yaml", "variable", "a", "- a"),
    ("f.yaml", "variable", "a", "a: 2024-01-31"),
    ("f.yaml", "variable", "a", "a: 2024-01-31 10:00:00Z"),
    ("f.yaml", "variable", "a", "a: [2024-01-31]"),
    ("f.yaml", "variable", "a", "a: !!set {x}"),
    ("f.yaml", "variable", "a", "a: &x [*x]"),
    ("f.yaml", "variable", "a", "a: {1: 2, true: 3, null: 4, 1.5: 5}"),
    ("f.yaml", "variable", "a", "a: !!pairs [x: 1, x: 2]"),
    ("f.yaml", "variable", "a", "a: 010\nb: 1:30"),
    ("f.yaml", "variable", "1", "1: x"),
    ("f.yaml", "connection", "a", "a: &x {conn_type: http}\nb: *x"),
    (
        "f.yaml",
        "connection",
        "b",
        "a: &x {conn_type: http}\nb: {<<: *x, host: h}",
    ),
    (
        "f.yaml",
        "connection",
        "b",
        "a: {extra: &x {k: v}}\nb: {conn_type: c, extra: *x}",
    ),
    (
        "f.yaml",
        "connection",
        "a",
        "a: {conn_type: http, host: 2024-01-31}",
    ),
    (
        "f.yaml",
        "connection",
        "b",
        "a: {conn_type: http, host: 2024-01-31}\nb: http://h",
    ),
    (
        "f.yaml",
        "connection",
        "b",
        "a: {conn_type: http, password: 2024-01-31}\nb: http://h",
    ),
    (
        "f.yaml",
        "connection",
        "b",
        "a: {conn_type: http, extra: {d: 2024-01-31}}\nb: http://h",
    ),
    (
        "f.yaml",
        "connection",
        "b",
        "a: {conn_type: http, extra: !!set {}}\nb: http://h",
    ),
    (
        "f.yaml",
        "connection",
        "a",
        "a: {conn_type: http, description: 2024-01-31}",
    ),
    ("f.yaml", "connection", "b", "1: http://h\nb: http://h"),
    ("f.yaml", "connection", "b", "1: {conn_id: 1}\nb: http://h"),
    ("f.yaml", "connection", "b", "1: {conn_id: 1.0}\nb: http://h"),
    ("f.yaml", "connection", "a", "a: !!pairs [x: 1]"),
    ("f.yaml", "connection", "a", "a: []"),
    ("f.yaml", "connection", "a", "a:\n"),
    ("f.yaml", "connection", "a", "a: {1: 2}"),
    (
        "f.yaml",
        "connection",
        "a",
        "a: {conn_type: http, port: 22:22, login: yes}",
    ),
    ("f.yaml", "config", "a", "a: [x]\nb: []"),
    ("f.yaml", "config", "a", "a: [x]"),
    ("f.yaml", "config", "a", "a: yes"),
];

/// Generates `count` files, the strange ones first.
pub fn files(count: usize) -> Vec<File> {
    let mut random = support::random("local files");
    let trap = |(name, kind, key, text): &(&'static str, &'static str, &str, &str)| File {
        name,
        kind,
        content: text.as_bytes().to_vec(),
        keys: vec![(*key).to_owned()],
    };
    let mut files: Vec<File> = TRAPS.iter().map(trap).collect();
    files.push(File {
        name: "f.json",
        kind: "variable",
        content: b"{\"a\": \"\xff\"}".to_vec(),
        keys: vec!["a".to_owned()],
    });
    while files.len() < count {
        files.push(file(&mut random));
    }
    files
}

fn file(random: &mut Random) -> File {
    let kind = *random.pick(&["connection", "connection", "connection", "variable", "config"]);
    let name = *random.pick(&["f.env", "f.json", "f.json", "f.yaml"]);
    let count = 1 + random.below(3);
    let keys: Vec<String> = (0..count).map(|_| (*random.pick(KEYS)).to_owned()).collect();
    let content = if name == "f.env" {
        let lines: Vec<String> = keys
            .iter()
            .map(|key| format!("{key}={}", random.pick(TEXTS)))
            .collect();
        lines.join(*random.pick(&["\n", "\r\n", "\n\n", "\n# c\n"]))
    } else {
        let entries: Vec<String> = keys
            .iter()
            .map(|key| format!("{}: {}", quoted(key), value(random, kind)))
            .collect();
        // JSON is also YAML, except for tabs and long keys.
        format!("{{{}}}", entries.join(", "))
    };
    let asked = vec![random.pick(&keys).clone(), (*random.pick(KEYS)).to_owned()];
    File {
        name,
        kind,
        content: content.into_bytes(),
        keys: asked,
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn value(random: &mut Random, kind: &str) -> String {
    if kind == "connection" {
        match random.below(8) {
            0..=3 => {
                let count = 1 + random.below(4);
                let members: Vec<&str> = (0..count).map(|_| *random.pick(MEMBERS)).collect();
                let object = format!("{{{}}}", members.join(", "));
                if random.one_in(6) {
                    format!("[{object}]")
                } else {
                    object
                }
            }
            4..=6 => quoted(random.pick::<&str>(TEXTS)),
            _ => (*random.pick(VALUES)).to_owned(),
        }
    } else if random.one_in(3) {
        quoted(random.pick::<&str>(TEXTS))
    } else {
        (*random.pick(VALUES)).to_owned()
    }
}
