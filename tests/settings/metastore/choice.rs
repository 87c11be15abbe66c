//! The places of `sql_alchemy_conn`, from the first to the last, and the options beside it.

use std::fmt::Write as _;

use serde_json::json;

use super::{CONN, Home, LOCAL};
use crate::support::server::{Reply, Server};
use crate::support::{Side, Sides, airflow, airflow_fresh, differs};

/// Everything that names a database, strongest first; each is removed in turn.
#[test]
fn the_first_place_that_names_a_database_counts() {
    let home = Home::new();
    let url = |name: &str| home.database(name);
    let configs = json!({"of-database": url("secret"), "of-core": url("core_secret"), "of-file": url("cfg_secret"),
        "of-core-file": url("core_cfg_secret")});
    let kwargs = json!({"configs_file_path": home.file("configs.json", &configs.to_string())}).to_string();
    let echo = |name: &str| format!("printf {}", url(name));
    let mut variables = vec![
        (CONN, url("variable"), "variable"),
        (
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
            url("core_variable"),
            "core_variable",
        ),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD",
            echo("command"),
            "command",
        ),
        (
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN_CMD",
            echo("core_command"),
            "core_command",
        ),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET",
            "of-database".to_owned(),
            "secret",
        ),
        (
            "AIRFLOW__CORE__SQL_ALCHEMY_CONN_SECRET",
            "of-core".to_owned(),
            "core_secret",
        ),
    ];
    let mut lines = vec![
        ("database", format!("sql_alchemy_conn = {}", url("cfg")), "cfg"),
        (
            "core",
            format!("sql_alchemy_conn = {}", url("core_cfg")),
            "core_cfg",
        ),
        (
            "database",
            format!("sql_alchemy_conn_cmd = {}", echo("cfg_cmd")),
            "cfg_cmd",
        ),
        (
            "core",
            format!("sql_alchemy_conn_cmd = {}", echo("core_cfg_cmd")),
            "core_cfg_cmd",
        ),
        (
            "database",
            "sql_alchemy_conn_secret = of-file".to_owned(),
            "cfg_secret",
        ),
        (
            "core",
            "sql_alchemy_conn_secret = of-core-file".to_owned(),
            "core_cfg_secret",
        ),
    ];
    home.database("airflow.db");
    let mut seen = Vec::new();
    loop {
        let mut cfg = String::new();
        for section in ["database", "core"] {
            let own = lines.iter().filter(|line| line.0 == section);
            writeln!(cfg, "[{section}]").unwrap();
            own.for_each(|line| writeln!(cfg, "{}", line.1).unwrap());
        }
        home.file("airflow.cfg", &cfg);
        let mut env: Vec<(&str, &str)> = vec![
            ("AIRFLOW__SECRETS__BACKEND", LOCAL),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ];
        env.extend(variables.iter().map(|(name, value, _)| (*name, value.as_str())));
        let output = home.which().envs(env.iter().copied()).run();
        let came = output.ok().to_owned();
        // Airflow says which of these comes next, not this test.
        let mut given = vec![("AIRFLOW_HOME", home.path()), ("HOME", home.path())];
        given.extend(env);
        if let Some(judge) = airflow_fresh(given) {
            let option = json!({"op": "option", "section": "database", "option": "sql_alchemy_conn"});
            assert_eq!(
                judge.ask(option),
                format!("sqlite:///{}/{came}", home.path()),
                "after {seen:?}"
            );
        }
        seen.push(came.clone());
        let before = variables.len() + lines.len();
        variables.retain(|(_, _, name)| *name != came);
        lines.retain(|(_, _, name)| *name != came);
        if variables.len() + lines.len() == before {
            break;
        }
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
    assert_eq!(seen[0], "variable");
    assert_eq!(seen[12], "airflow.db");
}

#[test]
fn a_secret_is_asked_of_vault_once_a_command() {
    let home = Home::new();
    let url = home.database("a.db");
    let server = Server::start(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match path {
            "/v1/secret/data/config/dsn" => Reply::json(
                200,
                json!({"data": {"data": {"value": url}, "metadata": {"version": 1}}}),
            ),
            "/v1/secret/data/config/denied" => Reply::json(403, json!({"errors": ["permission denied"]})),
            _ => Reply::json(404, json!({"errors": []})),
        }
    });
    let kwargs = json!({"url": server.url(), "token": "t"}).to_string();
    let program = home
        .program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "dsn");
    let output = program
        .clone()
        .args(["export", "--var", "which", "--var", "there", "--format", "json"])
        .run();
    assert!(output.ok().contains("a.db"), "{}", output.stderr);
    let targets: Vec<_> = server.take().into_iter().map(|request| request.target).collect();
    let configs = targets.iter().filter(|target| target.contains("/config/"));
    assert_eq!(configs.count(), 1, "{targets:?}");
    assert_eq!(targets.len(), 3, "{targets:?}");
    // A failure there is a failure of the lookup, and says what asked.
    let wrong = program
        .args(["get-var", "which"])
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "denied")
        .run();
    assert!(
        wrong
            .fails(4)
            .contains("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET asks for it"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn the_default_is_asked_if_it_is_there_and_skipped_if_not() {
    let home = Home::new();
    let explain = |home: &Home| home.program().args(["explain", "var", "which"]).run();
    let missing = explain(&home);
    let path = format!("{}/airflow.db", home.path());
    let why = format!("skipped: no database is configured, and the default `{path}` does not exist");
    assert!(missing.ok().contains(&why), "{}", missing.text());
    home.which().run().fails(3);
    assert!(!home.has("airflow.db"), "nothing is made");
    // An airflow.cfg that Airflow wrote has the default in it, which nobody chose.
    home.file(
        "airflow.cfg",
        &format!("[database]\nsql_alchemy_conn = sqlite:///{path}\n"),
    );
    assert!(explain(&home).ok().contains(&why));
    home.which().run().fails(3);
    // Airflow makes an empty file when it looks.
    home.file("airflow.db", "");
    let empty = home.which().run();
    assert!(empty.fails(3).contains("no tables"), "{}", empty.stderr);
    std::fs::remove_file(&path).unwrap();
    home.database("airflow.db");
    assert_eq!(home.which().run().ok(), "airflow.db");
    let there = explain(&home);
    let place = format!("table `variable` in the SQLite database `{path}`");
    assert!(
        there.ok().contains(&place) && !there.text().contains("skipped"),
        "{}",
        there.text()
    );
}

#[test]
fn a_blank_schema_is_none_and_main_is_the_only_one_of_sqlite() {
    let home = Home::new();
    let url = home.database("a.db");
    for (schema, status) in [("", 0), (" \t", 0), ("main", 0), ("other", 2), ("ma\"in", 2)] {
        let program = home
            .which()
            .env(CONN, &url)
            .env("AIRFLOW__DATABASE__SQL_ALCHEMY_SCHEMA", schema);
        assert_eq!(program.run().status, status, "{schema:?}");
    }
    home.file("airflow.cfg", "[database]\nsql_alchemy_schema = other\n");
    assert_eq!(home.which().env(CONN, &url).run().status, 2);
}

/// Airflow imports the code that the option names.
#[test]
fn connect_args_are_ignored_with_one_warning() {
    let home = Home::new();
    let url = home.database("a.db");
    let args = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS";
    let output = home
        .program()
        .args(["export", "--var", "which", "--var", "there", "--format", "json"])
        .env(CONN, &url)
        .env(args, "no_such_module.of_mine")
        .run();
    output.ok();
    let warning = format!("warning: {args} is ignored: it names Python code, and secretctl runs none");
    assert_eq!(output.stderr.matches(&warning).count(), 1, "{}", output.stderr);
    assert!(!output.stderr.contains("of_mine"));
    let empty = home.which().env(CONN, &url).env(args, "").run();
    assert_eq!((empty.ok(), empty.stderr.as_str()), ("a.db", ""));
    // It is not read where the database is not asked.
    let earlier = home
        .which()
        .envs([(CONN, url.as_str()), (args, "x.y"), ("AIRFLOW_VAR_WHICH", "v")])
        .run();
    assert_eq!((earlier.ok(), earlier.stderr.as_str()), ("v", ""));
    let question = json!({"op": "differences.with_database", "key": "which"});
    let env = [
        (CONN, url.as_str()),
        (args, "no_such_module.of_mine"),
        ("AIRFLOW_HOME", home.path()),
    ];
    let Some(judge) = airflow_fresh(env) else { return };
    let ours = home.which().envs(env).run();
    differs(
        "metastore-connect-args",
        &Sides {
            airflow: (
                Side::of_airflow(&judge.ask(question)),
                Side::failed("AirflowConfigException"),
            ),
            secretctl: (Side::of_secretctl(&ours), Side::found("a.db")),
        },
    );
}

/// Asks Airflow's backend for `which` in the database at `url`.
fn airflows_answer(url: &str) -> Option<Side> {
    let names = json!([{"kind": "variable", "id": "which"}]);
    let question = json!({"op": "metastore.lookups", "url": url, "fernet_key": "", "names": names});
    let answer = airflow()?.ask(question);
    Some(match answer[0]["error"].as_str() {
        // Without tables; the search path passes over it.
        Some("OperationalError") => Side::not_found(),
        _ => Side::of_airflow(&answer[0]),
    })
}

/// Airflow makes the file, without tables, and finds nothing in it.
#[test]
fn a_configured_file_that_is_missing_is_not_made() {
    let (home, theirs) = (Home::new(), Home::new());
    let url = |home: &Home| format!("sqlite:///{}/missing.db", home.path());
    let output = home.which().env(CONN, url(&home)).run();
    assert!(
        output.fails(2).contains("airflow db migrate"),
        "{}",
        output.stderr
    );
    let ours = Side::of_secretctl(&output).asking(home.has("missing.db"));
    let Some(airflow) = airflows_answer(&url(&theirs)) else {
        return;
    };
    differs(
        "metastore-missing-file",
        &Sides {
            airflow: (
                airflow.asking(theirs.has("missing.db")),
                Side::not_found().asking(true),
            ),
            secretctl: (ours, Side::failed("status 2").asking(false)),
        },
    );
}

/// SQLAlchemy 2.1 decodes the path, 2.0 did not: a file that is there only under its written name is meant by it.
#[test]
fn a_path_is_decoded_unless_only_the_written_one_exists() {
    let home = Home::new();
    let written = home.database("a%20b.db");
    let Some(airflow) = airflows_answer(&written) else {
        return;
    };
    // Airflow has made the decoded one.
    assert!(home.has("a b.db"));
    std::fs::remove_file(format!("{}/a b.db", home.path())).unwrap();
    let output = home.which().env(CONN, &written).run();
    differs(
        "metastore-path",
        &Sides {
            airflow: (airflow, Side::not_found()),
            secretctl: (Side::of_secretctl(&output), Side::found("a%20b.db")),
        },
    );
    home.database("a b.db");
    assert_eq!(home.which().env(CONN, &written).run().ok(), "a b.db");
    assert_eq!(airflows_answer(&written), Some(Side::found("a b.db")));
}
