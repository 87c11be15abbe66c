//! Whom requests trust and which proxies they go through, as Python's requests reads them from the environment.
//!
//! The one place that knows these variables. What one cloud's SDK reads beside them is said by the caller, and counts for that
//! cloud alone. Source: requests 2.34.2, `sessions.py` (`merge_environment_settings`).

use std::time::{Duration, Instant};

use crate::env::Env;
use crate::http::{Options, Proxies, Roots};

/// What requests takes a bundle of certificates, or a folder of them, from.
pub(crate) const REQUESTS_BUNDLES: &[&str] = &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// What botocore takes a bundle from, and requests beneath it: it counts for AWS alone.
const AWS_BUNDLES: &[&str] = &["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];

/// Returns the roots that the first variable of `names` names, and that variable.
pub(crate) fn named(env: &Env, names: &[&'static str]) -> Option<(Roots, &'static str)> {
    names
        .iter()
        .find_map(|name| Some((Roots::Path(env.non_empty(name)?.into()), *name)))
}

/// Returns the roots that requests trusts in `env`: a bundle's, else the system's.
pub(crate) fn roots(env: &Env) -> Roots {
    bundle_or_system(env, REQUESTS_BUNDLES)
}

/// Returns the roots that are trusted where AWS is asked.
pub(crate) fn aws_roots(env: &Env) -> Roots {
    bundle_or_system(env, AWS_BUNDLES)
}

fn bundle_or_system(env: &Env, names: &[&'static str]) -> Roots {
    named(env, names).map_or_else(|| Roots::system(env), |(roots, _)| roots)
}

/// Returns how a client talks that is configured by `env` alone.
pub(crate) fn options(env: &Env, attempt_timeout: Duration, deadline: Instant) -> Options {
    Options {
        roots: roots(env),
        identity: None,
        proxies: Proxies::from_env(env),
        attempt_timeout,
        deadline,
    }
}
