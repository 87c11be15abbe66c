//! The commands: one file each, with its options and its work.
//!
//! Every command resolves everything that it needs before it writes the first byte to stdout.

mod as_format;
pub mod check;
pub mod completions;
pub mod deferred;
pub mod diff;
pub mod doctor;
pub mod exec;
pub mod explain;
pub mod export;
pub mod get;
pub mod get_config;
pub mod inject;
pub mod list;
pub mod man;
pub mod names;
pub mod policy;
mod reference;
pub(crate) mod session;
mod sources;
mod stored;
