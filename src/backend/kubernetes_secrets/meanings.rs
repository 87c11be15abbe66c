//! Names that people know from other programs, and the kwarg that each means here.
//!
//! Sources: the options of `kubectl`, the kwargs of Airflow's Kubernetes hook and executor, and those of its other secrets backends.

use crate::kwargs::Meaning;

/// What a name means.
pub(super) const MEANINGS: &[Meaning] = &[
    ("k8s_namespace", "namespace"),
    ("kube_namespace", "namespace"),
    ("kubernetes_namespace", "namespace"),
    ("name_space", "namespace"),
    ("ns", "namespace"),
    ("secrets_namespace", "namespace"),
    ("conn_label", "connections_label"),
    ("connection_label", "connections_label"),
    ("connections_path", "connections_label"),
    ("connections_prefix", "connections_label"),
    ("connections_selector", "connections_label"),
    ("label", "connections_label"),
    ("label_selector", "connections_label"),
    ("selector", "connections_label"),
    ("var_label", "variables_label"),
    ("variable_label", "variables_label"),
    ("variables_path", "variables_label"),
    ("variables_prefix", "variables_label"),
    ("config_path", "config_label"),
    ("config_prefix", "config_label"),
    ("configs_label", "config_label"),
    ("teams_label", "team_label"),
    ("connection_data_key", "connections_data_key"),
    ("connections_key", "connections_data_key"),
    ("data_key", "connections_data_key"),
    ("key", "connections_data_key"),
    ("variable_data_key", "variables_data_key"),
    ("variables_key", "variables_data_key"),
    ("config_key", "config_data_key"),
    ("configs_data_key", "config_data_key"),
];

#[cfg(test)]
mod tests {
    use super::super::config::KNOWN;
    use super::MEANINGS;

    #[test]
    fn every_meaning_is_a_kwarg_and_no_kwarg_has_a_meaning() {
        for (name, kwarg) in MEANINGS {
            assert!(KNOWN.contains(kwarg), "{kwarg}");
            assert!(!KNOWN.contains(name), "{name}");
        }
    }
}
