//! A PFX file (PKCS #12): its private key and its certificates.
//!
//! Owns the containers, the check of the password and the old ciphers. `der` reads the ASN.1, and `pkcs8` the ciphers of today.
//! Must not know what the key is for. Facts: RFC 7292, its appendices B and C; `PKCS12_parse` and `PKCS12_verify_mac` of OpenSSL 3,
//! which Airflow's `cryptography` calls.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use ring::{digest, hmac};
use zeroize::Zeroizing;

/// The most rounds of a key's derivation. OpenSSL writes 2,048 and Windows 2,000; a million take a second.
const MAX_ROUNDS: u32 = 1_000_000;

/// The most memory that scrypt may ask for, in bytes. OpenSSL writes 16 MiB.
const MAX_SCRYPT_BYTES: u64 = 64 << 20;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// What a file holds.
pub(super) struct Contents {
    /// The first private key, in PKCS #8.
    pub(super) key: Option<Zeroizing<Vec<u8>>>,
    /// The certificates in DER, in their order.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// Why a file cannot be opened. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is not a PFX file, or damaged.
    Damaged,
    /// It has another password.
    OtherPassword,
    /// It uses a cipher, a hash or a size that is not supported.
    Unsupported,
}

impl From<der::Error> for Closed {
    fn from(_: der::Error) -> Self {
        Self::Damaged
    }
}

type Opened<T> = Result<T, Closed>;

/// Opens a file with a password; the empty one stands for none.
///
/// # Errors
/// A file that cannot be opened.
pub(super) fn open(file: &[u8], password: &str) -> Opened<Contents> {
    let [pfx] = all(file)?;
    let pfx = parts(value(pfx, Tag::Sequence)?)?;
    let [_version, safe, mac @ ..] = pfx.as_slice() else {
        return Err(Closed::Damaged);
    };
    let safe = content(*safe, DATA)?;
    let safe = value(safe, Tag::OctetString)?;
    let mac = mac.first().map(|mac| Mac::read(*mac)).transpose()?;
    let mut error = Closed::OtherPassword;
    for key in Password::candidates(password) {
        if mac.as_ref().is_some_and(|mac| !mac.verifies(safe, &key)) {
            continue;
        }
        match read_safe(safe, &key) {
            Err(Closed::OtherPassword) if mac.is_some() => error = Closed::Damaged,
            Err(closed) => error = closed,
            Ok(contents) => return Ok(contents),
        }
    }
    Err(error)
}

/// Returns the public key of a certificate as the certificate has it: for RSA, an `RSAPublicKey` in DER.
pub(super) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let [certificate] = all(certificate).ok()?;
    let certificate = parts(value(certificate, Tag::Sequence).ok()?).ok()?;
    let signed = parts(value(*certificate.first()?, Tag::Sequence).ok()?).ok()?;
    // The version is left out in version 1. Serial number, signature, issuer, validity and subject come before the key.
    let version = usize::from(value(*signed.first()?, explicit(0)).is_ok());
    let [_algorithm, key] = all(value(*signed.get(version + 5)?, Tag::Sequence).ok()?).ok()?;
    // A bit string begins with the number of its unused bits.
    value(key, Tag::BitString).ok()?.get(1..)
}

/// The two forms of a password: of today's ciphers, and of RFC 7292.
struct Password<'a> {
    text: &'a str,
    wide: Zeroizing<Vec<u8>>,
}

impl<'a> Password<'a> {
    /// Returns what a password may stand for: no password has two forms, and OpenSSL tries both.
    fn candidates(text: &'a str) -> Vec<Self> {
        let units = text.encode_utf16().chain([0]);
        let mut wide = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        for unit in units {
            wide.extend(unit.to_be_bytes());
        }
        let mut candidates = Vec::new();
        if text.is_empty() {
            candidates.push(Self {
                text,
                wide: Zeroizing::new(Vec::new()),
            });
        }
        candidates.push(Self { text, wide });
        candidates
    }

    /// Derives a key as appendix B.2 of RFC 7292 does. `purpose` is 1 for a cipher's key, 2 for its start, 3 for a signature.
    fn derive(
        &self,
        hash: &'static digest::Algorithm,
        purpose: u8,
        salt: &[u8],
        rounds: u32,
        length: usize,
    ) -> Zeroizing<Vec<u8>> {
        let size = hash.block_len();
        let fill = |bytes: &[u8]| bytes.len().div_ceil(size) * size;
        let filled = fill(salt) + fill(&self.wide);
        let mut input = Zeroizing::new(Vec::with_capacity(filled));
        input.extend(salt.iter().cycle().take(fill(salt)));
        input.extend(self.wide.iter().cycle().take(fill(&self.wide)));
        let mut key = Zeroizing::new(Vec::with_capacity(length + hash.output_len()));
        while key.len() < length {
            let mut first = digest::Context::new(hash);
            first.update(&vec![purpose; size]);
            first.update(&input);
            let mut block = first.finish();
            for _ in 1..rounds {
                block = digest::digest(hash, block.as_ref());
            }
            let block = block.as_ref();
            key.extend_from_slice(block);
            // Each part of the input grows by the block, repeated, and by one: numbers with the first byte highest.
            for part in input.chunks_mut(size) {
                let mut carry = 1;
                for (at, byte) in part.iter_mut().enumerate().rev() {
                    let sum = u16::from(*byte) + u16::from(block[at % block.len()]) + carry;
                    [_, *byte] = sum.to_be_bytes();
                    carry = sum >> 8;
                }
            }
        }
        key.truncate(length);
        key
    }
}

/// The signature of the contents, which shows whether the password is right.
struct Mac<'a> {
    hash: &'static digest::Algorithm,
    algorithm: hmac::Algorithm,
    signature: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
}

impl<'a> Mac<'a> {
    fn read(mac: AnyRef<'a>) -> Opened<Self> {
        let mac = parts(value(mac, Tag::Sequence)?)?;
        let [signed, salt, rounds @ ..] = mac.as_slice() else {
            return Err(Closed::Damaged);
        };
        let [algorithm, signature] = all(value(*signed, Tag::Sequence)?)?;
        let algorithm = parts(value(algorithm, Tag::Sequence)?)?;
        let algorithm = algorithm.first().ok_or(Closed::Damaged)?;
        let (hash, algorithm) = match algorithm.decode_as::<ObjectIdentifier>()? {
            SHA1 => (
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            ),
            SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
            SHA384 => (&digest::SHA384, hmac::HMAC_SHA384),
            SHA512 => (&digest::SHA512, hmac::HMAC_SHA512),
            _ => return Err(Closed::Unsupported),
        };
        Ok(Self {
            hash,
            algorithm,
            signature: value(signature, Tag::OctetString)?,
            salt: value(*salt, Tag::OctetString)?,
            rounds: rounds.first().map_or(Ok(1), |rounds| count(*rounds))?,
        })
    }

    fn verifies(&self, safe: &[u8], password: &Password<'_>) -> bool {
        let key = password.derive(self.hash, 3, self.salt, self.rounds, self.hash.output_len());
        let key = hmac::Key::new(self.algorithm, &key);
        hmac::verify(&key, safe, self.signature).is_ok()
    }
}

/// Reads the containers of a file, decrypted where they are encrypted.
fn read_safe(safe: &[u8], password: &Password<'_>) -> Opened<Contents> {
    let mut contents = Contents {
        key: None,
        certificates: Vec::new(),
    };
    let [safe] = all(safe)?;
    for container in parts(value(safe, Tag::Sequence)?)? {
        if let Ok(plain) = content(container, DATA) {
            read_bags(value(plain, Tag::OctetString)?, password, &mut contents)?;
        } else {
            // After a version: the type of what is encrypted, the cipher, the bytes.
            let encrypted = value(content(container, ENCRYPTED_DATA)?, Tag::Sequence)?;
            let [_version, encrypted, ..] = parts(encrypted)?[..] else {
                return Err(Closed::Damaged);
            };
            let [_data, cipher, bytes] = all(value(encrypted, Tag::Sequence)?)?;
            let implicit = Tag::ContextSpecific {
                constructed: false,
                number: TagNumber(0),
            };
            let bags = decrypt(cipher, value(bytes, implicit)?, password)?;
            read_bags(&bags, password, &mut contents)?;
        }
    }
    Ok(contents)
}

fn read_bags(bags: &[u8], password: &Password<'_>, contents: &mut Contents) -> Opened<()> {
    let [bags] = all(bags)?;
    for bag in parts(value(bags, Tag::Sequence)?)? {
        let bag = parts(value(bag, Tag::Sequence)?)?;
        let [kind, held, ..] = bag.as_slice() else {
            return Err(Closed::Damaged);
        };
        let held = value(*held, explicit(0))?;
        match kind.decode_as::<ObjectIdentifier>()? {
            KEY_BAG if contents.key.is_none() => contents.key = Some(Zeroizing::new(held.to_vec())),
            SHROUDED_KEY_BAG if contents.key.is_none() => {
                let [encrypted] = all(held)?;
                let [cipher, bytes] = all(value(encrypted, Tag::Sequence)?)?;
                contents.key = Some(decrypt(cipher, value(bytes, Tag::OctetString)?, password)?);
            }
            CERTIFICATE_BAG => {
                let [certificate] = all(held)?;
                let [kind, certificate] = all(value(certificate, Tag::Sequence)?)?;
                if kind.decode_as::<ObjectIdentifier>()? == X509_CERTIFICATE {
                    let [certificate] = all(value(certificate, explicit(0))?)?;
                    let certificate = value(certificate, Tag::OctetString)?;
                    contents.certificates.push(certificate.to_vec());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Decrypts bytes that are one ASN.1 sequence, with a cipher and its parameters, an `AlgorithmIdentifier`.
fn decrypt(cipher: AnyRef<'_>, bytes: &[u8], password: &Password<'_>) -> Opened<Zeroizing<Vec<u8>>> {
    let bytes = decrypt_bytes(cipher, bytes, password)?;
    // Of 256 other passwords, one gives what looks like padding.
    match all(&bytes) {
        Ok([sequence]) if sequence.tag() == Tag::Sequence => Ok(bytes),
        _ => Err(Closed::OtherPassword),
    }
}

fn decrypt_bytes(cipher: AnyRef<'_>, bytes: &[u8], password: &Password<'_>) -> Opened<Zeroizing<Vec<u8>>> {
    let [kind, parameters] = all(value(cipher, Tag::Sequence)?)?;
    let kind = kind.decode_as::<ObjectIdentifier>()?;
    if kind == PBES2 {
        let scheme = EncryptionScheme::from_der(&cipher.to_der()?).map_err(|_| Closed::Unsupported)?;
        if !scheme
            .pbes2()
            .is_some_and(|parameters| is_affordable(&parameters.kdf))
        {
            return Err(Closed::Unsupported);
        }
        return scheme
            .decrypt(password.text, bytes)
            .map(Zeroizing::new)
            .map_err(|_| Closed::OtherPassword);
    }
    let [salt, rounds] = all(value(parameters, Tag::Sequence)?)?;
    let (salt, rounds) = (value(salt, Tag::OctetString)?, count(rounds)?);
    let derived = |purpose, length| {
        let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        password.derive(sha1, purpose, salt, rounds, length)
    };
    match kind {
        TRIPLE_DES => in_blocks::<des::TdesEde3>(&derived(1, 24), &derived(2, 8), bytes),
        RC2_128 => in_blocks::<rc2::Rc2>(&derived(1, 16), &derived(2, 8), bytes),
        RC2_40 => in_blocks::<rc2::Rc2>(&derived(1, 5), &derived(2, 8), bytes),
        _ => Err(Closed::Unsupported),
    }
}

fn in_blocks<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    bytes: &[u8],
) -> Opened<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| Closed::Damaged)?;
    let mut blocks = Zeroizing::new(bytes.to_vec());
    let length = cipher
        .decrypt_padded::<Pkcs7>(&mut blocks)
        .map_err(|_| Closed::OtherPassword)?
        .len();
    blocks.truncate(length);
    Ok(blocks)
}

/// Whether a file's own figures for its key's derivation are ones that a program would write.
fn is_affordable(kdf: &pbes2::Kdf) -> bool {
    match kdf {
        pbes2::Kdf::Pbkdf2(parameters) => parameters.iteration_count <= MAX_ROUNDS,
        pbes2::Kdf::Scrypt(parameters) => {
            let block = 128 * u64::from(parameters.block_size);
            parameters.parallelization <= 16
                && parameters
                    .cost_parameter
                    .checked_mul(block)
                    .is_some_and(|bytes| bytes <= MAX_SCRYPT_BYTES)
        }
        _ => false,
    }
}

fn count(number: AnyRef<'_>) -> Opened<u32> {
    let count = number.decode_as::<u32>()?;
    if count > MAX_ROUNDS {
        return Err(Closed::Unsupported);
    }
    Ok(count)
}

fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

/// Returns the value of a part with this tag.
fn value(part: AnyRef<'_>, tag: Tag) -> Opened<&[u8]> {
    (part.tag() == tag).then(|| part.value()).ok_or(Closed::Damaged)
}

/// Returns what a `ContentInfo` of this type holds.
fn content(info: AnyRef<'_>, kind: ObjectIdentifier) -> Opened<AnyRef<'_>> {
    let [own, held] = all(value(info, Tag::Sequence)?)?;
    if own.decode_as::<ObjectIdentifier>()? != kind {
        return Err(Closed::Damaged);
    }
    let [held] = all(value(held, explicit(0))?)?;
    Ok(held)
}

/// Returns the parts that stand one after the other.
fn parts(bytes: &[u8]) -> Opened<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes)?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader)?);
    }
    Ok(parts)
}

/// Returns the parts when there are exactly `N`.
fn all<const N: usize>(bytes: &[u8]) -> Opened<[AnyRef<'_>; N]> {
    parts(bytes)?.try_into().map_err(|_| Closed::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that OpenSSL 3 wrote, one with its old ciphers, and their password.
    const FILES: [&[u8]; 2] = [
        include_bytes!("../../../tests/azure/data/client.pfx"),
        include_bytes!("../../../tests/azure/data/client-legacy.pfx"),
    ];
    const PASSWORD: &str = "hunter2";

    #[test]
    fn a_damaged_file_is_an_error_and_nothing_else() {
        for file in FILES {
            assert!(open(file, PASSWORD).is_ok());
            for end in (0..file.len()).step_by(13) {
                assert!(open(&file[..end], PASSWORD).is_err(), "{end}");
            }
            for at in (0..file.len()).step_by(29) {
                let mut changed = file.to_vec();
                changed[at] ^= 0x41;
                // Only a byte that means nothing, such as one of the version, may be another.
                if let Ok(contents) = open(&changed, PASSWORD) {
                    assert!(contents.key.is_some() && at < 12, "{at}");
                }
            }
        }
    }

    #[test]
    fn without_a_signature_another_password_is_told_by_what_it_decrypts() {
        let [pfx] = all(FILES[1]).unwrap();
        let pfx = parts(pfx.value()).unwrap();
        let unsigned: Vec<u8> = pfx[..2].iter().flat_map(|part| part.to_der().unwrap()).collect();
        let unsigned = AnyRef::new(Tag::Sequence, &unsigned).unwrap().to_der().unwrap();
        assert!(open(&unsigned, PASSWORD).is_ok_and(|contents| contents.key.is_some()));
        // What three of these decrypt ends as padding does.
        for number in [0, 290, 774, 943] {
            let closed = open(&unsigned, &format!("another {number}")).err();
            assert_eq!(closed, Some(Closed::OtherPassword), "{number}");
        }
    }

    #[test]
    fn the_certificate_of_the_key_is_known_by_its_public_half() {
        for file in FILES {
            let contents = open(file, PASSWORD).unwrap_or_else(|closed| panic!("{closed:?}"));
            let key = contents.key.expect("it has one");
            let key = ring::signature::RsaKeyPair::from_pkcs8(&key).expect("it is RSA");
            assert_eq!(public_key(&contents.certificates[0]), Some(key.public().as_ref()));
        }
        for damaged in [&b""[..], b"\x30\x00", b"\x30\x02\x30\x00", b"no certificate"] {
            assert_eq!(public_key(damaged), None);
        }
    }

    #[test]
    fn a_derivation_that_would_take_forever_is_refused() {
        // The rounds of the signature stand at the end: an INTEGER 2048.
        for file in FILES {
            let (start, rounds) = file.split_at(file.len() - 4);
            assert_eq!(rounds, [2, 2, 8, 0]);
            let mut changed = start.to_vec();
            changed.extend([2, 2, 0x7f, 0xff]);
            assert_eq!(open(&changed, PASSWORD).err(), Some(Closed::OtherPassword));
        }
        for (number, refused) in [
            (&[2, 3, 0x0f, 0x42, 0x40][..], false),
            (&[2, 3, 0x0f, 0x42, 0x41], true),
        ] {
            let number = AnyRef::from_der(number).expect("it is a number");
            assert_eq!(count(number) == Err(Closed::Unsupported), refused);
        }
    }
}
