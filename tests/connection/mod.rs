//! Connections, and the CPython functions they rely on, match Airflow to the byte.
//!
//! Owns the generated comparison with Airflow (`differential`), the named cases that need no Python (`corpus`), and
//! properties that hold without Airflow (`properties`).

mod corpus;
mod differential;
mod errors;
mod generate;
pub mod ours;
mod properties;
pub mod providers;
