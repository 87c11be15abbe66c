//! Bytes that must not be shown: a secret, from the byte that arrives to the byte that leaves.
//!
//! Owns the type and its redaction. `expose` is the one word to grep for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::shown::cut;

/// A secret: bytes that are wiped when the last clone is dropped and that neither `Debug` nor `Display` shows.
///
/// It is bytes, not text: an environment variable can hold any bytes, and a variable's value is printed byte for byte. Clones share the
/// bytes, so that a value which several parts of the program hold is in memory once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<Vec<u8>>>);

impl Secret {
    /// Takes `bytes` as a secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes.into())))
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

    /// Returns whether there are no bytes.
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

/// The secrets of a backend, which are cut out of a server's words before these are shown.
#[derive(Clone, Default)]
pub struct Redactor(Vec<Secret>);

/// A secret shorter than this is not cut out: it would remove ordinary words.
const SHORTEST: usize = 4;

/// A line of a multi-line secret that is shorter than this is not cut out.
const SHORTEST_LINE: usize = 8;

/// All characters except those that a URL leaves unquoted.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Redactor {
    /// Adds a secret. What is cut out of a text is all of it, unquoted and as a URL or JSON quotes it, and each of its longer lines.
    pub fn add(&mut self, secret: Secret) {
        if secret.expose_text().is_some_and(|text| text.len() >= SHORTEST) {
            self.0.push(secret);
        }
    }

    /// Returns `text` as one line of at most 200 characters, without control characters and without the secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut line: String = self
            .without_secrets(text.to_owned())
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        line.retain(|c| !c.is_control());
        // The removed characters may have been inside a secret.
        cut(self.without_secrets(line))
    }

    /// Returns `text` without any of the secrets.
    #[must_use]
    pub(crate) fn without_secrets(&self, mut text: String) -> String {
        // A command that fails needs them, and most do not.
        let forms: Vec<Secret> = self.0.iter().flat_map(forms).collect();
        let mut secrets: Vec<&str> = forms.iter().filter_map(Secret::expose_text).collect();
        // If one secret contains another, the longer one is cut out first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            if text.contains(secret) {
                text = text.replace(secret, "[redacted]");
            }
        }
        text
    }
}

/// Returns the forms in which a server may repeat a secret.
fn forms(secret: &Secret) -> Vec<Secret> {
    let Some(text) = secret.expose_text() else {
        return Vec::new();
    };
    let quoted = Secret::from(utf8_percent_encode(text, QUOTED).to_string());
    let json = serde_json::to_string(text).map(Secret::from);
    let json = json.ok().and_then(|json| {
        json.expose_text()
            .map(|json| Secret::from(json.trim_matches('"')))
    });
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| line.len() >= SHORTEST_LINE && *line != text);
    [quoted]
        .into_iter()
        .chain(json)
        .filter(|form| form != secret)
        .chain(lines.map(Secret::from))
        .chain([secret.clone()])
        .collect()
}

/// A redactor that is shared by all code that sees a secret of one backend.
#[derive(Debug, Default)]
pub(crate) struct Redaction(Mutex<Redactor>);

impl Redaction {
    /// Creates one with `secrets`.
    pub(crate) fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let redaction = Self::default();
        secrets.into_iter().for_each(|secret| redaction.add(secret));
        redaction
    }

    /// Adds a secret.
    pub(crate) fn add(&self, secret: Secret) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    /// Returns a server's message, fit to be shown.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clean(text)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} texts)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.add(Secret::from(*secret));
        }
        redactor
    }

    #[test]
    fn a_secret_is_found_in_every_form_in_which_a_server_may_repeat_it() {
        let redactor = holding(&["p a\"ss/ü", "first line of key\nsecond line of key"]);
        for text in [
            "p a\"ss/ü",
            "p%20a%22ss%2F%C3%BC",
            "p a\\\"ss/ü",
            "second line of key",
            "p a\u{1}\"ss/ü",
        ] {
            assert_eq!(redactor.clean(&format!("<{text}>")), "<[redacted]>", "{text}");
        }
    }

    #[test]
    fn the_longer_secret_goes_first() {
        assert_eq!(
            holding(&["hunter", "hunter2hunter2"]).clean("hunter2hunter2"),
            "[redacted]"
        );
    }

    #[test]
    fn words_stay_on_one_short_line_without_control_characters() {
        let redactor = holding(&["abc"]);
        assert_eq!(redactor.clean("a\n\u{1b}[31mabc\tb\r"), "a [31mabc b");
        assert_eq!(redactor.clean(&"x".repeat(300)).chars().count(), 200);
    }

    #[test]
    fn clones_share_the_bytes() {
        let secret = Secret::from("hunter2");
        assert!(std::ptr::eq(secret.expose(), secret.clone().expose()));
    }

    #[test]
    fn debug_shows_neither_a_secret_nor_a_redactor() {
        let redactor = holding(&["hunter2"]);
        assert!(!format!("{redactor:?}").contains("hunter2"));
        assert!(!format!("{:?}", Secret::from("hunter2")).contains("hunter2"));
    }
}
