//! The parts of a certificate (RFC 5280, section 4) that OpenSSL's rules for a chain use.
//!
//! Owns what a certificate says; must not know which one is trusted. Facts: OpenSSL 3.0, `crypto/x509/v3_purp.c`
//! (`ossl_x509v3_cache_extensions`, `check_ca`, `X509_check_akid`, `X509_supported_extension`). Anything unexpected makes the whole
//! certificate `None`.

use super::der::{self, Head, INTEGER, SEQUENCE};

const BOOLEAN: u8 = 0x01;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const EXTENSIONS: u8 = 0xa3;

/// Bits of `KeyUsage`; all that matter here are in its first byte.
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_ENCIPHERMENT: u8 = 0x20;
const KEY_AGREEMENT: u8 = 0x08;
const KEY_CERT_SIGN: u8 = 0x04;

/// Bits of Netscape's certificate type.
const NETSCAPE_SERVER: u8 = 0x40;
const NETSCAPE_TLS_AUTHORITY: u8 = 0x04;

/// A certificate.
pub(super) struct Certificate<'a> {
    pub(super) der: &'a [u8],
    pub(super) head: Head<'a>,
    /// The signed part.
    pub(super) tbs: &'a [u8],
    /// The contents of `SubjectPublicKeyInfo`.
    pub(super) public_key_info: &'a [u8],
    /// The contents of the key's `AlgorithmIdentifier`.
    pub(super) key_algorithm: &'a [u8],
    pub(super) key: &'a [u8],
    /// The contents of the signature's `AlgorithmIdentifier`.
    pub(super) signature_algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
    extensions: Extensions<'a>,
}

#[derive(Default)]
struct Extensions<'a> {
    /// Whether it is an authority, and the longest path below it.
    basic_constraints: Option<(bool, Option<u64>)>,
    key_usage: Option<u8>,
    /// Whether servers may use it.
    extended_key_usage: Option<bool>,
    netscape: Option<u8>,
    subject_key: Option<&'a [u8]>,
    issuer_key: IssuerKey<'a>,
    alternative_names: Option<&'a [u8]>,
    name_constraints: bool,
    /// Whether OpenSSL refuses an extension, or does not know a critical one.
    refused: bool,
}

/// The authority key identifier: it tells issuers of one name apart.
#[derive(Default)]
struct IssuerKey<'a> {
    key: Option<&'a [u8]>,
    /// The issuer's own issuer.
    issuer: Option<&'a [u8]>,
    serial: Option<&'a [u8]>,
}

/// Whether a certificate is an authority's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    No,
    /// It does not say so in the modern way, so it may only be a root.
    OldRoot,
    Yes,
}

impl<'a> Certificate<'a> {
    /// Reads a whole certificate.
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let contents = der::only(der, SEQUENCE)?;
        let (tbs, rest) = der::whole(contents, SEQUENCE)?;
        let (signature_algorithm, rest) = der::element(rest, SEQUENCE)?;
        let signature = bits(der::only(rest, BIT_STRING)?)?;
        let (head, fields) = Head::of_tbs(der::only(tbs, SEQUENCE)?)?;
        let (public_key_info, mut fields) = der::element(fields, SEQUENCE)?;
        let (key_algorithm, key) = der::element(public_key_info, SEQUENCE)?;
        let key = bits(der::only(key, BIT_STRING)?)?;
        let mut extensions = Extensions::default();
        while let Some((tag, contents, rest)) = der::any(fields) {
            if tag == EXTENSIONS {
                extensions = Extensions::parse(der::only(contents, SEQUENCE)?)?;
            }
            fields = rest;
        }
        fields.is_empty().then_some(Self {
            der,
            head,
            tbs,
            public_key_info,
            key_algorithm,
            key,
            signature_algorithm,
            signature,
            extensions,
        })
    }

    /// Returns whether its issuer is its subject.
    pub(super) fn is_self_issued(&self) -> bool {
        self.head.issuer == self.head.subject
    }

    /// Returns whether it looks self-signed: `EXFLAG_SS`. Like OpenSSL, this does not check the signature.
    pub(super) fn is_self_signed(&self) -> bool {
        self.is_self_issued()
            && self.was_issued_by(self)
            && same_family(self.key_algorithm, self.signature_algorithm)
    }

    /// Returns whether its identifier of the issuer's key fits `issuer`: `X509_check_akid`.
    pub(super) fn was_issued_by(&self, issuer: &Certificate<'_>) -> bool {
        let wanted = &self.extensions.issuer_key;
        let fits = |wanted: Option<&[u8]>, found: Option<&[u8]>| match (wanted, found) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        };
        self.head.issuer == issuer.head.subject
            && fits(wanted.key, issuer.extensions.subject_key)
            && fits(wanted.serial, Some(issuer.head.serial))
            && fits(wanted.issuer, Some(issuer.head.issuer))
    }

    /// Returns whether it is an authority's certificate: `check_ca`.
    pub(super) fn authority(&self) -> Authority {
        let Extensions {
            basic_constraints,
            key_usage,
            netscape,
            ..
        } = self.extensions;
        if key_usage.is_some_and(|usage| usage & KEY_CERT_SIGN == 0) {
            return Authority::No;
        }
        if let Some((authority, _)) = basic_constraints {
            return if authority { Authority::Yes } else { Authority::No };
        }
        let old = key_usage.is_some()
            || (self.head.version == 1 && self.is_self_signed())
            || netscape.is_some_and(|kind| kind & NETSCAPE_TLS_AUTHORITY != 0);
        if old { Authority::OldRoot } else { Authority::No }
    }

    /// Returns how many authorities may be between it and a server.
    pub(super) fn path_length(&self) -> Option<u64> {
        self.extensions.basic_constraints.and_then(|(_, length)| length)
    }

    /// Returns whether a server may use its key: `check_purpose_ssl_server`, without the extended usage.
    pub(super) fn may_be_shown(&self) -> bool {
        const TLS: u8 = DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT;
        let Extensions {
            key_usage, netscape, ..
        } = self.extensions;
        key_usage.is_none_or(|usage| usage & TLS != 0)
            && netscape.is_none_or(|kind| kind & NETSCAPE_SERVER != 0)
    }

    /// Returns whether its extended key usage allows servers, itself or below it.
    pub(super) fn is_for_servers(&self) -> bool {
        self.extensions.extended_key_usage != Some(false)
    }

    /// Returns whether it limits the names of the certificates below it.
    pub(super) fn has_name_constraints(&self) -> bool {
        self.extensions.name_constraints
    }

    /// Returns the contents of its alternative names' extension.
    pub(super) fn alternative_names(&self) -> Option<&'a [u8]> {
        self.extensions.alternative_names
    }

    /// Returns whether it has an extension that OpenSSL refuses.
    pub(super) fn has_refused_extension(&self) -> bool {
        self.extensions.refused
    }
}

impl<'a> Extensions<'a> {
    fn parse(mut list: &'a [u8]) -> Option<Self> {
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let (extension, rest) = der::element(list, SEQUENCE)?;
            list = rest;
            let (name, extension) = der::element(extension, OBJECT_IDENTIFIER)?;
            let (critical, extension) = match der::element(extension, BOOLEAN) {
                Some((critical, rest)) => (critical != [0], rest),
                None => (false, extension),
            };
            let value = der::only(extension, OCTET_STRING)?;
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            let known = extensions.remember(name, value)?;
            extensions.refused |= critical && !known;
        }
        Some(extensions)
    }

    /// Reads one extension. Returns whether OpenSSL knows it.
    fn remember(&mut self, name: &[u8], value: &'a [u8]) -> Option<bool> {
        match name {
            // RFC 5280, section 4.2.1: `id-ce`.
            [0x55, 0x1d, 14] => self.subject_key = Some(der::only(value, OCTET_STRING)?),
            [0x55, 0x1d, 15] => self.key_usage = Some(first_bits(value)?),
            [0x55, 0x1d, 19] => self.basic_constraints = Some(basic_constraints(value)?),
            [0x55, 0x1d, 30] => self.name_constraints = true,
            [0x55, 0x1d, 35] => self.issuer_key = IssuerKey::parse(value)?,
            [0x55, 0x1d, 37] => self.extended_key_usage = Some(allows_servers(value)?),
            [0x55, 0x1d, 17] => self.alternative_names = Some(value),
            // Policies, places of revocation lists; network addresses and numbers (RFC 3779).
            [0x55, 0x1d, 31 | 32 | 33 | 36 | 54] | [0x2b, 6, 1, 5, 5, 7, 1, 7 | 8] => {}
            // A proxy certificate (RFC 3820).
            [0x2b, 6, 1, 5, 5, 7, 1, 14] => self.refused = true,
            // Netscape's certificate type.
            [0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1] => self.netscape = Some(first_bits(value)?),
            _ => return Some(false),
        }
        Some(true)
    }
}

impl<'a> IssuerKey<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        const KEY: u8 = 0x80;
        const ISSUER: u8 = 0xa1;
        const SERIAL: u8 = 0x82;
        const DIRECTORY_NAME: u8 = 0xa4;
        let mut found = Self::default();
        let mut fields = der::only(value, SEQUENCE)?;
        while !fields.is_empty() {
            let (tag, contents, rest) = der::any(fields)?;
            fields = rest;
            match tag {
                KEY => found.key = Some(contents),
                SERIAL => found.serial = Some(contents),
                ISSUER => {
                    let mut names = contents;
                    while let (None, Some((tag, name, rest))) = (found.issuer, der::any(names)) {
                        names = rest;
                        if tag == DIRECTORY_NAME {
                            found.issuer = Some(der::only(name, SEQUENCE)?);
                        }
                    }
                }
                _ => return None,
            }
        }
        Some(found)
    }
}

/// Reads a bit string that consists of whole bytes.
fn bits(contents: &[u8]) -> Option<&[u8]> {
    contents.strip_prefix(&[0])
}

/// Reads the first eight bits of a bit string.
fn first_bits(value: &[u8]) -> Option<u8> {
    match der::only(value, BIT_STRING)? {
        [0..=7] => Some(0),
        [0..=7, first, ..] => Some(*first),
        _ => None,
    }
}

fn basic_constraints(value: &[u8]) -> Option<(bool, Option<u64>)> {
    let fields = der::only(value, SEQUENCE)?;
    let (authority, fields) = match der::element(fields, BOOLEAN) {
        Some((authority, rest)) => (authority != [0], rest),
        None => (false, fields),
    };
    if fields.is_empty() {
        return Some((authority, None));
    }
    let length = der::only(fields, INTEGER)?;
    // A negative length is invalid; one of more than eight bytes is no limit.
    match length {
        [] | [0x80..=0xff, ..] => None,
        long if long.len() > 8 => Some((authority, Some(u64::MAX))),
        short => {
            let length = short
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte));
            Some((authority, Some(length)))
        }
    }
}

/// Returns whether an extended key usage allows servers: `XKU_SSL_SERVER`. `anyExtendedKeyUsage` does not.
fn allows_servers(value: &[u8]) -> Option<bool> {
    const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    let mut list = der::only(value, SEQUENCE)?;
    let mut found = false;
    while !list.is_empty() {
        let (usage, rest) = der::element(list, OBJECT_IDENTIFIER)?;
        found |= usage == SERVER;
        list = rest;
    }
    Some(found)
}

/// Returns whether a key of one algorithm can make signatures of the other: `check_sig_alg_match`.
fn same_family(key: &[u8], signature: &[u8]) -> bool {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d];
    let name = |algorithm| der::element(algorithm, OBJECT_IDENTIFIER).map(|(name, _)| name);
    let (Some(key), Some(signature)) = (name(key), name(signature)) else {
        return false;
    };
    let both = |family| key.starts_with(family) && signature.starts_with(family);
    key == signature || both(RSA) || both(ELLIPTIC)
}

#[cfg(test)]
mod tests {
    use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose};

    use super::super::samples::{Sample, authority, plain, self_signed, signed_by};
    use super::*;

    fn parsed(sample: &Sample) -> Certificate<'_> {
        Certificate::parse(sample.der()).expect("a certificate")
    }

    #[test]
    fn a_certificate_says_whether_it_is_an_authority_and_what_for() {
        let root = self_signed(authority("root", Some(3)));
        let root_read = parsed(&root);
        assert_eq!(root_read.authority(), Authority::Yes);
        assert_eq!(root_read.path_length(), Some(3));
        assert!(root_read.is_self_signed() && root_read.may_be_shown() && root_read.is_for_servers());

        let mut params = plain("server");
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let server = signed_by(params, &root);
        let server = parsed(&server);
        assert_eq!(server.authority(), Authority::No);
        assert!(!server.is_self_issued() && server.was_issued_by(&root_read));
        assert!(!server.may_be_shown() && !server.is_for_servers());

        let mut params = plain("signer");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        assert_eq!(parsed(&self_signed(params)).authority(), Authority::OldRoot);
        assert_eq!(parsed(&self_signed(plain("silent"))).authority(), Authority::No);
    }

    #[test]
    fn a_key_identifier_tells_issuers_of_one_name_apart() {
        let (one, two) = (
            self_signed(authority("twin", None)),
            self_signed(authority("twin", None)),
        );
        let mut params = plain("server");
        params.use_authority_key_identifier_extension = true;
        let server = signed_by(params, &one);
        let server = parsed(&server);
        assert!(server.was_issued_by(&parsed(&one)));
        assert!(!server.was_issued_by(&parsed(&two)));
    }

    #[test]
    fn a_certificate_with_bytes_missing_or_added_is_refused() {
        let root = self_signed(authority("root", None));
        let der = root.der();
        for length in 0..der.len() {
            assert!(Certificate::parse(&der[..length]).is_none(), "{length}");
        }
        assert!(Certificate::parse(&[der.as_ref(), &[0]].concat()).is_none());
        // No changed byte makes it panic.
        for at in 0..der.len() {
            let mut changed = der.to_vec();
            changed[at] ^= 0xff;
            let _ = Certificate::parse(&changed);
        }
    }

    #[test]
    fn extensions_are_taken_once_and_unknown_critical_ones_refused() {
        let with = |extensions: &[(&[u64], bool)]| {
            let mut params = plain("server");
            for (oid, critical) in extensions {
                let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
                extension.set_criticality(*critical);
                params.custom_extensions.push(extension);
            }
            self_signed(params)
        };
        let refused =
            |sample: &Sample| Certificate::parse(sample.der()).map(|read| read.has_refused_extension());
        assert_eq!(refused(&with(&[(&[1, 2, 3], false)])), Some(false));
        assert_eq!(refused(&with(&[(&[1, 2, 3], true)])), Some(true));
        assert_eq!(refused(&with(&[(&[2, 5, 29, 36], true)])), Some(false));
        assert_eq!(
            refused(&with(&[(&[1, 3, 6, 1, 5, 5, 7, 1, 14], false)])),
            Some(true)
        );
        assert_eq!(refused(&with(&[(&[1, 2, 3], false), (&[1, 2, 3], false)])), None);
    }

    #[test]
    fn the_values_of_extensions_are_read_strictly() {
        assert_eq!(basic_constraints(&[0x30, 0]), Some((false, None)));
        assert_eq!(basic_constraints(&[0x30, 3, 1, 1, 0xff]), Some((true, None)));
        assert_eq!(
            basic_constraints(&[0x30, 6, 1, 1, 0xff, 2, 1, 5]),
            Some((true, Some(5)))
        );
        assert_eq!(basic_constraints(&[0x30, 6, 1, 1, 0xff, 2, 1, 0x85]), None);
        assert_eq!(basic_constraints(&[0x30, 5, 1, 1, 0xff, 2, 0]), None);
        assert_eq!(basic_constraints(&[0x30, 3, 2, 1, 0, 9]), None);
        assert_eq!(first_bits(&[3, 1, 0]), Some(0));
        assert_eq!(first_bits(&[3, 3, 7, 0x04, 0x80]), Some(4));
        assert_eq!(first_bits(&[3, 2, 8, 4]), None);
        assert_eq!(first_bits(&[4, 2, 0, 4]), None);
        assert_eq!(allows_servers(&[0x30, 0]), Some(false));
        assert_eq!(allows_servers(&[0x30, 2, 5, 0]), None);
    }
}
