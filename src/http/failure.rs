//! Why a request got no answer, by kind. A backend makes its error from these types.
//!
//! A failure names the server, never a header or a body. Kinds come from types, not from texts.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, ErrorKind};

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The URL, a proxy, a CA bundle or a client certificate cannot be used: an error of configuration.
    Configuration,
    /// The name could not be resolved, or the connection was not accepted.
    Connect,
    /// The connection, or the server's answer, took longer than one attempt may.
    Timeout,
    /// The command's own time ran out.
    Deadline,
    /// The server's certificate is not trusted.
    Certificate(CertificateProblem),
    /// The TLS handshake failed for another reason.
    Tls,
    /// The proxy refused, or did not answer like a proxy.
    Proxy,
    /// The connection was cut before or in the answer.
    Cut,
    /// The answer is not HTTP.
    Malformed,
    /// The answer is malformed HTTP: an endless head, malformed chunks, or a damaged compressed body.
    Garbled,
    /// The answer's body is longer than the limit.
    TooLarge,
    /// The server redirects to a place that must not receive the token or the body.
    RedirectRefused,
    /// The server redirects without end.
    TooManyRedirects,
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateProblem {
    /// It is not signed by a trusted authority.
    UnknownIssuer,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is for another name.
    WrongName,
    /// Anything else.
    Other,
}

/// A failure: its kind, a line that says what failed on which server, and the cause.
pub struct Failure(Box<Inner>);

struct Inner {
    kind: FailureKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    redirects_to: Option<String>,
    about_roots: bool,
    follows_redirect: bool,
}

impl Failure {
    /// Creates a failure of `kind`.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
            redirects_to: None,
            about_roots: false,
            follows_redirect: false,
        }))
    }

    /// Creates a failure of configuration.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Configuration, message)
    }

    /// Sets the cause.
    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Turns a timeout into the end of the command's time.
    #[must_use]
    pub(super) fn at_the_deadline(self) -> Self {
        match self.0.kind {
            FailureKind::Timeout => self.with_kind(FailureKind::Deadline),
            _ => self,
        }
    }

    /// Replaces the kind.
    #[must_use]
    pub(super) fn with_kind(mut self, kind: FailureKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Records the server that a refused redirect leads to.
    #[must_use]
    pub(super) fn redirecting_to(mut self, place: String) -> Self {
        self.0.redirects_to = Some(place);
        self
    }

    /// Records that the file or folder of trusted certificates cannot be used.
    #[must_use]
    pub(super) fn about_roots(mut self) -> Self {
        self.0.about_roots = true;
        self
    }

    /// Records whether the failed host was reached through another host's redirect.
    #[must_use]
    pub(super) fn after_redirect(mut self, follows_redirect: bool) -> Self {
        self.0.follows_redirect = follows_redirect;
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// Returns the server that a refused redirect leads to, as `https://host:port`.
    #[must_use]
    pub fn redirects_to(&self) -> Option<&str> {
        self.0.redirects_to.as_deref()
    }

    /// Returns whether the failed host was reached through another host's redirect.
    #[must_use]
    pub fn follows_redirect(&self) -> bool {
        self.0.follows_redirect
    }

    /// Returns whether the file or folder of trusted certificates cannot be used.
    #[must_use]
    pub fn is_about_roots(&self) -> bool {
        self.0.about_roots
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .finish_non_exhaustive()
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Failure> for Error {
    /// Converts it into the program's error: an unusable configuration is status 2, anything else is "could not tell", 5.
    fn from(failure: Failure) -> Self {
        let kind = match failure.0.kind {
            FailureKind::Configuration => ErrorKind::Usage,
            _ => ErrorKind::Unavailable,
        };
        let hint = match failure.0.kind {
            FailureKind::Deadline => Some("`--timeout` sets how long the whole command may take"),
            FailureKind::Certificate(CertificateProblem::UnknownIssuer) => Some(
                "name the authority's certificate in `SSL_CERT_FILE`, or in `REQUESTS_CA_BUNDLE` as for Airflow",
            ),
            FailureKind::Proxy => Some(
                "check the proxy's variable (`HTTP_PROXY`, `HTTPS_PROXY`), and `NO_PROXY` for hosts that need no proxy",
            ),
            _ => None,
        };
        let inner = *failure.0;
        let mut error = Self::new(kind, inner.message);
        if let Some(source) = inner.source {
            error = error.with_source(source);
        }
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
