//! Generated homes and environments, several hundred a run.

use std::collections::BTreeMap;

use super::services::start;
use super::{Case, difference};
use crate::cloud::aws::judged::support::{Random, cases, random};

/// The names of profiles; the last has no section.
const PROFILES: &[&str] = &[
    "default", "a", "a", "b", "b", "c d", "a", "b", "c d", "default", "a", "missing",
];

/// The roles, each with its own answer.
const ROLES: &[&str] = &[
    "arn:aws:iam::123456789012:role/one",
    "arn:aws:iam::123456789012:role/two",
    "arn:aws:iam::123456789012:role/four",
    "arn:aws:iam::123456789012:role/five",
    "arn:aws:iam::123456789012:role/six",
    "arn:aws:iam::123456789012:role/seven",
    "arn:aws:iam::123456789012:role/path/three",
    "arn:aws:iam::123456789012:role/denied",
    "arn:aws:iam::123456789012:role/expired",
    "arn:aws:iam::123456789012:role/throttled",
    "arn:x",
    "",
];

/// What `credential_process` may be.
const PROCESSES: &[&str] = &[
    "/bin/cat   \"{home}/process.json\"",
    "/bin/sh -c 'echo nothing >&2; cat {home}/process-token.json'",
    "/bin/cat {home}/process.json",
    "/bin/cat '{home}/process.json'",
    "/bin/cat {home}/process-token.json",
    "/bin/cat {home}/process-expired.json",
    "/bin/cat {home}/process-version.json",
    "/bin/cat {home}/process-partial.json",
    "/bin/cat {home}/token",
    "/bin/cat {home}/nothing",
    "/nonexistent/program",
    "/bin/cat '{home}/process.json",
];

fn keys(random: &mut Random, id: &str, section: &mut String) {
    let parts = random.below(8);
    if parts != 1 {
        section.extend([format!("aws_access_key_id = {id}\n")]);
    }
    if parts != 2 {
        section.extend([format!("aws_secret_access_key = secret-{id}\n")]);
    }
    if random.one_in(3) {
        section.push_str("aws_session_token = t1\n");
    }
    if random.one_in(8) {
        section.push_str("AWS_Security_Token: t2\n");
    }
}

fn role(random: &mut Random, section: &mut String) {
    section.extend([format!("role_arn = {}\n", random.pick(ROLES))]);
    if !random.one_in(8) {
        match random.below(5) {
            0 => {
                let sources = [
                    "Environment",
                    "EcsContainer",
                    "Ec2InstanceMetadata",
                    "environment",
                    "",
                ];
                section.extend([format!("credential_source = {}\n", random.pick(&sources))]);
            }
            _ => section.extend([format!("source_profile = {}\n", random.pick(PROFILES))]),
        }
    }
    for (key, values) in [
        ("external_id", &["ext:1 &", "x"][..]),
        ("duration_seconds", &["900", " 3600", "soon", "899", "9_00"]),
        ("role_session_name", &["me@example", "m", ""]),
        ("mfa_serial", &["arn:aws:iam::1:mfa/me"]),
    ] {
        if random.one_in(6) && (key != "mfa_serial" || random.one_in(2)) {
            section.extend([format!("{key} = {}\n", random.pick(values))]);
        }
    }
}

fn sso(random: &mut Random, section: &mut String) {
    section.push_str("sso_role_name = r/1\n");
    if !random.one_in(10) {
        section.push_str("sso_account_id = 123456789012\n");
    }
    if random.one_in(2) {
        section.extend([format!(
            "sso_session = {}\n",
            random.pick(&["corp", "old", "half", "none"])
        )]);
        if random.one_in(6) {
            section.push_str("sso_region = eu-north-1\n");
        }
        if random.one_in(6) {
            section.push_str("sso_start_url = https://corp/start\n");
        }
    } else {
        let urls = [
            "https://legacy/start",
            "https://expired/start",
            "https://none/start",
        ];
        section.extend([format!("sso_start_url = {}\n", random.pick(&urls))]);
        if !random.one_in(10) {
            section.push_str("sso_region = eu-north-1\n");
        }
    }
}

fn profile(random: &mut Random, name: &str) -> String {
    let mut section = match name {
        "default" if !random.one_in(4) => "[default]\n".to_owned(),
        name if name.contains(' ') => format!("[profile \"{name}\"]\n"),
        name => format!("[profile {name}]\n"),
    };
    let id = format!("AKIACONFIG{}", name.trim_end_matches(" d").to_uppercase());
    for _ in 0..=random.below(2) {
        match random.below(9) {
            0 | 1 if !section.contains("aws_") => keys(random, &id, &mut section),
            2..=4 if !section.contains("role_") => role(random, &mut section),
            5 if !section.contains("sso_") => sso(random, &mut section),
            6 if !section.contains("credential_process") => {
                section.extend([format!("credential_process = {}\n", random.pick(PROCESSES))]);
            }
            7 if !section.contains("web_identity") => {
                let files = ["{home}/token", "{home}/short", "{home}/nothing", ""];
                section.extend([format!("web_identity_token_file = {}\n", random.pick(&files))]);
                if !section.contains("role_arn") && !random.one_in(5) {
                    section.extend([format!("role_arn = {}\n", random.pick(ROLES))]);
                }
            }
            8 if random.one_in(3) && !section.contains("login_session") => {
                section.push_str("login_session = me\n");
            }
            _ => {}
        }
    }
    for (key, values) in [
        ("s3", &["\n  addressing_style = path", "\n  broken"][..]),
        ("services", &["none"]),
        ("metadata_service_timeout", &["2", "soon"]),
        ("metadata_service_num_attempts", &["2", "0", ""]),
        ("ec2_metadata_service_endpoint_mode", &["IPv4", "ipv5"]),
        ("ec2_metadata_v1_disabled", &["TRUE", "no"]),
        ("retry_mode", &["legacy", "standard"]),
        ("region", &["eu-south-1"]),
    ] {
        if random.one_in(30) {
            section.extend([format!("{key} = {}\n", random.pick(values))]);
        }
    }
    section
}

fn environment(random: &mut Random, env: &mut BTreeMap<String, String>) {
    let mut set = |random: &mut Random, one_in: usize, name: &str, values: &[&str]| {
        if random.one_in(one_in) {
            env.insert(name.to_owned(), (*random.pick(values)).to_owned());
        }
    };
    set(random, 8, "AWS_ACCESS_KEY_ID", &["AKIAENV", "AKIAENV", ""]);
    set(
        random,
        2,
        "AWS_SECRET_ACCESS_KEY",
        &["secret-AKIAENV", "secret-AKIAENV", ""],
    );
    set(random, 5, "AWS_SESSION_TOKEN", &["session", ""]);
    set(random, 8, "AWS_SECURITY_TOKEN", &["security", ""]);
    set(
        random,
        20,
        "AWS_CREDENTIAL_EXPIRATION",
        &["2999-01-01T00:00:00Z", "2001-01-01T00:00:00+01:00", "soon", ""],
    );
    set(random, 3, "AWS_PROFILE", PROFILES);
    set(random, 12, "AWS_DEFAULT_PROFILE", &["a", "b", "missing", ""]);
    set(
        random,
        10,
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        &["{home}/token", "{home}/nothing", ""],
    );
    set(random, 8, "AWS_ROLE_ARN", ROLES);
    set(random, 8, "AWS_ROLE_SESSION_NAME", &["pod", "p", ""]);
    let containers = [
        "{url}/container",
        "{url}/container",
        "{url}/container-expired",
        "{url}/container-empty",
        "{url}/container-html",
        "{url}/container-missing",
        "http://example.com/x",
        "nonsense",
        "",
    ];
    set(random, 6, "AWS_CONTAINER_CREDENTIALS_FULL_URI", &containers);
    set(
        random,
        4,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        &["Basic abc", "a\nb", ""],
    );
    set(
        random,
        6,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        &["{home}/short", "{home}/token", "{home}/nothing"],
    );
    let instances = [
        "{url}/imds",
        "{url}/imds/",
        "{url}/v1",
        "{url}/bad",
        "{url}/no-role",
        "{url}/imds-expired",
        "{url}/imds",
        "{url}/imds",
        "{url}/v1",
        "metadata",
    ];
    set(random, 2, "AWS_EC2_METADATA_SERVICE_ENDPOINT", &instances);
    set(random, 10, "AWS_EC2_METADATA_DISABLED", &["true", "TRUE", "yes"]);
    set(random, 8, "AWS_EC2_METADATA_V1_DISABLED", &["true", "false"]);
    set(
        random,
        30,
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        &["2", "2", "many"],
    );
    set(
        random,
        20,
        "AWS_CREDENTIAL_FILE",
        &["{home}/ec2", "{home}/nothing", "~/short"],
    );
    set(
        random,
        20,
        "BOTO_CONFIG",
        &["{home}/boto", "~/boto-half", "{home}/nothing"],
    );
    set(
        random,
        20,
        "AWS_SHARED_CREDENTIALS_FILE",
        &["~/other", "$HOME/other", "{home}/none"],
    );
}

fn generated(random: &mut Random) -> Case {
    let token = |access: &str, expiry: &str, more: &str| {
        format!("{{\"accessToken\": \"{access}\", \"expiresAt\": \"{expiry}\"{more}}}")
    };
    let refresh = |refresh: &str, until: &str| {
        format!(
            ", \"refreshToken\": \"{refresh}\", \"clientId\": \"i\", \"clientSecret\": \"s\", \
             \"registrationExpiresAt\": \"{until}\""
        )
    };
    let (later, earlier) = ("2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z");
    let mut case = Case::default()
        .with_file("token", "web identity+token\n")
        .with_file("short", "abc")
        .with_file("ec2", "AWSAccessKeyId = AKIAEC2\nAWSSecretKey=secret-AKIAEC2\n")
        .with_file("boto", "[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = secret-AKIABOTO\n")
        .with_file("boto-half", "[Credentials]\naws_access_key_id = AKIABOTO\n")
        .with_file("other", "[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = secret-AKIAOTHER\n")
        .with_file("process.json", "{\"Version\": 1, \"AccessKeyId\": \"AKIAPROC\", \"SecretAccessKey\": \"secret-AKIAPROC\"}")
        .with_file("process-token.json", format!(
            "{{\"Version\": 1, \"AccessKeyId\": \"AKIAPROC\", \"SecretAccessKey\": \"secret-AKIAPROC\", \
             \"SessionToken\": \"t\", \"Expiration\": \"{later}\"}}"
        ))
        .with_file("process-expired.json", format!(
            "{{\"Version\": 1, \"AccessKeyId\": \"AKIAPROC\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\", \
             \"Expiration\": \"{earlier}\"}}"
        ))
        .with_file("process-version.json", "{\"Version\": \"1\", \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s\"}")
        .with_file("process-partial.json", "{\"Version\": 1, \"AccessKeyId\": \"A\"}");
    // The SHA-1 of `corp`, `old`, `https://legacy/start` and `https://expired/start`.
    let corp = match random.below(6) {
        0 => token("sso-good", later, ""),
        1 => token("sso-old", earlier, &refresh("refresh-good", later)),
        2 => token("sso-old", earlier, &refresh("refresh-bad", later)),
        3 => token("sso-old", earlier, &refresh("refresh-good", earlier)),
        4 => token("sso-forbidden", later, ""),
        _ => token("sso-revoked", later, ""),
    };
    for (name, text) in [
        ("corp", corp),
        ("old", token("sso-good", earlier, "")),
        ("https://legacy/start", token("sso-good", later, "")),
        (
            "https://expired/start",
            token(
                "sso-good",
                "2001-01-01T00:00:00UTC",
                &refresh("refresh-good", later),
            ),
        ),
    ] {
        case = case.with_file(&super::sso_cache(name), text);
    }
    let mut config = String::new();
    for name in ["default", "a", "b", "c d"] {
        if !random.one_in(9) {
            config.push_str(&profile(random, name));
        }
    }
    config.push_str("[sso-session corp]\nsso_start_url = https://corp/start\nsso_region = eu-north-1\n");
    config.push_str("[sso-session old]\nsso_start_url = https://old/start\nsso_region = eu-north-1\n");
    config.push_str("[sso-session half]\nsso_region = eu-north-1\n");
    if random.one_in(40) {
        let broken = [
            "[default]\n",
            "stray\n",
            "[DEFAULT]\naws_access_key_id = AKIADEFAULT\n",
        ];
        let broken = *random.pick(&broken);
        config.push_str(broken);
    }
    case = case.with_config(&config);
    if random.one_in(2) {
        let mut credentials = String::new();
        for name in ["default", "a", "b", "c d", "profile a"] {
            if random.one_in(3) {
                credentials.extend([format!("[{name}]\n")]);
                let id = format!("AKIAFILE{}", name.replace(' ', "").to_uppercase());
                keys(random, &id, &mut credentials);
            }
        }
        case = case.with_credentials(&credentials);
    }
    environment(random, &mut case.env);
    if random.one_in(4) {
        case.profile_name = Some((*random.pick(PROFILES)).to_owned());
    }
    case
}

#[test]
fn generated_credentials_are_botocores() {
    let server = start();
    let mut random = random("aws-credentials");
    let mut differences = Vec::new();
    let number = cases(400, 3_000);
    for _ in 0..number {
        let case = generated(&mut random);
        differences.extend(difference(&case, &server));
        if differences.len() > 4 {
            break;
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n----\n"));
}
