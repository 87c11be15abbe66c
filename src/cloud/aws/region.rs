//! Regions: where the name comes from, which names are valid, and which partition a region belongs to.
//!
//! Source: botocore 1.44.8, `session.py` (`_resolve_region_name`), `utils.py` (`validate_region_name`), `client.py`
//! (`_normalize_fips_region`), `data/partitions.json`, `endpoint_provider.py` (`aws_partition`). A deliberate difference:
//! `AWS_REGION` is read last, where boto3 would have no region.

use super::client_config::{ClientConfig, Setting};
use crate::error::{Error, Result};
use crate::shown::shown;

/// A group of regions with domains of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    /// `aws`, `aws-cn`, …
    pub(crate) name: &'static str,
    /// The beginnings of its regions' names, each followed by `-`, a word, `-` and a number.
    prefixes: &'static [&'static str],
    /// Its names that have another form.
    others: &'static [&'static str],
    /// The domain of its services.
    pub(crate) dns_suffix: &'static str,
    /// The domain of services that answer over IPv6 too.
    pub(crate) dual_stack_dns_suffix: &'static str,
    /// Whether botocore has a domain for dual stack in its table of endpoints too.
    knows_dual_stack: bool,
}

/// The partitions, in the order in which botocore tries them. The first is for unknown regions.
///
/// Source: botocore 1.44.8, `data/partitions.json`; `knows_dual_stack` from `data/endpoints.json` (`defaults.variants`) and
/// `regions.py` (`_UNSUPPORTED_DUALSTACK_PARTITIONS`, whose regions are then looked up in `aws`).
const PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws",
        prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
        others: &["aws-global"],
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        knows_dual_stack: true,
    },
    Partition {
        name: "aws-cn",
        prefixes: &["cn"],
        others: &["aws-cn-global"],
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
        knows_dual_stack: true,
    },
    Partition {
        name: "aws-eusc",
        prefixes: &["eusc-de"],
        others: &[],
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
        knows_dual_stack: true,
    },
    Partition {
        name: "aws-iso",
        prefixes: &["us-iso"],
        others: &["aws-iso-global"],
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
        knows_dual_stack: true,
    },
    Partition {
        name: "aws-iso-b",
        prefixes: &["us-isob"],
        others: &["aws-iso-b-global"],
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
        knows_dual_stack: true,
    },
    Partition {
        name: "aws-iso-e",
        prefixes: &["eu-isoe"],
        others: &["aws-iso-e-global"],
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
        knows_dual_stack: false,
    },
    Partition {
        name: "aws-iso-f",
        prefixes: &["us-isof"],
        others: &["aws-iso-f-global"],
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
        knows_dual_stack: false,
    },
    Partition {
        name: "aws-us-gov",
        prefixes: &["us-gov"],
        others: &["aws-us-gov-global"],
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
        knows_dual_stack: true,
    },
];

impl Partition {
    /// Returns the partition of `region`, which is case-sensitive; that of an unknown region is `aws`.
    pub(crate) fn of(region: &str) -> &'static Self {
        PARTITIONS
            .iter()
            .find(|partition| partition.has(region))
            .unwrap_or(&PARTITIONS[0])
    }

    fn has(&self, region: &str) -> bool {
        self.others.contains(&region) || self.has_form_of(region)
    }

    /// Whether `region` has the form of its regions: `<prefix>-<word>-<number>`.
    fn has_form_of(&self, region: &str) -> bool {
        self.prefixes
            .iter()
            .any(|prefix| region.strip_prefix(prefix).is_some_and(is_word_and_number))
    }

    /// Whether botocore makes a client for dual stack in `region`. Its table of endpoints has no pseudo-region such as
    /// `aws-iso-e-global`, and then the partition `aws` decides.
    pub(crate) fn has_dual_stack(&self, region: &str) -> bool {
        self.knows_dual_stack || !self.has_form_of(region)
    }
}

/// Whether `text` is `-<word>-<number>`.
fn is_word_and_number(text: &str) -> bool {
    let Some((word, number)) = text.strip_prefix('-').and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let word_fits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    word_fits && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A region as requests use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// Its name, without `fips`.
    pub(crate) name: String,
    /// Whether the configured name asked for hosts with FIPS 140: `us-east-1-fips`, `fips-us-east-1`.
    pub(crate) is_fips: bool,
    /// Where it is configured, for messages.
    pub(crate) place: String,
}

impl Region {
    /// Returns the region of the kwarg, else of the environment or the profile; `None` when there is none.
    ///
    /// # Errors
    /// A name that is not a valid host label, with status 2.
    pub(crate) fn configured(
        config: &(impl ClientConfig + ?Sized),
        kwarg: Option<&str>,
    ) -> Result<Option<Self>> {
        let kwarg = kwarg.or_else(|| config.given_region()).map(|value| Setting {
            value,
            place: "the backend kwarg `region_name`".to_owned(),
        });
        let setting = kwarg
            .or_else(|| config.variable_or_profile("AWS_DEFAULT_REGION", "region"))
            .or_else(|| {
                config
                    .variable("AWS_REGION")
                    .filter(|value| !value.is_empty())
                    .map(|value| Setting {
                        value,
                        place: "`AWS_REGION`".to_owned(),
                    })
            });
        let Some(Setting { value, place }) = setting else {
            return Ok(None);
        };
        if !is_valid(value) {
            return Err(
                Error::usage(format!("{place} is not a region: `{}`", shown(value)))
                    .with_hint("a region has letters, digits and hyphens, as in `eu-west-1`"),
            );
        }
        let name = value.replace("fips-", "").replace("-fips", "");
        let is_fips = name != value;
        Ok(Some(Self { name, is_fips, place }))
    }
}

/// Whether botocore accepts `region` as a name. It accepts an empty one, which is an error only where a host is made from it.
fn is_valid(region: &str) -> bool {
    let is_number = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_digit());
    !is_number
        && region.len() <= 63
        && !region.starts_with('-')
        && !region.ends_with('-')
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns the error of a missing region.
pub(crate) fn missing(config: &(impl ClientConfig + ?Sized)) -> Error {
    Error::usage(format!(
        "no AWS region: neither the backend kwarg `region_name`, nor `AWS_DEFAULT_REGION`, nor `region` of {} is set",
        config.profile_place("region")
    ))
    .with_hint("set `region_name` in the backend kwargs, or `AWS_DEFAULT_REGION`")
}
