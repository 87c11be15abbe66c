//! Astro's `airflow_settings.yaml`, given as a local secrets file: told as what it is.
//!
//! Airflow's backend does not read it: to Airflow it is one entry named `airflow`. Reading it here would give answers that no task
//! gets. Its form: `airflow: {connections: [{conn_id, conn_type, conn_host, …}], pools: […], variables: [{variable_name, …}]}`.
//! Source: <https://www.astronomer.io/docs/astro/cli/configure-cli>, the settings file.

use super::parse::Entries;
use super::problem::Problem;
use crate::shown::shown;

const WHAT: &str = "it is an `airflow_settings.yaml` of the Astro CLI, which Airflow's backend does not read";
const REMEDY: &str = "`astro dev object export --env-export` makes an env file for `--env-file` of it; or write each connection \
     under its id with the keys `conn_type`, `host`, `login`, …, and each variable as `key: value`";

/// Whether the file is one by its form.
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

/// Says so of a file of connections, which cannot be used.
pub(super) fn problem() -> Problem {
    Problem {
        hint: Some(REMEDY.to_owned()),
        ..Problem::at(1, WHAT)
    }
}

/// Says so of a file of variables, in which the name was not found.
pub(super) fn hint(file: &str) -> String {
    format!("`{}` is no file of variables: {WHAT}; {REMEDY}", shown(file))
}
