//! Header values as Python sends them: Latin-1, and only what a server reads back unchanged.
//!
//! Sources: requests 2.34.2, `utils.py` (`check_header_validity`); CPython 3.11, `http/client.py` (`putheader`).

use crate::python::text::is_space;
use crate::secret::Secret;

/// Returns the bytes to send, or `None` where Python refuses to send the value.
///
/// It refuses a value that begins with whitespace, has more than one line, or has a character outside Latin-1.
pub(super) fn value(text: &Secret) -> Option<Secret> {
    let text = text.expose_text()?;
    if text.starts_with(is_space) || text.contains(['\r', '\n']) {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::value;
    use crate::secret::Secret;

    #[test]
    fn a_value_is_latin_1_without_leading_whitespace() {
        for (text, bytes) in [
            ("hvs.x", Some(&b"hvs.x"[..])),
            ("", Some(b"")),
            ("é ", Some(b"\xe9 ")),
            ("€", None),
            (" hvs.x", None),
            ("\u{1c}x", None),
            ("a\nb", None),
        ] {
            let sent = value(&Secret::from(text));
            assert_eq!(sent.as_ref().map(Secret::expose), bytes, "{text:?}");
        }
    }
}
