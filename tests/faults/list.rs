//! The faults: what a server does in place of its answer, and where that is not over TLS.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::server::{Recorded, Reply};

/// What a fault is made from: a request, and the answer that is right.
pub struct At<'a> {
    /// How many came before it.
    pub number: usize,
    pub request: &'a Recorded,
    /// Makes the right answer, with this value.
    pub body: &'a dyn Fn(&str) -> String,
    /// `http://` or `https://` and the place of a server that nothing may be sent to.
    pub elsewhere: &'a str,
}

/// The value that is asked for.
pub const VALUE: &str = "world-of-CANARY-7c1e";

impl At<'_> {
    fn found(&self) -> Reply {
        self.with(VALUE)
    }

    fn with(&self, value: &str) -> Reply {
        Reply::status(200)
            .header("Content-Type", "application/json")
            .body((self.body)(value))
    }

    /// The right answer, packed.
    fn gzip(&self) -> (Vec<u8>, Reply) {
        let packed = gzip((self.body)(VALUE).as_bytes());
        let reply = Reply::status(200).header("Content-Encoding", "gzip");
        (packed, reply)
    }

    /// `bad` at first, then the right answer.
    fn once(&self, bad: Reply) -> Reply {
        if self.number == 0 { bad } else { self.found() }
    }

    fn host(&self) -> &str {
        self.request.header("host").unwrap_or_default()
    }

    fn redirect(&self, to: &str) -> Reply {
        Reply::status(307).header("Location", &format!("{to}{}", self.request.target))
    }
}

/// Who answers.
#[derive(Clone, Copy)]
pub enum Peer {
    /// The server that the fault scripts.
    Scripted(fn(&At<'_>) -> Reply),
    /// This to every login, before anything is read.
    Login(fn() -> Reply),
    /// The right answer after an answer to the request before (a login, a challenge) whose connection is closed unannounced.
    ClosedBetween,
    /// The right answer, over TLS with a certificate of this kind.
    Certificate(Kind),
    /// One that speaks the other of http and https.
    OtherProtocol,
    /// One that takes connections and never says a word.
    Silent,
    /// Nobody.
    Nobody,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy)]
pub enum Kind {
    Foreign,
    Expired,
    NotYet,
    WrongName,
}

/// Which outcome is right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The value.
    Found,
    /// A value of this many bytes.
    Large(usize),
    /// The value from Key Vault, status 5 from Vault: what hvac's urllib3 does not try again.
    FoundInKeyVault,
    /// Status 5.
    Unavailable,
    /// Status 5 when `--timeout` is over, and not before.
    TimeIsUp,
}

/// One fault.
pub struct Fault {
    pub name: &'static str,
    pub peer: Peer,
    pub right: Right,
    /// Whether there is this fault without TLS.
    pub http: bool,
}

const fn fault(name: &'static str, right: Right, reply: fn(&At<'_>) -> Reply) -> Fault {
    Fault {
        name,
        peer: Peer::Scripted(reply),
        right,
        http: true,
    }
}

const fn peer(name: &'static str, right: Right, peer: Peer) -> Fault {
    Fault {
        name,
        peer,
        right,
        http: !matches!(peer, Peer::Certificate(_)),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A right head that announces a body.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n";

const MB: usize = 1 << 20;

use Right::{Found, FoundInKeyVault, Large, TimeIsUp, Unavailable};

/// The subjects of the page, with the faults of each.
pub static FAULTS: &[(&str, &[Fault])] = &[
    (
        "Statuses",
        &[
            fault("429 with `Retry-After`, once", Found, |at| {
                at.once(Reply::status(429).header("Retry-After", "1"))
            }),
            fault("429 with `Retry-After`, for ever", Unavailable, |_| {
                Reply::status(429).header("Retry-After", "1")
            }),
            fault("429 that asks for an hour", Unavailable, |_| {
                Reply::status(429).header("Retry-After", "3600")
            }),
            fault("429, once", FoundInKeyVault, |at| at.once(Reply::status(429))),
            fault("429 for ever", Unavailable, |_| Reply::status(429)),
            fault("500, once", Found, |at| at.once(Reply::status(500))),
            fault("500 for ever", Unavailable, |_| Reply::status(500)),
            fault("502, once", Found, |at| at.once(Reply::html(502))),
            fault("502 for ever, in HTML", Unavailable, |_| Reply::html(502)),
            fault("503, once", Found, |at| at.once(Reply::status(503))),
            fault("503 for ever", Unavailable, |_| Reply::status(503)),
            fault("504, once", FoundInKeyVault, |at| at.once(Reply::html(504))),
            fault("504 for ever, in HTML", Unavailable, |_| Reply::html(504)),
            fault("a status that nobody knows (299)", Unavailable, |_| {
                Reply::html(299)
            }),
        ],
    ),
    (
        "Connections",
        &[
            peer("nobody listens", Unavailable, Peer::Nobody),
            peer("taken, and never a word", TimeIsUp, Peer::Silent),
            fault("no answer", TimeIsUp, |_| Reply::hang()),
            fault("cut before the head, once", Found, |at| at.once(Reply::cut())),
            fault("cut before the head, for ever", Unavailable, |_| Reply::cut()),
            fault("cut in the head, once", Found, |at| {
                at.once(Reply::raw(&HEAD[..30]))
            }),
            fault("cut in the head, for ever", Unavailable, |_| {
                Reply::raw(&HEAD[..30])
            }),
            fault("cut after the head, once", Found, |at| at.once(Reply::raw(HEAD))),
            fault("cut after the head, for ever", Unavailable, |_| Reply::raw(HEAD)),
            fault("cut in the body, once", Found, |at| {
                at.once(Reply::raw(format!("{HEAD}{{\"")))
            }),
            fault("cut in the body, for ever", Unavailable, |_| {
                Reply::raw(format!("{HEAD}{{\""))
            }),
            peer(
                "a kept connection that is closed between two requests",
                Found,
                Peer::ClosedBetween,
            ),
            fault("an answer that drips", TimeIsUp, |at| {
                at.found().dripping(1, Duration::from_millis(100))
            }),
            fault("a body that drips", TimeIsUp, |_| {
                Reply::status(200)
                    .header("Content-Length", "1000000")
                    .dripping(60, Duration::from_millis(50))
                    .body(vec![b' '; 1_000_000])
            }),
        ],
    ),
    (
        "Heads",
        &[
            fault("no HTTP", Unavailable, |_| Reply::raw("220 ESMTP ready\r\n\r\n")),
            fault("interim answers before the answer", Found, |at| {
                at.found()
                    .before("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            }),
            fault("interim answers for ever", TimeIsUp, |at| {
                let interim = "HTTP/1.1 100 Continue\r\n\r\n";
                at.found()
                    .before(interim.repeat(4000))
                    .dripping(interim.len(), Duration::from_millis(10))
            }),
            fault("10,000 headers", Unavailable, |at| {
                (0..10_000).fold(at.found(), |reply, n| reply.header(&format!("x-{n}"), "x"))
            }),
            fault("a header of 2 MB", Unavailable, |at| {
                at.found().header("x-long", &"x".repeat(2 * MB))
            }),
            fault("two lengths that differ", Unavailable, |_| {
                Reply::raw(HEAD.replace("\r\n\r\n", "\r\nContent-Length: 7\r\n\r\n"))
            }),
        ],
    ),
    (
        "Bodies",
        &[
            fault("a value of 10 MB", Large(10 * MB), |at| {
                at.with(&"x".repeat(10 * MB))
            }),
            fault("40 MB that are announced", Unavailable, |_| {
                Reply::status(200)
                    .header("Content-Length", "40000000")
                    .body(vec![b' '; 1000])
            }),
            fault("40 MB that are not announced", Unavailable, |_| {
                let mut raw = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
                raw.resize(40 * MB, b' ');
                Reply::raw(raw)
            }),
            fault("chunked", Found, |at| at.found().chunked()),
            fault("a chunk without a length", Unavailable, |_| {
                Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
            }),
            fault("gzip", Found, |at| {
                let (packed, reply) = at.gzip();
                reply.body(packed)
            }),
            fault("gzip that is cut off", Unavailable, |at| {
                let (packed, reply) = at.gzip();
                reply.body(&packed[..packed.len() / 2])
            }),
            fault("gzip with a wrong checksum", Unavailable, |at| {
                let (mut packed, reply) = at.gzip();
                let checksum = packed.len() - 8;
                packed[checksum] ^= 1;
                reply.body(packed)
            }),
            fault("gzip that is none", Unavailable, |at| {
                at.found().header("Content-Encoding", "gzip")
            }),
            fault("gzip that unfolds to 40 MB", Unavailable, |at| {
                let (_, reply) = at.gzip();
                reply.body(gzip(&vec![b' '; 40 * MB]))
            }),
            fault("HTML with status 200", Unavailable, |_| Reply::html(200)),
            fault("HTML with status 404", Unavailable, |_| Reply::html(404)),
            fault("JSON that is cut off", Unavailable, |at| {
                let body = (at.body)(VALUE);
                Reply::status(200).body(&body.as_bytes()[..body.len() - 1])
            }),
            fault("JSON of another service", Unavailable, |_| {
                Reply::status(200).body("[\"world\"]")
            }),
            fault("nothing, with status 200", Unavailable, |_| Reply::status(200)),
            fault("nothing, with status 204", Unavailable, |_| Reply::status(204)),
        ],
    ),
    (
        "Redirects",
        &[
            fault("to another path of the server", Found, |at| {
                at.once(at.redirect("").header("x-first", "1"))
            }),
            fault("to another host", Unavailable, |at| {
                let (old, port) = at.host().split_once(':').unwrap();
                let new = if old == "localhost" {
                    "127.0.0.1"
                } else {
                    "localhost"
                };
                let scheme = at.elsewhere.split_once(':').unwrap().0;
                at.redirect(&format!("{scheme}://{new}:{port}"))
            }),
            fault("to another port", Unavailable, |at| at.redirect(at.elsewhere)),
            Fault {
                name: "from https to http",
                peer: Peer::Scripted(|at| at.redirect(&format!("http://{}", at.host()))),
                right: Unavailable,
                http: false,
            },
            fault("for ever", Unavailable, |at| at.redirect("")),
            fault("to something that is no URL", Unavailable, |_| {
                Reply::status(302).header("Location", "https://[")
            }),
        ],
    ),
    (
        "TLS",
        &[
            peer(
                "a certificate of an unknown authority",
                Unavailable,
                Peer::Certificate(Kind::Foreign),
            ),
            peer(
                "a certificate that has expired",
                Unavailable,
                Peer::Certificate(Kind::Expired),
            ),
            peer(
                "a certificate that is not valid yet",
                Unavailable,
                Peer::Certificate(Kind::NotYet),
            ),
            peer(
                "a certificate for another name",
                Unavailable,
                Peer::Certificate(Kind::WrongName),
            ),
            peer(
                "http where https is asked for, or the reverse",
                Unavailable,
                Peer::OtherProtocol,
            ),
        ],
    ),
    (
        "Logins",
        &[
            peer("no answer to the login", TimeIsUp, Peer::Login(Reply::hang)),
            peer(
                "a login cut before the head",
                Unavailable,
                Peer::Login(Reply::cut),
            ),
            peer(
                "a login cut in the body",
                Unavailable,
                Peer::Login(|| Reply::raw(format!("{HEAD}{{\""))),
            ),
            peer(
                "a login answered 429 for ever",
                Unavailable,
                Peer::Login(|| Reply::status(429)),
            ),
            peer(
                "a login answered 503 for ever",
                Unavailable,
                Peer::Login(|| Reply::html(503)),
            ),
            peer(
                "a login answered in HTML",
                Unavailable,
                Peer::Login(|| Reply::html(200)),
            ),
            peer(
                "a login's JSON that is cut off",
                Unavailable,
                Peer::Login(|| Reply::status(200).body("{\"auth\": {\"client_token\": \"hvs.")),
            ),
            peer(
                "a login of 40 MB",
                Unavailable,
                Peer::Login(|| Reply::status(200).header("Content-Length", "40000000")),
            ),
            peer(
                "a login redirected to another host",
                Unavailable,
                Peer::Login(|| Reply::status(307).header("Location", "https://elsewhere.example.com/")),
            ),
        ],
    ),
];
