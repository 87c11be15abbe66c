//! Fernet: how Airflow encrypts passwords, extras and variables in its database.
//!
//! Owns keys and tokens. Must not know where a key is configured, or what a token stands for. The time in a token is not looked at.
//!
//! Source: cryptography 50.0.2, `cryptography/fernet.py`; <https://github.com/fernet/spec/blob/master/Spec.md>.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use ring::hmac;
use zeroize::Zeroizing;

use crate::python::base64::urlsafe_b64decode;
use crate::secret::Secret;

/// The first byte of a token.
const VERSION: u8 = 0x80;

/// The parts of a token by their ends: the version, the time, the initialization vector; and the signature at the end.
const TIME_END: usize = 9;
const IV_END: usize = 25;
const SIGNATURE_BYTES: usize = 32;

/// The keys of a configuration, in its order.
pub(super) struct Keys(Vec<Key>);

/// A key: one half signs, the other encrypts.
struct Key {
    signing: hmac::Key,
    encryption: Secret,
}

/// Why a text cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is not a token.
    NotAToken,
    /// It is a token of another key, or was changed.
    OtherKey,
}

impl Keys {
    /// Parses keys that are separated by commas. Returns `None` if one of them is not a key.
    pub(super) fn parse(text: &Secret) -> Option<Self> {
        let keys = text.expose().split(|byte| *byte == b',');
        keys.map(Key::parse).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Decrypts `token` with the first key that opens it.
    pub(super) fn open(&self, token: &Secret) -> Result<Secret, Closed> {
        let data = urlsafe_b64decode(token.expose()).ok_or(Closed::NotAToken)?;
        let data = data.expose();
        if data.first() != Some(&VERSION) || data.len() < TIME_END {
            return Err(Closed::NotAToken);
        }
        self.0
            .iter()
            .find_map(|key| key.open(data))
            .ok_or(Closed::OtherKey)
    }
}

impl Key {
    fn parse(text: &[u8]) -> Option<Self> {
        let key = urlsafe_b64decode(text)?;
        let (signing, encryption) = key.expose().split_at_checked(16)?;
        (encryption.len() == 16).then(|| Self {
            signing: hmac::Key::new(hmac::HMAC_SHA256, signing),
            encryption: Secret::new(encryption),
        })
    }

    fn open(&self, data: &[u8]) -> Option<Secret> {
        let (signed, signature) = data.split_at_checked(data.len().checked_sub(SIGNATURE_BYTES)?)?;
        hmac::verify(&self.signing, signed, signature).ok()?;
        let iv = signed.get(TIME_END..IV_END)?;
        let decryptor = cbc::Decryptor::<Aes128>::new_from_slices(self.encryption.expose(), iv).ok()?;
        let mut blocks = Zeroizing::new(signed.get(IV_END..)?.to_vec());
        decryptor
            .decrypt_padded::<Pkcs7>(&mut blocks)
            .ok()
            .map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    /// The specification's token of "hello".
    const TOKEN: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    fn open(keys: &str, token: &str) -> Result<Secret, Closed> {
        Keys::parse(&Secret::from(keys))
            .expect("they are keys")
            .open(&Secret::from(token))
    }

    #[test]
    fn a_token_is_opened_by_any_of_the_keys() {
        let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for keys in [KEY.to_owned(), format!("{other},{KEY}"), format!("{KEY},{other}")] {
            assert_eq!(open(&keys, TOKEN), Ok(Secret::from("hello")), "{keys}");
        }
        assert_eq!(open(other, TOKEN), Err(Closed::OtherKey));
    }

    #[test]
    fn keys_and_tokens_may_have_foreign_characters() {
        let spaced = |text: &str| {
            format!(" {}\n{} ", &text[..9], &text[9..])
                .replace('-', "+")
                .replace('_', "/")
        };
        assert_eq!(open(&spaced(KEY), &spaced(TOKEN)), Ok(Secret::from("hello")));
    }

    #[test]
    fn a_changed_token_is_not_opened() {
        for (token, closed) in [
            (String::new(), Closed::NotAToken),
            ("hunter2".to_owned(), Closed::NotAToken),
            ("gAAA".to_owned(), Closed::NotAToken),
            (TOKEN.replace('=', ""), Closed::NotAToken),
            (TOKEN.replacen("gA", "hA", 1), Closed::NotAToken),
            (TOKEN[..16].to_owned(), Closed::OtherKey),
            (TOKEN.replace("DA==", "CA=="), Closed::OtherKey),
            (TOKEN.replacen("AECAw", "AECAx", 1), Closed::OtherKey),
        ] {
            assert_eq!(open(KEY, &token), Err(closed), "{token}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in ["", "hunter2", &format!("{KEY},"), &KEY[..43], "AAAA"] {
            assert!(Keys::parse(&Secret::from(text)).is_none(), "{text}");
        }
        // What follows the padding is not read.
        assert!(Keys::parse(&Secret::from(format!("{KEY}hunter2"))).is_some());
    }
}
