//! Credentials that only Python supports: members of the chain that report so, and then the next one is tried.
//!
//! They need a graphical session, a Windows broker, or a Python package.

use azure_core::credentials::AccessToken;

use super::{Credential, Failure, TokenRequest};
use crate::error::Result;
use crate::future::BoxFuture;

/// A credential that is never available.
pub(super) struct Unavailable {
    name: &'static str,
    why: &'static str,
}

impl Unavailable {
    /// The token cache of Microsoft's applications on Windows.
    pub(super) const SHARED_TOKEN_CACHE: Self = Self {
        name: "SharedTokenCacheCredential",
        why: "secretctl does not read the token cache of Microsoft's applications",
    };
    /// The account of Visual Studio Code, which needs a broker.
    pub(super) const VISUAL_STUDIO_CODE: Self = Self {
        name: "VisualStudioCodeCredential",
        why: "secretctl does not support a broker",
    };
    /// A browser, which only `AZURE_TOKEN_CREDENTIALS` can select.
    pub(super) const BROWSER: Self = Self {
        name: "InteractiveBrowserCredential",
        why: "secretctl does not open a browser",
    };
    /// The Windows account.
    pub(super) const BROKER: Self = Self {
        name: "BrokerCredential",
        why: "secretctl does not support a broker",
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
