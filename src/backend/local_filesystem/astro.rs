//! Recognizes Astro's `airflow_settings.yaml` when it is configured as a local secrets file.
//!
//! Airflow's backend does not understand it: it sees one entry named `airflow`. Reading it here would give answers that no task
//! gets. Its form: `airflow: {connections: [{conn_id, conn_type, conn_host, …}], pools: […], variables: [{variable_name, …}]}`.
//! Source: <https://www.astronomer.io/docs/astro/cli/configure-cli>, the settings file.

use super::parse::Entries;
use super::problem::Problem;
use crate::shown::shown;

const WHAT: &str = "it is an `airflow_settings.yaml` of the Astro CLI, which Airflow's backend does not read";
const REMEDY: &str = "export it with `astro dev object export --env-export` and use that file with `--env-file`; or write each \
    connection under its id with the keys `conn_type`, `host`, `login`, …, and each variable as `key: value`";

/// Whether the file has the form of an `airflow_settings.yaml`.
pub(super) fn is_settings(entries: &Entries) -> bool {
    let is_part = |name: &str| matches!(name, "connections" | "pools" | "variables");
    entries.get("airflow", |node| {
        let Some(parts) = node.and_then(super::node::Node::entries) else {
            return false;
        };
        let mut names = parts.iter().map(|(name, _)| name.text());
        !parts.is_empty() && names.all(|name| name.is_some_and(is_part))
    })
}

/// Returns the problem of such a file of connections, which cannot be used.
pub(super) fn problem() -> Problem {
    Problem {
        hint: Some(REMEDY.to_owned()),
        ..Problem::at(1, WHAT)
    }
}

/// Returns the hint about such a file of variables, in which the name was not found.
pub(super) fn hint(file: &str) -> String {
    format!("`{}` is not a file of variables: {WHAT}; {REMEDY}", shown(file))
}
