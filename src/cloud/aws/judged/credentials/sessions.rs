//! A session over its life: one set of credentials, a token that is saved, and the role of the kwargs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::services::start;
use super::{Case, line_of, sso_cache};
use crate::cloud::aws::role::{Role, RoleMethod};
use crate::cloud::aws::sts::StsOptions;
use crate::cloud::aws::{Session, SessionOptions};
use crate::cloud::services::Services;
use crate::env::Env;
use crate::python::json::{Value as Json, loads};
use crate::secret::Secret;

fn env_of(variables: BTreeMap<String, String>) -> Env {
    variables
        .into_iter()
        .map(|(name, value)| (name, Secret::from(value)))
        .collect()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn lookups_at_the_same_time_share_one_set_of_credentials() {
    let server = start();
    let case = Case::default().with_config(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/one\nsource_profile = b\n\
         [profile b]\naws_access_key_id = AKIAB\naws_secret_access_key = secret-AKIAB\n",
    );
    let (_folder, variables) = case.lay_out(&server.url());
    let env = env_of(variables);
    let session = Session::new(&env, SessionOptions::default(), deadline()).expect("a session");
    let services = Services::new(&env, deadline());
    run(async {
        let lookups: Vec<_> = (0..8).map(|_| session.credentials(&services)).collect();
        for keys in join_all(lookups).await {
            assert_eq!(keys.expect("keys").access_key, "ASIAone");
        }
    });
    assert_eq!(server.take().len(), 1);
}

#[test]
fn a_refreshed_token_is_saved_for_its_owner() {
    let server = start();
    let path = sso_cache("corp");
    let case = Case::default()
        .with_config(
            "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
             [sso-session corp]\nsso_start_url = https://corp/start\nsso_region = eu-north-1\n",
        )
        .with_file(
            &path,
            json!({
                "accessToken": "sso-old", "expiresAt": "2001-01-01T00:00:00Z", "refreshToken": "refresh-good",
                "clientId": "i", "clientSecret": "s", "registrationExpiresAt": "2999-01-01T00:00:00Z",
            })
            .to_string(),
        );
    let (folder, variables) = case.lay_out(&server.url());
    let env = env_of(variables);
    let session = Session::new(&env, SessionOptions::default(), deadline()).expect("a session");
    let services = Services::new(&env, deadline());
    run(session.credentials(&services)).expect("keys");
    let path = folder.path().join(path);
    let saved: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    assert_eq!(saved["accessToken"], "sso-new");
    assert_eq!(saved["refreshToken"], "refresh-next");
    assert_eq!(saved["startUrl"], "https://corp/start");
    assert!(saved["expiresAt"].as_str().is_some_and(|time| time > "2026"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}

/// Returns a session with the role of the kwargs, and its variables.
fn with_role(case: &Case, url: &str, method: RoleMethod, parameters: &str) -> (tempfile::TempDir, Session) {
    let (folder, variables) = case.lay_out(url);
    let env = env_of(variables);
    let options = SessionOptions {
        profile_name: case.profile_name.clone(),
        ..SessionOptions::default()
    };
    let Ok(Json::Object(parameters)) = loads(parameters) else {
        panic!("an object")
    };
    let role = Role {
        parameters,
        options: StsOptions {
            endpoint_url: Some(url.to_owned()),
            ..StsOptions::default()
        },
        method,
        place: "backend kwarg `role_arn`",
    };
    let session = Session::new(&env, options, deadline()).expect("a session");
    (folder, session.with_role(&env, role).expect("a session"))
}

#[test]
fn the_role_of_the_kwargs_is_assumed_once_and_forgets_their_profile() {
    let server = start();
    let case = Case::default()
        .with_config(
            "[profile b]\nregion = eu-south-1\nca_bundle = x.pem\nuse_fips_endpoint = true\n\
             aws_access_key_id = AKIAB\naws_secret_access_key = secret-AKIAB\n",
        )
        .with_env("AWS_EC2_METADATA_DISABLED", "true")
        .with_profile("b");
    let parameters =
        r#"{"RoleSessionName": "me", "ExternalId": "ext", "RoleArn": "arn:aws:iam::123456789012:role/one"}"#;
    let (_folder, session) = with_role(&case, &server.url(), RoleMethod::Keys, parameters);
    let services = Services::new(session.env(), deadline());
    for _ in 0..2 {
        let keys = run(session.credentials(&services)).expect("keys");
        assert_eq!(keys.access_key, "ASIAone");
    }
    let requests: Vec<String> = server.take().iter().map(line_of).collect();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let body = "POST / Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&ExternalId=ext&RoleArn=";
    assert!(requests[0].starts_with(body), "{requests:?}");
    assert_eq!(session.config_value("ca_bundle"), None);
    assert_eq!(session.config_value("use_fips_endpoint"), None);
    assert_eq!(session.region(), Some("eu-west-1"));
}

#[test]
fn the_role_of_a_web_identity_needs_no_keys() {
    let server = start();
    let case = Case::default().with_file("token", "header.payload");
    let (folder, _) = case.lay_out(&server.url());
    let path = folder.path().join("token").to_str().expect("a path").to_owned();
    let method = RoleMethod::TokenFile {
        path,
        place: "backend kwarg `x`",
    };
    let parameters = r#"{"RoleArn": "arn:aws:iam::123456789012:role/two"}"#;
    let (_own, session) = with_role(&case, &server.url(), method, parameters);
    let services = Services::new(session.env(), deadline());
    let keys = run(session.credentials(&services)).expect("keys");
    assert_eq!(keys.access_key, "ASIAtwo");
    let requests: Vec<String> = server.take().iter().map(line_of).collect();
    assert_eq!(
        requests,
        ["POST / Action=AssumeRoleWithWebIdentity&Version=2011-06-15&\
             RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Ftwo&RoleSessionName=botocore-session-N&\
             WebIdentityToken=header.payload"]
    );
}
