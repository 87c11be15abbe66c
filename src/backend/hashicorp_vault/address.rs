//! URLs of Vault's API, quoted and joined as hvac, requests and urllib3 do in turn.
//!
//! Sources: hvac 2.4.0, `utils.py` (`format_url`), `adapters.py` (`urljoin`, `RawAdapter.request`); urllib3 2.8.0,
//! `util/url.py` (`_remove_path_dot_segments`, `_encode_invalid_chars`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Error, Result};
use crate::http;

/// What urllib3 quotes in the path of a configured URL. A `%` may begin a byte that is quoted already.
const BASE_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'%')
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// What configures the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    /// The kwarg `url`.
    Kwarg,
    /// The variable `VAULT_ADDR`.
    Variable,
    /// hvac's default.
    Default,
}

impl NamedBy {
    /// Returns the subject of a sentence about the address.
    fn subject(self) -> &'static str {
        match self {
            Self::Kwarg => "the backend kwarg `url`",
            Self::Variable => "the variable `VAULT_ADDR`",
            Self::Default => "the default address",
        }
    }
}

/// Where Vault is: the parts of the kwarg `url` or of `VAULT_ADDR`.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// What configures it.
    named_by: NamedBy,
    /// Scheme, user, host and port.
    origin: String,
    /// The path before `/v1`, quoted, without outer slashes.
    prefix: String,
    /// Whether it had a `%` that begins no quoted byte. Every `%` is then literal, also in API paths.
    requoted: bool,
}

impl Address {
    /// Parses a configured URL.
    ///
    /// # Errors
    /// A URL that is not `http://…` or `https://…`, or has a query, with status 2. It is not shown: it may contain a password.
    pub(super) fn new(url: &str, named_by: NamedBy) -> Result<Self> {
        let unusable = |what: &str| Error::usage(format!("{} {what}", named_by.subject()));
        let url = url.trim_start().trim_matches('/');
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(unusable("has no scheme").with_hint("begin it with `http://` or `https://`"));
        };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(unusable("is neither `http://…` nor `https://…`"));
        }
        if rest.contains(['?', '#']) {
            return Err(unusable("has a query or a fragment"));
        }
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(unusable("has no host"));
        }
        if let Some(fault) = http::url_fault(&format!("{scheme}://{authority}")) {
            return Err(unusable(fault));
        }
        let unquoted = unquote_unreserved(prefix);
        let requoted = unquoted.is_none();
        let prefix = unquoted.unwrap_or_else(|| prefix.replace('%', "%25"));
        Ok(Self {
            named_by,
            origin: format!("{scheme}://{authority}"),
            prefix: utf8_percent_encode(&prefix, BASE_PATH).to_string(),
            requoted,
        })
    }

    /// Returns the URL of `api_path`, which is quoted and begins with `v1/`.
    pub(super) fn url(&self, api_path: &str) -> String {
        let mut api_path = collapse_slashes(api_path);
        if self.requoted {
            api_path = api_path.replace('%', "%25");
        }
        let path = match self.prefix.as_str() {
            "" => format!("/{}", api_path.trim_matches('/')),
            prefix => format!("/{prefix}/{}", api_path.trim_matches('/')),
        };
        format!("{}{}", self.origin, http::without_dots_as_urllib3(&path))
    }

    /// Returns the address for messages, without user and password.
    pub(super) fn shown(&self) -> String {
        let (scheme, authority) = self.origin.split_once("://").unwrap_or(("", &self.origin));
        let host = authority.rsplit('@').next().unwrap_or_default();
        match self.prefix.as_str() {
            "" => format!("{scheme}://{host}"),
            prefix => format!("{scheme}://{host}/{prefix}"),
        }
    }

    /// Returns the name of the kwarg or variable that sets it, or would set it.
    pub(super) fn name(&self) -> &'static str {
        match self.named_by {
            NamedBy::Kwarg | NamedBy::Default => "`url`",
            NamedBy::Variable => "`VAULT_ADDR`",
        }
    }

    /// Whether nothing configures it.
    pub(super) fn is_default(&self) -> bool {
        self.named_by == NamedBy::Default
    }

    /// Whether it is `https`.
    pub(super) fn is_https(&self) -> bool {
        self.origin
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("https:"))
    }
}

/// Returns `path` with upper case in its quoted bytes, and without quotes where none are needed.
///
/// Returns `None` when a `%` begins no quoted byte. Does what urllib3's `_encode_invalid_chars` and requests'
/// `unquote_unreserved` do in turn.
fn unquote_unreserved(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut unquoted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            unquoted.push(char::from(byte));
        } else {
            unquoted.push('%');
            unquoted.push_str(&digits.to_ascii_uppercase());
        }
        unquoted.push_str(&part[2..]);
    }
    Some(unquoted)
}

/// Replaces each run of slashes by one slash.
fn collapse_slashes(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !collapsed.ends_with('/') {
            collapsed.push(character);
        }
    }
    collapsed
}

/// Returns a path within a mount in the form of a request: single slashes, no outer slash, and no segment `.` except at the
/// end, where it leaves a slash in the URL.
pub(super) fn normalize(path: &str) -> String {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let mut kept = Vec::new();
    while let Some(segment) = segments.next() {
        if segment != "." || segments.peek().is_none() {
            kept.push(segment);
        }
    }
    kept.join("/")
}

/// Whether a segment of `path` is `..`, which would lead out of the configured path.
///
/// Quoted dots do not: they are quoted again, and no server reads `%252e%252e` as `..`.
pub(super) fn climbs(path: &str) -> bool {
    path.split('/').any(|segment| segment == "..")
}

/// Refuses the kwarg `name` if its `path` climbs. `set_by` names the variable that set it.
///
/// # Errors
/// A segment `..`, with status 2.
pub(super) fn refuse_climbing(name: &str, set_by: Option<&str>, path: &str) -> Result<()> {
    if !climbs(path) {
        return Ok(());
    }
    let error = Error::usage(format!("backend kwarg `{name}` climbs out of its path with `..`"));
    Err(set_by
        .into_iter()
        .fold(error, Error::with_detail)
        .with_detail("Vault would be asked for a different path from the one written")
        .with_hint("write the path without `..`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::quote::quote_path;

    fn url(base: &str, path: &str) -> String {
        Address::new(base, NamedBy::Kwarg)
            .expect("an address")
            .url(&format!("v1/secret/data/{}", quote_path(path)))
    }

    #[test]
    fn paths_are_quoted_as_python_quotes_them() {
        let base = "http://h:8200";
        for (path, quoted) in [
            ("a/b", "a/b"),
            ("a b", "a%20b"),
            ("a%2Fb", "a%252Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("ä~-._", "%C3%A4~-._"),
            ("a\\b\0\n", "a%5Cb%00%0A"),
            ("a//b/./c/", "a/b/c"),
            ("a/.", "a/"),
            ("+&=@:", "%2B%26%3D%40%3A"),
        ] {
            assert_eq!(
                url(base, path),
                format!("http://h:8200/v1/secret/data/{quoted}"),
                "{path:?}"
            );
        }
    }

    #[test]
    fn a_path_prefix_is_kept_and_its_slashes_too() {
        assert_eq!(
            url("https://h/vault//x/", "a"),
            "https://h/vault//x/v1/secret/data/a"
        );
        assert_eq!(
            url("https://h/a b/../c%2f", "a"),
            "https://h/c%2F/v1/secret/data/a"
        );
        assert_eq!(url("https://h/%41%7e", "a"), "https://h/A~/v1/secret/data/a");
        assert_eq!(
            url("https://h/ä%zz", "é"),
            "https://h/%C3%A4%25zz/v1/secret/data/%25C3%25A9"
        );
    }

    #[test]
    fn an_invalid_address_is_refused_and_not_shown() {
        for base in [
            "h:8200",
            "vault://h",
            "http://",
            "http://u:hunter2@h/?x=1",
            "http://u:hunter2@h:port",
            "http://u:hunter2@h x",
            "",
        ] {
            let error = Address::new(base, NamedBy::Kwarg).expect_err(base);
            assert!(!format!("{error:?}").contains("hunter2"));
            assert!(
                error.message().starts_with("the backend kwarg `url` "),
                "{}",
                error.message()
            );
        }
        assert_eq!(
            Address::new("http://u:p@h/x", NamedBy::Variable)
                .expect("an address")
                .shown(),
            "http://h/x"
        );
    }
}
