//! Certificates, and servers that do not speak TLS.

use super::Pauses::RetriesOverTls;
use super::Right::Unavailable;
use super::{Fault, Kind, Peer, peer};

pub const FAULTS: &[Fault] = &[
    peer(
        "a certificate of an unknown authority",
        Unavailable,
        Peer::Certificate(Kind::Foreign),
    )
    .https_only(),
    peer(
        "a certificate that has expired",
        Unavailable,
        Peer::Certificate(Kind::Expired),
    )
    .https_only(),
    peer(
        "a certificate that is not valid yet",
        Unavailable,
        Peer::Certificate(Kind::NotYet),
    )
    .https_only(),
    peer(
        "a certificate for another name",
        Unavailable,
        Peer::Certificate(Kind::WrongName),
    )
    .https_only(),
    peer(
        "http where https is asked for, or the reverse",
        Unavailable,
        Peer::OtherProtocol,
    )
    .pausing(RetriesOverTls),
];
