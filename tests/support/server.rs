//! A scripted HTTP server: records requests and answers as a test says, including faults, over http and https.
//!
//! Serves the tests of every backend that speaks HTTP. Must not know any of them.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

mod certificates;
pub mod draft;
mod tls_proxy;
mod tunnel;

pub use certificates::{Authority, Certificate, Validity};
pub use tls_proxy::{Asked, TlsProxy};
pub use tunnel::Tunnel;

/// A request as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// `GET`, …
    pub method: String,
    /// The path and query, or the whole URL sent to a proxy, unchanged.
    pub target: String,
    /// The headers, names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The number of the connection it came on, from 0.
    pub connection: usize,
}

impl Recorded {
    /// Returns the value of header `name`, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON, or null when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// An answer: bytes and pauses, and what happens to the connection.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Sent unchanged, in place of status, headers and body.
    raw: Option<Vec<u8>>,
    /// Sent before the head, such as an interim answer.
    before: Vec<u8>,
    /// Sent after all of it.
    trailing: Vec<u8>,
    /// Where the answer is cut off, in bytes from its start.
    cut_at: Option<usize>,
    /// How long each piece waits.
    pause: Duration,
    /// The size of a piece in bytes; 0 for all at once.
    piece: usize,
    chunked: bool,
    end: End,
}

/// What happens to the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Keep,
    Close,
    Reset,
    /// It stays open, and nothing is sent.
    Hang,
}

impl Reply {
    /// Answers with `status` and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            raw: None,
            before: Vec::new(),
            trailing: Vec::new(),
            cut_at: None,
            pause: Duration::ZERO,
            piece: 0,
            chunked: false,
            end: End::Keep,
        }
    }

    /// Answers with JSON.
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn json(status: u16, body: Value) -> Self {
        Self::status(status)
            .header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Answers with HTML, as a server that is not an API does.
    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body>Welcome to nginx!</body></html>";
        Self::status(status)
            .header("Content-Type", "text/html")
            .body(page)
    }

    /// Sends `bytes` and closes the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::status(0);
        reply.raw = Some(bytes.into());
        reply.end = End::Close;
        reply
    }

    /// Never answers.
    pub fn hang() -> Self {
        let mut reply = Self::status(0);
        reply.end = End::Hang;
        reply
    }

    /// Closes the connection without an answer.
    pub fn cut() -> Self {
        Self::raw("")
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends `bytes` before the head.
    #[must_use]
    pub fn before(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.before = bytes.into();
        self
    }

    /// Sends `bytes` after the answer.
    #[must_use]
    pub fn trailing(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.trailing = bytes.into();
        self
    }

    /// Answers with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Resets the connection (RST) where it would be closed.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.end = End::Reset;
        self
    }

    /// Keeps the connection, and overrides an earlier choice.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.end = End::Keep;
        self
    }

    /// Sends the body in chunks.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Cuts the connection after `bytes` of the answer.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self.end = End::Close;
        self
    }

    /// Waits before the answer.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sends `bytes` at a time, with a `pause` before each.
    #[must_use]
    pub fn dripping(mut self, bytes: usize, pause: Duration) -> Self {
        self.piece = bytes;
        self.pause = pause;
        self
    }

    /// Closes the connection after the answer, without announcing it.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.end = End::Close;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut bytes = self.before.clone();
        bytes.extend(format!("HTTP/1.1 {} Scripted\r\n", self.status).bytes());
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").bytes());
        }
        if self.chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(7) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            let given = self
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            if !given && self.status != 204 {
                bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).bytes());
            }
            bytes.extend(b"\r\n");
            bytes.extend(&self.body);
        }
        bytes.extend(&self.trailing);
        bytes
    }
}

type Handler = dyn Fn(&Recorded) -> Reply + Send + Sync;

/// A server that answers until it is dropped.
pub struct Server {
    /// The port at 127.0.0.1 that it listens on.
    pub port: u16,
    scheme: &'static str,
    state: Arc<State>,
}

struct State {
    handler: Box<Handler>,
    recorded: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    stopped: AtomicBool,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Server {
    /// Starts a server that answers each request with `handler`, which several threads may call.
    pub fn start(handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Box::new(handler), None)
    }

    /// Starts a server that sends `replies` in order, and then repeats the last one.
    pub fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(in_order(replies))
    }

    /// Starts a server like [`start`](Self::start), over TLS with `certificate`.
    pub fn start_tls(
        certificate: &Certificate,
        handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Box::new(handler), Some(certificate.server_config(None)))
    }

    /// Starts a server over TLS that requires a client certificate of `authority`.
    pub fn start_mutual_tls(
        certificate: &Certificate,
        authority: &Authority,
        handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(
            Box::new(handler),
            Some(certificate.server_config(Some(authority))),
        )
    }

    fn listen(handler: Box<Handler>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(State {
            handler,
            recorded: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            tls,
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&shared);
                let Ok(stream) = stream else { continue };
                let number = state.connections.fetch_add(1, Ordering::SeqCst);
                let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
                state.most_open.fetch_max(open, Ordering::SeqCst);
                std::thread::spawn(move || {
                    state.serve(stream, number);
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, scheme, state }
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    /// Returns the requests so far, and clears them.
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.state.recorded.lock().unwrap())
    }

    /// Returns how many connections there were.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Returns the highest number of connections that were open at once.
    pub fn most_open(&self) -> usize {
        self.state.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Creates a handler that returns `replies` in order, and then repeats the last one.
pub fn in_order(
    replies: impl IntoIterator<Item = Reply>,
) -> impl Fn(&Recorded) -> Reply + Send + Sync + 'static {
    let replies: Vec<Reply> = replies.into_iter().collect();
    let next = AtomicUsize::new(0);
    move |_| {
        let at = next.fetch_add(1, Ordering::SeqCst);
        replies[at.min(replies.len() - 1)].clone()
    }
}

trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

impl State {
    fn serve(&self, tcp: TcpStream, connection: usize) {
        let _ = tcp.set_nodelay(true);
        let _ = tcp.set_read_timeout(Some(Duration::from_mins(1)));
        let Ok(handle) = tcp.try_clone() else { return };
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(config) => {
                let Ok(tls) = rustls::ServerConnection::new(Arc::clone(config)) else {
                    return;
                };
                Box::new(rustls::StreamOwned::new(tls, tcp))
            }
        };
        let mut reader = BufReader::new(stream);
        while let Some(request) = read_request(&mut reader, connection) {
            let head_only = request.method == "HEAD";
            let reply = (self.handler)(&request);
            self.recorded.lock().unwrap().push(request);
            if reply.end == End::Hang {
                self.wait(Duration::from_mins(1));
                break;
            }
            let sent = self.send(reader.get_mut(), &reply, head_only);
            if reply.end == End::Reset {
                // Without lingering, the system resets the connection when its last handle is closed.
                let socket = tokio::net::TcpSocket::from_std_stream(handle);
                let _ = socket.set_zero_linger();
                return;
            }
            if !sent || reply.end == End::Close {
                break;
            }
        }
        let _ = handle.shutdown(Shutdown::Both);
    }

    fn send(&self, stream: &mut Box<dyn Stream>, reply: &Reply, head_only: bool) -> bool {
        let mut bytes = reply.bytes();
        if let (true, Some(end)) = (head_only, bytes.windows(4).position(|four| four == b"\r\n\r\n")) {
            bytes.truncate(end + 4);
        }
        bytes.truncate(reply.cut_at.unwrap_or(usize::MAX));
        let piece = if reply.piece == 0 {
            bytes.len().max(1)
        } else {
            reply.piece
        };
        for part in bytes.chunks(piece) {
            self.wait(reply.pause);
            if self.stopped.load(Ordering::SeqCst)
                || stream.write_all(part).is_err()
                || stream.flush().is_err()
            {
                return false;
            }
        }
        true
    }

    /// Waits, but not longer than the server lives.
    fn wait(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.stopped.load(Ordering::SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(20)));
        }
    }
}

fn read_request(reader: &mut BufReader<Box<dyn Stream>>, connection: usize) -> Option<Recorded> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap_or(0))];
    reader.read_exact(&mut body).ok()?;
    Some(Recorded {
        method,
        target,
        headers,
        body,
        connection,
    })
}
