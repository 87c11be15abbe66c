//! A service of AWS that speaks JSON 1.1: one signed POST for a question, and what the answer means.
//!
//! Must not know what is asked: the caller passes the operation's name and its JSON, and reads the answer's fields. Source:
//! botocore 1.44.8, `parsers.py` (`JSONParser`), `endpoint.py`, `auth.py` (`SigV4Auth`).

use std::fmt;
use std::time::Instant;

use super::client_config::ClientConfig;
use super::credentials::Credentials;
use super::endpoint::{Endpoint, Service};
use super::service_error::ServiceError;
use crate::env::Env;
use crate::error::Result;
use crate::python::json::Object;
use crate::secret::Secret;

/// What the caller configures, besides what a session reads from the environment and the profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientKwargs {
    /// The kwarg `region_name`.
    pub(crate) region_name: Option<String>,
    /// The kwarg `endpoint_url`.
    pub(crate) endpoint_url: Option<String>,
    /// The kwarg `verify`.
    pub(crate) verify: Verify,
}

/// Which certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verify {
    /// No kwarg: `AWS_CA_BUNDLE`, else the profile's `ca_bundle`, else `REQUESTS_CA_BUNDLE`, else the system's.
    #[default]
    Configured,
    /// `true`: the system's, whatever the variables name.
    System,
    /// `false`: any.
    Nothing,
    /// The path of a PEM file.
    Bundle(String),
}

/// An answer of the service.
pub(crate) enum Reply {
    /// Status 200 with a JSON object.
    Answer(Object),
    /// The service refused or failed, in its own words.
    Error(ServiceError),
}

/// A client for one service in one region.
pub(crate) struct JsonService {
    service: &'static Service,
    endpoint: Endpoint,
}

impl JsonService {
    /// Creates a client. It opens no connection.
    ///
    /// # Errors
    /// Settings that botocore refuses, with status 2: no region, an invalid endpoint, an unknown retry mode.
    pub(crate) fn new(
        service: &'static Service,
        config: &impl ClientConfig,
        env: &Env,
        kwargs: &ClientKwargs,
        deadline: Instant,
    ) -> Result<Self> {
        let _ = (env, deadline);
        Ok(Self {
            service,
            endpoint: Endpoint::resolve(
                service,
                config,
                kwargs.region_name.as_deref(),
                kwargs.endpoint_url.as_deref(),
            )?,
        })
    }

    /// Returns the service and its host, for messages: "AWS Secrets Manager <https://secretsmanager.eu-west-1.amazonaws.com>".
    pub(crate) fn place(&self) -> String {
        format!("{} <{}>", self.service.name, self.endpoint.url)
    }

    /// Returns the region that requests are signed for.
    pub(crate) fn region(&self) -> &str {
        self.endpoint.signing_region.as_deref().unwrap_or_default()
    }

    /// Calls `operation` with a JSON body.
    ///
    /// # Errors
    /// No answer, or an answer that does not come from the service, with status 5.
    pub(crate) async fn call(
        &self,
        credentials: &Credentials,
        operation: &str,
        body: Secret,
    ) -> Result<Reply> {
        let _ = (credentials, operation, body);
        std::future::ready(Err(crate::error::Error::internal("not yet"))).await
    }
}

impl fmt::Debug for JsonService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonService")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
