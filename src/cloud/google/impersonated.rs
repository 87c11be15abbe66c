//! Another service account's token, which IAM makes for whoever may impersonate that account.
//!
//! Source: google-auth 2.63.0, `impersonated_credentials.py`; apache-airflow-providers-google 22.8.0,
//! `utils/credentials_provider.py` (`_get_target_principal_and_delegates`, `_get_project_id_from_service_account_email`).

use super::authorized_user::AuthorizedUser;
use super::credential::{Credential, Scopes, required};
use super::external_user::ExternalUser;
use super::key::ServiceAccountKey;
use super::service_account::ServiceAccount;
use super::token_endpoint::Endpoint;
use super::{AccessToken, TokenContext};
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::python::json::{Object, Value};
use crate::python::quote::quote;
use crate::secret::Secret;
use crate::shown::shown;

/// How long the token is valid.
const LIFETIME: &str = "3600s";

/// The end of the URL that makes a token.
const GENERATE: &str = ":generateAccessToken";

pub(super) struct Impersonated {
    source: Box<dyn Credential>,
    /// The quota project of the source, which pays for the request to IAM.
    source_quota_project: Option<String>,
    target: String,
    /// The accounts between the source and the target: null or a list, as it is sent.
    delegates: Value,
    /// The scopes of the file.
    scopes: Vec<String>,
    /// The URL and the lifetime that an external account names.
    endpoint: Option<String>,
    lifetime: String,
}

impl Impersonated {
    /// Impersonates the last account of `chain` with `source`.
    pub(super) fn new(
        source: Box<dyn Credential>,
        source_quota_project: Option<String>,
        chain: &Chain,
    ) -> Self {
        Self {
            source,
            source_quota_project,
            target: chain.target.clone(),
            delegates: chain.delegates.clone(),
            scopes: Vec::new(),
            endpoint: None,
            lifetime: LIFETIME.to_owned(),
        }
    }

    /// Impersonates the account of an external account's `service_account_impersonation_url`.
    ///
    /// # Errors
    /// A URL that names no account, with status 2.
    pub(super) fn of_external(
        what: &str,
        source: Box<dyn Credential>,
        source_quota_project: Option<String>,
        url: &str,
        lifetime_seconds: Option<&str>,
    ) -> Result<Self> {
        Ok(Self {
            source,
            source_quota_project,
            target: account_of(what, url)?,
            delegates: Value::Null,
            scopes: Vec::new(),
            endpoint: Some(url.to_owned()),
            lifetime: lifetime_seconds.map_or_else(|| LIFETIME.to_owned(), |seconds| format!("{seconds}s")),
        })
    }

    /// Reads the object of a file of type `impersonated_service_account`.
    ///
    /// # Errors
    /// A field that is missing or cannot be used, with status 2.
    pub(super) fn from_object(what: &str, object: &Object) -> Result<Self> {
        let Some(Value::Object(inner)) = object.get("source_credentials") else {
            return Err(Error::usage(format!("{what} lacks `source_credentials`")));
        };
        let what_inner = format!("`source_credentials` of {what}");
        let source: Box<dyn Credential> = match text(inner, "type") {
            Some("authorized_user") => Box::new(AuthorizedUser::from_object(&what_inner, inner)?),
            Some("service_account") => Box::new(ServiceAccount::new(ServiceAccountKey::from_object(
                &what_inner,
                inner,
            )?)),
            Some("external_account_authorized_user") => {
                Box::new(ExternalUser::from_object(&what_inner, inner)?)
            }
            kind => {
                return Err(Error::usage(format!(
                    "{what} has `source_credentials` of type `{}`, which cannot impersonate",
                    shown(kind.unwrap_or_default())
                ))
                .with_hint(
                    "the types are `authorized_user`, `service_account`, `external_account_authorized_user`",
                ));
            }
        };
        let is_key = text(inner, "type") == Some("service_account");
        let url = required(what, object, "service_account_impersonation_url")?;
        Ok(Self {
            source,
            source_quota_project: text(inner, "quota_project_id")
                .filter(|_| !is_key)
                .map(str::to_owned),
            target: account_of(what, &url)?,
            delegates: object.get("delegates").cloned().unwrap_or(Value::Null),
            scopes: match object.get("scopes") {
                Some(Value::List(scopes)) => scopes
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                Some(Value::String(scope)) if !scope.is_empty() => vec![scope.clone()],
                _ => Vec::new(),
            },
            endpoint: None,
            lifetime: LIFETIME.to_owned(),
        })
    }

    async fn generate(&self, context: &TokenContext, scopes: &Scopes) -> Result<AccessToken> {
        let token = self.source.token(context, &Scopes::Iam).await?;
        let scopes = match scopes {
            Scopes::Default if !self.scopes.is_empty() => self.scopes.iter().map(String::as_str).collect(),
            scopes => scopes.or_cloud_platform(),
        };
        let mut body = Object::new();
        body.insert("delegates".to_owned(), self.delegates.clone());
        let scopes = scopes.into_iter().map(Value::from).collect();
        body.insert("scope".to_owned(), Value::List(scopes));
        body.insert("lifetime".to_owned(), self.lifetime.as_str().into());
        let url = self.endpoint.clone().unwrap_or_else(|| self.url(GENERATE));
        let answer = endpoint(&url)
            .post_json(context, body, &token, self.source_quota_project.as_deref())
            .await;
        answer.map_err(|error| self.named(error))
    }

    /// Returns an ID token for `audience`.
    ///
    /// # Errors
    /// As [`Credential::token`].
    pub(super) async fn id_token(&self, context: &TokenContext, audience: &str) -> Result<Secret> {
        let token = self.source.token(context, &Scopes::Iam).await?;
        let mut body = Object::new();
        body.insert("audience".to_owned(), audience.into());
        body.insert("delegates".to_owned(), self.delegates.clone());
        body.insert("includeEmail".to_owned(), Value::Bool(true));
        let url = self.url(":generateIdToken");
        let endpoint = endpoint(&url);
        let answer = endpoint
            .json(context, body, &token, self.source_quota_project.as_deref())
            .await
            .map_err(|error| self.named(error))?;
        text(&answer, "token")
            .map(Secret::from)
            .ok_or_else(|| endpoint.without_token())
    }

    /// Returns the URL of `method` for the account.
    fn url(&self, method: &str) -> String {
        let account = quote(&self.target).replace("%40", "@");
        let universe = self.source.universe();
        format!("https://iamcredentials.{universe}/v1/projects/-/serviceAccounts/{account}{method}")
    }

    /// Names the account in an error.
    fn named(&self, error: Error) -> Error {
        error.with_detail(format!("for the service account `{}`", shown(&self.target)))
    }
}

/// Returns the endpoint of IAM at `url`.
fn endpoint(url: &str) -> Endpoint<'_> {
    Endpoint {
        what: "Google's IAM",
        url,
        hint: "the source needs the role `Service Account Token Creator` on the account that it impersonates",
    }
}

impl Credential for Impersonated {
    fn account(&self) -> Option<&str> {
        Some(&self.target)
    }

    fn token<'a>(
        &'a self,
        context: &'a TokenContext,
        scopes: &'a Scopes,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(self.generate(context, scopes))
    }

    fn universe(&self) -> &str {
        self.source.universe()
    }
}

/// The accounts of the kwarg `impersonation_chain`.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(super) target: String,
    pub(super) delegates: Value,
}

impl Chain {
    /// Takes text, which is one account, or a list, whose last account is impersonated.
    ///
    /// Returns `None` when there is no account to impersonate.
    pub(super) fn new(mut accounts: Vec<String>, is_list: bool) -> Option<Self> {
        let target = accounts.pop().filter(|target| !target.is_empty())?;
        let delegates = if is_list {
            Value::List(accounts.into_iter().map(Value::String).collect())
        } else {
            Value::Null
        };
        Some(Self { target, delegates })
    }
}

/// Returns the project in a service account's address: what stands between `@` and the first `.`.
pub(crate) fn project_of(email: &str) -> Option<&str> {
    let host = email.split('@').nth(1)?;
    host.split('.').next()
}

/// Returns the account in the URL that makes a token for it.
fn account_of(what: &str, url: &str) -> Result<String> {
    let account = url.find(GENERATE).and_then(|end| {
        let start = url.rfind('/')?;
        url.get(start + 1..end)
    });
    account
        .filter(|account| !account.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            Error::usage(format!(
                "`service_account_impersonation_url` of {what} names no service account"
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_stands_between_the_at_sign_and_the_first_dot() {
        assert_eq!(project_of("a@p.iam.gserviceaccount.com"), Some("p"));
        assert_eq!(project_of("a@p@q.x"), Some("p"));
        assert_eq!(project_of("a@"), Some(""));
        assert_eq!(project_of("a"), None);
    }

    #[test]
    fn a_chain_is_its_last_account_and_those_before_it() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let chain = Chain::new(texts(&["a@p", "b@p"]), true).expect("a chain");
        assert_eq!(chain.target, "b@p");
        assert_eq!(chain.delegates, Value::List(vec!["a@p".into()]));
        let chain = Chain::new(texts(&["a@p"]), false).expect("a chain");
        assert!(chain.delegates.is_null());
        assert!(Chain::new(texts(&["a@p", ""]), true).is_none());
    }

    #[test]
    fn the_account_is_the_last_segment_of_the_url() {
        let url =
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@p.iam:generateAccessToken";
        assert_eq!(account_of("x", url).expect("an account"), "a@p.iam");
        for url in [
            "",
            "https://h/a@p",
            ":generateAccessToken/x",
            "https://h/:generateAccessToken",
        ] {
            assert!(account_of("x", url).is_err(), "{url}");
        }
    }
}
