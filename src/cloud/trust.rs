//! Which roots and proxies Python's requests takes from the environment.
//!
//! The only place that knows these variables. Variables that one cloud's SDK reads as well apply to that cloud only. Source:
//! requests 2.34.2, `sessions.py` (`merge_environment_settings`).

use std::time::{Duration, Instant};

use crate::env::Env;
use crate::http::{Options, Proxies, Roots};

/// The variables from which requests takes a bundle of certificates, or a folder of them.
pub(crate) const REQUESTS_BUNDLES: &[&str] = &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The variable from which botocore takes a bundle. For AWS only.
const AWS_BUNDLE: &str = "AWS_CA_BUNDLE";

/// The variable from which botocore's HTTP client takes one when botocore has none.
const BUNDLE_AFTER_AWS: &str = "REQUESTS_CA_BUNDLE";

/// Returns the roots from the first variable of `names` that is set, and its name.
pub(crate) fn named(env: &Env, names: &[&'static str]) -> Option<(Roots, &'static str)> {
    names
        .iter()
        .find_map(|name| Some((Roots::Path(env.non_empty(name)?.into()), *name)))
}

/// Returns the roots that requests trusts in `env`: those of a bundle, else the system's.
pub(crate) fn roots(env: &Env) -> Roots {
    bundle_or_system(env, REQUESTS_BUNDLES)
}

/// Returns the roots that are trusted for AWS; `profile` is the `ca_bundle` of its profile.
pub(crate) fn aws_roots(env: &Env, profile: Option<&str>) -> Roots {
    let own = env.text(AWS_BUNDLE).or(profile).filter(|path| !path.is_empty());
    match own.or_else(|| env.non_empty(BUNDLE_AFTER_AWS)) {
        Some(path) => Roots::Path(path.into()),
        None => Roots::system(env),
    }
}

fn bundle_or_system(env: &Env, names: &[&'static str]) -> Roots {
    named(env, names).map_or_else(|| Roots::system(env), |(roots, _)| roots)
}

/// Returns the options of a client that only `env` configures.
pub(crate) fn options(env: &Env, attempt_timeout: Duration, deadline: Instant) -> Options {
    Options {
        roots: roots(env),
        identity: None,
        proxies: Proxies::from_env(env),
        attempt_timeout,
        deadline,
    }
}
