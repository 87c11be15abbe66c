//! An identity's token that is in a file, or that a URL returns.
//!
//! Source: google-auth 2.63.0, `identity_pool.py` (`_FileSupplier`, `_UrlSupplier`, `_parse_token_data`).

use std::path::Path;

use super::TokenContext;
use crate::cloud::services::{ServiceRequest, text, unreachable};
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{Object, Value, loads};
use crate::secret::Secret;
use crate::shown::shown;

pub(super) struct TokenSource {
    place: Place,
    /// The field of a JSON object that has the token; `None` where the token is the whole text.
    field: Option<String>,
}

enum Place {
    File(String),
    Url(String, Vec<(String, Secret)>),
}

impl TokenSource {
    /// Reads a `credential_source` with `file` or `url`.
    ///
    /// # Errors
    /// Neither or both of them, or an unknown format, with status 2.
    pub(super) fn from_object(what: &str, source: &Object) -> Result<Self> {
        let refused = |why: &str| Err(Error::usage(format!("`credential_source` of {what} {why}")));
        if source.contains_key("environment_id") {
            return refused("has `environment_id`, which is for AWS only");
        }
        if source.get("certificate").is_some_and(|value| !value.is_null()) {
            return refused("has `certificate`, which secretctl does not support");
        }
        let place = match (text(source, "file"), text(source, "url")) {
            (Some(_), Some(_)) => return refused("has both `file` and `url`"),
            (Some(file), None) => Place::File(file.to_owned()),
            (None, Some(url)) => {
                let headers = source.get("headers").and_then(Value::as_object);
                let headers = headers
                    .into_iter()
                    .flatten()
                    .filter_map(|(name, value)| Some((name.clone(), Secret::from(value.as_str()?))));
                Place::Url(url.to_owned(), headers.collect())
            }
            (None, None) => return refused("has neither `file` nor `url`"),
        };
        let format = source.get("format").and_then(Value::as_object);
        let field = match format.and_then(|format| text(format, "type")) {
            None | Some("text") => None,
            Some("json") => match format.and_then(|format| text(format, "subject_token_field_name")) {
                Some(field) => Some(field.to_owned()),
                None => return refused("lacks `subject_token_field_name`"),
            },
            Some(_) => return refused("has an unknown `format`"),
        };
        Ok(Self { place, field })
    }

    /// Returns the token.
    ///
    /// # Errors
    /// No token, with status 4; no answer of the URL, 5.
    pub(super) async fn token(&self, context: &TokenContext) -> Result<Secret> {
        let (body, place) = match &self.place {
            Place::File(path) => {
                let place = format!("`{}`", shown(path));
                let body = file::read(Path::new(path), context.services.deadline).map_err(|source| {
                    Error::denied(format!(
                        "the external account's token cannot be read from {place}"
                    ))
                    .with_source(source)
                })?;
                (body, place)
            }
            Place::Url(url, headers) => (fetched(context, url, headers).await?, "its URL".to_owned()),
        };
        let absent = |why: &str| Error::denied(format!("the external account's token from {place} {why}"));
        let token = match &self.field {
            None => body
                .expose_text()
                .map(Secret::from)
                .ok_or_else(|| absent("is not text"))?,
            Some(field) => {
                let parsed = body.expose_text().and_then(|text| loads(text).ok());
                let Some(Value::Object(object)) = parsed else {
                    return Err(absent("is not a JSON object"));
                };
                let token = text(&object, field).map(Secret::from);
                token.ok_or_else(|| absent(&format!("has no field `{}`", shown(field))))?
            }
        };
        if token.is_empty() {
            return Err(absent("is empty"));
        }
        Ok(token)
    }
}

/// Gets what a URL returns.
async fn fetched(context: &TokenContext, url: &str, headers: &[(String, Secret)]) -> Result<Secret> {
    const WHAT: &str = "the URL of the external account's token";
    let mut request = ServiceRequest::get(url);
    for (name, value) in headers {
        request = request.header(name, value.clone());
    }
    let response = context.services.google(request).await;
    let response = response.map_err(|failure| unreachable(WHAT, failure))?;
    match response.status {
        200 => Ok(response.body),
        status @ 400..=499 if !matches!(status, 408 | 429) => Err(Error::denied(format!(
            "{WHAT} refused the request (status {status})"
        ))),
        status => Err(Error::unavailable(format!("{WHAT} failed (status {status})"))),
    }
}
