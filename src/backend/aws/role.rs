//! The role that a client assumes: `role_arn` and the kwargs beside it.
//!
//! Facts: `_get_assume_role_configs` in `utils/connection_wrapper.py`, `_assume_role` and
//! `_get_web_identity_credential_fetcher` in `hooks/base_aws.py` of apache-airflow-providers-amazon 9.39.0. Without `role_arn`,
//! none of them is read. Must not send anything: `cloud::aws::role` does.

use std::time::Instant;

use super::sts_config;
use crate::cloud::aws::role::{Role, RoleMethod};
use crate::cloud::aws::sts::StsOptions;
use crate::cloud::google::IdTokens;
use crate::cloud::services::Services;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::nearest::nearest;
use crate::python::json::{Object, Value};
use crate::shown::shown;

const METHOD: &str = "assume_role_method";
const PARAMETERS: &str = "assume_role_kwargs";
const FEDERATION: &str = "assume_role_with_web_identity_federation";
const TOKEN_FILE: &str = "assume_role_with_web_identity_token_file";
const AUDIENCE: &str = "assume_role_with_web_identity_federation_audience";
const TOKEN_FILE_VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// The kwargs that have an effect only beside `role_arn`.
pub(super) const KWARGS: &[&str] = &[
    METHOD,
    PARAMETERS,
    FEDERATION,
    TOKEN_FILE,
    AUDIENCE,
    "assume_role_with_saml",
    "service_config",
];

const METHODS: &[&str] = &[
    "assume_role",
    "assume_role_with_web_identity",
    "assume_role_with_saml",
];

/// The kwargs that a role comes from, for messages.
const PLACE: &str = "the backend kwargs `role_arn` and `assume_role_kwargs`";

/// A role of the kwargs.
pub(super) struct AssumedRole {
    parameters: Object,
    options: StsOptions,
    identity: Identity,
}

/// Who assumes the role.
enum Identity {
    /// The session, or the owner of a token in a file.
    Known(RoleMethod),
    /// This machine, by a token of Google's for `audience`.
    Google { audience: Option<String> },
}

/// Takes the kwargs; `None` without `role_arn`. `session_name` is the name of the role's session unless a parameter has one.
///
/// # Errors
/// Kwargs with which Airflow could not assume the role, with status 2.
pub(super) fn role(
    kwargs: &mut Kwargs,
    env: &Env,
    config: &StsOptions,
    session_name: &str,
) -> Result<Option<AssumedRole>> {
    let Some(role_arn) = kwargs.truthy_text("role_arn")? else {
        return Ok(None);
    };
    let identity = identity(kwargs, env)?;
    let mut parameters = Object::new();
    if matches!(identity, Identity::Known(RoleMethod::Keys)) {
        parameters.insert("RoleSessionName".to_owned(), Value::from(session_name));
    }
    parameters.extend(kwargs.object(PARAMETERS)?.unwrap_or_default());
    // An overridden ARN stands where it was, as in a Python dictionary.
    parameters.insert("RoleArn".to_owned(), Value::String(role_arn));
    let options = StsOptions {
        endpoint_url: sts_endpoint(kwargs)?,
        ..config.clone()
    };
    Ok(Some(AssumedRole {
        parameters,
        options,
        identity,
    }))
}

impl AssumedRole {
    /// Returns how STS is asked.
    pub(super) fn options(&self) -> &StsOptions {
        &self.options
    }

    /// Returns the role, with Google's token for this machine where that proves who assumes it.
    ///
    /// # Errors
    /// No credentials of Google's, or a refusal, with status 4; no answer, 5; a file that cannot be used, 2.
    pub(super) async fn proven(&self, env: &Env, deadline: Instant) -> Result<Role> {
        let method = match &self.identity {
            Identity::Known(method) => method.clone(),
            Identity::Google { audience } => {
                let services = Services::new(env, deadline);
                let tokens = IdTokens::with_gcloud(env);
                let audience = audience.as_deref().unwrap_or_default();
                RoleMethod::Token(tokens.token(services, audience).await?)
            }
        };
        Ok(Role {
            parameters: self.parameters.clone(),
            options: self.options.clone(),
            method,
            place: PLACE,
        })
    }
}

fn identity(kwargs: &mut Kwargs, env: &Env) -> Result<Identity> {
    let name = kwargs.text_or(METHOD, METHODS[0])?.unwrap_or_default();
    match name.as_str() {
        "assume_role" => Ok(Identity::Known(RoleMethod::Keys)),
        "assume_role_with_web_identity" => web_identity(kwargs, env),
        "assume_role_with_saml" => Err(Error::usage(format!(
            "backend kwarg `{METHOD}` is `{name}`, which is not supported: it is a Kerberos login at an identity provider"
        ))
        .with_hint(
            "use `assume_role`, or get credentials with another program in the AWS profile's `credential_process`",
        )),
        other => {
            let error =
                Error::usage(format!("backend kwarg `{METHOD}` is `{}`, which is unknown", shown(other)));
            Err(match nearest(other, METHODS) {
                Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                None => error.with_hint(format!("it is one of `{}`", METHODS.join("`, `"))),
            })
        }
    }
}

fn web_identity(kwargs: &mut Kwargs, env: &Env) -> Result<Identity> {
    match kwargs.text(FEDERATION)?.as_deref() {
        Some("file") => token_file(kwargs, env).map(Identity::Known),
        Some("google") => Ok(Identity::Google {
            audience: kwargs.text(AUDIENCE)?,
        }),
        other => Err(Error::usage(format!(
            "backend kwarg `{FEDERATION}` must be `file` or `google`{}",
            other.map_or_else(String::new, |other| format!(", not `{}`", shown(other)))
        ))
        .with_hint(format!(
            "the token is then in `{TOKEN_FILE}`, or in the file of `{TOKEN_FILE_VARIABLE}`"
        ))),
    }
}

fn token_file(kwargs: &mut Kwargs, env: &Env) -> Result<RoleMethod> {
    if let Some(path) = kwargs.truthy_text(TOKEN_FILE)? {
        return Ok(RoleMethod::TokenFile {
            path,
            place: "the backend kwarg `assume_role_with_web_identity_token_file`",
        });
    }
    match env.non_empty(TOKEN_FILE_VARIABLE) {
        Some(path) => Ok(RoleMethod::TokenFile {
            path: path.to_owned(),
            place: "`AWS_WEB_IDENTITY_TOKEN_FILE`",
        }),
        None => Err(Error::usage(format!(
            "backend kwarg `{FEDERATION}` is `file`, but no file is named"
        ))
        .with_hint(format!(
            "set the kwarg `{TOKEN_FILE}`, or the variable `{TOKEN_FILE_VARIABLE}`"
        ))),
    }
}

/// Returns `service_config.sts.endpoint_url`, the only entry that has an effect.
fn sts_endpoint(kwargs: &mut Kwargs) -> Result<Option<String>> {
    let wrong = |what: &str| {
        Error::usage(format!("backend kwarg `service_config` must have {what}"))
            .with_hint(r#"for example {"sts": {"endpoint_url": "https://sts.eu-west-1.amazonaws.com"}}"#)
    };
    let config = match kwargs.take("service_config") {
        None => return Ok(None),
        Some(Value::Object(config)) => config,
        Some(_) => return Err(wrong("an object")),
    };
    let sts = match config.get("sts") {
        None => return Ok(None),
        Some(Value::Object(sts)) => sts,
        Some(_) => return Err(wrong("an object for `sts`")),
    };
    match sts.get("endpoint_url") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(url)) if !url.is_empty() => Ok(Some(url.clone())),
        Some(_) => Err(wrong("a URL as `sts.endpoint_url`")),
    }
}

/// Returns the warning about `service_config`, of which only `sts.endpoint_url` has an effect.
pub(super) fn useless_service_config(config: &Value) -> Option<String> {
    let config = config.as_object()?;
    let useless: Vec<String> = config
        .iter()
        .flat_map(|(service, options)| {
            let options = options.as_object();
            options
                .into_iter()
                .flatten()
                .map(move |(option, _)| (service, option))
        })
        .filter(|(service, option)| (service.as_str(), option.as_str()) != ("sts", "endpoint_url"))
        .map(|(service, option)| format!("`{}.{}`", shown(service), shown(option)))
        .collect();
    (!useless.is_empty()).then(|| {
        format!(
            "backend kwarg `service_config`: {} has no effect, as in Airflow; only `sts.endpoint_url` has one",
            useless.join(", ")
        )
    })
}

/// Reads `config_kwargs`. `None` when there are none.
pub(super) fn config_kwargs(kwargs: &mut Kwargs) -> Result<Option<(Object, StsOptions)>> {
    match kwargs.object(sts_config::CONFIG_KWARGS)? {
        None => Ok(None),
        Some(config) => {
            let options = sts_config::options(&config)?;
            Ok(Some((config, options)))
        }
    }
}
