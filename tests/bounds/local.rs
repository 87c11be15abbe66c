//! Local files with hostile shapes: many values in few bytes.

use std::fmt::Write as _;

use serde_json::json;

use super::bounded;
use crate::support::{Program, secretctl, temp_dir};

/// The size of the files: small enough for a debug build, large enough that the program's own memory does not matter.
const BYTES: usize = 2 << 20;

/// Fills a text with numbered pieces.
fn filled(begin: &str, end: &str, piece: impl Fn(&mut String, usize)) -> String {
    let mut text = begin.to_owned();
    let mut number = 0;
    while text.len() < BYTES {
        piece(&mut text, number);
        number += 1;
    }
    text + end
}

fn repeated(begin: &str, piece: &str, end: &str) -> String {
    filled(begin, end, |text, _| text.push_str(piece))
}

/// Writes a number with few letters.
fn short(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}

fn look_up(file: &std::path::Path, kind: &str) -> Program {
    let kwargs =
        json!({(if kind == "get-var" { "variables_file_path" } else { "connections_file_path" }): file});
    secretctl()
        .args(["--timeout", "600", kind, "k"])
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Looks up the variable `k` in each text.
fn each(suffix: &str, shapes: &[(&str, String, i32)]) {
    let folder = temp_dir();
    for (name, text, status) in shapes {
        let file = folder.path().join(format!("f.{suffix}"));
        std::fs::write(&file, text).unwrap();
        bounded(
            &format!("{suffix}, {name}"),
            &look_up(&file, "get-var"),
            text.len(),
            *status,
        );
    }
}

#[test]
fn json_uses_memory_in_proportion() {
    each(
        "json",
        &[
            ("empty lists in one value", repeated("{\"k\":[", "[],", "0]}"), 2),
            ("numbers in one value", repeated("{\"k\":[", "1,", "0]}"), 2),
            (
                "objects in one value",
                repeated("{\"k\":[", "{\"a\":{}},", "0]}"),
                2,
            ),
            ("a list", repeated("[", "[],", "0]"), 2),
            ("one key, repeated", repeated("{\"k\":1", ",\"k\":[]", "}"), 0),
            (
                "short keys",
                filled("{\"k\":1", "}", |text, number| {
                    let _ = write!(text, ",\"{}\":1", short(number));
                }),
                0,
            ),
            (
                "objects in objects",
                filled("{\"k\":1", "}", |text, number| {
                    let _ = write!(text, ",\"_{}\":{{\"a\":{{}}}}", short(number));
                }),
                0,
            ),
            ("one long text", repeated("{\"k\":\"", "é\\n", "\"}"), 0),
            (
                "a long text that is not looked up",
                repeated("{\"k\":1,\"l\":\"", "é\\n", "\"}"),
                0,
            ),
        ],
    );
}

#[test]
fn yaml_uses_memory_in_proportion() {
    each(
        "yaml",
        &[
            ("empty lists", repeated("k: 1\na: [", "[],", "]\n"), 0),
            ("empty objects", repeated("k: 1\na: [", "{a: {}},", "]\n"), 0),
            ("numbers", repeated("k: 1\na: [", "1,", "]\n"), 0),
            ("letters as keys", repeated("k: 1\na: {", "a,", "}\n"), 0),
            ("empty keys", repeated("k: 1\na:\n", " ?\n", "\n"), 0),
            ("empty items", repeated("k: 1\na:\n", "-\n", "\n"), 0),
            ("aliases", repeated("k: 1\na: &a x\nb: [", "*a,", "]\n"), 0),
            (
                "anchors",
                filled("k: 1\nb: [", "]\n", |text, number| {
                    let _ = write!(text, "&{} ,", short(number));
                }),
                0,
            ),
            (
                "short keys",
                filled("k: 1\n", "\n", |text, number| {
                    let _ = writeln!(text, "_{}:", short(number));
                }),
                0,
            ),
            (
                "short keys in an object",
                filled("k: 1\na: {", "}\n", |text, number| {
                    let _ = write!(text, "{},", short(number));
                }),
                0,
            ),
            (
                "merges",
                repeated("k: 1\na: &a {x: 1, y: 2}\nb: [", "{<<: *a},", "]\n"),
                0,
            ),
            (
                "large merges",
                repeated(
                    "k: 1\na: &a {a, b, c, d, e, f, g, h, i}\nb: [",
                    "{<<: *a},",
                    "]\n",
                ),
                2,
            ),
            ("one long text", repeated("k: \"", "é\\n", "\"\n"), 0),
            ("a long text over lines", repeated("k: |\n", "  é\n", "\n"), 0),
            (
                "a long text by aliases",
                format!("a: &a {}\nk: [{}]\n", "x".repeat(BYTES), "*a,".repeat(1000)),
                6,
            ),
            ("a list that is looked up", repeated("k: [", "[],", "]\n"), 6),
        ],
    );
}

#[test]
fn env_files_use_memory_in_proportion() {
    each(
        "env",
        &[
            (
                "short keys",
                filled("k=1\n", "\n", |text, number| {
                    let _ = writeln!(text, "_{}=x", short(number));
                }),
                0,
            ),
            ("one long text", repeated("k=", "é", "\n"), 0),
        ],
    );
}

#[test]
fn connections_use_memory_in_proportion() {
    let folder = temp_dir();
    for (suffix, text) in [
        (
            "json",
            filled("{\"k\":\"a://h\"", "}", |text, number| {
                let _ = write!(text, ",\"_{}\":{{\"host\":\"h\"}}", short(number));
            }),
        ),
        (
            "yaml",
            filled("k: a://h\n", "\n", |text, number| {
                let _ = writeln!(text, "_{}: {{host: h}}", short(number));
            }),
        ),
    ] {
        let file = folder.path().join(format!("f.{suffix}"));
        std::fs::write(&file, &text).unwrap();
        bounded(
            &format!("connections in {suffix}"),
            &look_up(&file, "get-conn"),
            text.len(),
            0,
        );
    }
}

#[test]
fn settings_use_memory_in_proportion() {
    let folder = temp_dir();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let many = repeated("[", "[],", "0]");
    let kwargs = path("kwargs.json", &many);
    let program = secretctl()
        .args([
            "--timeout",
            "600",
            "get-var",
            "k",
            "--backend",
            "x.Y",
            "--backend-kwargs",
        ])
        .arg(format!("@{}", kwargs.display()));
    bounded("kwargs", &program, many.len(), 2);
    let options = filled("[s]\n", "\n", |text, number| {
        let _ = writeln!(text, "_{}=", short(number));
    });
    let config = path("airflow.cfg", &options);
    let program = secretctl()
        .args(["--timeout", "600", "get-var", "k", "--config"])
        .arg(&config);
    bounded("airflow.cfg", &program, options.len(), 3);
    // A file larger than any environment is not read at all.
    let variables = filled("", "\n", |text, number| {
        let _ = writeln!(text, "_{}=x", short(number));
    });
    let env_file = path("many.env", &variables);
    let program = secretctl()
        .args(["--timeout", "600", "get-var", "k", "--env-file"])
        .arg(&env_file);
    let stderr = bounded("an env file", &program, variables.len(), 2);
    assert!(stderr.contains("larger than 2 MiB"), "{stderr}");
}
