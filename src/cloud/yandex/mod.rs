//! Who we are to Yandex Cloud: an OAuth token, a service account's key, or the machine's own account, exchanged for an IAM token.
//!
//! Sources: yandexcloud 0.413.0, `_auth_fabric.py`, `_auth_plugin.py` and `_channels.py`; apache-airflow-providers-yandex 4.6.1,
//! `utils/credentials.py`; <https://yandex.cloud/docs/iam/api-ref/IamToken/create>. The SDK speaks gRPC; the same API is asked
//! over REST here.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cloud::jwt::{self, Algorithm};
use crate::cloud::services::{ServiceRequest, Services, object, refused, text, unreachable};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value, dumps};
use crate::secret::Secret;

/// The endpoint of Yandex Cloud: `YC_API_ENDPOINT`.
pub(crate) const ENDPOINT: &str = "api.cloud.yandex.net";

/// The lifetime of a service account's assertion, in seconds: `ServiceAccountAuth.__SECONDS_IN_HOUR`.
const ASSERTION_SECONDS: u64 = 3600;

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

/// A service account and its private key.
#[derive(Clone)]
pub(crate) struct ServiceAccountKey {
    id: String,
    service_account_id: String,
    private_key: Secret,
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceAccountKey(redacted)")
    }
}

impl ServiceAccountKey {
    /// Reads the object of an authorized key; `what` names it in errors.
    ///
    /// # Errors
    /// A missing field, or a private key in another form, with status 2.
    pub(crate) fn from_object(what: &str, object: &Object) -> Result<Self> {
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
}

const FORM: &str = "`yc iam key create --output key.json --service-account-id ID` makes such a key";

/// The addresses of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// What issues IAM tokens.
    pub(crate) iam: String,
    /// The names of Lockbox's secrets.
    pub(crate) lockbox: String,
    /// Their values.
    pub(crate) lockbox_payload: String,
}

/// Returns the addresses of the services behind `endpoint`. Those of Yandex Cloud itself are known; others are asked for.
///
/// # Errors
/// No answer, or one without the services, with status 5.
pub(crate) async fn endpoints(services: &Services, endpoint: &str) -> Result<Endpoints> {
    if endpoint.strip_suffix(":443").unwrap_or(endpoint) == ENDPOINT {
        return Ok(Endpoints {
            iam: format!("iam.{ENDPOINT}"),
            lockbox: format!("lockbox.{ENDPOINT}"),
            lockbox_payload: format!("payload.lockbox.{ENDPOINT}"),
        });
    }
    let what = "the list of Yandex Cloud's endpoints";
    let response = send(
        services,
        what,
        ServiceRequest::get(format!("https://{endpoint}/endpoints")),
    )
    .await?;
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

impl Credentials {
    /// Returns their secrets.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
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
    pub(crate) async fn iam_token(
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
        let response = send(
            services,
            what,
            ServiceRequest::post(url, "application/json", body),
        )
        .await?;
        token(what, &response, "iamToken")
    }
}

impl ServiceAccountKey {
    fn assertion(&self, endpoint: &str) -> Result<Secret> {
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

async fn send(services: &Services, what: &str, request: ServiceRequest) -> Result<Response> {
    let response = services
        .yandex(request)
        .await
        .map_err(|failure| unreachable(what, failure))?;
    match response.status {
        200 => Ok(response),
        _ => Err(refused(what, &response)),
    }
}

fn token(what: &str, response: &Response, field: &str) -> Result<Secret> {
    let answer = object(response);
    let token = answer.as_ref().and_then(|answer| text(answer, field));
    token
        .map(Secret::from)
        .ok_or_else(|| Error::unavailable(format!("{what} answered without a token")))
}
