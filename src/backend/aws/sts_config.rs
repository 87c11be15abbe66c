//! `config_kwargs`: the options of botocore's `Config`, which Airflow gives to the call that assumes a role, and to nothing else.
//!
//! Sources: botocore 1.44.8, `config.py`; `__post_init__` in `utils/connection_wrapper.py` of
//! apache-airflow-providers-amazon 9.39.0. Airflow builds the `Config` without a role too, so its errors are errors there too.

use std::time::Duration;

use crate::cloud::aws::sts::StsOptions;
use crate::error::{Error, Result};
use crate::http::Proxies;
use crate::nearest::nearest;
use crate::python::json::{Object, Value};
use crate::shown::shown;

/// The kwarg.
pub(super) const CONFIG_KWARGS: &str = "config_kwargs";

/// Every option of `Config`.
const OPTIONS: &[&str] = &[
    "region_name",
    "signature_version",
    "user_agent",
    "user_agent_extra",
    "user_agent_appid",
    "connect_timeout",
    "read_timeout",
    "parameter_validation",
    "max_pool_connections",
    "proxies",
    "proxies_config",
    "s3",
    "s3_disable_express_session_auth",
    "retries",
    "client_cert",
    "inject_host_prefix",
    "endpoint_discovery_enabled",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "ignore_configured_endpoint_urls",
    "defaults_mode",
    "tcp_keepalive",
    "request_min_compression_size_bytes",
    "disable_request_compression",
    "client_context_params",
    "sigv4a_signing_region_set",
    "request_checksum_calculation",
    "response_checksum_validation",
    "account_id_endpoint_mode",
    "auth_scheme_preference",
];

/// The keys of `retries`.
const RETRY_KEYS: &[&str] = &["max_attempts", "mode", "total_max_attempts"];

/// Checks the options as `Config` does, and returns those that the call uses.
///
/// # Errors
/// An unknown option, or a value that `Config` refuses, with status 2.
pub(super) fn options(config: &Object) -> Result<StsOptions> {
    if let Some(name) = config.keys().find(|name| !OPTIONS.contains(&name.as_str())) {
        return Err(unknown(CONFIG_KWARGS, name, OPTIONS));
    }
    let text = |name: &str| match config.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "text")),
    };
    let flag = |name: &str| match config.get(name) {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.is_truthy()),
    };
    if let Some(s3) = config.get("s3").filter(|s3| !s3.is_null()) {
        let style = s3.as_object().map(|s3| s3.get("addressing_style"));
        let is_known = match style {
            Some(None | Some(Value::Null)) => true,
            Some(Some(Value::String(style))) => matches!(style.as_str(), "virtual" | "auto" | "path"),
            _ => false,
        };
        if !is_known {
            return Err(wrong("s3", "an object with a known `addressing_style`"));
        }
    }
    let (retry_mode, max_attempts) = retries(config)?;
    Ok(StsOptions {
        region_name: text("region_name")?,
        use_fips_endpoint: flag("use_fips_endpoint"),
        use_dualstack_endpoint: flag("use_dualstack_endpoint"),
        ignore_configured_endpoint_urls: flag("ignore_configured_endpoint_urls"),
        timeout: timeout(config)?,
        proxies: proxies(config)?,
        retry_mode,
        max_attempts,
        ..StsOptions::default()
    })
}

/// Returns `proxies`, which are used instead of the environment's.
fn proxies(config: &Object) -> Result<Option<Proxies>> {
    let proxies = match config.get("proxies") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(proxies)) => proxies,
        Some(_) => return Err(wrong("proxies", "an object")),
    };
    let pairs = proxies.iter().map(|(scheme, url)| match url {
        Value::String(url) => Ok((scheme.clone(), Some(url.clone()))),
        _ => Err(wrong(&format!("proxies.{}", shown(scheme)), "a URL")),
    });
    let pairs: Vec<_> = pairs.collect::<Result<_>>()?;
    Ok(Some(Proxies::default().with_explicit(pairs).by_urllib()))
}

/// Returns the time limit of an attempt: the longer of the two, because ours is for connecting and for each wait.
fn timeout(config: &Object) -> Result<Option<Duration>> {
    let mut longest = None;
    for name in ["connect_timeout", "read_timeout"] {
        let seconds = match config.get(name) {
            None | Some(Value::Null) => continue,
            Some(Value::Int(digits)) => digits.parse::<f64>().ok(),
            Some(Value::Float(seconds)) => Some(*seconds),
            Some(_) => None,
        };
        let timeout = seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .filter(|timeout| !timeout.is_zero());
        let timeout = timeout.ok_or_else(|| wrong(name, "a number of seconds"))?;
        longest = longest.max(Some(timeout));
    }
    Ok(longest)
}

/// Returns the mode of retries, and how often the call is tried, the first attempt included: `total_max_attempts`, else one
/// more than `max_attempts`.
fn retries(config: &Object) -> Result<(Option<String>, Option<String>)> {
    let retries = match config.get("retries") {
        None | Some(Value::Null) => return Ok((None, None)),
        Some(Value::Object(retries)) => retries,
        Some(_) => return Err(wrong("retries", "an object")),
    };
    let (mut mode, mut total, mut most) = (None, None, None);
    for (name, value) in retries {
        let number = match value {
            Value::Int(digits) => digits.parse::<u32>().ok(),
            _ => None,
        };
        let place = format!("retries.{name}");
        match name.as_str() {
            "max_attempts" => most = Some(number.ok_or_else(|| wrong(&place, "a number from 0 on"))?),
            "total_max_attempts" => {
                let number = number.filter(|number| *number > 0);
                total = Some(number.ok_or_else(|| wrong(&place, "a number from 1 on"))?);
            }
            "mode" if matches!(value.as_str(), Some("legacy" | "standard" | "adaptive")) => {
                mode = value.as_str().map(str::to_owned);
            }
            "mode" => return Err(wrong(&place, "`legacy`, `standard` or `adaptive`")),
            other => return Err(unknown("config_kwargs.retries", other, RETRY_KEYS)),
        }
    }
    let attempts = total.or(most.map(|most: u32| most.saturating_add(1)));
    Ok((mode, attempts.map(|attempts| attempts.to_string())))
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::usage(format!(
        "`{name}` in the backend kwarg `{CONFIG_KWARGS}` must be {wanted}"
    ))
}

/// Returns the error of an unknown `name` in `place`.
pub(super) fn unknown(place: &str, name: &str, known: &[&str]) -> Error {
    let error = Error::usage(format!(
        "unknown option `{}` in the backend kwarg `{place}`",
        shown(name)
    ));
    match nearest(name, known) {
        Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
        None => error.with_hint("the documentation of botocore's `Config` lists the options"),
    }
}
