//! Azure Key Vault: names beside Airflow's, and lookups beside Airflow's against a vault and a login of the tests' own.

mod cases;
mod emulators;
pub mod names;
pub mod support;
