//! Decides whether a redirect is followed: only to the same host and port, never from https to http.
//!
//! One redirect may lead to another host: a standby of Vault sends its clients to the active node with 307 and the request's own
//! path (`respondStandby` in the `http/handler.go` of both Vault and `OpenBao`). Only a client that is built for it follows it, with
//! the same path and query, and never to a weaker scheme.
//!
//! Method and body change as in requests 2.34.2, `sessions.py` (`rebuild_method`, `resolve_redirects`). Deliberate difference:
//! requests follows to any host, with the body and `X-Vault-Token`.

use percent_encoding::percent_decode_str;

use super::dot_segments;
use super::failure::{Failure, FailureKind};
use super::target::{Scheme, Target};
use super::{Request, Response};

/// The maximum number of redirects: requests' `DEFAULT_REDIRECT_LIMIT`.
pub(super) const MAX_REDIRECTS: usize = 30;

/// The maximum length of another server's name in a message.
const MAX_SHOWN_CHARS: usize = 200;

/// Returns the `Location` that `response` redirects to.
pub(super) fn location(response: &Response) -> Option<&str> {
    match response.status {
        301 | 302 | 303 | 307 | 308 => response
            .header("location")
            .filter(|location| !location.is_empty()),
        _ => None,
    }
}

/// How a client handles a standby's redirect to another host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standbys {
    /// It is refused, like every redirect to another host.
    Refused,
    /// It is refused because certificates are not checked: any server could answer there.
    Unverified,
    /// It is followed.
    Followed,
}

/// Returns the target of a redirect from `from` to `location` with `status`.
///
/// # Errors
/// A host or port that is neither the same nor a standby's active node, or a step from https down to http.
pub(super) fn follow(
    from: &Target,
    status: u16,
    location: &str,
    standbys: Standbys,
) -> Result<Target, Failure> {
    let url = join(from, &quote_unsafe(location));
    let place = &from.origin;
    let refused = |why: &str| Failure::new(FailureKind::RedirectRefused, format!("{place} redirects {why}"));
    let target =
        Target::parse(&url).map_err(|cause| refused("to a URL that cannot be used").with_source(cause))?;
    if place.scheme == Scheme::Https && target.origin.scheme == Scheme::Http {
        return Err(refused("from https to http, where no credential is sent").redirecting_to(shown(&target)));
    }
    if place.same_place(&target.origin) {
        // requests keeps the header unless the scheme changes.
        let kept = from
            .basic
            .clone()
            .filter(|_| place.scheme == target.origin.scheme);
        return Ok(Target {
            basic: target.basic.or(kept),
            ..target
        });
    }
    let elsewhere = shown(&target);
    let names_standby = matches!(status, 307 | 308) && same_request(from, &target) && !has_user(&url);
    match standbys {
        Standbys::Followed if names_standby => Ok(Target {
            origin: target.origin,
            // The path as it was sent: Go quotes fewer characters of it.
            path: from.path.clone(),
            basic: None,
        }),
        Standbys::Unverified if names_standby => Err(refused(&format!(
            "to another host, {elsewhere}, and no credential is sent there while certificates are not checked"
        ))
        .redirecting_to(elsewhere)),
        _ => Err(refused(&format!(
            "to another host, {elsewhere}, where no credential is sent"
        ))
        .redirecting_to(elsewhere)),
    }
}

/// Returns whether `to` and `from` have the same unquoted path and the same query.
fn same_request(from: &Target, to: &Target) -> bool {
    let parts = |target: &Target| {
        let (path, query) = match target.path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target.path.as_str(), None),
        };
        (percent_decode_str(path).collect::<Vec<u8>>(), query)
    };
    parts(from) == parts(to)
}

/// Returns whether a URL names a user.
fn has_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#'])
        .next()
        .is_some_and(|authority| authority.contains('@'))
}

/// Returns the server of `target` for a message, cut: a host from outside may be of any length.
fn shown(target: &Target) -> String {
    target.origin.to_string().chars().take(MAX_SHOWN_CHARS).collect()
}

/// Changes method and body before following, as requests does.
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
        dot_segments::removed_as_rfc_3986(path)
    )
}

/// Quotes the characters that a URL must not contain: blanks, control characters, non-ASCII.
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

    fn follow_as(from: &str, status: u16, location: &str, standbys: Standbys) -> Result<String, FailureKind> {
        let from = Target::parse(from).expect("a URL");
        follow(&from, status, location, standbys)
            .map(|target| format!("{target:?}"))
            .map_err(|failure| failure.kind())
    }

    fn to(from: &str, location: &str) -> Result<String, FailureKind> {
        follow_as(from, 307, location, Standbys::Refused)
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
            ("http://H:8200/c", "http://h:8200/c"),
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

    const ASKED: &str = "https://standby:8200/v1/secret/data/variables/a%3Ab%2Bc%20d?list=true";

    #[test]
    fn a_standby_leads_to_the_active_node_with_the_path_that_was_asked_for() {
        let path = "/v1/secret/data/variables/a%3Ab%2Bc%20d?list=true";
        for status in [307, 308] {
            for location in [
                format!("https://active:8200{path}"),
                format!("https://standby:8201{path}"),
                format!("//active:8200{path}"),
                // As Go writes it.
                "https://active:8200/v1/secret/data/variables/a:b+c%20d?list=true".to_owned(),
            ] {
                let expected = if location.contains("8201") {
                    "standby:8201"
                } else {
                    "active:8200"
                };
                assert_eq!(
                    follow_as(ASKED, status, &location, Standbys::Followed),
                    Ok(format!("https://{expected}{path}")),
                    "{location}"
                );
                for standbys in [Standbys::Refused, Standbys::Unverified] {
                    assert_eq!(
                        follow_as(ASKED, status, &location, standbys),
                        Err(FailureKind::RedirectRefused),
                        "{location}"
                    );
                }
            }
        }
        assert_eq!(
            follow_as("http://h/v1/x", 307, "https://active/v1/x", Standbys::Followed).as_deref(),
            Ok("https://active/v1/x")
        );
    }

    #[test]
    fn what_no_standby_would_answer_is_refused() {
        let path = "/v1/secret/data/variables/a%3Ab%2Bc%20d?list=true";
        for (status, location) in [
            (302, format!("https://active:8200{path}")),
            (301, format!("https://active:8200{path}")),
            (303, format!("https://active:8200{path}")),
            (307, format!("http://active:8200{path}")),
            (307, format!("https://user@active:8200{path}")),
            (307, format!("https://user:password@active:8200{path}")),
            (307, format!("https://active:8200{path}&x=1")),
            (
                307,
                "https://active:8200/v1/secret/data/variables/a%3Ab%2Bc%20d".to_owned(),
            ),
            (
                307,
                "https://active:8200/v1/secret/data/variables/other?list=true".to_owned(),
            ),
            (307, format!("https://active:8200/prefix{path}")),
            (307, "https://active:8200/".to_owned()),
            (308, format!("https://active:8200{path}/")),
            (308, path.replacen("/v1", "//active:8200/v1/../v1", 1)),
        ] {
            assert_eq!(
                follow_as(ASKED, status, &location, Standbys::Followed),
                Err(FailureKind::RedirectRefused),
                "{status} {location}"
            );
        }
    }

    #[test]
    fn a_refused_redirect_names_the_other_server_and_no_user_of_it() {
        let from = Target::parse("http://h/x").expect("a URL");
        let failure = follow(
            &from,
            302,
            "https://u:hunter2@sso.example/login?x",
            Standbys::Followed,
        )
        .expect_err("a refusal");
        assert_eq!(failure.redirects_to(), Some("https://sso.example"));
        assert!(!format!("{failure:?}{failure}").contains("hunter2"));
        let long = format!("https://{}/", "a".repeat(5000));
        let failure = follow(&from, 302, &long, Standbys::Followed).expect_err("a refusal");
        assert!(failure.to_string().len() < 400);
    }
}
