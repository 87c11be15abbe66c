//! Our answers, in the form of Airflow's answers from `tests/parity/judge_connection.py`.

use secretctl::connection::{Connection, FIELDS};
use secretctl::error::{Error, ErrorKind};
use secretctl::python::json::{self, Value as Python};
use secretctl::python::{float, int, parse_qsl, quote, repr, text, urlencode, urlsplit};
use secretctl::secret::Secret;
use secretctl::value::Found;
use serde_json::{Value, json};

/// The domains, each with its own inputs.
pub const DOMAINS: [&str; 11] = [
    "text",
    "uri",
    "fields",
    "arguments",
    "urlsplit",
    "quote",
    "parse_qsl",
    "json",
    "int",
    "float",
    "str",
];

/// Returns our answer to one input of a domain.
pub fn answer(domain: &str, input: &Value) -> Value {
    let line = || input.as_str().unwrap();
    match domain {
        "text" | "uri" | "fields" | "arguments" => {
            let id = input["id"].as_str().unwrap();
            let value = input["value"].as_str().unwrap();
            match found(domain, value) {
                Some(found) => connection(id, &found),
                None => json!({"surrogate": true}),
            }
        }
        "urlsplit" => url(line()),
        "quote" => {
            let text = line();
            json!([
                quote::quote(text),
                quote::quote_path(text),
                quote::quote_plus(text),
                quote::unquote(text)
            ])
        }
        "parse_qsl" => {
            let pairs: Vec<(String, String)> = parse_qsl::parse_qsl(line()).collect();
            let query = urlencode::urlencode(pairs.iter().map(|(name, value)| (&**name, &**value)));
            json!([pairs, query])
        }
        "json" => json_text(line()),
        "int" => json!(int::parse(line())),
        "float" => {
            let value = f64::from_bits(u64::from_str_radix(line(), 16).unwrap());
            json!([
                float::repr(value),
                json::dumps(&Python::Float(value)),
                int::from_float(value)
            ])
        }
        "str" => {
            let value = line();
            let alphanumeric: Vec<bool> = value.chars().map(text::is_alphanumeric).collect();
            json!([
                text::strip(value),
                text::lower(value),
                text::upper(value),
                text::splitlines(value),
                alphanumeric
            ])
        }
        "characters" => {
            let bound = |index: usize| u32::try_from(input[index].as_u64().unwrap()).unwrap();
            (bound(0)..bound(1))
                .filter_map(char::from_u32)
                .map(character)
                .collect()
        }
        _ => panic!("there is no domain {domain}"),
    }
}

fn character(c: char) -> Value {
    let alone = c.to_string();
    json!([
        text::is_space(c),
        text::is_alphanumeric(c),
        text::is_printable(c),
        text::lower(&alone),
        text::upper(&alone),
        int::parse(&alone),
        text::splitlines(&format!("a{c}b")).len(),
        urlsplit::urlsplit(&format!("//x{c}y")).is_err(),
        text::lower(&format!("a{c}Σ")),
        text::lower(&format!("aΣ{c}b")),
    ])
}

/// Returns what a backend would return, or `None` when the test case's JSON has a lone surrogate.
fn found(domain: &str, value: &str) -> Option<Found> {
    let object = || match json::loads(value) {
        Ok(Python::Object(object)) => Some(object),
        _ => None,
    };
    Some(match domain {
        "text" => Found::Text(Secret::from(value)),
        "uri" => Found::Uri(Secret::from(value)),
        "fields" => Found::Fields(object()?),
        _ => Found::Arguments(object()?),
    })
}

/// Returns a connection in the form of the judge's answer.
pub fn connection(id: &str, found: &Found) -> Value {
    let connection = match Connection::from_found(id, found) {
        Ok(connection) => connection,
        Err(error) => return refusal(&error),
    };
    let text = |secret: Secret| secret.expose_text().unwrap().to_owned();
    let fields: serde_json::Map<String, Value> = FIELDS
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!(connection.field(name).unwrap().map(text)),
            )
        })
        .collect();
    let uri = connection.get_uri().ok().map(text);
    let object = connection.to_object().ok().map(|mut object| {
        assert_eq!(object.shift_remove("uri").unwrap().as_str(), uri.as_deref());
        json::dumps(&Python::Object(object))
    });
    json!({"fields": fields, "uri": uri, "object": object, "as_json": text(connection.as_json().unwrap())})
}

/// Returns an error's form, with one of its own for the error that only we have.
fn refusal(error: &Error) -> Value {
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.to_string().contains("surrogate pair") {
            return json!({"surrogate": true});
        }
        source = cause.source();
    }
    json!({"error": true})
}

fn url(text: &str) -> Value {
    let Ok(parts) = urlsplit::urlsplit(text) else {
        return json!({"error": true});
    };
    let port = match parts.port() {
        Ok(port) => json!(port),
        Err(_) => json!("error"),
    };
    json!([
        parts.scheme,
        parts.netloc,
        parts.path,
        parts.query,
        parts.fragment,
        parts.username(),
        parts.password(),
        parts.hostname(),
        port,
    ])
}

fn json_text(text: &str) -> Value {
    match json::loads(text) {
        Ok(value) => json!({
            "dumps": json::dumps(&value),
            "compact": json::dumps_compact(&value),
            "str": repr::str(&value),
            "truth": value.is_truthy(),
        }),
        Err(error) => match error.kind() {
            json::ErrorKind::Syntax(message) => {
                json!({"error": message, "at": [error.position(), error.line(), error.column()]})
            }
            json::ErrorKind::IntegerTooLong => json!({"error": "ValueError"}),
            json::ErrorKind::TooDeep => json!({"error": "RecursionError"}),
            json::ErrorKind::TooManyValues => json!({"error": "too many values"}),
            json::ErrorKind::Late => json!({"error": "late"}),
            json::ErrorKind::LoneSurrogate => json!({"surrogate": true}),
        },
    }
}

/// Whether two answers are the same. Half of a surrogate pair is the only deliberate difference (`connection-lone-surrogate` in
/// the list of differences): we reject it even where Airflow drops it, as in a repeated key.
pub fn agree(input: &Value, theirs: &Value, ours: &Value) -> bool {
    if theirs == ours {
        return true;
    }
    let surrogate = |answer: &Value| answer["surrogate"] == true;
    let refused = |answer: &Value| surrogate(answer) || !answer["error"].is_null();
    let input_has_escape = input.to_string().to_ascii_lowercase().contains("\\ud");
    (surrogate(ours) && input_has_escape)
        || ((surrogate(ours) || surrogate(theirs)) && refused(ours) && refused(theirs))
}
