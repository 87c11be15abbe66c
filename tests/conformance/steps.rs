//! A step that a backend did not plan is an internal error in each of them, never "absent".

use std::time::{Duration, Instant};

use secretctl::backend::kwargs::Kwargs;
use secretctl::backend::{Context, SecretsBackend, registry};
use secretctl::env::Env;
use secretctl::error::ErrorKind;
use secretctl::python::json;
use secretctl::value::{Location, Lookup, SecretKind, Step};

/// The least kwargs of a backend.
fn kwargs(class_path: &str) -> &'static str {
    match class_path {
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend" => {
            r#"{"vault_url": "https://127.0.0.1:1/"}"#
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

fn locations() -> Vec<Location> {
    vec![
        Location::AzureKeyVault {
            vault_url: "https://127.0.0.1:1/".to_owned(),
            secret_name: "x".to_owned(),
        },
        Location::Vault {
            mount_point: "secret".to_owned(),
            path: "variables/x".to_owned(),
            kv_engine_version: 2,
        },
        Location::Environment {
            variable: "AIRFLOW_VAR_X".to_owned(),
        },
        Location::File {
            file: Some("/nonexistent/f.json".to_owned()),
        },
        Location::File { file: None },
        Location::Metastore,
    ]
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
    let env: Env = std::iter::empty::<(String, secretctl::secret::Secret)>().collect();
    let context = Context::new(&env, Instant::now() + Duration::from_secs(20));
    let lookup = Lookup {
        kind: SecretKind::Variable,
        id: "x".to_owned(),
        team: None,
        multi_team: false,
    };
    let mut own_steps = 0;
    for class_path in registry::class_paths() {
        let Ok(json::Value::Object(kwargs)) = json::loads(kwargs(class_path)) else {
            panic!("{class_path} has no kwargs");
        };
        let backend = registry::build(class_path, Kwargs::new(kwargs), &context).unwrap();
        let planned: Vec<Location> = backend
            .plan(&lookup)
            .unwrap()
            .into_iter()
            .filter(|step| step.skipped.is_none())
            .map(|step| step.location)
            .collect();
        for location in locations() {
            let kind = ask(backend.as_ref(), &lookup, &location);
            let is_own = planned
                .iter()
                .any(|own| std::mem::discriminant(own) == std::mem::discriminant(&location))
                && location != Location::File { file: None };
            if is_own {
                own_steps += 1;
                assert_ne!(kind, Some(ErrorKind::Internal), "{class_path}: {location:?}");
            } else {
                assert_eq!(kind, Some(ErrorKind::Internal), "{class_path}: {location:?}");
            }
        }
    }
    // All but Airflow's database and its API server ask somebody.
    assert_eq!(own_steps, registry::class_paths().count() - 2);
}
