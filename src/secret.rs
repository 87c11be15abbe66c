//! Bytes that must not be shown: a secret from the byte it arrives to the byte it leaves.
//!
//! Owns the type and its redaction. `expose` is the one word to grep for.

use std::fmt;

use zeroize::Zeroizing;

/// A secret: bytes that are wiped when dropped and that neither `Debug` nor `Display` shows.
///
/// Bytes and not text, because an environment variable can hold any bytes and a variable's value is printed byte for
/// byte.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes `bytes` as a secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Exposes the bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Exposes the text, or `None` when the bytes are not UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Returns whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// The secrets that a backend holds, so that a server's words can be shown without them.
#[derive(Clone, Default)]
pub struct Redactor(Vec<Secret>);

impl Redactor {
    /// Adds a secret. One of fewer than 4 bytes is not looked for: it would blot out ordinary words.
    pub fn add(&mut self, secret: Secret) {
        if secret.expose().len() >= 4 {
            self.0.push(secret);
        }
    }

    /// Returns `text` on one line, without control characters or any of the secrets, and not longer than 200 characters.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.iter().filter_map(Secret::expose_text) {
            if text.contains(secret) {
                text = text.replace(secret, "[redacted]");
            }
        }
        let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.retain(|c| !c.is_control());
        if line.chars().count() > 200 {
            line = line.chars().take(199).chain(['…']).collect();
        }
        line
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.0.len())
    }
}
