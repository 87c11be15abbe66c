//! AWS Systems Manager Parameter Store: `GetParameter`, decrypted.
//!
//! Facts: `secrets/systems_manager.py` of apache-airflow-providers-amazon 9.39.0;
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>.

use super::lookups::{Lookups, Naming};
use super::{Shelf, Store, list};
use crate::backend::{Context, SecretsBackend};
use crate::cloud::aws::endpoint::{PARAMETER_STORE, Service};
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::python::json::{Object, Value};
use crate::secret::Secret;
use crate::value::{Answer, Found, SecretKind};

/// Airflow's class path.
pub const CLASS_PATH: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";

/// Builds the backend from its kwargs, without sending anything.
///
/// # Errors
/// A kwarg that cannot be used, with status 2.
pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
    Store::<ParameterStore>::boxed(kwargs, context)
}

struct ParameterStore;

impl Shelf for ParameterStore {
    const CLASS_PATH: &'static str = CLASS_PATH;
    const SERVICE: &'static Service = &PARAMETER_STORE;
    const API_VERSION: &'static str = "2014-11-06";
    const NOUN: &'static str = "parameter";
    const FIELD: &'static str = "name";
    const OPERATION: &'static str = "GetParameter";
    const PERMISSION: &'static str = "ssm:GetParameter";
    const RESOURCE: [&'static str; 2] = ["parameter", ""];
    const LIST_OPERATION: &'static str = "DescribeParameters";
    const LIST_PERMISSION: &'static str = "ssm:DescribeParameters";
    const KWARGS: &'static [&'static str] = &[];

    fn new(kwargs: &mut Kwargs) -> Result<(Self, Lookups)> {
        let prefixes = ["/airflow/connections", "/airflow/variables", "/airflow/config"];
        Ok((Self, Lookups::new(Naming::Path, kwargs, prefixes)?))
    }

    fn question(name: &str) -> Object {
        Object::from_iter([
            ("Name".to_owned(), Value::from(name)),
            ("WithDecryption".to_owned(), Value::Bool(true)),
        ])
    }

    /// `GetParametersByPath` would need another permission, and would answer with values.
    fn list_question(starts: &[&str]) -> Object {
        let mut question = Object::from_iter([("MaxResults".to_owned(), Value::Int("50".to_owned()))]);
        // A filter for the root is refused, and says nothing.
        if !starts.is_empty() && starts.iter().all(|start| *start != "/" && start.len() <= 500) {
            let filter = list::filter([
                ("Key", "Name".into()),
                ("Option", "BeginsWith".into()),
                (
                    "Values",
                    Value::List(starts.iter().map(|start| Value::from(*start)).collect()),
                ),
            ]);
            question.insert("ParameterFilters".to_owned(), filter);
        }
        question
    }

    fn listed(page: &Object) -> Option<Vec<String>> {
        list::names(page, "Parameters")
    }

    fn value(&self, _: SecretKind, mut answer: Object) -> Result<Answer> {
        let Some(Value::Object(mut parameter)) = answer.swap_remove("Parameter") else {
            return Err(without_parameter());
        };
        match parameter.swap_remove("Value") {
            Some(Value::String(text)) => Ok(Answer::Found(Found::Text(Secret::from(text)))),
            None | Some(Value::Null) => Err(without_parameter()),
            Some(other) => {
                let what = other.described();
                Err(Error::malformed(format!("the parameter is {what}, not text")))
            }
        }
    }

    fn about_absence(code: &str) -> Option<&'static str> {
        (code == "ParameterVersionNotFound").then_some("the parameter has no such version or label")
    }
}

fn without_parameter() -> Error {
    Error::unavailable("AWS Systems Manager Parameter Store answered without a parameter")
}
