//! PEM files of certificates and keys (RFC 7468).
//!
//! Certificates are public, so a fast decoder reads their base64: the constant-time one of `rustls-pki-types` takes 8 million
//! instructions for a system's bundle. A handshake needs one of a bundle's hundred and fifty certificates: `bundle` finds it. The
//! constant-time decoder reads private keys.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::failure::Failure;
use super::der::{self, Head};
use crate::file;
use crate::secret::Secret;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// A certificate in a file, and what the file says about its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) der: CertificateDer<'static>,
    pub(super) purpose: Purpose,
}

/// What a file says about using a certificate for servers or for signing theirs: OpenSSL's trust settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing: only `openssl x509 -trustout` writes such settings.
    Unsaid,
    /// It is trusted for servers.
    Servers,
    /// It is rejected for servers, or trusted only for other uses.
    Rejected,
}

/// A block of base64 in a PEM file.
#[derive(Debug)]
pub(super) struct Block {
    /// Whether OpenSSL's trust settings follow the certificate.
    pub(super) with_settings: bool,
    /// The lines between the markers, from the newline of the first marker on.
    pub(super) body: Range<usize>,
}

/// Returns every certificate of a PEM file, in order. Other blocks, and invalid base64, are skipped.
pub(super) fn certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    blocks(pem)
        .filter_map(|block| held(pem, &block))
        .map(|held| held.der)
}

/// Returns the certificate of a block if its subject is one of `subjects`.
pub(super) fn held_by_one_of(pem: &[u8], block: &Block, subjects: &[&[u8]]) -> Option<Held> {
    held(pem, block).filter(|held| Head::of(&held.der).is_some_and(|head| subjects.contains(&head.subject)))
}

/// Finds the blocks of certificates.
///
/// A marker counts only at the start of a line, as in OpenSSL (`crypto/pem/pem_lib.c`, `get_name`): a commented-out or indented
/// block is ignored.
pub(super) fn blocks(pem: &[u8]) -> impl Iterator<Item = Block> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let begin = marker(pem, at, BEGIN)?;
            let line_end = memchr(b'\n', &pem[begin..]).map_or(pem.len(), |length| begin + length);
            at = begin + BEGIN.len();
            if !matches!(&pem[..begin], [] | [.., b'\n'] | [0xef, 0xbb, 0xbf]) {
                continue;
            }
            let Some(label) = pem[at..line_end].trim_ascii_end().strip_suffix(DASHES) else {
                continue;
            };
            let mut end = marker(pem, line_end, END)?;
            while pem[end - 1] != b'\n' {
                end = marker(pem, end + 1, END)?;
            }
            let rest = &pem[end + END.len()..];
            let rest = &rest[..memchr(b'\n', rest).unwrap_or(rest.len())];
            at = end + END.len() + rest.len();
            let last = rest.trim_ascii_end();
            let with_settings = match label {
                b"CERTIFICATE" | b"X509 CERTIFICATE" => false,
                b"TRUSTED CERTIFICATE" => true,
                _ => continue,
            };
            if last.strip_suffix(DASHES) == Some(label) {
                let body = line_end..end - 1;
                return Some(Block { with_settings, body });
            }
        }
    })
}

/// Finds a marker from `at` on, by its dash: base64 has none.
fn marker(pem: &[u8], mut at: usize, marker: &[u8]) -> Option<usize> {
    loop {
        at += memchr(b'-', pem.get(at..)?)?;
        if pem[at..].starts_with(marker) {
            return Some(at);
        }
        at += 1;
    }
}

/// Decodes the certificate of a block and its settings. Bytes after the certificate are not part of it.
fn held(pem: &[u8], block: &Block) -> Option<Held> {
    let mut der = decode(pem.get(block.body.clone())?)?;
    let (certificate, rest) = der::whole(&der, der::SEQUENCE)?;
    let purpose = if block.with_settings {
        purpose(rest)?
    } else {
        Purpose::Unsaid
    };
    der.truncate(certificate.len());
    Some(Held {
        der: der.into(),
        purpose,
    })
}

/// Reads OpenSSL's trust settings: `X509_CERT_AUX` (`crypto/x509/x_x509a.c`), as `obj_trust` of `x509_trust.c` uses them.
fn purpose(settings: &[u8]) -> Option<Purpose> {
    const OBJECT_IDENTIFIER: u8 = 0x06;
    const REJECTED: u8 = 0xa0;
    /// `serverAuth` and `anyExtendedKeyUsage`.
    const SERVERS: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 0x25, 0]];
    if settings.is_empty() {
        return Some(Purpose::Unsaid);
    }
    let (settings, _) = der::element(settings, der::SEQUENCE)?;
    let (trusted, settings) = match der::element(settings, der::SEQUENCE) {
        Some((trusted, rest)) => (Some(trusted), rest),
        None => (None, settings),
    };
    let rejected = der::element(settings, REJECTED).map_or(&[][..], |(rejected, _)| rejected);
    let names_servers = |mut list: &[u8]| {
        let mut named = false;
        while !list.is_empty() {
            let (purpose, rest) = der::element(list, OBJECT_IDENTIFIER)?;
            named |= SERVERS.contains(&purpose);
            list = rest;
        }
        Some(named)
    };
    let is_trusted = trusted.map(names_servers);
    Some(match (names_servers(rejected)?, is_trusted) {
        (false, None) => Purpose::Unsaid,
        (false, Some(Some(true))) => Purpose::Servers,
        (_, Some(None)) => return None,
        (true, _) | (false, Some(Some(false))) => Purpose::Rejected,
    })
}

/// Decodes a body.
fn decode(body: &[u8]) -> Option<Vec<u8>> {
    let mut base64 = Vec::with_capacity(body.len());
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        base64.extend_from_slice(rest[..end].trim_ascii());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    STANDARD.decode(base64).ok()
}

/// Returns the first private key of a PEM file: PKCS#8, PKCS#1 or SEC1.
///
/// # Errors
/// A file without a private key, or with an encrypted one, which would need a password.
pub(super) fn private_key(pem: &[u8], name: &str) -> Result<PrivateKeyDer<'static>, Failure> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        let encrypted = pem.windows(9).any(|window| window == b"ENCRYPTED");
        let what = if encrypted {
            "only an encrypted private key"
        } else {
            "no private key in PEM form"
        };
        Failure::configuration(format!("{name} holds {what}"))
    })
}

/// Reads a file that the configuration names.
pub(super) fn read(path: &Path, what: &str, deadline: Instant) -> Result<Secret, Failure> {
    file::read(path, deadline).map_err(|source| {
        Failure::configuration(format!("{what} `{}` cannot be read", path.display())).with_source(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the beginning of a certificate with the subject `subject`, which is all that these tests need.
    fn certificate(subject: u8) -> Vec<u8> {
        let tbs = [
            0x30, 16, 2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 3, subject, 0, 0, 0x30, 0,
        ];
        [[0x30, 18].as_slice(), &tbs].concat()
    }

    fn block(label: &str, der: &[u8]) -> String {
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            STANDARD.encode(der)
        )
    }

    fn subjects(pem: &str) -> Vec<u8> {
        certificates(pem.as_bytes()).map(|der| der[15]).collect()
    }

    #[test]
    fn certificates_are_found_among_other_things() {
        let [one, two, three] = [1, 2, 3].map(certificate);
        let pem = [
            "Subject: CN=something\r\n".to_owned(),
            block("CERTIFICATE", &one).replace('\n', "\r\n"),
            block("PRIVATE KEY", &[5, 6]),
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".to_owned(),
            block("X509 CERTIFICATE", &two),
            block("TRUSTED CERTIFICATE", &three),
        ];
        let pem = pem.concat();
        assert_eq!(subjects(&pem), [1, 2, 3]);
        assert_eq!(subjects(pem.trim_end()), [1, 2, 3]);
        assert_eq!(subjects(&format!("\u{feff}{pem}")), [1, 2, 3]);
        assert_eq!(subjects(&format!("\u{feff}{}", block("CERTIFICATE", &one))), [1]);
    }

    #[test]
    fn a_marker_counts_only_at_the_start_of_a_line() {
        let one = block("CERTIFICATE", &certificate(1));
        let two = block("CERTIFICATE", &certificate(2));
        let commented = format!("# {one}").replace('\n', "\n# ");
        let indented = format!("  {one}").replace('\n', "\n  ");
        for hidden in [
            commented,
            indented,
            format!("#{one}"),
            format!(" {one}"),
            one.replace("CERTIFICATE-----\n", "CERTIFICATE\n"),
            one.replace("-----END", " -----END"),
            one.replace("END CERTIFICATE", "END X509 CERTIFICATE"),
        ] {
            assert_eq!(subjects(&hidden), [0; 0], "{hidden}");
            assert_eq!(subjects(&format!("{two}{hidden}")), [2], "{hidden}");
        }
        // A commented-out BEGIN does not hide the next block.
        assert_eq!(subjects(&format!("#{one}{two}")), [2]);
        // Blanks at the end of a marker's line do not matter.
        assert_eq!(subjects(&one.replace("-----\n", "-----  \t\r\n")), [1]);
    }

    #[test]
    fn a_certificate_ends_where_it_says() {
        let with_more = [certificate(2), vec![1, 2, 3]].concat();
        let pem = [
            block("CERTIFICATE", &certificate(1)),
            block("CERTIFICATE", &with_more),
        ]
        .concat();
        let found = |subject: &[u8]| -> Vec<Held> {
            blocks(pem.as_bytes())
                .filter_map(|block| held_by_one_of(pem.as_bytes(), &block, &[subject]))
                .collect()
        };
        let expected = Held {
            der: certificate(2).into(),
            purpose: Purpose::Unsaid,
        };
        assert_eq!(found(&[2, 0, 0]), [expected]);
        assert_eq!(found(&[3, 0, 0]), []);
    }

    #[test]
    fn trust_settings_are_read() {
        let server: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        let client: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];
        let any: &[u8] = &[6, 4, 0x55, 0x1d, 0x25, 0];
        let list = |tag: u8, parts: &[&[u8]]| {
            let parts = parts.concat();
            [
                &[tag, u8::try_from(parts.len()).expect("short")],
                parts.as_slice(),
            ]
            .concat()
        };
        let cases = [
            (vec![], Purpose::Unsaid),
            (vec![list(12, &[b"alias"])], Purpose::Unsaid),
            (vec![list(0x30, &[server])], Purpose::Servers),
            (vec![list(0x30, &[client, any])], Purpose::Servers),
            (vec![list(0x30, &[client])], Purpose::Rejected),
            (vec![list(0x30, &[])], Purpose::Rejected),
            (vec![list(0xa0, &[client])], Purpose::Unsaid),
            (vec![list(0xa0, &[server])], Purpose::Rejected),
            (vec![list(0xa0, &[any])], Purpose::Rejected),
            (
                vec![list(0x30, &[server]), list(0xa0, &[server])],
                Purpose::Rejected,
            ),
        ];
        for (parts, expected) in cases {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            assert_eq!(purpose(&list(0x30, &parts)), Some(expected), "{parts:?}");
        }
        assert_eq!(purpose(&[]), Some(Purpose::Unsaid));
        assert_eq!(purpose(&[0x30, 9]), None);
        assert_eq!(purpose(&list(0x30, &[&list(0x30, &[&[5, 0]])])), None);
    }

    #[test]
    fn an_encrypted_key_is_named_as_such() {
        let pem = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let failure = private_key(pem, "`k.pem`").expect_err("encrypted");
        assert_eq!(failure.to_string(), "`k.pem` holds only an encrypted private key");
    }
}
