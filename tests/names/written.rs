//! `check --write-file`: a file of names, made of code.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use super::{Folder, environment, run};
use crate::support::{cases, random};

fn project() -> Folder {
    Folder::new(&[
        (
            "dags/etl.py",
            "from airflow.sdk import BaseHook, Variable, task\n\
             @task\n\
             def load(name):\n    \
             BaseHook.get_connection(\"warehouse\")\n    \
             Variable.get(\"optional\", default=\"x\")\n    \
             Variable.get(\"region\", default=\"x\")\n    \
             return Variable.get(name)\n",
        ),
        (
            "dags/load.sql",
            "{{ conn.warehouse.host }} {{ var.value.region }} {{ var.json.settings.database.host }}\n",
        ),
    ])
}

#[test]
fn the_file_has_every_name_and_is_read_back() {
    let folder = project();
    let output = run(folder.program(), "check dags --write-file names.txt");
    assert_eq!(output.ok(), "");
    assert!(
        output
            .stderr
            .contains("dags/etl.py:7:12: the name of this variable is not known"),
        "{}",
        output.stderr
    );
    let text = folder.read("names.txt");
    insta::assert_snapshot!(text);
    // The same names as `--from`, and so the same environment.
    let from = environment(folder.program(), &["--pristine", "--from", "dags"]);
    let file = environment(folder.program(), &["--pristine", "--file", "names.txt"]);
    assert_eq!(from, file);
    assert_eq!(file.len(), 4);
    assert_eq!(run(folder.program(), "check --file names.txt").status, 0);
    // On stdout it is the same, and again it is the same.
    assert_eq!(run(folder.program(), "check dags --write-file -").ok(), text);
    run(folder.program(), "check dags --write-file names.txt").ok();
    assert_eq!(folder.read("names.txt"), text);
    // An edit that changes no name changes nothing.
    folder.write("dags/load.sql", &format!("\n\n{}", folder.read("dags/load.sql")));
    assert_eq!(run(folder.program(), "check dags --write-file -").ok(), text);
}

/// It holds no value, and is committed: others may read it.
#[test]
fn the_file_is_written_as_any_file_and_keeps_its_permissions() {
    let folder = project();
    let mode = || folder.path("names.txt").metadata().unwrap().permissions().mode() & 0o777;
    let write = |umask: &str| {
        let script = format!("umask {umask}; exec \"$0\" check dags --write-file names.txt -q");
        let program = folder.program().command();
        let status = std::process::Command::new("sh")
            .args(["-c", &script])
            .arg(program.get_program())
            .env("HOME", "/nonexistent")
            .current_dir(folder.path(""))
            .status();
        assert!(status.unwrap().success());
    };
    write("022");
    assert_eq!(mode(), 0o644);
    std::fs::set_permissions(folder.path("names.txt"), PermissionsExt::from_mode(0o664)).unwrap();
    write("077");
    assert_eq!(mode(), 0o664);
    let names: Vec<_> = std::fs::read_dir(folder.path(""))
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_file_that_is_not_ours_is_left_alone() {
    let folder = project();
    folder.write("mine", "X=conn:warehouse#password\n");
    folder.write("empty", "");
    std::os::unix::fs::symlink("mine", folder.path("link")).unwrap();
    for (file, words) in [
        (
            "mine",
            "`mine` was not written by `--write-file`, and is left alone",
        ),
        ("dags/etl.py", "`dags/etl.py` was not written"),
        ("dags", "`dags` is not a file"),
        ("link", "`link` is a symbolic link"),
        ("nowhere/names", "folder `nowhere` cannot be used"),
    ] {
        let output = run(folder.program(), &format!("check dags -q --write-file {file}"));
        assert!(output.fails(2).contains(words), "{}", output.stderr);
    }
    assert_eq!(folder.read("mine"), "X=conn:warehouse#password\n");
    run(folder.program(), "check dags --write-file empty").ok();
    for line in [
        "check --write-file names.txt",
        "check dags --write-file names.txt --file mine",
        "check dags --write-file names.txt -o json",
    ] {
        run(folder.program(), line).fails(2);
        assert!(!folder.path("names.txt").exists());
    }
}

#[test]
fn with_strict_nothing_is_written_while_a_name_is_not_known() {
    let folder = project();
    let output = run(folder.program(), "check dags --strict --write-file names.txt");
    assert!(
        output.fails(3).contains("nothing is written"),
        "{}",
        output.stderr
    );
    assert!(!folder.path("names.txt").exists());
    let output = run(
        folder.program(),
        "check dags --strict --ignore unknown-name --write-file names.txt",
    );
    assert_eq!((output.ok(), output.stderr.as_str()), ("", ""));
    assert!(!folder.read("names.txt").contains("Variable.get"));
}

/// No backend need be configured, and none is asked.
#[test]
fn nothing_is_asked_and_names_of_the_command_line_are_written_too() {
    let folder = project();
    let program = folder
        .program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", "not JSON");
    let output = run(program, "check --conn more --var region --write-file -");
    assert!(
        output.ok().ends_with(
            "\n# named on the command line\nconn:more\n\n# named on the command line\nvar:region\n"
        )
    );
}

/// What a line would be read as something else is left out with a warning, never written wrong.
#[test]
fn an_id_that_a_line_cannot_hold_is_left_out() {
    let folder = Folder::new(&[]);
    for id in ["a#password", "a@libpq-env", "a@pgpass", "a ", "a #b", "a\nvar:b"] {
        let output = folder
            .program()
            .args([
                "check",
                "--conn",
                id,
                "--conn",
                "a#b",
                "--var",
                "a@b",
                "--write-file",
                "-",
            ])
            .run();
        let text = output.ok();
        let names: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        assert!(
            names == ["var:a@b"] || names == ["conn:a#b", "var:a@b"],
            "{id:?}: {text}"
        );
        assert!(
            output.stderr.contains("a file of names cannot hold it"),
            "{id:?}: {}",
            output.stderr
        );
    }
}

/// Whatever an id looks like: it is read back as the same name, or left out with a warning.
#[test]
fn every_id_is_read_back_or_left_out() {
    const PIECES: [&str; 22] = [
        "a",
        "B",
        "9",
        "_",
        "-",
        ".",
        "#",
        "@",
        "=",
        "?",
        ":",
        " ",
        "\t",
        "é",
        "%",
        "conn:",
        "var:",
        "password",
        "extra.k",
        "libpq-env",
        "pgpass",
        "\u{feff}",
    ];
    let mut random = random("names::written");
    let folder = Folder::new(&[]);
    let mut left_out = 0;
    for _ in 0..cases(20, 200) {
        let given: BTreeSet<(&str, String)> = (0..40)
            .map(|_| {
                let id: String = (0..=random.below(5)).map(|_| *random.pick(&PIECES)).collect();
                (*random.pick(&["conn", "var"]), id)
            })
            .collect();
        let options = given.iter().map(|(kind, id)| format!("--{kind}={id}"));
        let written = folder
            .program()
            .arg("check")
            .args(options)
            .args(["--write-file", "-"])
            .run();
        let read = folder
            .program()
            .args(["check", "--offline", "--file", "-", "-o", "json"])
            .stdin(written.ok())
            .run();
        let report: serde_json::Value = serde_json::from_str(read.ok()).unwrap();
        let names: BTreeSet<(&str, String)> = report["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let kind = if one["kind"] == "conn" { "conn" } else { "var" };
                (kind, one["name"].as_str().unwrap().to_owned())
            })
            .collect();
        let warned = written.stderr.matches("a file of names cannot hold it").count();
        assert!(names.is_subset(&given), "{:?}", names.difference(&given));
        assert_eq!(names.len() + warned, given.len(), "{}", written.stderr);
        left_out += warned;
    }
    assert!(left_out > 0);
}
