//! Proxies that fail.

use super::Pauses::RetriesOverTls;
use super::Right::{TimeIsUp, Unavailable};
use super::{Fault, Peer, peer};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    peer("a proxy that never answers", TimeIsUp, Peer::Proxy(Reply::hang)),
    peer(
        "a proxy that cuts the connection",
        Unavailable,
        Peer::Proxy(Reply::cut),
    )
    .pausing(RetriesOverTls),
    peer(
        "a proxy that wants a password",
        Unavailable,
        Peer::Proxy(|| Reply::html(407).header("Proxy-Authenticate", "Basic realm=\"p\"")),
    )
    .pausing(RetriesOverTls),
    peer(
        "a proxy that is out of order (502)",
        Unavailable,
        Peer::Proxy(|| Reply::html(502)),
    )
    .pausing(RetriesOverTls),
    peer(
        "a server that is not a proxy",
        Unavailable,
        Peer::Proxy(|| Reply::raw("220 ESMTP ready\r\n\r\n")),
    )
    .pausing(RetriesOverTls),
];
