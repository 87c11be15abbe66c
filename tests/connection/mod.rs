//! A connection is what Airflow says it is, to the byte, and so is what of CPython it stands on.
//!
//! Owns the generated comparison with Airflow (`differential`), the named cases that need no Python (`corpus`), and
//! what holds without Airflow (`properties`).

mod corpus;
mod differential;
mod errors;
mod generate;
mod ours;
mod properties;
mod providers;
