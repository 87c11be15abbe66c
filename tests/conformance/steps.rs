//! A step that a backend did not plan is an internal error in each of them, never "absent".

use std::sync::Arc;
use std::time::{Duration, Instant};

use secretctl::airflow_option::{AirflowOption, AirflowOptions, Known, OptionValue};
use secretctl::backend::{Context, SecretsBackend, registry};
use secretctl::env::Env;
use secretctl::error::{ErrorKind, Result};
use secretctl::future::BoxFuture;
use secretctl::kwargs::Kwargs;
use secretctl::location::Location;
use secretctl::python::json;
use secretctl::secret::Secret;
use secretctl::value::{Lookup, SecretKind, Step};

/// The least kwargs of a backend.
fn kwargs(class_path: &str) -> &'static str {
    match class_path {
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend" => {
            r#"{"vault_url": "https://127.0.0.1:1/"}"#
        }
        "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend" => {
            r#"{"project_id": "p", "gcp_key_path": "/nonexistent/key.json"}"#
        }
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
        | "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend" => {
            r#"{"region_name": "r", "endpoint_url": "http://127.0.0.1:1", "aws_access_key_id": "k", "aws_secret_access_key": "s"}"#
        }
        "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend" => {
            r#"{"api_url": "http://127.0.0.1:1", "access_id": "p-1", "access_key": "k"}"#
        }
        "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend" => {
            r#"{"yc_oauth_token": "t", "folder_id": "f", "endpoint": "127.0.0.1:1"}"#
        }
        "airflow.providers.hashicorp.secrets.vault.VaultBackend" => {
            r#"{"url": "http://127.0.0.1:1", "token": "t"}"#
        }
        "airflow.secrets.local_filesystem.LocalFilesystemBackend" => {
            r#"{"variables_file_path": "/nonexistent/f.json"}"#
        }
        _ => "{}",
    }
}

/// A configuration with a database that is not there: without one, Airflow's database plans a skipped step.
struct DatabaseConfigured;

impl AirflowOptions for DatabaseConfigured {
    fn home(&self) -> Result<Secret> {
        Ok(Secret::from("/nonexistent"))
    }

    fn known(&self, option: &AirflowOption<'_>) -> Result<Known> {
        Ok(match option.name {
            "sql_alchemy_conn" => Known::Value(OptionValue {
                value: Secret::from("sqlite:////nonexistent/airflow.db"),
                source: "`the test`".to_owned(),
            }),
            _ => Known::Default,
        })
    }

    fn value<'a>(&'a self, option: &'a AirflowOption<'a>) -> BoxFuture<'a, Result<Option<OptionValue>>> {
        let value = self.known(option).map(|known| match known {
            Known::Value(value) => Some(value),
            Known::Default | Known::Elsewhere(_) => None,
        });
        Box::pin(std::future::ready(value))
    }
}

/// Asks for a step; returns what kind of failure it is, or `None` for an answer.
fn ask(backend: &dyn SecretsBackend, lookup: &Lookup, location: &Location) -> Option<ErrorKind> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let step = Step::ask(location.clone());
    runtime
        .block_on(backend.ask(lookup, &step))
        .err()
        .map(|error| error.kind())
}

#[test]
fn a_step_that_was_not_planned_is_an_internal_error_in_every_backend() {
    let env: Env = std::iter::empty::<(String, Secret)>().collect();
    let context = Context {
        airflow: Arc::new(DatabaseConfigured),
        ..Context::new(&env, Instant::now() + Duration::from_secs(20))
    };
    let lookup = Lookup {
        kind: SecretKind::Variable,
        id: "x".to_owned(),
        team: None,
        multi_team: false,
    };
    let backends: Vec<Box<dyn SecretsBackend>> = registry::class_paths()
        .map(|class_path| {
            let Ok(json::Value::Object(kwargs)) = json::loads(kwargs(class_path)) else {
                panic!("{class_path} has no kwargs");
            };
            registry::build(class_path, Kwargs::new(kwargs), &context).unwrap()
        })
        .collect();
    let steps: Vec<(&str, Step)> = backends
        .iter()
        .flat_map(|backend| {
            let steps = backend.plan(&lookup).unwrap();
            steps.into_iter().map(|step| (backend.class_path(), step))
        })
        .collect();
    let mut own_steps = 0;
    for backend in &backends {
        let asker = backend.class_path();
        for (planner, step) in &steps {
            let kind = ask(backend.as_ref(), &lookup, &step.location);
            if *planner == asker && step.skipped.is_none() {
                own_steps += 1;
                assert_ne!(kind, Some(ErrorKind::Internal), "{asker}: {step:?}");
            } else {
                assert_eq!(kind, Some(ErrorKind::Internal), "{asker}: {step:?}");
            }
        }
    }
    // All but Airflow's API server ask somebody.
    assert_eq!(own_steps, backends.len() - 1);
}
