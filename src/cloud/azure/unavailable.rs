//! Credentials that Python has and secretctl does not: members of the chain that say so, and let the next one try.
//!
//! They need a graphical session, a broker of Windows', or Python's own package for it.

use azure_core::credentials::AccessToken;

use super::{Credential, Failure, TokenRequest};
use crate::error::Result;
use crate::future::BoxFuture;

/// A credential that is never there.
pub(super) struct Unavailable {
    name: &'static str,
    why: &'static str,
}

impl Unavailable {
    /// Windows' cache of Microsoft's applications.
    pub(super) const SHARED_TOKEN_CACHE: Self = Self {
        name: "SharedTokenCacheCredential",
        why: "secretctl does not read the cache of Microsoft's applications",
    };
    /// The account of Visual Studio Code, which takes a broker.
    pub(super) const VISUAL_STUDIO_CODE: Self = Self {
        name: "VisualStudioCodeCredential",
        why: "secretctl has no broker to ask",
    };
    /// A browser, which only `AZURE_TOKEN_CREDENTIALS` brings in.
    pub(super) const BROWSER: Self = Self {
        name: "InteractiveBrowserCredential",
        why: "secretctl opens no browser",
    };
    /// The account of Windows.
    pub(super) const BROKER: Self = Self {
        name: "BrokerCredential",
        why: "secretctl has no broker to ask",
    };
}

impl Credential for Unavailable {
    fn name(&self) -> &'static str {
        self.name
    }

    fn token<'a>(&'a self, _: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        Box::pin(std::future::ready(Err(Failure::Unavailable(self.why.to_owned()))))
    }
}
