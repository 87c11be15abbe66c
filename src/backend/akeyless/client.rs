//! Reading a secret of Akeyless: one request, and what its answer means.
//!
//! Sources: akeyless 5.0.40 (`V2Api.get_secret_value` and the model's defaults);
//! <https://docs.akeyless.io/reference/getsecretvalue>. Airflow takes every error of the API for "not found". Here only a 404
//! means that. Must not know who asks: `cloud::akeyless` does.

use crate::cloud::akeyless::Client;
use crate::cloud::services;
use crate::error::Result;
use crate::python::json::{Object, Value};
use crate::shown::shown;

/// Returns the value of the secret `name`: text, unless the server answers with another type. `None` is absent.
///
/// # Errors
/// A refusal, with status 4; no answer, or one that is not Akeyless's, 5.
pub(super) async fn read(client: &Client, name: &str) -> Result<Option<Value>> {
    let parameters = [
        ("accessibility", "regular".into()),
        ("ignore-cache", "false".into()),
        ("json", Value::Bool(false)),
        ("names", Value::List(vec![name.into()])),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
    let response = client
        .ask("get-secret-value", Object::from_iter(parameters))
        .await?;
    match response.status {
        404 if Client::is_own_error(&response) => return Ok(None),
        200 => {}
        _ => {
            let hint = format!(
                "the access id needs a role with the permission to read `{}`",
                shown(name)
            );
            return Err(client.refused("the request for the secret", &hint, &response));
        }
    }
    let mut values =
        services::secret_object(&response, "the secret in Akeyless")?.ok_or_else(|| client.not_akeyless())?;
    Ok(values.shift_remove(name).filter(|value| !value.is_null()))
}
