//! An identity of AWS: a signed `GetCallerIdentity` that Google sends to learn who signed it.
//!
//! Source: google-auth 2.63.0, `aws.py`. Its credentials are the variables, else those of the machine's role from the URLs that the
//! file names; it does not read AWS's profiles.

use std::time::SystemTime;

use super::TokenContext;
use crate::cloud::aws::Credentials;
use crate::cloud::aws::sigv4::{self, Signable};
use crate::cloud::services::{ServiceRequest, object, text, unreachable};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value, dumps_compact};
use crate::python::quote::quote_path;
use crate::secret::Secret;
use crate::shown::shown;

const METADATA: &str = "AWS's metadata server";

pub(super) struct AwsSource {
    audience: String,
    /// The URL of `GetCallerIdentity`, with `{region}` in it.
    verification_url: String,
    region_url: Option<String>,
    credentials_url: Option<String>,
    session_token_url: Option<String>,
}

impl AwsSource {
    /// Reads the `credential_source` of an identity of AWS.
    ///
    /// # Errors
    /// Another version, or a field that is missing, with status 2.
    pub(super) fn from_object(what: &str, source: &Object, audience: &str) -> Result<Self> {
        let refused = |why: &str| Error::usage(format!("`credential_source` of {what} {why}"));
        if text(source, "environment_id") != Some("aws1") {
            return Err(refused("must have the `environment_id` `aws1`"));
        }
        let url = |name: &str| text(source, name).map(str::to_owned);
        Ok(Self {
            audience: audience.to_owned(),
            verification_url: url("regional_cred_verification_url")
                .ok_or_else(|| refused("lacks `regional_cred_verification_url`"))?,
            region_url: url("region_url"),
            credentials_url: url("url"),
            session_token_url: url("imdsv2_session_token_url"),
        })
    }

    /// Returns the signed request, as JSON that is quoted for a URL.
    ///
    /// # Errors
    /// No credentials or no region, with status 4; no answer of the metadata server, 5.
    pub(super) async fn token(&self, context: &TokenContext) -> Result<Secret> {
        let region = self.region(context).await?;
        let credentials = self.credentials(context).await?;
        let url = self.verification_url.replace("{region}", &region);
        let parts = url.strip_prefix("https://").map(|rest| {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (host, target) = rest.split_at(end);
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            (host, if path.is_empty() { "/" } else { path }, query)
        });
        let Some((host, path, query)) = parts.filter(|(host, _, _)| !host.is_empty()) else {
            return Err(Error::usage(
                "`regional_cred_verification_url` is not an `https` URL",
            ));
        };
        let mut query: Vec<&str> = query.split('&').filter(|pair| pair.contains('=')).collect();
        query.sort_unstable();
        let service = host.split('.').next().unwrap_or_default();
        let request = Signable {
            method: "POST",
            path,
            query: &query.join("&"),
            headers: vec![("host", Secret::from(host))],
            body: b"",
        };
        let service = service.strip_suffix("-fips").unwrap_or(service);
        let signed = sigv4::sign(request, &credentials, &region, service, SystemTime::now());
        Ok(Secret::from(quote_path(&dumps_compact(&Value::Object(
            self.described(&url, &signed),
        )))))
    }

    /// Returns the request as Google reads it, with the names in alphabetical order.
    fn described(&self, url: &str, signed: &[(&str, Secret)]) -> Object {
        let value = |name: &str| {
            let header = signed
                .iter()
                .find(|(header, _)| header.eq_ignore_ascii_case(name));
            header
                .and_then(|(_, value)| value.expose_text())
                .map(str::to_owned)
        };
        let mut headers: Vec<Value> = ["Authorization", "host", "x-amz-date", "x-amz-security-token"]
            .iter()
            .filter_map(|name| Some(header(name, &value(name)?)))
            .collect();
        headers.push(header("x-goog-cloud-target-resource", &self.audience));
        let mut object = Object::new();
        object.insert("headers".to_owned(), Value::List(headers));
        object.insert("method".to_owned(), "POST".into());
        object.insert("url".to_owned(), url.into());
        object
    }

    async fn region(&self, context: &TokenContext) -> Result<String> {
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        if let Some(region) = variables.iter().find_map(|name| context.env.text(name)) {
            return Ok(region.to_owned());
        }
        let Some(url) = &self.region_url else {
            return Err(
                Error::denied("the region of the AWS identity is not known").with_hint("set `AWS_REGION`")
            );
        };
        let session = self.session(context).await?;
        let zone = ask(context, url, session.as_ref()).await?;
        let zone = zone.body.expose_text().unwrap_or_default().to_owned();
        // A zone is the region and one letter.
        let end = zone.char_indices().last().map_or(0, |(end, _)| end);
        Ok(zone[..end].to_owned())
    }

    async fn credentials(&self, context: &TokenContext) -> Result<Credentials> {
        let variable = |name: &str| context.env.non_empty(name);
        if let (Some(id), Some(key)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            let session = context.env.get("AWS_SESSION_TOKEN").cloned();
            return Ok(Credentials::new(id, Secret::from(key), session));
        }
        let Some(url) = &self.credentials_url else {
            return Err(Error::denied("no credentials of AWS for the external account")
                .with_hint("set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"));
        };
        let session = self.session(context).await?;
        let role = ask(context, url, session.as_ref()).await?;
        let role = role.body.expose_text().unwrap_or_default().to_owned();
        if role.is_empty() || !role.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::denied(format!("{METADATA} names no role")));
        }
        let answer = ask(context, &format!("{url}/{role}"), session.as_ref()).await?;
        let keys = object(&answer);
        let field = |name: &str| keys.as_ref().and_then(|keys| text(keys, name));
        match (field("AccessKeyId"), field("SecretAccessKey")) {
            (Some(id), Some(key)) => Ok(Credentials::new(
                id,
                Secret::from(key),
                field("Token").map(Secret::from),
            )),
            _ => Err(Error::unavailable(format!(
                "{METADATA} answered without credentials for `{}`",
                shown(&role)
            ))),
        }
    }

    /// Gets a session token, if the file names where one is to be had.
    async fn session(&self, context: &TokenContext) -> Result<Option<Secret>> {
        let Some(url) = &self.session_token_url else {
            return Ok(None);
        };
        let put = ServiceRequest::put(url.as_str()).header("x-aws-ec2-metadata-token-ttl-seconds", "300");
        Ok(Some(answered(context, put).await?.body))
    }
}

/// Asks the metadata server, with a session token if there is one.
async fn ask(context: &TokenContext, url: &str, session: Option<&Secret>) -> Result<Response> {
    let mut request = ServiceRequest::get(url);
    if let Some(session) = session {
        request = request.header("x-aws-ec2-metadata-token", session.clone());
    }
    answered(context, request).await
}

async fn answered(context: &TokenContext, request: ServiceRequest) -> Result<Response> {
    let response = context.services.google_metadata(request).await;
    let response = response.map_err(|failure| unreachable(METADATA, failure))?;
    match response.status {
        200 => Ok(response),
        status @ 400..=499 if status != 429 => Err(Error::denied(format!(
            "{METADATA} refused the request (status {status})"
        ))),
        status => Err(Error::unavailable(format!("{METADATA} failed (status {status})"))),
    }
}

fn header(name: &str, value: &str) -> Value {
    let mut header = Object::new();
    header.insert("key".to_owned(), name.into());
    header.insert("value".to_owned(), value.into());
    Value::Object(header)
}
