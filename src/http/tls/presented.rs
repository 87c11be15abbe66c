//! What a server presented in a handshake, for `doctor`: the version of TLS, the names of its chain, and its last day.
//!
//! Must not decide what is trusted: the handshake has.

use rustls::{ClientConnection, ProtocolVersion};

use super::common_name;
use super::der::Head;

/// What a server presented.
pub(in crate::http) struct Presented {
    pub(in crate::http) protocol: &'static str,
    /// The common names, the server's own first.
    pub(in crate::http) chain: Vec<String>,
    /// The common name of the issuer of the last certificate.
    pub(in crate::http) issuer: Option<String>,
    /// When the first certificate expires, in seconds since 1970.
    pub(in crate::http) not_after: Option<u64>,
}

/// Returns what the server of `connection` presented.
pub(in crate::http) fn presented(connection: &ClientConnection) -> Presented {
    let heads: Vec<Head<'_>> = connection
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .filter_map(|der| Head::of(der))
        .collect();
    let name = |name| common_name::common_name(name).map(crate::shown::shown);
    Presented {
        protocol: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        },
        chain: heads.iter().filter_map(|head| name(head.subject)).collect(),
        issuer: heads.last().and_then(|head| name(head.issuer)),
        not_after: heads.iter().filter_map(Head::not_after).min(),
    }
}
