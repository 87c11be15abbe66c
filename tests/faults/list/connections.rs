//! Connections that nobody takes, that are cut, that say nothing or too little.

use std::time::Duration;

use super::Pauses::Retries;
use super::Right::{Found, TimeIsUp, Unavailable};
use super::{Fault, HEAD, Peer, fault, peer};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    peer("nobody listens", Unavailable, Peer::Nobody).pausing(Retries),
    peer("taken, and never a word", TimeIsUp, Peer::Silent),
    fault("no answer", TimeIsUp, |_| Reply::hang()),
    fault("cut before the head, once", Found, |at| at.once(Reply::cut())),
    fault("cut before the head, for ever", Unavailable, |_| Reply::cut()).pausing(Retries),
    fault("reset before the head, once", Found, |at| {
        at.once(Reply::cut().reset())
    }),
    fault("reset before the head, for ever", Unavailable, |_| {
        Reply::cut().reset()
    })
    .pausing(Retries),
    fault("cut in the head, once", Found, |at| {
        at.once(Reply::raw(&HEAD[..30]))
    }),
    fault("cut in the head, for ever", Unavailable, |_| {
        Reply::raw(&HEAD[..30])
    })
    .pausing(Retries),
    fault("cut after the head, once", Found, |at| at.once(Reply::raw(HEAD))),
    fault("cut after the head, for ever", Unavailable, |_| Reply::raw(HEAD)).pausing(Retries),
    fault("cut in the body, once", Found, |at| {
        at.once(Reply::raw(format!("{HEAD}{{\"")))
    }),
    fault("cut in the body, for ever", Unavailable, |_| {
        Reply::raw(format!("{HEAD}{{\""))
    })
    .pausing(Retries),
    fault("reset in the body, once", Found, |at| {
        at.once(Reply::raw(format!("{HEAD}{{\"")).reset())
    }),
    fault("reset in the body, for ever", Unavailable, |_| {
        Reply::raw(format!("{HEAD}{{\"")).reset()
    })
    .pausing(Retries),
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
    fault("a body that stops, and the connection stays", TimeIsUp, |_| {
        Reply::status(200).header("Content-Length", "400").body("{\"")
    }),
    fault(
        "a chunked body that stops, and the connection stays",
        TimeIsUp,
        |_| Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n").keep(),
    ),
    fault("an answer that comes after a second", Found, |at| {
        at.found().after(Duration::from_secs(1))
    })
    .pausing(super::Pauses::Asked(1)),
    fault("an answer in two pieces, within a word", Found, |at| {
        at.found().dripping(250, Duration::from_millis(20))
    }),
    fault("another answer behind the answer", Found, |at| {
        at.found().trailing(at.wrong_answer())
    }),
    peer(
        "another value behind the answer before, on the same connection",
        Found,
        Peer::Smuggled,
    ),
    fault("`Connection: close`, and the connection stays", Found, |at| {
        at.found().header("Connection", "close")
    }),
];
