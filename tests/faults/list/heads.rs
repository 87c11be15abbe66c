//! Heads that are not HTTP, too large, or contradictory.

use std::time::Duration;

use super::Pauses::Retries;
use super::Right::{Found, TimeIsUp, Unavailable};
use super::{Fault, HEAD, MB, fault};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    fault("not HTTP", Unavailable, |_| Reply::raw("220 ESMTP ready\r\n\r\n")).pausing(Retries),
    fault("HTTP/0.9: only the value", Unavailable, |at| {
        Reply::raw(at.text())
    })
    .pausing(Retries),
    fault("HTTP/2", Unavailable, |_| {
        Reply::raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff".as_slice())
    })
    .pausing(Retries),
    fault("HTTP/2 in the head of HTTP/1", Unavailable, |_| {
        Reply::raw("HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    })
    .pausing(Retries),
    fault("HTTP/1.0", Found, |at| {
        let body = at.text();
        Reply::raw(format!(
            "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }),
    fault("a status without a reason", Found, |at| {
        let body = at.text();
        Reply::raw(format!(
            "HTTP/1.1 200\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }),
    fault("lines that end with only LF", Found, |at| {
        let body = at.text();
        Reply::raw(format!(
            "HTTP/1.1 200 OK\nContent-Length: {}\n\n{body}",
            body.len()
        ))
    }),
    fault("interim answers before the answer", Found, |at| {
        at.found()
            .before("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
    }),
    fault("a thousand interim answers before the answer", Found, |at| {
        at.found().before("HTTP/1.1 100 Continue\r\n\r\n".repeat(1000))
    }),
    fault("interim answers without end", TimeIsUp, |at| {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        at.found()
            .before(interim.repeat(4000))
            .dripping(interim.len(), Duration::from_millis(10))
    }),
    fault("status 101", Unavailable, |_| {
        Reply::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    }),
    fault("90 headers", Found, |at| {
        (0..90).fold(at.found(), |reply, n| reply.header(&format!("x-{n}"), "x"))
    }),
    fault("10,000 headers", Unavailable, |at| {
        (0..10_000).fold(at.found(), |reply, n| reply.header(&format!("x-{n}"), "x"))
    })
    .pausing(Retries),
    fault("a header of 2 MB", Unavailable, |at| {
        at.found().header("x-long", &"x".repeat(2 * MB))
    })
    .pausing(Retries)
    .heavy(),
    fault("headers without end", TimeIsUp, |_| {
        let head = format!("HTTP/1.1 200 OK\r\n{}", "x-more: x\r\n".repeat(4000));
        Reply::raw(head).dripping(11, Duration::from_millis(10))
    }),
    fault("a header twice", Found, |at| {
        at.found().header("Content-Type", "text/html")
    }),
    fault("a header that is not ASCII", Found, |at| {
        at.found().header("x-place", "Zürich")
    }),
    fault("a header with a control character", Unavailable, |at| {
        at.found().header("x-bell", "\u{1}\u{7}")
    })
    .pausing(Retries),
    fault("a length that is not a number", Unavailable, |_| {
        Reply::raw(HEAD.replace("400", "many"))
    })
    .pausing(Retries),
    fault("a negative length", Unavailable, |_| {
        Reply::raw(HEAD.replace("400", "-1"))
    })
    .pausing(Retries),
    fault("a far too large length", Unavailable, |_| {
        Reply::raw(HEAD.replace("400", &"9".repeat(40)))
    })
    .pausing(Retries),
    fault("the same length twice", Found, |at| {
        let length = at.text().len().to_string();
        at.found()
            .header("Content-Length", &length)
            .header("Content-Length", &length)
    }),
    fault("two different lengths", Unavailable, |_| {
        Reply::raw(HEAD.replace("\r\n\r\n", "\r\nContent-Length: 7\r\n\r\n"))
    })
    .pausing(Retries),
    fault("a length that is too short", Unavailable, |at| {
        at.found().header("Content-Length", "20").close()
    }),
    fault("a length and chunks", Found, |at| {
        at.found().chunked().header("Content-Length", "20")
    }),
];
