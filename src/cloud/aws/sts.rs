//! The Security Token Service: a role's credentials, in exchange for credentials or a web identity.
//!
//! Owns the requests. Source: botocore 1.44.8, `credentials.py` (`BaseAssumeRoleCredentialFetcher`), `serialize.py`
//! (`QuerySerializer`); <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::client_config::ClientConfig;
use super::credentials::Credentials;
use super::endpoint::{Endpoint, SECURITY_TOKEN_SERVICE};
use super::json_service::SignedUrl;
use super::retry::RetrySettings;
use super::settings::SessionSettings;
use super::sigv4::{self, Signable};
use super::{sts_answer, sts_model};
use crate::cloud::services::{ServiceRequest, unreachable};
use crate::error::{Error, Result};
use crate::http::{Proxies, Retry};
use crate::python::json::{Object, Value};
use crate::python::quote::quote_plus;
use crate::secret::Secret;

use sts_model::WHAT;
pub(crate) use sts_model::{Action, check};

/// The service's name in a signature.
const SERVICE: &str = "sts";

/// The region that a request is signed for when none is configured.
const DEFAULT_REGION: &str = "us-east-1";

/// The host of the global endpoint.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// The version of the API.
const VERSION: &str = "2011-06-15";

/// A signed `GetCallerIdentity` that another party sends to learn who signed it.
pub(crate) struct CallerIdentity {
    pub(crate) url: String,
    /// In the order in which they are written.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: String,
}

/// What kwargs change in one call, and in nothing else: `service_config.sts.endpoint_url` and `config_kwargs`.
#[derive(Clone, Default)]
pub(crate) struct StsOptions {
    pub(crate) endpoint_url: Option<String>,
    pub(crate) region_name: Option<String>,
    pub(crate) use_fips_endpoint: Option<bool>,
    pub(crate) use_dualstack_endpoint: Option<bool>,
    pub(crate) ignore_configured_endpoint_urls: Option<bool>,
    /// The time limit of an attempt.
    pub(crate) timeout: Option<Duration>,
    pub(crate) proxies: Option<Proxies>,
    pub(crate) retry_mode: Option<String>,
    /// The first attempt included.
    pub(crate) max_attempts: Option<String>,
}

/// Signs a `GetCallerIdentity` for the global endpoint.
pub(crate) fn caller_identity(
    credentials: &Credentials,
    region: Option<&str>,
    now: SystemTime,
) -> CallerIdentity {
    let body = format!("Action=GetCallerIdentity&Version={VERSION}");
    let headers = sigv4::sign(
        Signable::post_form(GLOBAL_HOST, &body),
        credentials,
        region.unwrap_or(DEFAULT_REGION),
        SERVICE,
        now,
    );
    CallerIdentity {
        url: format!("https://{GLOBAL_HOST}/"),
        headers,
        body,
    }
}

/// Gives the session of a role a name, unless it has one: `botocore-session-<time>`.
pub(crate) fn name_session(parameters: &mut Object) {
    let has_name = parameters.get("RoleSessionName").is_some_and(Value::is_truthy);
    if !has_name {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let name = format!("botocore-session-{}", now.map_or(0, |time| time.as_secs()));
        parameters.insert("RoleSessionName".to_owned(), Value::String(name));
    }
}

/// Assumes the role that `parameters` describe, in their order; `place` is where they come from.
///
/// # Errors
/// Parameters that botocore refuses, with status 2; a refusal, 4; no answer, 5.
pub(crate) async fn assume(
    session: &SessionSettings,
    options: &StsOptions,
    action: Action<'_>,
    parameters: &Object,
    place: &str,
) -> Result<Credentials> {
    session.check_client()?;
    sts_model::check_all(action, parameters, place)?;
    let endpoint = endpoint(session, options)?;
    let request = request(&endpoint, action, parameters)?;
    let retry = RetrySettings::configured(&Overridden { session, options })?;
    let response = session
        .send(options.timeout, options.proxies.as_ref(), retry.policy(), request)
        .await
        .map_err(|failure| unreachable(WHAT, failure).or_hint(way_to(&endpoint)))?;
    let mut secrets = crate::secret::Redactor::default();
    match action {
        Action::AssumeRole(keys) => {
            secrets.add(keys.secret_key.clone());
            keys.session_token
                .iter()
                .for_each(|token| secrets.add(token.clone()));
        }
        Action::WebIdentity(token) => secrets.add(token.clone()),
    }
    sts_answer::credentials(&response, action, parameters, place, &secrets)
}

/// Asks as whom `keys` are known: the ARN.
///
/// # Errors
/// A refusal, with status 4; no answer, 5.
pub(crate) async fn who(
    session: &SessionSettings,
    options: &StsOptions,
    keys: &Credentials,
) -> Result<String> {
    let endpoint = endpoint(session, options)?;
    let form = format!("Action=GetCallerIdentity&Version={VERSION}");
    let signed = SignedUrl::of(&endpoint.url);
    let mut signable = Signable::post_form(&signed.host, &form);
    signable.path = &signed.path;
    signable.query = &signed.query;
    let region = endpoint.signing_region.as_deref().unwrap_or(DEFAULT_REGION);
    let form = Secret::from(form.as_str());
    let mut request = ServiceRequest::post(endpoint.url.clone(), sigv4::FORM_CONTENT_TYPE, form);
    for (name, value) in sigv4::sign(signable, keys, region, SERVICE, SystemTime::now()) {
        if !matches!(name, "Host" | "Content-Length" | "Content-Type") {
            request = request.header(name, value);
        }
    }
    let response = session
        .send(options.timeout, options.proxies.as_ref(), Retry::NONE, request)
        .await
        .map_err(|failure| unreachable(WHAT, failure).or_hint(way_to(&endpoint)))?;
    let mut secrets = crate::secret::Redactor::default();
    secrets.add(keys.secret_key.clone());
    secrets.add(Secret::from(keys.access_key.as_str()));
    keys.session_token
        .iter()
        .for_each(|token| secrets.add(token.clone()));
    sts_answer::caller(&response, &secrets)
}

fn way_to(endpoint: &Endpoint) -> String {
    match &endpoint.place {
        Some(place) => format!("check {place}, and the network between here and there"),
        None => "check the network and its proxy; a private network needs an endpoint for STS".to_owned(),
    }
}

/// Returns where the call goes. Only here is the service's endpoint looked up.
fn endpoint(session: &SessionSettings, options: &StsOptions) -> Result<Endpoint> {
    let config = Overridden { session, options };
    let region = options.region_name.as_deref().or_else(|| session.region());
    Endpoint::resolve(
        &SECURITY_TOKEN_SERVICE,
        &config,
        region,
        options.endpoint_url.as_deref(),
    )
}

/// A session whose settings the kwargs of one call override.
struct Overridden<'a> {
    session: &'a SessionSettings,
    options: &'a StsOptions,
}

impl ClientConfig for Overridden<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        let text = match name {
            "AWS_RETRY_MODE" => self.options.retry_mode.as_deref(),
            "AWS_MAX_ATTEMPTS" => self.options.max_attempts.as_deref(),
            _ => None,
        };
        if text.is_some() {
            return text;
        }
        let given = match name {
            "AWS_USE_FIPS_ENDPOINT" => self.options.use_fips_endpoint,
            "AWS_USE_DUALSTACK_ENDPOINT" => self.options.use_dualstack_endpoint,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" => self.options.ignore_configured_endpoint_urls,
            _ => None,
        };
        match given {
            Some(true) => Some("true"),
            Some(false) => Some("false"),
            None => self.session.variable(name),
        }
    }

    fn profile(&self, key: &str) -> Option<&str> {
        self.session.profile(key)
    }

    fn service(&self, service: &str, key: &str) -> Result<Option<&str>> {
        self.session.service(service, key)
    }

    fn given_region(&self) -> Option<&str> {
        self.session.given_region()
    }

    fn profile_place(&self, key: &str) -> String {
        self.session.profile_place(key)
    }
}

fn request(endpoint: &Endpoint, action: Action<'_>, parameters: &Object) -> Result<ServiceRequest> {
    let mut pairs = Vec::new();
    for (name, value) in parameters {
        flatten(&mut pairs, action, name, value)?;
    }
    let mut form = format!("Action={}&Version={VERSION}", action.name());
    for (name, value) in &pairs {
        form.extend(["&", &quote_plus(name), "=", &quote_plus(value)]);
    }
    if let Action::WebIdentity(token) = action {
        let token = token.expose_text().unwrap_or_default();
        form.extend(["&WebIdentityToken=", &quote_plus(token)]);
    }
    let form = Secret::from(form);
    let signed = SignedUrl::of(&endpoint.url);
    let mut request = ServiceRequest::post(endpoint.url.clone(), sigv4::FORM_CONTENT_TYPE, form.clone());
    if let Action::AssumeRole(keys) = action {
        let mut signable = Signable::post_form(&signed.host, form.expose_text().unwrap_or_default());
        signable.path = &signed.path;
        signable.query = &signed.query;
        let region = endpoint.signing_region.as_deref().unwrap_or(DEFAULT_REGION);
        for (name, value) in sigv4::sign(signable, keys, region, SERVICE, SystemTime::now()) {
            if !matches!(name, "Host" | "Content-Length" | "Content-Type") {
                request = request.header(name, value);
            }
        }
    }
    Ok(request)
}

/// Writes a parameter in the form of the query protocol: `Tags.member.1.Key`.
fn flatten(pairs: &mut Vec<(String, String)>, action: Action<'_>, name: &str, value: &Value) -> Result<()> {
    let mut rest = vec![(name.to_owned(), value)];
    while let Some((name, value)) = rest.pop() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Int(digits) => digits.clone(),
            Value::Bool(boolean) => if *boolean { "True" } else { "False" }.to_owned(),
            Value::List(items) if items.is_empty() => String::new(),
            Value::List(items) => {
                let members = items.iter().enumerate().rev();
                rest.extend(members.map(|(at, item)| (format!("{name}.member.{}", at + 1), item)));
                continue;
            }
            Value::Object(fields) => {
                let fields = fields.iter().rev();
                rest.extend(fields.map(|(field, item)| (format!("{name}.{field}"), item)));
                continue;
            }
            Value::Null | Value::Float(_) => {
                return Err(Error::usage(format!(
                    "parameter `{name}` of `{}` cannot be {}",
                    action.name(),
                    value.described()
                )));
            }
        };
        pairs.push((name, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json;

    #[test]
    fn parameters_are_flattened_in_their_order() {
        let Ok(Value::Object(kwargs)) = json::loads(
            r#"{"RoleArn": "arn:x", "Tags": [{"Key": "a", "Value": "b c"}], "TransitiveTagKeys": ["k"], "PolicyArns": [], "DurationSeconds": 900}"#,
        ) else {
            panic!("an object")
        };
        let token = Secret::from("t");
        let mut pairs = Vec::new();
        for (name, value) in &kwargs {
            flatten(&mut pairs, Action::WebIdentity(&token), name, value).expect("parameters");
        }
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            pairs,
            [
                "RoleArn=arn:x",
                "Tags.member.1.Key=a",
                "Tags.member.1.Value=b c",
                "TransitiveTagKeys.member.1=k",
                "PolicyArns=",
                "DurationSeconds=900"
            ]
        );
    }
}
