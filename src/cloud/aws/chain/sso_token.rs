//! The token of `aws sso login`: its file, and a new one in exchange for its refresh token.
//!
//! Only a token of an `[sso-session …]` is refreshed, and only when fewer than 15 minutes are left. The new one is saved, because the
//! old refresh token may not work again. Source: botocore 1.44.8, `tokens.py` (`SSOTokenProvider`), `utils.py` (`SSOTokenLoader`,
//! `JSONFileCache`), `data/sso-oidc/2019-06-10/service-2.json.gz`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::cloud::aws::endpoint::{Endpoint, SSO_OIDC};
use crate::cloud::aws::retry::RetrySettings;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::shared_files::{shown_path, with_home};
use crate::cloud::aws::timestamp;
use crate::cloud::services::{ServiceRequest, object, unreachable};
use crate::error::{Error, Result};
use crate::file;
use crate::python::json::{self, Object, Value, dumps};
use crate::secret::Secret;
use crate::shown::shown;

const WHAT: &str = "AWS's SSO token service";

/// A token that lasts shorter than this is refreshed.
const REFRESH_WINDOW: Duration = Duration::from_mins(15);

/// The fields of a token that can be refreshed.
const REFRESH_FIELDS: [&str; 4] = [
    "refreshToken",
    "clientId",
    "clientSecret",
    "registrationExpiresAt",
];

/// Who logs in, and where.
pub(super) struct Login {
    pub(super) profile: String,
    /// The name of the `[sso-session …]`; `None` in the older form.
    pub(super) session_name: Option<String>,
    pub(super) start_url: String,
    pub(super) region: String,
}

impl Login {
    /// Returns the way to a new token.
    pub(super) fn way_in(&self) -> String {
        format!("run `aws sso login --profile {}`", shown(&self.profile))
    }

    /// Returns where the token is: the SHA-1 of the session's name, else of the start URL.
    fn path(&self, session: &SessionSettings) -> PathBuf {
        let key = self.session_name.as_deref().unwrap_or(&self.start_url);
        let mut name = String::new();
        for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()).as_ref() {
            let _ = write!(name, "{byte:02x}");
        }
        with_home(format!("~/.aws/sso/cache/{name}.json").as_bytes(), session.env())
    }
}

/// Returns a token that has not expired.
///
/// # Errors
/// No such token, with status 4; a token service that does not answer, 5.
pub(super) async fn access_token(session: &SessionSettings, login: &Login) -> Result<Secret> {
    let path = login.path(session);
    let shown_path = shown_path(&path);
    let refused = |problem: &str| {
        Error::denied(format!(
            "the SSO token of {} {problem}",
            described(&login.profile)
        ))
        .with_detail(format!("it is in `{shown_path}`"))
        .with_hint(login.way_in())
    };
    let bytes = file::read_up_to(&path, file::MAX_SETTINGS_BYTES, session.deadline)
        .map_err(|source| refused("cannot be read").with_source(source))?;
    let Some(Ok(Value::Object(token))) = bytes.expose_text().map(json::loads) else {
        return Err(refused("is not a JSON object"));
    };
    let text = |name: &str| token.get(name).and_then(Value::as_str);
    let (Some(access_token), Some(expiry)) = (text("accessToken"), text("expiresAt")) else {
        return Err(refused("has no `accessToken` or no `expiresAt`"));
    };
    let expiry = timestamp::parse(expiry).ok_or_else(|| refused("has an `expiresAt` that is not a time"))?;
    let now = SystemTime::now();
    let is_due = login.session_name.is_some() && expiry < now + REFRESH_WINDOW;
    let new = if is_due {
        refreshed(session, login, &token).await?
    } else {
        None
    };
    if let Some(new) = new {
        let access_token = new.get("accessToken").and_then(Value::as_str);
        let access_token = Secret::from(access_token.unwrap_or_default());
        let bytes = Secret::from(dumps(&Value::Object(new)));
        // If it cannot be saved, it serves this command alone.
        drop(file::replace(&path, bytes, session.deadline));
        return Ok(access_token);
    }
    if expiry <= now {
        return Err(refused("has expired"));
    }
    Ok(Secret::from(access_token))
}

/// Returns a new token; `None` when this one cannot be refreshed, or the service refuses.
async fn refreshed(session: &SessionSettings, login: &Login, token: &Object) -> Result<Option<Object>> {
    let text = |name: &str| token.get(name).and_then(Value::as_str);
    let fields = REFRESH_FIELDS.map(text);
    let [
        Some(refresh_token),
        Some(client),
        Some(client_secret),
        Some(registered_until),
    ] = fields
    else {
        return Ok(None);
    };
    if timestamp::parse(registered_until).is_none_or(|time| time <= SystemTime::now()) {
        return Ok(None);
    }
    let endpoint = Endpoint::resolve(&SSO_OIDC, session, Some(&login.region), None)?;
    let pair = |name: &str, value: &str| (name.to_owned(), Value::String(value.to_owned()));
    let body: Object = [
        pair("grantType", "refresh_token"),
        pair("clientId", client),
        pair("clientSecret", client_secret),
        pair("refreshToken", refresh_token),
    ]
    .into_iter()
    .collect();
    let url = format!("{}/token", endpoint.url.trim_end_matches('/'));
    let body = Secret::from(dumps(&Value::Object(body)));
    let request = ServiceRequest::post(url, "application/json", body);
    let retry = RetrySettings::configured(session)?;
    let response = session
        .send(None, None, retry.policy(), request)
        .await
        .map_err(|failure| unreachable(WHAT, failure).or_hint("check the network and its proxy"))?;
    let answer = object(&response).filter(|_| response.status == 200);
    let Some(answer) = answer else {
        return Ok(None);
    };
    let (Some(access_token), Some(Value::Int(seconds))) = (
        answer.get("accessToken").and_then(Value::as_str),
        answer.get("expiresIn"),
    ) else {
        return Err(Error::unavailable(format!("{WHAT} answered without a token")).with_hint(login.way_in()));
    };
    let lifetime = Duration::from_secs(seconds.parse().unwrap_or_default());
    let expiry = SystemTime::now()
        .checked_add(lifetime)
        .unwrap_or(SystemTime::now());
    let mut new: Object = [
        pair("startUrl", &login.start_url),
        pair("region", &login.region),
        pair("accessToken", access_token),
        pair("expiresAt", &timestamp::written(expiry)),
        pair("clientId", client),
        pair("clientSecret", client_secret),
        pair("registrationExpiresAt", registered_until),
    ]
    .into_iter()
    .collect();
    if let Some(Value::String(refresh_token)) = answer.get("refreshToken") {
        new.extend([pair("refreshToken", refresh_token)]);
    }
    Ok(Some(new))
}
