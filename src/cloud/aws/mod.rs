//! Who we are to AWS: the credentials of botocore's chain, and requests signed with them.

pub(crate) mod chain;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod client_config;
mod credentials;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod endpoint;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod json_service;
mod profile;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod region;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod retry;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod service_error;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
pub(crate) mod session;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
mod shared_files;
pub(crate) mod sigv4;
pub(crate) mod sts;

pub(crate) use chain::Chain;
pub(crate) use credentials::Credentials;
#[allow(
    clippy::allow_attributes,
    unused_imports,
    reason = "the backends that use it follow"
)]
pub(crate) use session::{Session, SessionOptions};

#[cfg(test)]
mod judged;
