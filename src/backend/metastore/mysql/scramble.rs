//! The answers of MySQL's authentication plugins.
//!
//! Owns the arithmetic of each plugin. Must not know packets. Facts: MySQL 8.4, source code documentation, "Authentication
//! Methods"; MariaDB 10.11, `plugin/auth_ed25519` (SUPERCOP's `ref10`, with the password in place of the seed); RFC 8017, section
//! 7.1.1, for OAEP.

use curve25519_dalek::{EdwardsPoint, Scalar};
use num_bigint::BigUint;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode as _, Reader as _, SliceReader};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY as SHA1, SHA256, SHA512, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::secret::Secret;

fn hash(algorithm: &'static Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    digest(algorithm, &parts.concat()).as_ref().to_vec()
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| left ^ right).collect()
}

/// Returns the answer of `mysql_native_password`.
pub(super) fn native(password: &Secret, challenge: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Zeroizing::new(hash(&SHA1, &[password.expose()]));
    let twice = hash(&SHA1, &[&once]);
    xor(&hash(&SHA1, &[challenge, &twice]), &once)
}

/// Returns the first answer of `caching_sha2_password`.
pub(super) fn caching_sha2(password: &Secret, challenge: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Zeroizing::new(hash(&SHA256, &[password.expose()]));
    let twice = hash(&SHA256, &[&once]);
    xor(&once, &hash(&SHA256, &[&twice, challenge]))
}

/// Returns the answer of MariaDB's `client_ed25519`: a signature with a key made from the password.
pub(super) fn ed25519(password: &Secret, challenge: &[u8]) -> Vec<u8> {
    let expanded = Zeroizing::new(hash(&SHA512, &[password.expose()]));
    let (secret, prefix) = expanded.split_at(32);
    let secret = Zeroizing::new(curve25519_dalek::scalar::clamp_integer(wide(secret)));
    let secret = Zeroizing::new(Scalar::from_bytes_mod_order(*secret));
    let public = EdwardsPoint::mul_base(&secret).compress();
    let nonce = Zeroizing::new(Scalar::from_bytes_mod_order_wide(&wide(&hash(
        &SHA512,
        &[prefix, challenge],
    ))));
    let commitment = EdwardsPoint::mul_base(&nonce).compress();
    let parts = [commitment.as_bytes().as_slice(), public.as_bytes(), challenge];
    let factor = Scalar::from_bytes_mod_order_wide(&wide(&hash(&SHA512, &parts)));
    let proof = factor * *secret + *nonce;
    [commitment.to_bytes(), proof.to_bytes()].concat()
}

/// Returns the bytes as an array. It is called with as many bytes as the array has.
fn wide<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

/// Returns the password, encrypted for the server's RSA key in PEM form. Returns `None` for a key that is unusable or too small.
pub(super) fn encrypted(password: &Secret, challenge: &[u8], pem: &[u8]) -> Option<Vec<u8>> {
    if challenge.is_empty() {
        return None;
    }
    let text = Zeroizing::new([password.expose(), &[0]].concat());
    let masked = text
        .iter()
        .zip(challenge.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    let masked = Zeroizing::new(masked.collect::<Vec<u8>>());
    let (modulus, exponent) = public_key(pem)?;
    let size = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
    let block = oaep(&masked, size)?;
    let number = BigUint::from_bytes_be(&block).modpow(&exponent, &modulus);
    let digits = number.to_bytes_be();
    Some([vec![0; size.checked_sub(digits.len())?], digits].concat())
}

/// Reads an RSA key of 1024 to 8192 bits. Returns modulus and exponent.
fn public_key(pem: &[u8]) -> Option<(BigUint, BigUint)> {
    const MAX_EXPONENT_BITS: u64 = 64;
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    let info = SubjectPublicKeyInfoRef::from_der(der.as_ref()).ok()?;
    let key = info.subject_public_key.as_bytes()?;
    let mut reader = SliceReader::new(key).ok()?;
    let pair = reader.sequence(|reader| {
        let pair = (UintRef::decode(reader)?, UintRef::decode(reader)?);
        Ok::<_, pkcs8::der::Error>(pair)
    });
    let (modulus, exponent) = pair.ok()?;
    let [modulus, exponent] = [modulus, exponent].map(|number| BigUint::from_bytes_be(number.as_bytes()));
    ((1024..=8192).contains(&modulus.bits()) && (2..=MAX_EXPONENT_BITS).contains(&exponent.bits()))
        .then_some((modulus, exponent))
}

/// Pads a message with OAEP and SHA-1, without a label, to `size` bytes.
fn oaep(message: &[u8], size: usize) -> Option<Zeroizing<Vec<u8>>> {
    const HASH: usize = 20;
    let padding = size.checked_sub(message.len() + 2 * HASH + 2)?;
    let mut seed = [0; HASH];
    SystemRandom::new().fill(&mut seed).ok()?;
    let empty = hash(&SHA1, &[]);
    let data = Zeroizing::new([empty.as_slice(), &vec![0; padding], &[1], message].concat());
    let masked_data = xor(&data, &mask(&seed, data.len()));
    let masked_seed = xor(&seed, &mask(&masked_data, HASH));
    Some(Zeroizing::new(
        [&[0], masked_seed.as_slice(), &masked_data].concat(),
    ))
}

/// MGF1 with SHA-1.
fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask: Vec<u8> = (0_u32..)
        .map(|counter| hash(&SHA1, &[seed, &counter.to_be_bytes()]))
        .take(length.div_ceil(20))
        .collect::<Vec<_>>()
        .concat();
    mask.truncate(length);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &[u8] = b"0123456789abcdefghij";

    /// A key made for this test, and its private exponent.
    const KEY: &[u8] = b"-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDLI+kNR7O99S/e3TM1AX1wreKp
ZYv2wDun6H/CJckegsK7Dmh3bZ3wBW3lIjoPxgztcG+HdbbwlvwBrdfoDdhdbx7v
j153YpaM8qtgvUkl4QTCt6VCRdJ2Xm1rtoe19G+PN0ko6tV+FCraiLhJCAnBjZM6
jitq4PJrHU7iZ7odfQIDAQAB
-----END PUBLIC KEY-----
";
    const PRIVATE: &[u8] = b"2c4a6318bb266c67560da06af6c6a163fcf5ab7b717dd641eb851cbde6e127ded8b85216e2db2a91578db364b80612676529\
        9b978c49dbc0ffa71a11360e36bb1cf57b979deea91db05e99236eb644bed07534183baca9b005c99856690321892f3572021121c19994f46ad073\
        36379024874e68b959c5f66312efe945800361";

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    }

    /// The expected answers are those of pymysql 1.2.4, `_auth.py`.
    #[test]
    fn the_answers_are_those_of_pymysql() {
        let password = Secret::from("päss");
        assert_eq!(
            hex(&native(&password, CHALLENGE)),
            "8590e4deab275fe82d0ea704f0ff7c22ea543a97"
        );
        assert_eq!(
            hex(&caching_sha2(&password, CHALLENGE)),
            "b8b0092dbc28abb524b83d76702210e7c265ba85640c04616b8a5e7698b03b8a"
        );
        let empty = Secret::default();
        assert!(native(&empty, CHALLENGE).is_empty() && caching_sha2(&empty, CHALLENGE).is_empty());
    }

    #[test]
    fn only_the_owner_of_the_key_can_read_the_password() {
        let password = Secret::from("päss");
        let encrypted = encrypted(&password, CHALLENGE, KEY).unwrap();
        assert_eq!(encrypted.len(), 128);
        let (modulus, _) = public_key(KEY).unwrap();
        let private = BigUint::parse_bytes(PRIVATE, 16).unwrap();
        let block = BigUint::from_bytes_be(&encrypted)
            .modpow(&private, &modulus)
            .to_bytes_be();
        let block = [vec![0; 128 - block.len()], block].concat();
        let (seed, data) = block[1..].split_at(20);
        let seed = xor(seed, &mask(data, 20));
        let data = xor(data, &mask(&seed, data.len()));
        let message = &data[data.iter().rposition(|byte| *byte == 1).unwrap() + 1..];
        let text = xor(message, CHALLENGE);
        assert_eq!(text, [password.expose(), &[0]].concat());
    }

    #[test]
    fn an_unusable_key_is_refused_without_a_panic() {
        let short = KEY.len() / 2;
        let zeroed: Vec<u8> = KEY
            .iter()
            .map(|byte| if *byte == b'I' { b'A' } else { *byte })
            .collect();
        for key in [
            &b""[..],
            b"x",
            &KEY[..short],
            &zeroed,
            b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
        ] {
            assert_eq!(encrypted(&Secret::from("p"), CHALLENGE, key), None);
        }
        assert_eq!(encrypted(&Secret::from("x".repeat(200)), CHALLENGE, KEY), None);
        assert_eq!(encrypted(&Secret::from("p"), b"", KEY), None);
    }
}
