//! Where a redirect leads, and whether token and body may go along: to the same host and port only, never from https to http.
//!
//! Method and body change as in requests 2.34.2, `sessions.py` (`rebuild_method`, `resolve_redirects`). Deliberate difference:
//! requests follows to any host and takes the body and `X-Vault-Token` along.

use super::failure::{Failure, FailureKind};
use super::target::{Scheme, Target};
use super::{Request, Response};

/// The most redirects that are followed: requests' `DEFAULT_REDIRECT_LIMIT`.
pub(super) const MAX_REDIRECTS: usize = 30;

/// Returns the `Location` that `response` redirects to.
pub(super) fn location(response: &Response) -> Option<&str> {
    match response.status {
        301 | 302 | 303 | 307 | 308 => response
            .header("location")
            .filter(|location| !location.is_empty()),
        _ => None,
    }
}

/// Returns the URL that `location` means when `from` answered it.
///
/// # Errors
/// Another host or port, or the step down from https to http.
pub(super) fn follow(from: &Target, location: &str) -> Result<String, Failure> {
    let url = join(from, &quote_unsafe(location));
    let place = &from.origin;
    let refused = |why: &str| Failure::new(FailureKind::RedirectRefused, format!("{place} redirects {why}"));
    let target =
        Target::parse(&url).map_err(|cause| refused("to a URL that cannot be used").with_source(cause))?;
    if !place.same_place(&target.origin) {
        return Err(refused(&format!(
            "to another host, {}, where no credential is sent",
            target.origin
        )));
    }
    if place.scheme == Scheme::Https && target.origin.scheme == Scheme::Http {
        return Err(refused("from https to http, where no credential is sent"));
    }
    Ok(url)
}

/// Changes method and body as requests does before it follows.
pub(super) fn rebuild(request: &mut Request, status: u16) {
    let becomes_get = matches!(status, 302 | 303) || (status == 301 && request.method == "POST");
    if becomes_get && request.method != "HEAD" {
        request.method = "GET";
    }
    if !matches!(status, 307 | 308) {
        request.body = None;
        request
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    }
}

/// Resolves `location` against the URL that answered it (RFC 3986, section 5.2).
fn join(from: &Target, location: &str) -> String {
    let origin = &from.origin;
    let has_scheme = location.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if has_scheme {
        return location.to_owned();
    }
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{}://{rest}", origin.scheme.as_str());
    }
    let path = from.path.split('?').next().unwrap_or_default();
    let joined = match location.chars().next() {
        Some('/') => location.to_owned(),
        Some('?') => format!("{path}{location}"),
        None | Some('#') => from.path.clone(),
        Some(_) => format!("{}{location}", &path[..=path.rfind('/').unwrap_or(0)]),
    };
    let (path, query) = match joined.find(['?', '#']) {
        Some(at) => joined.split_at(at),
        None => (joined.as_str(), ""),
    };
    format!(
        "{}://{}{}{query}",
        origin.scheme.as_str(),
        origin.authority(),
        without_dots(path)
    )
}

/// Resolves the segments `.` and `..` of an absolute path.
fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." if last => out.push(""),
            "." => {}
            ".." => {
                out.pop();
                if last {
                    out.push("");
                }
            }
            other => out.push(other),
        }
    }
    format!("/{}", out.join("/"))
}

/// Quotes what may not stand in a URL at all: blanks, control characters, non-ASCII.
fn quote_unsafe(location: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const UNSAFE: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(location.trim(), UNSAFE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str) -> Result<String, FailureKind> {
        follow(&Target::parse(from).expect("a URL"), location).map_err(|failure| failure.kind())
    }

    #[test]
    fn the_same_host_and_port_is_followed_in_every_form() {
        let from = "http://h:8200/v1/a/b?x=1";
        for (location, expected) in [
            ("/v1/c", "http://h:8200/v1/c"),
            ("c", "http://h:8200/v1/a/c"),
            ("../c", "http://h:8200/v1/c"),
            ("?y=2", "http://h:8200/v1/a/b?y=2"),
            ("//h:8200/c d", "http://h:8200/c%20d"),
            ("http://H:8200/c", "http://H:8200/c"),
            ("https://h:8200/c", "https://h:8200/c"),
        ] {
            assert_eq!(to(from, location).as_deref(), Ok(expected), "{location}");
        }
    }

    #[test]
    fn another_place_is_refused() {
        for (from, location) in [
            ("http://h:8200/", "http://other:8200/"),
            ("http://h:8200/", "http://h:8201/"),
            ("http://h:8200/", "//h/"),
            ("https://h/", "http://h:443/"),
            ("https://h/", "http://h/"),
            ("http://h/", "ftp://h/"),
            ("http://h/", "javascript:x"),
            ("http://h/", "http://h@other/"),
        ] {
            assert_eq!(
                to(from, location),
                Err(FailureKind::RedirectRefused),
                "{from} {location}"
            );
        }
    }
}
