//! References and files of names with OpenBao: one login, each id once, and no request that nothing needs.

use serde_json::json;

use super::{Folder, environment};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Program, bao};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

fn with(program: Program, kwargs: &serde_json::Value) -> Program {
    program
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
}

/// Answers as Vault does: a login, and a value under every path that does not end in `missing` or `denied`.
fn vault(request: &Recorded) -> Reply {
    let path = request.target.as_str();
    if path.ends_with("/login") {
        return Reply::json(200, json!({"auth": {"client_token": "t", "lease_duration": 60}}));
    }
    if path.ends_with("/missing") {
        return Reply::json(404, json!({"errors": []}));
    }
    if path.ends_with("/denied") {
        return Reply::json(403, json!({"errors": ["permission denied"]}));
    }
    let fields = json!({"conn_uri": "postgres://u:p%40ss@h:5432/db", "value": "x"});
    Reply::json(200, json!({"data": {"data": fields, "metadata": {}}}))
}

fn asked(server: &Server) -> Vec<String> {
    let mut asked: Vec<String> = server.take().into_iter().map(|request| request.target).collect();
    asked.sort();
    asked
}

#[test]
fn everything_shares_one_login_and_each_id_is_asked_for_once() {
    let server = Server::start(vault);
    let folder = Folder::new(&[(
        "names",
        "A=conn:dwh#host\nconn:dwh@libpq-env\nvar:limit\n?conn:dwh\n?var:missing\n",
    )]);
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let program = with(folder.program(), &kwargs)
        .env("B", "secretctl:conn:dwh#password")
        .env("C", "secretctl:var:limit")
        .env("D", "secretctl:conn:other@sqlalchemy")
        .env("AIRFLOW_CONN_OTHER", "secretctl:conn:other");
    let variables = environment(program, &["--file", "names", "--set", "E=conn:dwh#login"]);
    assert_eq!(
        ["A", "B", "C", "E", "PGHOST", "AIRFLOW_CONN_OTHER"].map(|name| variables[name].as_str()),
        ["h", "p@ss", "x", "u", "h", "postgres://u:p%40ss@h:5432/db"]
    );
    assert_eq!(
        asked(&server),
        [
            "/v1/auth/approle/login",
            "/v1/secret/data/connections/dwh",
            "/v1/secret/data/connections/other",
            "/v1/secret/data/variables/limit",
            "/v1/secret/data/variables/missing"
        ]
    );
}

#[test]
fn without_a_reference_nobody_is_asked() {
    let server = Server::start(vault);
    let folder = Folder::new(&[]);
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let program = || with(folder.program(), &kwargs);
    environment(program(), &[]);
    environment(program().env("A", "secretctl:var:x"), &["--pristine"]);
    program()
        .env("A", "secretctl:x")
        .args(["exec", "--", "true"])
        .run()
        .fails(125);
    assert!(asked(&server).is_empty());
}

#[test]
fn a_denied_reference_names_its_variable_and_its_line() {
    let server = Server::start(vault);
    let folder = Folder::new(&[("names", "\nX=var:denied\n")]);
    let kwargs = json!({"url": server.url(), "auth_type": "token", "token": "t"});
    let output = with(folder.program(), &kwargs)
        .env("Y", "secretctl:var:denied")
        .args(["exec", "--file", "names", "--", "true"])
        .run();
    let stderr = output.fails(125);
    assert!(
        stderr.contains("needed by `names:2`, the variable `Y`") && stderr.contains("permission denied"),
        "{stderr}"
    );
}

#[test]
fn values_of_openbao_reach_the_command_by_every_way() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(
        &mount,
        "connections/dwh",
        json!({"conn_uri": "postgres://u:p%40ss@h:5432/db"}),
    );
    bao.put(
        &mount,
        "variables/settings",
        json!({"value": r#"{"a": {"b": 1}}"#}),
    );
    let (role_id, secret_id) = bao.approle(&mount);
    let kwargs = json!({"url": bao.addr, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id, "mount_point": mount});
    let folder = Folder::new(&[("names", "DSN=conn:dwh@libpq\n")]);
    let program = with(folder.program(), &kwargs)
        .env("AIRFLOW_CONN_DWH", "secretctl:conn:dwh")
        .env("DEPTH", "secretctl:var:settings#a.b");
    let variables = environment(program.clone(), &["--file", "names"]);
    assert_eq!(
        ["AIRFLOW_CONN_DWH", "DEPTH", "DSN"].map(|name| variables[name].as_str()),
        [
            "postgres://u:p%40ss@h:5432/db",
            "1",
            "host=h user=u password=p@ss dbname=db port=5432"
        ]
    );
    let output = program
        .env("GONE", "secretctl:var:gone")
        .args(["check", "--file", "names"])
        .run();
    assert_eq!(output.status, 0, "{}", output.text());
}
