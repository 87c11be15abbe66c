//! The kwargs that begin the names of connections, variables and configuration options: `connections_prefix` and its like.
//!
//! Must not know how a name is made of a prefix.

use crate::error::Result;
use crate::value::SecretKind;

/// Names that people know from other backends, and the kwarg that each means in a backend that has it.
pub(super) const MEANINGS: &[(&str, &str)] = &[
    ("conn_prefix", "connections_prefix"),
    ("connection_prefix", "connections_prefix"),
    ("connections_path", "connections_prefix"),
    ("prefix", "connections_prefix"),
    ("secret_prefix", "connections_prefix"),
    ("var_prefix", "variables_prefix"),
    ("variable_prefix", "variables_prefix"),
    ("variables_path", "variables_prefix"),
    ("vars_prefix", "variables_prefix"),
    ("config_path", "config_prefix"),
    ("configs_prefix", "config_prefix"),
    ("configuration_prefix", "config_prefix"),
    ("delimiter", "sep"),
    ("separator", "sep"),
];

/// The values of three kwargs, one for each kind of secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefixes {
    /// What the names of the kwargs end with: `prefix` or `path`.
    noun: &'static str,
    connections: Option<String>,
    variables: Option<String>,
    config: Option<String>,
}

impl Prefixes {
    /// Takes the kwargs: `take` gets a kwarg's name and its default.
    ///
    /// # Errors
    /// Those of `take`.
    pub(crate) fn take(
        noun: &'static str,
        [connections, variables, config]: [&str; 3],
        mut take: impl FnMut(&str, &str) -> Result<Option<String>>,
    ) -> Result<Self> {
        let mut of = |kind, default: &str| take(&kwarg(kind, noun), default);
        Ok(Self {
            noun,
            connections: of(SecretKind::Connection, connections)?,
            variables: of(SecretKind::Variable, variables)?,
            config: of(SecretKind::Config, config)?,
        })
    }

    /// Returns the value for `kind`, or, as an error, the name of the kwarg that is null.
    pub(crate) fn of(&self, kind: SecretKind) -> Result<&str, String> {
        let value = match kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.config,
        };
        value.as_deref().ok_or_else(|| kwarg(kind, self.noun))
    }

    /// Creates values for a test.
    #[cfg(test)]
    pub(crate) fn of_test(
        noun: &'static str,
        connections: Option<&str>,
        variables: Option<&str>,
        config: Option<&str>,
    ) -> Self {
        Self {
            noun,
            connections: connections.map(str::to_owned),
            variables: variables.map(str::to_owned),
            config: config.map(str::to_owned),
        }
    }
}

fn kwarg(kind: SecretKind, noun: &str) -> String {
    let kind = match kind {
        SecretKind::Connection => "connections",
        SecretKind::Variable => "variables",
        SecretKind::Config => "config",
    };
    format!("{kind}_{noun}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kwargs::samples::kwargs;
    use crate::python::json::Value;

    #[test]
    fn each_kind_has_its_kwarg_and_its_default() {
        let mut kwargs = kwargs(&[
            ("variables_path", Value::Null),
            ("config_path", Value::String("c".to_owned())),
        ]);
        let defaults = ["x", "y", "z"];
        let taken = Prefixes::take("path", defaults, |name, default| kwargs.text_or(name, default));
        let taken = taken.expect("text");
        assert_eq!(taken.of(SecretKind::Connection), Ok("x"));
        assert_eq!(taken.of(SecretKind::Variable), Err("variables_path".to_owned()));
        assert_eq!(taken.of(SecretKind::Config), Ok("c"));
    }
}
