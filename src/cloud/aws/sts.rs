//! The Security Token Service: a role's credentials, in exchange for credentials or a web identity.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, the query protocol.

use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::credentials::Credentials;
use super::sigv4::{self, Signable};
use crate::cloud::services::{ServiceRequest, Services, credential_file, refused, unreachable};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::nearest::nearest;
use crate::python::json::{Object, Value};
use crate::secret::Secret;

const WHAT: &str = "AWS's Security Token Service";

/// The service's name in a signature.
const SERVICE: &str = "sts";

/// The region that a request is signed for when none is configured.
const DEFAULT_REGION: &str = "us-east-1";

/// The host of the global endpoint.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// The version of the API.
const VERSION: &str = "2011-06-15";

/// The parameters of `AssumeRole`, as boto3 takes them.
const PARAMETERS: &[&str] = &[
    "RoleArn",
    "RoleSessionName",
    "PolicyArns",
    "Policy",
    "DurationSeconds",
    "Tags",
    "TransitiveTagKeys",
    "ExternalId",
    "SerialNumber",
    "TokenCode",
    "SourceIdentity",
    "ProvidedContexts",
];

/// The characters that a form does not quote.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A signed `GetCallerIdentity` that another party sends to learn who signed it.
pub(crate) struct CallerIdentity {
    pub(crate) url: String,
    /// In the order in which they are written.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    pub(crate) body: String,
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

/// Checks the parameters of `AssumeRole` as boto3 does before it sends them; `kwarg` is where they come from.
///
/// # Errors
/// A parameter that is unknown or missing, with status 2.
pub(crate) fn check(kwarg: &str, parameters: &Object) -> Result<()> {
    for name in ["RoleArn", "RoleSessionName"] {
        if parameters
            .get(name)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            return Err(Error::usage(format!("backend kwarg `{kwarg}` lacks `{name}`")));
        }
    }
    let Some(name) = parameters
        .keys()
        .find(|name| !PARAMETERS.contains(&name.as_str()))
    else {
        return Ok(());
    };
    let error = Error::usage(format!(
        "unknown parameter `{}` in `{kwarg}`",
        name.escape_debug()
    ));
    Err(match nearest(name, PARAMETERS) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error,
    })
}

/// Assumes a role with `keys`.
///
/// # Errors
/// A refusal, with status 4; no answer, 5.
pub(super) async fn assume_role(
    services: &Services,
    endpoint: String,
    keys: &Credentials,
    region: Option<&str>,
    parameters: &Object,
) -> Result<Credentials> {
    let mut form = format!("Action=AssumeRole&Version={VERSION}");
    for (name, value) in parameters {
        flatten(&mut form, name, value)?;
    }
    let host = endpoint
        .split_once("://")
        .map_or(endpoint.as_str(), |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default().to_owned();
    let headers = sigv4::sign(
        Signable::post_form(&host, &form),
        keys,
        region.unwrap_or(DEFAULT_REGION),
        SERVICE,
        SystemTime::now(),
    );
    let mut request = ServiceRequest::post(endpoint, sigv4::FORM_CONTENT_TYPE, Secret::from(form));
    for (name, value) in headers {
        if !matches!(name, "Host" | "Content-Length" | "Content-Type") {
            request = request.header(name, value);
        }
    }
    let response = services
        .aws(request)
        .await
        .map_err(|failure| unreachable(WHAT, failure))?;
    keys_of(&response)
}

/// Assumes `role` with the web identity in `file`, as a pod's service account does.
///
/// # Errors
/// A token that is missing, or a refusal, with status 4; no answer, 5.
pub(super) async fn assume_role_with_web_identity(
    services: &Services,
    endpoint: String,
    file: &str,
    role: &str,
    session: Option<&str>,
) -> Result<Credentials> {
    let token = credential_file(file, "the web identity's token", services)?;
    let form = format!(
        "Action=AssumeRoleWithWebIdentity&Version={VERSION}&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
        utf8_percent_encode(role, FORM),
        utf8_percent_encode(session.unwrap_or("secretctl"), FORM),
        utf8_percent_encode(token.expose_text().unwrap_or_default(), FORM)
    );
    let request = ServiceRequest::post(endpoint, sigv4::FORM_CONTENT_TYPE, Secret::from(form));
    let response = services
        .aws(request)
        .await
        .map_err(|failure| unreachable(WHAT, failure))?;
    keys_of(&response)
}

/// Returns the `configured` endpoint, else the region's (boto3's `sts_regional_endpoints` is `regional`).
pub(super) fn endpoint(configured: Option<&str>, region: Option<&str>) -> String {
    match (configured, region) {
        (Some(endpoint), _) => format!("{}/", endpoint.trim_end_matches('/')),
        (None, Some(region)) if region.starts_with("cn-") => {
            format!("https://sts.{region}.amazonaws.com.cn/")
        }
        (None, Some(region)) => format!("https://sts.{region}.amazonaws.com/"),
        (None, None) => "https://sts.amazonaws.com/".to_owned(),
    }
}

/// Writes a parameter in the form of the query protocol: `Tags.member.1.Key=…`.
fn flatten(form: &mut String, name: &str, value: &Value) -> Result<()> {
    let mut rest = vec![(name.to_owned(), value)];
    while let Some((name, value)) = rest.pop() {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Int(digits) => digits.clone(),
            Value::Bool(boolean) => boolean.to_string(),
            Value::Float(_) => {
                return Err(Error::usage(format!(
                    "parameter `{name}` of `AssumeRole` must not be a fraction"
                )));
            }
            Value::List(items) => {
                let members = items.iter().enumerate().rev();
                rest.extend(members.map(|(at, item)| (format!("{name}.member.{}", at + 1), item)));
                continue;
            }
            Value::Object(fields) => {
                rest.extend(
                    fields
                        .iter()
                        .rev()
                        .map(|(field, item)| (format!("{name}.{field}"), item)),
                );
                continue;
            }
        };
        form.extend(["&", &quoted(&name), "=", &quoted(&text)]);
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string()
}

/// Reads the credentials from an answer: XML with one element for each part.
fn keys_of(response: &Response) -> Result<Credentials> {
    if response.status != 200 {
        return Err(refused(WHAT, response));
    }
    let xml = response.body.expose_text().unwrap_or_default();
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.trim().replace("&#x3D;", "=").replace("&amp;", "&"))
    };
    match (
        element("AccessKeyId"),
        element("SecretAccessKey"),
        element("SessionToken"),
    ) {
        (Some(access_key), Some(secret_key), session_token) => Ok(Credentials {
            access_key,
            secret_key: Secret::from(secret_key),
            session_token: session_token.map(Secret::from),
            expires_at: None,
        }),
        _ => Err(Error::unavailable(format!("{WHAT} answered without credentials"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::json;

    #[test]
    fn parameters_are_flattened_in_their_order() {
        let Ok(Value::Object(kwargs)) = json::loads(
            r#"{"RoleArn": "arn:x", "Tags": [{"Key": "a", "Value": "b c"}], "TransitiveTagKeys": ["k"], "DurationSeconds": 900}"#,
        ) else {
            panic!("an object")
        };
        let mut form = String::new();
        for (name, value) in &kwargs {
            flatten(&mut form, name, value).expect("parameters");
        }
        assert_eq!(
            form,
            "&RoleArn=arn%3Ax&Tags.member.1.Key=a&Tags.member.1.Value=b%20c&TransitiveTagKeys.member.1=k&DurationSeconds=900"
        );
    }
}
