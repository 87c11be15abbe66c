//! The client before a scripted server: what a real one does seldom.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::backend::metastore::url::DatabaseUrl;
use crate::env::Env;
use crate::error::ErrorKind;

/// One step of the server.
#[derive(Clone)]
enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Reads what the client sends, up to and with this letter's message; `0` is a message without a letter.
    Read(u8),
    /// Waits for the client to go away.
    Hang,
}

/// Runs the lookup of `v` against a server that follows `script` on every connection, and then cuts it.
fn ask(script: &[Step], query: &str) -> Result<Option<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = script.to_vec();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                follow(stream, &script).await;
            }
        });
        let text = format!("postgresql://u:hunter2@127.0.0.1:{port}/d?{query}");
        let env = Env::default();
        let access = Access {
            url: DatabaseUrl::parse(&text, "the URL").unwrap(),
            schema: None,
            env: &env,
            deadline: Instant::now() + Duration::from_secs(if query.contains("hang") { 1 } else { 20 }),
            warnings: Warnings::default(),
        };
        let client = Postgres::new(access).unwrap();
        let rows = client.rows(Table::Variable, Wanted::Named("v")).await;
        rows.map(|rows| rows.into_iter().next())
    })
}

async fn follow(mut stream: TcpStream, script: &[Step]) {
    for step in script {
        match step {
            Step::Send(bytes) => drop(stream.write_all(bytes).await),
            Step::Read(letter) => {
                while read(&mut stream, *letter == 0)
                    .await
                    .is_some_and(|own| own != *letter)
                {}
            }
            Step::Hang => drop(stream.read_to_end(&mut Vec::new()).await),
        }
    }
}

/// Reads one message. Returns its letter.
async fn read(stream: &mut TcpStream, is_first: bool) -> Option<u8> {
    let letter = if is_first { 0 } else { stream.read_u8().await.ok()? };
    let length = stream.read_u32().await.ok()?;
    let mut body = vec![0; (length as usize).checked_sub(4)?];
    stream.read_exact(&mut body).await.ok()?;
    Some(letter)
}

fn message(letter: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[letter], length.as_slice(), body].concat()
}

fn refusal(code: &str) -> Vec<u8> {
    let body = format!("SERROR\0VERROR\0C{code}\0Mno \u{1b}[31mhunter2\n!\0\0");
    message(b'E', body.as_bytes())
}

fn ready(state: u8) -> Vec<u8> {
    message(b'Z', &[state])
}

/// A whole lookup without TLS: the login with a password in clear, the transaction, and a row with one text.
fn whole() -> Vec<Step> {
    let head = [
        b"val\0".as_slice(),
        &[0; 6],
        &[0, 0, 0, 25],
        &[255, 255],
        &[255, 255, 255, 255],
        &[0, 1],
    ]
    .concat();
    let row = [[0, 1, 0, 0, 0, 5].as_slice(), b"value"].concat();
    vec![
        Step::Read(0),
        Step::Send(message(b'R', &[0, 0, 0, 3])),
        Step::Read(b'p'),
        Step::Send(message(b'R', &[0, 0, 0, 0])),
        Step::Send(message(b'S', b"server_version\x0015.0\0")),
        Step::Send(message(b'K', &[0, 0, 0, 1, 0, 0, 0, 2])),
        Step::Send(ready(b'I')),
        Step::Read(b'Q'),
        Step::Read(b'S'),
        Step::Read(b'Q'),
        Step::Send(message(b'C', b"BEGIN\0")),
        Step::Send(ready(b'T')),
        Step::Send(message(b'1', b"")),
        Step::Send(message(b'2', b"")),
        Step::Send(message(b't', &[0, 1, 0, 0, 0, 25])),
        Step::Send(message(b'T', &[[0, 1].as_slice(), &head].concat())),
        Step::Send(message(b'D', &row)),
        Step::Send(message(b'C', b"SELECT 1\0")),
        Step::Send(ready(b'T')),
        Step::Send(message(b'C', b"COMMIT\0")),
        Step::Send(ready(b'I')),
        Step::Hang,
    ]
}

#[test]
fn a_refusal_at_any_step_has_its_kind_and_no_secret() {
    let whole = whole();
    for (code, kind) in [
        ("28P01", ErrorKind::Denied),
        ("28000", ErrorKind::Denied),
        ("42501", ErrorKind::Denied),
        ("3D000", ErrorKind::Usage),
        ("3F000", ErrorKind::Usage),
        ("42P01", ErrorKind::Usage),
        ("53300", ErrorKind::Unavailable),
        ("57P01", ErrorKind::Unavailable),
        ("57P03", ErrorKind::Unavailable),
        ("57014", ErrorKind::Unavailable),
        ("55P03", ErrorKind::Unavailable),
        ("XX000", ErrorKind::Unavailable),
    ] {
        // Instead of the login's question, after the password, and instead of the row.
        for (index, rest) in [
            (1, vec![]),
            (3, vec![]),
            (
                12,
                vec![
                    Step::Send(ready(b'E')),
                    Step::Send(message(b'C', b"ROLLBACK\0")),
                    Step::Send(ready(b'I')),
                ],
            ),
        ] {
            let script = [&whole[..index], &[Step::Send(refusal(code))], &rest].concat();
            let error = ask(&script, "sslmode=disable").unwrap_err();
            assert_eq!(error.kind(), kind, "{code} at {index}: {error}");
            let details = error.details().join(" ");
            assert_eq!(details, format!("PostgreSQL says: no [31m[redacted] ! ({code})"));
        }
    }
}

#[test]
fn a_cut_or_a_malformed_message_at_any_step_is_status_5() {
    let whole = whole();
    assert!(ask(&whole, "sslmode=disable").unwrap().is_some());
    let garbage: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0xff; 64],
        &[0; 64],
        b"R\0\0\0\x04",
        b"E\0\0\0\x09Sx\0\0\0",
    ];
    let last = whole.len() - 2;
    for (index, step) in whole[..=last].iter().enumerate() {
        let Step::Send(bytes) = step else {
            continue;
        };
        let mut faults: Vec<Vec<u8>> = garbage.iter().map(|bytes| bytes.to_vec()).collect();
        faults.extend([1, 3, 5, bytes.len() - 1].map(|length| bytes[..length.min(bytes.len() - 1)].to_vec()));
        let mut short = bytes.clone();
        short[4] = short[4].wrapping_sub(1);
        let mut other = bytes.clone();
        other[0] ^= 0x20;
        faults.extend([short, other]);
        for fault in faults {
            let script = [&whole[..index], &[Step::Send(fault.clone())]].concat();
            let outcome = ask(&script, "sslmode=disable");
            let error = outcome
                .err()
                .unwrap_or_else(|| panic!("step {index} was accepted: {fault:?}"));
            assert_eq!(
                error.kind(),
                ErrorKind::Unavailable,
                "step {index}: {error} {fault:?}"
            );
        }
    }
}

#[test]
fn a_server_that_stops_answering_costs_the_deadline() {
    let whole = whole();
    for index in [0, 1, 3, 6, 12, 16] {
        let script = [&whole[..index], &[Step::Hang]].concat();
        let begun = Instant::now();
        let error = ask(&script, "sslmode=disable&application_name=hang").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{index}");
        assert!(
            error.hint().is_some_and(|hint| hint.contains("--timeout")),
            "{error}"
        );
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}

#[test]
fn tls_that_is_needed_is_never_left_out() {
    for (answer, mode, words) in [
        (b"N".as_slice(), "require", "does not offer TLS"),
        (b"N", "verify-full&sslrootcert=system", "does not offer TLS"),
        (b"X", "prefer", "does not answer as a PostgreSQL server"),
        (
            b"E\0\0\0\x08none",
            "require",
            "does not answer as a PostgreSQL server",
        ),
        (b"S", "require", "cannot be reached"),
        // Bytes in front of TLS, which an attacker could have put there.
        (b"SR\0\0\0\x08\0\0\0\0", "require", "cannot be reached"),
    ] {
        let script = [Step::Read(0), Step::Send(answer.to_vec())];
        let error = ask(&script, &format!("sslmode={mode}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains(words), "{mode}: {error}");
    }
}

#[test]
fn a_password_that_is_bound_to_the_connection_is_not_sent_without_binding() {
    let error = ask(&whole(), "sslmode=disable&channel_binding=require").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}
