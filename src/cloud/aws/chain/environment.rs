//! Keys in the environment. Source: botocore 1.44.8, `credentials.py` (`EnvProvider`).

use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::SessionSettings;
use crate::error::{Error, Result};

/// The variables of the session token, the first one first.
const TOKENS: [&str; 2] = ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];

/// Returns the keys in the environment, if it has an access key that is not empty.
///
/// # Errors
/// An access key without its secret key, and credentials that have expired, with status 4.
pub(super) fn credentials(session: &SessionSettings) -> Result<Option<Credentials>> {
    let env = session.env();
    let non_empty = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let Some(access_key) = env.non_empty("AWS_ACCESS_KEY_ID") else {
        return Ok(None);
    };
    let Some(secret_key) = non_empty("AWS_SECRET_ACCESS_KEY") else {
        return Err(
            Error::denied("`AWS_ACCESS_KEY_ID` is set, but `AWS_SECRET_ACCESS_KEY` is not")
                .with_hint("set both, or neither"),
        );
    };
    let token = TOKENS.into_iter().find_map(non_empty);
    let keys = Credentials::new(access_key, secret_key.clone(), token.cloned());
    match env.non_empty("AWS_CREDENTIAL_EXPIRATION") {
        Some(expiry) => keys
            .until(expiry, "the environment (`AWS_CREDENTIAL_EXPIRATION`)")
            .map(Some),
        None => Ok(Some(keys)),
    }
}
