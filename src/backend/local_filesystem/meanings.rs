//! Wrong names for the kwargs of this backend, from older releases, other backends and Airflow's CLI.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("conn_file", "connections_file_path"),
    ("conn_file_path", "connections_file_path"),
    ("connection_file", "connections_file_path"),
    ("connection_file_path", "connections_file_path"),
    ("connection_path", "connections_file_path"),
    ("connections", "connections_file_path"),
    ("connections_file", "connections_file_path"),
    ("connections_filepath", "connections_file_path"),
    ("connections_path", "connections_file_path"),
    ("conns_file_path", "connections_file_path"),
    ("file", "connections_file_path"),
    ("file_path", "connections_file_path"),
    ("path", "connections_file_path"),
    ("var_file", "variables_file_path"),
    ("var_file_path", "variables_file_path"),
    ("variable_file", "variables_file_path"),
    ("variable_file_path", "variables_file_path"),
    ("variable_path", "variables_file_path"),
    ("variables", "variables_file_path"),
    ("variables_file", "variables_file_path"),
    ("variables_filepath", "variables_file_path"),
    ("variables_path", "variables_file_path"),
    ("vars_file_path", "variables_file_path"),
    ("config", "configs_file_path"),
    ("config_file", "configs_file_path"),
    ("config_file_path", "configs_file_path"),
    ("config_path", "configs_file_path"),
    ("configs", "configs_file_path"),
    ("configs_file", "configs_file_path"),
    ("configs_path", "configs_file_path"),
];

#[cfg(test)]
mod tests {
    use super::super::config::KWARGS;
    use super::MEANINGS;

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        for (name, kwarg) in MEANINGS {
            assert!(KWARGS.contains(kwarg), "{kwarg}");
            assert!(!KWARGS.contains(name), "{name}");
        }
    }
}
