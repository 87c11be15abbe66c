//! `aws_iam`: `POST auth/aws/login` with a signed `GetCallerIdentity`, which Vault sends to AWS to verify the identity.
//!
//! Sources: apache-airflow-providers-hashicorp 4.8.4, `vault_client.py` (`_auth_aws_iam`); hvac 2.4.0,
//! `api/auth_methods/aws.py` (`iam_login`), `aws_utils.py`. A deliberate difference: a session without a region signs for
//! `us-east-1`, where Airflow fails.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services};
use crate::cloud::aws::sts::{self, Action, StsOptions};
use crate::cloud::aws::{Credentials, Session, SessionOptions};
use crate::error::Result;
use crate::python::json::{Object, Value, dumps};
use crate::secret::Secret;

/// The kwargs that give an access key, for a hint.
const KEYS: &str = "`key_id` and `secret_id`";

/// Where the role to assume comes from, for messages.
const ASSUME_ROLE_PLACE: &str = "backend kwarg `assume_role_kwargs`";

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
    Session(Env),
    AssumeRole(Env, Object),
}

impl AwsIam {
    pub(super) fn boxed(mut kwargs: AuthKwargs, env: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("aws");
        let source = match (
            kwargs.shown("key_id"),
            kwargs.shown("secret_id").map(Secret::from),
        ) {
            (Some(access_key), Some(secret_key)) => {
                Source::Given(Credentials::new(access_key, secret_key, None))
            }
            _ => match kwargs.object("assume_role_kwargs")? {
                empty if empty.is_empty() => Source::Session(env.clone()),
                assume_role => {
                    sts::check("assume_role_kwargs", &assume_role)?;
                    Source::AssumeRole(env.clone(), assume_role)
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
            Source::Session(env) => {
                let session = session(env, services)?;
                let credentials = session.credentials(services).await?;
                (credentials, session.region().map(str::to_owned))
            }
            Source::AssumeRole(env, parameters) => {
                let session = session(env, services)?;
                let own = session.credentials(services).await?;
                let (options, action) = (StsOptions::default(), Action::AssumeRole(&own));
                let credentials =
                    sts::assume(&session, &options, action, parameters, ASSUME_ROLE_PLACE).await?;
                (credentials, session.region().map(str::to_owned))
            }
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

fn session(env: &Env, services: &Services) -> Result<Session> {
    let options = SessionOptions {
        kwargs_hint: KEYS,
        ..SessionOptions::default()
    };
    Session::new(env, options, services.deadline)
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
