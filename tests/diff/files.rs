//! `diff` between env files: outcomes, fields, formats, statuses, and which variables belong to which side.

use serde_json::{Value, json};

use super::{Files, stdout};

/// Every value holds `Zq7`, which no output may hold, in either case.
const HERE: &str = "\
AIRFLOW_CONN_SAME='postgresql://Zq7u:Zq7p@zq7h:5432/Zq7s?sslmode=Zq7m'
AIRFLOW_CONN_OTHER='postgresql://Zq7u:Zq7p@zq7h:5432/Zq7s?sslmode=Zq7m'
AIRFLOW_CONN_MINE='http://zq7h'
AIRFLOW_CONN_BROKEN='{\"port\": \"Zq7\"}'
AIRFLOW_VAR_SAME=Zq7v
AIRFLOW_VAR_OTHER=Zq7v
";
const THERE: &str = "\
AIRFLOW_CONN_SAME='{\"conn_type\": \"postgres\", \"login\": \"Zq7u\", \"password\": \"Zq7p\", \"host\": \"zq7h\", \"port\": 5432, \"schema\": \"Zq7s\", \"extra\": {\"sslmode\": \"Zq7m\"}}'
AIRFLOW_CONN_OTHER='postgresql://Zq7u:Zq7q@zq7i:5432/Zq7s?sslmode=Zq7n&Zq7%21key=1'
AIRFLOW_CONN_THEIRS='http://zq7h'
AIRFLOW_CONN_BROKEN='http://zq7h'
AIRFLOW_VAR_SAME=Zq7v
AIRFLOW_VAR_OTHER=Zq7v2
";

fn files() -> Files {
    Files::new(&[("here.env", HERE), ("there.env", THERE)])
}

const DIFF: &[&str] = &["--env-file", "here.env", "diff", "--with", "there.env"];
const NAMES: &[&str] = &[
    "--conn", "same", "--conn", "other", "--conn", "mine", "--conn", "theirs", "--conn", "nobodys", "--var",
    "same", "--var", "other", "--conn", "same",
];

#[test]
fn each_name_has_one_line_with_the_fields_that_differ() {
    let output = files().program().args(DIFF).args(NAMES).run();
    assert_eq!(
        stdout(&output),
        "same        connection `same`\n\
         different   connection `other`: host, password, extra.sslmode, extra.…\n\
         only here   connection `mine`\n\
         only there  connection `theirs`\n\
         missing     connection `nobodys`\n\
         same        variable `same`\n\
         different   variable `other`\n"
    );
    assert_eq!(output.status, 3);
    assert_eq!(output.stderr, "");
}

#[test]
fn the_json_has_the_same() {
    let output = files()
        .program()
        .args(DIFF)
        .args(NAMES)
        .args(["-o", "json"])
        .run();
    let row = |kind: &str, name: &str, outcome: &str| json!({"kind": kind, "name": name, "outcome": outcome});
    let mut different = row("conn", "other", "different");
    different["fields"] = json!(["host", "password", "extra.sslmode", "extra.…"]);
    let mut variable = row("var", "other", "different");
    variable["fields"] = json!([]);
    let expected = json!({"names": [
        row("conn", "same", "same"),
        different,
        row("conn", "mine", "only_here"),
        row("conn", "theirs", "only_there"),
        row("conn", "nobodys", "missing"),
        row("var", "same", "same"),
        variable,
    ]});
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), expected);
}

#[test]
fn nothing_that_differs_is_status_0() {
    let output = files()
        .program()
        .args(DIFF)
        .args(["--conn", "same", "--var", "same"])
        .run();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}

#[test]
fn a_malformed_value_is_not_a_difference() {
    let output = files()
        .program()
        .args(DIFF)
        .args(["--conn", "broken", "--conn", "other"])
        .run();
    assert_eq!(output.status, 6, "{}", output.stderr);
    assert!(stdout(&output).starts_with("unknown     connection `broken`: malformed here\n"));
    assert!(
        output.stderr.contains("error: connection `broken` is malformed"),
        "{}",
        output.stderr
    );
    assert!(
        output.stderr.contains("  in the configuration at hand\n"),
        "{}",
        output.stderr
    );
}

#[test]
fn no_output_holds_anything_of_a_value() {
    for verbose in [&[][..], &["-vvv"]] {
        for format in ["text", "json"] {
            let output = files()
                .program()
                .args(verbose)
                .args(DIFF)
                .args(NAMES)
                .args(["--conn", "broken", "-o", format])
                .run();
            assert!(
                !stdout(&output).to_lowercase().contains("zq7"),
                "{}",
                stdout(&output)
            );
            assert!(!output.stderr.to_lowercase().contains("zq7"), "{}", output.stderr);
        }
    }
}

#[test]
fn the_other_files_win_over_the_environment_and_see_nothing_of_its_airflow() {
    let files = files();
    files.write("one.env", "AIRFLOW_VAR_A=of the file\n");
    // Here the environment wins, and there the file; `b` is in the environment alone.
    let output = files
        .program()
        .env("AIRFLOW_VAR_A", "of the process")
        .env("AIRFLOW_VAR_B", "of the process")
        .args([
            "--env-file",
            "one.env",
            "diff",
            "--with",
            "one.env",
            "--var",
            "a",
            "--var",
            "b",
        ])
        .run();
    assert_eq!(
        stdout(&output),
        "different   variable `a`\nonly here   variable `b`\n"
    );
}

#[test]
fn the_backend_of_the_command_line_is_here_alone() {
    let files = files();
    files.write("variables.json", r#"{"a": "x"}"#);
    let kwargs = r#"{"variables_file_path": "variables.json"}"#;
    let class = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
    files.write(
        "backend.env",
        &format!("AIRFLOW__SECRETS__BACKEND={class}\nAIRFLOW__SECRETS__BACKEND_KWARGS='{kwargs}'\n"),
    );
    files.write("empty.env", "");
    let with = |file: &str| {
        let options = [
            "--backend",
            class,
            "--backend-kwargs",
            kwargs,
            "diff",
            "--var",
            "a",
            "--with",
        ];
        files.program().args(options).arg(file).run()
    };
    assert_eq!(stdout(&with("backend.env")), "same        variable `a`\n");
    assert_eq!(stdout(&with("empty.env")), "only here   variable `a`\n");
}

#[test]
fn mistakes_are_named_with_their_side() {
    let files = files();
    files.write("class.env", "AIRFLOW__SECRETS__BACKEND=no.such.Backend\n");
    let run = |args: &[&str]| files.program().arg("diff").args(args).run();
    let none = run(&["--with", "there.env"]);
    assert_eq!(
        (none.status, none.stderr.contains("there is no name to compare")),
        (2, true),
        "{}",
        none.stderr
    );
    let missing = run(&["--with", "absent.env", "--var", "a"]);
    assert_eq!(
        (
            missing.status,
            missing.stderr.contains("`absent.env` cannot be read")
        ),
        (2, true),
        "{}",
        missing.stderr
    );
    let class = run(&["--with", "class.env", "--var", "a"]);
    assert_eq!(class.status, 2);
    assert!(
        class.stderr.contains("in the configuration of `--with`"),
        "{}",
        class.stderr
    );
    let climbing = run(&["--with", "there.env", "--conn", "../a"]);
    assert_eq!((climbing.status, climbing.stdout.as_slice()), (2, &b""[..]));
}

#[test]
fn code_names_what_is_compared() {
    let files = files();
    files.write(
        "dag.py",
        "from airflow.sdk import BaseHook, Variable\n\n\ndef task():\n    BaseHook.get_connection('other')\n    \
         Variable.get('nobodys', default='x')\n    Variable.get('same')\n",
    );
    let output = files
        .program()
        .args(DIFF)
        .args(["--from", "dag.py", "--conn", "mine"])
        .run();
    assert_eq!(
        stdout(&output),
        "only here   connection `mine`\n\
         different   connection `other`: host, password, extra.sslmode, extra.…\n\
         default     variable `nobodys`\n\
         same        variable `same`\n",
        "{}",
        output.stderr
    );
}
