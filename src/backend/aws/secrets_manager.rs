//! AWS Secrets Manager: `GetSecretValue`, and its text as a connection, a variable or an option.
//!
//! Facts: `secrets/secrets_manager.py` of apache-airflow-providers-amazon 9.39.0;
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>.

use super::lookups::{Lookups, Naming};
use super::words::{EXTRA_CONN_WORDS, Words};
use super::{Shelf, Store, list};
use crate::backend::{Context, SecretsBackend};
use crate::cloud::aws::endpoint::{SECRETS_MANAGER, Service};
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";

/// Builds the backend from its kwargs, without sending anything.
///
/// # Errors
/// A kwarg that cannot be used, with status 2.
pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
    Store::<SecretsManager>::boxed(kwargs, context)
}

struct SecretsManager {
    words: Words,
}

impl Shelf for SecretsManager {
    const CLASS_PATH: &'static str = CLASS_PATH;
    const SERVICE: &'static Service = &SECRETS_MANAGER;
    const API_VERSION: &'static str = "2017-10-17";
    const NOUN: &'static str = "secret";
    const FIELD: &'static str = "secret_id";
    const OPERATION: &'static str = "GetSecretValue";
    const PERMISSION: &'static str = "secretsmanager:GetSecretValue";
    const RESOURCE: [&'static str; 2] = ["secret:", "-??????"];
    const LIST_OPERATION: &'static str = "ListSecrets";
    const LIST_PERMISSION: &'static str = "secretsmanager:ListSecrets";
    const KWARGS: &'static [&'static str] = &["sep", EXTRA_CONN_WORDS];

    fn new(kwargs: &mut Kwargs) -> Result<(Self, Lookups)> {
        let sep = kwargs.text_needed("sep", "/")?;
        let words = Words::new(kwargs)?;
        let prefixes = ["airflow/connections", "airflow/variables", "airflow/config"];
        let lookups = Lookups::new(Naming::Separator(sep), kwargs, prefixes)?;
        Ok((Self { words }, lookups))
    }

    fn question(name: &str) -> Object {
        Object::from_iter([("SecretId".to_owned(), Value::from(name))])
    }

    fn list_question(starts: &[&str]) -> Object {
        let mut question = Object::from_iter([("MaxResults".to_owned(), Value::Int("100".to_owned()))]);
        // A `!` at the beginning of a filter negates it.
        let is_usable = |start: &&str| !start.starts_with('!') && start.len() <= 512;
        if !starts.is_empty() && starts.iter().all(is_usable) {
            let filter = list::filter([
                ("Key", "name".into()),
                (
                    "Values",
                    Value::List(starts.iter().map(|start| Value::from(*start)).collect()),
                ),
            ]);
            question.insert("Filters".to_owned(), filter);
        }
        question
    }

    fn listed(page: &Object) -> Option<Vec<String>> {
        list::names(page, "SecretList")
    }

    fn value(&self, kind: SecretKind, mut answer: Object) -> Result<Answer> {
        let secret = match answer.swap_remove("SecretString") {
            Some(Value::String(text)) => Secret::from(text),
            None | Some(Value::Null) if answer.contains_key("SecretBinary") => {
                return Err(
                    Error::malformed("the secret is binary, which Airflow does not read")
                        .with_hint("store it as text, with `--secret-string`"),
                );
            }
            None | Some(Value::Null) => {
                return Err(Error::unavailable(
                    "AWS Secrets Manager answered without a secret",
                ));
            }
            Some(other) => {
                let what = other.described();
                return Err(Error::malformed(format!("the secret is {what}, not text")));
            }
        };
        let secret = if kind == SecretKind::Connection {
            self.words.standardized(secret)?
        } else {
            secret
        };
        Ok(Answer::Found(Found::Text(secret)))
    }

    fn about_absence(code: &str) -> Option<&'static str> {
        (code == "InvalidRequestException")
            .then_some("if it was deleted by mistake, restore it with `aws secretsmanager restore-secret`")
    }
}
