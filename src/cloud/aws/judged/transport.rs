//! Which certificates are trusted and which proxies are used, beside boto3.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::airflow;
use super::support::server::{Authority, Reply as Scripted, Server, Tunnel};
use crate::cloud::aws::Credentials;
use crate::cloud::aws::client_config::Plain;
use crate::cloud::aws::endpoint::SECRETS_MANAGER;
use crate::cloud::aws::json_service::{ClientKwargs, JsonService, Verify};
use crate::env::Env;
use crate::error::ErrorKind;
use crate::secret::Secret;

/// A client's settings: variables, the profile's `ca_bundle`, and the kwargs.
struct Client {
    env: Vec<(&'static str, String)>,
    ca_bundle: Option<&'static str>,
    verify: Value,
    url: Option<String>,
}

impl Client {
    fn ours(&self) -> Option<ErrorKind> {
        let mut config = Plain::default();
        let env: Vec<(&'static str, &'static str)> = self
            .env
            .iter()
            .map(|(name, value)| (*name, &*value.clone().leak()))
            .collect();
        config.env.extend(env.iter().copied());
        config
            .profile
            .extend(self.ca_bundle.map(|path| ("ca_bundle", path)));
        let env: Env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect();
        let kwargs = ClientKwargs {
            region_name: Some("eu-west-3".to_owned()),
            endpoint_url: self.url.clone(),
            verify: match &self.verify {
                Value::String(path) => Verify::Bundle(path.clone()),
                Value::Bool(true) => Verify::System,
                Value::Bool(false) => Verify::Nothing,
                _ => Verify::Configured,
            },
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        let client = match JsonService::new(&SECRETS_MANAGER, &config, &env, &kwargs, deadline) {
            Ok(client) => client,
            Err(error) => return Some(error.kind()),
        };
        let credentials = Credentials::new("AKIDEXAMPLE", Secret::from("wJalr"), None);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let answer = runtime.block_on(client.call(&credentials, "GetSecretValue", Secret::from("{}")));
        answer.err().map(|error| error.kind())
    }

    /// Whether boto3 gets an answer; `None` without a judge.
    fn theirs(&self) -> Option<bool> {
        let mut env = json!({"AWS_MAX_ATTEMPTS": "1"});
        for (name, value) in &self.env {
            env[*name] = json!(value);
        }
        let config = self
            .ca_bundle
            .map_or(String::new(), |path| format!("[default]\nca_bundle = {path}\n"));
        let answer = airflow()?.ask(json!({
            "op": "aws_endpoints.send", "service": "secretsmanager", "env": env, "config": config, "verify": self.verify,
            "kwargs": {"region_name": "eu-west-3", "endpoint_url": self.url},
        }));
        Some(answer["value"] == "v")
    }
}

/// `verify`, variables, the profile's `ca_bundle`, and the kind of our error.
type Case<'a> = (
    Value,
    &'a [(&'static str, &'static str)],
    Option<&'static str>,
    Option<ErrorKind>,
);

fn secret() -> Scripted {
    Scripted::json(200, json!({"SecretString": "v"}))
}

/// Writes the certificate of the authority, and returns its path.
fn bundle(folder: &Path) -> &'static str {
    let path = folder.join("ca.pem");
    std::fs::write(&path, Authority::trusted().pem()).expect("a file");
    path.to_str().expect("a path").to_owned().leak()
}

#[test]
fn the_bundle_is_the_kwarg_the_variable_or_the_profiles() {
    let certificate = Authority::trusted().certificate_for(&["localhost"]);
    let server = Server::start_tls(&certificate, |_| secret());
    let folder = tempfile::tempdir().expect("a folder");
    let ca = bundle(folder.path());
    let (aws, requests) = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE");
    let (usage, unavailable) = (Some(ErrorKind::Usage), Some(ErrorKind::Unavailable));
    let cases: [Case<'_>; 16] = [
        (json!(null), &[], None, unavailable),
        (json!(ca), &[], None, None),
        (json!(false), &[(aws, "/none")], None, None),
        (json!(true), &[(aws, ca), (requests, ca)], None, unavailable),
        (json!("/none"), &[(aws, ca)], None, usage),
        (json!(""), &[(aws, ca)], None, usage),
        (json!(null), &[(aws, ca), (requests, "/none")], None, None),
        (json!(null), &[(aws, "/none"), (requests, ca)], None, usage),
        (json!(null), &[(aws, ""), (requests, ca)], None, usage),
        (json!(null), &[(aws, " ")], None, usage),
        (json!(null), &[(requests, ca)], None, None),
        (json!(null), &[(requests, "")], None, usage),
        (json!(null), &[], Some(ca), None),
        (json!(null), &[(aws, "/none")], Some(ca), usage),
        (json!(null), &[(aws, ca)], Some("/none"), None),
        (json!(null), &[(requests, "/none")], Some(ca), None),
    ];
    for (verify, env, ca_bundle, expected) in cases {
        let client = Client {
            env: env
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ca_bundle,
            verify,
            url: Some(server.url()),
        };
        let what = format!("verify {}, {env:?}, ca_bundle {ca_bundle:?}", client.verify);
        assert_eq!(client.ours(), expected, "{what}");
        if let Some(answered) = client.theirs() {
            assert_eq!(answered, expected.is_none(), "boto3: {what}");
        }
    }
}

#[test]
fn the_proxies_are_those_of_urllib() {
    let certificate = Authority::trusted().certificate_for(&["secretsmanager.eu-west-3.amazonaws.com"]);
    let server = Server::start_tls(&certificate, |_| secret());
    let tunnel = Tunnel::start(server.port);
    let plain = Server::start(|_| secret());
    let folder = tempfile::tempdir().expect("a folder");
    let ca = bundle(folder.path());
    let proxy = format!("127.0.0.1:{}", tunnel.port);
    let url = format!("http://{proxy}");
    let asked = "secretsmanager.eu-west-3.amazonaws.com:443";
    // A name without a server: only a proxy can answer.
    for (name, value) in [
        ("HTTPS_PROXY", &url),
        ("https_proxy", &url),
        ("HTTPS_PROXY", &proxy),
    ] {
        let client = Client {
            env: vec![(name, value.clone()), ("AWS_CA_BUNDLE", ca.to_owned())],
            ca_bundle: None,
            verify: Value::Null,
            url: None,
        };
        assert_eq!(client.ours(), None, "{name} {value}");
        assert_eq!(tunnel.take(), [asked]);
        if client.theirs().is_some() {
            assert_eq!(tunnel.take(), [asked], "boto3: {name} {value}");
        }
    }
    // The server itself answers, whatever these variables name.
    let place = format!("127.0.0.1:{}", plain.port);
    let nowhere = || "http://127.0.0.1:1".to_owned();
    for env in [
        vec![("ALL_PROXY", nowhere())],
        vec![("HTTPS_PROXY", nowhere())],
        vec![("HTTP_PROXY", nowhere()), ("NO_PROXY", place.clone())],
        vec![("HTTP_PROXY", nowhere()), ("NO_PROXY", "127.0.0.1".to_owned())],
        vec![("HTTP_PROXY", nowhere()), ("no_proxy", "*".to_owned())],
    ] {
        let what = format!("{env:?}");
        let client = Client {
            env,
            ca_bundle: None,
            verify: Value::Null,
            url: Some(plain.url()),
        };
        assert_eq!(client.ours(), None, "{what}");
        if let Some(answered) = client.theirs() {
            assert!(answered, "boto3: {what}");
        }
    }
    let client = Client {
        env: vec![
            ("HTTP_PROXY", nowhere()),
            ("NO_PROXY", "127.0.0.0/8".to_owned()),
            ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ],
        ca_bundle: None,
        verify: Value::Null,
        url: Some(plain.url()),
    };
    assert_eq!(client.ours(), Some(ErrorKind::Unavailable));
    assert_ne!(client.theirs(), Some(true));
}
