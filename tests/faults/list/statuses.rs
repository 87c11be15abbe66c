//! Statuses, and `Retry-After`.

use super::Pauses::{Asked, NotOfGoogle, Retries, RetriesOfClouds, RetriesOfKeyVault};
use super::Right::{Found, FoundInClouds, NotFoundInGoogle, Unavailable};
use super::{Fault, fault, json};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    fault("429 with `Retry-After`, once", Found, |at| {
        at.once(Reply::status(429).header("Retry-After", "1"))
    })
    .pausing(Asked(1)),
    fault("429 with `Retry-After`, every time", Unavailable, |_| {
        Reply::status(429).header("Retry-After", "1")
    })
    .pausing(Asked(3)),
    fault("429 that asks for an hour", Unavailable, |_| {
        Reply::status(429).header("Retry-After", "3600")
    }),
    fault("429 that asks for a time in the year 2100", Unavailable, |_| {
        Reply::status(429).header("Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT")
    }),
    fault("429 that asks for a time in the past, once", Found, |at| {
        at.once(Reply::status(429).header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"))
    }),
    fault("429 that asks for a negative time, once", Found, |at| {
        at.once(Reply::status(429).header("Retry-After", "-1"))
    }),
    fault(
        "429 that asks for a far too large number of seconds",
        Unavailable,
        |_| Reply::status(429).header("Retry-After", "99999999999999999999999999"),
    ),
    fault("429, once", FoundInClouds, |at| at.once(Reply::status(429))).by_status(),
    fault("429 every time", Unavailable, |_| Reply::status(429)).pausing(RetriesOfClouds),
    fault("500, once", NotFoundInGoogle, |at| at.once(Reply::status(500))).by_status(),
    fault("500 every time", Unavailable, |_| Reply::status(500)).pausing(NotOfGoogle),
    fault("502, once", Found, |at| at.once(Reply::html(502))).by_status(),
    fault("502 every time, in HTML", Unavailable, |_| Reply::html(502)).pausing(Retries),
    fault("503, once", Found, |at| at.once(Reply::status(503))).by_status(),
    fault("503 every time", Unavailable, |_| Reply::status(503)).pausing(Retries),
    fault("504, once", FoundInClouds, |at| at.once(Reply::html(504))).by_status(),
    fault("504 every time, in HTML", Unavailable, |_| Reply::html(504)).pausing(RetriesOfClouds),
    fault("a status that nobody knows (299)", Unavailable, |_| {
        Reply::html(299)
    }),
    fault("the value with status 206", Unavailable, |at| {
        let answer = at.found();
        answer.with_status(206)
    }),
    fault("the value with status 418", Unavailable, |at| {
        at.found().with_status(418)
    }),
    fault("status 999", Unavailable, |_| json("{}").with_status(999)),
    fault("status 998", Unavailable, |_| json("{}").with_status(998)).pausing(RetriesOfKeyVault),
    fault("status 1000", Unavailable, |_| {
        Reply::raw("HTTP/1.1 1000 OK\r\nContent-Length: 2\r\n\r\n{}")
    })
    .pausing(Retries),
    fault("status 304", Unavailable, |_| {
        Reply::raw("HTTP/1.1 304 Not Modified\r\n\r\n")
    }),
];
