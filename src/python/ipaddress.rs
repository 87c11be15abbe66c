//! `ipaddress.ip_address`, as far as `urlsplit` needs it: whether text is an IPv6 address, with or without a zone.
//!
//! Rust's standard library accepts the same addresses, but without zones.
//!
//! <https://docs.python.org/3.11/library/ipaddress.html>; source: CPython 3.11, `Lib/ipaddress.py` (`IPv6Address`).

use std::net::Ipv6Addr;

/// Returns whether `text` is an IPv6 address for `ipaddress.ip_address`.
#[must_use]
pub fn is_ipv6(text: &str) -> bool {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let zone_is_valid = zone.is_none_or(|zone| !zone.is_empty() && !zone.contains(['%', '/']));
    zone_is_valid && address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_ipv6;

    #[test]
    fn addresses_zones_and_embedded_ipv4_are_accepted() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "fe80::1%eth0",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
        ] {
            assert!(is_ipv6(text), "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "",
            ":",
            ":::",
            "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:",
            "12345::",
            "g::",
            "1.2.3.4",
            "::1.2.3",
            "::01.2.3.4",
            "::256.2.3.4",
            "::1%",
            "::1%a%b",
            "::1/64",
            "::١",
            "1:2:3:4::5:6:7:8",
        ] {
            assert!(!is_ipv6(text), "{text}");
        }
    }
}
