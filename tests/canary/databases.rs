//! Airflow's database: the password of its URL, the Fernet key, and what its rows have, in success and in each fault.

use serde_json::json;

use super::leaks::canary;
use super::scenarios::Scenario;
use crate::databases::scripted::{Act, Protocol, Scripted, Stage};
use crate::support::{airflow, free_port};

const CONN: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

/// Returns a key whose text has a canary.
fn fernet_key() -> String {
    format!("{:A<43}=", canary("fernetkey"))
}

/// The row of every table, with a canary in each part that may be secret.
fn row() -> Vec<(&'static str, String)> {
    vec![
        ("conn_id", "warehouse".to_owned()),
        ("conn_type", "postgres".to_owned()),
        ("host", "h".to_owned()),
        ("login", canary("rowlogin")),
        ("password", canary("rowpassword")),
        (
            "extra",
            json!({"a": {"b": {"c": canary("rowextra")}}}).to_string(),
        ),
        ("val", json!({"a": [{"b": canary("rowvalue")}]}).to_string()),
    ]
}

/// Returns a scenario with a Fernet key, whose server has the row.
fn with(name: &str, status: i32, url: String) -> Scenario {
    let row: Vec<String> = row().into_iter().map(|(_, value)| value).collect();
    Scenario::new(name, status)
        .args(&["--timeout", "2"])
        .set(CONN, url)
        .set("AIRFLOW__CORE__FERNET_KEY", fernet_key())
        .remote(row.join(" "))
}

/// Success and every fault, of each kind of database.
pub fn all() -> Vec<Scenario> {
    let mut all = Vec::new();
    for (protocol, scheme, refused) in [
        (Protocol::Postgres, "postgresql+psycopg2", "28P01"),
        (Protocol::MySql, "mysql+pymysql", "1045"),
    ] {
        let password = canary("urlpassword");
        let url = |port: u16, rest: &str| format!("{scheme}://u:{password}@127.0.0.1:{port}/d{rest}");
        let row = row();
        let columns: Vec<(&str, &str)> = row.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let healthy = || Scripted::new(protocol, &columns);
        let name = |what: &str| format!("{scheme}: {what}");
        all.push(with(&name("success"), 0, url(healthy().start(), "")));
        all.push(with(&name("nobody listens"), 5, url(free_port(), "")).slow());
        for stage in [
            Stage::Greeting,
            Stage::Login,
            Stage::Transaction,
            Stage::Statement,
            Stage::Row,
        ] {
            for act in [Act::Cut, Act::Garbage] {
                let what = format!("{stage:?} {act:?}");
                let port = healthy().doing(stage, act).start();
                all.push(with(&name(&what), 5, url(port, "")).slow());
            }
        }
        let hangs = healthy().doing(Stage::Row, Act::Hang).start();
        all.push(with(&name("half a row"), 5, url(hangs, "")).slow());
        // A server that repeats what it was sent.
        let echoes = healthy().doing(Stage::Login, Act::Refuse(refused, format!("no {password}")));
        all.push(with(&name("a refusal with the password"), 4, url(echoes.start(), "")).slow());
        for (what, query, status) in [
            ("an unknown option", format!("?colour={}", canary("option")), 0),
            (
                "an option that is no number",
                format!("?connect_timeout={}", canary("option")),
                2,
            ),
        ] {
            let url = url(healthy().start(), &query);
            all.push(with(&name(what), status, url).slow());
        }
        all.push(with(
            &name("a port that is no number"),
            2,
            format!("{scheme}://u:{password}@h:{}/d", canary("port")),
        ));
        all.push(with(
            &name("an `@` in the password"),
            2,
            format!("{scheme}://u:{password}@{}@127.0.0.1/d", canary("more")),
        ));
    }
    all.push(with(
        "a URL of an unknown dialect",
        2,
        format!("oracle://u:{}@h/d", canary("urlpassword")),
    ));
    all.push(with("a URL that is none", 2, canary("urlpassword")));
    all.extend(files());
    all
}

/// Files of `SQLite`, with rows in clear and encrypted rows.
fn files() -> Vec<Scenario> {
    let lost = format!("gAAAAA{}", canary("token"));
    let mut all = vec![
        sqlite("SQLite: rows in clear", 0, &row(), false),
        sqlite(
            "SQLite: tokens that are none",
            6,
            &encrypted(|_| lost.clone()),
            true,
        ),
        sqlite("SQLite: rows in clear that are marked", 6, &row(), true),
    ];
    if let Some(judge) = airflow() {
        let encrypt = |key: String| {
            move |text: &str| {
                let token = judge.ask(json!({"op": "metastore.encrypt", "key": key, "text": text}));
                token.as_str().unwrap().to_owned()
            }
        };
        let own = encrypted(encrypt(fernet_key()));
        all.push(sqlite("SQLite: encrypted rows", 0, &own, true));
        let other = format!("{:A<43}=", canary("otherkey"));
        let foreign = encrypted(encrypt(other.clone()));
        all.push(sqlite("SQLite: a lost key", 6, &foreign, true));
        all.push(
            sqlite("SQLite: a key that is none", 2, &own, true)
                .set("AIRFLOW__CORE__FERNET_KEY", canary("fernetkey")),
        );
        all.push(
            sqlite("SQLite: several keys", 0, &foreign, true)
                .set("AIRFLOW__CORE__FERNET_KEY", format!("{},{other}", fernet_key())),
        );
    }
    all
}

/// Returns the row with its secret parts encrypted.
fn encrypted(encrypt: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let mut row = row();
    for (name, value) in &mut row {
        if ["password", "extra", "val"].contains(name) {
            *value = encrypt(value);
        }
    }
    row
}

fn sqlite(name: &str, status: i32, row: &[(&str, String)], is_encrypted: bool) -> Scenario {
    let scenario = with(name, status, "sqlite:///{dir}/airflow.db".to_owned());
    let file = scenario.dir().join("airflow.db");
    let database = rusqlite::Connection::open(file).unwrap();
    database
        .execute_batch(
            "CREATE TABLE connection (conn_id, conn_type, description, host, schema, login, password, port, \
             is_encrypted, is_extra_encrypted, extra, team_name);
             CREATE TABLE variable (key, val, description, is_encrypted, team_name);",
        )
        .unwrap();
    let of = |name: &str| {
        let found = row.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    };
    database
        .execute(
            "INSERT INTO connection (conn_id, conn_type, host, login, password, extra, is_encrypted, is_extra_encrypted) \
             VALUES ('warehouse', 'postgres', 'h', ?, ?, ?, ?, ?)",
            (of("login"), of("password"), of("extra"), is_encrypted, is_encrypted),
        )
        .unwrap();
    database
        .execute(
            "INSERT INTO variable (key, val, is_encrypted) VALUES ('hello', ?, ?)",
            (of("val"), is_encrypted),
        )
        .unwrap();
    scenario
}
