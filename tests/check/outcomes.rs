//! The outcome of each name, and the exit status: the worst of them.

use serde_json::{Value, json};

use super::{COMPLETE, Project, etl};
use crate::support::server::{Reply, Server};
use crate::support::{Program, bao};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Runs `check -o json`, and returns its status and report.
fn report(program: Program, args: &[&str]) -> (i32, Value) {
    let output = program.arg("check").args(args).args(["-o", "json"]).run();
    assert_eq!(output.stderr, "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["status"], output.status);
    (output.status, report)
}

/// Returns the outcome of each name.
fn outcomes(report: &Value) -> Vec<(String, String)> {
    let names = report["names"].as_array().unwrap();
    names
        .iter()
        .map(|name| {
            let text = |key: &str| name[key].as_str().unwrap_or("-").to_owned();
            (text("name"), text("outcome"))
        })
        .collect()
}

fn outcome<'a>(report: &'a Value, name: &str) -> &'a Value {
    let names = report["names"].as_array().unwrap();
    &names.iter().find(|one| one["name"] == name).unwrap()["outcome"]
}

#[test]
fn everything_that_is_there_is_status_0() {
    let project = etl();
    let (status, report) = report(project.program().envs(COMPLETE), &["dags"]);
    assert_eq!(status, 0);
    let found = |name: &str| (name.to_owned(), "found".to_owned());
    let names = ["api", "warehouse", "limits", "region", "schema"];
    assert_eq!(outcomes(&report), names.map(found));
    assert_eq!(report["unknown"][0]["line"], 12);
    assert_eq!(report["files"], 2);
    assert!(
        report["names"][0]["found_in"]
            .as_str()
            .unwrap()
            .contains("`AIRFLOW_CONN_API`")
    );
}

#[test]
fn a_missing_name_with_a_default_everywhere_is_no_failure() {
    let project = etl();
    let mut program = project.program();
    for (name, value) in COMPLETE.into_iter().filter(|(name, _)| !name.ends_with("REGION")) {
        program = program.env(name, value);
    }
    let (status, with_default) = report(program.clone(), &["dags"]);
    assert_eq!(outcome(&with_default, "region"), "missing-with-default");
    assert_eq!(status, 0);
    // A name on the command line is wanted.
    let (status, named) = report(program.clone(), &["dags", "--var", "region"]);
    assert_eq!((status, outcome(&named, "region")), (3, &json!("missing")));
    // So is one that another place uses without a default.
    project.write("dags/other.sh", "echo {{ var.value.region }}\n");
    let (status, used) = report(program, &["dags"]);
    assert_eq!((status, outcome(&used, "region")), (3, &json!("missing")));
}

#[test]
fn a_variable_that_is_used_as_json_must_be_json_and_have_the_keys() {
    let project = etl();
    for (value, expected) in [
        ("{", "is not JSON"),
        (r#"{"daily": {"row": 1}}"#, "without `daily.rows`"),
        (r#"{"daily": []}"#, ""),
        ("[]", ""),
        (r#"{"weekly": {"rows": 1}}"#, "without `daily`"),
    ] {
        let program = project.program().envs(COMPLETE).env("AIRFLOW_VAR_LIMITS", value);
        let (status, report) = report(program, &["dags"]);
        let limits = report["names"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == "limits");
        let message = limits.unwrap()["message"].as_str().unwrap_or_default();
        assert!(message.contains(expected), "{value}: {message}");
        assert_eq!(status, if expected.is_empty() { 0 } else { 6 }, "{value}");
    }
}

/// Answers as a Vault that has `found`, denies `denied`, fails for `broken`, and has a secret without a value under `malformed`.
fn vault() -> Server {
    Server::start(|request| {
        let name = request.target.rsplit('/').next().unwrap_or_default();
        if request.target.contains("/login") {
            return Reply::json(200, json!({"auth": {"client_token": "t"}}));
        }
        let secret =
            |data: Value| Reply::json(200, json!({"data": {"data": data, "metadata": {"version": 1}}}));
        match name {
            "found" => secret(json!({"conn_uri": "http://h", "value": "v"})),
            "malformed" => secret(json!({"conn_uri": "http://h:port", "other": "v"})),
            "denied" => Reply::json(403, json!({"errors": ["permission denied"]})),
            "broken" => Reply::json(500, json!({"errors": ["internal error"]})),
            _ => Reply::json(404, json!({"errors": []})),
        }
    })
}

fn with_vault(program: Program, server: &Server) -> Program {
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    program
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

#[test]
fn the_worst_outcome_decides_in_the_order_4_5_6_3() {
    let server = vault();
    let project = Project::new(&[]);
    for kind in ["--conn", "--var"] {
        for (names, expected) in [
            (&["found", "missing", "denied", "broken", "malformed"][..], 4),
            (&["found", "missing", "broken", "malformed"], 5),
            (&["found", "missing", "malformed"], 6),
            (&["found", "missing"], 3),
            (&["found"], 0),
        ] {
            let args: Vec<&str> = names.iter().flat_map(|name| [kind, name]).collect();
            let (status, report) = report(with_vault(project.program(), &server), &args);
            assert_eq!(status, expected, "{kind} {report}");
            for name in names {
                let expected = if *name == "broken" { "unreachable" } else { name };
                assert_eq!(outcome(&report, name), expected, "{report}");
            }
        }
    }
}

#[test]
fn one_login_serves_all_names_and_a_denied_one_causes_no_other() {
    let server = vault();
    let project = Project::new(&[]);
    let args = ["found", "denied", "missing", "malformed", "other", "found"].map(|name| ["--var", name]);
    report(with_vault(project.program(), &server), &args.concat());
    let asked = server.take();
    let logins = asked
        .iter()
        .filter(|request| request.target.contains("/login"))
        .count();
    assert_eq!((logins, asked.len() - logins), (1, 5));
}

#[test]
fn a_refused_login_is_tried_once_and_denies_every_name() {
    let server = Server::start(|_| Reply::json(400, json!({"errors": ["invalid role or secret ID"]})));
    let project = Project::new(&[]);
    let names: Vec<String> = (0..20).map(|number| format!("--var=v{number}")).collect();
    let args: Vec<&str> = names.iter().map(String::as_str).collect();
    let (status, report) = report(with_vault(project.program(), &server), &args);
    assert_eq!(status, 4);
    assert!(outcomes(&report).iter().all(|(_, outcome)| outcome == "denied"));
    assert_eq!(server.take().len(), 1);
}

#[test]
fn a_name_that_no_backend_can_have_is_missing_and_the_others_are_asked() {
    let project = Project::new(&[]);
    let program = project.program().env("AIRFLOW_VAR_A", "1");
    let (status, report) = report(program, &["--var", "../x", "--var", "a"]);
    assert_eq!(status, 3);
    assert_eq!(outcome(&report, "../x"), "missing");
    assert_eq!(outcome(&report, "a"), "found");
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_status_2() {
    let project = etl();
    let program = project.program().env("AIRFLOW__SECRETS__BACKEND", "some.Backend");
    let output = program.args(["check", "dags"]).run();
    assert!(output.fails(2).contains("some.Backend"));
    assert!(
        project
            .run("check")
            .fails(2)
            .contains("there is nothing to check")
    );
    let missing = project.run("check dags nowhere");
    assert!(
        missing.fails(2).contains("`nowhere` cannot be read"),
        "{}",
        missing.stderr
    );
}

#[test]
fn offline_lists_the_names_and_needs_no_configuration() {
    let project = etl();
    let ran = project.path().join("ran");
    let program = project.program().env("AIRFLOW__SECRETS__BACKEND", VAULT).env(
        "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
        format!("touch {}", ran.display()),
    );
    let (status, listed) = report(program.clone(), &["dags", "--offline"]);
    assert_eq!(status, 0);
    assert!(outcomes(&listed).iter().all(|(_, outcome)| outcome == "-"));
    assert_eq!(listed["names"].as_array().unwrap().len(), 5);
    assert!(!ran.exists());
    // What the code does not tell is still a failure where it must tell everything.
    assert_eq!(report(program, &["dags", "--offline", "--strict"]).0, 3);
}

#[test]
fn strict_makes_warnings_unknown_names_and_unreadable_files_failures() {
    let known = ("a.sql", "{{ var.value.region }} {{ conn.api.host }}");
    let unknown = (
        "b.py",
        "from airflow.sdk import Variable\ndef f(x): return Variable.get(x)\n",
    );
    let unreadable = ("c.py", "def (\n");
    for (files, connection, strict) in [
        (&[known][..], "http://h", 0),
        (&[known], "htpp://h", 3),
        (&[known], "http:///path", 3),
        (&[known, unknown], "http://h", 3),
        (&[known, unreadable], "http://h", 3),
    ] {
        let project = Project::new(files);
        let program = || {
            project
                .program()
                .env("AIRFLOW_VAR_REGION", "eu")
                .env("AIRFLOW_CONN_API", connection)
        };
        assert_eq!(report(program(), &["."]).0, 0, "{connection}");
        assert_eq!(report(program(), &[".", "--strict"]).0, strict, "{connection}");
        let args = [
            ".",
            "--strict",
            "--ignore=unset-field",
            "--ignore=unknown-conn-type",
            "--ignore=unknown-name",
            "--ignore=unreadable-file",
        ];
        let (status, report) = report(program(), &args);
        assert_eq!(
            (status, &report["unknown"], &report["unreadable"]),
            (0, &json!([]), &json!([]))
        );
    }
    let project = Project::new(&[]);
    assert!(
        project
            .run("check . --ignore missing")
            .fails(2)
            .contains("unknown-conn-type")
    );
}

#[test]
fn a_real_vault_says_what_is_found_missing_denied_and_malformed() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(
        &mount,
        "connections/warehouse",
        json!({"conn_uri": "postgres://h/dw"}),
    );
    bao.put(&mount, "connections/api", json!({"conn_uri": "http://h:port"}));
    bao.put(&mount, "variables/region", json!({"value": "eu"}));
    let role = bao.unique("role");
    let policy = format!(
        "path \"{mount}/data/connections/*\" {{ capabilities = [\"read\"] }}\n\
         path \"{mount}/data/variables/region\" {{ capabilities = [\"read\"] }}"
    );
    bao.approle(&mount);
    bao.write(&format!("sys/policies/acl/{role}"), json!({"policy": policy}));
    bao.write(
        &format!("auth/approle/role/{role}"),
        json!({"role_id": role, "bind_secret_id": true, "token_policies": role}),
    );
    let secret = bao.write(&format!("auth/approle/role/{role}/secret-id"), Value::Null);
    let kwargs = json!({
        "url": bao.addr, "mount_point": mount, "auth_type": "approle", "role_id": role,
        "secret_id": secret["data"]["secret_id"],
    });
    let project = etl();
    let program = project
        .program()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string());
    let (status, report) = report(program, &["dags", "--conn", "nowhere"]);
    assert_eq!(status, 4);
    for (name, expected) in [
        ("warehouse", "found"),
        ("nowhere", "missing"),
        ("api", "malformed"),
        ("region", "found"),
        ("limits", "denied"),
    ] {
        assert_eq!(outcome(&report, name), expected, "{report}");
    }
}
