//! `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*`: Airflow's `EnvironmentVariablesBackend`.
//!
//! Owns the names of the variables, teams included. Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`.

use crate::backend::kwargs::Kwargs;
use crate::backend::{BoxFuture, Context, SecretsBackend, foreign_step};
use crate::env::{Env, Variable};
use crate::error::Result;
use crate::python::text::upper;
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

    /// Looks up a variable. Of an empty one Airflow makes a variable, and no connection; a team's counts only when it is not
    /// empty, whatever it is.
    fn answer(&self, lookup: &Lookup, variable: &str) -> Answer {
        let Some(value) = self.env.get(variable) else {
            return Answer::ABSENT;
        };
        let may_be_empty =
            lookup.kind == SecretKind::Variable && own_name(lookup).as_deref() == Some(variable);
        if value.is_empty() && !may_be_empty {
            return Answer::ABSENT;
        }
        Answer::Found(Found::Text(value.clone()))
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
        let Some(own) = own_name(lookup) else {
            return Ok(Vec::new());
        };
        let own = Location::Environment { variable: own };
        if lookup.multi_team && lookup.id.contains(TEAM_SEPARATOR) {
            let why = format!("with multi_team on, an id with `{TEAM_SEPARATOR}` names a team's variable");
            return Ok(vec![Step::skip(own, why)]);
        }
        let team = team_name(lookup).map(|variable| Step::ask(Location::Environment { variable }));
        Ok(team.into_iter().chain([Step::ask(own)]).collect())
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let answer = match &step.location {
            Location::Environment { variable } => Ok(self.answer(lookup, variable)),
            _ => Err(foreign_step(self)),
        };
        Box::pin(std::future::ready(answer))
    }

    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let Some(prefix) = prefix(kind) else {
            return Vec::new();
        };
        // An empty connection is none.
        let is_none = |variable: &Variable| kind == SecretKind::Connection && variable.value.is_empty();
        let variables = self.env.iter().filter(|(_, variable)| !is_none(variable));
        let names = variables.filter_map(|(name, _)| name.strip_prefix(prefix));
        // `AIRFLOW_CONN__TEAM___ID` is a team's, and nobody else's to hear of.
        names
            .filter(|name| !name.starts_with('_'))
            .map(str::to_lowercase)
            .collect()
    }
}

/// Returns what the names of variables of `kind` begin with. Configuration options are not looked up there.
fn prefix(kind: SecretKind) -> Option<&'static str> {
    match kind {
        SecretKind::Connection => Some("AIRFLOW_CONN_"),
        SecretKind::Variable => Some("AIRFLOW_VAR_"),
        SecretKind::Config => None,
    }
}

fn own_name(lookup: &Lookup) -> Option<String> {
    Some(format!("{}{}", prefix(lookup.kind)?, upper(&lookup.id)))
}

fn team_name(lookup: &Lookup) -> Option<String> {
    let team = lookup.team.as_deref().filter(|team| !team.is_empty())?;
    Some(format!(
        "{}_{}{TEAM_SEPARATOR}{}",
        prefix(lookup.kind)?,
        upper(team),
        upper(&lookup.id)
    ))
}
