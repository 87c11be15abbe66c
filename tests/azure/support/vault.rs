//! Key Vault as far as reading a secret needs it: the challenge, the token's check, and Microsoft's documented answers.
//!
//! <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses>,
//! <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use serde_json::{Value, json};

use super::{LOGIN, TENANT, VAULT, token};
use crate::support::server::{Recorded, Reply};

/// The challenge of a vault of the public cloud.
pub fn usual_challenge() -> String {
    format!(r#"Bearer authorization="https://{LOGIN}/{TENANT}", resource="https://vault.azure.net""#)
}

/// A 401 with a challenge.
pub fn challenge(header: &str) -> Reply {
    error(
        401,
        "Unauthorized",
        "AKV10000: Request is missing a Bearer or PoP token.",
        None,
    )
    .header("WWW-Authenticate", header)
}

/// An error in Key Vault's form.
pub fn error(status: u16, code: &str, message: &str, inner: Option<&str>) -> Reply {
    let mut error = json!({"code": code, "message": message});
    if let Some(inner) = inner {
        error["innererror"] = json!({"code": inner});
    }
    Reply::json(status, json!({"error": error}))
        .header("x-ms-keyvault-region", "westeurope")
        .header(
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        )
}

/// The secret `name` with `value`.
pub fn bundle(name: &str, value: &Value) -> Reply {
    let id = format!("https://{VAULT}/secrets/{name}/0123456789abcdef0123456789abcdef");
    let attributes = json!({"enabled": true, "created": 1_700_000_000, "updated": 1_700_000_000, "recoveryLevel": "Recoverable+Purgeable"});
    Reply::json(
        200,
        json!({"value": value, "id": id, "attributes": attributes, "tags": {}}),
    )
}

/// What the vault holds: name and value.
pub const SECRETS: &[(&str, &str)] = &[
    (
        "airflow-connections-smtp-default",
        "smtp://user:pass@mail.example.com:587",
    ),
    (
        "airflow-connections-json",
        r#"{"conn_type": "postgres", "host": "h", "port": 5432}"#,
    ),
    ("airflow-variables-hello", "world"),
    ("airflow-variables-empty", ""),
    ("airflow-variables-lines", "one\ntwo\r\nthree\n"),
    ("airflow-variables-unicode", "żółć 🦀 \u{1}"),
    ("airflow-config-sql-alchemy-conn", "postgresql://db"),
    ("airflow-variables-data--own", "the team's"),
    ("airflow-variables-own", "everybody's"),
    ("airflow-variables-shared", "for all"),
];

/// Answers a request; `audience` is what tokens have to be for, and `header` the challenge.
pub fn answer(request: &Recorded, header: &str, audience: &str) -> Reply {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let Some(token) = request
        .header("authorization")
        .and_then(|header| header.strip_prefix("Bearer "))
    else {
        return challenge(header);
    };
    if let Err(why) = token::verify(token, audience) {
        return error(
            401,
            "Unauthorized",
            &format!("AKV10022: Invalid token: {why}."),
            None,
        )
        .header("WWW-Authenticate", header);
    }
    if !query.split('&').any(|part| part.starts_with("api-version=")) {
        return error(400, "BadParameter", "api-version must be specified", None);
    }
    if path == "/secrets" {
        return list(query, SECRETS.iter().map(|(name, _)| *name));
    }
    let name = path
        .trim_start_matches("/secrets/")
        .trim_end_matches('/')
        .to_ascii_lowercase();
    if let Some((name, value)) = SECRETS.iter().find(|(known, _)| *known == name) {
        return bundle(name, &json!(value));
    }
    let words = format!(
        "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command."
    );
    error(404, "SecretNotFound", &words, None)
}

/// A page of three of `names`, at the place that `$skiptoken` in the query says. The names of disabled secrets end with `-off`.
pub fn list<'a>(query: &str, names: impl Iterator<Item = &'a str>) -> Reply {
    const PAGE: usize = 3;
    let start: usize = query
        .split('&')
        .find_map(|part| {
            part.strip_prefix("$skiptoken=")
                .or_else(|| part.strip_prefix("%24skiptoken="))
        })
        .map_or(0, |token| token.parse().unwrap());
    let all: Vec<Value> = names
        .map(|name| {
            json!({"id": format!("https://{VAULT}/secrets/{name}"), "attributes": {"enabled": !name.ends_with("-off")}, "tags": {}})
        })
        .collect();
    let end = all.len().min(start + PAGE);
    let next = format!("https://{VAULT}/secrets?api-version=7.4&$skiptoken={end}&maxresults=25");
    let next = if end < all.len() { json!(next) } else { Value::Null };
    Reply::json(200, json!({"value": all[start..end], "nextLink": next}))
}
