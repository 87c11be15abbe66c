//! A server on loopback, in this process, that answers at once or after a pause, and counts its requests.
//!
//! Owns HTTP/1.1 as far as clients of Vault and Key Vault use it, and Vault's answers. A benchmark supplies other answers, or
//! TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The connection that every lookup finds.
pub(crate) const URI: &str = "smtp://user:pass@mail.example.com:587";

/// A server's answer to a path, with or without an `Authorization` in the request.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    /// Whole lines.
    pub(crate) headers: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: "200 OK",
            headers: String::new(),
            body,
        }
    }
}

/// The counts of a server.
#[derive(Default)]
pub(crate) struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Counts {
    /// Returns the numbers of connections and requests, and resets them.
    pub(crate) fn take(&self) -> (usize, usize) {
        (
            self.connections.swap(0, Ordering::SeqCst),
            self.requests.swap(0, Ordering::SeqCst),
        )
    }
}

/// Returns the numbers of connections and requests of several servers, and resets them.
pub(crate) fn take_all(counts: &[Arc<Counts>]) -> (usize, usize) {
    counts.iter().fold((0, 0), |(connections, requests), counts| {
        let (more_connections, more_requests) = counts.take();
        (connections + more_connections, requests + more_requests)
    })
}

/// A server that lives as long as this process.
pub(crate) struct Server {
    origin: String,
    counts: Arc<Counts>,
}

impl Server {
    /// Starts an http server.
    pub(crate) fn http(answer: impl Fn(&str, bool) -> Answer + Send + Sync + 'static) -> Self {
        Self::start("http", "127.0.0.1", |stream| stream, answer)
    }

    /// Starts a server that wraps each socket with `wrap`.
    pub(crate) fn start<S: Read + Write>(
        scheme: &str,
        host: &str,
        wrap: impl Fn(TcpStream) -> S + Send + Sync + 'static,
        answer: impl Fn(&str, bool) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("{scheme}://{host}:{}", listener.local_addr().unwrap().port());
        let counts = Arc::new(Counts::default());
        let (shared, theirs) = (Arc::new((wrap, answer)), Arc::clone(&counts));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                theirs.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, counts) = (Arc::clone(&shared), Arc::clone(&theirs));
                thread::spawn(move || serve((shared.0)(stream), &shared.1, &counts));
            }
        });
        Self { origin, counts }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }
}

/// Returns the answers of a Vault, each after `pause`: a token for every login, and `value` for every name.
pub(crate) fn vault_of(pause: Duration, value: String) -> impl Fn(&str, bool) -> Answer {
    move |path, _| {
        if !pause.is_zero() {
            thread::sleep(pause);
        }
        Answer::ok(if path.starts_with("/v1/auth/") {
            json!({"auth": {"client_token": "a-token", "lease_duration": 3600}})
        } else {
            let key = if path.contains("/variables/") {
                "value"
            } else {
                "conn_uri"
            };
            json!({"data": {"data": {key: value}, "metadata": {"version": 1}}})
        })
    }
}

/// Answers the requests of one connection.
fn serve(stream: impl Read + Write, answer: &impl Fn(&str, bool) -> Answer, counts: &Counts) {
    let mut stream = BufReader::new(stream);
    while let Some((path, is_authorized)) = read_request(&mut stream) {
        counts.requests.fetch_add(1, Ordering::SeqCst);
        let Answer {
            status,
            headers,
            body,
        } = answer(&path, is_authorized);
        let body = body.to_string();
        let bytes = format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = stream.get_mut();
        if stream
            .write_all(bytes.as_bytes())
            .and_then(|()| stream.flush())
            .is_err()
        {
            return;
        }
    }
}

/// Reads a request, and returns its path and whether it has an `Authorization`.
fn read_request(stream: &mut impl BufRead) -> Option<(String, bool)> {
    let mut line = String::new();
    let mut path = None;
    let (mut length, mut is_authorized) = (0, false);
    loop {
        line.clear();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if path.is_none() {
            path = Some(line.split(' ').nth(1)?.to_owned());
        } else if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            is_authorized |= name.eq_ignore_ascii_case("authorization");
        } else {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    path.map(|path| (path, is_authorized))
}
