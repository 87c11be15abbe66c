//! The subject's common name, where a protocol's client still looks at it.
//!
//! Only libpq does: `verify-full` accepts a certificate without alternative names of the host's type (name or address) if its common
//! name is the host. Python's ssl module, and so HTTP, does not. Facts: PostgreSQL 18, `src/interfaces/libpq/fe-secure-common.c`
//! and `fe-secure-openssl.c` (`pgtls_verify_peer_name_matches_certificate_guts`).

use rustls::pki_types::ServerName;

use super::certificate::Certificate;
use super::der::{self, SEQUENCE};

const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// `dNSName` and `iPAddress` of `GeneralName`.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// Returns whether the common name counts for `certificate`, and is `name`.
pub(super) fn matches(certificate: &Certificate<'_>, name: &ServerName<'_>) -> bool {
    let (kind, host) = match name {
        ServerName::DnsName(name) => (DNS_NAME, name.as_ref().to_owned()),
        ServerName::IpAddress(address) => (IP_ADDRESS, std::net::IpAddr::from(*address).to_string()),
        _ => return false,
    };
    !has_alternative(certificate, kind)
        && common_name(certificate.head.subject).is_some_and(|common| fits(common, &host))
}

/// Returns whether there is an alternative name of `kind`. Names that cannot be read count.
fn has_alternative(certificate: &Certificate<'_>, kind: u8) -> bool {
    let Some(names) = certificate.alternative_names() else {
        return false;
    };
    let Some(mut rest) = der::only(names, SEQUENCE) else {
        return true;
    };
    while !rest.is_empty() {
        match der::any(rest) {
            Some((found, _, _)) if found == kind => return true,
            Some((_, _, after)) => rest = after,
            None => return true,
        }
    }
    false
}

/// Returns the first common name of a subject.
pub(super) fn common_name(mut subject: &[u8]) -> Option<&str> {
    while !subject.is_empty() {
        let (mut set, rest) = der::element(subject, SET)?;
        subject = rest;
        while !set.is_empty() {
            let (attribute, rest) = der::element(set, SEQUENCE)?;
            set = rest;
            let (kind, value) = der::element(attribute, OBJECT_IDENTIFIER)?;
            if kind == COMMON_NAME {
                let (_, text, _) = der::any(value)?;
                return std::str::from_utf8(text).ok().filter(|text| !text.contains('\0'));
            }
        }
    }
    None
}

/// Returns whether a common name fits the host: equal, or a wildcard for its first label.
fn fits(common: &str, host: &str) -> bool {
    if common.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(parent), Some((label, domain))) = (common.strip_prefix("*."), host.split_once('.')) else {
        return false;
    };
    !label.is_empty() && !parent.is_empty() && parent.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use rcgen::{DnType, SanType};

    use super::super::samples::{plain, self_signed};
    use super::*;

    fn is_for(common: &str, others: Vec<SanType>, host: &str) -> bool {
        let mut params = plain("x");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "an organisation");
        params.distinguished_name.push(DnType::CommonName, common);
        params.subject_alt_names = others;
        let sample = self_signed(params);
        let certificate = Certificate::parse(sample.der()).expect("a certificate");
        matches(&certificate, &ServerName::try_from(host).expect("a name"))
    }

    #[test]
    fn the_common_name_counts_without_an_alternative_name_of_the_same_type() {
        let dns = || vec![SanType::DnsName("b.example".try_into().expect("a name"))];
        let ip = || vec![SanType::IpAddress([127, 0, 0, 1].into())];
        assert!(is_for("a.example", vec![], "A.example"));
        assert!(is_for("a.example", ip(), "a.example"));
        assert!(!is_for("a.example", dns(), "a.example"));
        assert!(!is_for("a.example", vec![], "b.example"));
        assert!(is_for("127.0.0.1", dns(), "127.0.0.1"));
        assert!(!is_for("127.0.0.1", ip(), "127.0.0.1"));
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        assert!(is_for("*.a.example", vec![], "db.a.example"));
        assert!(!is_for("*.a.example", vec![], "db.b.a.example"));
        assert!(!is_for("*.a.example", vec![], "a.example"));
        assert!(!is_for("d*.a.example", vec![], "db.a.example"));
    }
}
