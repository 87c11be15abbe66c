//! Who we are to AWS: the credentials of botocore's chain, and requests signed with them.

pub(crate) mod chain;
#[allow(
    clippy::allow_attributes,
    dead_code,
    reason = "the backends that use it follow"
)]
mod credentials;
mod profile;
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
