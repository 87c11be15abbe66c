//! References in the caller's environment, which `exec` resolves.

use super::{Folder, environment, run};

#[test]
fn each_reference_becomes_its_value_under_the_same_name() {
    let folder = Folder::new(&[]);
    let variables = environment(
        folder
            .program()
            .env("PGPASSWORD", "secretctl:conn:warehouse#password")
            .env("SSLMODE", "secretctl:conn:warehouse#extra.sslmode")
            .env("DSN", "secretctl:conn:warehouse@libpq")
            .env("WHERE", "secretctl:var:region")
            .env("DB_HOST", "secretctl:var:settings#database.host")
            .env("AIRFLOW_CONN_COPY", "secretctl:conn:warehouse")
            .env("PLAIN", "secretctl")
            .env("INNER", "x secretctl:var:region"),
        &[],
    );
    for (name, value) in [
        ("PGPASSWORD", "p@ss w%rd"),
        ("SSLMODE", "require"),
        (
            "DSN",
            "host=db.example.com user=etl password='p@ss w%rd' dbname=dw port=5432 sslmode=require",
        ),
        ("WHERE", "eu"),
        ("DB_HOST", "h"),
        ("PLAIN", "secretctl"),
        ("INNER", "x secretctl:var:region"),
        ("AIRFLOW_VAR_REGION", "eu"),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    assert_eq!(
        variables["AIRFLOW_CONN_COPY"],
        variables["AIRFLOW_CONN_WAREHOUSE"]
    );
}

#[test]
fn an_option_and_a_file_win_over_a_reference_of_the_same_name() {
    let folder = Folder::new(&[("names", "WHERE=var:region\n")]);
    let program = || {
        folder
            .program()
            .env("WHERE", "secretctl:var:missing")
            .env("PGHOST", "secretctl:conn:warehouse#login")
    };
    for options in [
        &["--set", "WHERE=var:region"][..],
        &["--file", "names"],
        &["--set", "WHERE=var:region", "--as", "warehouse@libpq-env"],
    ] {
        let variables = environment(program(), options);
        assert_eq!(variables["WHERE"], "eu", "{options:?}");
        let host = if options.len() == 4 {
            "db.example.com"
        } else {
            "etl"
        };
        assert_eq!(variables["PGHOST"], host, "{options:?}");
    }
}

/// The variable is what Airflow would look in, but a reference is not a value.
#[test]
fn a_reference_never_finds_itself_or_another_reference() {
    let folder = Folder::new(&[("chain.env", "AIRFLOW_VAR_CHAINED=secretctl:var:region\n")]);
    let refers = |name: &str, value: &str| folder.program().env(name, value);
    let output = run(refers("AIRFLOW_CONN_LOOP", "secretctl:conn:loop"), "exec -- true");
    insta::assert_snapshot!(output.fails(125));
    // An option that names it finds no value either, and says why.
    let output = run(
        refers("AIRFLOW_VAR_LOOP", "secretctl:var:region"),
        "exec --var loop -- true",
    );
    assert!(
        output
            .fails(125)
            .contains("`AIRFLOW_VAR_LOOP` holds a reference, which is not a value"),
        "{}",
        output.stderr
    );
    // One in an env file is a value for the lookup, but a command must not get it.
    let output = run(
        refers("COPY", "secretctl:var:chained"),
        "--env-file chain.env exec -- true",
    );
    assert!(
        output
            .fails(125)
            .contains("variable `chained` is itself a reference, and references are not followed"),
        "{}",
        output.stderr
    );
}

/// A configured backend that has the connection is asked for it, whatever the variable of the same name holds.
#[test]
fn a_variable_of_airflows_own_may_refer_to_the_connection_of_the_same_name() {
    let folder = Folder::new(&[("c.json", r#"{"dwh": "postgres://h/db"}"#)]);
    let program = folder
        .program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"connections_file_path": "c.json"}"#,
        )
        .env("AIRFLOW_CONN_DWH", "secretctl:conn:dwh");
    assert_eq!(environment(program, &[])["AIRFLOW_CONN_DWH"], "postgres://h/db");
}

#[test]
fn all_missing_names_are_listed_with_what_needs_them() {
    let folder = Folder::new(&[("names.txt", "# one\nvar:third\n")]);
    let program = folder
        .program()
        .env("FIRST", "secretctl:conn:first")
        .env("SECOND", "secretctl:var:second#a")
        .env("FOURTH", "secretctl:var:third")
        .args(["exec", "--file", "names.txt", "--", "true"]);
    insta::assert_snapshot!(program.run().fails(125));
}

#[test]
fn a_field_that_is_missing_names_the_variable() {
    let folder = Folder::new(&[]);
    for (value, words) in [
        ("secretctl:conn:warehouse#extra.none", "has no `extra.none`"),
        ("secretctl:var:settings#none", "has no `none`"),
        ("secretctl:var:region#a", "is not JSON"),
        ("secretctl:conn:warehouse@mysql-cnf", "`mysql-cnf`"),
    ] {
        let output = run(folder.program().env("WANTED", value), "exec -- true");
        let stderr = output.fails(125);
        assert!(
            stderr.contains(words) && stderr.contains("needed by the variable `WANTED`"),
            "{value}: {stderr}"
        );
    }
}

#[test]
fn a_malformed_reference_is_named_by_its_variable_and_asks_nobody() {
    let folder = Folder::new(&[]);
    for value in [
        "secretctl:hunter2",
        "secretctl:",
        "secretctl:var:",
        "secretctl:config:hunter2",
    ] {
        let output = run(folder.program().env("IMAGE", value), "exec -- true");
        let stderr = output.fails(125);
        assert!(
            stderr.starts_with("error: the variable `IMAGE` begins with `secretctl:` and is not a reference")
                && !stderr.contains("hunter2"),
            "{value}: {stderr}"
        );
    }
    for (value, words) in [
        ("secretctl:conn:warehouse#passwrd", "the nearest is `password`"),
        ("secretctl:conn:warehouse@libpq-env", "several variables"),
        ("secretctl:conn:warehouse@nothing", "there is no format `nothing`"),
    ] {
        let output = run(folder.program().env("WANTED", value), "exec -- true");
        let stderr = output.fails(125);
        assert!(
            stderr.contains("the variable `WANTED`: ") && stderr.contains(words),
            "{value}: {stderr}"
        );
    }
}

#[test]
fn what_configures_the_lookup_cannot_be_a_reference() {
    let folder = Folder::new(&[]);
    for name in [
        "AIRFLOW__SECRETS__BACKEND",
        "AIRFLOW__SECRETS__BACKEND_KWARGS",
        "AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN",
        "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
    ] {
        let output = run(
            folder.program().env(name, "secretctl:var:hunter2"),
            "exec --pristine -- true",
        );
        let stderr = output.fails(125);
        assert!(
            stderr.contains(&format!("the variable `{name}` says where to look"))
                && !stderr.contains("hunter2"),
            "{stderr}"
        );
    }
    // The command does not get secretctl's own variables, so they are not looked at.
    let own = folder.program().env("SECRETCTL_LATER", "secretctl:nothing");
    assert_eq!(run(own, "exec -- true").status, 0);
}

/// The command gets nothing of the caller's, and so nothing is looked up for it.
#[test]
fn a_pristine_environment_has_no_references() {
    let folder = Folder::new(&[]);
    let program = folder
        .program()
        .env("MISSING", "secretctl:var:missing")
        .env("IMAGE", "secretctl:latest");
    let variables = environment(program, &["--pristine", "--var", "region"]);
    assert_eq!(
        variables.keys().collect::<Vec<_>>(),
        ["AIRFLOW_VAR_REGION", "PATH"]
    );
    // Its `PATH` it gets.
    let path = folder
        .program()
        .env("AIRFLOW_VAR_FOLDERS", std::env::var("PATH").unwrap())
        .env("PATH", "secretctl:var:folders");
    assert_eq!(
        environment(path, &["--pristine"])["PATH"],
        std::env::var("PATH").unwrap()
    );
}

#[test]
fn an_env_file_is_for_secretctl_and_refers_to_nothing() {
    let folder = Folder::new(&[(".env", "TOKEN=secretctl:var:missing\nAIRFLOW_VAR_NAME=x\n")]);
    let variables = environment(folder.program().args(["--env-file", ".env"]), &["--var", "name"]);
    assert_eq!(variables["AIRFLOW_VAR_NAME"], "x");
    assert!(!variables.contains_key("TOKEN"));
}

#[test]
fn a_value_behind_a_reference_is_masked_before_the_command_starts() {
    let folder = Folder::new(&[]);
    let output = folder
        .program()
        .env("GITHUB_ACTIONS", "true")
        .env("PASS", "secretctl:conn:warehouse#password")
        .args(["exec", "--", "sh", "-c", "echo started >&2"])
        .run();
    assert_eq!(output.ok(), "");
    let mask = output
        .stderr
        .find("::add-mask::p@ss w%25rd")
        .expect("it is masked");
    assert!(mask < output.stderr.find("started").unwrap(), "{}", output.stderr);
}
