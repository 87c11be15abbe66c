//! `aws_iam`: `POST auth/aws/login` with a signed `GetCallerIdentity`, which Vault sends to AWS to verify the identity.
//!
//! Sources: apache-airflow-providers-hashicorp 4.8.4, `vault_client.py` (`_auth_aws_iam`); hvac 2.4.0,
//! `api/auth_methods/aws.py` (`iam_login`), `aws_utils.py`. A deliberate difference: a session without a region signs for
//! `us-east-1`, where Airflow fails.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services};
use crate::cloud::aws::{Chain, Credentials, sts};
use crate::error::Result;
use crate::python::json::{Object, Value, dumps};
use crate::secret::Secret;

/// The kwargs that give an access key, for a hint.
const KEYS: &str = "`key_id` and `secret_id`";

#[derive(Debug)]
pub(super) struct AwsIam {
    mount: String,
    role: Value,
    region: Option<String>,
    source: Source,
}

/// Where the credentials are.
#[derive(Debug)]
enum Source {
    Given(Credentials),
    Chain(Chain),
    AssumeRole(Chain, Object),
}

impl AwsIam {
    pub(super) fn boxed(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("aws");
        let source = match (
            kwargs.shown("key_id"),
            kwargs.shown("secret_id").map(Secret::from),
        ) {
            (Some(access_key), Some(secret_key)) => Source::Given(Credentials {
                access_key,
                secret_key,
                session_token: None,
                expires_at: None,
            }),
            _ => match kwargs.object("assume_role_kwargs")? {
                empty if empty.is_empty() => Source::Chain(Chain::new(env, KEYS)),
                assume_role => {
                    sts::check("assume_role_kwargs", &assume_role)?;
                    Source::AssumeRole(Chain::new(env, KEYS), assume_role)
                }
            },
        };
        Ok(Box::new(Self {
            mount,
            role: Some(kwargs.value("role_id"))
                .filter(Value::is_truthy)
                .unwrap_or(Value::Null),
            region: kwargs.text("region")?,
            source,
        }))
    }

    async fn login(&self, services: &Services) -> Result<Login> {
        let (credentials, session_region) = match &self.source {
            Source::Given(credentials) => (credentials.clone(), None),
            Source::Chain(chain) => (chain.credentials(services).await?, chain.region(services)),
            Source::AssumeRole(chain, parameters) => (
                chain.assume_role(services, parameters).await?,
                chain.region(services),
            ),
        };
        let region = self.region.as_deref().or(session_region.as_deref());
        let signed = sts::caller_identity(&credentials, region, SystemTime::now());
        let headers = signed.headers.into_iter().map(|(name, value)| {
            let value = value.expose_text().unwrap_or_default().to_owned();
            (name.to_owned(), Value::List(vec![Value::String(value)]))
        });
        let headers = Secret::from(dumps(&Value::Object(headers.collect())));
        let base64 = |bytes: &[u8]| Value::String(STANDARD.encode(bytes));
        let login = Login::new(
            &self.mount,
            [
                ("iam_http_request_method", Value::String("POST".to_owned())),
                ("iam_request_url", base64(signed.url.as_bytes())),
                ("iam_request_headers", base64(headers.expose())),
                ("iam_request_body", base64(signed.body.as_bytes())),
                ("role", self.role.clone()),
            ],
        );
        let login = login.holding(credentials.secret_key);
        Ok(match credentials.session_token {
            Some(token) => login.holding(token),
            None => login,
        })
    }
}

impl Method for AwsIam {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(async move { self.login(services).await.map(Credential::Login) })
    }

    fn secrets(&self) -> Vec<Secret> {
        match &self.source {
            Source::Given(credentials) => vec![credentials.secret_key.clone()],
            _ => Vec::new(),
        }
    }

    fn refusal_hint(&self) -> &'static str {
        "`role_id` may not be bound to this AWS identity, or Vault requires a server id header, which Airflow does not send"
    }
}
