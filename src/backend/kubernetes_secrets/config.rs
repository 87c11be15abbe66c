//! The backend's kwargs as typed values: the namespace, the labels and the keys of the data.
//!
//! Facts: `KubernetesSecretsBackend.__init__` of the cncf.kubernetes provider 10.25.0. It has no `**kwargs` of its own: any other
//! kwarg is refused. Must not read a file or send anything.

use super::meanings::MEANINGS;
use super::names::{Label, Names};
use crate::error::Result;
use crate::kwargs::Kwargs;

/// The kwargs.
pub(super) const KNOWN: &[&str] = &[
    "namespace",
    "connections_label",
    "variables_label",
    "config_label",
    "team_label",
    "connections_data_key",
    "variables_data_key",
    "config_data_key",
];

/// The configuration of one backend.
#[derive(Debug)]
pub(super) struct Config {
    /// The namespace; `None` for that of the pod, or of the kubeconfig's context.
    pub(super) namespace: Option<String>,
    pub(super) names: Names,
}

impl Config {
    /// Takes the kwargs.
    ///
    /// # Errors
    /// A kwarg that is unknown or of the wrong type, with status 2.
    pub(super) fn new(mut kwargs: Kwargs) -> Result<Self> {
        kwargs.refuse_unknown(KNOWN, MEANINGS)?;
        let namespace = kwargs.truthy_text("namespace")?;
        let team_label = if kwargs.contains("team_label") {
            kwargs.truthy_text("team_label")?
        } else {
            Some("airflow.apache.org/team".to_owned())
        };
        let mut label = |names: [&'static str; 2], default: &str| -> Result<Label> {
            Ok(Label {
                key: kwargs.text_or(names[0], default)?,
                data_key: kwargs.text_or(names[1], "value")?,
                kwargs: names,
            })
        };
        let names = Names {
            connections: label(
                ["connections_label", "connections_data_key"],
                "airflow.apache.org/connection-id",
            )?,
            variables: label(
                ["variables_label", "variables_data_key"],
                "airflow.apache.org/variable-key",
            )?,
            config: label(
                ["config_label", "config_data_key"],
                "airflow.apache.org/config-key",
            )?,
            team_label,
        };
        kwargs.finish(KNOWN)?;
        Ok(Self { namespace, names })
    }
}
