//! Who we are to AWS: the credentials of botocore's chain, and requests signed with them.

pub(crate) mod chain;
mod credentials;
mod profile;
pub(crate) mod sigv4;
pub(crate) mod sts;

pub(crate) use chain::Chain;
pub(crate) use credentials::Credentials;
