//! Who we are to AWS: keys of botocore's chain, and requests signed with them.

pub(crate) mod chain;
mod profile;
pub(crate) mod sigv4;
pub(crate) mod sts;
