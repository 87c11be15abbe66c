//! Where the services of Yandex Cloud are: the endpoint that is configured, and the addresses behind it.
//!
//! Source: yandexcloud 0.413.0, `_channels.py`. Must not know any credential.

use super::send;
use crate::cloud::services::{ServiceRequest, Services, object, text};
use crate::error::{Error, Result};
use crate::http;
use crate::python::json::Value;
use crate::shown::shown;

/// The endpoint of Yandex Cloud: `YC_API_ENDPOINT`.
const ENDPOINT: &str = "api.cloud.yandex.net";

/// The addresses of the services.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// What issues IAM tokens.
    pub(super) iam: String,
    /// The names of Lockbox's secrets.
    pub(crate) lockbox: String,
    /// Their values.
    pub(crate) lockbox_payload: String,
}

/// Returns the endpoint that is configured, or Yandex Cloud's own.
///
/// # Errors
/// Text that is not a host, with status 2.
pub(super) fn endpoint(configured: Option<String>) -> Result<String> {
    let endpoint = configured.unwrap_or_else(|| ENDPOINT.to_owned());
    if endpoint.contains(['/', '?', '#', '@']) || http::url_fault(&format!("https://{endpoint}")).is_some() {
        // What is before an `@` may be a password.
        let place = endpoint.rsplit('@').next().unwrap_or_default();
        return Err(Error::usage(format!(
            "the endpoint of Yandex Cloud, `{}`, is not a host",
            shown(place)
        ))
        .with_hint(format!("write a host, such as `{ENDPOINT}`, without `https://`")));
    }
    Ok(endpoint)
}

/// Returns the addresses of the services behind `endpoint`. Those of Yandex Cloud itself are known; others are asked for.
///
/// # Errors
/// No answer, or one without the services, with status 5.
pub(super) async fn endpoints(services: &Services, endpoint: &str) -> Result<Endpoints> {
    if endpoint.strip_suffix(":443").unwrap_or(endpoint) == ENDPOINT {
        return Ok(Endpoints {
            iam: format!("iam.{ENDPOINT}"),
            lockbox: format!("lockbox.{ENDPOINT}"),
            lockbox_payload: format!("payload.lockbox.{ENDPOINT}"),
        });
    }
    let what = "the list of Yandex Cloud's endpoints";
    let request = ServiceRequest::get(format!("https://{endpoint}/endpoints"));
    let response = send(services, what, request).await?;
    let answer = object(&response);
    let listed = answer
        .as_ref()
        .and_then(|answer| answer.get("endpoints")?.as_list());
    let address = |id: &str| {
        listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .find(|endpoint| text(endpoint, "id") == Some(id))
            .and_then(|endpoint| text(endpoint, "address"))
            .map(str::to_owned)
            .ok_or_else(|| {
                Error::unavailable(format!("{what} does not have the service `{id}`"))
                    .with_hint("this may not be Yandex Cloud: check `endpoint` in the backend kwargs")
            })
    };
    Ok(Endpoints {
        iam: address("iam")?,
        lockbox: address("lockbox")?,
        lockbox_payload: address("lockbox-payload")?,
    })
}
