//! `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*`: Airflow's `EnvironmentVariablesBackend`.
//!
//! Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`.

use crate::backend::kwargs::Kwargs;
use crate::backend::{BoxFuture, Context, SecretsBackend};
use crate::env::Env;
use crate::error::Result;
use crate::value::{Answer, Found, Location, Lookup, SecretKind, Step};

/// Airflow's class path.
pub const CLASS_PATH: &str = "airflow.secrets.environment_variables.EnvironmentVariablesBackend";

/// What separates a team from an id in a variable's name.
const TEAM_SEPARATOR: &str = "___";

/// The environment as a secrets backend.
#[derive(Debug)]
pub struct EnvironmentVariablesBackend {
    env: Env,
}

impl EnvironmentVariablesBackend {
    /// Builds the backend; it takes no kwargs.
    pub(crate) fn boxed(kwargs: Kwargs, context: &Context<'_>) -> Result<Box<dyn SecretsBackend>> {
        kwargs.finish(&[])?;
        Ok(Box::new(Self {
            env: context.env.clone(),
        }))
    }
}

impl SecretsBackend for EnvironmentVariablesBackend {
    fn class_path(&self) -> &'static str {
        CLASS_PATH
    }

    fn place(&self) -> String {
        "the environment".to_owned()
    }

    fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let prefix = match lookup.kind {
            SecretKind::Connection => "AIRFLOW_CONN_",
            SecretKind::Variable => "AIRFLOW_VAR_",
            SecretKind::Config => return Ok(Vec::new()),
        };
        let id = lookup.id.to_uppercase();
        let mut steps = Vec::new();
        if let Some(team) = &lookup.team {
            let variable = format!("{prefix}_{}{TEAM_SEPARATOR}{id}", team.to_uppercase());
            steps.push(Step::ask(Location::Environment { variable }));
        }
        steps.push(Step::ask(Location::Environment {
            variable: format!("{prefix}{id}"),
        }));
        Ok(steps)
    }

    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let prefix = match kind {
            SecretKind::Connection => "AIRFLOW_CONN_",
            SecretKind::Variable => "AIRFLOW_VAR_",
            SecretKind::Config => return Vec::new(),
        };
        let id = |name: &str| name.strip_prefix(prefix).map(str::to_lowercase);
        self.env.iter().filter_map(|(name, _)| id(name)).collect()
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let answer = match &step.location {
            Location::Environment { variable } => match self.env.get(variable) {
                Some(value) if !(value.is_empty() && lookup.kind == SecretKind::Connection) => {
                    Answer::Found(Found::Text(value.clone()))
                }
                _ => Answer::ABSENT,
            },
            _ => Answer::ABSENT,
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}
