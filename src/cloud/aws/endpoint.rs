//! Which URL a service is asked at, and for which region a request is signed.
//!
//! A configured endpoint, else the host of the region's partition, as botocore 1.44.8 finds it: `args.py`
//! (`_compute_configured_endpoint_url`, `_compute_sts_endpoint_config`), `configprovider.py` (`ConfiguredEndpointProvider`),
//! `client.py` (`ClientEndpointBridge`), and the rules in `data/{secretsmanager,ssm,sts}/*/endpoint-rule-set-1.json.gz`.

use std::fmt;

use super::client_config::{ClientConfig, Setting};
use super::region::{self, Partition, Region};
use crate::error::{Error, Result};
use crate::http::url_fault;
use crate::python::urlsplit::urlsplit;
use crate::shown::shown;

/// A service, as botocore's model describes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// The first part of its host, and its name in a signature.
    pub(crate) prefix: &'static str,
    /// The part before the dot in `X-Amz-Target`; empty for a service that does not speak JSON.
    pub(crate) target: &'static str,
    /// The variable of its own endpoint.
    endpoint_variable: &'static str,
    /// Its key in a profile's section `services`.
    key: &'static str,
}

pub(crate) const SECRETS_MANAGER: Service = Service {
    name: "AWS Secrets Manager",
    prefix: "secretsmanager",
    target: "secretsmanager",
    endpoint_variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    key: "secrets_manager",
};

pub(crate) const PARAMETER_STORE: Service = Service {
    name: "AWS Systems Manager Parameter Store",
    prefix: "ssm",
    target: "AmazonSSM",
    endpoint_variable: "AWS_ENDPOINT_URL_SSM",
    key: "ssm",
};

pub(crate) const SECURITY_TOKEN_SERVICE: Service = Service {
    name: "AWS's Security Token Service",
    prefix: "sts",
    target: "",
    endpoint_variable: "AWS_ENDPOINT_URL_STS",
    key: "sts",
};

pub(crate) const SSO: Service = Service {
    name: "AWS's SSO portal",
    prefix: "portal.sso",
    target: "",
    endpoint_variable: "AWS_ENDPOINT_URL_SSO",
    key: "sso",
};

pub(crate) const SSO_OIDC: Service = Service {
    name: "AWS's SSO token service",
    prefix: "oidc",
    target: "",
    endpoint_variable: "AWS_ENDPOINT_URL_SSO_OIDC",
    key: "sso_oidc",
};

/// The region in which the global endpoint of STS is.
const GLOBAL_REGION: &str = "us-east-1";

/// botocore's name for "no region in particular", in the partition `aws`.
const AWS_GLOBAL: &str = "aws-global";

/// The regions that `AWS_STS_REGIONAL_ENDPOINTS=legacy` sends to the global endpoint: `LEGACY_GLOBAL_STS_REGIONS` in `args.py`.
const LEGACY_STS_REGIONS: &[&str] = &[
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    AWS_GLOBAL,
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Where requests go, and what they are signed for.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The URL: `https://secretsmanager.eu-west-1.amazonaws.com`, or a configured one with its path.
    pub(crate) url: String,
    /// Where the URL is configured, for messages; `None` for a host of AWS.
    pub(crate) place: Option<String>,
    /// The region in the signature; only STS may have none, at a configured endpoint, where a signature needs one.
    pub(crate) signing_region: Option<String>,
}

impl fmt::Debug for Endpoint {
    /// Leaves the URL out: it may have a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("place", &self.place)
            .field("signing_region", &self.signing_region)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Returns the endpoint of `service` that a client of boto3 would have.
    ///
    /// # Errors
    /// With status 2: no region, no endpoint of this kind in the region, or a configured URL that cannot be used.
    pub(crate) fn resolve(
        service: &Service,
        config: &(impl ClientConfig + ?Sized),
        region_kwarg: Option<&str>,
        endpoint_kwarg: Option<&str>,
    ) -> Result<Self> {
        let region = Region::configured(config, region_kwarg)?;
        let is_sts = *service == SECURITY_TOKEN_SERVICE;
        let (name, place) = match &region {
            Some(region) => (region.name.as_str(), region.place.as_str()),
            None if is_sts => (AWS_GLOBAL, ""),
            None => return Err(region::missing(config)),
        };
        let is_legacy = is_legacy_sts(config)?;
        let fips = region.as_ref().is_some_and(|region| region.is_fips)
            || config.is_true("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
        let dual_stack = config.is_true("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
        let partition = Partition::of(name);
        if dual_stack && !partition.has_dual_stack(name) {
            return Err(Error::usage(format!(
                "the region `{name}` of {place} has no dual-stack endpoints"
            ))
            .with_hint(
                "unset `AWS_USE_DUALSTACK_ENDPOINT`, or `use_dualstack_endpoint` of the AWS profile",
            ));
        }
        if let Some(Setting { value, place }) = configured(service, config, endpoint_kwarg)? {
            check(value, &place)?;
            return Ok(Self {
                url: value.to_owned(),
                place: Some(place),
                signing_region: region.map(|region| region.name),
            });
        }
        if !is_host_label(name) {
            return Err(Error::usage(format!(
                "{place} is not a region: no host can be named after `{}`",
                shown(name)
            ))
            .with_hint("a region is a name such as `eu-west-1`"));
        }
        let is_global = is_sts
            && !fips
            && !dual_stack
            && (name == AWS_GLOBAL || is_legacy && LEGACY_STS_REGIONS.contains(&name));
        let url = if is_global {
            "https://sts.amazonaws.com".to_owned()
        } else {
            format!("https://{}", host(service, name, partition, fips, dual_stack))
        };
        let signing_region = if is_global || is_sts && name == AWS_GLOBAL {
            GLOBAL_REGION
        } else {
            name
        };
        Ok(Self {
            url,
            place: None,
            signing_region: Some(signing_region.to_owned()),
        })
    }
}

/// Returns the host of `service`: the rules of `endpoint-rule-set-1.json`.
fn host(service: &Service, region: &str, partition: &Partition, fips: bool, dual_stack: bool) -> String {
    let prefix = service.prefix;
    // The rules of the services differ only here.
    let (has_fips_host, has_dual_stack_host) = match (prefix, partition.name) {
        ("secretsmanager", "aws" | "aws-us-gov") => (true, false),
        ("secretsmanager", "aws-cn") => (true, fips),
        ("ssm" | "sts" | "portal.sso" | "oidc", "aws-us-gov") => (dual_stack, true),
        _ => (true, true),
    };
    let suffix = if dual_stack && has_dual_stack_host {
        partition.dual_stack_dns_suffix
    } else {
        partition.dns_suffix
    };
    let fips = if fips && has_fips_host { "-fips" } else { "" };
    format!("{prefix}{fips}.{region}.{suffix}")
}

/// Returns the configured endpoint: the kwarg, two variables, the service's in the profile's `services`, the profile's own.
fn configured<'a>(
    service: &Service,
    config: &'a (impl ClientConfig + ?Sized),
    kwarg: Option<&'a str>,
) -> Result<Option<Setting<'a>>> {
    if let Some(value) = kwarg {
        return Ok(Some(Setting {
            value,
            place: "the backend kwarg `endpoint_url`".to_owned(),
        }));
    }
    if config.is_true(
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "ignore_configured_endpoint_urls",
    ) {
        return Ok(None);
    }
    for name in [service.endpoint_variable, "AWS_ENDPOINT_URL"] {
        if let Some(value) = config.variable(name).filter(|value| !value.is_empty()) {
            return Ok(Some(Setting {
                value,
                place: format!("`{name}`"),
            }));
        }
    }
    let place = |of: String| format!("`endpoint_url` of {of}");
    if let Some(value) = config
        .service(service.key, "endpoint_url")?
        .filter(|value| !value.is_empty())
    {
        let of = format!(
            "`{}` in the services of {}",
            service.key,
            config.profile_place("endpoint_url")
        );
        return Ok(Some(Setting {
            value,
            place: place(of),
        }));
    }
    let own = config.profile("endpoint_url").filter(|value| !value.is_empty());
    Ok(own.map(|value| Setting {
        value,
        place: place(config.profile_place("endpoint_url")),
    }))
}

/// Checks a configured URL: `is_valid_endpoint_url` in `utils.py`, and what `http` cannot send.
fn check(url: &str, place: &str) -> Result<()> {
    let fault = match url_fault(url) {
        Some(fault) => fault,
        None if !has_valid_host(url) => "has a host that AWS's own clients refuse",
        None => return Ok(()),
    };
    Err(Error::usage(format!("{place} {fault}")).with_hint(
        "an endpoint is a URL such as `http://localhost:4566`; its host has letters, digits and hyphens",
    ))
}

/// Whether the host of `url` is made of labels, or is an IPv6 address.
fn has_valid_host(url: &str) -> bool {
    let Ok(parts) = urlsplit(url) else { return false };
    let Some(host) = parts.hostname() else {
        return false;
    };
    let labels = host.strip_suffix('.').unwrap_or(&host);
    host.contains(':') || host.len() <= 255 && labels.split('.').all(is_host_label)
}

/// Whether `text` can be one part of a host's name.
fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns whether STS is asked at its global endpoint for older regions.
///
/// botocore reads this setting for every service, and refuses an unknown value.
fn is_legacy_sts(config: &(impl ClientConfig + ?Sized)) -> Result<bool> {
    let Some(Setting { value, place }) =
        config.variable_or_profile("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints")
    else {
        return Ok(false);
    };
    match value {
        "" | "regional" => Ok(false),
        "legacy" => Ok(true),
        other => Err(Error::usage(format!(
            "{place} must be `regional` or `legacy`, not `{}`",
            shown(other)
        ))
        .with_hint("unset it: `regional` is the default")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::aws::client_config::Plain;
    use crate::error::ErrorKind;

    fn with(pairs: &[(&'static str, &'static str)]) -> Plain {
        let mut config = Plain::default();
        config.env.extend(pairs.iter().copied());
        config
    }

    /// Returns host and region of the signature.
    fn resolved(service: &Service, config: &Plain, region: &str) -> (String, String) {
        let endpoint = Endpoint::resolve(service, config, Some(region), None).expect(region);
        let host = endpoint.url.strip_prefix("https://").expect("https");
        (host.to_owned(), endpoint.signing_region.expect("a region"))
    }

    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
    const DUAL: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "TRUE");

    #[test]
    fn a_host_follows_from_region_partition_and_variant() {
        let (manager, store, sts) = (&SECRETS_MANAGER, &PARAMETER_STORE, &SECURITY_TOKEN_SERVICE);
        for (service, region, settings, host) in [
            (
                manager,
                "eu-west-1",
                &[][..],
                "secretsmanager.eu-west-1.amazonaws.com",
            ),
            (manager, "moon", &[], "secretsmanager.moon.amazonaws.com"),
            (
                manager,
                "cn-north-1",
                &[],
                "secretsmanager.cn-north-1.amazonaws.com.cn",
            ),
            (
                manager,
                "us-iso-east-1",
                &[],
                "secretsmanager.us-iso-east-1.c2s.ic.gov",
            ),
            (
                manager,
                "us-isob-east-1",
                &[],
                "secretsmanager.us-isob-east-1.sc2s.sgov.gov",
            ),
            (
                manager,
                "eusc-de-east-1",
                &[],
                "secretsmanager.eusc-de-east-1.amazonaws.eu",
            ),
            (
                manager,
                "us-east-1",
                &[FIPS],
                "secretsmanager-fips.us-east-1.amazonaws.com",
            ),
            (
                manager,
                "us-east-1",
                &[DUAL],
                "secretsmanager.us-east-1.amazonaws.com",
            ),
            (
                manager,
                "cn-north-1",
                &[DUAL],
                "secretsmanager.cn-north-1.amazonaws.com.cn",
            ),
            (
                manager,
                "cn-north-1",
                &[DUAL, FIPS],
                "secretsmanager-fips.cn-north-1.api.amazonwebservices.com.cn",
            ),
            (store, "us-east-1", &[DUAL], "ssm.us-east-1.api.aws"),
            (store, "us-gov-west-1", &[FIPS], "ssm.us-gov-west-1.amazonaws.com"),
            (
                store,
                "us-gov-west-1",
                &[FIPS, DUAL],
                "ssm-fips.us-gov-west-1.api.aws",
            ),
            (store, "us-east-1-fips", &[], "ssm-fips.us-east-1.amazonaws.com"),
            (sts, "us-west-2", &[], "sts.us-west-2.amazonaws.com"),
        ] {
            assert_eq!(resolved(service, &with(settings), region).0, host);
        }
    }

    #[test]
    fn legacy_sts_is_global_for_older_regions() {
        let legacy = with(&[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")]);
        for (region, host, scope) in [
            ("eu-west-1", "sts.amazonaws.com", "us-east-1"),
            ("eu-south-1", "sts.eu-south-1.amazonaws.com", "eu-south-1"),
        ] {
            let expected = (host.to_owned(), scope.to_owned());
            assert_eq!(resolved(&SECURITY_TOKEN_SERVICE, &legacy, region), expected);
        }
    }

    #[test]
    fn an_error_names_the_place_of_the_setting() {
        let message = |config: &Plain, region: Option<&str>, url: Option<&str>| {
            let error = Endpoint::resolve(&SECRETS_MANAGER, config, region, url).expect_err("an error");
            assert_eq!(error.kind(), ErrorKind::Usage);
            error.message().to_owned()
        };
        for (settings, region, url, words) in [
            (
                &[][..],
                None,
                None,
                "no AWS region: neither the backend kwarg `region_name`",
            ),
            (
                &[],
                Some("eu_west"),
                None,
                "the backend kwarg `region_name` is not a region: `eu_west`",
            ),
            (
                &[("AWS_DEFAULT_REGION", "")],
                None,
                None,
                "`AWS_DEFAULT_REGION` is not a region",
            ),
            (
                &[("AWS_REGION", "a b")],
                None,
                None,
                "`AWS_REGION` is not a region: `a b`",
            ),
            (
                &[("AWS_ENDPOINT_URL", "localhost:4566")],
                Some("a"),
                None,
                "`AWS_ENDPOINT_URL` has no scheme",
            ),
            (
                &[],
                Some("a"),
                Some(""),
                "the backend kwarg `endpoint_url` has no scheme",
            ),
            (
                &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://local_stack/")],
                Some("a"),
                None,
                "`AWS_ENDPOINT_URL_SECRETS_MANAGER` has a host that",
            ),
            (
                &[("AWS_STS_REGIONAL_ENDPOINTS", "global")],
                Some("a"),
                None,
                "`AWS_STS_REGIONAL_ENDPOINTS` must be",
            ),
            (
                &[DUAL],
                Some("us-isof-east-1"),
                None,
                "the region `us-isof-east-1` of the backend kwarg",
            ),
        ] {
            let message = message(&with(settings), region, url);
            assert!(message.starts_with(words), "{message}");
        }
    }

    #[test]
    fn the_region_of_lambda_and_containers_comes_last() {
        let region = |settings: &[(&'static str, &'static str)]| {
            let endpoint = Endpoint::resolve(&SECRETS_MANAGER, &with(settings), None, None);
            endpoint.expect("an endpoint").signing_region
        };
        let both = [("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-2")];
        assert_eq!(region(&both).as_deref(), Some("eu-west-2"));
        assert_eq!(region(&both[..1]).as_deref(), Some("eu-west-1"));
    }
}
