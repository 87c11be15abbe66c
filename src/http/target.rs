//! A request's URL, parsed once: the server and the path.
//!
//! The path arrives quoted and stays unchanged: nothing is resolved, decoded or encoded again.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::secret::Secret;
use crate::shown::shown;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A server: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) scheme: Scheme,
    /// In lower case, an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the URL has a port: `NO_PROXY` looks at it.
    pub(super) port_given: bool,
}

impl Origin {
    /// Returns the `Host` header: `host:port`, without the scheme's default port.
    pub(super) fn host_header(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.bracketed()
        } else {
            self.authority()
        }
    }

    /// Returns `host:port`.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    /// Returns the host, with the port that the URL has.
    pub(super) fn url_place(&self) -> String {
        if self.port_given {
            self.authority()
        } else {
            self.bracketed()
        }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }

    /// Returns whether `other` has the same host and port.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), shown(&self.host_header()))
    }
}

/// A parsed URL.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) origin: Origin,
    /// The quoted path from its first slash on, with its query.
    pub(super) path: String,
    /// The `Authorization` (or `Proxy-Authorization`) from a user and password in the URL.
    pub(super) basic: Option<Secret>,
}

impl Target {
    /// Parses `url`.
    ///
    /// # Errors
    /// A URL that is not `http` or `https`, has no host, or no valid port. The message names the part, not the URL: it may
    /// hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        Self::parts(url).map_err(|what| Failure::configuration(format!("the URL {what}")))
    }

    /// Parses `url`, or says what is wrong with it.
    fn parts(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or("has no scheme (`http://` or `https://`)")?;
        let scheme = match scheme {
            s if s.eq_ignore_ascii_case("http") => Scheme::Http,
            s if s.eq_ignore_ascii_case("https") => Scheme::Https,
            _ => return Err("is neither `http` nor `https`"),
        };
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        if path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err("has characters that are not quoted");
        }
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place).ok_or("has no valid port")?;
        let host = normalize_host(host).ok_or("has no valid host")?;
        let origin = Origin {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
            port_given: port.is_some_and(|port| port != 0),
        };
        Ok(Self {
            origin,
            path,
            basic: match user.and_then(|user| user.split_once(':')) {
                None | Some(("", "")) => None,
                Some((name, password)) => {
                    Some(basic(name, password).ok_or("has a user or a password that is not Latin-1")?)
                }
            },
        })
    }
}

/// Returns what is wrong with a configured URL, or `None`.
///
/// The text continues a message that begins with the name of the kwarg or the variable. It does not contain the URL, which may
/// hold a password.
#[must_use]
pub fn url_fault(url: &str) -> Option<&'static str> {
    match Target::parts(url) {
        Err(fault) => Some(fault),
        Ok(Target { origin, .. }) => {
            let unnamed =
                origin.scheme == Scheme::Https && ServerName::try_from(origin.host.as_str()).is_err();
            unnamed.then_some("has no valid host")
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// Splits `host:port`, `[v6]:port`, `host` and `host:`.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let colon = match place.rfind(']') {
        Some(bracket) => place.get(bracket + 1..)?.find(':').map(|at| bracket + 1 + at),
        None => place.rfind(':'),
    };
    match colon {
        None => Some((place, None)),
        Some(at) => {
            let digits = &place[at + 1..];
            if digits.is_empty() {
                return Some((&place[..at], None));
            }
            let valid = digits.bytes().all(|byte| byte.is_ascii_digit());
            let port = if valid { digits.parse().ok() } else { None };
            port.map(|port| (&place[..at], Some(port)))
        }
    }
}

/// Returns the host in lower case, without brackets, in IDNA when it is not ASCII.
fn normalize_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        inner.parse::<std::net::Ipv6Addr>().ok()?;
        return Some(inner.to_ascii_lowercase());
    }
    if !host.is_ascii() {
        return url::Host::parse(host).ok().map(|host| host.to_string());
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    (!host.is_empty() && host.bytes().all(valid)).then(|| host.to_ascii_lowercase())
}

/// Returns `Basic` credentials from a URL's `user:password`, in Latin-1; `None` when they do not fit into Latin-1.
///
/// They are unquoted as in `requests.utils.get_auth_from_url`, which ignores a user without a password.
fn basic(name: &str, password: &str) -> Option<Secret> {
    let mut pair = Zeroizing::new(Vec::new());
    for (part, end) in [(name, ":"), (password, "")] {
        let text = percent_decode_str(part).decode_utf8().ok()?;
        for character in text.chars().chain(end.chars()) {
            pair.push(u8::try_from(character).ok()?);
        }
    }
    Some(Secret::new(format!("Basic {}", STANDARD.encode(&*pair))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_path_stays_unchanged() {
        let target = Target::parse("http://Vault.Example:8200/v1/a%2F..%2e/b?x=1#f").expect("a URL");
        assert_eq!(target.origin.host_header(), "vault.example:8200");
        assert_eq!(target.path, "/v1/a%2F..%2e/b?x=1");
    }

    #[test]
    fn an_ipv6_address_keeps_its_brackets_in_the_host_header() {
        let target = Target::parse("https://[::1]:8200").expect("a URL");
        assert_eq!((target.origin.host.as_str(), target.origin.port), ("::1", 8200));
        assert_eq!(target.origin.host_header(), "[::1]:8200");
        assert_eq!(target.path, "/");
    }

    #[test]
    fn user_and_password_become_basic_credentials() {
        let target = Target::parse("http://u%40x:p@h/").expect("a URL");
        assert_eq!(target.basic.expect("credentials").expose(), b"Basic dUB4OnA=");
        let target = Target::parse("http://é:%C3%A9@h/").expect("a URL");
        assert_eq!(target.basic.expect("credentials").expose(), b"Basic 6Trp");
        assert!(Target::parse("http://u:%E2%82%AC@h/").is_err());
        for without in ["http://u@h/", "http://:@h/", "http://@h/"] {
            assert!(
                Target::parse(without).expect("a URL").basic.is_none(),
                "{without}"
            );
        }
    }

    #[test]
    fn a_url_that_is_not_http_is_refused_without_being_shown() {
        for url in [
            "vault:8200",
            "ftp://h/",
            "http:///x",
            "http://h:port/",
            "http://h:70000/",
            "http://h/a b",
            "http://a b/",
        ] {
            let failure = Target::parse(url).expect_err(url);
            assert!(!failure.to_string().contains(url));
        }
    }
}
