//! Kwargs: each backend is built from them or says why not, without showing their values.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use secretctl::backend::{Context, azure_key_vault, environment, hashicorp_vault, local_filesystem, registry};
use secretctl::class_path;
use secretctl::env::Env;
use secretctl::kwargs::Kwargs;
use secretctl::python::json::{Value, loads};
use secretctl::value::{Lookup, SecretKind};
use secretctl_fuzz::shown;

const CLASSES: [&str; 6] = [
    azure_key_vault::CLASS_PATH,
    hashicorp_vault::CLASS_PATH,
    local_filesystem::CLASS_PATH,
    environment::CLASS_PATH,
    class_path::METASTORE,
    class_path::EXECUTION_API,
];

/// A text that no message may contain, for any kwarg that has it.
const CANARY: &str = "hunter2hunter2";

static DEADLINE: LazyLock<Instant> = LazyLock::new(|| Instant::now() + Duration::from_secs(3600));

fuzz_target!(|text: &str| {
    let Ok(Value::Object(mut object)) = loads(text) else {
        return;
    };
    // An address, a kwarg's name, a path, and a misspelt name may be shown.
    let secret = [
        "token",
        "secret_id",
        "password",
        "client_secret",
        "jwt_token",
        "radius_secret",
    ];
    for name in secret {
        if object
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
        {
            object.insert(name.to_owned(), Value::from(CANARY));
        }
    }
    let may_show = text.contains(CANARY);
    let env = Env::default();
    let context = Context::new(&env, *DEADLINE);
    for class in CLASSES {
        for from_variables in [false, true] {
            let kwargs = if from_variables {
                variables(&object)
            } else {
                Kwargs::new(object.clone())
            };
            assert!(!format!("{kwargs:?}").contains(CANARY) || may_show);
            match registry::build(class, kwargs, &context) {
                Err(error) => {
                    assert_eq!(error.kind().exit_status(), 2, "{error:?}");
                    assert!(may_show || !shown(&error).contains(CANARY), "a secret kwarg is shown");
                }
                Ok(backend) => {
                    assert_eq!(backend.class_path(), class);
                    assert!(may_show || !backend.place().contains(CANARY));
                    for kind in [SecretKind::Connection, SecretKind::Variable, SecretKind::Config] {
                        plan(&*backend, kind);
                    }
                }
            }
        }
    }
});

/// Returns the kwargs as set by one variable each.
fn variables(object: &secretctl::python::json::Object) -> Kwargs {
    let mut kwargs = Kwargs::default();
    for (name, value) in object {
        let text = match value {
            Value::String(text) => text.clone(),
            value => secretctl::python::json::dumps(value),
        };
        let variable = format!("AIRFLOW__SECRETS__BACKEND_KWARG__{}", name.to_uppercase());
        kwargs.set_from_variable(name.to_lowercase(), text, variable);
    }
    kwargs
}

/// Names are computed without a request; an id that leaves its folder is refused.
fn plan(backend: &dyn secretctl::backend::SecretsBackend, kind: SecretKind) {
    for (id, team) in [("a_b", None), ("a/b", Some("t".to_owned())), ("../x", None)] {
        let lookup = Lookup {
            kind,
            id: id.to_owned(),
            multi_team: team.is_some(),
            team,
        };
        if let Err(error) = backend.plan(&lookup) {
            assert_eq!(error.kind().exit_status(), 2, "{error:?}");
        }
    }
}
