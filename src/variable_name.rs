//! The names of the environment variables for connections and variables.
//!
//! Source: airflow 3.3.2, `airflow/secrets/environment_variables.py`.

use crate::python::text::upper;
use crate::value::SecretKind;

/// The text between a team and an id.
pub(crate) const TEAM_SEPARATOR: &str = "___";

/// Returns the prefix of the environment variables for `kind`. Airflow does not look up configuration options there.
pub(crate) fn prefix(kind: SecretKind) -> Option<&'static str> {
    match kind {
        SecretKind::Connection => Some("AIRFLOW_CONN_"),
        SecretKind::Variable => Some("AIRFLOW_VAR_"),
        SecretKind::Config => None,
    }
}

/// Returns the environment variable for `id`: the prefix, and the id in upper case.
pub(crate) fn variable_name(kind: SecretKind, id: &str) -> Option<String> {
    Some(format!("{}{}", prefix(kind)?, upper(id)))
}

/// Returns the environment variable for `id` of `team`.
pub(crate) fn team_variable_name(kind: SecretKind, team: &str, id: &str) -> Option<String> {
    let (prefix, team, id) = (prefix(kind)?, upper(team), upper(id));
    Some(format!("{prefix}_{team}{TEAM_SEPARATOR}{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_converted_to_upper_case_as_in_python() {
        let name = |id| variable_name(SecretKind::Connection, id);
        assert_eq!(name("smtp_default").as_deref(), Some("AIRFLOW_CONN_SMTP_DEFAULT"));
        assert_eq!(name("stra\u{df}e").as_deref(), Some("AIRFLOW_CONN_STRASSE"));
        assert_eq!(variable_name(SecretKind::Config, "x"), None);
    }

    #[test]
    fn a_team_comes_before_the_id() {
        let name = team_variable_name(SecretKind::Variable, "data", "hello");
        assert_eq!(name.as_deref(), Some("AIRFLOW_VAR__DATA___HELLO"));
    }
}
