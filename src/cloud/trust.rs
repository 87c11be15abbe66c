//! Whom requests trust and which proxies they go through, as Python's requests reads them from the environment.
//!
//! The one place that knows these variables. What one cloud's SDK reads beside them is said by the caller, and counts for that
//! cloud alone. Source: requests 2.34.2, `sessions.py` (`merge_environment_settings`).

use std::time::{Duration, Instant};

use crate::env::Env;
use crate::http::{Options, Proxies, Roots};

/// What requests takes a bundle of certificates, or a folder of them, from.
const BUNDLES: &[&str] = &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Returns the roots that requests trusts in `env`: a bundle's, else the system's.
pub(crate) fn roots(env: &Env) -> Roots {
    bundle(env, BUNDLES).unwrap_or_else(|| Roots::system(env))
}

/// Returns the bundle that the first of the variables `names` names.
pub(crate) fn bundle(env: &Env, names: &[&str]) -> Option<Roots> {
    let path = names.iter().find_map(|name| env.non_empty(name))?;
    Some(Roots::Path(path.into()))
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
