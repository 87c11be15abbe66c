//! `base64.b64decode` without `validate`.
//!
//! <https://docs.python.org/3.11/library/base64.html#base64.b64decode>, CPython 3.11, `Modules/binascii.c` (`a2b_base64`).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::secret::Secret;

/// The bits after the last byte are not looked at.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Decodes `text` as `b64decode(text)` does: it skips what is not of the alphabet, and stops at the padding of a complete group.
///
/// Returns `None` where Python raises: text that is not ASCII, and a group without its padding.
#[must_use]
pub fn b64decode(text: &str) -> Option<Secret> {
    if !text.is_ascii() {
        return None;
    }
    let mut digits = Vec::with_capacity(text.len());
    let mut pads = 0;
    let mut is_complete = false;
    for byte in text.bytes() {
        match byte {
            b'=' if digits.len() % 4 >= 2 => {
                pads += 1;
                if digits.len() % 4 + pads >= 4 {
                    is_complete = true;
                    break;
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                digits.push(byte);
                pads = 0;
            }
            _ => {}
        }
    }
    let digits = Secret::new(digits);
    if !digits.expose().len().is_multiple_of(4) && !is_complete {
        return None;
    }
    ENGINE.decode(digits.expose()).ok().map(Secret::new)
}

/// Decodes `text` as `urlsafe_b64decode(text)` does: `+/` and `-_` are one, and bytes that are not ASCII are skipped too.
///
/// Returns `None` where Python raises: a group without its padding.
#[must_use]
pub fn urlsafe_b64decode(text: &[u8]) -> Option<Secret> {
    let standard = text.iter().filter(|byte| byte.is_ascii()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => *byte,
    });
    b64decode(Secret::new(standard.collect::<Vec<_>>()).expose_text()?)
}

#[cfg(test)]
mod tests {
    use super::{Secret, b64decode, urlsafe_b64decode};

    #[test]
    fn decoding_is_pythons() {
        for (text, expected) in [
            ("", Some("")),
            ("YQ==", Some("a")),
            ("YWI=", Some("ab")),
            ("YWJj", Some("abc")),
            ("YW Jj\n", Some("abc")),
            ("Y-W!J_j", Some("abc")),
            ("YQ==YWJj", Some("a")),
            ("YQ=YQ=", Some("a\u{6}\u{10}")),
            ("YR==", Some("a")),
            ("=YWJj", Some("abc")),
            ("YQ", None),
            ("YQ=", None),
            ("Y", None),
            ("Y===", None),
            ("é", None),
        ] {
            let decoded = b64decode(text);
            let decoded = decoded.as_ref().map(|bytes| bytes.expose_text().expect("text"));
            assert_eq!(decoded, expected, "{text}");
        }
    }

    /// The results are those of `CPython` 3.11.
    #[test]
    fn the_urlsafe_alphabet_is_decoded_with_the_other() {
        for (text, expected) in [
            ("YWJj", Some(&b"abc"[..])),
            ("YQ=x=", Some(b"a\x0c")),
            ("Y=Q==", Some(b"a")),
            ("YQ==YQ==", Some(b"a")),
            ("====YQ==", Some(b"a")),
            ("-_+/", Some(b"\xfb\xff\xbf")),
            ("\u{e9}%YWJj", Some(b"abc")),
            ("YWJjY", None),
            ("YWI", None),
            ("A", None),
        ] {
            let decoded = urlsafe_b64decode(text.as_bytes());
            assert_eq!(decoded.as_ref().map(Secret::expose), expected, "{text}");
        }
    }
}
