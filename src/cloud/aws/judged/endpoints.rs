//! Generated clients against boto3's: URL, scope of the signature, retry settings, and errors on both sides.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Random, airflow, cases, random};
use crate::cloud::aws::endpoint::{Endpoint, PARAMETER_STORE, SECRETS_MANAGER, SECURITY_TOKEN_SERVICE};
use crate::cloud::aws::retry::{RetryMode, RetrySettings};
use crate::cloud::aws::{Session, SessionOptions};
use crate::env::Env;
use crate::secret::Secret;

/// Regions of every partition, unknown ones, pseudo-regions, and what is not a region.
const REGIONS: &[&str] = &[
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-south-1",
    "ap-southeast-7",
    "sa-west-1",
    "me-west-1",
    "mx-central-1",
    "il-central-1",
    "ca-central-1",
    "af-south-1",
    "aws-global",
    "cn-north-1",
    "cn-northwest-1",
    "cn-west-9",
    "aws-cn-global",
    "us-gov-west-1",
    "us-gov-east-1",
    "us-gov-north-7",
    "aws-us-gov-global",
    "us-iso-east-1",
    "us-iso-west-1",
    "aws-iso-global",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isob-x-12",
    "eu-isoe-west-1",
    "aws-iso-e-global",
    "us-isof-south-1",
    "us-isof-east-1",
    "eusc-de-east-1",
    "eusc-de-x-2",
    "eusc-fr-east-1",
    "xx-nowhere-1",
    "us-east-1-extra",
    "us--1",
    "us-a-",
    "local",
    "moon",
    "EU-WEST-1",
    "Us-East-1",
    "CN-NORTH-1",
    "eu-west-1a",
    "us-east-1-fips",
    "fips-us-east-1",
    "fips-us-gov-west-1",
    "us-gov-east-1-fips",
    "us-iso-east-1-fips",
    "ca-west-1-fips",
    "fips-cn-north-1",
    "us-fips-east-1",
    "fips-aws-global",
    "fips-fips-us-east-1",
    "fips",
    "fips--us",
    "us--fips",
    "fips--fips",
    "1-fips",
    "us_east_1",
    "us.east.1",
    "us east 1",
    " us-east-1",
    "-us-east-1",
    "us-east-1-",
    "12345",
    "1a",
    "",
    "évry",
    "us-east-1/x",
    "a123456789-123456789-123456789-123456789-123456789-123456789-12",
    "a123456789-123456789-123456789-123456789-123456789-123456789-123",
    "a123456789-123456789-123456789-123456789-123456789-123456789-1234",
];

/// Configured endpoints, valid and not.
const ENDPOINTS: &[&str] = &[
    "http://localhost:4566",
    "http://localhost:4566/",
    "https://vpce-1-abc.secretsmanager.us-east-1.vpce.amazonaws.com",
    "http://127.0.0.1:5000/path/",
    "http://h/a/../b",
    "https://[::1]:8443",
    "http://[fe80::1]/",
    "HTTP://Upper.Example",
    "http://host.",
    "http://user:pw@host:1",
    "http://host:1?a=b",
    "localhost:4566",
    "localhost",
    "http://local_stack:4566",
    "http://-host",
    "http://host-/",
    "http://a..b",
    "http://",
    "http:///x",
    "//",
    "http://ho st",
    "http://host:1#f",
];

const BOOLEANS: &[&str] = &["true", "TRUE", "True", "false", "", "1", "yes", "true "];

/// Returns one of `choices`, in one of `n` cases.
fn sometimes(random: &mut Random, n: usize, choices: &'static [&'static str]) -> Option<&'static str> {
    random.one_in(n).then(|| *random.pick(choices))
}

/// A generated client: service, variables, shared files, and kwargs.
struct Case {
    service: &'static str,
    env: BTreeMap<&'static str, &'static str>,
    config: String,
    credentials: String,
    profile: Option<&'static str>,
    region: Option<&'static str>,
    endpoint: Option<&'static str>,
}

/// The profiles in the files.
const PROFILES: &[&str] = &["default", "dev"];

/// The values of a variable or a kwarg that names a profile.
const NAMES: &[&str] = &[
    "default", "dev", "dev", "default", "dev", "dev", "default", "dev", "prod", "",
];

/// A variable, the profile's key for the same, how rare each is, and the values.
type Choice = (&'static str, &'static str, usize, usize, &'static [&'static str]);

/// The settings that a variable and a profile can have. Most are absent, so that errors do not hide each other.
const CHOICES: [Choice; 7] = [
    ("AWS_DEFAULT_REGION", "region", 2, 2, REGIONS),
    ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", 3, 5, BOOLEANS),
    (
        "AWS_USE_DUALSTACK_ENDPOINT",
        "use_dualstack_endpoint",
        3,
        5,
        BOOLEANS,
    ),
    (
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "ignore_configured_endpoint_urls",
        8,
        12,
        BOOLEANS,
    ),
    (
        "AWS_STS_REGIONAL_ENDPOINTS",
        "sts_regional_endpoints",
        3,
        4,
        &["legacy", "legacy", "regional", "", "Legacy", "global"],
    ),
    (
        "AWS_RETRY_MODE",
        "retry_mode",
        6,
        6,
        &["standard", "legacy", "adaptive", "Standard", "", "none"],
    ),
    (
        "AWS_MAX_ATTEMPTS",
        "max_attempts",
        8,
        8,
        &[
            "1",
            "2",
            "10",
            " 4 ",
            "1_0",
            "+3",
            "٣",
            "0",
            "-1",
            "",
            "two",
            "2.0",
            "99999999999",
        ],
    ),
];

fn case(random: &mut Random) -> Case {
    let mut env = BTreeMap::new();
    for (variable, _, often, _, values) in CHOICES {
        if let Some(value) = sometimes(random, often, values) {
            env.insert(variable, value);
        }
    }
    for variable in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ENDPOINT_URL_SSM",
        "AWS_ENDPOINT_URL_STS",
    ] {
        if let Some(value) = sometimes(random, 12, ENDPOINTS) {
            env.insert(variable, value);
        } else if random.one_in(20) {
            env.insert(variable, "");
        }
    }
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
        if let Some(value) = sometimes(random, 8, NAMES) {
            env.insert(variable, value);
        }
    }
    let (mut config, mut credentials) = (String::new(), String::new());
    for profile in PROFILES {
        let title = match (*profile, random.below(3)) {
            ("default", 0) => "[profile default]".to_owned(),
            ("default", _) => "[default]".to_owned(),
            (other, 0) => format!("[profile \"{other}\"]"),
            (other, _) => format!("[profile {other}]"),
        };
        config.extend([&title, "\n"]);
        config.push_str(&settings(random, 1));
        if random.one_in(5) {
            config.push_str("services = mine\n");
        }
        if random.one_in(3) {
            credentials.extend(["[", profile, "]\n"]);
            credentials.push_str(&settings(random, 4));
        }
    }
    // The section that a profile names may be missing, or empty.
    if !random.one_in(6) {
        config.push_str("[services mine]\n");
        for key in ["secrets_manager", "ssm", "sts", "secretsmanager"] {
            if let Some(url) = sometimes(random, 2, ENDPOINTS) {
                config.extend([key, " =\n  endpoint_url = ", url, "\n"]);
            }
        }
    }
    let service = *random.pick(&["secretsmanager", "ssm", "sts"]);
    Case {
        service,
        env,
        config,
        credentials,
        profile: sometimes(random, 6, NAMES),
        region: sometimes(random, 3, REGIONS),
        endpoint: sometimes(random, 6, ENDPOINTS),
    }
}

/// Returns the lines of a profile, each `rarer` times less often than in the config file.
fn settings(random: &mut Random, rarer: usize) -> String {
    let mut lines = String::new();
    for (_, key, _, often, values) in CHOICES {
        if let Some(value) = sometimes(random, often * rarer, values) {
            lines.extend([key, " = ", value, "\n"]);
        }
    }
    if let Some(url) = sometimes(random, 8 * rarer, ENDPOINTS) {
        lines.extend(["endpoint_url=", url, "\n"]);
    }
    lines
}

fn ours(case: &Case) -> Value {
    let service = match case.service {
        "secretsmanager" => &SECRETS_MANAGER,
        "ssm" => &PARAMETER_STORE,
        _ => &SECURITY_TOKEN_SERVICE,
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Secret::from(path.to_str().unwrap())
    };
    let env: Env = case
        .env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
        .chain([
            ("AWS_CONFIG_FILE".to_owned(), file("config", &case.config)),
            (
                "AWS_SHARED_CREDENTIALS_FILE".to_owned(),
                file("credentials", &case.credentials),
            ),
        ])
        .collect();
    let options = SessionOptions {
        profile_name: case.profile.map(str::to_owned),
        region_name: case.region.map(str::to_owned),
        ..SessionOptions::default()
    };
    let Ok(session) = Session::new(&env, options, Instant::now() + Duration::from_mins(1)) else {
        return Value::Null;
    };
    let resolved = Endpoint::resolve(service, &session, None, case.endpoint);
    let (Ok(endpoint), Ok(retry)) = (resolved, RetrySettings::configured(&session)) else {
        return Value::Null;
    };
    // Without a region, boto3 cannot sign.
    let Some(region) = endpoint.signing_region else {
        return Value::Null;
    };
    json!({
        "url": sent(&endpoint.url),
        "region": region,
        "name": service.prefix,
        "mode": match retry.mode {
            RetryMode::Legacy => "legacy",
            RetryMode::Standard => "standard",
            RetryMode::Adaptive => "adaptive",
        },
        "attempts": retry.max_attempts,
    })
}

/// A URL as a request would show it: scheme in lower case, and a path.
fn sent(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let rest = rest.split('#').next().unwrap_or_default();
    let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{}://{place}{slash}{path}", scheme.to_lowercase())
}

fn question(case: &Case) -> Value {
    json!({
        "op": "aws_endpoints.resolve",
        "service": case.service,
        "env": case.env,
        "config": case.config,
        "credentials": case.credentials,
        "kwargs": {"profile_name": case.profile, "region_name": case.region, "endpoint_url": case.endpoint},
    })
}

/// The judge's answer in the terms of [`ours`]; an error is null.
fn theirs(mut answer: Value) -> Value {
    if answer["error"].is_string() {
        return Value::Null;
    }
    let url = sent(answer["url"].as_str().unwrap());
    if answer["attempts"].is_null() {
        answer["attempts"] = json!(if answer["mode"] == "legacy" { 5 } else { 3 });
    }
    let attempts = answer["attempts"].as_u64().unwrap().min(u64::from(u32::MAX));
    answer["attempts"] = json!(attempts);
    answer["url"] = json!(url);
    answer
}

#[test]
fn a_client_has_the_endpoint_scope_and_retries_of_boto3() {
    let Some(judge) = airflow() else { return };
    let mut random = random("aws endpoints");
    let cases: Vec<Case> = (0..cases(1_000, 10_000)).map(|_| case(&mut random)).collect();
    let questions: Vec<Value> = cases.iter().map(question).collect();
    let answers = judge.ask_many(&questions);
    let mut equal = 0;
    let mut wrong = Vec::new();
    for ((case, question), answer) in cases.iter().zip(&questions).zip(answers) {
        let (ours, theirs) = (ours(case), theirs(answer.clone()));
        equal += usize::from(!theirs.is_null());
        if ours != theirs {
            wrong.push(format!("{question}\n  ours {ours}\n  boto3 {answer}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
    // Errors must not hide the rest.
    assert!(4 * equal > cases.len(), "only {equal} clients were made");
}
