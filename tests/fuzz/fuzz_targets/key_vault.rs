//! Key Vault's and Entra's answers, through the whole client. No token is sent without the vault's own challenge, the value
//! found is the one in the JSON, and only an answer's messages are shown.
#![no_main]

use std::sync::{Arc, Mutex};

use libfuzzer_sys::fuzz_target;
use secretctl::backend::azure_key_vault::fuzzing::{Server, ask, challenge};
use secretctl::kwargs::Kwargs;
use secretctl::error::Result;
use secretctl::http::{Request, Response};
use secretctl::python::json::{Value, loads};
use secretctl::python::repr::str;
use secretctl::secret::Secret;
use secretctl::value::{Answer, Found};
use secretctl_fuzz::{answer, masked, object, shown};

const VAULT: &str = "kv.vault.azure.net";

/// The client secret, and the token in answers to logins.
const SECRET: &str = "hunter2-client-secret";
const TOKEN: &str = "hunter2.access.token";

/// Keys that stay unchanged: messages for people; the token, which is removed from messages; and its lifetime, which decides
/// whether another is requested.
const WORDS: [&str; 6] = [
    "message",
    "code",
    "error",
    "error_description",
    "access_token",
    "expires_in",
];

/// Keys that decide the meaning of an answer.
const KNOWN: [&str; 4] = ["error", "innererror", "value", "access_token"];

/// The requests and their answers.
#[derive(Default)]
struct Talk {
    vault: Vec<(Option<String>, u16, Option<String>, String)>,
    logins: usize,
    /// Whether a login was answered with `TOKEN`.
    has_token: bool,
}

/// Answers the vault's requests with `vault` in order, and logins with `logins`; the last of each repeats.
fn server(vault: Vec<Response>, logins: Vec<Response>, talk: Arc<Mutex<Talk>>) -> Server {
    Box::new(move |request: &Request| {
        let mut talk = talk.lock().expect("nobody panics with it");
        let (answers, index) = if request.url.starts_with(&format!("https://{VAULT}/")) {
            (&vault, talk.vault.len())
        } else {
            assert!(
                request.url.starts_with("https://login.microsoftonline.com/t/"),
                "{}",
                request.url
            );
            (&logins, talk.logins)
        };
        let found = &answers[index.min(answers.len() - 1)];
        let header = |name: &str| request.headers.iter().find(|(header, _)| header == name);
        let bearer = header("authorization").and_then(|(_, value)| value.expose_text());
        if request.method == "POST" {
            assert!(bearer.is_none(), "a login has no token");
            talk.logins += 1;
            let token = object(found).and_then(|object| object.get("access_token").cloned());
            talk.has_token |= found.status == 200 && token == Some(Value::from(TOKEN));
        } else {
            assert!(request.body.is_none());
            let body = found.body.expose_text().unwrap_or_default().to_owned();
            let named = found
                .headers
                .iter()
                .filter(|(name, _)| name == "www-authenticate");
            let values: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
            // Joins repeated headers.
            let challenge = (!values.is_empty()).then(|| values.join(", "));
            talk.vault
                .push((bearer.map(str::to_owned), found.status, challenge, body));
        }
        copy(found)
    })
}

fn copy(response: &Response) -> Response {
    Response {
        status: response.status,
        headers: response.headers.clone(),
        body: response.body.clone(),
    }
}

fn lookup(vault: &[Response], logins: &[Response]) -> (Result<Answer>, Talk) {
    let kwargs = format!(
        r#"{{"vault_url": "https://{VAULT}/", "tenant_id": "t", "client_id": "c", "client_secret": "{SECRET}"}}"#
    );
    let Ok(Value::Object(kwargs)) = loads(&kwargs) else {
        panic!("the kwargs are an object")
    };
    let talk = Arc::new(Mutex::new(Talk::default()));
    let server = server(
        vault.iter().map(copy).collect(),
        logins.iter().map(copy).collect(),
        Arc::clone(&talk),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(ask(Kwargs::new(kwargs), "s", server));
    drop(runtime);
    let talk = std::mem::take(&mut *talk.lock().expect("nobody panics with it"));
    (outcome, talk)
}

fuzz_target!(|text: &str| {
    // Answers with a line of `%%` between them: first the vault's, then, after one more `%%`, the login's.
    let Some((vault, logins)) = text.split_once("\n%%\n%%\n") else {
        return;
    };
    let answers = |text: &str| {
        text.split("\n%%\n")
            .map(answer)
            .collect::<Option<Vec<Response>>>()
    };
    let (Some(vault), Some(logins)) = (answers(vault), answers(logins)) else {
        return;
    };
    let (outcome, talk) = lookup(&vault, &logins);
    assert!(talk.vault.len() + talk.logins <= 12, "it ends");
    let mut challenged = false;
    for (bearer, status, header, _) in &talk.vault {
        assert!(
            bearer.is_none() || challenged,
            "no token goes to a host that did not ask for one"
        );
        challenged |= *status == 401
            && header
                .as_ref()
                .is_some_and(|header| challenge(header, VAULT).is_ok());
    }
    let last = talk.vault.last();
    let json = last.and_then(
        |(.., body)| match loads(body.strip_prefix('\u{feff}').unwrap_or(body)) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        },
    );
    let status = last.map(|(_, status, ..)| *status);
    let value = json.as_ref().and_then(|object| object.get("value"));
    match outcome {
        Ok(Answer::Found(Found::Text(text))) => {
            // Values other than text are written as Python writes them.
            let shown = value.filter(|value| !value.is_null()).map(str).map(Secret::from);
            assert!(status == Some(200) && shown == Some(text));
        }
        Ok(Answer::Absent { .. }) => {
            let is_readable = json.is_some() || last.is_some_and(|(.., body)| body.is_empty());
            assert!(
                (status == Some(404) && is_readable) || (status == Some(200) && value == Some(&Value::Null))
            );
        }
        Ok(_) => panic!("Key Vault has text or nothing"),
        Err(error) => {
            assert!(matches!(error.kind().exit_status(), 4..=6), "{error:?}");
            let text = shown(&error);
            assert!(!text.contains(SECRET) && !(talk.has_token && text.contains(TOKEN)));
            let mask =
                |responses: &[Response]| -> Option<Vec<Response>> { responses.iter().map(mask).collect() };
            let (Some(vault), Some(logins)) = (mask(&vault), mask(&logins)) else {
                return;
            };
            let (other, _) = lookup(&vault, &logins);
            let other = other.expect_err("an error depends only on the shape");
            assert_eq!(
                text,
                shown(&other),
                "an error shows nothing but the servers' words"
            );
        }
    }
});

/// Masks an answer as the client reads it, with `serde_json`; `None` where Python's JSON, used for masking, differs.
fn mask(response: &Response) -> Option<Response> {
    let theirs: Option<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_slice(response.body.expose()).ok();
    let ours = object(response);
    match (theirs, ours) {
        (Some(_), None) => None,
        (None, _) => Some(masked(response, None, &WORDS, &KNOWN)),
        (Some(_), ours) => Some(masked(response, ours.as_ref(), &WORDS, &KNOWN)),
    }
}
