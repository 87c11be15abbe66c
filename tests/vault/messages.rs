//! What is said to those who made a mistake: each mistake is made, and its words are one snapshot.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{kv2, login, vault};
use crate::support::Output;
use crate::support::server::{Reply, Server};

/// A mistake: what it is, the kwargs beside `url`, variables, and the server's answers to a login and to a read.
struct Mistake {
    what: &'static str,
    kwargs: Value,
    env: &'static [(&'static str, &'static str)],
    login: Reply,
    read: Reply,
    status: i32,
}

fn denied() -> Reply {
    Reply::json(
        403,
        json!({"errors": ["1 error occurred:\n\t* permission denied\n\n"]}),
    )
}

fn errors(status: u16, words: &[&str]) -> Reply {
    Reply::json(status, json!({"errors": words}))
}

fn mistake(what: &'static str, kwargs: Value) -> Mistake {
    Mistake {
        what,
        kwargs,
        env: &[],
        login: Reply::json(200, login("hvs.issued-token")),
        read: errors(404, &[]),
        status: 2,
    }
}

impl Mistake {
    fn env(self, env: &'static [(&'static str, &'static str)]) -> Self {
        Self { env, ..self }
    }

    fn login(self, login: Reply) -> Self {
        Self {
            login,
            status: 4,
            ..self
        }
    }

    fn read(self, status: i32, read: Reply) -> Self {
        Self { read, status, ..self }
    }
}

fn approle(more: Value) -> Value {
    super::with(
        &json!({"auth_type": "approle", "role_id": "r", "secret_id": "CANARY-secret"}),
        more,
    )
}

fn token(more: Value) -> Value {
    super::with(&json!({"token": "CANARY-token"}), more)
}

const NAMESPACE: &[(&str, &str)] = &[("VAULT_NAMESPACE", "admin/team")];

fn logins_and_reads() -> Vec<Mistake> {
    let no_mount = || {
        errors(
            404,
            &["no handler for route \"airflow/data/variables/x\". route entry not found."],
        )
    };
    vec![
        mistake("VAULT_NAMESPACE and a login that is refused with 400", approle(json!({})))
            .env(NAMESPACE)
            .login(errors(400, &["invalid role or secret ID"])),
        mistake("VAULT_NAMESPACE and a login that is refused with 403", approle(json!({})))
            .env(NAMESPACE)
            .login(denied()),
        mistake("VAULT_NAMESPACE and a read that is denied", token(json!({"mount_point": "airflow"})))
            .env(NAMESPACE)
            .read(4, denied()),
        mistake("VAULT_NAMESPACE and a mount that is not there", token(json!({"mount_point": "airflow"})))
            .env(NAMESPACE)
            .read(3, no_mount()),
        mistake("VAULT_NAMESPACE and a name that is not there", token(json!({})))
            .env(NAMESPACE)
            .read(3, errors(404, &[])),
        mistake("a forgotten auth_mount_point, 403", approle(json!({}))).login(denied()),
        mistake("a forgotten auth_mount_point, 404", approle(json!({})))
            .login(errors(404, &["no handler for route \"auth/approle/login\""])),
        mistake("a wrong auth_mount_point", approle(json!({"auth_mount_point": "team/approle"}))).login(denied()),
        mistake(
            "a wrong password",
            json!({"auth_type": "userpass", "username": "jane", "password": "CANARY-password"}),
        )
        .login(errors(400, &["invalid username or password"])),
        mistake("a read that is denied, KV v2", approle(json!({"mount_point": "airflow"}))).read(4, denied()),
        mistake(
            "a read that is denied, KV v1",
            token(json!({"mount_point": "airflow", "kv_engine_version": 1, "connections_path": "a"})),
        )
        .read(4, denied()),
        mistake("a mount that is not there", token(json!({"mount_point": "airflow"}))).read(3, no_mount()),
        mistake("KV v1 asked as v2", token(json!({"mount_point": "airflow"}))).read(3, errors(404, &[])),
        mistake("KV v2 asked as v1", token(json!({"mount_point": "airflow", "kv_engine_version": 1}))).read(
            3,
            Reply::json(404, json!({"errors": [], "warnings": ["Invalid path for a versioned K/V secrets engine. See the API \
                docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation."]})),
        ),
        mistake("`data/` in a path", token(json!({"variables_path": "data/variables"}))).read(3, errors(404, &[])),
        mistake("`data/` in a path that is denied", token(json!({"variables_path": ["data/variables"]})))
            .read(4, denied()),
        mistake("`data` in the mount", token(json!({"mount_point": "airflow/data"}))).read(3, no_mount()),
        mistake(
            "the mount in a path",
            token(json!({"mount_point": "airflow", "variables_path": "airflow/variables"})),
        )
        .read(3, errors(404, &[])),
        mistake(
            "the mount and `data/` in a path",
            token(json!({"mount_point": "airflow", "variables_path": "airflow/data/variables"})),
        )
        .read(3, errors(404, &[])),
        mistake(
            "`data/` with KV v1, not found",
            token(json!({"kv_engine_version": 1, "variables_path": "data/variables"})),
        )
        .read(3, errors(404, &[])),
        mistake(
            "`data/` with KV v1, found as KV v2",
            token(json!({"kv_engine_version": 1, "variables_path": "data/variables"})),
        )
        .read(6, Reply::json(200, kv2(&json!({"value": "CANARY-value"})))),
        mistake("a token and AppRole's kwargs, denied", token(json!({"role_id": "r", "secret_id": "CANARY"})))
            .read(4, denied()),
        mistake("http to a port of TLS", token(json!({}))).read(
            5,
            Reply::status(400).body("Client sent an HTTP request to an HTTPS server.\n"),
        ),
        Mistake {
            status: 5,
            ..mistake("http to a port of TLS, a login", approle(json!({})))
                .login(Reply::status(400).body("Client sent an HTTP request to an HTTPS server.\n"))
        },
        mistake("http to a port of TLS, nginx", token(json!({}))).read(
            5,
            Reply::html(400).body("<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>"),
        ),
    ]
}

fn configurations() -> Vec<Mistake> {
    vec![
        mistake(
            "AppRole's kwargs without auth_type",
            json!({"role_id": "r", "secret_id": "CANARY", "mount_point": "airflow"}),
        ),
        mistake(
            "Kubernetes' kwargs without auth_type",
            json!({"kubernetes_role": "r"}),
        ),
        mistake(
            "a name and a password without auth_type",
            json!({"username": "jane", "password": "CANARY"}),
        ),
        mistake(
            "AWS' kwargs without auth_type",
            json!({"key_id": "k", "secret_id": "CANARY", "role_id": "r"}),
        ),
        mistake(
            "AppRole's kwargs with another auth_type",
            json!({"auth_type": "kubernetes", "role_id": "r", "secret_id": "CANARY"}),
        ),
        mistake(
            "auth_type without its kwargs",
            json!({"auth_type": "approle", "username": "jane", "password": "CANARY"}),
        ),
        mistake(
            "`role` with kubernetes",
            json!({"auth_type": "kubernetes", "role": "r"}),
        ),
        mistake("`role` with jwt", json!({"auth_type": "jwt", "role": "r"})),
        mistake(
            "`role` with approle",
            json!({"auth_type": "approle", "role": "r"}),
        ),
        mistake("`vault_addr`", token(json!({"vault_addr": "x"}))),
        mistake(
            "`VAULT_NAMESPACE` as a kwarg",
            token(json!({"VAULT_NAMESPACE": "x"})),
        ),
        mistake("`ca_cert`", token(json!({"ca_cert": "x"}))),
        mistake("`secret-id`", approle(json!({"secret-id": "CANARY"}))),
        mistake("`kv_version`", token(json!({"kv_version": 2}))),
        mistake("a kwarg that is like no other", token(json!({"zzz": 1}))),
        mistake(
            "a verify that is a word",
            token(json!({"verify": "no", "url": "https://127.0.0.1:1"})),
        ),
        mistake("a verify that is 0", token(json!({"verify": 0}))),
        mistake(
            "a url without a port",
            token(json!({"url": "http://user:CANARY@h:port"})),
        ),
        mistake("a VAULT_ADDR without a scheme", token(json!({"url": null})))
            .env(&[("VAULT_ADDR", "vault.example.com:8200")]),
        mistake(
            "a url that TLS has no name for",
            token(json!({"url": "https://vault..example"})),
        ),
        Mistake {
            status: 5,
            ..mistake("a VAULT_ADDR where nobody listens", token(json!({"url": null})))
                .env(&[("VAULT_ADDR", "http://127.0.0.1:1")])
        },
        mistake("a VAULT_ADDR with a bad host", token(json!({"url": null})))
            .env(&[("VAULT_ADDR", "http://vault example.com")]),
        mistake(
            "a proxy without a port",
            token(json!({"url": "http://vault.example.com"})),
        )
        .env(&[("HTTP_PROXY", "http://user:CANARY@proxy:port")]),
        mistake("a url of a variable of its own", token(json!({"url": null})))
            .env(&[("AIRFLOW__SECRETS__BACKEND_KWARG__URL", "vault.example.com")]),
        mistake("a mount of a variable of its own that climbs", token(json!({})))
            .env(&[("AIRFLOW__SECRETS__BACKEND_KWARG__MOUNT_POINT", "../sys")]),
        mistake(
            "a mount that climbs",
            token(json!({"mount_point": "airflow/../sys"})),
        ),
        mistake(
            "a path that climbs",
            token(json!({"connections_path": ["a", "../sys"]})),
        ),
        mistake(
            "an auth mount that climbs",
            approle(json!({"auth_mount_point": "../sys"})),
        ),
        mistake(
            "a name that climbs",
            json!({"auth_type": "ldap", "username": "a/../../sys", "password": "CANARY"}),
        ),
    ]
}

/// Makes a mistake, and returns what is said with the server's address replaced.
fn told(mistake: &Mistake) -> Output {
    let (on_login, on_read) = (mistake.login.clone(), mistake.read.clone());
    let server = Server::start(move |request| {
        if request.method == "POST" {
            on_login.clone()
        } else {
            on_read.clone()
        }
    });
    let kwargs = super::with(&json!({"url": server.url()}), mistake.kwargs.clone());
    let mut output = vault(&kwargs)
        .envs(mistake.env.iter().copied())
        .args(["--no-fallback", "--timeout", "10", "get-var", "x"])
        .run();
    output.stderr = output.stderr.replace(&server.url(), "http://vault.example.com");
    assert!(
        !output.stderr.contains("CANARY"),
        "{}: {}",
        mistake.what,
        output.stderr
    );
    assert_eq!(
        output.status, mistake.status,
        "{}: {}",
        mistake.what, output.stderr
    );
    assert!(output.stdout.is_empty());
    if mistake.status == 2 {
        assert!(server.take().is_empty(), "{}", mistake.what);
    }
    output
}

fn page(mistakes: &[Mistake]) -> String {
    let mut page = String::new();
    for mistake in mistakes {
        write!(page, "# {}\n{}\n", mistake.what, told(mistake).stderr).unwrap();
    }
    page
}

#[test]
fn a_refusal_says_what_was_asked_for_and_the_way_out() {
    insta::assert_snapshot!(page(&logins_and_reads()));
}

#[test]
fn a_configuration_that_cannot_work_says_what_was_probably_meant() {
    insta::assert_snapshot!(page(&configurations()));
}

#[test]
fn https_to_a_port_without_tls_is_said_to_be_that() {
    // As Go's `net/http` answers what is not HTTP, a TLS handshake too.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer_bad_request(stream);
        }
    });
    for kwargs in [token(json!({})), approle(json!({}))] {
        let kwargs = super::with(&kwargs, json!({"url": format!("https://127.0.0.1:{port}")}));
        let output = vault(&kwargs)
            .args(["--no-fallback", "--timeout", "5", "get-var", "x"])
            .run();
        assert_eq!(output.status, 5);
        assert!(
            output.stderr.contains("does not speak TLS") && output.stderr.contains("`url`"),
            "{}",
            output.stderr
        );
    }
}

fn answer_bad_request(mut stream: std::net::TcpStream) {
    use std::io::{Read as _, Write as _};
    let _ = stream.read(&mut [0; 4096]);
    let _ = stream.write_all(
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request",
    );
}

#[test]
fn a_reference_that_was_replaced_in_a_secret_is_named_when_vault_refuses() {
    let server = Server::start(|request| {
        if request.method == "POST" {
            errors(400, &["invalid role or secret ID"])
        } else {
            denied()
        }
    });
    let run = |secret: &str, extra: (&str, &str)| {
        let kwargs =
            json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": secret});
        vault(&kwargs)
            .env("WORD", "CANARY-word")
            .env(extra.0, extra.1)
            .args(["--no-fallback", "get-var", "x"])
            .run()
    };
    let output = run("pa$WORD", ("X", "x"));
    assert_eq!(output.status, 4);
    assert!(
        output
            .stderr
            .contains("`$WORD` in AIRFLOW__SECRETS__BACKEND_KWARGS was replaced")
            && output.stderr.contains("`AIRFLOW__SECRETS__BACKEND_KWARG__<KEY>`")
            && !output.stderr.contains("CANARY"),
        "{}",
        output.stderr
    );
    // Nothing was replaced: an unknown name, and a single kwarg, which is not expanded.
    for extra in [
        ("X", "x"),
        ("AIRFLOW__SECRETS__BACKEND_KWARG__SECRET_ID", "pa$WORD"),
    ] {
        let output = run("pa$NOBODY", extra);
        assert_eq!(output.status, 4);
        assert!(!output.stderr.contains("was replaced"), "{}", output.stderr);
    }
    // Of several names at once, as of one.
    let kwargs = json!({"url": server.url(), "token": "pa${WORD}"});
    let output = vault(&kwargs)
        .env("WORD", "CANARY-word")
        .args([
            "--no-fallback",
            "export",
            "--format",
            "json",
            "--var",
            "x",
            "--var",
            "y",
        ])
        .run();
    assert_eq!(output.status, 4);
    assert!(output.stderr.contains("`$WORD` in AIRFLOW"), "{}", output.stderr);
}

#[test]
fn the_long_list_of_kwargs_is_for_those_who_ask_for_more() {
    let kwargs = token(json!({"url": "http://127.0.0.1:1", "zzz": 1}));
    let short = vault(&kwargs).args(["get-var", "x"]).run();
    assert_eq!(short.status, 2);
    assert!(
        short.stderr.contains("hint: `-v` lists") && !short.stderr.contains("kv_engine_version"),
        "{}",
        short.stderr
    );
    for long in [
        vault(&kwargs).args(["-v", "get-var", "x"]).run(),
        vault(&kwargs)
            .env("SECRETCTL_VERBOSE", "1")
            .args(["get-var", "x"])
            .run(),
    ] {
        assert_eq!(long.status, 2);
        assert!(long.stderr.contains("`kv_engine_version`"), "{}", long.stderr);
    }
}
