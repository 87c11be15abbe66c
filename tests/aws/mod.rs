//! AWS's Secrets Manager and Parameter Store, against Airflow's backends: names, patterns, values, requests, failures.

mod answers;
mod differences;
mod differential;
mod kwargs;
mod patterns;
mod roles;
mod stores;

use serde_json::{Value, json};

use crate::support::{Program, secretctl};

/// A service: its name in boto3, and Airflow's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Secrets,
    Parameters,
}

impl Store {
    pub const BOTH: [Self; 2] = [Self::Secrets, Self::Parameters];

    pub fn service(self) -> &'static str {
        match self {
            Self::Secrets => "secretsmanager",
            Self::Parameters => "ssm",
        }
    }

    pub fn class_path(self) -> &'static str {
        match self {
            Self::Secrets => "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
            Self::Parameters => {
                "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend"
            }
        }
    }

    /// The name of a secret or a parameter with the default prefix.
    pub fn name(self, kind: &str, id: &str) -> String {
        let slash = if self == Self::Parameters { "/" } else { "" };
        format!("{slash}airflow/{kind}/{id}")
    }

    /// The body of an answer with `text`.
    pub fn answer(self, text: &str) -> Value {
        match self {
            Self::Secrets => json!({"Name": "n", "SecretString": text, "VersionId": "v"}),
            Self::Parameters => json!({"Parameter": {"Name": "n", "Value": text, "Version": 1}}),
        }
    }

    /// The type of the error for a name that does not exist.
    pub fn absent(self) -> &'static str {
        match self {
            Self::Secrets => "ResourceNotFoundException",
            Self::Parameters => "ParameterNotFound",
        }
    }

    /// A run of secretctl with `kwargs` and keys, in a region.
    pub fn program(self, kwargs: &Value) -> Program {
        secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", self.class_path())
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    }
}

/// The secret key, which no output may contain.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
