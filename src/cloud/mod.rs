//! Who we are to a cloud: credentials, and what they become: a signature or a token.
//!
//! One folder a cloud. Must not know any backend, nor how anything is configured but by the environment that is handed in: a
//! backend types its kwargs and asks for what it needs.

pub(crate) mod aws;
pub(crate) mod azure;
pub(crate) mod google;
pub(crate) mod services;
pub(crate) mod token_cache;
pub(crate) mod trust;
