//! Proxies over TLS: which authorities they need, and that they never receive a client certificate.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::variables::{AZURE_NAMES, ask_azure, azure};
use crate::support::server::{Asked, Authority, Reply, Server, TlsProxy, Validity};
use crate::support::{airflow, temp_dir};
use crate::vault::{kv2, vault, with};

/// A folder with the trusted authority, and with a client certificate and its key.
struct Files {
    _folder: TempDir,
    ca: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    both: PathBuf,
}

fn files() -> Files {
    let folder = temp_dir();
    let client = Authority::trusted().certificate(Validity::Good);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Files {
        ca: write("ca.pem", &Authority::trusted().pem()),
        certificate: write("client.pem", &client.pem),
        key: write("client-key.pem", &client.key_pem),
        both: write("both.pem", &format!("{}{}", client.key_pem, client.pem)),
        _folder: folder,
    }
}

fn secret() -> Value {
    kv2(&json!({"value": "world"}))
}

/// Asks through `proxy` with secretctl and with Airflow. Returns whether the secret came, and the requests to the proxy.
#[track_caller]
fn ask(kwargs: &Value, env: &[(&str, &str)], proxy: &TlsProxy) -> (bool, Vec<Asked>) {
    let url = proxy.url();
    let mut env = env.to_vec();
    env.extend([("HTTPS_PROXY", url.as_str()), ("HTTP_PROXY", url.as_str())]);
    let output = vault(kwargs)
        .envs(env.iter().copied())
        .args(["get-var", "hello", "--timeout", "20"])
        .run();
    let ours = (output.status == 0, proxy.take());
    if let Some(judge) = airflow() {
        let env: serde_json::Map<_, _> = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let question =
            json!({"op": "vault.lookup", "kwargs": kwargs, "env": env, "kind": "var", "name": "hello"});
        let theirs = (judge.ask(question)["value"] == "world", proxy.take());
        assert_eq!(ours.0, theirs.0, "{kwargs} {}", output.stderr);
        let shown = |asked: &[Asked]| asked.iter().any(|asked| asked.certificate);
        assert_eq!(shown(&ours.1), shown(&theirs.1), "{kwargs}");
    }
    ours
}

#[test]
fn a_client_certificate_is_shown_to_the_server_and_never_to_a_proxy() {
    let trusted = Authority::trusted();
    let files = files();
    let server = Server::start_mutual_tls(&trusted.certificate(Validity::Good), trusted, |_| {
        Reply::json(200, secret())
    });
    let body = secret().to_string();
    let proxy = TlsProxy::start(&trusted.certificate(Validity::Good), trusted, server.port, &body);
    let kwargs = json!({"url": server.url(), "token": "t", "verify": files.ca});
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key) = (text(&files.certificate), text(&files.key));
    let variables = [
        ("VAULT_CLIENT_CERT", certificate.as_str()),
        ("VAULT_CLIENT_KEY", key.as_str()),
    ];
    let null = with(&kwargs, json!({"verify": null}));
    let of_environment = [&variables[..], &[("VAULT_CACERT", files.ca.to_str().unwrap())]].concat();
    let cases = [
        (with(&kwargs, json!({"cert": files.both})), Vec::new()),
        (kwargs.clone(), variables.to_vec()),
        (null, of_environment),
    ];
    for (kwargs, env) in cases {
        let (found, asked) = ask(&kwargs, &env, &proxy);
        assert!(found, "the server saw no certificate");
        assert!(!asked.is_empty());
        for asked in asked {
            assert_eq!(asked.line, format!("CONNECT localhost:{} HTTP/1.1", server.port));
            assert!(!asked.certificate, "the proxy was shown the certificate");
        }
    }
    // Without one the server refuses, so the server has seen it.
    assert!(!ask(&kwargs, &[], &proxy).0);

    // A proxy that gets an absolute URL answers instead of the server, and sees no certificate either.
    let plain = json!({"url": "http://vault.example", "token": "t", "verify": files.ca, "cert": files.both});
    let (found, asked) = ask(&plain, &[], &proxy);
    assert!(found);
    assert_eq!(
        asked[0].line,
        "GET http://vault.example/v1/secret/data/variables/hello HTTP/1.1"
    );
    assert!(!asked[0].certificate);
}

#[test]
fn a_client_certificate_for_key_vault_is_not_shown_to_a_proxy_either() {
    let trusted = Authority::trusted();
    let files = files();
    let azure = azure(&trusted.certificate_for(&AZURE_NAMES));
    let proxy = TlsProxy::start(&trusted.certificate(Validity::Good), trusted, azure.port, "");
    let output = ask_azure(&proxy.url(), json!({"connection_cert": files.both}))
        .env("REQUESTS_CA_BUNDLE", &files.ca)
        .args(["--no-fallback", "get-var", "hello"])
        .run();
    assert_eq!(output.ok(), "world\n");
    let asked = proxy.take();
    assert!(
        asked
            .iter()
            .any(|asked| asked.line.starts_with("CONNECT v.vault.azure.net:443")),
        "{asked:?}"
    );
    assert!(asked.iter().all(|asked| !asked.certificate), "{asked:?}");
}

#[test]
fn a_proxy_is_trusted_by_the_authorities_of_the_server() {
    let trusted = Authority::trusted();
    let stranger = Authority::new("stranger of the proxy");
    let files = files();
    let server = Server::start_tls(&trusted.certificate(Validity::Good), |_| {
        Reply::json(200, secret())
    });
    let proxy = |authority: &Authority, validity| {
        TlsProxy::start(&authority.certificate(validity), trusted, server.port, "{}")
    };
    let kwargs = json!({"url": server.url(), "token": "t", "verify": files.ca});
    let unchecked = with(&kwargs, json!({"verify": false}));
    assert!(ask(&kwargs, &[], &proxy(trusted, Validity::Good)).0);
    for (authority, validity) in [
        (&stranger, Validity::Good),
        (trusted, Validity::Expired),
        (trusted, Validity::WrongName),
    ] {
        let proxy = proxy(authority, validity);
        let (found, asked) = ask(&kwargs, &[], &proxy);
        assert!(!found && asked.is_empty(), "{validity:?}: {asked:?}");
        assert!(ask(&unchecked, &[], &proxy).0, "{validity:?}");
    }
}
