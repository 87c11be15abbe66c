//! What goes wrong between here and Vault: each fault with its status, the time it may take, and its words.

use std::time::Duration;

use serde_json::{Value, json};

use super::{found, login, vault};
use crate::support::Output;
use crate::support::server::{Authority, Certificate, Reply, Server, Validity};

/// A token that must not be found in any output.
const TOKEN: &str = "hvs.CANARY-token-4711";

/// The most that may pass beyond `--timeout`.
const SLACK: Duration = Duration::from_millis(400);

fn read(server: &Server, timeout: &str) -> Output {
    let output = vault(&json!({"url": server.url(), "token": TOKEN}))
        .args(["get-var", "hello", "--timeout", timeout])
        .run();
    assert!(!output.stderr.contains("CANARY"), "{}", output.stderr);
    output
}

#[track_caller]
fn fails(output: &Output, status: i32, words: &[&str]) {
    assert_eq!(output.status, status, "{}", output.stderr);
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(
            output.stderr.contains(word),
            "{word} is not in: {}",
            output.stderr
        );
    }
}

#[track_caller]
fn world(output: &Output) {
    assert_eq!(
        (output.status, output.stdout.as_slice()),
        (0, b"world\n".as_slice()),
        "{}",
        output.stderr
    );
}

#[test]
fn what_urllib3_retries_is_retried_and_then_found() {
    for status in [412, 500, 502, 503] {
        let server = Server::script([Reply::status(status), Reply::status(status), found()]);
        world(&read(&server, "5"));
        assert_eq!(server.take().len(), 3, "{status}");
    }
    for status in [413, 429, 503] {
        let server = Server::script([Reply::status(status).header("Retry-After", "0"), found()]);
        world(&read(&server, "5"));
        assert_eq!(server.take().len(), 2, "{status}");
    }
}

#[test]
fn what_goes_on_for_ever_ends_after_four_attempts() {
    let sealed = Reply::json(503, json!({"errors": ["Vault is sealed"]}));
    let server = Server::script([sealed]);
    fails(&read(&server, "5"), 5, &["is sealed (503)", "hint:"]);
    assert_eq!(server.take().len(), 4);
    let server = Server::script([Reply::status(429)]);
    fails(&read(&server, "5"), 5, &["throttles"]);
    assert_eq!(
        server.take().len(),
        1,
        "urllib3 retries a 429 with Retry-After only"
    );
}

#[test]
fn a_wish_to_wait_longer_than_there_is_time_is_not_waited_for() {
    let server = Server::script([Reply::status(429).header("Retry-After", "60")]);
    let output = read(&server, "5");
    fails(&output, 5, &["throttles", "60"]);
    assert!(output.time < Duration::from_secs(1));
}

#[test]
fn a_server_that_never_answers_costs_the_timeout_and_no_more() {
    for reply in [
        Reply::hang(),
        found().dripping(1, Duration::from_millis(100)),
        Reply::status(200)
            .header("Content-Length", "1000000")
            .dripping(8, Duration::from_millis(50)),
    ] {
        let server = Server::script([reply]);
        let output = read(&server, "1");
        fails(&output, 5, &["before the command's time was up", "--timeout"]);
        assert!(output.time < Duration::from_secs(1) + SLACK, "{:?}", output.time);
    }
}

#[test]
fn an_attempt_that_takes_longer_than_the_kwarg_timeout_is_tried_again() {
    let server = Server::script([found().after(Duration::from_secs(2)), found()]);
    let output = vault(&json!({"url": server.url(), "token": TOKEN, "timeout": 0.3}))
        .args(["get-var", "hello"])
        .run();
    world(&output);
}

#[test]
fn a_connection_that_is_cut_is_tried_again_for_a_read() {
    let whole = String::from_utf8_lossy(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n").len();
    for cut in [
        Reply::cut(),
        found().cut_at(10),
        found().cut_at(whole + 20),
        Reply::raw("garbage\r\n\r\n"),
    ] {
        let server = Server::script([cut.clone(), found()]);
        world(&read(&server, "5"));
        let server = Server::script([cut]);
        fails(&read(&server, "5"), 5, &["error:"]);
        assert_eq!(server.take().len(), 4);
    }
}

#[test]
fn a_cut_login_is_not_sent_twice() {
    let server = Server::script([Reply::cut()]);
    let output =
        vault(&json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": TOKEN}))
            .args(["get-var", "hello"])
            .run();
    fails(&output, 5, &["closed the connection"]);
    assert_eq!(server.take().len(), 1);
}

#[test]
fn nobody_listens() {
    let server = Server::script([found()]);
    let url = server.url();
    drop(server);
    std::thread::sleep(Duration::from_millis(50));
    let output = vault(&json!({"url": url, "token": TOKEN}))
        .args(["get-var", "hello"])
        .run();
    fails(&output, 5, &["cannot connect to 127.0.0.1", "hint: check `url`"]);
    assert!(output.time < Duration::from_secs(2));
}

#[test]
fn a_name_that_does_not_resolve_is_said_to_be_one() {
    // A label this long is refused without asking anyone.
    let host = format!("{}.invalid", "a".repeat(64));
    let output = vault(&json!({"url": format!("http://{host}:8200"), "token": TOKEN}))
        .args(["get-var", "hello", "--timeout", "5"])
        .run();
    fails(&output, 5, &[&format!("the name `{host}` cannot be resolved")]);
}

#[test]
fn what_is_no_vault_is_said_to_be_none() {
    let cases: [(Reply, &str); 11] = [
        (Reply::html(200), "HTML"),
        (Reply::html(404), "HTML"),
        (Reply::html(403), "does not let"),
        (Reply::html(400), "HTML"),
        (Reply::status(204), "nothing"),
        (Reply::status(200), "nothing"),
        (Reply::json(200, json!([])), "not Vault's JSON"),
        (Reply::json(200, json!({"data": {}})), "without a KV v2 secret"),
        (
            Reply::status(200).body("{\"data\": {\"data\":"),
            "not Vault's JSON",
        ),
        (Reply::status(404).body("not found"), "not Vault's JSON"),
        (Reply::status(304), "nothing"),
    ];
    for (reply, words) in cases {
        let server = Server::script([reply.clone()]);
        let output = read(&server, "5");
        let status = if words == "does not let" { 4 } else { 5 };
        fails(&output, status, &[words]);
    }
}

/// Vault has it, and neither Airflow nor any text can: half of a surrogate pair Airflow carries to outputs that then fail.
#[test]
fn json_that_cannot_be_held_is_malformed_and_not_unavailable() {
    for (value, words) in [
        (r#""secret \ud83d""#.to_owned(), "half of a surrogate pair"),
        ("9".repeat(4301), "4300 digits"),
        ("[".repeat(2000) + &"]".repeat(2000), "nested too deeply"),
    ] {
        let body = format!(r#"{{"data": {{"data": {{"value": {value}}}}}}}"#);
        let server = Server::script([Reply::status(200).body(body)]);
        fails(
            &read(&server, "5"),
            6,
            &["cannot be read", words, "line 1 column"],
        );
    }
}

#[test]
fn a_400_on_a_read_is_not_an_absence() {
    let server = Server::script([Reply::json(
        400,
        json!({"errors": ["Upgrading from non-versioned"]}),
    )]);
    fails(&read(&server, "5"), 5, &["Upgrading from non-versioned"]);
}

#[test]
fn a_body_that_is_too_long_is_not_read() {
    let server = Server::start(|_| {
        Reply::status(200)
            .header("Content-Length", "40000000")
            .body(vec![b' '; 1000])
    });
    fails(&read(&server, "5"), 5, &["more than 8 MB"]);
    let long = format!(
        "{{\"data\": {{\"data\": {{\"value\": \"{}\"}}}}}}",
        "x".repeat(7 << 20)
    );
    let server = Server::script([Reply::status(200).body(long)]);
    let output = read(&server, "20");
    assert_eq!((output.status, output.stdout.len()), (0, (7 << 20) + 1));
}

#[test]
fn interim_answers_chunks_and_kept_connections_that_close_do_no_harm() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let server = Server::script([found().before(early)]);
    world(&read(&server, "5"));
    let server = Server::script([found().chunked()]);
    world(&read(&server, "5"));
    let server = Server::script([Reply::json(200, login("hvs.t")).close(), found()]);
    let output =
        vault(&json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": TOKEN}))
            .args(["get-var", "hello"])
            .run();
    world(&output);
    assert_eq!(server.take().len(), 2);
}

#[test]
fn a_redirect_is_followed_to_the_same_place_and_nowhere_else() {
    let server = Server::start(|request| match request.target.as_str() {
        "/v1/secret/data/variables/hello" => Reply::status(307).header("Location", "/v1/moved"),
        _ => found(),
    });
    world(&read(&server, "5"));
    let asked = server.take();
    assert_eq!((asked.len(), asked[1].header("x-vault-token")), (2, Some(TOKEN)));

    let elsewhere = Server::script([found()]);
    let location = format!("{}/v1/secret/data/variables/hello", elsewhere.url());
    for status in [301, 302, 303] {
        let server = Server::script([Reply::status(status).header("Location", &location)]);
        fails(&read(&server, "5"), 5, &["redirects to another host"]);
        let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": TOKEN});
        fails(
            &vault(&kwargs).args(["get-var", "hello"]).run(),
            5,
            &["redirects to another host"],
        );
    }
    assert!(elsewhere.take().is_empty());

    let server = Server::script([Reply::status(302).header("Location", "/again")]);
    fails(&read(&server, "5"), 5, &["for ever"]);
    let server = Server::script([Reply::status(302).header("Location", "/again")]);
    let kwargs = json!({"url": server.url(), "token": TOKEN, "allow_redirects": false});
    fails(
        &vault(&kwargs).args(["get-var", "hello"]).run(),
        5,
        &["status 302"],
    );
    assert_eq!(server.take().len(), 1);
}

#[test]
fn logins_that_are_refused_say_so_once() {
    let kwargs = |server: &Server| json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": TOKEN});
    let refused = |reply: Reply| {
        let server = Server::script([reply]);
        let output = vault(&kwargs(&server)).args(["get-var", "hello"]).run();
        assert!(!output.stderr.contains("CANARY"), "{}", output.stderr);
        (output, server.take().len())
    };
    let echo = json!({"errors": [format!("invalid secret id {TOKEN}\n\u{1b}[31m")]});
    for status in [400, 401, 403] {
        let (output, requests) = refused(Reply::json(status, echo.clone()));
        fails(
            &output,
            4,
            &[
                "refused the `approle` login",
                "invalid secret id [redacted]",
                "hint:",
            ],
        );
        assert_eq!(requests, 1);
    }
    let (output, requests) = refused(Reply::json(404, json!({"errors": ["no handler for route"]})));
    fails(&output, 4, &["no handler for route", "auth_mount_point"]);
    assert_eq!(requests, 1);
    let (output, requests) = refused(Reply::status(500));
    fails(&output, 5, &["server error (500)"]);
    assert_eq!(requests, 1);
    let (output, requests) = refused(Reply::status(429));
    fails(&output, 5, &["throttles"]);
    assert_eq!(requests, 4);
    for reply in [
        Reply::html(200),
        Reply::json(200, Value::Null),
        Reply::json(200, json!({"auth": {}})),
        Reply::status(204),
    ] {
        let (output, _) = refused(reply);
        assert_eq!(output.status, 5, "{}", output.stderr);
    }
}

#[test]
fn certificates_that_cannot_be_trusted_are_told_apart() {
    let folder = crate::support::temp_dir();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let foreign = Authority::new("foreign");
    let cases = [
        (Authority::trusted().certificate(Validity::Good), None),
        (
            Authority::trusted().certificate(Validity::Expired),
            Some("has expired"),
        ),
        (
            Authority::trusted().certificate(Validity::NotYet),
            Some("is not valid yet"),
        ),
        (
            Authority::trusted().certificate(Validity::WrongName),
            Some("is for another name"),
        ),
        (
            foreign.certificate(Validity::Good),
            Some("is not signed by a trusted authority"),
        ),
        (
            Certificate::self_signed(&["localhost"]),
            Some("is not signed by a trusted authority"),
        ),
    ];
    for (certificate, words) in cases {
        let server = Server::start_tls(&certificate, |_| found());
        let output = vault(&json!({"url": server.url(), "token": TOKEN, "verify": ca}))
            .args(["get-var", "hello"])
            .run();
        match words {
            None => world(&output),
            Some(words) => fails(&output, 5, &[words]),
        }
        assert_eq!(
            server.take().len(),
            usize::from(words.is_none()),
            "no token goes to a stranger"
        );
        let output = vault(&json!({"url": server.url(), "token": TOKEN, "verify": false}))
            .args(["get-var", "hello"])
            .run();
        world(&output);
    }
}

#[test]
fn a_server_without_tls_and_one_with_it_are_told_apart() {
    let server = Server::script([found()]);
    let url = server.url().replace("http:", "https:");
    let output = vault(&json!({"url": url, "token": TOKEN}))
        .args(["get-var", "hello", "--timeout", "5"])
        .run();
    fails(&output, 5, &["TLS"]);
    let server = Server::start_tls(&Authority::trusted().certificate(Validity::Good), |_| found());
    let url = server.url().replace("https:", "http:");
    let output = vault(&json!({"url": url, "token": TOKEN}))
        .args(["get-var", "hello", "--timeout", "5"])
        .run();
    fails(&output, 5, &["error:"]);
}

#[test]
fn a_certificate_that_signs_itself_is_trusted_when_it_is_named() {
    let folder = crate::support::temp_dir();
    let ca = folder.path().join("self.pem");
    let ask = |names: &[&str]| {
        let certificate = Certificate::self_signed(names);
        std::fs::write(&ca, &certificate.pem).unwrap();
        let server = Server::start_tls(&certificate, |_| found());
        vault(&json!({"url": server.url(), "token": TOKEN, "verify": ca}))
            .args(["get-var", "hello"])
            .run()
    };
    world(&ask(&["127.0.0.1", "localhost"]));
    fails(&ask(&["elsewhere.example"]), 5, &["is for another name"]);
}

#[test]
fn a_refused_login_is_not_tried_again_for_the_other_names() {
    let server = Server::script([Reply::json(400, json!({"errors": ["invalid role or secret ID"]}))]);
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": TOKEN});
    let names: Vec<String> = (0..20)
        .flat_map(|n| ["--var".to_owned(), format!("v{n}")])
        .collect();
    let output = vault(&kwargs)
        .args(["export", "--format", "json", "--lenient"])
        .args(names)
        .run();
    assert_ne!(output.status, 0);
    assert_eq!(server.take().len(), 1, "{}", output.stderr);
}
