//! Where a service is: Google's public cloud, another universe, or an address that gcloud's variable names.
//!
//! Airflow does not read gcloud's `CLOUDSDK_API_ENDPOINT_OVERRIDES_…`: that is a deliberate difference, for emulators and Private
//! Service Connect. Source: google-cloud-secret-manager 2.32.0, `client.py` (`_get_universe_domain`, `_get_api_endpoint`).

use super::{DEFAULT_UNIVERSE, endpoint_fault};
use crate::env::Env;
use crate::error::{Error, Result};

/// The variable for another universe.
const UNIVERSE: &str = "GOOGLE_CLOUD_UNIVERSE_DOMAIN";

/// Returns the URL of the service `name`, without a slash at its end. `override_variable` is gcloud's variable for another endpoint.
///
/// # Errors
/// A variable that names no endpoint, with status 2.
pub(crate) fn service_url(env: &Env, name: &str, override_variable: &str) -> Result<String> {
    if let Some(url) = env.non_empty(override_variable) {
        let refused = |why: &str| {
            Error::usage(format!("`{override_variable}` {why}"))
                .with_hint("it must be `https://…/`, or `http://…/` on this machine")
        };
        if let Some(fault) = endpoint_fault(url) {
            return Err(refused(&fault));
        }
        if url.contains(['?', '#']) {
            return Err(refused("has a query or a fragment"));
        }
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let Some(universe) = env.text(UNIVERSE) else {
        return Ok(format!("https://{name}.{DEFAULT_UNIVERSE}"));
    };
    let url = format!("https://{name}.{universe}");
    let is_host = universe.contains(|c: char| !c.is_whitespace())
        && universe
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        && endpoint_fault(&url).is_none();
    if is_host {
        return Ok(url);
    }
    let what = if universe.trim().is_empty() {
        "is empty"
    } else {
        "is not a domain"
    };
    Err(Error::usage(format!("`{UNIVERSE}` {what}")).with_hint(format!(
        "unset it for Google's public cloud, `{DEFAULT_UNIVERSE}`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const OVERRIDE: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";

    fn url_in(variables: &[(&str, &str)]) -> Result<String> {
        let variables = variables.iter();
        let env = variables.map(|(name, value)| ((*name).to_owned(), Secret::from(*value)));
        service_url(&env.collect(), "secretmanager", OVERRIDE)
    }

    #[test]
    fn a_universe_changes_the_host_and_an_override_the_whole_url() {
        assert_eq!(
            url_in(&[]).expect("a URL"),
            "https://secretmanager.googleapis.com"
        );
        assert_eq!(
            url_in(&[(UNIVERSE, "s3nsapis.fr")]).expect("a URL"),
            "https://secretmanager.s3nsapis.fr"
        );
        for (value, expected) in [
            ("", "https://secretmanager.googleapis.com"),
            ("https://sm.p.googleapis.com/", "https://sm.p.googleapis.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:1/base/", "http://127.0.0.1:1/base"),
        ] {
            assert_eq!(url_in(&[(OVERRIDE, value)]).expect("a URL"), expected);
        }
    }

    #[test]
    fn a_variable_that_names_no_endpoint_is_refused() {
        for (name, value) in [
            (UNIVERSE, ""),
            (UNIVERSE, " "),
            (UNIVERSE, "a/b"),
            (UNIVERSE, "evil.example@x"),
            (OVERRIDE, "http://sm.example/"),
            (OVERRIDE, "localhost:8080"),
            (OVERRIDE, "https://h/?x"),
        ] {
            let error = url_in(&[(name, value)]).expect_err("a refusal");
            assert_eq!(error.kind().exit_status(), 2, "{name}={value}");
            assert!(error.message().contains(name), "{error}");
        }
    }
}
