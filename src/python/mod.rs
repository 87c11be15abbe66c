//! The `CPython` functions that Airflow relies on, one per file. Each file names its function and links the documentation.
//!
//! Must not know Airflow: Airflow's rules are in `settings`, `connection` and the backends.

pub mod base64;
pub mod configparser;
pub mod expandvars;
pub mod float;
pub mod int;
pub mod ipaddress;
pub mod json;
pub mod newlines;
pub mod parse_qsl;
pub mod path;
pub mod quote;
pub mod re;
pub mod repr;
pub mod shlex;
pub mod text;
mod text_tables;
pub mod urlencode;
pub mod urlsplit;
pub mod yaml;
