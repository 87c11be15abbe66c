//! AWS: Secrets Manager and Parameter Store, as Airflow's two backends ask them.
//!
//! A backend of its own has only what its service has alone: `secrets_manager` with the words of connections in `words`, and
//! `parameter_store`. Both share the rest: `kwargs` takes what Airflow passes on to its `AwsBaseHook`, `role` and `sts_config`
//! the parts of it that are for a role, `lookups` the prefixes and patterns, and `client` sends one signed request. Who we are to
//! AWS is `cloud::aws`.
//!
//! Facts: apache-airflow-providers-amazon 9.39.0, `secrets/secrets_manager.py`, `secrets/systems_manager.py`,
//! `utils/connection_wrapper.py` and `hooks/base_aws.py`; botocore 1.44.8.

mod client;
mod kwargs;
mod lookups;
mod meanings;
pub mod parameter_store;
mod role;
pub mod secrets_manager;
mod sts_config;
mod words;
