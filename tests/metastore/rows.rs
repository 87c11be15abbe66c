//! A thousand generated rows in each database: every field, variable and output as Airflow has it.

use std::collections::BTreeSet;

use secretctl::python::json;
use serde_json::{Value, json};

use super::{KEY, LOST_KEY, OLDER_KEY, Ours, encrypt, program};
use crate::connection::ours;
use crate::support::metastore::{Database, Dialect, database};
use crate::support::{Random, airflow, random};

/// What texts are made of: what is usual, and what makes trouble.
const PIECES: &[&str] = &[
    "a",
    "B7",
    "user",
    "db.example.com",
    "x",
    " ",
    "'",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "%",
    "%25",
    ":",
    "@",
    "/",
    "?",
    "#",
    "&",
    "=",
    "+",
    "é",
    "ß",
    "中",
    "\u{1f600}",
    "e\u{301}",
    "\u{202e}",
    "\u{feff}",
    "\u{7f}",
    "\u{ffff}",
    "{",
    "}",
    "[",
    "://",
    "--",
    ";",
    "$x",
    "~",
    "NULL",
];

const TYPES: &[&str] = &[
    "postgres",
    "postgresql",
    "my-type",
    "google_cloud_platform",
    "",
    "HTTP",
    "a b",
    "ü",
    "aws",
    "mysql",
    "conn://x",
    "-",
    "http",
];

const EXTRAS: &[&str] = &[
    "{}",
    r#"{"a": 1}"#,
    r#"{"a": "1", "b": "x y&z"}"#,
    r#"{"a": {"b": [1, 2.50, null, true]}, "é": "\u00e9\ud83d\ude00"}"#,
    r#" {"a" : 1e400, "n": 123456789012345678901234567890} "#,
    r#"{"a": 1, "a": 2}"#,
    r#"{"__extra__": "x"}"#,
    r#"{"a": NaN}"#,
    r#"{"a": ""}"#,
    r#"{"": "b"}"#,
    "text",
    r#""text""#,
    "[1]",
    "null",
    "5",
    r#"{"a": "#,
    "{'a': 1}",
    r#"{"a": "\ud83d"}"#,
    " ",
];

/// The team that owns some rows, and asks for half of all.
const TEAM: &str = "team a";

/// A row of a table, and the name under which it is asked for.
struct Case {
    table: &'static str,
    row: Value,
    name: Value,
    /// Whether a variable is encrypted so that no key opens it. Airflow then does not have it.
    closed: bool,
}

fn text(random: &mut Random) -> Value {
    match random.below(12) {
        0 | 1 => Value::Null,
        2 => json!(""),
        3 => json!("long ".repeat(random.below(90))),
        _ => json!(pieces(random, 5)),
    }
}

fn pieces(random: &mut Random, most: usize) -> String {
    (0..=random.below(most)).map(|_| *random.pick(PIECES)).collect()
}

/// Returns what stands in an encrypted column, and whether a key opens it.
fn token(random: &mut Random, text: &str) -> (String, bool) {
    match random.below(8) {
        0 => (encrypt(LOST_KEY, text), false),
        1 => {
            let token = encrypt(KEY, text);
            let broken = match random.below(6) {
                0 => token[..token.len() - 5].to_owned(),
                1 => token.replace('=', ""),
                2 => token.replacen("gA", "hA", 1),
                3 => format!("x{token}"),
                4 => text.to_owned(),
                _ => token[..8].to_owned(),
            };
            // A token may need no padding.
            (broken.clone(), broken == token)
        }
        2 => {
            // Python's base64 skips what is foreign to it.
            let token = encrypt(KEY, text).replace('-', "+").replace('_', "/");
            (format!(" {}\n{}", &token[..20], &token[20..]), true)
        }
        3 | 4 => (encrypt(OLDER_KEY, text), true),
        _ => (encrypt(KEY, text), true),
    }
}

/// Encrypts a text or leaves it, and returns the column and its flag.
fn stored(random: &mut Random, plain: Value) -> (Value, bool) {
    match (&plain, random.below(5)) {
        (Value::String(text), 0 | 1) if !text.is_empty() => (json!(token(random, text).0), true),
        // Marked, and with nothing to open.
        (Value::Null, 0) => (plain, true),
        (Value::String(text), 0) if text.is_empty() => (plain, true),
        // What looks like a token and is none.
        (Value::String(_), 4) if random.one_in(4) => (json!(encrypt(KEY, "x")), false),
        _ => (plain, false),
    }
}

fn id(random: &mut Random, number: usize) -> String {
    format!(
        "c{number}{}",
        if random.one_in(3) {
            pieces(random, 3)
        } else {
            String::new()
        }
    )
    .trim_end()
    .to_owned()
}

fn team(random: &mut Random) -> Value {
    random
        .pick(&[Value::Null, Value::Null, json!(TEAM), json!("other")])
        .clone()
}

/// Returns the row's name, asked for with and without a team.
fn name(random: &mut Random, kind: &str, id: &str) -> Value {
    let team = random.one_in(2).then_some(TEAM);
    json!({"kind": kind, "id": id, "team": team})
}

fn connection(random: &mut Random, number: usize) -> Case {
    let id = id(random, number);
    let password = if random.one_in(60) {
        json!("p\u{e9}".repeat(10_000))
    } else {
        text(random)
    };
    let extra = match random.below(6) {
        0 => Value::Null,
        1 => json!(""),
        2 => json!(json!({"k": text(random), "n": random.below(9)}).to_string()),
        3 => json!(json!({pieces(random, 2): text(random), "o": {"x": text(random)}}).to_string()),
        _ => json!(random.pick(EXTRAS)),
    };
    let (password, is_encrypted) = stored(random, password);
    let (extra, is_extra_encrypted) = stored(random, extra);
    let ports = [
        json!(0),
        json!(-1),
        json!(5432),
        json!(80),
        json!(65536),
        json!(2_147_483_647),
        json!(-2_147_483_648_i64),
    ];
    let port = if random.one_in(3) {
        Value::Null
    } else {
        random.pick(&ports).clone()
    };
    let conn_type = if random.one_in(5) {
        pieces(random, 2)
    } else {
        (*random.pick(TYPES)).to_owned()
    };
    Case {
        table: "connection",
        name: name(random, "connection", &id),
        row: json!({
            "conn_id": id, "conn_type": conn_type, "description": text(random), "host": text(random), "schema": text(random),
            "login": text(random), "password": password, "port": port, "is_encrypted": is_encrypted,
            "is_extra_encrypted": is_extra_encrypted, "extra": extra, "team_name": team(random),
        }),
        closed: false,
    }
}

fn variable(random: &mut Random, number: usize) -> Case {
    let key = id(random, number);
    let plain = match random.below(10) {
        0 => String::new(),
        1 => json!({"a": text(random), "b": [1, 1.5, null]}).to_string(),
        2 if random.one_in(12) => "1 MB é".repeat(1 << 17),
        3 => " \n".to_owned(),
        _ => pieces(random, 8),
    };
    let (val, is_encrypted, closed) = match random.below(5) {
        0 | 1 => {
            let (token, opens) = token(random, &plain);
            (token, true, !opens)
        }
        2 if random.one_in(6) => (String::new(), true, true),
        3 if random.one_in(4) => (encrypt(KEY, "x"), false, false),
        _ => (plain, false, false),
    };
    Case {
        table: "variable",
        name: name(random, "variable", &key),
        row: json!({"key": key, "val": val, "is_encrypted": is_encrypted, "team_name": team(random)}),
        closed,
    }
}

/// The rows, the same in every database.
fn generated(random: &mut Random) -> Vec<Case> {
    (0..1_000)
        .map(|number| {
            if number % 3 == 2 {
                variable(random, number)
            } else {
                connection(random, number)
            }
        })
        .collect()
}

fn insert(database: &Database, cases: &[Case]) {
    database.insert_all("team", &[json!({"name": TEAM}), json!({"name": "other"})]);
    for table in ["connection", "variable"] {
        let rows: Vec<Value> = cases
            .iter()
            .filter(|case| case.table == table)
            .map(|case| case.row.clone())
            .collect();
        database.insert_all(table, &rows);
    }
}

fn airflows(database: &Database, cases: &[Case]) -> Vec<Value> {
    let names: Vec<&Value> = cases.iter().map(|case| &case.name).collect();
    let keys = format!("{KEY},{OLDER_KEY}");
    let answers = airflow().unwrap().ask(json!({
        "op": "metastore.rows", "url": database.url(), "fernet_key": keys, "names": names, "env": {"AIRFLOW__CORE__MULTI_TEAM": "True"},
    }));
    answers.as_array().unwrap().clone()
}

/// Whether the answers are the same, or differ as the list of differences says.
fn agree(case: &Case, theirs: &Value, ours: &Value) -> bool {
    if theirs == ours {
        return true;
    }
    if case.table == "variable" {
        return case.closed && *theirs == json!({"value": null}) && *ours == json!({"status": 6});
    }
    let surrogate = json!({"surrogate": true});
    let refused =
        |answer: &Value| answer["error"].is_string() || answer["status"] == 6 || answer["value"] == surrogate;
    refused(theirs) && refused(ours)
        || ours["value"] == surrogate && ours::agree(&case.row, &theirs["value"], &ours["value"])
}

#[test]
fn a_thousand_rows_are_read_as_airflow_reads_them() {
    if airflow().is_none() {
        return;
    }
    let cases = generated(&mut random("metastore"));
    let keys = format!("{KEY},{OLDER_KEY}");
    for dialect in Dialect::ALL {
        let Some(database) = database(dialect) else {
            continue;
        };
        insert(&database, &cases);
        let theirs = airflows(&database, &cases);
        let (alone, as_team) = (
            Ours::new(&database.url(), &keys, None),
            Ours::new(&database.url(), &keys, Some(TEAM)),
        );
        let mut disagreements = Vec::new();
        let (mut found, mut absent, mut failed) = (0, 0, 0);
        for (case, theirs) in cases.iter().zip(&theirs) {
            let reader = if case.name["team"].is_null() {
                &alone
            } else {
                &as_team
            };
            let ours = reader.answer(&case.name);
            match (&ours["status"], &ours["value"]) {
                (Value::Null, Value::Null) => absent += 1,
                (Value::Null, _) => found += 1,
                _ => failed += 1,
            }
            if !agree(case, theirs, &ours) {
                let mut line =
                    json!({"row": case.row, "name": case.name, "airflow": theirs, "ours": ours}).to_string();
                line.truncate(line.floor_char_boundary(3_000));
                disagreements.push(line);
            }
        }
        eprintln!("{dialect:?}: {found} found, {absent} absent, {failed} failed");
        assert!(
            found > 400 && absent > 100 && failed > 50,
            "the rows are of every sort"
        );
        assert!(
            disagreements.is_empty(),
            "{dialect:?}: {} disagreements, such as\n{}",
            disagreements.len(),
            disagreements[..disagreements.len().min(5)].join("\n")
        );
        outputs(&database, &cases, &theirs);
    }
}

/// Runs the program with every output for some of the rows.
fn outputs(database: &Database, cases: &[Case], theirs: &[Value]) {
    let keys = format!("{KEY},{OLDER_KEY}");
    let mut shown = BTreeSet::new();
    let readable = cases.iter().zip(theirs).filter(|(case, theirs)| {
        case.name["team"].is_null()
            && !theirs["value"].is_null()
            && theirs["value"] != json!({"surrogate": true})
    });
    let is_json =
        |theirs: &Value| serde_json::from_str::<Value>(theirs["value"].as_str().unwrap_or("?")).is_ok();
    let (some, all) = (readable.clone().step_by(20), readable);
    for (case, theirs) in some.chain(all.filter(|(_, theirs)| is_json(theirs)).take(8)) {
        let (id, value) = (case.name["id"].as_str().unwrap(), &theirs["value"]);
        let run = |command: &str, more: &[&str]| {
            program(&database.url(), &keys)
                .args([command, "-n"])
                .args(more)
                .args(["--", id])
                .run()
        };
        if case.table == "variable" {
            assert_eq!(json!(run("get-var", &[]).ok()), *value, "{}", case.row);
            shown.insert("variable");
            if let Ok(json) = serde_json::from_str::<Value>(value.as_str().unwrap()) {
                let output = run("get-var", &["--json"]);
                assert_eq!(serde_json::from_str::<Value>(output.ok()).unwrap(), json);
                shown.insert("json of a variable");
            }
            continue;
        }
        if value["uri"].is_null() {
            continue;
        }
        for format in ["uri", "airflow-uri"] {
            assert_eq!(
                json!(run("get-conn", &["-o", format]).ok()),
                value["uri"],
                "{format}: {}",
                case.row
            );
        }
        assert_eq!(
            json!(run("get-conn", &["-o", "raw"]).ok()),
            value["as_json"],
            "raw: {}",
            case.row
        );
        let object = run("get-conn", &["-o", "json"]);
        // Python's JSON has a `NaN`, which serde_json does not read. The object is compared as text, since `NaN` equals nothing.
        let read = |text: &str| match json::loads(text).unwrap() {
            json::Value::Object(object) => object,
            _ => panic!("not an object: {}", case.row),
        };
        let mut object = read(object.ok());
        let uri = object.shift_remove("uri").unwrap();
        assert_eq!(uri.as_str(), value["uri"].as_str());
        let expected = read(value["object"].as_str().unwrap());
        assert_eq!(object.len(), expected.len(), "{}", case.row);
        for (key, value) in expected {
            let own = object.shift_remove(&key).unwrap();
            assert_eq!(json::dumps(&own), json::dumps(&value), "{key}: {}", case.row);
        }
        in_environment(&run("get-conn", &["-o", "env"]), case, value);
        shown.insert("connection");
    }
    assert!(shown.len() == 3, "{shown:?}");
}

/// The line of `-o env` is the connection again for python-dotenv and Airflow.
fn in_environment(output: &crate::support::Output, case: &Case, value: &Value) {
    // A name or a value that no env file can hold.
    if output.status != 0 {
        assert!([2, 6].contains(&output.status), "{}", output.stderr);
        return;
    }
    let question = json!({"op": "metastore.dotenv", "text": output.text()});
    let values = airflow().unwrap().ask(question);
    let (_, text) = values.as_object().unwrap().iter().next().unwrap();
    assert_eq!(*text, value["as_json"], "env: {}", case.row);
}
