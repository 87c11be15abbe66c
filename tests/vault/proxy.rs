//! A real proxy: tinyproxy, for http, for https by CONNECT, with a user and password, and past it by `NO_PROXY`.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::{found, vault};
use crate::support::server::{Authority, Server, Validity};
use crate::support::{Guard, Program, free_port, skip, temp_dir, wait_for_port};

/// A tinyproxy of the test's own.
struct Tinyproxy {
    port: u16,
    log: PathBuf,
    folder: TempDir,
    _process: Guard,
}

impl Tinyproxy {
    /// Starts one that wants `user:hunter2` and tunnels to any port; says why the test is skipped where there is none.
    fn start() -> Option<Self> {
        let there = Command::new("tinyproxy")
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if there.is_err() {
            skip("tinyproxy", "it is not installed; `scripts/test` installs it");
            return None;
        }
        let folder = temp_dir();
        let (port, log) = (free_port(), folder.path().join("log"));
        let config = folder.path().join("tinyproxy.conf");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nLogFile \"{}\"\nLogLevel Connect\nMaxClients 20\nAllow 127.0.0.1\n\
             BasicAuth user hunter2\n",
            log.display()
        );
        std::fs::write(&config, text).unwrap();
        let child = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Guard::new(child);
        assert!(
            wait_for_port(port, Duration::from_secs(10)),
            "tinyproxy did not start"
        );
        Some(Self {
            port,
            log,
            folder,
            _process: process,
        })
    }

    fn url(&self) -> String {
        format!("http://user:hunter2@127.0.0.1:{}", self.port)
    }

    /// Returns whether it was asked for `what`.
    fn was_asked(&self, what: &str) -> bool {
        std::fs::read_to_string(&self.log)
            .unwrap_or_default()
            .contains(what)
    }
}

#[track_caller]
fn get(program: Program, status: i32, words: &str) {
    let output = program.args(["get-var", "hello", "--timeout", "10"]).run();
    assert_eq!(output.status, status, "{}", output.stderr);
    assert!(
        output.stderr.contains(words),
        "{words} is not in: {}",
        output.stderr
    );
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[test]
fn a_real_proxy_carries_http_and_https_and_is_passed_by_where_it_should_be() {
    let Some(proxy) = Tinyproxy::start() else { return };
    let plain = Server::script([found()]);
    let ask = vault(&json!({"url": plain.url(), "token": "t"}));
    get(ask.clone().env("HTTP_PROXY", proxy.url()), 0, "");
    let asked = plain.take();
    assert!(
        asked[0]
            .header("via")
            .is_some_and(|via| via.contains("tinyproxy")),
        "{asked:?}"
    );
    assert_eq!(
        (asked[0].target.as_str(), asked[0].header("proxy-authorization")),
        ("/v1/secret/data/variables/hello", None)
    );
    get(
        ask.clone()
            .env("HTTP_PROXY", proxy.url())
            .env("NO_PROXY", "127.0.0.0/8"),
        0,
        "",
    );
    assert_eq!(plain.take()[0].header("via"), None);
    let kwarg = json!({"url": plain.url(), "token": "t", "proxies": {"http": proxy.url()}});
    get(vault(&kwarg).env("NO_PROXY", "*"), 0, "");
    assert!(
        plain.take()[0].header("via").is_some(),
        "a kwarg is stronger than NO_PROXY"
    );
    // A proxy that wants a password answers 407 in HTML.
    get(
        ask.env("HTTP_PROXY", format!("http://127.0.0.1:{}", proxy.port)),
        5,
        "407",
    );

    let ca = proxy.folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let secure = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    let ask = vault(&json!({"url": secure.url(), "token": "t", "verify": ca}));
    get(ask.clone().env("HTTPS_PROXY", proxy.url()), 0, "");
    assert!(proxy.was_asked(&format!("CONNECT localhost:{}", secure.port)));
    get(
        ask.clone()
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port)),
        5,
        "wants a user and password (407)",
    );
    get(
        ask.env("HTTPS_PROXY", proxy.url()).env("no_proxy", "localhost"),
        0,
        "",
    );
    assert_eq!(secure.take().len(), 2);

    // Nobody behind the proxy.
    let port = free_port();
    let nobody = json!({"url": format!("https://localhost:{port}"), "token": "t"});
    get(
        vault(&nobody).env("HTTPS_PROXY", proxy.url()),
        5,
        "refuses a tunnel",
    );
}

#[test]
fn a_proxy_that_is_not_there_is_told_once() {
    let output = vault(&json!({"url": "http://vault.invalid", "token": "t"}))
        .env("HTTP_PROXY", format!("http://127.0.0.1:{}", free_port()))
        .args(["get-var", "x"])
        .run();
    let stderr = output.fails(5);
    assert!(
        stderr.starts_with("error: the proxy cannot be reached\n"),
        "{stderr}"
    );
    assert_eq!(stderr.matches("cannot connect to").count(), 1, "{stderr}");
    assert!(stderr.contains("HTTP_PROXY"), "{stderr}");
}
