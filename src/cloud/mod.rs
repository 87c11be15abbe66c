//! Who we are to a cloud: credentials, and the signatures and tokens made from them.
//!
//! One folder per cloud. Must not know any backend or its kwargs: a backend parses its kwargs and asks for what it needs. The
//! environment is passed in.

pub(crate) mod akeyless;
pub(crate) mod aws;
pub(crate) mod azure;
pub(crate) mod google;
pub(crate) mod jwt;
pub(crate) mod kubernetes;
pub(crate) mod pages;
pub(crate) mod services;
pub(crate) mod token_cache;
pub(crate) mod trust;
pub(crate) mod yandex;
