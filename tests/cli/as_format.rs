//! `--as`: what is printed, what fits, and what a CI system is asked to mask.

use super::{program, run, session};
use crate::support::{Program, temp_dir};

/// Connections of several types, with a password that each format quotes in its own way.
fn connected() -> Program {
    let all = [
        (
            "PG",
            r#"{"conn_type": "postgres", "host": "db.example.com", "login": "etl", "password": "p@ss w:rd", "schema": "dw", "port": 5432, "extra": {"sslmode": "require"}}"#,
        ),
        (
            "MY",
            r#"{"conn_type": "mysql", "host": "db", "login": "etl", "password": "p@ss \"w:rd\"", "schema": "dw", "extra": {"ssl": {"ca": "/ca.pem"}}}"#,
        ),
        (
            "AWS",
            r#"{"conn_type": "aws", "login": "AKIAEXAMPLE", "password": "se/cr+et", "extra": {"region_name": "eu-west-1", "role_arn": "arn:aws:iam::1:role/r"}}"#,
        ),
        (
            "API",
            r#"{"conn_type": "http", "host": "api.example.com", "schema": "https", "port": 8443, "login": "u", "password": "secret-of-api"}"#,
        ),
        (
            "ODBC",
            r#"{"conn_type": "odbc", "host": "h", "password": "a;bcd", "extra": {"driver": "ODBC Driver 18"}}"#,
        ),
        (
            "JDBC",
            r#"{"conn_type": "jdbc", "host": "jdbc:postgresql://h/db"}"#,
        ),
        (
            "IAM",
            r#"{"conn_type": "postgres", "host": "h", "extra": {"iam": true}}"#,
        ),
        ("PLAIN", "https://api.example.com"),
        ("BARE", "postgres://h/db"),
        ("FTP", "ftp://h"),
        ("TYPO", "postgress://h"),
        ("NOTYPE", "//h"),
    ];
    all.iter().fold(program(), |program, (id, value)| {
        program.env(format!("AIRFLOW_CONN_{id}"), value)
    })
}

#[test]
fn each_format_is_printed_as_its_reader_takes_it() {
    insta::assert_snapshot!(session(
        &connected(),
        &[
            "get-conn --as help",
            "get-conn pg --as sqlalchemy",
            "get-conn pg --as libpq",
            "get-conn pg --as libpq-env",
            "get-conn pg --as pgpass",
            "get-conn pg --as dbt",
            "get-conn pg --as dbt --profile shop --profile-arg schema=public --profile-arg threads=4",
            "get-conn my --as mysql-cnf",
            "get-conn my --as sqlalchemy -n",
            "get-conn aws --as aws-env",
            "get-conn api --as url",
            "get-conn plain --as url",
            "get-conn odbc --as odbc",
            "get-conn jdbc --as jdbc",
            "export --as pg@libpq-env --set URL=conn:pg@sqlalchemy --format shell",
            "export --as pg@dbt --format json",
            "exec --as pg@libpq-env --set URL=conn:my@sqlalchemy -- printenv PGHOST PGPASSWORD URL",
        ]
    ));
}

#[test]
fn what_does_not_fit_is_refused_with_what_does() {
    insta::assert_snapshot!(session(
        &connected(),
        &[
            "get-conn pg --as url",
            "get-conn pg --as aws-env",
            "get-conn ftp --as url",
            "get-conn typo --as libpq",
            "get-conn notype --as url",
            "get-conn pg --as sqlalchmey",
            "get-conn pg --as url -o json",
            "get-conn pg --out /tmp/x",
            "get-conn --as url",
            "get-conn iam --as libpq",
            "get-conn bare --as pgpass",
            "get-conn bare --as dbt",
            "get-conn pg --as libpq --profile x",
            "get-conn pg --as dbt --profile-arg hunter2",
            "get-conn pg --as dbt --profile-arg type=mysql",
            "export --set A=conn:pg@libpq-env --format json",
            "export --set A=conn:pg@sqlalchmey --format json",
            "export --as pg --format json",
            "export --as pg@sqlalchemy --format json",
            "export --as pg@libpq-env --as bare@libpq-env --format json",
            "export --as pg@libpq-env --format airflow-connections",
            "exec --as pg@libpq-env --set PGHOST=conn:my#host -- true",
            "exec --as missing@libpq-env -- true",
        ]
    ));
}

#[test]
fn a_password_is_masked_in_the_quoting_of_its_format() {
    insta::assert_snapshot!(session(
        &connected().env("GITHUB_ACTIONS", "true"),
        &[
            "get-conn pg --as sqlalchemy",
            "get-conn pg --as pgpass",
            "get-conn my --as mysql-cnf",
            "get-conn odbc --as odbc -q",
            "get-conn aws --as aws-env -q",
            "get-conn pg --as dbt",
            "exec --as pg@libpq-env --set URL=conn:my@sqlalchemy -- true",
        ]
    ));
}

#[test]
fn a_file_is_written_for_its_owner_alone_and_only_when_all_is_well() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = temp_dir();
    let file = folder.path().join("pgpass");
    let line = |id: &str| format!("get-conn {id} --as pgpass --out {}", file.display());
    let output = run(connected(), &line("pg"));
    assert_eq!(output.ok(), "");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "db.example.com:5432:dw:etl:p@ss w\\:rd\n"
    );
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    run(connected(), &line("bare")).fails(3);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "db.example.com:5432:dw:etl:p@ss w\\:rd\n"
    );
    run(connected(), "get-conn pg --as pgpass --out /nonexistent/x").fails(2);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["pgpass"]);
    let ours = format!("get-conn pg --as pgpass --out {}", file.display());
    run(connected().env("GITHUB_ENV", &file), &ours).fails(2);
}
