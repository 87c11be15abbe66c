//! Redirects to another host: a standby's, which Airflow follows as every client of Vault does, and those that are refused.
//!
//! Two scripted servers on loopback; each question is put to Airflow and to secretctl, and what reaches either server is compared.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::{found, login, vault, with};
use crate::support::server::{Authority, Certificate, Recorded, Reply, Server, Validity};
use crate::support::{Judge, Output, Side, Sides, airflow, differs, requests, temp_dir};

/// A token, and a secret id, that must not be shown.
const SECRET: &str = "hvs.CANARY-redirect";

/// An active node: it takes any login and has every secret.
fn active(request: &Recorded) -> Reply {
    match request.method.as_str() {
        "POST" => Reply::json(200, login(SECRET)),
        _ => found(),
    }
}

/// A standby, as Go's `http.ServeMux` and Vault's `respondStandby` make it: the path is quoted by Go's rules.
fn standby(status: u16, node: String) -> impl Fn(&Recorded) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request
            .target
            .replace("%3A", ":")
            .replace("%2B", "+")
            .replace("%40", "@");
        Reply::status(status).header("Location", &format!("{node}{path}"))
    }
}

/// Method, path, body and headers of a request.
type Sent = (String, String, Value, Vec<(String, String)>);

/// What of a request must arrive at the active node.
fn sent(requests: &[Recorded]) -> Vec<Sent> {
    requests
        .iter()
        .map(|request| {
            let mut headers: Vec<_> = request
                .headers
                .iter()
                .filter(|(name, _)| name.starts_with("x-vault-") || name == "authorization")
                .cloned()
                .collect();
            headers.sort();
            let path = request
                .target
                .replace("%3A", ":")
                .replace("%2B", "+")
                .replace("%40", "@");
            (request.method.clone(), path, request.json(), headers)
        })
        .collect()
}

fn get(kwargs: &Value, name: &str) -> Output {
    let output = vault(kwargs)
        .args(["--no-fallback", "-n", "--timeout", "10", "get-var", "--", name])
        .run();
    assert!(!output.stderr.contains("CANARY"), "{}", output.stderr);
    output
}

fn ask_airflow(judge: Option<&Judge>, kwargs: &Value, env: &Value, name: &str) -> Option<Value> {
    let question = json!({"op": "vault.lookup", "kwargs": kwargs, "env": env, "kind": "var", "name": name});
    judge.map(|judge| judge.ask(question))
}

/// Kwargs of a lookup with a token, and of one with a login.
fn both_ways() -> [Value; 2] {
    [
        json!({"token": SECRET, "namespace": "team"}),
        json!({"auth_type": "approle", "role_id": "r", "secret_id": SECRET, "namespace": "team"}),
    ]
}

#[test]
fn a_standby_is_followed_to_the_active_node_as_airflow_follows_it() {
    let judge = airflow();
    for status in [307, 308] {
        for kwargs in both_ways() {
            let node = Server::start(active);
            // Another host and another port: `localhost` is not `127.0.0.1`.
            let server = Server::start(standby(status, format!("http://localhost:{}", node.port)));
            let kwargs = with(&kwargs, json!({"url": server.url()}));
            for name in ["hello", "a:b+c@d e"] {
                let output = get(&kwargs, name);
                assert_eq!(
                    (output.status, output.stdout.as_slice()),
                    (0, b"world".as_slice()),
                    "{}",
                    output.stderr
                );
                let (ours, ours_there) = (sent(&server.take()), sent(&node.take()));
                assert_eq!(ours, ours_there, "the whole request goes to the active node");
                assert!(
                    ours.iter()
                        .all(|(.., headers)| headers.contains(&("x-vault-namespace".into(), "team".into())))
                );
                let Some(theirs) = ask_airflow(judge, &kwargs, &json!({}), name) else {
                    continue;
                };
                assert_eq!(theirs["value"], "world");
                assert_eq!(
                    (sent(&server.take()), sent(&node.take())),
                    (ours, ours_there),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn a_standby_is_followed_over_tls_with_the_same_authorities() {
    let folder = temp_dir();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let good = Authority::trusted().certificate(Validity::Good);
    for kwargs in both_ways() {
        let node = Server::start_tls(&good, active);
        let server = Server::start_tls(&good, standby(307, node.url()));
        let kwargs = with(&kwargs, json!({"url": server.url(), "verify": ca}));
        let output = get(&kwargs, "hello");
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert_eq!(sent(&server.take()), sent(&node.take()));

        // Who shows a certificate of somebody else's is sent nothing.
        for bad in [
            Authority::new("stranger").certificate(Validity::Good),
            Authority::trusted().certificate(Validity::WrongName),
            Certificate::self_signed(&["localhost", "127.0.0.1"]),
        ] {
            let stranger = Server::start_tls(&bad, active);
            let server = Server::start_tls(&good, standby(307, stranger.url()));
            let output = get(&with(&kwargs, json!({"url": server.url()})), "hello");
            assert_eq!(output.status, 5, "{}", output.stderr);
            assert!(stranger.take().is_empty());
        }

        // From http to https the scheme grows stronger.
        let server = Server::start(standby(307, node.url()));
        let output = get(&with(&kwargs, json!({"url": server.url()})), "hello");
        assert_eq!(output.status, 0, "{}", output.stderr);
    }
}

/// What a redirect is refused for, with the words that say so.
#[test]
fn any_other_redirect_to_another_host_is_refused_with_its_name() {
    let judge = airflow();
    let node = Server::start(active);
    let path = "/v1/secret/data/variables/hello";
    let at = |user: &str, path: &str| format!("http://{user}localhost:{}{path}", node.port);
    for (status, location) in [
        (301, at("", path)),
        (302, at("", path)),
        (303, at("", path)),
        (307, at("", "/v1/secret/data/variables/other")),
        (307, at("", "/")),
        (307, at("", "/ui/vault/auth?redirect_to=x")),
        (307, at("", &format!("{path}?x=1"))),
        (308, at("", &format!("/prefix{path}"))),
        (308, at("", "/v1/secret/data/variables/x/../hello/")),
        (307, at("user@", path)),
        (307, at("user:hunter2@", path)),
    ] {
        let server = Server::script([Reply::status(status).header("Location", &location)]);
        let kwargs = json!({"url": server.url(), "token": SECRET});
        let output = get(&kwargs, "hello");
        assert_eq!(output.status, 5, "{status} {location}: {}", output.stderr);
        let place = format!("http://localhost:{}", node.port);
        assert!(
            output
                .stderr
                .contains(&format!("redirects to another host, {place}"))
                && output.stderr.contains(&format!("hint: set `url` to {place}"))
                && !output.stderr.contains("hunter2"),
            "{}",
            output.stderr
        );
        assert_eq!(server.take().len(), 1);
        assert!(node.take().is_empty(), "{status} {location}");
        let Some(theirs) = ask_airflow(judge, &kwargs, &json!({}), "hello") else {
            continue;
        };
        let followed = node.take();
        let (_, target) = location.split_once(&format!(":{}", node.port)).unwrap();
        differs(
            "vault-redirect",
            &Sides {
                airflow: (
                    Side::of_airflow(&theirs).asking(requests(&followed)),
                    Side::found("world").asking(json!([format!("GET {target}")])),
                ),
                secretctl: (
                    Side::of_secretctl(&output).asking(json!([])),
                    Side::failed("status 5").asking(json!([])),
                ),
            },
        );
        assert_eq!(
            followed[0].header("x-vault-token"),
            Some(SECRET),
            "Airflow's own request"
        );
    }
    // A login's body stays at home too.
    let server = Server::script([Reply::status(307).header("Location", &at("", "/v1/auth/other/login"))]);
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": SECRET});
    assert_eq!(get(&kwargs, "hello").status, 5);
    assert!(node.take().is_empty());
}

#[test]
fn no_credential_leaves_tls_or_goes_where_certificates_are_not_checked() {
    let folder = temp_dir();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let good = Authority::trusted().certificate(Validity::Good);
    for kwargs in both_ways() {
        let plain = Server::start(active);
        let server = Server::start_tls(&good, standby(307, plain.url()));
        let output = get(
            &with(&kwargs, json!({"url": server.url(), "verify": ca})),
            "hello",
        );
        assert_eq!(output.status, 5);
        assert!(output.stderr.contains("from https to http"), "{}", output.stderr);
        assert!(plain.take().is_empty());

        let node = Server::start_tls(&good, active);
        for server in [
            Server::start_tls(&good, standby(307, node.url())),
            Server::start(standby(307, node.url())),
        ] {
            let output = get(
                &with(&kwargs, json!({"url": server.url(), "verify": false})),
                "hello",
            );
            assert_eq!(output.status, 5);
            assert!(
                output.stderr.contains("while certificates are not checked")
                    && output.stderr.contains("hint: set `verify` to the authority")
                    && output.stderr.contains(&node.url()),
                "{}",
                output.stderr
            );
            assert!(node.take().is_empty());
        }
    }
}

#[test]
fn a_chain_is_followed_and_a_circle_ends() {
    let judge = airflow();
    let node = Server::start(active);
    let second = Server::start(standby(308, node.url()));
    let first = Server::start(standby(307, second.url()));
    for kwargs in both_ways() {
        let kwargs = with(&kwargs, json!({"url": first.url()}));
        assert_eq!(get(&kwargs, "hello").status, 0);
        let ours = [sent(&first.take()), sent(&second.take()), sent(&node.take())];
        if let Some(theirs) = ask_airflow(judge, &kwargs, &json!({}), "hello") {
            assert_eq!(theirs["value"], "world");
            assert_eq!(
                [sent(&first.take()), sent(&second.take()), sent(&node.take())],
                ours
            );
        }
    }

    // Two nodes that each take the other one for the active one.
    let place = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&place);
    let first = Server::start(move |request| standby(307, known.get().unwrap().clone())(request));
    let second = Server::start(standby(307, first.url()));
    place.set(second.url()).unwrap();
    let kwargs = json!({"url": first.url(), "token": SECRET});
    let output = get(&kwargs, "hello");
    assert_eq!(output.status, 5);
    assert!(output.stderr.contains("redirects for ever"), "{}", output.stderr);
    let ours = first.take().len() + second.take().len();
    // The request, and requests' limit of 30 redirects.
    assert_eq!(ours, 31);
    if let Some(theirs) = ask_airflow(judge, &kwargs, &json!({}), "hello") {
        assert_eq!(theirs["error"], "TooManyRedirects");
        assert_eq!(first.take().len() + second.take().len(), ours);
    }
}

#[test]
fn an_active_node_that_is_not_reached_is_said_to_come_from_the_standby() {
    let port = crate::support::free_port();
    let server = Server::start(standby(307, format!("http://127.0.0.1:{port}")));
    for kwargs in both_ways() {
        let output = get(&with(&kwargs, json!({"url": server.url()})), "hello");
        assert_eq!(output.status, 5);
        assert!(
            output
                .stderr
                .contains(&format!("cannot connect to 127.0.0.1:{port}"))
                && output
                    .stderr
                    .contains(&format!("{} redirects there, to its active node", server.url()))
                && output.stderr.contains("hint: set `api_addr` of the active node"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn the_active_node_is_asked_again_where_a_read_is_and_not_the_standby() {
    let judge = airflow();
    let replies = || [Reply::status(503), Reply::status(500), found()];
    let node = Server::script(replies());
    let server = Server::start(standby(307, node.url()));
    let kwargs = json!({"url": server.url(), "token": SECRET});
    assert_eq!(get(&kwargs, "hello").status, 0);
    let ours = (server.take().len(), node.take().len());
    assert_eq!(ours, (1, 3));
    let node = Server::script(replies());
    let server = Server::start(standby(307, node.url()));
    if let Some(theirs) = ask_airflow(
        judge,
        &with(&kwargs, json!({"url": server.url()})),
        &json!({}),
        "hello",
    ) {
        assert_eq!(theirs["value"], "world");
        assert_eq!((server.take().len(), node.take().len()), ours);
    }
    // A token that the active node refuses is a refusal, of one login.
    let node = Server::script([Reply::json(400, json!({"errors": ["invalid role or secret ID"]}))]);
    let server = Server::start(standby(307, node.url()));
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": SECRET});
    assert_eq!(get(&kwargs, "hello").status, 4);
    assert_eq!(node.take().len(), 1);
}

#[test]
fn the_proxy_is_chosen_anew_for_the_active_node() {
    let judge = airflow();
    // A proxy is asked for the whole URL, and answers for the active node.
    let proxy = Server::start(active);
    let server = Server::start(standby(307, "http://localhost:8200".to_owned()));
    let kwargs = json!({"url": server.url(), "token": SECRET});
    let env = json!({"HTTP_PROXY": proxy.url(), "NO_PROXY": "127.0.0.1"});
    let output = vault(&kwargs)
        .env("HTTP_PROXY", proxy.url())
        .env("NO_PROXY", "127.0.0.1")
        .args(["--no-fallback", "-n", "get-var", "hello"])
        .run();
    assert_eq!(
        (output.status, output.stdout.as_slice()),
        (0, b"world".as_slice()),
        "{}",
        output.stderr
    );
    let ours = proxy.take();
    assert_eq!(
        ours[0].target,
        "http://localhost:8200/v1/secret/data/variables/hello"
    );
    if let Some(theirs) = ask_airflow(judge, &kwargs, &env, "hello") {
        assert_eq!(theirs["value"], "world");
        assert_eq!(proxy.take()[0].target, ours[0].target);
    }
}

#[test]
fn the_password_of_the_url_stays_with_its_host() {
    let judge = airflow();
    let node = Server::start(active);
    let server = Server::start(standby(307, node.url()));
    let url = server.url().replace("http://", "http://user:hunter2@");
    let kwargs = json!({"url": url, "token": SECRET});
    assert_eq!(get(&kwargs, "hello").status, 0);
    let basic = |server: &Server| server.take()[0].header("authorization").map(str::to_owned);
    let ours = (basic(&server), basic(&node));
    assert!(ours.0.is_some() && ours.1.is_none(), "{ours:?}");
    if let Some(theirs) = ask_airflow(judge, &kwargs, &json!({}), "hello") {
        assert_eq!(theirs["value"], "world");
        assert_eq!((basic(&server), basic(&node)), ours);
    }
}

#[test]
fn allow_redirects_switches_following_off() {
    let node = Server::start(active);
    let server = Server::start(standby(307, format!("http://u:hunter2@localhost:{}", node.port)));
    for allow_redirects in [json!(false), json!("false"), Value::Null] {
        for kwargs in both_ways() {
            let kwargs = with(
                &kwargs,
                json!({"url": server.url(), "allow_redirects": allow_redirects}),
            );
            let output = get(&kwargs, "hello");
            assert_eq!(output.status, 5, "{}", output.stderr);
            assert!(
                output.stderr.contains("`allow_redirects` is false (status 307)")
                    && output
                        .stderr
                        .contains(&format!("`url` to http://localhost:{} if", node.port))
                    && !output.stderr.contains("hunter2"),
                "{}",
                output.stderr
            );
            assert!(node.take().is_empty());
        }
    }
}
