//! The methods of `str`, as CPython 3.11 has them.
//!
//! <https://docs.python.org/3.11/library/stdtypes.html#string-methods>

use super::arguments::{Arguments, integer, text_argument, truth};
use super::format;
use super::operators::MOST_ITEMS;
use super::problem::{Problem, Result};
use super::text_of::{LONGEST, too_long};
use super::value::{Text, Value};
use crate::python::text::{is_space, lines, lower, upper};

/// Calls a method of `owner`.
pub(super) fn call(owner: &str, name: &str, arguments: Arguments) -> Result<Value> {
    match name {
        "upper" | "lower" | "capitalize" | "title" | "isascii" | "isspace" | "isdigit" | "isdecimal"
        | "isnumeric" | "isalpha" | "isalnum" | "islower" | "isupper" => {
            arguments.none(name)?;
            without_arguments(owner, name)
        }
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = arguments.bind(name, ["*chars"], 0)?;
            let chars = chars.filter(|chars| !matches!(chars, Value::None));
            let chars = chars.map(|chars| text_argument(name, Some(&chars))).transpose()?;
            Ok(Value::text(strip(owner, name, chars.as_deref())))
        }
        "split" | "rsplit" => {
            let [separator, most] = arguments.bind(name, ["sep", "maxsplit"], 0)?;
            let separator = separator.filter(|separator| !matches!(separator, Value::None));
            let separator = separator
                .map(|separator| text_argument(name, Some(&separator)))
                .transpose()?;
            let most = most.map_or(Ok(-1), |most| integer(name, &most))?;
            split(owner, name, separator.as_deref(), usize::try_from(most).ok())
        }
        "splitlines" => {
            let [keep] = arguments.bind(name, ["keepends"], 0)?;
            if truth(keep.as_ref(), false)? {
                return Err(Problem::unsupported("`splitlines` with `keepends`"));
            }
            Ok(Value::list(lines(owner).map(Value::text).collect()))
        }
        "join" => {
            let [items] = arguments.bind(name, ["*items"], 1)?;
            let mut all = Vec::new();
            for item in super::sequences::items(&items.unwrap_or(Value::None))? {
                all.push(text_argument(name, Some(&item))?);
            }
            join(owner, &all).map(Value::Text)
        }
        "replace" => {
            let [old, new, count] = arguments.bind(name, ["*old", "*new", "*count"], 2)?;
            let (old, new) = (
                text_argument(name, old.as_ref())?,
                text_argument(name, new.as_ref())?,
            );
            let count = count.map_or(Ok(-1), |count| integer(name, &count))?;
            replace(owner, &old, &new, usize::try_from(count).ok()).map(Value::Text)
        }
        "startswith" | "endswith" => {
            let [part] = arguments.bind(name, ["*part"], 1)?;
            let parts = match part {
                Some(Value::Tuple(parts)) => parts.to_vec(),
                part => vec![part.unwrap_or(Value::None)],
            };
            for part in &parts {
                let part = text_argument(name, Some(part))?;
                let matches = if name == "startswith" {
                    owner.starts_with(&*part)
                } else {
                    owner.ends_with(&*part)
                };
                if matches {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        "removeprefix" | "removesuffix" | "partition" | "rpartition" | "find" | "rfind" | "index"
        | "rindex" | "count" => {
            let [part] = arguments.bind(name, ["*part"], 1)?;
            with_part(owner, name, &text_argument(name, part.as_ref())?)
        }
        "center" | "ljust" | "rjust" => {
            let [width, fill] = arguments.bind(name, ["*width", "*fill"], 1)?;
            let width = integer(name, &width.unwrap_or(Value::None))?;
            let fill = fill.map_or(Ok(Text::from(" ")), |fill| text_argument(name, Some(&fill)))?;
            justify(owner, name, width, &fill).map(Value::Text)
        }
        "zfill" => {
            let [width] = arguments.bind(name, ["*width"], 1)?;
            let width = integer(name, &width.unwrap_or(Value::None))?;
            let (sign, digits) = owner
                .strip_prefix(['+', '-'])
                .map_or(("", owner), |digits| (&owner[..1], digits));
            let width = width - i128::from(!sign.is_empty());
            let digits = justify(digits, "rjust", width, "0")?;
            Ok(Value::text(format!("{sign}{}", &*digits)))
        }
        "format" => format::format(
            owner,
            &arguments.positional,
            &arguments.named,
            &super::sequences::reach,
        )
        .map(Value::Text),
        name => Err(Problem::unsupported(format!("the method `{name}` of type str"))),
    }
}

fn without_arguments(owner: &str, name: &str) -> Result<Value> {
    let ascii_only = || -> Result<()> {
        if owner.is_ascii() {
            Ok(())
        } else {
            Err(Problem::unsupported(format!("`{name}` of text beyond ASCII")))
        }
    };
    let all = |is: fn(char) -> bool| Value::Bool(!owner.is_empty() && owner.chars().all(is));
    Ok(match name {
        "upper" => Value::text(upper(owner)),
        "lower" => Value::text(lower(owner)),
        "capitalize" => Value::text(capitalize(owner)),
        "title" => {
            ascii_only()?;
            Value::text(title(owner))
        }
        "isascii" => Value::Bool(owner.is_ascii()),
        "isspace" => all(is_space),
        "isdecimal" => all(crate::python::text::is_decimal),
        "isalnum" => all(crate::python::text::is_alphanumeric),
        "islower" | "isupper" => {
            ascii_only()?;
            let has = |is: fn(&char) -> bool| owner.chars().any(|c| is(&c));
            let (lower, upper) = (has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
            Value::Bool(if name == "islower" {
                lower && !upper
            } else {
                upper && !lower
            })
        }
        "isalpha" => {
            ascii_only()?;
            all(|c| c.is_ascii_alphabetic())
        }
        _ => {
            ascii_only()?;
            all(|c| c.is_ascii_digit())
        }
    })
}

/// Returns `text.capitalize()`.
pub(super) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // Python uses the title case, which differs from the upper case for a few letters.
        Some(first) => upper(&first.to_string()) + &lower(chars.as_str()),
        None => String::new(),
    }
}

fn title(text: &str) -> String {
    let mut after_letter = false;
    let convert = |c: char| {
        let converted = if after_letter {
            c.to_ascii_lowercase()
        } else {
            c.to_ascii_uppercase()
        };
        after_letter = c.is_ascii_alphabetic();
        converted
    };
    text.chars().map(convert).collect()
}

/// Strips `chars`, or blanks, from the sides that the method names.
pub(super) fn strip<'a>(text: &'a str, name: &str, chars: Option<&str>) -> &'a str {
    let is_stripped = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    match name {
        "lstrip" => text.trim_start_matches(is_stripped),
        "rstrip" => text.trim_end_matches(is_stripped),
        _ => text.trim_matches(is_stripped),
    }
}

fn split(text: &str, name: &str, separator: Option<&str>, most: Option<usize>) -> Result<Value> {
    if separator.is_some_and(str::is_empty) {
        return Err(Problem::usage(format!("`{name}` with an empty separator")));
    }
    let most = most.unwrap_or(usize::MAX);
    let mut parts: Vec<&str> = match (separator, name) {
        (Some(separator), "split") => text.splitn(most.saturating_add(1), separator).collect(),
        (Some(separator), _) => text.rsplitn(most.saturating_add(1), separator).collect(),
        (None, "split") => {
            let mut rest = text.trim_start_matches(is_space);
            let mut parts = Vec::new();
            while !rest.is_empty() {
                if parts.len() == most {
                    parts.push(rest.trim_end_matches(is_space));
                    break;
                }
                let end = rest.find(is_space).unwrap_or(rest.len());
                parts.push(&rest[..end]);
                rest = rest[end..].trim_start_matches(is_space);
            }
            parts
        }
        (None, _) => {
            let mut rest = text.trim_end_matches(is_space);
            let mut parts = Vec::new();
            while !rest.is_empty() {
                if parts.len() == most {
                    parts.push(rest.trim_start_matches(is_space));
                    break;
                }
                let last = rest.char_indices().rfind(|(_, c)| is_space(*c));
                let start = last.map_or(0, |(at, c)| at + c.len_utf8());
                parts.push(&rest[start..]);
                rest = rest[..start].trim_end_matches(is_space);
            }
            parts
        }
    };
    if name == "rsplit" {
        parts.reverse();
    }
    if parts.len() > MOST_ITEMS {
        return Err(Problem::usage(format!(
            "it makes a list of more than {MOST_ITEMS} items"
        )));
    }
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

/// Joins texts.
pub(super) fn join(separator: &str, items: &[Text]) -> Result<Text> {
    let length: usize = items.iter().map(|item| item.len() + separator.len()).sum();
    if length > LONGEST {
        return Err(too_long());
    }
    let mut out = String::with_capacity(length);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(item);
    }
    Ok(out.into())
}

/// Replaces the first `count` occurrences, or all.
pub(super) fn replace(text: &str, old: &str, new: &str, count: Option<usize>) -> Result<Text> {
    let found = text.matches(old).count().min(count.unwrap_or(usize::MAX));
    let length = found.saturating_mul(new.len()).saturating_add(text.len());
    if length > LONGEST {
        return Err(too_long());
    }
    Ok(text.replacen(old, new, found).into())
}

fn with_part(owner: &str, name: &str, part: &str) -> Result<Value> {
    let characters = |at: usize| Value::size(owner[..at].chars().count());
    let found = if name.starts_with('r') && name != "removeprefix" && name != "removesuffix" {
        owner.rfind(part)
    } else {
        owner.find(part)
    };
    Ok(match name {
        "removeprefix" => Value::text(owner.strip_prefix(part).unwrap_or(owner)),
        "removesuffix" => Value::text(owner.strip_suffix(part).unwrap_or(owner)),
        "count" => Value::size(owner.matches(part).count()),
        "find" | "rfind" => found.map_or(Value::Int(-1), characters),
        "index" | "rindex" => match found {
            Some(at) => characters(at),
            None => return Err(Problem::usage(format!("`{name}` of text that is not there"))),
        },
        _ if part.is_empty() => return Err(Problem::usage(format!("`{name}` with an empty separator"))),
        _ => {
            let parts = match (found, name) {
                (Some(at), _) => [&owner[..at], part, &owner[at + part.len()..]],
                (None, "partition") => [owner, "", ""],
                (None, _) => ["", "", owner],
            };
            Value::tuple(parts.map(Value::text).to_vec())
        }
    })
}

/// Pads text to a width. Python puts the odd character of `center` on the left where the width is odd.
pub(super) fn justify(text: &str, name: &str, width: i128, fill: &str) -> Result<Text> {
    if fill.chars().count() != 1 {
        return Err(Problem::usage(format!(
            "`{name}` takes one character to fill with"
        )));
    }
    let length = text.chars().count();
    let width = usize::try_from(width.max(0)).map_err(|_| too_long())?;
    let missing = width.saturating_sub(length);
    if missing.saturating_mul(fill.len()) > LONGEST {
        return Err(too_long());
    }
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left)).into())
}
