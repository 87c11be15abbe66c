//! Where AWS credentials come from when no kwarg gives them: botocore's chain.
//!
//! Environment, the profile's web identity or the environment's, the profile's keys, container, instance. Source: botocore
//! 1.44, `credentials.py` (`create_credential_resolver`), `utils.py` (`ContainerMetadataFetcher`, `InstanceMetadataFetcher`).
//! A deliberate difference: a profile that names a role, an SSO session or a program is an error that names it.

use std::net::IpAddr;

use super::credentials::Credentials;
use super::profile::Profile;
use super::session::Session;
use super::sts;
use crate::cloud::services::{ServiceRequest, Services, credential_file, object, refused, text, unreachable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::Object;
use crate::secret::Secret;

/// The server of a container's credentials.
const CONTAINER_ENDPOINT: &str = "http://169.254.170.2";

/// The hosts that a container may ask over http, besides loopback addresses: botocore's `_ALLOWED_HOSTS`.
const CONTAINER_HOSTS: &[&str] = &["169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"];

/// The server of an instance's metadata.
const INSTANCE_ENDPOINT: &str = "http://169.254.169.254/";

/// The keys of a profile that are not supported.
const UNSUPPORTED: &[&str] = &[
    "role_arn",
    "sso_session",
    "sso_start_url",
    "credential_process",
    "login_session",
];

/// Returns the first credentials of the chain.
///
/// # Errors
/// No credentials, or a refusal by a configured source, with status 4; no answer, 5.
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(super) async fn credentials(session: &Session, services: &Services) -> Result<Credentials> {
    Chain::new(session.env(), session.kwargs_hint())
        .credentials(services)
        .await
}

/// The chain, with the environment that it reads.
#[derive(Debug)]
pub(crate) struct Chain {
    env: Env,
    /// The kwargs that give keys, for a hint.
    kwargs: &'static str,
}

impl Chain {
    /// Creates the chain. `kwargs` names the kwargs that the user can set instead, for a hint.
    pub(crate) fn new(env: &Env, kwargs: &'static str) -> Self {
        let wanted = |name: &str| name.starts_with("AWS_") || name == "HOME";
        let variables = env.iter().filter(|(name, _)| wanted(name));
        Self {
            env: variables
                .map(|(name, variable)| (name.to_owned(), variable.value.clone()))
                .collect(),
            kwargs,
        }
    }

    /// Returns the session's region: `AWS_DEFAULT_REGION`, else the profile's. (boto3 does not read `AWS_REGION`.)
    pub(crate) fn region(&self, services: &Services) -> Option<String> {
        match self.env.text("AWS_DEFAULT_REGION") {
            Some(region) => Some(region.to_owned()).filter(|region| !region.is_empty()),
            None => Profile::read(&self.env, services.deadline)
                .text("region")
                .map(str::to_owned),
        }
    }

    /// Returns the endpoint of the Security Token Service that the environment names.
    fn sts_endpoint(&self) -> Option<&str> {
        let ignored = self.env.text("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        if ignored.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        self.env
            .non_empty("AWS_ENDPOINT_URL_STS")
            .or_else(|| self.env.non_empty("AWS_ENDPOINT_URL"))
    }

    /// Returns the first credentials of the chain.
    ///
    /// # Errors
    /// No credentials, or a refusal by a configured source, with status 4; no answer, 5.
    pub(crate) async fn credentials(&self, services: &Services) -> Result<Credentials> {
        if let Some(keys) = self.environment_keys()? {
            return Ok(keys);
        }
        let profile = Profile::read(&self.env, services.deadline);
        let identity = |variable: &str, key: &str| self.env.non_empty(variable).or_else(|| profile.text(key));
        if let Some(file) = identity("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") {
            let role = identity("AWS_ROLE_ARN", "role_arn").ok_or_else(|| {
                Error::denied("`AWS_WEB_IDENTITY_TOKEN_FILE` is set, but `AWS_ROLE_ARN` is not")
            })?;
            let session = identity("AWS_ROLE_SESSION_NAME", "role_session_name");
            let region = self.region(services);
            let endpoint = sts::endpoint(self.sts_endpoint(), region.as_deref());
            return sts::assume_role_with_web_identity(services, endpoint, file, role, session).await;
        }
        if let Some(keys) = profile_keys(&profile)? {
            return Ok(keys);
        }
        if let Some(url) = self.container_url()? {
            return self.container_keys(services, url).await;
        }
        match self.instance_keys(services).await? {
            Some(keys) => Ok(keys),
            None => Err(Error::denied("no AWS credentials found")
                .with_detail("looked in the environment, the shared files, the container's and the instance's metadata")
                .with_hint(format!("set {}, or `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`", self.kwargs))),
        }
    }

    /// Assumes the role that `parameters` describe, with the first credentials of the chain.
    ///
    /// # Errors
    /// As [`credentials`](Self::credentials); a refused role, with status 4.
    pub(crate) async fn assume_role(&self, services: &Services, parameters: &Object) -> Result<Credentials> {
        let region = self.region(services);
        let own = self.credentials(services).await?;
        let endpoint = sts::endpoint(self.sts_endpoint(), region.as_deref());
        sts::assume_role(services, endpoint, &own, region.as_deref(), parameters).await
    }

    fn environment_keys(&self) -> Result<Option<Credentials>> {
        let Some(access_key) = self.env.non_empty("AWS_ACCESS_KEY_ID") else {
            return Ok(None);
        };
        let Some(secret_key) = self
            .env
            .get("AWS_SECRET_ACCESS_KEY")
            .filter(|key| !key.is_empty())
        else {
            return Err(Error::denied(
                "`AWS_ACCESS_KEY_ID` is set, but `AWS_SECRET_ACCESS_KEY` is not",
            ));
        };
        let tokens = ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"];
        let session_token = tokens
            .iter()
            .find_map(|name| self.env.get(name).filter(|token| !token.is_empty()));
        Ok(Some(Credentials::new(
            access_key,
            secret_key.clone(),
            session_token.cloned(),
        )))
    }

    /// Returns the URL of the container's credentials, if the environment names one.
    fn container_url(&self) -> Result<Option<String>> {
        if let Some(path) = self.env.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return Ok(Some(format!("{CONTAINER_ENDPOINT}{path}")));
        }
        let Some(url) = self.env.text("AWS_CONTAINER_CREDENTIALS_FULL_URI") else {
            return Ok(None);
        };
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if url.starts_with("https://") || is_loopback || CONTAINER_HOSTS.contains(&host) {
            return Ok(Some(url.to_owned()));
        }
        Err(Error::usage(
            "`AWS_CONTAINER_CREDENTIALS_FULL_URI` names a host that is allowed only over https",
        ))
    }

    async fn container_keys(&self, services: &Services, url: String) -> Result<Credentials> {
        const WHAT: &str = "the container's credential service";
        let mut request = ServiceRequest::get(url).header("accept", "application/json");
        if let Some(file) = self.env.non_empty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            request = request.header(
                "authorization",
                credential_file(file, "the container's token", services)?,
            );
        } else if let Some(token) = self.env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            request = request.header("authorization", token.clone());
        }
        let response = services
            .metadata(request)
            .await
            .map_err(|failure| unreachable(WHAT, failure))?;
        match response.status {
            200 => keys_of(&response)
                .ok_or_else(|| Error::unavailable(format!("{WHAT} answered without credentials"))),
            _ => Err(refused(WHAT, &response)),
        }
    }

    /// Asks the instance's metadata service, version 2; `None` when it is missing, does not answer at once, or has no role.
    async fn instance_keys(&self, services: &Services) -> Result<Option<Credentials>> {
        let disabled = self.env.text("AWS_EC2_METADATA_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let endpoint = self
            .env
            .non_empty("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .unwrap_or(INSTANCE_ENDPOINT);
        let endpoint = endpoint.trim_end_matches('/');
        let request = ServiceRequest::put(format!("{endpoint}/latest/api/token"))
            .header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let Some(response) = services.ask_if_there(request).await? else {
            return Ok(None);
        };
        let token = match response.status {
            200 => Some(response.body),
            // Version 1 of the service has no token.
            403..=405 => None,
            _ => return Ok(None),
        };
        let folder = format!("{endpoint}/latest/meta-data/iam/security-credentials/");
        let get = |url: String| match &token {
            Some(token) => ServiceRequest::get(url).header("x-aws-ec2-metadata-token", token.clone()),
            None => ServiceRequest::get(url),
        };
        let Some(role) = services.ask_if_there(get(folder.clone())).await? else {
            return Ok(None);
        };
        let Some(name) = role
            .body
            .expose_text()
            .map(str::trim)
            .filter(|name| role.status == 200 && !name.is_empty())
        else {
            return Ok(None);
        };
        let keys = services.ask_if_there(get(format!("{folder}{name}"))).await?;
        Ok(keys
            .filter(|keys| keys.status == 200)
            .and_then(|keys| keys_of(&keys)))
    }
}

/// Returns the keys in a profile.
fn profile_keys(profile: &Profile) -> Result<Option<Credentials>> {
    if let Some(name) = UNSUPPORTED.iter().find(|name| profile.get(name).is_some()) {
        return Err(Error::usage(format!(
            "the AWS profile `{}` uses `{name}`, which is not supported",
            profile.name
        ))
        .with_hint("export its credentials, as with `aws configure export-credentials --format env`"));
    }
    match (
        profile.text("aws_access_key_id"),
        profile.get("aws_secret_access_key"),
    ) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(Error::denied(format!(
            "the AWS profile `{}` has no `aws_secret_access_key`",
            profile.name
        ))),
        (Some(access_key), Some(secret_key)) => Ok(Some(Credentials {
            access_key: access_key.to_owned(),
            secret_key: secret_key.clone(),
            session_token: ["aws_session_token", "aws_security_token"]
                .iter()
                .find_map(|name| profile.get(name))
                .cloned(),
            expires_at: None,
        })),
    }
}

/// Reads the answer of a metadata server.
fn keys_of(response: &Response) -> Option<Credentials> {
    let answer = object(response)?;
    Some(Credentials {
        access_key: text(&answer, "AccessKeyId")?.to_owned(),
        secret_key: Secret::from(text(&answer, "SecretAccessKey")?),
        session_token: text(&answer, "Token").map(Secret::from),
        expires_at: None,
    })
}
