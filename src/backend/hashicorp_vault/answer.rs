//! What Vault's answers mean: the envelope, the secret in it, and how Airflow uses its fields.
//!
//! Sources: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>; hvac 2.4.0, `adapters.py`
//! (`JSONAdapter`); apache-airflow-providers-hashicorp 4.8.4, `vault_client.py` (`get_secret`) and `secrets/vault.py`
//! (`get_conn_value`, `get_variable`, `get_config`).

use super::address::Address;
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// An answer in Vault's JSON: an object.
pub(super) struct Envelope(pub(super) Object);

impl Envelope {
    /// Reads an answer; `None` when it is not a JSON object.
    pub(super) fn of(response: &Response) -> Option<Self> {
        match json::loads(response.body.expose_text()?) {
            Ok(Value::Object(object)) => Some(Self(object)),
            _ => None,
        }
    }

    /// Returns the token in the answer to a login.
    pub(super) fn client_token(&self) -> Option<Secret> {
        let token = self.0.get("auth")?.as_object()?.get("client_token")?.as_str()?;
        // It goes into a header.
        let usable = !token.is_empty() && !token.contains(char::is_control);
        usable.then(|| Secret::from(token))
    }

    /// Whether the token of a login has a limited number of uses.
    pub(super) fn counts_uses(&self) -> bool {
        let auth = self.0.get("auth").and_then(Value::as_object);
        auth.and_then(|auth| auth.get("num_uses"))
            .is_some_and(Value::is_truthy)
    }

    /// Whether a login waits for a second factor.
    pub(super) fn wants_second_factor(&self) -> bool {
        let auth = self.0.get("auth").and_then(Value::as_object);
        auth.and_then(|auth| auth.get("mfa_requirement"))
            .is_some_and(|requirement| !requirement.is_null())
    }

    /// Returns the texts of `errors` and `warnings`.
    pub(super) fn words(&self) -> Option<String> {
        let lists = ["errors", "warnings"]
            .iter()
            .filter_map(|name| self.0.get(*name)?.as_list());
        let words: Vec<&str> = lists.flatten().filter_map(Value::as_str).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// Whether a text of `errors` or `warnings` contains `word`.
    pub(super) fn says(&self, word: &str) -> bool {
        self.words()
            .is_some_and(|words| words.to_ascii_lowercase().contains(word))
    }

    /// Whether a 500 to a login passes on a refusal.
    ///
    /// Vault 1.21 answers so when GitHub does not know the token, and when a directory receives an empty password.
    pub(super) fn passes_on_a_refusal(&self) -> bool {
        self.says(": 401 bad credentials") || self.says("password cannot be of zero length")
    }

    /// Whether it is KV v2's warning about a path of KV v1: "Invalid path for a versioned K/V secrets engine".
    pub(super) fn warns_of_versions(&self) -> bool {
        self.says("versioned k/v secrets engine")
    }

    /// Whether a 404 says that nothing is mounted at the path.
    pub(super) fn says_no_mount(&self) -> bool {
        self.says("no handler for route")
    }

    /// Returns what a 404 of KV v2 says about a deleted version.
    pub(super) fn gone(&self) -> Option<&'static str> {
        let metadata = self.0.get("data")?.as_object()?.get("metadata")?.as_object()?;
        if metadata.get("destroyed") == Some(&Value::Bool(true)) {
            return Some("its newest version is destroyed");
        }
        let deleted = metadata
            .get("deletion_time")
            .and_then(Value::as_str)
            .is_some_and(|time| !time.is_empty());
        deleted.then_some("its newest version is deleted")
    }

    /// Returns the object `data`.
    pub(super) fn data(&self) -> Option<&Object> {
        self.0.get("data")?.as_object()
    }

    /// Returns the secret: `data.data` of KV v2, `data` of KV v1; `None` without such an envelope.
    pub(super) fn into_secret(mut self, kv_engine_version: u8) -> Option<Value> {
        let data = self.0.shift_remove("data")?;
        match (kv_engine_version, data) {
            (1, data) => Some(data),
            (_, Value::Object(mut data)) => data.shift_remove("data"),
            _ => None,
        }
    }
}

/// Makes an answer from a secret, as Airflow does for each kind.
///
/// # Errors
/// A secret that Airflow cannot use, with status 6. The error names the field, never its value.
pub(super) fn of_secret(kind: SecretKind, secret: Value) -> Result<Answer> {
    let is_envelope = secret.as_object().is_some_and(is_of_version_2);
    let mut fields = match secret {
        Value::Null => return Ok(Answer::ABSENT),
        Value::Object(fields) => fields,
        other => {
            return Err(Error::malformed(format!(
                "the secret in Vault is {}, not an object",
                other.described()
            )));
        }
    };
    match kind {
        SecretKind::Connection => match fields.get("conn_uri") {
            Some(Value::String(uri)) if !uri.is_empty() => {
                Ok(Answer::Found(Found::Text(Secret::from(uri.as_str()))))
            }
            Some(other) if other.is_truthy() => Err(Error::malformed(format!(
                "the field `conn_uri` of the secret in Vault is {}, not text",
                other.described()
            ))),
            _ => Ok(Answer::Found(Found::Fields(fields))),
        },
        SecretKind::Variable | SecretKind::Config => match fields.shift_remove("value") {
            Some(Value::Null) => Ok(Answer::Null),
            Some(Value::String(text)) => Ok(Answer::Found(Found::Text(Secret::from(text)))),
            Some(other) => Ok(Answer::Found(Found::Json(other))),
            None => {
                let error = Error::malformed("the secret in Vault has no field `value`");
                Err(if is_envelope {
                    error.with_hint(
                        "it looks like KV v2's `data` and `metadata`: set `kv_engine_version` to 2, without `data/` in the path",
                    )
                } else {
                    error.with_hint("a variable is stored as `vault kv put <mount>/<path> value=…`")
                })
            }
        },
    }
}

/// Returns the error of an answer that should hold a secret but cannot be read.
///
/// It has status 6 for JSON with text that is not valid Unicode, or that Airflow's Python would not read.
pub(super) fn unreadable(address: &Address, response: &Response) -> Error {
    match response.body.expose_text().map(json::loads) {
        Some(Err(error)) if !error.is_decode_error() => {
            Error::malformed("the secret in Vault cannot be read").with_source(error)
        }
        _ => not_vault(address, response),
    }
}

/// Whether the answer says that the server requires TLS: in the words of Go's `net/http` or of nginx.
pub(super) fn wants_tls(response: &Response) -> bool {
    let words: [&[u8]; 2] = [
        b"Client sent an HTTP request to an HTTPS server",
        b"The plain HTTP request was sent to HTTPS port",
    ];
    let beginning = &response.body.expose()[..response.body.expose().len().min(1024)];
    words
        .iter()
        .any(|words| beginning.windows(words.len()).any(|window| window == *words))
}

/// Returns the error of an answer that does not come from Vault.
pub(super) fn not_vault(address: &Address, response: &Response) -> Error {
    let html = response
        .header("content-type")
        .is_some_and(|kind| kind.contains("html"))
        || response.body.expose().trim_ascii_start().starts_with(b"<");
    let what = match (html, response.body.is_empty()) {
        (true, _) => "HTML",
        (_, true) => "nothing",
        _ => "something that is not Vault's JSON",
    };
    Error::unavailable(format!(
        "{} answered with {what} (status {})",
        address.shown(),
        response.status
    ))
    .with_hint(format!("this may not be Vault: check {}", address.name()))
}

/// Whether these fields are KV v2's envelope: reading it as KV v1, with `data/` in the path, returns them.
fn is_of_version_2(fields: &Object) -> bool {
    let metadata = fields.get("metadata").and_then(Value::as_object);
    fields.len() == 2
        && fields.contains_key("data")
        && metadata.is_some_and(|metadata| metadata.contains_key("version"))
}
