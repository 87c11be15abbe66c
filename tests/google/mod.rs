//! Google Secret Manager: lookups beside Airflow's own over gRPC, and requests against a Google of the tests' own.

mod airflow;
mod credentials;
mod differences;
mod emulator;
mod lookups;
pub mod support;

pub use credentials::user;
