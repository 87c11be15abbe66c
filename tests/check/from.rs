//! `exec --from` and `export --from`: the names that code uses.

use super::{COMPLETE, Project, etl};

#[test]
fn exec_gets_the_names_that_the_code_uses() {
    let project = etl();
    let program = project.program().envs(COMPLETE).env("AIRFLOW_VAR_OTHER", "x");
    let output = program
        .args(["exec", "--pristine", "--from", "dags", "--", "env"])
        .run();
    let mut names: Vec<&str> = output
        .ok()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.retain(|name| name.starts_with("AIRFLOW_"));
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "AIRFLOW_CONN_API",
            "AIRFLOW_CONN_WAREHOUSE",
            "AIRFLOW_VAR_LIMITS",
            "AIRFLOW_VAR_REGION",
            "AIRFLOW_VAR_SCHEMA"
        ]
    );
    assert!(
        output.stderr.contains("dags/etl.py:12:")
            && output.stderr.contains("not known without running the code"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_missing_name_with_a_default_is_left_out_and_another_ends_the_command() {
    let project = etl();
    let without = |name: &str| {
        let mut program = project.program();
        for (other, value) in COMPLETE.into_iter().filter(|(other, _)| !other.ends_with(name)) {
            program = program.env(other, value);
        }
        program
            .args(["export", "--from", "dags", "--format", "json"])
            .run()
    };
    let output = without("REGION");
    assert!(!output.ok().contains("REGION"));
    assert!(
        output
            .stderr
            .contains("note: variable `region` is left out: it is missing, and the code has a default"),
        "{}",
        output.stderr
    );
    let output = without("SCHEMA");
    assert!(
        output
            .fails(3)
            .contains("variable `schema` is not in the environment")
    );
}

#[test]
fn from_goes_with_other_names_and_each_name_is_given_once() {
    let project = etl();
    let program = project
        .program()
        .envs(COMPLETE)
        .env("AIRFLOW_CONN_EXTRA", "http://h");
    let output = program
        .args([
            "export",
            "--from",
            "dags/load.sql",
            "--from",
            "dags",
            "--format",
            "json",
            "-q",
        ])
        .args([
            "--conn",
            "extra",
            "--var",
            "schema",
            "--set",
            "PGPASSWORD=conn:warehouse#password",
        ])
        .run();
    let all: serde_json::Map<_, _> = serde_json::from_str(output.ok()).unwrap();
    let mut names: Vec<&str> = all.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "AIRFLOW_CONN_API",
            "AIRFLOW_CONN_EXTRA",
            "AIRFLOW_CONN_WAREHOUSE",
            "AIRFLOW_VAR_LIMITS",
            "AIRFLOW_VAR_REGION",
            "AIRFLOW_VAR_SCHEMA",
            "PGPASSWORD"
        ]
    );
    assert_eq!(output.stderr, "");
}

#[test]
fn a_format_of_one_kind_takes_the_names_of_that_kind() {
    let project = etl();
    for (format, wanted) in [
        ("airflow-connections", &["api", "warehouse"][..]),
        ("airflow-variables", &["limits", "region", "schema"]),
    ] {
        let program = project.program().envs(COMPLETE);
        let output = program
            .args(["export", "--from", "dags", "--format", format])
            .run();
        let all: serde_json::Map<_, _> = serde_json::from_str(output.ok()).unwrap();
        assert!(all.keys().eq(wanted), "{format}: {:?}", all.keys());
    }
}

#[test]
fn a_path_that_is_missing_ends_the_command_with_its_own_status() {
    let project = Project::new(&[]);
    assert!(
        project
            .run("export --from nowhere --format json")
            .fails(2)
            .contains("`nowhere`")
    );
    let output = project
        .program()
        .args(["exec", "--from", "nowhere", "--", "true"])
        .run();
    assert!(output.fails(125).contains("`nowhere`"));
}
