//! Bad input: ids that could lead to another path, unusable kwargs, values that are not connections.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::outcome::words;
use crate::azure::support::{World, values, vault as key_vault};
use crate::support::secretctl;
use crate::support::server::{Authority, Recorded, Reply, Server, Validity};
use crate::vault::{BACKEND as VAULT, vault};

const KEY_VAULT: &str = crate::azure::names::BACKEND;
const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";

/// Ids with characters that have a meaning in a path, a URL or a terminal.
const IDS: &[&str] = &[
    "Some_Id-1",
    "a/b",
    "/a",
    "a//b",
    "a/./b",
    "..",
    "../a",
    "a/../../b",
    "a..b",
    "a\\..\\b",
    "%2e%2e/a",
    "a%2Fb",
    "a?b=c",
    "a#b",
    "a%b",
    "a b",
    "a\nb",
    "a\u{1b}[31mb",
    "a\u{7f}",
    "ä",
    "名前",
    "a\u{202e}b",
    "",
];

/// Unusable kwargs: the backend, what is wrong, and the text.
const KWARGS: &[(&str, &str, &str)] = &[
    (LOCAL, "not JSON", "{'a': 1}"),
    (LOCAL, "JSON that is cut off", "{\"variables_file_path\": "),
    (LOCAL, "not an object", "[1]"),
    (LOCAL, "a misspelt kwarg", "{\"variable_file_path\": \"/x.json\"}"),
    (LOCAL, "an unknown kwarg", "{\"colour\": \"red\"}"),
    (LOCAL, "a kwarg of another type", "{\"variables_file_path\": 5}"),
    (VAULT, "a misspelt kwarg", "{\"tokn\": \"t\"}"),
    (VAULT, "a missing kwarg", "{\"auth_type\": \"approle\"}"),
    (VAULT, "an unknown auth type", "{\"auth_type\": \"aprole\"}"),
    (
        VAULT,
        "text instead of a number",
        "{\"token\": \"t\", \"kv_engine_version\": \"two\"}",
    ),
    (
        VAULT,
        "a `url` that is not a URL",
        "{\"token\": \"t\", \"url\": \"vault\"}",
    ),
    (
        VAULT,
        "a missing CA bundle",
        "{\"token\": \"t\", \"url\": \"https://127.0.0.1:1\", \"verify\": \"/nonexistent\"}",
    ),
    (
        VAULT,
        "a CA bundle without certificates",
        "{\"token\": \"t\", \"url\": \"https://127.0.0.1:1\", \"verify\": \"/dev/null\"}",
    ),
    (KEY_VAULT, "a missing `vault_url`", "{}"),
    (
        KEY_VAULT,
        "a `vault_url` without https",
        "{\"vault_url\": \"http://contoso.vault.azure.net\"}",
    ),
    ("airflow.secrets.Nothing", "a class that does not exist", "{}"),
];

/// Values that are not connections.
const VALUES: &[(&str, &str)] = &[
    ("a port that is not a number", "postgres://h:port/db"),
    ("a port that is too large", "postgres://h:70000/db"),
    (
        "a password with a `/` that is not quoted",
        "postgres://u:p/w@h:5432/db",
    ),
    ("a bracket that is not closed", "postgres://[::1/db"),
    ("three `://`", "http://a://b://c"),
    ("JSON that is cut off", "{\"conn_type\": "),
    (
        "JSON with an unknown key",
        "{\"conn_type\": \"http\", \"hots\": \"h\"}",
    ),
    (
        "JSON with a port that is not a number",
        "{\"conn_type\": \"http\", \"port\": \"x\"}",
    ),
    (
        "JSON with an `extra` that is not an object",
        "{\"conn_type\": \"http\", \"extra\": \"[1]\"}",
    ),
    ("JSON of a thousand levels", "{\"extra\": "),
];

/// Writes the section.
pub fn section(page: &mut String) {
    page.push_str(
        "\n## Bad input\n\nKwargs that do not parse, are unknown or misspelt, ids that have a meaning in a path, a URL or a terminal, and values that are not \
         connections: below. Above: files that cannot be read (Files); servers that hang or cut (Connections), answer HTML or 10 MB (Bodies), 429 \
         every time (Statuses), redirect elsewhere (Redirects), or send expired or foreign certificates (TLS).\n\n\
         Each path is the one that Airflow requests. An id without a path is not sent to any server.\n\n\
         | id | Vault is asked for | status | Key Vault is asked for | status |\n| --- | --- | --- | --- | --- |\n",
    );
    ids(page);
    page.push_str("\n| kwargs | of | status | words |\n| --- | --- | --- | --- |\n");
    for (class, what, text) in KWARGS {
        let output = secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", class)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", text)
            .env("AIRFLOW_VAR_HELLO", "of the environment")
            .args(["get-var", "hello", "--timeout", "30"])
            .run();
        let of = class.rsplit('.').next().unwrap();
        writeln!(
            page,
            "| {what} | `{of}` | 2 | {} |",
            cell(&words(output.fails(2)))
        )
        .unwrap();
    }
    page.push_str("\n| a connection's value | status | words |\n| --- | --- | --- |\n");
    for (what, value) in VALUES {
        let value = match *what {
            "JSON of a thousand levels" => format!("{value}{}{}}}", "[".repeat(1100), "]".repeat(1100)),
            _ => (*value).to_owned(),
        };
        let output = secretctl()
            .env("AIRFLOW_CONN_BAD", value)
            .args(["get-conn", "bad", "-o", "json"])
            .run();
        writeln!(page, "| {what} | 6 | {} |", cell(&words(output.fails(6)))).unwrap();
    }
}

/// Looks up every id in an empty Vault and an empty Key Vault, and writes the requested paths.
fn ids(page: &mut String) {
    let empty = Server::start(|_: &Recorded| Reply::json(404, json!({"errors": []})));
    let keys = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |request| {
        if request.header("authorization").is_none() {
            return key_vault::challenge(&key_vault::usual_challenge());
        }
        key_vault::error(
            404,
            "SecretNotFound",
            "A secret was not found in this key vault.",
            None,
        )
    });
    let world = World::start();
    let mut kwargs = values();
    kwargs["vault_url"] = keys.url().into();
    kwargs["verify_challenge_resource"] = false.into();
    let in_vault = vault(&json!({"url": empty.url(), "token": "t", "auth_type": "token"}));
    let in_key_vault = world.program(&kwargs, &json!({"NO_PROXY": "127.0.0.1,localhost"}));
    for id in IDS {
        let mut cells = Vec::new();
        for (program, server) in [(&in_vault, &empty), (&in_key_vault, &keys)] {
            let output = program
                .clone()
                .args(["get-var", "--timeout", "30", "--", id])
                .run();
            assert_eq!(output.text(), "", "{id:?}");
            assert!(matches!(output.status, 2 | 3), "{id:?}: {}", output.stderr);
            assert!(
                !output.stderr.contains(['\u{1b}', '\u{7f}', '\u{202e}']),
                "{id:?}"
            );
            let asked = server.take().into_iter().rfind(|request| {
                request.header("authorization").is_some() || request.header("x-vault-token").is_some()
            });
            let asked = asked.map_or_else(|| "nothing".to_owned(), |request| code(&request.target));
            // Only the path of variables was requested.
            let inside = [
                "`/v1/secret/data/variables",
                "`/secrets/airflow-variables-",
                "nothing",
            ];
            assert!(
                inside.iter().any(|path| asked.starts_with(path)),
                "{id:?}: {asked}"
            );
            assert!(
                !asked.contains("/../") && !asked.contains("/..`"),
                "{id:?}: {asked}"
            );
            cells.extend([asked, output.status.to_string()]);
        }
        writeln!(
            page,
            "| {} | {} |",
            code(&Value::from(*id).to_string()),
            cells.join(" | ")
        )
        .unwrap();
    }
}

/// Returns text as code in a cell. Characters that are not ASCII, or control a terminal, are escaped as in JSON.
fn code(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '|' => "\\|".to_owned(),
            c if c.is_control() || matches!(c, '\u{200e}'..='\u{202e}') => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("`{escaped}`")
}

fn cell(words: &str) -> String {
    words.replace('|', "\\|")
}
