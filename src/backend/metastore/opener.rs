//! The Fernet keys of one command, and the fields of a row that they open.
//!
//! Owns `[core] fernet_key`, which is looked up when something must be opened, and the errors of a field that stays closed. No message
//! holds a key or a token.
//!
//! Source: airflow 3.3.2, `airflow/models/crypto.py` (`get_fernet`).

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::database::Row;
use super::fernet::{Closed, Keys};
use super::record::Encrypted;
use crate::airflow_option::{AirflowOption, AirflowOptions};
use crate::error::{Error, Result};
use crate::shown::shown;
use crate::value::{Lookup, SecretKind};

const FERNET_KEY: AirflowOption<'static> = AirflowOption::new("core", "fernet_key").sensitive();

/// Opens what Airflow has encrypted.
pub(super) struct Opener {
    airflow: Arc<dyn AirflowOptions>,
    keys: OnceCell<Configured>,
}

/// The configured keys.
enum Configured {
    Keys(Keys, String),
    None,
}

impl Opener {
    pub(super) fn new(airflow: Arc<dyn AirflowOptions>) -> Self {
        Self {
            airflow,
            keys: OnceCell::new(),
        }
    }

    /// Decrypts those of `fields` that are encrypted.
    ///
    /// # Errors
    /// No key, or a text that is not a key, with status 2; a field that no key opens, with status 6; and what keeps the key from being
    /// looked up.
    pub(super) async fn open(&self, row: &mut Row, fields: &[Encrypted], lookup: &Lookup) -> Result<()> {
        for field in fields {
            let Some(token) = field.token(row) else {
                continue;
            };
            let what = described(field, lookup);
            let keys = self.keys.get_or_try_init(|| self.configured()).await?;
            let Configured::Keys(keys, source) = keys else {
                return Err(
                    Error::usage(format!("{what} is encrypted, and no Fernet key is configured")).with_hint(
                        "set `AIRFLOW__CORE__FERNET_KEY` to the key with which Airflow encrypted it",
                    ),
                );
            };
            let opened = keys
                .open(token)
                .map_err(|closed| stays_closed(closed, &what, source))?;
            row.set(field.column, opened);
        }
        Ok(())
    }

    async fn configured(&self) -> Result<Configured> {
        let Some(value) = self
            .airflow
            .value(&FERNET_KEY)
            .await?
            .filter(|value| !value.value.is_empty())
        else {
            return Ok(Configured::None);
        };
        let keys = Keys::parse(&value.value).ok_or_else(|| {
            Error::usage(format!("{} is not a Fernet key", value.source)).with_hint(
                "a key is 32 bytes in URL-safe base64; commas separate several keys, and none may be empty",
            )
        })?;
        Ok(Configured::Keys(keys, value.source))
    }
}

/// Returns the field of the row for people.
fn described(field: &Encrypted, lookup: &Lookup) -> String {
    let (kind, id) = (lookup.kind, shown(&lookup.id));
    match lookup.kind {
        SecretKind::Variable => format!("{kind} `{id}`"),
        _ => format!("the {} of {kind} `{id}`", field.column),
    }
}

fn stays_closed(closed: Closed, what: &str, source: &str) -> Error {
    let error = match closed {
        Closed::NotAToken => Error::malformed(format!(
            "{what} is marked as encrypted, and is not a Fernet token"
        )),
        Closed::OtherKey => Error::malformed(format!("no Fernet key opens {what}")),
    };
    let hint = if source.contains("fernet_key") {
        "use the key of the Airflow that stored it: without an airflow.cfg, Airflow writes one with a new key, which opens nothing"
    } else {
        "use the key of the Airflow that stored it"
    };
    error
        .with_detail(format!("the keys are those of {source}"))
        .with_hint(hint)
}
