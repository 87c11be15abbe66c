//! Certificates written byte by byte, with contents that no library would allow.

use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};

use super::Certificate;

/// An object identifier's contents.
type Oid = &'static [u8];

/// `serverAuth`, `clientAuth` and `anyExtendedKeyUsage`.
pub const SERVER: Oid = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
pub const CLIENT: Oid = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
pub const ANY: Oid = &[0x55, 0x1d, 0x25, 0];

/// Bits of the key usage.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
pub const KEY_ENCIPHERMENT: u8 = 0x20;
pub const KEY_AGREEMENT: u8 = 0x08;
pub const CERT_SIGN: u8 = 0x04;
pub const CRL_SIGN: u8 = 0x02;

const ECDSA_WITH_SHA256: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;

/// Encodes an element of DER.
pub fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len();
    let head = match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => vec![tag, short],
        Ok(byte) => vec![tag, 0x81, byte],
        Err(_) => vec![
            tag,
            0x82,
            u8::try_from(length >> 8).unwrap(),
            u8::try_from(length & 0xff).unwrap(),
        ],
    };
    [head, contents].concat()
}

fn name(kind: u8, common_name: &str) -> Vec<u8> {
    let value = der(kind, &[common_name.as_bytes()]);
    der(0x30, &[&der(0x31, &[&der(0x30, &[&[6, 3, 0x55, 4, 3], &value])])])
}

/// The contents of a certificate to sign.
#[derive(Clone)]
pub struct Draft {
    version: u8,
    serial: u8,
    common_name: String,
    subject: Vec<u8>,
    from: &'static str,
    until: &'static str,
    extensions: Vec<Vec<u8>>,
    key: Option<Arc<KeyPair>>,
}

/// A signed certificate.
#[derive(Clone)]
pub struct Made {
    pub der: Vec<u8>,
    pub key: Arc<KeyPair>,
    pub common_name: String,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial: u8,
}

impl Draft {
    /// Creates a draft of version 3 for `common_name`, currently valid, without extensions.
    pub fn new(common_name: &str) -> Self {
        Self {
            version: 3,
            serial: 1,
            common_name: common_name.to_owned(),
            subject: name(UTF8, common_name),
            from: "20200101000000Z",
            until: "20990101000000Z",
            extensions: Vec::new(),
            key: None,
        }
    }

    /// Creates a draft for a server with `names`, which may be addresses.
    pub fn server(names: &[&str]) -> Self {
        Self::new("server").names(names)
    }

    /// Creates a draft for a correct authority.
    pub fn authority(common_name: &str) -> Self {
        Self::new(common_name).constraints(true, None)
    }

    /// Writes its name as a `PrintableString`.
    pub fn printable(mut self) -> Self {
        self.subject = name(PRINTABLE, &self.common_name);
        self
    }

    pub fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    /// Whether it is valid now.
    pub fn is_current(&self) -> bool {
        self.from.starts_with("2020") && self.until.starts_with("2099")
    }

    /// Whether it is of version 1, which has no extensions.
    pub fn is_old(&self) -> bool {
        self.version == 1
    }

    pub fn serial(mut self, serial: u8) -> Self {
        self.serial = serial;
        self
    }

    pub fn until(mut self, until: &'static str) -> Self {
        self.until = until;
        self
    }

    pub fn from(mut self, from: &'static str) -> Self {
        self.from = from;
        self
    }

    /// Uses the key of another certificate.
    pub fn key_of(mut self, other: &Made) -> Self {
        self.key = Some(Arc::clone(&other.key));
        self
    }

    pub fn extension(mut self, oid: &[u8], critical: bool, value: &[u8]) -> Self {
        let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
        let value = der(4, &[value]);
        self.extensions
            .push(der(0x30, &[&der(6, &[oid]), critical, &value]));
        self
    }

    /// Basic constraints.
    pub fn constraints(self, authority: bool, path_length: Option<u8>) -> Self {
        let authority: &[u8] = if authority { &[1, 1, 0xff] } else { &[] };
        let length = path_length.map(|length| vec![2, 1, length]).unwrap_or_default();
        self.extension(&[0x55, 0x1d, 19], true, &der(0x30, &[authority, &length]))
    }

    /// Subject alternative names.
    pub fn names(self, names: &[&str]) -> Self {
        let names: Vec<Vec<u8>> = names.iter().map(|name| general_name(name)).collect();
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        self.extension(&[0x55, 0x1d, 17], false, &der(0x30, &names))
    }

    /// Key usage.
    pub fn usage(self, bits: u8) -> Self {
        self.extension(&[0x55, 0x1d, 15], true, &[3, 2, 0, bits])
    }

    /// Extended key usage.
    pub fn extended(self, usages: &[Oid]) -> Self {
        self.extension(&[0x55, 0x1d, 37], false, &der(0x30, &[&oids(usages)]))
    }

    /// Netscape's certificate type.
    pub fn netscape(self, bits: u8) -> Self {
        let oid = [0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1];
        self.extension(&oid, false, &[3, 2, 0, bits])
    }

    /// The identifier of its key.
    pub fn key_id(self, id: &[u8]) -> Self {
        self.extension(&[0x55, 0x1d, 14], false, &der(4, &[id]))
    }

    /// The identifier of its issuer's key.
    pub fn issuer_key_id(self, id: &[u8]) -> Self {
        self.extension(&[0x55, 0x1d, 35], false, &der(0x30, &[&der(0x80, &[id])]))
    }

    /// The identifier of its issuer's certificate, by the issuer's issuer and serial number.
    pub fn issuer_serial(self, issuer: &Made, serial: u8) -> Self {
        let names = der(0xa1, &[&der(0xa4, &[&issuer.issuer])]);
        let value = der(0x30, &[&names, &[0x82, 1, serial]]);
        self.extension(&[0x55, 0x1d, 35], false, &value)
    }

    /// Name constraints: names and `ADDRESS/MASK` that are permitted and that are excluded.
    pub fn limits(self, permitted: &[&str], excluded: &[&str]) -> Self {
        let list = |tag: u8, names: &[&str]| {
            let trees: Vec<u8> = names
                .iter()
                .flat_map(|name| der(0x30, &[&general_name(name)]))
                .collect();
            if trees.is_empty() {
                trees
            } else {
                der(tag, &[&trees])
            }
        };
        let value = der(0x30, &[&list(0xa0, permitted), &list(0xa1, excluded)]);
        self.extension(&[0x55, 0x1d, 30], true, &value)
    }

    pub fn self_signed(self) -> Made {
        let (key, issuer) = (self.own_key(), self.subject.clone());
        self.sign(key.clone(), &key, issuer)
    }

    pub fn signed_by(self, issuer: &Made) -> Made {
        self.sign(self.own_key(), &issuer.key, issuer.subject.clone())
    }

    fn own_key(&self) -> Arc<KeyPair> {
        self.key
            .clone()
            .unwrap_or_else(|| Arc::new(KeyPair::generate().unwrap()))
    }

    fn sign(&self, key: Arc<KeyPair>, issuer_key: &KeyPair, issuer: Vec<u8>) -> Made {
        let version: &[u8] = &[0xa0, 3, 2, 1, self.version - 1];
        let time = |text: &str| der(0x18, &[text.as_bytes()]);
        let extensions = der(0xa3, &[&der(0x30, &[&self.extensions.concat()])]);
        let tbs = der(
            0x30,
            &[
                if self.version == 1 { &[] } else { version },
                &[2, 1, self.serial],
                ECDSA_WITH_SHA256,
                &issuer,
                &der(0x30, &[&time(self.from), &time(self.until)]),
                &self.subject,
                &key.subject_public_key_info(),
                if self.extensions.is_empty() {
                    &[]
                } else {
                    &extensions
                },
            ],
        );
        let signature = issuer_key.sign(&tbs).unwrap();
        let whole = der(0x30, &[&tbs, ECDSA_WITH_SHA256, &der(3, &[&[0], &signature])]);
        Made {
            der: whole,
            key,
            common_name: self.common_name.clone(),
            subject: self.subject.clone(),
            issuer,
            serial: self.serial,
        }
    }
}

/// An address, an address with its mask, an email address, or a name.
fn general_name(name: &str) -> Vec<u8> {
    const EMAIL: u8 = 0x81;
    const DNS: u8 = 0x82;
    const ADDRESS: u8 = 0x87;
    let bytes = |text: &str| match text.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.octets().to_vec(),
        Ok(std::net::IpAddr::V6(address)) => address.octets().to_vec(),
        Err(_) => Vec::new(),
    };
    let address: Vec<u8> = name.split('/').flat_map(bytes).collect();
    match (address.as_slice(), name.contains('@')) {
        ([], true) => der(EMAIL, &[name.as_bytes()]),
        ([], false) => der(DNS, &[name.as_bytes()]),
        (address, _) => der(ADDRESS, &[address]),
    }
}

fn oids(oids: &[Oid]) -> Vec<u8> {
    oids.iter().flat_map(|oid| der(6, &[oid])).collect()
}

impl Made {
    pub fn serial(&self) -> u8 {
        self.serial
    }

    pub fn pem(&self) -> String {
        block("CERTIFICATE", &self.der)
    }

    /// Returns the form of `openssl x509 -trustout`, trusted and rejected for some uses.
    pub fn trusted_pem(&self, trusted: Option<&[Oid]>, rejected: &[Oid]) -> String {
        let trusted = trusted
            .map(|trusted| der(0x30, &[&oids(trusted)]))
            .unwrap_or_default();
        let rejected = match rejected {
            [] => Vec::new(),
            rejected => der(0xa0, &[&oids(rejected)]),
        };
        let settings = der(0x30, &[&trusted, &rejected]);
        block("TRUSTED CERTIFICATE", &[self.der.as_slice(), &settings].concat())
    }

    /// Returns the name of its link by `openssl rehash`: the hash of its subject in OpenSSL's canonical form.
    pub fn hashed_name(&self, number: u8) -> String {
        let canonical = name(UTF8, &self.common_name.to_lowercase());
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &canonical[2..]);
        let bytes: [u8; 4] = digest.as_ref()[..4].try_into().unwrap();
        format!("{:08x}.{number}", u32::from_le_bytes(bytes))
    }

    /// Returns a server's certificate that is sent with `others`.
    pub fn shown_with(&self, others: &[&Self]) -> Certificate {
        let chain = std::iter::once(self).chain(others.iter().copied());
        Certificate::of_chain(chain.map(|made| made.der.clone()).collect(), &self.key)
    }
}

/// A block of PEM.
pub fn block(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
