//! The client before a scripted server: what a real one does seldom, or MariaDB does not do at all.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::backend::metastore::database::Column;
use crate::env::Env;
use crate::error::ErrorKind;
use crate::secret::Secret;

const CHALLENGE: &[u8] = b"0123456789abcdefghij";

/// One step of the server.
#[derive(Clone)]
enum Step {
    /// Sends a packet.
    Send(u8, Vec<u8>),
    /// Reads a packet.
    Read,
    /// Sends bytes as they are.
    Raw(Vec<u8>),
    /// Waits for the client to go away.
    Hang,
}

/// Runs the lookup of `v` against a server that follows `script` and then cuts the connection. Returns what the client sent, too.
fn ask(script: &[Step], query: &str) -> (Result<Option<Row>>, Vec<Vec<u8>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = script.to_vec();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut sent = Vec::new();
            for step in script {
                match step {
                    Step::Send(sequence, payload) => {
                        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
                        let packet = [&length[..3], &[sequence], &payload].concat();
                        let _ = stream.write_all(&packet).await;
                    }
                    Step::Raw(bytes) => drop(stream.write_all(&bytes).await),
                    Step::Read => sent.extend(packet(&mut stream).await),
                    Step::Hang => drop(stream.read_to_end(&mut Vec::new()).await),
                }
            }
            sent
        });
        let text = format!("mysql://u:hunter2@127.0.0.1:{port}/d?{query}");
        let env = Env::default();
        let access = Access {
            url: DatabaseUrl::parse(&text, "the URL").unwrap(),
            schema: None,
            env: &env,
            warnings: crate::backend::Warnings::default(),
            deadline: Instant::now() + Duration::from_secs(if query.contains("hang") { 1 } else { 20 }),
        };
        let client = MySql::new(access);
        let rows = client.rows(Table::Variable, Wanted::Named("v")).await;
        let outcome = rows.map(|rows| rows.into_iter().next());
        drop(client);
        (outcome, server.await.unwrap())
    })
}

async fn packet(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some(payload)
}

fn greeting(plugin: &str) -> Vec<u8> {
    let capabilities = 0x0008_a20d_u32.to_le_bytes();
    [
        b"\x0a8.4.0\0\x01\0\0\0".as_slice(),
        &CHALLENGE[..8],
        &[0],
        &capabilities[..2],
        &[45, 2, 0],
        &capabilities[2..],
        &[21],
        &[0; 10],
        &CHALLENGE[8..],
        &[0],
        plugin.as_bytes(),
        &[0],
    ]
    .concat()
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];

fn head(name: &str, charset: u16, kind: u8) -> Vec<u8> {
    let mut head = vec![3, b'd', b'e', b'f', 0, 0, 0];
    packets::push_counted(&mut head, name.as_bytes());
    head.extend([0, 12]);
    head.extend(charset.to_le_bytes());
    head.extend([0, 1, 0, 0, kind, 0, 0, 0, 0, 0]);
    head
}

/// The steps after a login: the transaction, the statement, one row.
fn row_of(value: &[u8]) -> Vec<Step> {
    let mut row = vec![0, 0];
    packets::push_counted(&mut row, value);
    vec![
        Step::Read,
        Step::Send(1, OK.to_vec()),
        Step::Read,
        Step::Send(1, vec![0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]),
        Step::Send(2, head("?", 63, 0xfd)),
        Step::Send(3, EOF.to_vec()),
        Step::Send(4, head("val", 45, 0xfc)),
        Step::Send(5, EOF.to_vec()),
        Step::Read,
        Step::Send(1, vec![1]),
        Step::Send(2, head("val", 45, 0xfc)),
        Step::Send(3, EOF.to_vec()),
        Step::Send(4, row),
        Step::Send(5, EOF.to_vec()),
        Step::Read,
    ]
}

fn login(plugin: &str, dialogue: Vec<Step>) -> Vec<Step> {
    let start = vec![Step::Send(0, greeting(plugin)), Step::Read];
    [start, dialogue, row_of(b"value")].concat()
}

fn value(outcome: Result<Option<Row>>) -> String {
    let row = outcome
        .unwrap_or_else(|error| panic!("{error}: {:?}", error.details()))
        .unwrap();
    match row.column("val") {
        Some(Column::Text(text)) => text.expose_text().unwrap().to_owned(),
        _ => panic!("no text"),
    }
}

#[test]
fn a_password_of_the_servers_cache_needs_one_answer() {
    let script = login(
        "caching_sha2_password",
        vec![Step::Send(2, vec![1, 3]), Step::Send(3, OK.to_vec())],
    );
    let (outcome, sent) = ask(&script, "");
    assert_eq!(value(outcome), "value");
    let scrambled = scramble::caching_sha2(&Secret::from("hunter2"), CHALLENGE);
    assert!(sent[0].windows(32).any(|part| part == scrambled));
    assert_eq!(sent[1], b"\x03START TRANSACTION READ ONLY");
    assert_eq!(
        sent[2],
        b"\x16SELECT * FROM `variable` own WHERE own.`key` = ? LIMIT 1"
    );
    assert!(sent[3].ends_with(b"\x01v") && sent[4] == [1]);
}

#[test]
fn a_password_that_is_not_cached_is_encrypted_for_the_servers_key() {
    let pem = key_of_the_server();
    let key = [&[1], pem.as_bytes()].concat();
    for (plugin, dialogue) in [
        (
            "caching_sha2_password",
            vec![
                Step::Send(2, vec![1, 4]),
                Step::Read,
                Step::Send(4, key.clone()),
                Step::Read,
                Step::Send(6, OK.to_vec()),
            ],
        ),
        (
            "mysql_native_password",
            vec![
                Step::Send(2, [b"\xfesha256_password\0".as_slice(), CHALLENGE, &[0]].concat()),
                Step::Read,
                Step::Send(4, key.clone()),
                Step::Read,
                Step::Send(6, OK.to_vec()),
            ],
        ),
    ] {
        let (outcome, sent) = ask(&login(plugin, dialogue), "ssl_disabled=true");
        assert_eq!(value(outcome), "value", "{plugin}");
        assert_eq!(sent[2].len(), 128);
        assert!(!sent.concat().windows(7).any(|part| part == b"hunter2"));
    }
}

/// A key of 1024 bits, made for these tests.
fn key_of_the_server() -> String {
    "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDLI+kNR7O99S/e3TM1AX1wreKp
ZYv2wDun6H/CJckegsK7Dmh3bZ3wBW3lIjoPxgztcG+HdbbwlvwBrdfoDdhdbx7v
j153YpaM8qtgvUkl4QTCt6VCRdJ2Xm1rtoe19G+PN0ko6tV+FCraiLhJCAnBjZM6
jitq4PJrHU7iZ7odfQIDAQAB
-----END PUBLIC KEY-----
"
    .to_owned()
}

#[test]
fn a_plugin_that_would_send_the_password_in_clear_is_refused() {
    for plugin in ["mysql_clear_password", "dialog", "auth_gssapi_client"] {
        let switch = [b"\xfe", plugin.as_bytes(), &[0]].concat();
        let (outcome, sent) = ask(&login("mysql_native_password", vec![Step::Send(2, switch)]), "");
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.message().contains(plugin), "{error}");
        assert!(!sent.concat().windows(7).any(|part| part == b"hunter2"));
    }
}

#[test]
fn a_server_that_ignores_the_charset_is_told_again() {
    let accepted = vec![Step::Send(2, OK.to_vec())];
    let mut script = login("mysql_native_password", accepted);
    let latin1 = vec![
        Step::Send(1, vec![0, 9, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]),
        Step::Send(2, head("?", 63, 0xfd)),
        Step::Send(3, EOF.to_vec()),
        Step::Send(4, head("val", 8, 0xfc)),
        Step::Send(5, EOF.to_vec()),
        Step::Read,
        Step::Send(1, OK.to_vec()),
        Step::Read,
    ];
    script.splice(6..6, latin1);
    let (outcome, sent) = ask(&script, "");
    assert_eq!(value(outcome), "value");
    assert_eq!(sent[3], b"\x03SET NAMES utf8mb4");
}

#[test]
fn refusals_have_their_kind_by_number() {
    let refusal = |number: u16, state: &str| {
        [
            &[0xff],
            number.to_le_bytes().as_slice(),
            state.as_bytes(),
            b"no \x1b[31mhunter2\n!",
        ]
        .concat()
    };
    for (number, kind) in [
        (1045, ErrorKind::Denied),
        (1698, ErrorKind::Denied),
        (3118, ErrorKind::Denied),
        (1049, ErrorKind::Usage),
        (1040, ErrorKind::Unavailable),
        (1053, ErrorKind::Unavailable),
        (9999, ErrorKind::Unavailable),
    ] {
        // The first has no SQLSTATE, because it comes before the login.
        for script in [
            vec![Step::Send(0, refusal(number, ""))],
            vec![
                Step::Send(0, greeting("mysql_native_password")),
                Step::Read,
                Step::Send(2, refusal(number, "#HY000")),
            ],
        ] {
            let (outcome, _) = ask(&script, "");
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), kind, "{number}: {error}");
            let details = error.details().join(" ");
            assert_eq!(details, format!("MySQL says: no [31m[redacted] ! ({number})"));
        }
    }
}

#[test]
fn a_cut_or_a_malformed_packet_at_any_step_is_status_5() {
    let whole = login(
        "caching_sha2_password",
        vec![Step::Send(2, vec![1, 3]), Step::Send(3, OK.to_vec())],
    );
    let end = whole.len() - 1;
    let garbage: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0xff; 64],
        &[0, 0, 0, 0],
        &[1, 0, 0, 77, 0],
        &[255, 255, 255, 0, 1],
    ];
    for (index, step) in whole[..end].iter().enumerate() {
        let Step::Send(sequence, payload) = step else {
            continue;
        };
        let mut faults: Vec<Vec<Step>> = garbage
            .iter()
            .map(|bytes| vec![Step::Raw(bytes.to_vec())])
            .collect();
        for length in [0, 1, 2, payload.len() / 2] {
            faults.push(vec![Step::Send(
                *sequence,
                payload[..length.min(payload.len())].to_vec(),
            )]);
        }
        let mut wrong = payload.clone();
        wrong[0] ^= 0x55;
        faults.push(vec![Step::Send(*sequence, wrong)]);
        for fault in faults {
            let script = [&whole[..index], &fault].concat();
            let (outcome, _) = ask(&script, "");
            let error = outcome
                .err()
                .unwrap_or_else(|| panic!("step {index} was accepted"));
            assert_eq!(error.kind(), ErrorKind::Unavailable, "step {index}: {error}");
        }
    }
}

#[test]
fn a_server_that_stops_answering_costs_the_deadline() {
    for script in [
        vec![Step::Hang],
        vec![Step::Raw(vec![70, 0, 0, 0, 10]), Step::Hang],
        vec![
            Step::Send(0, greeting("mysql_native_password")),
            Step::Read,
            Step::Hang,
        ],
    ] {
        let begun = Instant::now();
        let (outcome, _) = ask(&script, "hang=1");
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(
            error.hint().is_some_and(|hint| hint.contains("--timeout")),
            "{error}"
        );
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}

#[test]
fn tls_that_is_needed_is_never_left_out() {
    let script = login("mysql_native_password", vec![Step::Send(2, OK.to_vec())]);
    for query in [
        "ssl=true",
        "ssl_ca=x",
        "ssl_mode=REQUIRED",
        "ssl_verify_identity=true",
    ] {
        let (outcome, sent) = ask(&script[..1], query);
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{query}");
        assert!(
            error.message().contains("TLS") && sent.is_empty(),
            "{query}: {error}"
        );
    }
}
