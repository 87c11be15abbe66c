//! Shared by the fuzz targets: answers of servers as text, and what an error may show.

use secretctl::error::Error;
use secretctl::http::Response;
use secretctl::python::json::{Object, Value, dumps, loads};
use secretctl::secret::Secret;

pub mod airflow;

/// Reads an answer: a status, headers in lower case, an empty line, the body, with `\n` as the line ending.
///
/// Returns `None` for an invalid answer.
#[must_use]
pub fn answer(text: &str) -> Option<Response> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines
        .next()?
        .parse()
        .ok()
        .filter(|status| (100..600).contains(status))?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let may_be = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !value.contains(char::is_control);
        may_be.then(|| (name.to_owned(), value.trim().to_owned()))
    });
    Some(Response {
        status,
        headers: headers.collect(),
        body: Secret::from(body),
    })
}

/// Returns everything that an error could show: `Debug` has the message, the details and the hint.
#[must_use]
pub fn shown(error: &Error) -> String {
    let mut shown = format!("{error}\n{error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown.push_str(&format!("\n{cause}\n{cause:?}"));
        source = cause.source();
    }
    shown
}

/// Reads the body of an answer as an object.
#[must_use]
pub fn object(response: &Response) -> Option<Object> {
    match response.body.expose_text().map(loads) {
        Some(Ok(Value::Object(object))) => Some(object),
        _ => None,
    }
}

/// Returns an answer of the same shape with other contents: its effects must be the same.
///
/// `object` is the parsed body. `words` are the keys of messages for people, which may be shown; `known` are the keys that the
/// client reads. Everything else in an object, including keys, is replaced. A body that is not an object is replaced as a whole.
#[must_use]
pub fn masked(response: &Response, object: Option<&Object>, words: &[&str], known: &[&str]) -> Response {
    let body = match object {
        Some(object) => dumps(&Value::Object(masked_object(object, words, known))),
        None if response.body.is_empty() => String::new(),
        None if response.body.expose().trim_ascii_start().starts_with(b"<") => "<".to_owned(),
        None => "x".to_owned(),
    };
    Response {
        status: response.status,
        headers: response.headers.clone(),
        body: Secret::from(body),
    }
}

fn masked_object(object: &Object, words: &[&str], known: &[&str]) -> Object {
    let pairs = object.iter().enumerate().map(|(index, (key, value))| {
        let is_words = words.contains(&&**key) && !matches!(value, Value::Object(_));
        let name = if is_words || known.contains(&&**key) {
            key.clone()
        } else {
            format!("masked {index}")
        };
        let value = if is_words {
            value.clone()
        } else {
            masked_value(value, words, known)
        };
        (name, value)
    });
    pairs.collect()
}

/// Truth, type and length of a list stay: the program decides by them.
fn masked_value(value: &Value, words: &[&str], known: &[&str]) -> Value {
    match value {
        Value::String(text) if known.contains(&&**text) || text.is_empty() => value.clone(),
        Value::String(_) => Value::from("masked"),
        Value::Int(_) | Value::Float(_) if value.is_truthy() => Value::Int("7".to_owned()),
        Value::List(items) => Value::List(
            items
                .iter()
                .map(|item| masked_value(item, words, known))
                .collect(),
        ),
        Value::Object(object) => Value::Object(masked_object(object, words, known)),
        _ => value.clone(),
    }
}
