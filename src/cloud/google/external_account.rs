//! An identity of another provider: its token is exchanged for Google's, and that for a service account's if the file says so.
//!
//! Source: google-auth 2.63.0, `external_account.py`, `identity_pool.py`, `oauth2/sts.py` (`exchange_token`).

use super::aws_subject::AwsSource;
use super::credential::{Credential, Scopes, required};
use super::executable::Executable;
use super::impersonated::Impersonated;
use super::subject_token::TokenSource;
use super::token_endpoint::{Endpoint, basic};
use super::{AccessToken, DEFAULT_UNIVERSE, TokenContext};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::python::json::{Object, Value, dumps};
use crate::python::quote::quote_path;
use crate::secret::Secret;

/// The type of a token that is a signed request to AWS.
const AWS_TOKEN: &str = "urn:ietf:params:aws:token-type:aws4_request";

/// Where the identity's own token comes from.
pub(super) enum Source {
    FileOrUrl(TokenSource),
    Executable(Executable),
    Aws(AwsSource),
}

/// An external account, with or without a service account to impersonate.
pub(super) struct ExternalAccount {
    exchange: Exchange,
    /// Impersonates a service account with the token of the same exchange.
    impersonated: Option<Impersonated>,
    /// The number of the pool's project, or the project that pays for a user.
    project_number: Option<String>,
}

/// The exchange of the identity's token at Google's Security Token Service.
struct Exchange {
    source: Source,
    audience: String,
    subject_token_type: String,
    token_url: String,
    /// `client_id` and `client_secret`, as Basic authentication.
    authorization: Option<Secret>,
    /// The project that pays for a user of a workforce pool.
    user_project: Option<String>,
    universe: String,
}

impl ExternalAccount {
    /// Reads the object of a file.
    ///
    /// # Errors
    /// A field that is missing or cannot be used, with status 2.
    pub(super) fn from_object(what: &str, object: &Object) -> Result<Self> {
        let exchange = Exchange::from_object(what, object)?;
        let audience = exchange.audience.clone();
        let mut components = audience
            .split('/')
            .skip_while(|component| *component != "projects");
        let number = components.nth(1).filter(|number| !number.is_empty());
        let project_number = number
            .map(str::to_owned)
            .or_else(|| exchange.user_project.clone());
        let impersonated = match text(object, "service_account_impersonation_url") {
            None => None,
            Some(url) => {
                let options = object
                    .get("service_account_impersonation")
                    .and_then(Value::as_object);
                let lifetime = match options.and_then(|options| options.get("token_lifetime_seconds")) {
                    Some(Value::Int(seconds) | Value::String(seconds)) => Some(seconds.as_str()),
                    _ => None,
                };
                let source = Box::new(Exchange::from_object(what, object)?);
                let quota = text(object, "quota_project_id").map(str::to_owned);
                Some(Impersonated::of_external(what, source, quota, url, lifetime)?)
            }
        };
        Ok(Self {
            exchange,
            impersonated,
            project_number,
        })
    }

    /// Returns the number of the project whose pool it is, or the project that pays for a user.
    pub(super) fn project_number(&self) -> Option<&str> {
        self.project_number.as_deref()
    }
}

impl Exchange {
    fn from_object(what: &str, object: &Object) -> Result<Self> {
        let audience = required(what, object, "audience")?;
        let subject_token_type = required(what, object, "subject_token_type")?;
        let universe = text(object, "universe_domain").unwrap_or(DEFAULT_UNIVERSE);
        let token_url = required(what, object, "token_url")?.replace("{universe_domain}", universe);
        let user_project = text(object, "workforce_pool_user_project").map(str::to_owned);
        if user_project.is_some() && !is_workforce_pool(&audience) {
            return Err(Error::usage(format!(
                "{what} has `workforce_pool_user_project`, but its audience is not a workforce pool"
            )));
        }
        let Some(Value::Object(source)) = object.get("credential_source") else {
            return Err(Error::usage(format!("{what} lacks `credential_source`")));
        };
        let source = if subject_token_type == AWS_TOKEN {
            Source::Aws(AwsSource::from_object(what, source, &audience)?)
        } else if let Some(Value::Object(executable)) = source.get("executable") {
            let executable = Executable::from_object(what, executable, &audience, &subject_token_type)?;
            Source::Executable(executable)
        } else {
            Source::FileOrUrl(TokenSource::from_object(what, source)?)
        };
        let client_id = text(object, "client_id");
        Ok(Self {
            source,
            token_url,
            authorization: client_id
                .map(|client_id| basic(client_id, text(object, "client_secret").unwrap_or_default())),
            user_project,
            universe: universe.to_owned(),
            audience,
            subject_token_type,
        })
    }

    async fn exchanged(&self, context: &TokenContext, scopes: &Scopes) -> Result<AccessToken> {
        let subject_token = match &self.source {
            Source::FileOrUrl(source) => source.token(context).await?,
            Source::Executable(executable) => executable.token(context).await?,
            Source::Aws(source) => source.token(context).await?,
        };
        let scopes = scopes.or_cloud_platform().join(" ");
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", self.audience.as_str()),
            ("scope", &scopes),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("subject_token", subject_token.expose_text().unwrap_or_default()),
            ("subject_token_type", &self.subject_token_type),
        ];
        let options = self
            .user_project
            .as_ref()
            .filter(|_| self.authorization.is_none());
        let options = options.map(|project| {
            let mut options = Object::new();
            options.insert("userProject".to_owned(), project.as_str().into());
            quote_path(&dumps(&Value::Object(options)))
        });
        if let Some(options) = &options {
            form.push(("options", options));
        }
        let endpoint = Endpoint {
            what: "Google's Security Token Service",
            url: &self.token_url,
            hint: "check the pool's provider and its conditions, and the `audience` of the file",
        };
        endpoint
            .post_form(context, &form, self.authorization.clone())
            .await
    }
}

impl Credential for Exchange {
    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.exchanged(context, scopes))
    }

    fn universe(&self) -> &str {
        &self.universe
    }
}

impl Credential for ExternalAccount {
    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        match &self.impersonated {
            Some(impersonated) => impersonated.token(context, scopes),
            None => self.exchange.token(context, scopes),
        }
    }

    fn universe(&self) -> &str {
        &self.exchange.universe
    }
}

/// Whether `audience` begins as that of a workforce pool: `//iam.googleapis.com/locations/<any>/workforcePools/`.
fn is_workforce_pool(audience: &str) -> bool {
    let location = audience.strip_prefix("//iam.googleapis.com/locations/");
    location
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(location, rest)| !location.is_empty() && rest.starts_with("workforcePools/"))
}
