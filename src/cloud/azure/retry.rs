//! Which requests are retried: azure-core's `RetryPolicy` for Python, as values of `http`.
//!
//! Facts: `azure/core/pipeline/policies/_retry.py` of azure-core for Python. Three retries for a status, after 0, 1.6 and
//! 3.2 s, or as `Retry-After` asks; for POSTs to a token endpoint too. The Rust SDK's own retries are off.

use std::time::Duration;

use crate::http::Retry;

/// 408, 429, 500, 502, 503, 504, and 506 to 998 (`_RETRY_CODES`).
const STATUSES: &[u16] = &list::<499>(&[408, 429, 500, 502, 503, 504], 506);

/// The statuses that are retried if they have a `Retry-After`: all errors.
const WITH_RETRY_AFTER: &[u16] = &list::<200>(&[], 400);

/// The statuses to retry at the instance metadata service: 404, 410, 429 and all 5xx (`PIPELINE_SETTINGS` of `imds.py`).
const IMDS_STATUSES: &[u16] = &list::<103>(&[404, 410, 429], 500);

/// `RetryPolicy()`
pub(crate) const DEFAULT: Retry = Retry {
    retries: 3,
    statuses: STATUSES,
    statuses_with_retry_after: WITH_RETRY_AFTER,
    backoff: Duration::from_millis(800),
    after_sending: true,
    decide: None,
};

/// `ImdsRetryPolicy`
pub(crate) const IMDS: Retry = Retry {
    retries: 5,
    statuses: IMDS_STATUSES,
    ..DEFAULT
};

/// Lists `first`, then the numbers from `from` on, `N` in all.
const fn list<const N: usize>(first: &[u16], from: u16) -> [u16; N] {
    let mut statuses = [0; N];
    let (mut at, mut next) = (0, from);
    while at < N {
        if at < first.len() {
            statuses[at] = first[at];
        } else {
            statuses[at] = next;
            next += 1;
        }
        at += 1;
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_are_those_of_python() {
        for status in [408, 429, 500, 502, 503, 504, 506, 599, 998] {
            assert!(STATUSES.contains(&status), "{status}");
        }
        assert!(!STATUSES.contains(&999));
        for status in [400, 401, 403, 404, 409, 501, 505] {
            assert!(!STATUSES.contains(&status), "{status}");
            assert!(WITH_RETRY_AFTER.contains(&status), "{status}");
        }
        for status in [404, 410, 429, 500, 599] {
            assert!(IMDS_STATUSES.contains(&status), "{status}");
        }
        assert!(!IMDS_STATUSES.contains(&400));
    }
}
