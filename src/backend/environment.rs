//! `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*`: Airflow's `EnvironmentVariablesBackend`.
//!
//! Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`.

use crate::backend::listed::located;
use crate::backend::{BoxFuture, Checkup, Context, SecretsBackend};
use crate::class_path;
use crate::env::{Env, Origin, Variable};
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::listing::{Listed, Listing, Names, Scope};
use crate::location::{Address, Location};
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Answer, Found, Lookup, SecretKind, Step};
use crate::variable_name::{TEAM_SEPARATOR, prefix, team_variable_name, variable_name};

/// Airflow's class path.
pub const CLASS_PATH: &str = class_path::ENVIRONMENT;

/// The name of an environment variable.
#[derive(Debug)]
struct VariableName(String);

impl Address for VariableName {
    fn words(&self) -> String {
        format!("variable `{}`", shown(&self.0))
    }

    fn sentence(&self, _: &str) -> String {
        format!("environment variable `{}`", self.0)
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![("variable", self.0.as_str().into())]
    }
}

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

    /// Looks up an environment variable.
    ///
    /// Airflow accepts an empty one as a variable, but not as a connection, and not for a team.
    fn answer(&self, lookup: &Lookup, variable: &str) -> Answer {
        let Some(value) = self.env.get(variable) else {
            return Answer::Absent {
                hint: self.hint_in_another_case(variable),
            };
        };
        let may_be_empty =
            lookup.kind == SecretKind::Variable && own_name(lookup).as_deref() == Some(variable);
        if value.is_empty() && !may_be_empty {
            return Answer::ABSENT;
        }
        Answer::Found(Found::Text(value.clone()))
    }
}

impl EnvironmentVariablesBackend {
    /// Returns a hint when `variable` exists in another case: Airflow looks for upper case only.
    fn hint_in_another_case(&self, variable: &str) -> Option<String> {
        let name = self.env.name_in_another_case(variable)?;
        let place = match &self.env.variable(name)?.origin {
            Origin::Process => String::new(),
            Origin::File(path, line) => format!(" ({}:{line})", path.display()),
        };
        Some(format!(
            "the variable `{name}`{place} must be upper case: write `{variable}`"
        ))
    }
}

impl Checkup for EnvironmentVariablesBackend {
    /// Warns of variables that Airflow never finds, because it asks for upper case.
    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        for (name, variable) in self.env.iter() {
            let upper = name.to_uppercase();
            let is_meant = ["AIRFLOW_CONN_", "AIRFLOW_VAR_"]
                .iter()
                .any(|prefix| upper.len() > prefix.len() && upper.starts_with(prefix));
            if is_meant && name != upper && self.env.get(&upper).is_none() {
                let place = match &variable.origin {
                    Origin::Process => String::new(),
                    Origin::File(path, line) => format!(" ({}:{line})", shown(&path.to_string_lossy())),
                };
                let words = format!(
                    "Airflow never finds `{}`{place}: it asks for upper case",
                    shown(name)
                );
                section.warning(Check::Read, words, Some(format!("write `{}`", shown(&upper))));
            }
        }
        Box::pin(std::future::ready(()))
    }
}

impl EnvironmentVariablesBackend {
    /// Returns the names of all variables, in lower case: of the team's, then of all other variables.
    fn names(&self, scope: &Scope, prefix: &str) -> Names {
        let of_team = scope
            .team
            .as_deref()
            .and_then(|team| team_variable_name(scope.kind, team, ""));
        let names = self.env.iter().flat_map(|(name, variable)| {
            [of_team.as_deref(), Some(prefix)]
                .into_iter()
                .flatten()
                .filter_map(|prefix| self.listed(scope, name, name.strip_prefix(prefix)?))
                .filter(|listed| self.has(scope, &listed.id, name, variable))
                .collect::<Vec<Listed>>()
        });
        Names {
            listed: names.collect(),
            notes: Vec::new(),
        }
    }

    /// Returns the id with which Airflow finds the variable `name`.
    fn listed(&self, scope: &Scope, name: &str, rest: &str) -> Option<Listed> {
        located(self, scope, &rest.to_lowercase(), |VariableName(asked)| {
            asked == name
        })
    }

    /// Whether `variable` is a value for Airflow: not if it is empty, except as a variable that belongs to no team.
    fn has(&self, scope: &Scope, id: &str, name: &str, variable: &Variable) -> bool {
        !variable.value.is_empty() || matches!(self.answer(&scope.lookup(id), name), Answer::Found(_))
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
        let own = Location::new(VariableName(own));
        if lookup.multi_team && lookup.id.contains(TEAM_SEPARATOR) {
            let why = format!("with multi_team on, an id with `{TEAM_SEPARATOR}` names a team's variable");
            return Ok(vec![Step::skip(own, why)]);
        }
        let team = team_name(lookup).map(|name| Step::ask(Location::new(VariableName(name))));
        Ok(team.into_iter().chain([Step::ask(own)]).collect())
    }

    fn ask<'a>(&'a self, lookup: &'a Lookup, step: &'a Step) -> BoxFuture<'a, Result<Answer>> {
        let name = step.location.address();
        let answer = name.map(|VariableName(name)| self.answer(lookup, name));
        Box::pin(std::future::ready(answer))
    }

    fn list<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Listing>> {
        let listing = match prefix(scope.kind) {
            Some(prefix) => Listing::Names(self.names(scope, prefix)),
            None => Listing::NotLookedUp("Airflow does not look up options in the environment".to_owned()),
        };
        Box::pin(std::future::ready(Ok(listing)))
    }

    fn local_names(&self, kind: SecretKind) -> Vec<String> {
        let Some(prefix) = prefix(kind) else {
            return Vec::new();
        };
        // Airflow ignores an empty connection.
        let is_ignored = |variable: &Variable| kind == SecretKind::Connection && variable.value.is_empty();
        let variables = self.env.iter().filter(|(_, variable)| !is_ignored(variable));
        let names = variables.filter_map(|(name, _)| name.strip_prefix(prefix));
        // `AIRFLOW_CONN__TEAM___ID` belongs to a team, and is not shown to others.
        names
            .filter(|name| !name.starts_with('_'))
            .map(str::to_lowercase)
            .collect()
    }
}

fn own_name(lookup: &Lookup) -> Option<String> {
    variable_name(lookup.kind, &lookup.id)
}

fn team_name(lookup: &Lookup) -> Option<String> {
    let team = lookup.team.as_deref().filter(|team| !team.is_empty())?;
    team_variable_name(lookup.kind, team, &lookup.id)
}
