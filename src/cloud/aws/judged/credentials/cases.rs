//! Named cases. What holds is stated, so that it also holds without a judge.

use super::services::start;
use super::{Case, difference, sso_cache};
use crate::error::ErrorKind;

/// Keys by their id, or an error by its kind and some of its words.
type Expected = Result<&'static str, (ErrorKind, &'static str)>;

fn keys(name: &str, id: &str) -> String {
    format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = secret-{id}\n")
}

fn role(name: &str, role: &str, more: &str) -> String {
    format!("[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{role}\n{more}\n")
}

fn own_keys(case: Case) -> Case {
    case.with_env("AWS_ACCESS_KEY_ID", "AKIAENV")
        .with_env("AWS_SECRET_ACCESS_KEY", "secret-AKIAENV")
}

#[track_caller]
fn hold(cases: Vec<(&str, Case, Expected)>) {
    let server = start();
    for (name, case, expected) in cases {
        let outcome = case.ours(&server);
        match (&expected, &outcome.keys, &outcome.error) {
            (Ok(id), Ok((found, ..)), _) => assert_eq!(found, id, "{name}"),
            (Err((kind, words)), Err(_), Some(error)) => {
                let mut text = error.message().to_owned();
                text.extend(error.details().iter().map(String::as_str));
                text.extend(error.hint());
                assert_eq!(error.kind(), *kind, "{name}: {text}");
                assert!(text.contains(words), "{name}: {words} is not in: {text}");
                assert!(error.hint().is_some(), "{name}: no hint: {text}");
            }
            _ => panic!("{name}: {outcome:#?}"),
        }
        if let Some(difference) = difference(&case, &server) {
            panic!("{name}: {difference}");
        }
    }
}

#[test]
fn the_environment_and_the_profile_take_turns() {
    let both =
        |case: Case| case.with_credentials(&format!("{}{}", keys("default", "AKIAFILE"), keys("a", "AKIAA")));
    hold(vec![
        (
            "environment keys win over a file",
            own_keys(both(Case::default())),
            Ok("AKIAENV"),
        ),
        (
            "AWS_PROFILE does not switch them off",
            own_keys(both(Case::default())).with_env("AWS_PROFILE", "a"),
            Ok("AKIAENV"),
        ),
        (
            "profile_name does",
            own_keys(both(Case::default())).with_profile("a"),
            Ok("AKIAA"),
        ),
        (
            "AWS_DEFAULT_PROFILE comes before AWS_PROFILE",
            both(Case::default())
                .with_env("AWS_PROFILE", "default")
                .with_env("AWS_DEFAULT_PROFILE", "a"),
            Ok("AKIAA"),
        ),
        (
            "a missing profile is an error, even beside keys",
            own_keys(both(Case::default())).with_env("AWS_PROFILE", "b"),
            Err((ErrorKind::Usage, "AWS profile `b` not found (`AWS_PROFILE`)")),
        ),
        (
            "an empty name is a missing profile",
            own_keys(Case::default()).with_env("AWS_PROFILE", ""),
            Err((ErrorKind::Usage, "unset `AWS_PROFILE`")),
        ),
        (
            "the older variable of the token comes first",
            own_keys(Case::default())
                .with_env("AWS_SESSION_TOKEN", "session")
                .with_env("AWS_SECURITY_TOKEN", "security"),
            Ok("AKIAENV"),
        ),
        (
            "keys that have expired",
            own_keys(Case::default()).with_env("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z"),
            Err((ErrorKind::Denied, "`AWS_CREDENTIAL_EXPIRATION`) have expired")),
        ),
        (
            "a wrong setting of the last source is an error for the first",
            own_keys(Case::default()).with_env("AWS_METADATA_SERVICE_TIMEOUT", "soon"),
            Err((ErrorKind::Usage, "`AWS_METADATA_SERVICE_TIMEOUT` is not a number")),
        ),
        (
            "nothing at all",
            Case::default(),
            Err((ErrorKind::Denied, "no AWS credentials found")),
        ),
    ]);
}

#[test]
fn files_are_parsed_as_botocore_parses_them() {
    let config = |text: &str| Case::default().with_config(text);
    hold(vec![
        (
            "the credentials file comes first, key by key",
            config(&keys("default", "AKIACONFIG")).with_credentials(&keys("default", "AKIAFILE")),
            Ok("AKIAFILE"),
        ),
        (
            "names are split as by a shell, keys have any case",
            config("[profile 'a b']\nAWS_Access_Key_ID: AKIAAB\naws_secret_access_key = secret-AKIAAB\n")
                .with_env("AWS_PROFILE", "a b"),
            Ok("AKIAAB"),
        ),
        (
            "a title without `profile` is no profile of the config file",
            config(&keys("a", "AKIAA")).with_env("AWS_PROFILE", "a"),
            Err((ErrorKind::Usage, "not found")),
        ),
        (
            "a line that does not parse is named",
            config("[default]\nregion = x\nstray\n"),
            Err((ErrorKind::Usage, ".aws/config`, line 3 cannot be parsed")),
        ),
        (
            "a section twice",
            Case::default().with_credentials("[default]\n[default]\n"),
            Err((ErrorKind::Usage, ".aws/credentials`, line 2 cannot be parsed")),
        ),
        (
            "a key twice, in another case",
            config("[default]\nregion = x\nRegion = y\n"),
            Err((ErrorKind::Usage, "line 3 cannot be parsed")),
        ),
        (
            "an indented line without `=`",
            config("[default]\ns3 =\n  broken\n"),
            Err((ErrorKind::Usage, "line 3 cannot be parsed")),
        ),
        (
            "half a key",
            config("[default]\naws_access_key_id = AKIA\n"),
            Err((ErrorKind::Denied, "has no `aws_secret_access_key`")),
        ),
    ]);
}

#[test]
fn roles_lend_and_borrow_as_in_botocore() {
    let with = |text: String| Case::default().with_config(&text).with_env("AWS_PROFILE", "a");
    let lender = keys("profile b", "AKIAB");
    hold(vec![
        (
            "a role",
            with(role("a", "one", "source_profile = b") + &lender),
            Ok("ASIAone"),
        ),
        (
            "a chain of roles",
            with(role("a", "one", "source_profile = c") + &role("c", "two", "source_profile = b") + &lender),
            Ok("ASIAone"),
        ),
        (
            "a source with keys lends its keys, not its role",
            with(
                role("a", "one", "source_profile = b") + &lender + "role_arn = arn:aws:iam::1:role/denied\n",
            ),
            Ok("ASIAone"),
        ),
        (
            "a profile may be its own source",
            with(format!(
                "[profile a]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = a\n{}",
                keys("x", "AKIAA").replace("[x]\n", "")
            )),
            Ok("ASIAone"),
        ),
        (
            "a circle",
            with(role("a", "one", "source_profile = c") + &role("c", "two", "source_profile = a")),
            Err((ErrorKind::Usage, "go in a circle")),
        ),
        (
            "two sources",
            with(role("a", "one", "source_profile = b\ncredential_source = Environment") + &lender),
            Err((
                ErrorKind::Usage,
                "has both `source_profile` and `credential_source`",
            )),
        ),
        (
            "no source",
            with(role("a", "one", "")),
            Err((ErrorKind::Usage, "line 2")),
        ),
        (
            "a missing source",
            with(role("a", "one", "source_profile = d")),
            Err((ErrorKind::Usage, "names the profile `d`, which is missing")),
        ),
        (
            "the environment as a source",
            own_keys(with(role("a", "one", "credential_source = Environment"))).with_profile("a"),
            Ok("ASIAone"),
        ),
        (
            "the instance as a source",
            with(role("a", "one", "credential_source = Ec2InstanceMetadata"))
                .with_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{url}/imds"),
            Ok("ASIAone"),
        ),
        (
            "the container as a source",
            with(role("a", "one", "credential_source = EcsContainer"))
                .with_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{url}/container"),
            Ok("ASIAone"),
        ),
        (
            "a source in another case",
            with(role("a", "one", "credential_source = ecscontainer")),
            Err((ErrorKind::Usage, "did you mean `EcsContainer`?")),
        ),
        (
            "a device's code",
            with(
                role(
                    "a",
                    "one",
                    "source_profile = b\nmfa_serial = arn:aws:iam::1:mfa/me",
                ) + &lender,
            ),
            Err((ErrorKind::Denied, "asks for a code of a device")),
        ),
    ]);
}

#[test]
fn a_role_that_is_refused_says_why() {
    let with = |text: String| Case::default().with_config(&text).with_env("AWS_PROFILE", "a");
    let lender = keys("profile b", "AKIAB");
    hold(vec![
        (
            "a refusal has the words of AWS",
            with(role("a", "denied", "source_profile = b") + &lender),
            Err((ErrorKind::Denied, "it says: AccessDenied: denied & no")),
        ),
        (
            "throttling is not a refusal",
            with(role("a", "throttled", "source_profile = b") + &lender),
            Err((ErrorKind::Unavailable, "Throttling")),
        ),
        (
            "credentials that have expired",
            with(role("a", "expired", "source_profile = b") + &lender),
            Err((ErrorKind::Denied, "have expired")),
        ),
        (
            "a role that botocore does not send",
            with("[profile a]\nrole_arn = short\nsource_profile = b\n".to_owned() + &lender),
            Err((ErrorKind::Usage, "at least 20 characters, not 5")),
        ),
    ]);
}

#[test]
fn a_web_identity_is_of_the_environment_or_the_profile() {
    let base = || {
        Case::default()
            .with_file("token", "header.payload\n")
            .with_file("short", "abc")
    };
    let environment = |case: Case| {
        case.with_env("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token")
            .with_env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/one")
    };
    let config = "[profile a]\nweb_identity_token_file = {home}/token\nrole_arn = arn:aws:iam::123456789012:role/two\n";
    hold(vec![
        ("of the environment", environment(base()), Ok("ASIAone")),
        (
            "it wins over the profile's keys",
            environment(base()).with_credentials(&keys("default", "AKIAFILE")),
            Ok("ASIAone"),
        ),
        (
            "profile_name switches it off",
            environment(base()).with_config(config).with_profile("a"),
            Ok("ASIAtwo"),
        ),
        (
            "of the profile",
            base().with_config(config).with_env("AWS_PROFILE", "a"),
            Ok("ASIAtwo"),
        ),
        (
            "an empty variable hides the profile's file",
            base()
                .with_config(config)
                .with_env("AWS_PROFILE", "a")
                .with_env("AWS_WEB_IDENTITY_TOKEN_FILE", ""),
            Err((ErrorKind::Denied, "no AWS credentials found")),
        ),
        (
            "no role",
            base().with_env("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/token"),
            Err((ErrorKind::Usage, "has no role")),
        ),
        (
            "no file",
            environment(base()).with_env("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/nothing"),
            Err((ErrorKind::Denied, "`AWS_WEB_IDENTITY_TOKEN_FILE` names the file")),
        ),
        (
            "a short token",
            environment(base()).with_env("AWS_WEB_IDENTITY_TOKEN_FILE", "{home}/short"),
            Err((ErrorKind::Denied, "shorter than 4 characters")),
        ),
    ]);
}

#[test]
fn single_sign_on_has_two_forms() {
    let token = |access: &str, expiry: &str, more: &str| {
        format!("{{\"accessToken\": \"{access}\", \"expiresAt\": \"{expiry}\"{more}}}")
    };
    let (later, earlier) = ("2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z");
    let refresh = |name: &str| {
        format!(
            ", \"refreshToken\": \"{name}\", \"clientId\": \"i\", \"clientSecret\": \"s\", \
             \"registrationExpiresAt\": \"{later}\""
        )
    };
    let session = |text: String| {
        Case::default()
            .with_config(
                "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
                 [sso-session corp]\nsso_start_url = https://corp/start\nsso_region = eu-north-1\n",
            )
            .with_file(&sso_cache("corp"), text)
    };
    let legacy = |text: String| {
        Case::default()
            .with_config(
                "[default]\nsso_start_url = https://old/start\nsso_region = eu-north-1\n\
                 sso_account_id = 1\nsso_role_name = r\n",
            )
            .with_file(&sso_cache("https://old/start"), text)
    };
    let way_in = "run `aws sso login --profile default`";
    hold(vec![
        ("a session", session(token("sso-good", later, "")), Ok("ASIASSO")),
        ("a start URL", legacy(token("sso-good", later, "")), Ok("ASIASSO")),
        (
            "a session's token is refreshed",
            session(token("sso-old", earlier, &refresh("refresh-good"))),
            Ok("ASIASSO"),
        ),
        (
            "a refused refresh",
            session(token("sso-old", earlier, &refresh("refresh-bad"))),
            Err((ErrorKind::Denied, way_in)),
        ),
        (
            "a start URL's token is not refreshed",
            legacy(token("sso-old", earlier, &refresh("refresh-good"))),
            Err((ErrorKind::Denied, way_in)),
        ),
        (
            "a revoked token",
            session(token("sso-revoked", later, "")),
            Err((ErrorKind::Denied, way_in)),
        ),
        (
            "nobody has logged in",
            session(token("", "", "")).without_file(&sso_cache("corp")),
            Err((ErrorKind::Denied, way_in)),
        ),
        (
            "no access to the role",
            session(token("sso-forbidden", later, "")),
            Err((ErrorKind::Denied, "the role `r` in account `1`")),
        ),
        (
            "a missing session is an error for every client",
            own_keys(Case::default().with_config("[default]\nsso_session = none\n")),
            Err((ErrorKind::Usage, "names the SSO session `none`, which is missing")),
        ),
    ]);
}

#[test]
fn programs_containers_and_instances_are_asked_in_turn() {
    let program = |line: &str| {
        Case::default()
            .with_config(&format!("[default]\ncredential_process = {line}\n"))
            .with_file(
                "keys.json",
                "{\"Version\": 1, \"AccessKeyId\": \"AKIAPROC\", \"SecretAccessKey\": \"secret-AKIAPROC\"}",
            )
    };
    let container = |path: &str| {
        Case::default().with_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{{url}}{path}"))
    };
    let instance =
        |path: &str| Case::default().with_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("{{url}}{path}"));
    hold(vec![
        (
            "a program",
            program("/bin/cat '{home}/keys.json'"),
            Ok("AKIAPROC"),
        ),
        (
            "a program that fails says nothing of what it printed",
            program("/bin/sh -c 'echo secret >&2; exit 3'"),
            Err((ErrorKind::Denied, "failed (exit status: 3)")),
        ),
        (
            "a program that is missing",
            program("/nonexistent/x"),
            Err((ErrorKind::Usage, "cannot be run")),
        ),
        (
            "another version",
            program("/bin/echo '{\"Version\": 2}'"),
            Err((ErrorKind::Denied, "did not print `\"Version\": 1`")),
        ),
        ("a container", container("/container"), Ok("AKIACONTAINER")),
        (
            "a container's token",
            container("/container").with_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc"),
            Ok("AKIACONTAINER"),
        ),
        (
            "a file's token comes first",
            container("/container")
                .with_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc")
                .with_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{home}/token")
                .with_file("token", "of a file"),
            Ok("AKIACONTAINER"),
        ),
        (
            "a token with a newline",
            container("/container")
                .with_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{home}/token")
                .with_file("token", "of a file\n"),
            Err((
                ErrorKind::Denied,
                "contains a newline (`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`)",
            )),
        ),
        (
            "another host",
            Case::default().with_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/"),
            Err((ErrorKind::Usage, "allowed only over https")),
        ),
        (
            "a container that refuses",
            container("/nothing"),
            Err((ErrorKind::Denied, "check `AWS_CONTAINER_CREDENTIALS_FULL_URI`")),
        ),
        ("an instance", instance("/imds"), Ok("AKIAINSTANCE")),
        ("version 1 of its service", instance("/v1"), Ok("AKIAVERSION1")),
        (
            "an instance's old keys are used on",
            instance("/imds-expired"),
            Ok("AKIAINSTANCE"),
        ),
        (
            "version 1 is disabled",
            instance("/v1").with_env("AWS_EC2_METADATA_V1_DISABLED", "true"),
            Err((ErrorKind::Denied, "its version 1 is disabled")),
        ),
        (
            "the service is disabled",
            instance("/imds").with_env("AWS_EC2_METADATA_DISABLED", "True"),
            Err((ErrorKind::Denied, "no AWS credentials found")),
        ),
        (
            "a file of boto",
            Case::default()
                .with_env("BOTO_CONFIG", "{home}/boto")
                .with_file("boto", keys("Credentials", "AKIABOTO")),
            Ok("AKIABOTO"),
        ),
        (
            "a login session",
            Case::default().with_config("[default]\nlogin_session = me\n"),
            Err((ErrorKind::Usage, "uses `login_session`, which is not supported")),
        ),
    ]);
}
