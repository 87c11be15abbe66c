//! Who we are to AWS: the credentials of botocore's chain, and requests signed with them.
//!
//! The chain is our own code over our one HTTP client, not the crate `aws-config`: botocore's rules differ from the SDK's at every
//! link. `AWS_DEFAULT_PROFILE` comes before `AWS_PROFILE`, a named profile switches the environment's keys off, a source profile
//! lends its keys but not its role, an empty variable hides the profile's value. `aws-config` also costs 1.4 million instructions
//! and 2.9 MB.

mod chain;
pub(crate) mod client_config;
mod credentials;
pub(crate) mod endpoint;
pub(crate) mod json_service;
pub(crate) mod region;
pub(crate) mod retry;
pub(crate) mod role;
pub(crate) mod service_error;
pub(crate) mod session;
mod settings;
mod shared_files;
pub(crate) mod sigv4;
pub(crate) mod sts;
mod sts_answer;
mod sts_model;
mod timestamp;
mod xml;

pub(crate) use credentials::Credentials;
pub(crate) use session::Session;
pub(crate) use settings::SessionOptions;

#[cfg(test)]
mod judged;
