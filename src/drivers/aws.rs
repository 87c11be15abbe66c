//! AWS: the variables that the AWS CLI and the SDKs read.
//!
//! Owns what `AwsConnectionWrapper` finds in a connection: keys, region, profile, endpoint and role. Sources:
//! apache-airflow-providers-amazon 9.39.0, `airflow/providers/amazon/aws/utils/connection_wrapper.py`, `hooks/base_aws.py`
//! (`_fetch_saml_assertion_using_http_spegno_auth`, `_get_web_identity_credential_fetcher`);
//! <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>.

use super::parts::{Parts, filled};
use super::{Content, Format, Formats, Rendered};
use crate::error::Result;
use crate::python::json::Value;

pub(super) const FORMATS: Formats = &[(Format::AwsEnv, variables)];

const ACCESS: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";

/// The keys of a connection.
pub(super) struct Keys<'a> {
    pub(super) access_key: Option<&'a str>,
    pub(super) secret_key: Option<&'a str>,
    pub(super) session_token: Option<&'a str>,
}

fn variables(parts: &Parts<'_>) -> Result<Rendered> {
    let keys = keys(parts)?;
    let mut variables = Vec::new();
    let mut set = |name: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            variables.push((name, value.into()));
        }
    };
    set("AWS_ACCESS_KEY_ID", keys.access_key);
    set("AWS_SECRET_ACCESS_KEY", keys.secret_key);
    // An empty token is none. Otherwise one of the caller's would be sent with these keys.
    let has_keys = keys.access_key.is_some() && keys.secret_key.is_some();
    set("AWS_SESSION_TOKEN", keys.session_token.or(has_keys.then_some("")));
    // The AWS CLI 1 and boto3 read the one, other SDKs the other.
    let region = parts.extra_text("region_name")?;
    set("AWS_DEFAULT_REGION", region);
    set("AWS_REGION", region);
    set("AWS_PROFILE", parts.extra_text("profile_name")?);
    set("AWS_ENDPOINT_URL", parts.extra_text("endpoint_url")?);
    let mut warnings = Vec::new();
    if let Some(role) = parts.extra_text("role_arn")? {
        let method = parts.extra_text("assume_role_method")?.unwrap_or("assume_role");
        match (method, web_identity_token_file(parts)?) {
            ("assume_role_with_web_identity", Some(file)) => set("AWS_WEB_IDENTITY_TOKEN_FILE", Some(file)),
            ("assume_role", _) if has_keys => warnings.push(
                "AWS_ROLE_ARN is for `aws sts assume-role`: with keys in the environment, no program assumes a role on its own".to_owned(),
            ),
            _ => return Err(parts.needs_a_service("`extra.role_arn` makes Airflow ask AWS for the keys of a role")),
        }
        set("AWS_ROLE_ARN", Some(role));
        match parts.truthy_extra("assume_role_kwargs") {
            None => {}
            Some(Value::Object(kwargs)) => {
                set(
                    "AWS_ROLE_SESSION_NAME",
                    kwargs.get("RoleSessionName").and_then(Value::as_str),
                );
            }
            Some(_) => return Err(parts.malformed("`extra.assume_role_kwargs` is not an object")),
        }
    }
    Ok(Rendered {
        content: Content::Variables(variables),
        quoted_secrets: [keys.secret_key, keys.session_token]
            .into_iter()
            .flatten()
            .map(Into::into)
            .collect(),
        warnings,
    })
}

/// Returns the file of the token with which the role is assumed.
fn web_identity_token_file<'a>(parts: &Parts<'a>) -> Result<Option<&'a str>> {
    match parts.extra_text("assume_role_with_web_identity_federation")? {
        Some("file") => parts.extra_text("assume_role_with_web_identity_token_file"),
        _ => Ok(None),
    }
}

/// Returns the keys: of login and password, of the extra, or of its `session_kwargs`.
///
/// # Errors
/// A key that is not text, with status 6.
pub(super) fn keys<'a>(parts: &Parts<'a>) -> Result<Keys<'a>> {
    let session = match parts.truthy_extra("session_kwargs") {
        None => None,
        Some(Value::Object(kwargs)) => Some(kwargs),
        Some(_) => return Err(parts.malformed("`extra.session_kwargs` is not an object")),
    };
    let of_session = |name: &str| session?.get(name).filter(|value| value.is_truthy());
    let text = |name: &str, value: Option<&'a Value>| match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(parts.malformed(&format!("`{name}` is not text"))),
    };
    let own = (parts.truthy_extra(ACCESS), parts.truthy_extra(SECRET));
    let (access_key, secret_key) =
        if let (Some(login), Some(password)) = (filled(parts.login), filled(parts.password)) {
            (Some(login), Some(password))
        } else {
            let others = (of_session(ACCESS), of_session(SECRET));
            let is_own = matches!(own, (Some(_), Some(_))) || !matches!(others, (Some(_), Some(_)));
            let (access, secret) = if is_own { own } else { others };
            (text(ACCESS, access)?, text(SECRET, secret)?)
        };
    Ok(Keys {
        access_key,
        secret_key,
        session_token: text(TOKEN, parts.truthy_extra(TOKEN).or_else(|| of_session(TOKEN)))?,
    })
}
