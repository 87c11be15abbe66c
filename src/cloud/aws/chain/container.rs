//! The credentials of a container's task or pod, from the address in the environment.
//!
//! Source: botocore 1.44.8, `credentials.py` (`ContainerProvider`), `utils.py` (`ContainerMetadataFetcher`).

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::SessionSettings;
use crate::cloud::services::{ServiceRequest, Services, object, refused, unreachable};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::Response;
use crate::python::json::{Object, Value};
use crate::python::newlines::universal_newlines;
use crate::python::urlsplit::urlsplit;
use crate::secret::Secret;
use crate::shown::shown;

const WHAT: &str = "the container's credential service";

const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// The server for a relative URI.
const ENDPOINT: &str = "http://169.254.170.2";

/// The hosts that may be asked over http, besides loopback addresses: botocore's `_ALLOWED_HOSTS`.
const ALLOWED_HOSTS: &[&str] = &["169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"];

/// The time limit of an attempt, the number of attempts, and the pause between two.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

/// Returns the credentials of the container, if the environment names their address.
///
/// # Errors
/// An address that is not allowed, with status 2; a refusal or a token that cannot be sent, 4; no answer, 5.
pub(super) async fn credentials(
    session: &SessionSettings,
    services: &Services,
) -> Result<Option<Credentials>> {
    let Some((url, variable)) = address(session.env()) else {
        return Ok(None);
    };
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let token = token(session)?;
        check(&url, variable)?;
        let mut request = ServiceRequest::get(url.clone()).header("accept", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let outcome = services
            .metadata_within(TIMEOUT, request)
            .await
            .map_err(|failure| unreachable(WHAT, failure))
            .and_then(|response| answer(&response));
        match outcome {
            Ok(answer) => {
                return read(&answer)
                    .map_err(|error| error.or_hint(format!("check `{variable}`")))
                    .map(Some);
            }
            Err(error) if left == 0 || session.ends_within(PAUSE) => {
                return Err(error.or_hint(format!("check `{variable}`")));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Returns the URL of the service, and the variable that names it: `ContainerProvider._retriever` and `full_url`.
fn address(env: &Env) -> Option<(String, &'static str)> {
    match (env.text(RELATIVE_URI), env.text(FULL_URI)) {
        (Some(path), _) => Some((format!("{ENDPOINT}{path}"), RELATIVE_URI)),
        (None, Some(url)) => Some((url.to_owned(), FULL_URI)),
        (None, None) => None,
    }
}

/// Checks the host of the address: `_validate_allowed_url`.
fn check(url: &str, variable: &str) -> Result<()> {
    let (scheme, host) = match urlsplit(url) {
        Ok(parts) => (parts.scheme.clone(), parts.hostname()),
        Err(_) => (String::new(), None),
    };
    let is_allowed = |host: &String| {
        host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || ALLOWED_HOSTS.contains(&host.as_str())
    };
    if scheme == "https" || host.as_ref().is_some_and(is_allowed) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`{variable}` names a host that is allowed only over https"
    ))
    .with_hint(format!(
        "use https, a loopback address, or one of `{}`",
        ALLOWED_HOSTS.join("`, `")
    )))
}

/// Returns the token for the service: the file's before the variable's.
fn token(session: &SessionSettings) -> Result<Option<Secret>> {
    let (token, place) = if let Some(path) = session.env().text(TOKEN_FILE) {
        let unreadable = || {
            Error::denied(format!(
                "the container's token cannot be read from `{}`",
                shown(path)
            ))
            .with_hint(format!("check `{TOKEN_FILE}`"))
        };
        let bytes = file::read(Path::new(path), session.deadline)
            .map_err(|source| unreadable().with_source(source))?;
        let text = bytes
            .expose_text()
            .ok_or_else(|| unreadable().with_detail("it is not UTF-8"))?;
        (Secret::from(universal_newlines(text).as_ref()), TOKEN_FILE)
    } else if let Some(token) = session.env().get(TOKEN) {
        (token.clone(), TOKEN)
    } else {
        return Ok(None);
    };
    if token.expose().iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err(
            Error::denied(format!("the container's token contains a newline (`{place}`)"))
                .with_hint("write it without a newline: no header can hold one"),
        );
    }
    Ok(Some(token))
}

/// Returns the object that the service answers.
fn answer(response: &Response) -> Result<Object> {
    if response.status != 200 {
        return Err(refused(WHAT, response));
    }
    object(response).ok_or_else(|| Error::unavailable(format!("{WHAT} did not answer with a JSON object")))
}

fn read(answer: &Object) -> Result<Credentials> {
    let text = |name: &str| {
        let text = answer.get(name).and_then(Value::as_str);
        text.ok_or_else(|| Error::unavailable(format!("{WHAT} answered without `{name}`")))
    };
    let (access_key, secret_key) = (text("AccessKeyId")?, Secret::from(text("SecretAccessKey")?));
    let keys = Credentials::new(access_key, secret_key, Some(Secret::from(text("Token")?)));
    keys.until(text("Expiration")?, WHAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_in(variables: &[(&str, &str)]) -> Option<(String, &'static str)> {
        let variables = variables.iter();
        let env: Env = variables
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect();
        address(&env)
    }

    /// No test can ask that address: it is the container's own.
    #[test]
    fn a_relative_uri_is_a_path_at_the_containers_own_address_and_comes_first() {
        assert_eq!(address_in(&[]), None);
        let relative = (RELATIVE_URI, "/v2/credentials/2b41?x=a%2Fb");
        let full = (FULL_URI, "http://localhost:1/creds");
        let expected = "http://169.254.170.2/v2/credentials/2b41?x=a%2Fb".to_owned();
        assert_eq!(
            address_in(&[full, relative]),
            Some((expected.clone(), RELATIVE_URI))
        );
        assert!(check(&expected, RELATIVE_URI).is_ok());
        assert_eq!(address_in(&[full]), Some((full.1.to_owned(), FULL_URI)));
        // Botocore tests for presence, not for text.
        assert_eq!(
            address_in(&[full, (RELATIVE_URI, "")]),
            Some(("http://169.254.170.2".to_owned(), RELATIVE_URI))
        );
    }

    #[test]
    fn a_relative_uri_cannot_move_the_request_to_another_host() {
        for path in ["@evil.example/", ".evil.example/", "0/", ":80@evil.example/"] {
            let (url, _) = address_in(&[(RELATIVE_URI, path)]).expect("an address");
            let error = check(&url, RELATIVE_URI).expect_err("another host");
            assert_eq!(error.kind().exit_status(), 2, "{path}");
            assert!(error.message().contains(RELATIVE_URI), "{error}");
        }
    }
}
