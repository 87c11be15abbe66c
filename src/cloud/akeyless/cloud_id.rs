//! `cloud_id`: the proof of a cloud that this machine runs as an account of it, in the form of Akeyless.
//!
//! Source: `akeyless_cloud_id` 0.3.2, `cloud_id.py` (`generate`, `generateGcp`, `generateAzure`). Deliberate differences: AWS keys
//! without a session token work, where the package signs the word `None`; and without `gcp_audience` the package's default
//! audience is used, where Airflow passes `None`.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cloud::aws::{Session, SessionOptions, sts};
use crate::cloud::azure::tokens::Tokens;
use crate::cloud::azure::transport::{Endpoint, Server};
use crate::cloud::azure::{self, CredentialContext, Words};
use crate::cloud::google::IdTokens;
use crate::cloud::services::Services;
use crate::env::Env;
use crate::error::Result;
use crate::http::{Client, Options, Proxies};
use crate::python::json::{Object, Value, dumps};
use crate::secret::{Redaction, Secret};

/// The region whose signature Akeyless expects.
const AWS_REGION: &str = "us-east-1";

/// What the package calls itself to AWS.
const AWS_USER_AGENT: &str = "aws-sdk-python";

/// The audience of an identity token of Google: the default of `generateGcp`.
const GOOGLE_AUDIENCE: &str = "akeyless.io";

/// The scope of a token of Azure.
const AZURE_SCOPE: &str = "https://management.azure.com/.default";

/// The words for messages about Azure's credentials.
const AZURE_WORDS: Words = Words {
    resource: "Akeyless",
    client_secret: "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`",
    managed_identity: "`AZURE_CLIENT_ID`",
};

/// A cloud that vouches for this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cloud {
    /// `aws_iam`
    Aws,
    /// `gcp`, with the audience of the identity token.
    Google { audience: Option<String> },
    /// `azure_ad`
    Azure,
}

impl Cloud {
    /// Returns the access type, as the kwarg and the login name it.
    pub(super) fn access_type(&self) -> &'static str {
        match self {
            Self::Aws => "aws_iam",
            Self::Google { .. } => "gcp",
            Self::Azure => "azure_ad",
        }
    }
}

/// Returns the proof of `cloud`.
///
/// # Errors
/// No credentials, or a refusal, with status 4; no answer, 5; credentials that cannot be used, 2.
pub(super) async fn make(cloud: &Cloud, env: &Env, deadline: Instant) -> Result<Secret> {
    match cloud {
        Cloud::Aws => aws(env, deadline).await,
        Cloud::Google { audience } => {
            let audience = audience.as_deref().unwrap_or(GOOGLE_AUDIENCE);
            let services = Services::new(env, deadline);
            let token = IdTokens::new(env).token(services, audience).await?;
            Ok(base64(token.expose()))
        }
        Cloud::Azure => azure(env, deadline).await,
    }
}

/// Signs a `GetCallerIdentity`, which Akeyless sends to AWS.
async fn aws(env: &Env, deadline: Instant) -> Result<Secret> {
    let options = SessionOptions {
        kwargs_hint: "the access type `api_key`",
        ..SessionOptions::default()
    };
    let session = Session::new(env, options, deadline)?;
    let services = Services::new(env, deadline);
    let credentials = session.credentials(&services).await?;
    let signed = sts::caller_identity(&credentials, Some(AWS_REGION), SystemTime::now());
    let mut headers = Object::new();
    for (name, value) in signed.headers.into_iter().filter(|(name, _)| *name != "Host") {
        let value = value.expose_text().unwrap_or_default();
        headers.insert(name.to_owned(), Value::List(vec![value.into()]));
    }
    headers.insert("User-Agent".to_owned(), Value::List(vec![AWS_USER_AGENT.into()]));
    let headers = Secret::from(dumps(&Value::Object(headers)));
    let part = |bytes: &[u8]| Value::String(STANDARD.encode(bytes));
    let proof = Object::from_iter([
        ("sts_request_method".to_owned(), Value::from("POST")),
        ("sts_request_url".to_owned(), part(signed.url.as_bytes())),
        ("sts_request_body".to_owned(), part(signed.body.as_bytes())),
        ("sts_request_headers".to_owned(), part(headers.expose())),
    ]);
    Ok(base64(Secret::from(dumps(&Value::Object(proof))).expose()))
}

async fn azure(env: &Env, deadline: Instant) -> Result<Secret> {
    let client = |options| Arc::new(Client::new(options));
    let options = azure::options(env, deadline);
    let direct = Options {
        proxies: Proxies::default(),
        ..options.clone()
    };
    let redactor = Arc::new(Redaction::default());
    let context = CredentialContext {
        env: env.clone(),
        sender: Arc::new(Server {
            client: client(options),
            endpoint: Endpoint::Login,
        }),
        direct: client(direct),
        redactor: Arc::clone(&redactor),
        deadline,
        words: AZURE_WORDS,
    };
    let credential = azure::build(&azure::Identity::Default, &context)?;
    let tokens = Tokens::new(credential, redactor);
    // There is no vault whose tenant would have to be known first.
    tokens.challenged(AZURE_SCOPE, None);
    let token = tokens.token(AZURE_SCOPE).await?;
    Ok(base64(token.token.secret().as_bytes()))
}

fn base64(bytes: &[u8]) -> Secret {
    Secret::from(STANDARD.encode(bytes))
}
