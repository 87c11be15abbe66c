//! Credentials of Yandex Cloud: an OAuth token, a service account's key, or the machine's own account; and the IAM token for them.
//!
//! Sources: yandexcloud 0.413.0, `_auth_fabric.py` and `_auth_plugin.py`; apache-airflow-providers-yandex 4.6.1,
//! `utils/credentials.py`; <https://yandex.cloud/docs/iam/api-ref/IamToken/create>.

use std::time::Instant;

use super::endpoints::Endpoints;
use super::key::ServiceAccountKey;
use super::send;
use crate::cloud::services::{ServiceRequest, Services, object, refused, text};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value, dumps};
use crate::secret::Secret;
use crate::shown::shown;

/// Where a virtual machine asks for its own account, unless `YC_METADATA_ADDR` names another address.
const METADATA_ADDRESS: &str = "169.254.169.254";

/// Where the credentials come from.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// A user's OAuth token.
    OAuth(Secret),
    /// A service account's key.
    Key(ServiceAccountKey),
    /// The account of this virtual machine.
    Machine,
}

impl Credentials {
    /// Returns the first credentials that are given, in Airflow's order: a token, a key file, a key. `what` names the key.
    ///
    /// # Errors
    /// A key that cannot be used, with status 2.
    pub(crate) fn first(
        token: Option<Secret>,
        key_path: Option<&str>,
        key: Option<&Value>,
        what: &str,
        deadline: Instant,
    ) -> Result<Option<Self>> {
        if let Some(token) = token {
            return Ok(Some(Self::OAuth(token)));
        }
        let key = match (key_path, key) {
            (Some(path), _) => ServiceAccountKey::from_file(path, deadline)?,
            (None, Some(key)) => ServiceAccountKey::from_value(what, key)?,
            (None, None) => return Ok(None),
        };
        Ok(Some(Self::Key(key)))
    }

    /// Returns whose they are, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::OAuth(_) => "an OAuth token".to_owned(),
            Self::Key(key) => format!("service account `{}`, by a key", shown(&key.service_account_id)),
            Self::Machine => "the account of this machine".to_owned(),
        }
    }

    /// Returns their secrets.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::OAuth(token) => vec![token.clone()],
            Self::Key(key) => vec![key.private_key.clone()],
            Self::Machine => Vec::new(),
        }
    }

    /// Returns an IAM token. `endpoint` is the one that is configured, and `metadata_address` what `YC_METADATA_ADDR` says.
    ///
    /// # Errors
    /// A refusal, or a machine without an account, with status 4; no answer, 5; a key that cannot be used, 2.
    pub(super) async fn iam_token(
        &self,
        services: &Services,
        endpoint: &str,
        endpoints: &Endpoints,
        metadata_address: Option<&str>,
    ) -> Result<Secret> {
        let (name, proof) = match self {
            Self::OAuth(token) => ("yandexPassportOauthToken", token.clone()),
            Self::Key(key) => ("jwt", key.assertion(endpoint)?),
            Self::Machine => return machine_token(services, metadata_address).await,
        };
        let proof = proof.expose_text().unwrap_or_default().to_owned();
        let body = Object::from_iter([(name.to_owned(), Value::String(proof))]);
        let body = Secret::from(dumps(&Value::Object(body)));
        let url = format!("https://{}/iam/v1/tokens", endpoints.iam);
        let what = "Yandex Cloud's IAM";
        let request = ServiceRequest::post(url, "application/json", body);
        let response = send(services, what, request).await?;
        token(what, &response, "iamToken")
    }
}

async fn machine_token(services: &Services, metadata_address: Option<&str>) -> Result<Secret> {
    let address = metadata_address.unwrap_or(METADATA_ADDRESS);
    let url = format!("http://{address}/computeMetadata/v1/instance/service-accounts/default/token");
    let request = ServiceRequest::get(url).header("metadata-flavor", "Google");
    let Some(response) = services.ask_if_there(request).await? else {
        return Err(Error::denied("no Yandex Cloud credentials found")
            .with_detail(
                "neither the kwargs nor the connection has any, and this machine has no metadata service",
            )
            .with_hint("set `yc_sa_key_json_path` or `yc_connection_id` in the backend kwargs"));
    };
    let what = "Yandex Cloud's metadata service";
    if response.status != 200 {
        return Err(refused(what, &response));
    }
    token(what, &response, "access_token")
}

fn token(what: &str, response: &Response, field: &str) -> Result<Secret> {
    let answer = object(response);
    let token = answer.as_ref().and_then(|answer| text(answer, field));
    token
        .map(Secret::from)
        .ok_or_else(|| Error::unavailable(format!("{what} answered without a token")))
}
