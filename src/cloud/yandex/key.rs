//! A service account's authorized key: read from JSON, and the assertion that it signs.
//!
//! Sources: yandexcloud 0.413.0, `_auth_fabric.py` (`ServiceAccountAuth`); apache-airflow-providers-yandex 4.6.1,
//! `utils/credentials.py`. Must not send anything.

use std::fmt;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::cloud::jwt::{self, Algorithm};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{Object, Value, loads};
use crate::secret::Secret;
use crate::shown::shown;

/// What makes such a key.
const FORM: &str = "`yc iam key create --output key.json --service-account-id ID` makes such a key";

/// The lifetime of a service account's assertion, in seconds: `ServiceAccountAuth.__SECONDS_IN_HOUR`.
const ASSERTION_SECONDS: u64 = 3600;

/// A service account and its private key.
#[derive(Clone)]
pub(crate) struct ServiceAccountKey {
    id: String,
    pub(super) service_account_id: String,
    pub(super) private_key: Secret,
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceAccountKey(redacted)")
    }
}

impl ServiceAccountKey {
    /// Reads a key in a file.
    ///
    /// # Errors
    /// A file that cannot be read or is not such a key, with status 2.
    pub(super) fn from_file(path: &str, deadline: Instant) -> Result<Self> {
        let what = format!("the key file `{}`", shown(path));
        let text = file::read(Path::new(path), deadline)
            .map_err(|source| Error::usage(format!("{what} cannot be read")).with_source(source))?;
        Self::from_text(&what, text.expose_text().unwrap_or_default())
    }

    /// Reads a key that is an object, or one in text; `what` names it in errors.
    ///
    /// # Errors
    /// A value that is not such a key, with status 2.
    pub(super) fn from_value(what: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Object(object) => Self::from_object(what, object),
            Value::String(text) => Self::from_text(what, text),
            _ => Err(not_an_object(what)),
        }
    }

    fn from_text(what: &str, text: &str) -> Result<Self> {
        match loads(text) {
            Ok(Value::Object(object)) => Self::from_object(what, &object),
            _ => Err(not_an_object(what)),
        }
    }

    /// Reads the object of an authorized key; `what` names it in errors.
    ///
    /// # Errors
    /// A missing field, or a private key in another form, with status 2.
    fn from_object(what: &str, object: &Object) -> Result<Self> {
        let field = |name: &str| {
            text(object, name)
                .map(str::to_owned)
                .ok_or_else(|| Error::usage(format!("{what} lacks `{name}`")).with_hint(FORM))
        };
        let private_key = field("private_key")?;
        if !private_key.contains("-----BEGIN PRIVATE KEY-----") {
            return Err(Error::usage(format!(
                "`private_key` in {what} is not a private key in PEM form (PKCS#8)"
            ))
            .with_hint(FORM));
        }
        Ok(Self {
            id: field("id")?,
            service_account_id: field("service_account_id")?,
            private_key: Secret::from(private_key),
        })
    }

    /// Returns the JWT that is exchanged for an IAM token. `endpoint` is the one that is configured.
    ///
    /// # Errors
    /// A private key that is not an RSA key, with status 2.
    pub(super) fn assertion(&self, endpoint: &str) -> Result<Secret> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let claims = Object::from_iter([
            ("iss".to_owned(), Value::String(self.service_account_id.clone())),
            (
                "aud".to_owned(),
                Value::String(format!("https://iam.{endpoint}/iam/v1/tokens")),
            ),
            ("iat".to_owned(), Value::Int(now.to_string())),
            (
                "exp".to_owned(),
                Value::Int((now + ASSERTION_SECONDS).to_string()),
            ),
        ]);
        jwt::sign(Algorithm::Ps256, &self.private_key, Some(&self.id), claims).ok_or_else(|| {
            Error::usage("the private key of the Yandex Cloud service account is not an RSA key in PEM form")
                .with_hint(FORM)
        })
    }
}

fn not_an_object(what: &str) -> Error {
    Error::usage(format!("{what} is not a JSON object"))
        .with_hint("it is the file that `yc iam key create` writes")
}
