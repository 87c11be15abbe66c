//! The tag of a plain scalar: PyYAML's implicit resolvers, which are YAML 1.1's, each rule as a small matcher.
//!
//! Source: PyYAML 6.0.3, `yaml/resolver.py`.

/// A tag that the safe loader has a constructor for; any other tag is [`Tag::Unknown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Binary,
    Timestamp,
    Omap,
    Pairs,
    Set,
    Str,
    Seq,
    Map,
    /// `<<`, which has no constructor: it has a meaning only as a key.
    Merge,
    /// `=`, which has no constructor: as a key it is text.
    Value,
    Unknown,
}

impl Tag {
    /// Returns the tag with this full name.
    pub(super) fn from_name(name: &str) -> Self {
        match name.strip_prefix("tag:yaml.org,2002:") {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("binary") => Self::Binary,
            Some("timestamp") => Self::Timestamp,
            Some("omap") => Self::Omap,
            Some("pairs") => Self::Pairs,
            Some("set") => Self::Set,
            Some("str") => Self::Str,
            Some("seq") => Self::Seq,
            Some("map") => Self::Map,
            Some("merge") => Self::Merge,
            Some("value") => Self::Value,
            _ => Self::Unknown,
        }
    }
}

/// Resolves the tag of a plain scalar.
pub(super) fn resolve(value: &str) -> Tag {
    // Python's `$` also matches before a final newline.
    let value = value
        .strip_suffix('\n')
        .filter(|value| !value.is_empty())
        .unwrap_or(value);
    let bytes = value.as_bytes();
    match bytes.first() {
        None => Tag::Null,
        Some(b'0'..=b'9' | b'-' | b'+' | b'.') => {
            if is_float(bytes) {
                Tag::Float
            } else if is_int(bytes) {
                Tag::Int
            } else if is_timestamp(bytes) {
                Tag::Timestamp
            } else {
                Tag::Str
            }
        }
        Some(_) => match value {
            "~" | "null" | "Null" | "NULL" => Tag::Null,
            "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "true" | "True" | "TRUE" | "false" | "False"
            | "FALSE" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => Tag::Bool,
            "<<" => Tag::Merge,
            "=" => Tag::Value,
            _ => Tag::Str,
        },
    }
}

/// Splits off the longest prefix of bytes for which `allowed` holds.
fn run(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !allowed(*byte))
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn unsigned(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'+' | b'-', rest @ ..] => rest,
        _ => bytes,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

/// Removes `[0-9][0-9_]*` from the front.
fn digits(bytes: &[u8]) -> Option<&[u8]> {
    let (run, rest) = run(bytes, is_digit_or_underscore);
    run.first()
        .copied()
        .filter(|first| is_digit(*first))
        .map(|_| rest)
}

/// Removes `(?::[0-5]?[0-9])+` from the front.
fn sixtieths(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut found = false;
    loop {
        bytes = match bytes {
            [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b':', b'0'..=b'9', rest @ ..] => rest,
            _ => return found.then_some(bytes),
        };
        found = true;
    }
}

/// Matches `(?:[eE][-+][0-9]+)?` up to the end.
fn is_exponent(bytes: &[u8]) -> bool {
    match bytes {
        [] => true,
        [b'e' | b'E', b'-' | b'+', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn is_float(bytes: &[u8]) -> bool {
    if matches!(bytes, b".nan" | b".NaN" | b".NAN") {
        return true;
    }
    // `\.[0-9][0-9_]*`, which has no sign
    if let [b'.', rest @ ..] = bytes
        && let Some(rest) = digits(rest)
    {
        return is_exponent(rest);
    }
    let bytes = unsigned(bytes);
    if matches!(bytes, b".inf" | b".Inf" | b".INF") {
        return true;
    }
    let Some(rest) = digits(bytes) else { return false };
    if let [b'.', rest @ ..] = rest {
        return is_exponent(run(rest, is_digit_or_underscore).1);
    }
    match sixtieths(rest) {
        Some([b'.', rest @ ..]) => rest.iter().all(|byte| is_digit_or_underscore(*byte)),
        _ => false,
    }
}

fn is_int(bytes: &[u8]) -> bool {
    let all =
        |bytes: &[u8], allowed: fn(u8) -> bool| !bytes.is_empty() && bytes.iter().all(|byte| allowed(*byte));
    match unsigned(bytes) {
        [b'0'] => true,
        [b'0', b'b', rest @ ..] => all(rest, |byte| matches!(byte, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => all(rest, |byte| byte.is_ascii_hexdigit() || byte == b'_'),
        [b'0', rest @ ..] => all(rest, |byte| matches!(byte, b'0'..=b'7' | b'_')),
        rest => match digits(rest) {
            Some([]) => true,
            Some(rest) => sixtieths(rest) == Some(&[]),
            None => false,
        },
    }
}

/// Removes a number of `least` to `most` digits from the front.
fn number(bytes: &[u8], least: usize, most: usize) -> Option<&[u8]> {
    let count = bytes
        .iter()
        .take(most)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (count >= least).then(|| &bytes[count..])
}

fn byte(bytes: &[u8], expected: u8) -> Option<&[u8]> {
    bytes.strip_prefix(&[expected])
}

fn is_timestamp(bytes: &[u8]) -> bool {
    is_plain_date(bytes).is_some() || is_date_and_time(bytes).is_some()
}

/// Matches `yyyy-mm-dd`.
fn is_plain_date(bytes: &[u8]) -> Option<()> {
    let rest = byte(number(bytes, 4, 4)?, b'-')?;
    let rest = byte(number(rest, 2, 2)?, b'-')?;
    number(rest, 2, 2)?.is_empty().then_some(())
}

/// Matches a date with a time. Every field except the year has one or two digits.
fn is_date_and_time(bytes: &[u8]) -> Option<()> {
    let rest = byte(number(bytes, 4, 4)?, b'-')?;
    let rest = byte(number(rest, 1, 2)?, b'-')?;
    let rest = number(rest, 1, 2)?;
    let rest = match rest {
        [b'T' | b't', rest @ ..] => rest,
        [b' ' | b'\t', ..] => run(rest, |byte| matches!(byte, b' ' | b'\t')).1,
        _ => return None,
    };
    let rest = byte(number(rest, 1, 2)?, b':')?;
    let rest = byte(number(rest, 2, 2)?, b':')?;
    let rest = number(rest, 2, 2)?;
    let rest = match rest {
        [b'.', rest @ ..] => run(rest, is_digit).1,
        _ => rest,
    };
    is_zone(run(rest, |byte| matches!(byte, b' ' | b'\t')).1, rest.is_empty())
}

/// Matches `(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?` after its blanks; an absent time zone matches too.
fn is_zone(bytes: &[u8], nothing: bool) -> Option<()> {
    let rest = match bytes {
        [] => return nothing.then_some(()),
        [b'Z'] => return Some(()),
        [b'-' | b'+', rest @ ..] => number(rest, 1, 2)?,
        _ => return None,
    };
    match rest {
        [] => Some(()),
        [b':', rest @ ..] => number(rest, 2, 2)?.is_empty().then_some(()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tag, resolve};

    #[test]
    fn plain_scalars_have_yaml_1_1_tags() {
        for (tag, values) in [
            (Tag::Null, &["", "~", "null", "NULL"][..]),
            (Tag::Bool, &["yes", "No", "ON", "off", "True"]),
            (
                Tag::Int,
                &[
                    "0",
                    "010",
                    "0_",
                    "-1_000",
                    "0x1F",
                    "+0b1_0",
                    "1:30",
                    "190:20:30",
                    "0b_",
                    "12_",
                ],
            ),
            (
                Tag::Float,
                &[
                    "1.", "1.5", ".5", "-1.5e+3", "1:30.5", ".inf", "-.INF", ".NaN", "0.", "1_0._",
                ],
            ),
            (
                Tag::Timestamp,
                &[
                    "2024-01-31",
                    "2024-1-3T4:05:06",
                    "2024-01-31 10:00:00.5 +2:30",
                    "2024-01-31t1:00:00Z",
                ],
            ),
            (Tag::Merge, &["<<"]),
            (Tag::Value, &["="]),
            (
                Tag::Str,
                &[
                    "y",
                    "n",
                    "nULL",
                    "08",
                    "1e3",
                    "-.5",
                    ".",
                    "-",
                    "+",
                    "1:60",
                    "1:",
                    "0o7",
                    "0X1",
                    "0b",
                    "1.5e3",
                    "2024-1-31",
                    "2024-01-31 10:00",
                    "2024-01-31 10:00:00 ",
                    "._5",
                    "-.nan",
                    "1:30.5e+3",
                    "<",
                    "_1",
                    "0b2",
                    "12-",
                ],
            ),
        ] {
            for value in values {
                assert_eq!(resolve(value), tag, "{value}");
            }
        }
    }
}
