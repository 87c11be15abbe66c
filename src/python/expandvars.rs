//! `posixpath.expandvars` and `posixpath.expanduser` of `CPython` 3.11, over bytes.
//!
//! Python works on text in which every byte that is not UTF-8 is a lone surrogate (`surrogateescape`). The two functions
//! look only for ASCII, so working on bytes gives the same result.
//!
//! <https://docs.python.org/3.11/library/os.path.html#os.path.expandvars>

use std::borrow::Cow;

/// Replaces `$name` and `${name}` with the value from `variable`, from left to right. An unknown name stays.
///
/// Replacements are not expanded again.
pub fn expandvars<'t, 'v>(
    text: &'t [u8],
    mut variable: impl FnMut(&str) -> Option<&'v [u8]>,
) -> Cow<'t, [u8]> {
    let mut expanded = Vec::new();
    let mut copied = 0;
    let mut position = 0;
    while let Some(dollar) = find(&text[position..], b'$').map(|found| position + found) {
        position = dollar + 1;
        let Some((name, end)) = reference(text, position) else {
            continue;
        };
        position = end;
        if let Some(value) = std::str::from_utf8(name).ok().and_then(&mut variable) {
            expanded.extend_from_slice(&text[copied..dollar]);
            expanded.extend_from_slice(value);
            copied = end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    expanded.extend_from_slice(&text[copied..]);
    Cow::Owned(expanded)
}

/// Returns the name of the reference whose `$` precedes `start`, and where the name ends.
fn reference(text: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = &text[start..];
    if rest.first() == Some(&b'{') {
        let end = find(rest, b'}')?;
        return Some((&rest[1..end], start + end + 1));
    }
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = rest.iter().position(|byte| !is_word(byte)).unwrap_or(rest.len());
    (length > 0).then(|| (&rest[..length], start + length))
}

/// Replaces a `~` or `~name` at the start with the home folder from `home`.
///
/// `home` gets the name, or `None` for the current user. An unknown user's `~name` stays.
pub fn expanduser(path: &[u8], home: impl FnOnce(Option<&[u8]>) -> Option<Vec<u8>>) -> Cow<'_, [u8]> {
    let Some(rest) = path.strip_prefix(b"~") else {
        return Cow::Borrowed(path);
    };
    let (name, rest) = rest.split_at(find(rest, b'/').unwrap_or(rest.len()));
    let Some(mut expanded) = home((!name.is_empty()).then_some(name)) else {
        return Cow::Borrowed(path);
    };
    let kept = expanded
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |last| last + 1);
    expanded.truncate(kept);
    expanded.extend_from_slice(rest);
    if expanded.is_empty() {
        expanded.push(b'/');
    }
    Cow::Owned(expanded)
}

fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        let variable = |name: &str| match name {
            "A" => Some(b"1".as_slice()),
            "AB" => Some(b"$A".as_slice()),
            "E" => Some(b"".as_slice()),
            "a b" => Some(b"blank".as_slice()),
            _ => None,
        };
        String::from_utf8(expandvars(text.as_bytes(), variable).into_owned()).unwrap()
    }

    #[test]
    fn references_are_replaced_once_and_unknown_names_stay() {
        assert_eq!(expanded("$A-${A}-$AB-$E."), "1-1-$A-.");
        assert_eq!(
            expanded("$UNKNOWN ${UNKNOWN} $1 $$ $ ${ ${}"),
            "$UNKNOWN ${UNKNOWN} $1 $$ $ ${ ${}"
        );
        assert_eq!(expanded("\\$A $$A ${a b} $Aé"), "\\1 $1 blank 1é");
        assert_eq!(expanded("${X$A}$A"), "${X$A}1");
        assert_eq!(expanded("${$A"), "${1");
        // Only braces allow an empty name.
        let nameless = expandvars(b"$ $$ ${}", |name| name.is_empty().then_some(b"x".as_slice()));
        assert_eq!(*nameless, *b"$ $$ x");
    }

    #[test]
    fn a_tilde_counts_at_the_start_only() {
        let home = |name: Option<&[u8]>| match name {
            None => Some(b"/home/me//".to_vec()),
            Some(b"root") => Some(b"/".to_vec()),
            Some(_) => None,
        };
        let expanded =
            |path: &str| String::from_utf8(expanduser(path.as_bytes(), home).into_owned()).unwrap();
        assert_eq!(expanded("~/x"), "/home/me/x");
        assert_eq!(expanded("~"), "/home/me");
        assert_eq!(expanded("~root/x"), "/x");
        assert_eq!(expanded("~root"), "/");
        assert_eq!(expanded("~nobody/x"), "~nobody/x");
        assert_eq!(expanded("x~/y"), "x~/y");
    }
}
