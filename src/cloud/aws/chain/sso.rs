//! IAM Identity Center (SSO): the token of `aws sso login` is exchanged for a role's credentials.
//!
//! Owns the profile's settings and the exchange. Where the token is, and when it is refreshed, is in `sso_token`. Source: botocore
//! 1.44.8, `credentials.py` (`SSOProvider`, `SSOCredentialFetcher`), `data/sso/2019-06-10/service-2.json.gz`.

use std::time::{Duration, UNIX_EPOCH};

use super::sso_token::{self, Login};
use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::endpoint::{Endpoint, SSO};
use crate::cloud::aws::retry::RetrySettings;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::timestamp;
use crate::cloud::services::{ServiceRequest, Services, object, refused, unreachable};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::Value;
use crate::python::quote::quote;
use crate::secret::Secret;
use crate::shown::shown;

const WHAT: &str = "AWS's SSO portal";

/// The keys of a profile that uses SSO, in botocore's order.
const ROLE: &str = "sso_role_name";
const ACCOUNT: &str = "sso_account_id";
const START_URL: &str = "sso_start_url";
const REGION: &str = "sso_region";
const SESSION: &str = "sso_session";

/// The settings of a profile.
struct Settings {
    role: String,
    account: String,
    login: Login,
}

/// Returns the credentials of the profile's role, if it uses SSO.
///
/// # Errors
/// A profile that is set up wrongly, with status 2; no valid token, or a refusal, 4; no answer, 5.
pub(super) async fn credentials(
    session: &SessionSettings,
    _: &Services,
    profile: &str,
) -> Result<Option<Credentials>> {
    let Some(settings) = settings(session, profile)? else {
        return Ok(None);
    };
    session.check_client()?;
    let region = settings.login.region.as_str();
    let endpoint = Endpoint::resolve(&SSO, session, Some(region), None)?;
    let token = sso_token::access_token(session, &settings.login).await?;
    let url = format!(
        "{}/federation/credentials?role_name={}&account_id={}",
        endpoint.url.trim_end_matches('/'),
        quote(&settings.role),
        quote(&settings.account)
    );
    let request = ServiceRequest::get(url).header("x-amz-sso_bearer_token", token);
    let retry = RetrySettings::configured(session)?;
    let response = session
        .send(None, None, retry.policy(), request)
        .await
        .map_err(|failure| unreachable(WHAT, failure).or_hint("check the network and its proxy"))?;
    read(&response, &settings).map(Some)
}

/// Reads the profile's settings, with those of its `[sso-session …]`: `_load_sso_config`.
fn settings(session: &SessionSettings, profile: &str) -> Result<Option<Settings>> {
    let own = |key: &str| session.profile_text(profile, key);
    if own(ROLE)?.is_none() && own(ACCOUNT)?.is_none() {
        return Ok(None);
    }
    let what = described(profile);
    let name = own(SESSION)?;
    let section = match name {
        None => None,
        Some(name) => Some(session.config.sso_sessions.get(name).ok_or_else(|| {
            Error::usage(format!(
                "{what} names the SSO session `{}`, which is missing",
                shown(name)
            ))
            .with_detail(format!("`{SESSION}` is in {}", session.place(profile, SESSION)))
            .with_hint(format!("add the section `[sso-session {}]`", shown(name)))
        })?),
    };
    session.check_sso_session(profile)?;
    let shared = |key: &str| -> Option<&str> { section?.get(key)?.value.secret()?.expose_text() };
    for (key, entry) in section.into_iter().flatten() {
        let both = (own(key)?, entry.value.secret().and_then(Secret::expose_text));
        if let (Some(own), Some(shared)) = both
            && own != shared
        {
            return Err(Error::usage(format!(
                "`{}` of {what} differs from the value in its `[sso-session …]`",
                shown(key)
            ))
            .with_detail(format!("the profile's is in {}", session.place(profile, key)))
            .with_hint("remove it from the profile"));
        }
    }
    let mut missing = Vec::new();
    let mut value = |key: &'static str| -> Result<String> {
        let value = shared(key).or(own(key)?);
        if value.is_none() {
            missing.push(key);
        }
        Ok(value.unwrap_or_default().to_owned())
    };
    let (role, account) = (value(ROLE)?, value(ACCOUNT)?);
    let (start_url, region) = (value(START_URL)?, value(REGION)?);
    if !missing.is_empty() {
        return Err(
            Error::usage(format!("{what} uses SSO and lacks `{}`", missing.join("`, `")))
                .with_hint("run `aws configure sso`, or add it"),
        );
    }
    Ok(Some(Settings {
        role,
        account,
        login: Login {
            profile: profile.to_owned(),
            session_name: name.map(str::to_owned),
            start_url,
            region,
        },
    }))
}

fn read(response: &Response, settings: &Settings) -> Result<Credentials> {
    let what = format!(
        "the role `{}` in account `{}`",
        shown(&settings.role),
        shown(&settings.account)
    );
    match response.status {
        200 => {}
        401 => {
            return Err(Error::denied(format!("{WHAT} refused the SSO token for {what}"))
                .with_hint(settings.login.way_in()));
        }
        _ => {
            return Err(refused(WHAT, response)
                .map_message(|message| format!("{message} for {what}"))
                .with_hint("check `sso_role_name` and `sso_account_id` of the profile"));
        }
    }
    let answer = object(response);
    let group = answer
        .as_ref()
        .and_then(|answer| answer.get("roleCredentials")?.as_object());
    let text = |name: &str| group?.get(name).and_then(Value::as_str);
    let expiry = match group.and_then(|group| group.get("expiration")) {
        Some(Value::Int(milliseconds)) => milliseconds.parse().ok().map(Duration::from_millis),
        _ => None,
    };
    match (
        text("accessKeyId"),
        text("secretAccessKey"),
        text("sessionToken"),
        expiry,
    ) {
        (Some(access_key), Some(secret_key), Some(token), Some(expiry)) => {
            let (secret_key, token) = (Secret::from(secret_key), Secret::from(token));
            let expiry = UNIX_EPOCH.checked_add(expiry).unwrap_or(UNIX_EPOCH);
            Credentials::new(access_key, secret_key, Some(token)).until(&timestamp::written(expiry), &what)
        }
        _ => Err(
            Error::unavailable(format!("{WHAT} answered without credentials for {what}"))
                .with_hint("something else may have answered: check the endpoint and the proxy"),
        ),
    }
}
