//! Connections that are not accepted, that are cut, or that say nothing or too little.

use std::time::Duration;

use super::Pauses::Retries;
use super::Right::{Found, TimeIsUp, Unavailable};
use super::{Fault, HEAD, Peer, fault, peer};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    peer("no server listens", Unavailable, Peer::Nobody).pausing(Retries),
    peer("accepted, but no answer", TimeIsUp, Peer::Silent),
    fault("no answer", TimeIsUp, |_| Reply::hang()),
    fault("cut before the head, once", Found, |at| at.once(Reply::cut())),
    fault("cut before the head, every time", Unavailable, |_| Reply::cut()).pausing(Retries),
    fault("reset before the head, once", Found, |at| {
        at.once(Reply::cut().reset())
    }),
    fault("reset before the head, every time", Unavailable, |_| {
        Reply::cut().reset()
    })
    .pausing(Retries),
    fault("cut in the head, once", Found, |at| {
        at.once(Reply::raw(&HEAD[..30]))
    }),
    fault("cut in the head, every time", Unavailable, |_| {
        Reply::raw(&HEAD[..30])
    })
    .pausing(Retries),
    fault("cut after the head, once", Found, |at| at.once(Reply::raw(HEAD))),
    fault("cut after the head, every time", Unavailable, |_| {
        Reply::raw(HEAD)
    })
    .pausing(Retries),
    fault("cut in the body, once", Found, |at| {
        at.once(Reply::raw(format!("{HEAD}{{\"")))
    }),
    fault("cut in the body, every time", Unavailable, |_| {
        Reply::raw(format!("{HEAD}{{\""))
    })
    .pausing(Retries),
    fault("reset in the body, once", Found, |at| {
        at.once(Reply::raw(format!("{HEAD}{{\"")).reset())
    }),
    fault("reset in the body, every time", Unavailable, |_| {
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
    fault(
        "a body that stops while the connection stays open",
        TimeIsUp,
        |_| Reply::status(200).header("Content-Length", "400").body("{\""),
    ),
    fault(
        "a chunked body that stops while the connection stays open",
        TimeIsUp,
        |_| Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n").keep(),
    ),
    fault("an answer that comes after a second", Found, |at| {
        at.found().after(Duration::from_secs(1))
    })
    .pausing(super::Pauses::Asked(1)),
    fault("an answer in two pieces, split in a word", Found, |at| {
        at.found().dripping(250, Duration::from_millis(20))
    }),
    fault("another answer after the answer", Found, |at| {
        at.found().trailing(at.wrong_answer())
    }),
    peer(
        "another value after the previous answer, on the same connection",
        Found,
        Peer::Smuggled,
    ),
    fault(
        "`Connection: close` while the connection stays open",
        Found,
        |at| at.found().header("Connection", "close"),
    ),
];
