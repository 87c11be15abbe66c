//! The credentials of an EC2 instance's role: version 2 of the metadata service, and version 1 when there is no token.
//!
//! Source: botocore 1.44.8, `utils.py` (`IMDSFetcher`, `InstanceMetadataFetcher`). A deliberate difference: no proxy is used, because
//! the answer is a credential.

use std::time::{Duration, SystemTime};

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::SessionSettings;
use crate::cloud::aws::timestamp;
use crate::cloud::services::{ServiceRequest, Services, object};
use crate::error::{Error, Result};
use crate::http::{Failure, FailureKind, Response, url_fault};
use crate::python::int;
use crate::python::json::Value;
use crate::python::urlsplit::urlsplit;
use crate::secret::Secret;
use crate::shown::shown;

const ENDPOINT: &str = "http://169.254.169.254/";
const ENDPOINT_IPV6: &str = "http://[fd00:ec2::254]/";

const TOKEN_PATH: &str = "latest/api/token";
const ROLES_PATH: &str = "latest/meta-data/iam/security-credentials/";

/// How long the service's token is to live, in seconds.
const TOKEN_SECONDS: &str = "21600";

/// The metadata service, as the session configures it.
pub(super) struct Instance {
    /// With a `/` at its end.
    endpoint: String,
    timeout: Duration,
    attempts: u32,
    disabled: bool,
    version_1_disabled: bool,
}

/// Whether there is a token.
enum Token {
    Version2(Secret),
    Version1,
    /// The service refuses version 2 as a bad request.
    Refused,
}

impl Instance {
    /// Reads the settings: a variable, else the profile's key.
    ///
    /// # Errors
    /// A number, an address or a mode that cannot be used, with status 2.
    pub(super) fn of(session: &SessionSettings) -> Result<Self> {
        let settings = Settings(session);
        let timeout = settings.number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")?;
        let attempts = settings.number(
            "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
            "metadata_service_num_attempts",
        )?;
        let is_ipv6 = settings.is_ipv6()?;
        let (variable, key) = (
            "AWS_EC2_METADATA_SERVICE_ENDPOINT",
            "ec2_metadata_service_endpoint",
        );
        let endpoint = settings
            .text(variable, key)?
            .filter(|endpoint| !endpoint.is_empty());
        let endpoint = match endpoint {
            Some(endpoint) => {
                check(endpoint, &settings.place(variable, key))?;
                endpoint
            }
            None if is_ipv6 => ENDPOINT_IPV6,
            None => ENDPOINT,
        };
        let slash = if endpoint.ends_with('/') { "" } else { "/" };
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        Ok(Self {
            endpoint: format!("{endpoint}{slash}"),
            timeout: Duration::from_secs(timeout.unwrap_or(1).max(1)),
            attempts: u32::try_from(attempts.unwrap_or(1)).unwrap_or(u32::MAX),
            disabled: session
                .env()
                .text("AWS_EC2_METADATA_DISABLED")
                .is_some_and(is_true),
            version_1_disabled: settings
                .text("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")?
                .is_some_and(is_true),
        })
    }

    /// Returns the credentials of the instance's role; `None` when there is no service or no role.
    ///
    /// # Errors
    /// No token although version 1 is disabled, with status 4; the command's time is up, 5.
    pub(super) async fn credentials(&self, services: &Services) -> Result<Option<Credentials>> {
        if self.disabled {
            return Ok(None);
        }
        let token = match self.token(services).await? {
            Token::Version2(token) => Some(token),
            Token::Version1 => None,
            Token::Refused => return Ok(None),
        };
        if self.version_1_disabled && token.as_ref().is_none_or(Secret::is_empty) {
            return Err(Error::denied(
                "no token from the instance's metadata service, and its version 1 is disabled",
            )
            .with_hint("set `AWS_EC2_METADATA_DISABLED=true` where there is no instance; on one, raise its hop limit"));
        }
        let Some(role) = self.get(services, ROLES_PATH, token.as_ref(), |_| true).await? else {
            return Ok(None);
        };
        let Some(name) = role.body.expose_text() else {
            return Ok(None);
        };
        let path = format!("{ROLES_PATH}{}", name.trim());
        let is_json = |response: &Response| {
            let text = response.body.expose_text();
            text.is_some_and(|text| crate::python::json::loads(text).is_ok())
        };
        let answer = self.get(services, &path, token.as_ref(), is_json).await?;
        Ok(answer.and_then(|answer| read(&answer)))
    }

    /// Asks for a token. Without one, version 1 is asked.
    async fn token(&self, services: &Services) -> Result<Token> {
        for _ in 0..self.attempts {
            let request = ServiceRequest::put(format!("{}{TOKEN_PATH}", self.endpoint))
                .header("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS);
            match services.metadata_within(self.timeout, request).await {
                Ok(response) => match response.status {
                    200 => return Ok(Token::Version2(response.body)),
                    403..=405 => return Ok(Token::Version1),
                    400 => return Ok(Token::Refused),
                    _ => {}
                },
                Err(failure) if failure.kind() == FailureKind::Timeout => return Ok(Token::Version1),
                Err(failure) => only_absent(failure)?,
            }
        }
        Ok(Token::Version1)
    }

    /// Returns an answer with a body that `suits`.
    async fn get(
        &self,
        services: &Services,
        path: &str,
        token: Option<&Secret>,
        suits: impl Fn(&Response) -> bool,
    ) -> Result<Option<Response>> {
        for _ in 0..self.attempts {
            let mut request = ServiceRequest::get(format!("{}{path}", self.endpoint));
            if let Some(token) = token {
                request = request.header("x-aws-ec2-metadata-token", token.clone());
            }
            match services.metadata_within(self.timeout, request).await {
                Ok(response) if response.status == 200 && !response.body.is_empty() && suits(&response) => {
                    return Ok(Some(response));
                }
                Ok(_) => {}
                Err(failure) => only_absent(failure)?,
            }
        }
        Ok(None)
    }
}

/// Passes on the failure of a command whose time is up: it is not known whether there is a service.
fn only_absent(failure: Failure) -> Result<()> {
    match failure.kind() {
        FailureKind::Deadline | FailureKind::Configuration => Err(failure.into()),
        _ => Ok(()),
    }
}

/// Reads the credentials; `None` unless all four fields are there.
fn read(response: &Response) -> Option<Credentials> {
    let answer = object(response)?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let (access_key, secret_key) = (text("AccessKeyId")?, text("SecretAccessKey")?);
    let (token, expiry) = (text("Token")?, text("Expiration")?);
    let keys = Credentials::new(access_key, Secret::from(secret_key), Some(Secret::from(token)));
    // botocore extends credentials that the service did not renew in time.
    Some(keys.lasting_until(timestamp::parse(expiry).unwrap_or_else(SystemTime::now)))
}

/// Checks an endpoint: `is_valid_uri`.
fn check(endpoint: &str, place: &str) -> Result<()> {
    let has_host = urlsplit(endpoint)
        .ok()
        .and_then(|parts| parts.hostname())
        .is_some_and(|host| !host.is_empty());
    if has_host && url_fault(endpoint).is_none() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{place} is not the address of a metadata service: `{}`",
        shown(endpoint)
    ))
    .with_hint(format!("write it as `{ENDPOINT}`, or unset it")))
}

/// The settings of the service.
#[derive(Clone, Copy)]
struct Settings<'a>(&'a SessionSettings);

impl<'a> Settings<'a> {
    /// Returns a variable, else the profile's key, even when it is empty.
    fn text(self, variable: &str, key: &str) -> Result<Option<&'a str>> {
        match self.0.env().text(variable) {
            Some(value) => Ok(Some(value)),
            None => self.0.profile_text(self.0.profile_name(), key),
        }
    }

    fn place(self, variable: &str, key: &str) -> String {
        match self.0.env().text(variable) {
            Some(_) => format!("`{variable}`"),
            None => format!("`{key}` in {}", self.0.config_place(key)),
        }
    }

    fn number(self, variable: &str, key: &str) -> Result<Option<u64>> {
        let Some(text) = self.text(variable, key)? else {
            return Ok(None);
        };
        match int::parse(text).and_then(|digits| digits.parse().ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Error::usage(format!(
                "{} is not a number: `{}`",
                self.place(variable, key),
                shown(text)
            ))
            .with_hint("write a whole number, or unset it")),
        }
    }

    /// Returns whether the service is asked over IPv6: `resolve_imds_endpoint_mode`.
    fn is_ipv6(self) -> Result<bool> {
        let (variable, key) = (
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
            "ec2_metadata_service_endpoint_mode",
        );
        let Some(mode) = self.text(variable, key)? else {
            let is_ipv6 = self.text("AWS_IMDS_USE_IPV6", "imds_use_ipv6")?;
            return Ok(is_ipv6.is_some_and(|value| value.eq_ignore_ascii_case("true")));
        };
        match mode.to_lowercase().as_str() {
            "ipv4" => Ok(false),
            "ipv6" => Ok(true),
            _ => Err(Error::usage(format!(
                "{} must be `ipv4` or `ipv6`, not `{}`",
                self.place(variable, key),
                shown(mode)
            ))
            .with_hint("unset it: `ipv4` is the default")),
        }
    }
}
