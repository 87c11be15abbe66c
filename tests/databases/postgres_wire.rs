//! What a URL and libpq's environment make the client send, next to psycopg with the same.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{airflow, secretctl, temp_dir};

/// What a client sent before it was refused: its parameters and its password.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    parameters: Vec<(String, String)>,
    password: Option<String>,
}

/// A server without TLS that asks for the password in clear, and then refuses it.
struct Server {
    port: u16,
    sent: mpsc::Receiver<Sent>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, sent) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if let Some(one) = talk(stream.unwrap()) {
                    let _ = sender.send(one);
                }
            }
        });
        Self { port, sent }
    }

    /// Returns the first login since the last call, and forgets later ones: a fallback sends the same again.
    fn take(&self) -> Option<Sent> {
        let first = self.sent.recv_timeout(Duration::from_millis(500)).ok();
        while self.sent.try_recv().is_ok() {}
        first
    }
}

fn talk(mut stream: TcpStream) -> Option<Sent> {
    const SSL_REQUEST: u32 = 80_877_103;
    const GSS_REQUEST: u32 = 80_877_104;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let parameters = loop {
        let body = message(&mut stream)?;
        match u32::from_be_bytes(body[..4].try_into().unwrap()) {
            SSL_REQUEST | GSS_REQUEST => stream.write_all(b"N").ok()?,
            _ => break body[4..].to_vec(),
        }
    };
    let mut words = parameters
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned());
    let mut parameters = Vec::new();
    while let Some(name) = words.next().filter(|name| !name.is_empty()) {
        // Whether a driver wants a text in another charset, or a protocol of another minor version, does not matter.
        let value = words.next()?;
        if name != "client_encoding" && !name.starts_with("_pq_") {
            parameters.push((name, value));
        }
    }
    parameters.sort();
    stream.write_all(b"R\0\0\0\x08\0\0\0\x03").ok()?;
    let mut kind = [0];
    let password = match stream.read_exact(&mut kind) {
        Ok(()) => {
            let body = message(&mut stream)?;
            Some(String::from_utf8_lossy(&body[..body.len() - 1]).into_owned())
        }
        Err(_) => None,
    };
    let words = b"SFATAL\0VFATAL\0C28P01\0Mno\0\0";
    let length = u32::try_from(words.len() + 4).unwrap().to_be_bytes();
    let _ = stream.write_all(&[b"E", length.as_slice(), words].concat());
    Some(Sent { parameters, password })
}

/// Reads a length and what it counts.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).checked_sub(4)?];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// One case: the URL's parts after the scheme, with `PORT` for the server's port, and the environment.
fn cases(home: &Path) -> Vec<(String, Vec<(&'static str, String)>)> {
    let users = ["u:p@", "u@", "", "u%40x:p%3Aq%2Fr+s%25@", "%C3%BC:p%C3%A4%20ss@"];
    let hosts = ["127.0.0.1:PORT", ""];
    let databases = ["/d", "", "/d%20e", "/D%22x%27"];
    let queries = [
        "host=127.0.0.1&port=PORT",
        "host=127.0.0.1:PORT",
        "host=127.0.0.1:1&host=127.0.0.1:PORT",
        "host=127.0.0.1,127.0.0.1&port=1,PORT",
        "hostaddr=127.0.0.1&port=PORT&host=db.example",
        "host=127.0.0.1&port=PORT&user=v&password=q&dbname=e",
        "host=127.0.0.1&port=PORT&options=-csearch_path%3Dx&application_name=a%20b",
        "host=127.0.0.1&port=PORT&fallback_application_name=f&sslmode=allow",
        "host=127.0.0.1&port=PORT&sslmode=disable&connect_timeout=5&keepalives=1&target_session_attrs=any",
        "host=127.0.0.1&port=PORT&service=mine",
    ];
    let file = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let environments: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![
            ("PGUSER", "of env".into()),
            ("PGPASSWORD", "secret of env".into()),
            ("PGDATABASE", "db of env".into()),
        ],
        vec![
            ("PGHOST", "127.0.0.1".into()),
            ("PGPORT", "PORT".into()),
            ("PGAPPNAME", "app".into()),
        ],
        vec![("PGPASSFILE", file("pgpass")), ("PGOPTIONS", "-cx.y=1".into())],
        vec![("PGPASSFILE", file("open")), ("PGSERVICE", "other".into())],
    ];
    let mut cases = Vec::new();
    let mut index = 0;
    for user in users {
        for host in hosts {
            for database in databases {
                for query in queries.iter().copied().chain([""]) {
                    // A URL that leaves the server to the environment finds it only there.
                    let named = host.contains("PORT") || query.contains("PORT");
                    index += 1;
                    let environment = if named {
                        &environments[index % environments.len()]
                    } else {
                        &environments[2]
                    };
                    let query = if query.is_empty() {
                        String::new()
                    } else {
                        format!("?{query}")
                    };
                    cases.push((format!("{user}{host}{database}{query}"), environment.clone()));
                }
            }
        }
    }
    cases
}

#[test]
fn every_url_sends_what_psycopg_sends() {
    let Some(judge) = airflow() else {
        return;
    };
    let home = temp_dir();
    let port = |text: &str, server: &Server| text.replace("PORT", &server.port.to_string());
    let server = Server::start();
    let write = |name: &str, mode: u32, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let path = home.path().join(name);
        std::fs::write(&path, port(text, &server)).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let passwords = "# x\n127.0.0.1:PORT:d:u:for d\ndb.example:*:*:*:for db\\:x\n*:PORT:*:*:any\\\\ \n";
    write("pgpass", 0o600, passwords);
    write(".pgpass", 0o600, "*:*:*:u:of home\n");
    write("open", 0o644, "*:*:*:*:nobody may use this\n");
    write(
        ".pg_service.conf",
        0o644,
        "[other]\nuser=other\n\n[mine]\nuser=served\npassword=served too\ndbname=served\napplication_name=svc\n",
    );
    let (mut compared, mut reached) = (0, 0);
    for (url, environment) in cases(home.path()) {
        let environment: Vec<(&str, String)> = environment
            .into_iter()
            .map(|(name, value)| (name, port(&value, &server)))
            .chain([("HOME", home.path().to_str().unwrap().to_owned())])
            .collect();
        for driver in ["psycopg", "psycopg2"] {
            let url = format!("postgresql+{driver}://{}", port(&url, &server));
            let env: serde_json::Map<String, Value> = environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            let theirs = judge.ask(json!({"op": "databases.login", "url": url, "env": env}));
            assert!(theirs["error"].is_string(), "{url}");
            let expected = server.take();
            let output = secretctl()
                .args(["--timeout", "10", "get-var", "x"])
                .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &url)
                .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
                .run();
            let sent = server.take();
            assert_eq!(
                sent, expected,
                "{url} {environment:?}: {theirs} {}",
                output.stderr
            );
            if sent.is_some() {
                output.fails(4);
                reached += 1;
            }
            compared += 1;
        }
    }
    assert!(compared > 600 && reached > 500, "{compared} {reached}");
}
