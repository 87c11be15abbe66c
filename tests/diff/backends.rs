//! `diff` between backends: OpenBao, a database and env files; and a side that refuses or does not answer.

use serde_json::json;

use super::{Files, stdout};
use crate::support::metastore::{Dialect, database};
use crate::support::{bao, free_port};

/// The lines of an env file that configures Vault with `token`.
fn vault(addr: &str, mount: &str, token: &str) -> String {
    let kwargs = json!({"url": addr, "auth_type": "token", "token": token, "mount_point": mount});
    format!(
        "AIRFLOW__SECRETS__BACKEND=airflow.providers.hashicorp.secrets.vault.VaultBackend\nAIRFLOW__SECRETS__BACKEND_KWARGS='{kwargs}'\n"
    )
}

#[test]
fn a_backend_is_compared_with_a_database() {
    let (Some(bao), Some(database)) = (bao(), database(Dialect::Sqlite)) else {
        return;
    };
    let mount = bao.kv(2);
    bao.put(
        &mount,
        "connections/same",
        json!({"conn_uri": "postgres://u:p@h:5432/s"}),
    );
    bao.put(
        &mount,
        "connections/other",
        json!({"conn_type": "postgres", "host": "h", "password": "Zq7p"}),
    );
    bao.put(&mount, "variables/region", json!({"value": "eu"}));
    let row = |id: &str, host: &str, password: &str| {
        json!({"conn_id": id, "conn_type": "postgres", "host": host, "login": "u", "password": password, "schema": "s", "port": 5432,
               "is_encrypted": false, "is_extra_encrypted": false})
    };
    database.insert_all("connection", &[row("same", "h", "p"), row("other", "i", "Zq7q")]);
    let files = Files::new(&[
        ("vault.env", &vault(&bao.addr, &mount, &bao.root_token)),
        (
            "database.env",
            &format!("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN={}\n", database.url()),
        ),
    ]);
    let names = ["--conn", "same", "--conn", "other", "--var", "region"];
    let output = files
        .program()
        .args(["--env-file", "vault.env", "diff", "--with", "database.env"])
        .args(names)
        .run();
    assert_eq!(
        stdout(&output),
        "same        connection `same`\n\
         different   connection `other`: host, login, password, schema, port\n\
         only here   variable `region`\n",
        "{}",
        output.stderr
    );
    assert_eq!(output.status, 3);
    let reverse = files
        .program()
        .args(["--env-file", "database.env", "diff", "--with", "vault.env"])
        .args(names)
        .run();
    assert!(
        stdout(&reverse).ends_with("only there  variable `region`\n"),
        "{}",
        reverse.stderr
    );
    assert_eq!(reverse.status, 3);
}

#[test]
fn what_one_side_refuses_is_unknown_and_says_which_side() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/region", json!({"value": "eu"}));
    let files = Files::new(&[
        ("vault.env", &vault(&bao.addr, &mount, &bao.root_token)),
        ("refused.env", &vault(&bao.addr, &mount, "Zq7token")),
    ]);
    let output = files
        .program()
        .args([
            "--env-file",
            "vault.env",
            "diff",
            "--with",
            "refused.env",
            "--var",
            "region",
            "--var",
            "none",
        ])
        .run();
    assert_eq!(
        stdout(&output),
        "unknown     variable `region`: denied there\nunknown     variable `none`: denied there\n"
    );
    assert_eq!(output.status, 4);
    assert!(
        output.stderr.contains("in the configuration of `--with`"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("Zq7"));
}

#[test]
fn a_side_that_cannot_be_reached_is_status_5() {
    let addr = format!("http://127.0.0.1:{}", free_port());
    let files = Files::new(&[
        ("vault.env", &vault(&addr, "m", "t")),
        ("other.env", "AIRFLOW_VAR_A=x\n"),
    ]);
    let output = files
        .program()
        .args([
            "--timeout",
            "3",
            "--env-file",
            "vault.env",
            "diff",
            "--with",
            "other.env",
            "--var",
            "a",
        ])
        .run();
    assert_eq!(stdout(&output), "unknown     variable `a`: unreachable here\n");
    assert_eq!(output.status, 5);
}
