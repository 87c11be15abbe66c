//! Which servers are trusted over TLS: each chain in a real handshake, compared with Python's requests in the same test.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::server::draft::Made;
use crate::support::server::{Certificate, Server, Tunnel};
use crate::support::{Judge, airflow, temp_dir};
use crate::vault::{found, vault};

mod bundles;
mod chains;
mod differences;
mod generate;
mod names;
mod proxies;
mod variables;

/// What a server sends, what a client trusts, and whether the server is trusted.
pub struct Case {
    what: String,
    /// The text of the file in `verify`.
    trusted: String,
    shown: Certificate,
    host: String,
    good: bool,
}

/// Returns a case with the host `localhost`.
fn case(what: &str, trusted: impl Into<String>, shown: Certificate, good: bool) -> Case {
    Case {
        what: what.to_owned(),
        trusted: trusted.into(),
        shown,
        host: "localhost".to_owned(),
        good,
    }
}

/// Joins certificates into a bundle.
fn bundle(certificates: &[&Made]) -> String {
    certificates.iter().map(|made| made.pem()).collect()
}

/// Starts a Vault where every secret is `world`.
fn server(shown: &Certificate) -> Server {
    Server::start_tls(shown, |_| found())
}

/// Asks `server` by the name `host` with the trusted certificates in `verify`. Returns whether it is trusted.
#[track_caller]
fn ours(server: &Server, host: &str, verify: &Path) -> Result<(), String> {
    let tunnel = Tunnel::start(server.port);
    let url = format!("https://{host}:{}", server.port);
    let output = vault(&json!({"url": url, "token": "t", "verify": verify}))
        .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", tunnel.port))
        .args(["get-var", "hello", "--timeout", "20"])
        .run();
    match output.status {
        0 => {
            assert_eq!(output.stdout, b"world\n");
            Ok(())
        }
        5 => {
            assert!(server.take().is_empty(), "the token was sent: {}", output.stderr);
            assert!(output.stderr.contains("the certificate of"), "{}", output.stderr);
            Err(output.stderr)
        }
        status => panic!("status {status}: {}", output.stderr),
    }
}

/// Asks as [`ours`] does, with Python's requests.
fn theirs(judge: &Judge, server: &Server, host: &str, verify: &Path) -> Result<(), String> {
    let tunnel = Tunnel::start(server.port);
    let url = format!("https://{host}:{}/", server.port);
    let proxy = format!("http://127.0.0.1:{}", tunnel.port);
    let answer = judge.ask(json!({"op": "tls.get", "url": url, "verify": verify, "proxy": proxy}));
    verdict(&answer)
}

/// Reads an answer of `judge_tls.py`. A failure that is not about the certificate fails the test.
#[track_caller]
fn verdict(answer: &Value) -> Result<(), String> {
    match answer["error"].as_str() {
        None => Ok(()),
        Some(error) => {
            let about = [
                "CERTIFICATE_VERIFY_FAILED",
                "certificate verify failed",
                "X509",
                "PEM",
                "ASN1",
            ];
            assert!(about.iter().any(|word| error.contains(word)), "{error}");
            Err(error.to_owned())
        }
    }
}

/// Asserts that secretctl and Python's requests both judge each case as it says.
#[track_caller]
fn agree(cases: Vec<Case>) {
    let judge = airflow();
    let folder = temp_dir();
    let verify = folder.path().join("trusted.pem");
    let mut wrong = Vec::new();
    for Case {
        what,
        trusted,
        shown,
        host,
        good,
    } in cases
    {
        std::fs::write(&verify, trusted).unwrap();
        let server = server(&shown);
        let mut verdicts = vec![("secretctl", ours(&server, &host, &verify))];
        if let Some(judge) = judge {
            server.take();
            verdicts.push(("requests", theirs(judge, &server, &host, &verify)));
        }
        for (who, verdict) in verdicts {
            if verdict.is_ok() != good {
                wrong.push(format!("{what}: {who} says {verdict:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_refusal_names_the_server_what_is_missing_and_the_way_out() {
    use crate::support::server::draft::Draft;

    let root = Draft::authority("root").self_signed();
    let under = Draft::authority("under").signed_by(&root);
    let pinned = Draft::new("pinned").names(&["inner.example"]).signed_by(&root);
    let own = Draft::server(&["localhost"]).signed_by(&root);
    let old = Draft::authority("old").until("20210101000000Z").self_signed();
    let by = |issuer: &Made| Draft::server(&["localhost"]).signed_by(issuer);
    let unknown = "is not signed by a trusted authority\n";
    for (trusted, shown, first, words) in [
        (
            bundle(&[&pinned]),
            by(&root).shown_with(&[]),
            unknown,
            "hint: name the authority's certificate in the backend kwarg `verify`",
        ),
        (
            bundle(&[&pinned]),
            by(&pinned).shown_with(&[]),
            unknown,
            "the certificate of its issuer is not an authority's\n",
        ),
        (
            bundle(&[&under]),
            by(&under).shown_with(&[]),
            unknown,
            "but not the root above that authority\n",
        ),
        (
            bundle(&[&own]),
            own.shown_with(&[]),
            unknown,
            "only a self-signed one is trusted without its authority\n",
        ),
        (
            bundle(&[&old]),
            by(&old).shown_with(&[]),
            "cannot be trusted\n",
            "its authority's own certificate has expired\n",
        ),
    ] {
        let folder = temp_dir();
        let verify = folder.path().join("trusted.pem");
        std::fs::write(&verify, trusted).unwrap();
        let server = server(&shown);
        let stderr = ours(&server, "localhost", &verify).unwrap_err();
        let line = format!("error: the certificate of localhost:{} {first}", server.port);
        assert!(stderr.starts_with(&line), "{stderr}");
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
}
