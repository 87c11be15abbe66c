//! What a bad file gets: status 2, the file and the line, and never a value.

use std::fmt::Write as _;

use serde_json::json;

use crate::support;

#[test]
fn a_bad_file_is_named_with_its_line_and_without_its_values() {
    let folder = support::temp_dir();
    for (name, text, expected) in [
        ("f.env", "a=1\nhidden-value\n", "line 2: no `=`"),
        (
            "f.env",
            "a=hidden-value\na=hidden-value\n",
            "line 2: `a` is there already, on line 1",
        ),
        (
            "f.env",
            "b=hidden-value://[\n",
            "line 1: connection `b` is malformed",
        ),
        (
            "f.json",
            "{\"a\": \"http://h\",\n\"b\": \"hidden-value\",,}",
            "line 2: it is not JSON",
        ),
        (
            "f.json",
            "{\"b\": {\"pasword\": \"hidden-value\"}}",
            "connection `b` has the unknown key `pasword`: did you mean `password`?",
        ),
        (
            "f.json",
            "{\"b\": [\"hidden-value\", \"http://h\"]}",
            "connection `b` is a list of more than one",
        ),
        (
            "f.json",
            "{\"b\": 5}",
            "connection `b` is neither text nor an object",
        ),
        (
            "f.yaml",
            "a: http://h\nb: {extra: hidden-value}\n",
            "line 2: connection `b` is malformed",
        ),
        (
            "f.yaml",
            "a: http://h\nb: 'hidden-value",
            "line 2: quotes are not closed",
        ),
        (
            "f.yaml",
            "a: !foo hidden-value",
            "line 1: a tag that the safe loader does not know",
        ),
        ("f.yaml", "- hidden-value", "line 1: it is YAML, and no mapping"),
        (
            "f.txt",
            "a=1",
            "its name must end in `.env`, `.json`, `.yaml` or `.yml`",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let output = support::secretctl()
            .args(["get-conn", "a"])
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                json!({"connections_file_path": path}).to_string(),
            )
            .run();
        assert_eq!(
            (output.status, &output.stdout[..]),
            (2, &b""[..]),
            "{text:?}: {}",
            output.stderr
        );
        assert!(
            output.stderr.contains(path) && output.stderr.contains(expected),
            "{text:?}: {}",
            output.stderr
        );
        assert!(!output.stderr.contains("hidden-value"), "{}", output.stderr);
    }
}

#[test]
fn a_missing_file_is_status_2_and_with_lenient_the_rest_is_asked() {
    let program = |env: &[(&str, &str)]| {
        support::secretctl()
            .args(["get-conn", "a", "-n", "--lenient"])
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                "{\"connections_file_path\": \"not-there.json\"}",
            )
            .envs(env.iter().copied())
            .run()
    };
    let output = program(&[]);
    assert_eq!(output.status, 2, "{}", output.stderr);
    let output = program(&[("AIRFLOW_CONN_A", "http://h")]);
    assert_eq!(
        (output.status, &output.stdout[..]),
        (0, &b"http://h"[..]),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.starts_with("warning: ") && output.stderr.contains("not-there.json"),
        "{}",
        output.stderr
    );
}

#[test]
fn aliases_of_aliases_and_deep_nesting_are_refused_in_time() {
    let folder = support::temp_dir();
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, previous) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        let _ = writeln!(
            laughs,
            "{name}: &{name} [{}]",
            vec![format!("*{previous}"); 10].join(", ")
        );
    }
    let merges = laughs
        .replace("[x, x, x, x, x, x, x, x, x, x]", "{x: 1}")
        .replace("[*", "{<<: [*")
        .replace("]\n", "]}\n");
    // The last is met first, so none has its keys once before the next one merges it.
    let inside_out = format!("k: [[[{}]]]\nj: {{<<: *j}}\n", {
        let mappings = merges.lines().filter_map(|line| line.split_once(": "));
        mappings
            .map(|(_, mapping)| mapping)
            .collect::<Vec<_>>()
            .join(", ")
    });
    let long = format!("a: &a {}\nj: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(100_000));
    let deep = format!("j: {}", "[".repeat(200_000));
    for (text, status) in [
        (laughs.as_str(), 6),
        (&long, 6),
        (&merges, 0),
        (&inside_out, 2),
        (&deep, 2),
    ] {
        let path = folder.path().join("f.yaml");
        std::fs::write(&path, text).unwrap();
        let kwargs = json!({"variables_file_path": path}).to_string();
        let output = support::secretctl()
            .args(["get-var", "j"])
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            )
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
            .run();
        assert_eq!(output.status, status, "{}", output.stderr);
        assert!(output.time.as_secs() < 10, "{:?}", output.time);
    }
}
