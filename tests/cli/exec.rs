//! `exec`: the command's environment, and the meaning of its status.

use std::collections::BTreeMap;

use super::{program, run, shown, stocked};
use crate::support::{Program, airflow_fresh, skip, temp_dir, variable};

/// Returns the environment of a command.
fn environment(program: crate::support::Program, options: &[&str]) -> BTreeMap<String, String> {
    let output = program.arg("exec").args(options).args(["--", "env", "-0"]).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let pair = |entry: &str| {
        entry
            .split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    output.text().split_terminator('\0').filter_map(pair).collect()
}

#[test]
fn the_command_gets_names_as_airflow_reads_them() {
    let variables = environment(
        program()
            .env("AIRFLOW_CONN_MY-DB", "mysql://h")
            .env("AIRFLOW_VAR_ÜBER", "ü")
            // Its upper case is newer than Python 3.11.
            .env("AIRFLOW_VAR_\u{19b}", "lambda")
            .env("AIRFLOW_CONN_W", r#"{"conn_type": "http", "password": "p"}"#),
        &[
            "--pristine",
            "--conn",
            "my-db",
            "--var",
            "über",
            "--var",
            "\u{19b}",
            "--set",
            "PASS=conn:w#password",
            "--set",
            "MY_VAR=var:über",
        ],
    );
    let names: Vec<_> = variables
        .iter()
        .filter(|(name, _)| *name != "PATH")
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("AIRFLOW_CONN_MY-DB", "mysql://h"),
            ("AIRFLOW_VAR_ÜBER", "ü"),
            ("AIRFLOW_VAR_\u{19b}", "lambda"),
            ("MY_VAR", "ü"),
            ("PASS", "p")
        ]
    );
}

#[test]
fn pristine_keeps_the_path_and_nothing_else() {
    let variables = environment(
        stocked().env("OTHER", "x").env("LD_LIBRARY_PATH", "/x"),
        &["--pristine", "--var", "hello"],
    );
    assert_eq!(
        variables.keys().collect::<Vec<_>>(),
        ["AIRFLOW_VAR_HELLO", "PATH"]
    );
}

#[test]
fn the_command_does_not_get_secretctls_own_variables() {
    let folder = temp_dir();
    let file = folder.path().join(".env");
    std::fs::write(
        &file,
        "AIRFLOW_VAR_FROM_FILE=x\nOTHER=y\nPATH=/nowhere\nSECRETCTL_TIMEOUT=9\n",
    )
    .unwrap();
    let program = stocked()
        .env("SECRETCTL_TIMEOUT", "20")
        .env("SECRETCTL_ENV_FILE", &file)
        .env("SECRETCTL_UNKNOWN", "x");
    let variables = environment(program, &["--var", "from_file", "--var", "hello"]);
    assert_eq!(variables["AIRFLOW_VAR_FROM_FILE"], "x");
    assert!(!variables.contains_key("OTHER"));
    assert!(
        variables.keys().all(|name| !name.starts_with("SECRETCTL_")),
        "{variables:?}"
    );
    assert!(
        variables.contains_key("AIRFLOW_CONN_SMTP_DEFAULT"),
        "the rest of the environment passes"
    );
}

#[test]
fn the_status_is_the_commands_own_or_shows_that_secretctl_failed() {
    for (line, status) in [
        ("exec -- true", 0),
        ("exec --var hello -- false", 1),
        ("exec -- secretctl-no-such-command", 127),
        ("exec -- ./no/such/command", 127),
        ("exec -- /etc/passwd", 126),
        ("exec -- /", 126),
        ("exec --var nope -- true", 125),
        ("exec --conn broken -- true", 125),
        ("exec --var hello", 125),
        ("exec --bogus -- true", 125),
        ("exec --set X -- true", 125),
        ("--timeout 0 exec -- true", 125),
        ("--backend nope exec -- true", 125),
        ("--env-file /nonexistent exec --var hello -- true", 125),
        ("exec --conn MY-DB -- true", 0),
        ("exec --help", 0),
    ] {
        let output = run(stocked(), line);
        assert_eq!(output.status, status, "{line}: {}", output.stderr);
        assert!(output.stdout.is_empty() || line.ends_with("--help"), "{line}");
    }
    let output = stocked().args(["exec", "--", "sh", "-c", "exit 42"]).run();
    assert_eq!(output.status, 42);
}

#[test]
fn nothing_starts_before_everything_is_resolved() {
    let folder = temp_dir();
    let file = folder.path().join("started");
    let output = stocked()
        .args([
            "exec", "--var", "hello", "--var", "nope", "--conn", "nada", "--", "touch",
        ])
        .arg(&file)
        .run();
    assert_eq!(output.status, 125);
    assert!(!file.exists());
    assert!(
        output.stderr.contains("nope") && output.stderr.contains("nada"),
        "{}",
        shown(&output)
    );
}

#[test]
fn arguments_pass_unchanged() {
    let output = stocked()
        .args(["exec", "--", "printf", "%s|", "--var", "--", "", "a b", "-n"])
        .run();
    assert_eq!(output.text(), "--var|--||a b|-n|");
}

#[test]
fn a_script_without_an_interpreter_line_is_the_shells() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = temp_dir();
    let script = folder.path().join("script");
    std::fs::write(&script, "echo $AIRFLOW_VAR_HELLO\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = stocked()
        .args(["exec", "--var", "hello", "--"])
        .arg(&script)
        .run();
    assert_eq!(output.text(), "world\n");
}

#[test]
fn a_missing_interpreter_is_distinguished_from_a_missing_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = temp_dir();
    let script = folder.path().join("script");
    std::fs::write(&script, "#!/nonexistent/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (command, path) in [
        (script.to_str().unwrap(), "/bin"),
        ("script", folder.path().to_str().unwrap()),
    ] {
        let output = program().env("PATH", path).args(["exec", "--", command]).run();
        assert_eq!(output.status, 126, "{}", output.stderr);
        assert!(output.stderr.contains("interpreter"), "{}", output.stderr);
    }
    assert_eq!(run(program(), "exec -- no-such-script").status, 127);
}

/// Starts a program with an environment in which names occur twice.
const REPEATED: &str = r#"
import os, sys
class Environment:
    pairs = [entry.split("=", 1) for entry in sys.argv[1].split()]
    __len__ = lambda self: len(self.pairs)
    keys = lambda self: [name for name, _ in self.pairs]
    values = lambda self: [value for _, value in self.pairs]
    __getitem__ = None
os.execve(sys.argv[2], sys.argv[2:], Environment())
"#;

#[test]
fn the_first_of_two_variables_with_the_same_name_is_resolved_and_passed_on() {
    let Some(python) = variable("AIRFLOW_PYTHON") else {
        return skip(
            "airflow",
            "AIRFLOW_PYTHON is not set, whose Python makes the environment",
        );
    };
    let output = Program::new(python)
        .args([
            "-c",
            REPEATED,
            "AIRFLOW_VAR_X=first OTHER=1 AIRFLOW_VAR_X=second OTHER=2",
        ])
        .arg(env!("CARGO_BIN_EXE_secretctl"))
        .args(["exec", "--set", "COPY=var:x", "--", "/usr/bin/env"])
        .run();
    let mut variables: Vec<_> = output.ok().lines().collect();
    variables.sort_unstable();
    assert_eq!(variables, ["AIRFLOW_VAR_X=first", "COPY=first", "OTHER=1"]);
}

/// Connections in every form of a local file, including arguments and URIs that Airflow reads differently from the environment.
#[test]
fn airflow_under_exec_reads_back_the_same_connections() {
    let folder = temp_dir();
    let file = folder.path().join("connections.json");
    let connections = serde_json::json!({
        "uri": "postgresql://u:p%40ss@h:5432/db?sslmode=require",
        "arguments": {"conn_type": "http", "host": "https://h", "login": "ü", "password": "p'\"\\$x\n2", "schema": "", "port": 80,
                      "extra": "{\"a\": {\"b\": [1, null]}, \"token\": \"t\"}", "description": "a b"},
        "bare": {"conn_type": "my-type"},
    });
    std::fs::write(&file, connections.to_string()).unwrap();
    let kwargs = serde_json::json!({"connections_file_path": file}).to_string();
    let program = program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .env(
            "AIRFLOW_CONN_JSON",
            r#"  {"conn_type": "aws", "extra": "{\"k\": 1}"}  "#,
        );
    let variables = environment(
        program.clone(),
        &[
            "--pristine",
            "--conn",
            "uri",
            "--conn",
            "arguments",
            "--conn",
            "bare",
            "--conn",
            "json",
        ],
    );
    let Some(airflow) = airflow_fresh(variables) else {
        return;
    };
    let read = airflow.ask(serde_json::json!({"op": "commands.connection_in_environment"}));
    for (id, connection) in read.as_object().unwrap() {
        let printed = run(program.clone(), &format!("get-conn {id} -o json"));
        let printed: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
        for (name, value) in connection.as_object().unwrap() {
            let ours = &printed[if name == "extra_dejson" {
                "extra"
            } else {
                name.as_str()
            }];
            // Airflow writes this with as_json(), which does not distinguish an empty string from none.
            let same = ours == value
                || (ours == "" && value.is_null())
                || (name == "conn_type" && *ours == "my-type");
            assert!(same, "{id}: {name}: {ours} is read back as {value}");
        }
    }
    assert_eq!(read.as_object().unwrap().len(), 4);
}

/// Airflow accepts any port from a local file's object, but only a number from its environment.
#[test]
fn a_connection_that_an_environment_cannot_carry_is_refused() {
    let folder = temp_dir();
    let file = folder.path().join("connections.json");
    std::fs::write(&file, r#"{"odd": {"conn_type": "kind", "port": "smtp"}}"#).unwrap();
    let program = program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            serde_json::json!({"connections_file_path": file}).to_string(),
        );
    assert_eq!(run(program.clone(), "get-conn odd --field port").ok(), "smtp\n");
    for (line, status) in [
        ("exec --conn odd -- true", 125),
        ("export --conn odd --format json", 6),
        ("get-conn odd -o env", 6),
    ] {
        let output = run(program.clone(), line);
        let words = output.fails(status);
        assert!(words.contains("`odd`") && words.contains("`port`"), "{words}");
    }
}

/// Writes a program that prints `text`.
fn script(path: &std::path::Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\necho {text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A command is looked up in its own `PATH`, which may be one of the values.
#[test]
fn the_command_is_looked_up_in_its_own_path() {
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name);
    for name in ["callers", "commands", "none"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    script(&path("callers").join("both"), "the callers", 0o755);
    script(&path("callers").join("callers-only"), "the callers", 0o755);
    script(&path("commands").join("both"), "the commands", 0o755);
    script(&path("commands").join("not-executable"), "x", 0o644);
    script(&path("here"), "here", 0o755);
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let commands = text("commands");
    let file = format!("{}/both/x", text("commands"));
    for (commands_path, command, status, printed) in [
        (commands.as_str(), "both", 0, "the commands\n"),
        (&commands, "callers-only", 127, ""),
        (&commands, "nowhere", 127, ""),
        (&commands, "not-executable", 126, ""),
        (
            &format!("{}:{}", text("none"), commands),
            "both",
            0,
            "the commands\n",
        ),
        // Relative folders, and an empty one, start at the current folder.
        ("commands", "both", 0, "the commands\n"),
        ("none", "both", 127, ""),
        (".", "here", 0, "here\n"),
        (":", "here", 0, "here\n"),
        (":", "both", 127, ""),
        ("none:", "here", 0, "here\n"),
        // An entry that is not a folder is skipped.
        (&file, "both", 127, ""),
        // A path is not looked up.
        ("none", "./here", 0, "here\n"),
        ("none", "commands/both", 0, "the commands\n"),
        (&commands, "./both", 127, ""),
        ("none", "commands/not-executable", 126, ""),
    ] {
        for pristine in [false, true] {
            let program = program()
                .env("PATH", text("callers"))
                .env("AIRFLOW_VAR_P", commands_path)
                .dir(folder.path());
            let options: &[&str] = if pristine { &["--pristine"] } else { &[] };
            let output = program
                .arg("exec")
                .args(options)
                .args(["--set", "PATH=var:p", "--", command])
                .run();
            let shown = format!("{commands_path} {command} {pristine}: {}", shown(&output));
            assert_eq!((output.status, output.text()), (status, printed), "{shown}");
            if status == 127 {
                assert!(output.stderr.contains("was not found"), "{shown}");
            }
        }
    }
    // The caller's `PATH`, if none is set; and none at all.
    let output = program()
        .env("PATH", text("callers"))
        .args(["exec", "--pristine", "--", "both"])
        .run();
    assert_eq!(output.ok(), "the callers\n");
    for (command, status) in [("true", 0), ("secretctl-no-such-command", 127)] {
        let output = crate::support::secretctl()
            .args(["exec", "--pristine", "--", command])
            .run();
        assert_eq!(output.status, status, "{}", output.stderr);
    }
    // An empty value.
    let output = program()
        .env("AIRFLOW_VAR_P", "")
        .dir(folder.path())
        .args(["exec", "--set", "PATH=var:p", "--", "here"])
        .run();
    assert_eq!(output.ok(), "here\n");
}

/// Linux limits the size of one variable, and of all variables together.
#[test]
#[cfg(target_os = "linux")]
fn values_that_are_too_large_are_named() {
    let folder = temp_dir();
    let file = folder.path().join("v.json");
    // The limit includes the name, the `=` and a NUL.
    let most = 128 * 1024 - "AIRFLOW_VAR_FITS=".len() - 1;
    let mut variables = serde_json::Map::new();
    variables.insert("fits".to_owned(), "x".repeat(most).into());
    variables.insert("over".to_owned(), "x".repeat(most + 1).into());
    variables.insert("long".to_owned(), "x".repeat(128 * 1024).into());
    for number in 0..60 {
        variables.insert(format!("part{number}"), "x".repeat(120_000 + number).into());
    }
    std::fs::write(&file, serde_json::Value::Object(variables).to_string()).unwrap();
    let program = program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            serde_json::json!({"variables_file_path": file}).to_string(),
        );
    assert_eq!(run(program.clone(), "exec --var fits -- true").status, 0);
    for (line, expected) in [
        (
            "exec --var fits --var over -- true",
            "variable `over` is too large for the variable `AIRFLOW_VAR_OVER`: 131073 bytes; the limit is 131072",
        ),
        (
            "exec --pristine --set X=var:long -- true",
            "variable `long` is too large for the variable `X`: 131075 bytes",
        ),
    ] {
        let output = run(program.clone(), line);
        let words = output.fails(125);
        assert!(
            words.contains(expected) && words.contains("export --out"),
            "{words}"
        );
        assert!(!words.contains("xxxx"), "{words}");
    }
    let mut all = program.args(["exec"]);
    for number in 0..60 {
        all = all.args(["--var", &format!("part{number}")]);
    }
    let output = all.args(["--", "true"]).run();
    let words = output.fails(125);
    assert!(
        words.contains("too large for one environment: 7")
            && words.contains("the largest is variable `part59` in the variable `AIRFLOW_VAR_PART59`")
            && words.contains("export --out"),
        "{words}"
    );
}
