//! `urllib.parse.urlsplit`, and the properties of its result: user name, password, host, port.
//!
//! Follows CPython 3.11.7. Versions differ in brackets: since 3.11.4 they must contain an IPv6 address or `vX.…`. Text
//! before (`a[::1]`) and after the brackets is accepted here, and refused since 3.11.10 and 3.12.4. Versions differ in
//! leading blanks and control characters, too: they are removed here, as since 3.11.4 and in every 3.12. Earlier versions
//! kept them, and so found no scheme. The WHATWG URLs of the `url` crate are another format: they escape, resolve and
//! reject what this keeps.
//!
//! <https://docs.python.org/3.11/library/urllib.parse.html#urllib.parse.urlsplit>

use std::borrow::Cow;

use super::json::MAX_INTEGER_DIGITS;
use super::{ipaddress, text};

/// Why Python raises `ValueError`. Holds no part of the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// "Invalid IPv6 URL"
    #[error("the host has one of `[` and `]` without the other")]
    UnpairedBracket,
    /// "IPvFuture address is invalid", "An IPv4 address cannot be in brackets", and what `ip_address` says.
    #[error("the host's brackets do not contain an IPv6 address")]
    BracketedHost,
    /// "netloc contains invalid characters under NFKC normalization"
    #[error(
        "the host, login or password has a character that Unicode normalizes to one of `/`, `?`, `#`, `@` and `:`"
    )]
    Normalization,
    /// "Port could not be cast to integer value"
    #[error("the port is not a number")]
    PortNotNumeric,
    /// "Port out of range 0-65535"
    #[error("the port is greater than 65535")]
    PortOutOfRange,
}

/// The five parts of a URL, none of them decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct SplitResult {
    /// The scheme in lower case; empty when absent.
    pub scheme: String,
    /// The authority: the part after `//`.
    pub netloc: String,
    /// The path, with its leading slash.
    pub path: String,
    /// The query, without its `?`.
    pub query: String,
    /// The fragment, without its `#`.
    pub fragment: String,
}

/// Splits `url` into its five parts.
///
/// # Errors
/// Where Python raises `ValueError`. The port is checked later, by [`SplitResult::port`].
pub fn urlsplit(url: &str) -> Result<SplitResult, Error> {
    let url = url.trim_start_matches(|c| c <= ' ');
    let url: Cow<'_, str> = if url.contains(['\t', '\r', '\n']) {
        Cow::Owned(url.replace(['\t', '\r', '\n'], ""))
    } else {
        Cow::Borrowed(url)
    };
    let (scheme, rest) = split_scheme(&url);
    let (netloc, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    check_brackets(netloc)?;
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if netloc.contains(normalizes_to_delimiter) {
        return Err(Error::Normalization);
    }
    Ok(SplitResult {
        scheme,
        netloc: netloc.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        fragment: fragment.to_owned(),
    })
}

fn split_scheme(url: &str) -> (String, &str) {
    match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), url),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn check_brackets(netloc: &str) -> Result<(), Error> {
    if netloc.contains('[') != netloc.contains(']') {
        return Err(Error::UnpairedBracket);
    }
    let Some((_, bracketed)) = netloc.split_once('[') else {
        return Ok(());
    };
    let host = bracketed.split_once(']').map_or(bracketed, |(host, _)| host);
    let is_valid = if host.starts_with('v') {
        is_ip_future(host)
    } else {
        ipaddress::is_ipv6(host)
    };
    if is_valid {
        Ok(())
    } else {
        Err(Error::BracketedHost)
    }
}

/// Whether `host` is `v`, hexadecimal digits, a dot, and something.
fn is_ip_future(host: &str) -> bool {
    let Some((version, rest)) = host[1..].split_once('.') else {
        return false;
    };
    !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit()) && !rest.is_empty()
}

/// Whether NFKC turns `c` into a delimiter of a URL.
///
/// Python normalizes the whole authority and looks for delimiters. Only these characters produce them (Unicode 14 to 17),
/// and they do not compose with neighbours.
fn normalizes_to_delimiter(c: char) -> bool {
    matches!(
        c,
        '\u{2047}'
            ..='\u{2049}'
                | '\u{2100}'
                | '\u{2101}'
                | '\u{2105}'
                | '\u{2106}'
                | '\u{2a74}'
                | '\u{fe13}'
                | '\u{fe16}'
                | '\u{fe55}'
                | '\u{fe56}'
                | '\u{fe5f}'
                | '\u{fe6b}'
                | '\u{ff03}'
                | '\u{ff0f}'
                | '\u{ff1a}'
                | '\u{ff1f}'
                | '\u{ff20}'
    )
}

impl SplitResult {
    /// Returns the user name, still quoted: the part before the last `@`, up to its first `:`.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        let (userinfo, _) = self.netloc.rsplit_once('@')?;
        Some(
            userinfo
                .split_once(':')
                .map_or(userinfo, |(username, _)| username),
        )
    }

    /// Returns the password, still quoted.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        let (userinfo, _) = self.netloc.rsplit_once('@')?;
        userinfo.split_once(':').map(|(_, password)| password)
    }

    /// Returns the host in lower case, with a zone after `%` unchanged; `None` when it is empty.
    #[must_use]
    pub fn hostname(&self) -> Option<String> {
        let (host, _) = self.host_and_port();
        if host.is_empty() {
            return None;
        }
        let zone = host.find('%').unwrap_or(host.len());
        Some(text::lower(&host[..zone]) + &host[zone..])
    }

    /// Returns the port, or `None` when absent.
    ///
    /// # Errors
    /// A port that is not all ASCII digits, or beyond 65535.
    pub fn port(&self) -> Result<Option<u16>, Error> {
        let (_, port) = self.host_and_port();
        if port.is_empty() {
            return Ok(None);
        }
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::PortNotNumeric);
        }
        // `int` refuses that many digits, even zeros.
        if port.len() > MAX_INTEGER_DIGITS {
            return Err(Error::PortOutOfRange);
        }
        port.parse().map(Some).map_err(|_| Error::PortOutOfRange)
    }

    fn host_and_port(&self) -> (&str, &str) {
        let location = self
            .netloc
            .rsplit_once('@')
            .map_or(&*self.netloc, |(_, location)| location);
        if let Some((_, bracketed)) = location.split_once('[') {
            let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
            return (host, rest.split_once(':').map_or("", |(_, port)| port));
        }
        location.split_once(':').unwrap_or((location, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, urlsplit};

    #[test]
    fn the_five_parts_are_found_and_not_decoded() {
        let url = urlsplit("\u{1} HTTP://U%41:p@H%41/p\n%2F?q=1?2#f#g").unwrap();
        let parts = [url.scheme, url.netloc, url.path, url.query, url.fragment];
        assert_eq!(parts, ["http", "U%41:p@H%41", "/p%2F", "q=1?2", "f#g"]);
    }

    #[test]
    fn a_scheme_cannot_contain_an_underscore() {
        let url = urlsplit("google_cloud_platform://h").unwrap();
        assert_eq!((&*url.scheme, &*url.path), ("", "google_cloud_platform://h"));
    }

    #[test]
    fn the_last_at_sign_ends_the_userinfo() {
        let url = urlsplit("//u:p:q@r@[FE80::1%Eth0]:80").unwrap();
        assert_eq!((url.username(), url.password()), (Some("u"), Some("p:q@r")));
        assert_eq!(url.hostname().as_deref(), Some("fe80::1%Eth0"));
        assert_eq!(url.port(), Ok(Some(80)));
    }

    #[test]
    fn ports_are_ascii_digits_up_to_65535() {
        for (netloc, port) in [
            ("h", Ok(None)),
            ("h:", Ok(None)),
            ("h:0", Ok(Some(0))),
            ("h:00080", Ok(Some(80))),
            ("h:65535", Ok(Some(65535))),
            ("h:65536", Err(Error::PortOutOfRange)),
            ("h:+80", Err(Error::PortNotNumeric)),
            ("h:٣", Err(Error::PortNotNumeric)),
            ("h:1:2", Err(Error::PortNotNumeric)),
            ("[::1]x:5", Ok(Some(5))),
        ] {
            assert_eq!(urlsplit(&format!("//{netloc}")).unwrap().port(), port, "{netloc}");
        }
    }

    #[test]
    fn a_port_of_more_digits_than_int_takes_is_refused() {
        let port = |digits: usize| urlsplit(&format!("//h:{}", "0".repeat(digits))).unwrap().port();
        assert_eq!(port(4300), Ok(Some(0)));
        assert_eq!(port(4301), Err(Error::PortOutOfRange));
    }

    #[test]
    fn odd_authorities_are_refused() {
        for (netloc, error) in [
            ("[::1", Error::UnpairedBracket),
            ("u:p]@h", Error::UnpairedBracket),
            ("[1.2.3.4]", Error::BracketedHost),
            ("[v1.]", Error::BracketedHost),
            ("]a[", Error::BracketedHost),
            ("a\u{2100}b", Error::Normalization),
        ] {
            assert_eq!(urlsplit(&format!("//{netloc}")).err(), Some(error), "{netloc}");
        }
        assert!(urlsplit("//[v1.x]").is_ok());
    }
}
