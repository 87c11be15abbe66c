//! The errors for a bad file: status 2, the file and the line, and never a value.

use std::fmt::Write as _;

use serde_json::json;

use crate::support;

/// Looks up a connection in each file: status 2, and an error with the place and the problem but no value.
fn refused(cases: &[(&str, &str, &str)]) {
    let folder = support::temp_dir();
    for (name, text, expected) in cases {
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
            output.stderr.contains(path) && output.stderr.contains(*expected),
            "{text:?}: {}",
            output.stderr
        );
        assert!(!output.stderr.contains("hidden-value"), "{}", output.stderr);
    }
}

#[test]
fn a_bad_file_is_named_with_its_line_and_without_its_values() {
    refused(&[
        ("f.env", "a=1\nhidden-value\n", "line 2: no `=`"),
        (
            "f.env",
            "a=hidden-value\na=hidden-value\n",
            "line 2: `a` is already set on line 1",
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
            "{\"b\": [\"hidden-value\", \"http://h\"]}",
            "connection `b` is a list with more than one element",
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
        (
            "f.yaml",
            "- hidden-value",
            "line 1: it is YAML, but not a mapping",
        ),
        (
            "f.txt",
            "a=1",
            "its name must end in `.env`, `.json`, `.yaml` or `.yml`",
        ),
    ]);
}

#[test]
fn unknown_keys_of_a_connection_get_suggestions() {
    refused(&[
        (
            "f.json",
            "{\"b\": {\"pasword\": \"hidden-value\"}}",
            "connection `b` has the unknown key `pasword`\nhint: write `password` for `pasword`; the keys of a connection are",
        ),
        (
            "f.json",
            r#"{"b": {"conn_type": "postgres", "user": "u", "host": "h", "database": "hidden-value"}}"#,
            "connection `b` has the unknown keys `user` and `database`\nhint: write `login` for `user` and `schema` for `database`; \
             the keys of a connection are `conn_type`, `description`, `host`, `login`, `password`, `schema`, `port`, `extra`, `uri`, \
             `team_name`, `conn_id` and `extra_dejson`\n",
        ),
        (
            "f.yaml",
            "a: http://h\nb: {type: x, hostname: hidden-value}\n",
            "line 2: connection `b` has the unknown keys `type` and `hostname`\nhint: write `conn_type` for `type` and `host` for",
        ),
        (
            "f.json",
            r#"{"b": {"uri": "x://hidden-value", "host": "h"}}"#,
            "hint: keep either `uri` or the other parts",
        ),
        (
            "f.json",
            r#"{"b": {"conn_id": "c", "host": "hidden-value"}}"#,
            "hint: remove `conn_id`: the key of the entry is the id",
        ),
        (
            "airflow_settings.yaml",
            "airflow:\n  connections:\n    - conn_id: a\n      conn_password: hidden-value\n  pools:\n  variables:\n",
            "it is an `airflow_settings.yaml` of the Astro CLI, which Airflow's backend does not read\nhint: \
             export it with `astro dev object export --env-export` and use that file with `--env-file`",
        ),
    ]);
}

#[test]
fn a_missing_file_is_status_2_and_lenient_continues() {
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
    // The last comes first, so no mapping has its keys once before the next one merges it.
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

/// Runs `get-var KEY` on a file of variables.
fn variable(name: &str, text: &str, key: &str) -> (support::Output, Option<serde_json::Value>) {
    let folder = support::temp_dir();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let kwargs = json!({"variables_file_path": path});
    let env = [
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs.to_string()),
    ];
    let output = support::secretctl().envs(env).args(["get-var", key]).run();
    let judge = support::airflow_fresh(env);
    (
        output,
        judge.map(|judge| judge.ask(json!({"op": "differences.variable", "key": key}))),
    )
}

#[test]
fn a_null_variable_is_reported_as_null() {
    for (name, text) in [
        ("v.json", r#"{"a": null}"#),
        ("v.yaml", "a: ~\n"),
        ("v.yaml", "a:\n"),
    ] {
        let (output, airflow) = variable(name, text, "a");
        let words = output.fails(3);
        assert!(words.contains("exists, but is null"), "{words}");
        assert!(
            words.contains("hint: Airflow treats null as not found"),
            "{words}"
        );
        assert!(airflow.is_none_or(|answer| answer["value"].is_null()), "{text}");
    }
    let (output, airflow) = variable("v.json", r#"{"a": ""}"#, "a");
    assert_eq!(output.ok(), "\n");
    assert!(airflow.is_none_or(|answer| answer["value"] == ""));
    let (output, _) = variable("v.json", "{}", "a");
    assert!(!output.fails(3).contains("null"), "{}", output.stderr);
}

#[test]
fn astros_settings_are_not_a_file_of_variables() {
    let settings = "airflow:\n  connections: []\n  variables:\n    - variable_name: a\n      variable_value: hidden-value\n";
    let (output, airflow) = variable("airflow_settings.yaml", settings, "a");
    let words = output.fails(3);
    assert!(
        words.contains("it is an `airflow_settings.yaml` of the Astro CLI"),
        "{words}"
    );
    assert!(!words.contains("hidden-value"), "{words}");
    assert!(airflow.is_none_or(|answer| answer["value"].is_null()));
    // For Airflow, and here, it is one variable.
    let (output, _) = variable("airflow_settings.yaml", settings, "airflow");
    assert!(output.ok().starts_with('{'), "{}", output.text());
    // A variable with this name is not necessarily Astro's.
    let (output, _) = variable("v.yaml", "airflow: {variables: 1, other: 2}\n", "a");
    assert!(!output.fails(3).contains("Astro"), "{}", output.stderr);
}
