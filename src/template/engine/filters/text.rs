//! The filters of text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::python::quote::{quote_path, quote_plus};
use crate::python::text::{is_alphanumeric, is_space, lines, lower, upper};
use crate::template::arguments::{Arguments, integer, text as text_argument, truth};
use crate::template::format;
use crate::template::html::{escape, escape_text};
use crate::template::problem::{Problem, Result};
use crate::template::sequences::{self, items};
use crate::template::strings::{capitalize, justify, replace, strip};
use crate::template::text_of::{LONGEST, text_of, too_long};
use crate::template::value::{Dict, Key, Text, Value};

/// Applies the filter `name`.
pub(super) fn apply(name: &str, value: &Value, arguments: Arguments) -> Result<Value> {
    match name {
        "upper" | "lower" | "capitalize" | "title" | "wordcount" | "string" => {
            arguments.none(name)?;
            plain(name, value)
        }
        "e" | "escape" | "forceescape" | "safe" => {
            arguments.none(name)?;
            Ok(Value::Markup(match name {
                "safe" => text_of(value)?,
                "forceescape" => escape_text(&text_of(value)?),
                _ => escape(value)?,
            }))
        }
        "b64encode" => {
            arguments.none(name)?;
            let text = text_argument(name, value)?;
            if text.len() > LONGEST / 2 {
                return Err(too_long());
            }
            Ok(Value::text(STANDARD.encode(&*text)))
        }
        "b64decode" => {
            arguments.none(name)?;
            let text = text_argument(name, value)?;
            let bytes = STANDARD.decode(&*text).map(Zeroizing::new);
            match bytes.as_deref().map(|bytes| std::str::from_utf8(bytes)) {
                Ok(Ok(text)) => Ok(Value::text(text)),
                Ok(Err(_)) => Err(Problem::usage("`b64decode` gives bytes that are not UTF-8")),
                Err(_) => Err(Problem::usage("`b64decode` of text that is not Base64")),
            }
        }
        "center" => {
            let [width] = arguments.bind(name, ["width"], 0)?;
            let width = width.map_or(Ok(80), |width| integer(name, &width))?;
            justify(&text_of(value)?, name, width, " ").map(|text| like(value, text))
        }
        "format" => {
            if !arguments.positional.is_empty() && !arguments.named.is_empty() {
                return Err(Problem::usage(
                    "`format` takes values with names or without, not both",
                ));
            }
            if let Value::Markup(_) = value {
                return Err(Problem::unsupported(
                    "`format` of text that `tojson`, `escape` or `safe` made",
                ));
            }
            let values = if arguments.named.is_empty() {
                Value::tuple(arguments.positional)
            } else {
                let mut dict = Dict::new();
                for (name, value) in arguments.named {
                    let name = Text::from(name);
                    dict.insert(Key::Text(name.clone()), (Value::Text(name), value));
                }
                Value::dict(dict)
            };
            format::printf(&text_of(value)?, &values).map(Value::Text)
        }
        "indent" => indent(value, arguments),
        "replace" => {
            let [old, new, count] = arguments.bind(name, ["old", "new", "count"], 2)?;
            let part = |part: Option<Value>| text_of(&part.unwrap_or(Value::None));
            let count = match count {
                None | Some(Value::None) => -1,
                Some(count) => integer(name, &count)?,
            };
            let (old, new) = (part(old)?, part(new)?);
            replace(&text_of(value)?, &old, &new, usize::try_from(count).ok()).map(Value::Text)
        }
        "trim" => {
            let [chars] = arguments.bind(name, ["chars"], 0)?;
            let chars = match chars {
                None | Some(Value::None) => None,
                Some(chars) => Some(text_argument(name, &chars)?),
            };
            let text = text_of(value)?;
            Ok(like(value, strip(&text, "strip", chars.as_deref()).into()))
        }
        "truncate" => truncate(value, arguments),
        "urlencode" => {
            arguments.none(name)?;
            urlencode(value).map(Value::text)
        }
        _ => xmlattr(value, arguments),
    }
}

/// Returns text of the same type as `value`.
fn like(value: &Value, text: Text) -> Value {
    match value {
        Value::Markup(_) => Value::Markup(text),
        _ => Value::Text(text),
    }
}

fn plain(name: &str, value: &Value) -> Result<Value> {
    let text = text_of(value)?;
    let converted = match name {
        "upper" => upper(&text),
        "lower" => lower(&text),
        "capitalize" => capitalize(&text),
        "title" => title(&text),
        "wordcount" => {
            let is_word = |c: char| is_alphanumeric(c) || c == '_';
            return Ok(Value::size(
                text.split(|c| !is_word(c))
                    .filter(|word| !word.is_empty())
                    .count(),
            ));
        }
        _ => return Ok(like(value, text)),
    };
    // Jinja joins the parts of a title, which gives `str`.
    Ok(if name == "title" {
        Value::text(converted)
    } else {
        like(value, converted.into())
    })
}

/// Each part after one of `-({[<` or a blank starts with a capital.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    let mut word = String::new();
    for c in text.chars() {
        if is_space(c) || matches!(c, '-' | '(' | '{' | '[' | '<') {
            out.push_str(&lower(&word));
            word.clear();
            out.push(c);
            starts = true;
        } else if starts {
            out.push_str(&upper(&c.to_string()));
            starts = false;
        } else {
            word.push(c);
        }
    }
    out.push_str(&lower(&word));
    out
}

fn indent(value: &Value, arguments: Arguments) -> Result<Value> {
    let [width, first, blank] = arguments.bind("indent", ["width", "first", "blank"], 0)?;
    let text = text_argument("indent", value)?;
    let indention = match &width {
        None => " ".repeat(4),
        Some(Value::Text(indention)) => indention.to_string(),
        Some(Value::Markup(_)) => {
            return Err(Problem::unsupported(
                "`indent` with text that `escape` or `safe` made",
            ));
        }
        Some(other) => {
            let width = integer("indent", other)?.clamp(0, 100_000);
            " ".repeat(usize::try_from(width).unwrap_or(0))
        }
    };
    let blank = truth(blank.as_ref(), false)?;
    let mut out = String::new();
    if truth(first.as_ref(), false)? {
        out.push_str(&indention);
    }
    // A newline is added before the lines are split.
    let with_newline = Zeroizing::new(format!("{}\n", &*text));
    for (index, line) in lines(&with_newline).enumerate() {
        if index > 0 {
            out.push('\n');
            if blank || !line.is_empty() {
                out.push_str(&indention);
            }
        }
        out.push_str(line);
        if out.len() > LONGEST {
            return Err(too_long());
        }
    }
    Ok(like(value, out.into()))
}

fn truncate(value: &Value, arguments: Arguments) -> Result<Value> {
    let names = ["length", "killwords", "end", "leeway"];
    let [length, kill_words, end, leeway] = arguments.bind("truncate", names, 0)?;
    let size = |value: Option<Value>, default: i128| match value {
        None | Some(Value::None) => Ok(default),
        Some(value) => integer("truncate", &value),
    };
    let end = end.map_or(Ok("...".into()), |end| text_argument("truncate", &end))?;
    let (length, leeway) = (size(length, 255)?, size(leeway, 5)?);
    let end_length = i128::try_from(end.chars().count()).unwrap_or(i128::MAX);
    if length < end_length || leeway < 0 {
        return Err(Problem::usage("`truncate` has a length that is too short"));
    }
    // Python asks for the length first, so that a short list stays as it is.
    let own = sequences::length(value)?.map(i128::try_from);
    if matches!(own, Some(Ok(own)) if own <= length.saturating_add(leeway)) {
        return Ok(value.clone());
    }
    let text = text_argument("truncate", value)?;
    let kept: String = text
        .chars()
        .take(usize::try_from(length - end_length).unwrap_or(0))
        .collect();
    let kept = if truth(kill_words.as_ref(), false)? {
        &*kept
    } else {
        kept.rsplit_once(' ').map_or(&*kept, |(before, _)| before)
    };
    Ok(like(value, format!("{kept}{}", &*end).into()))
}

fn urlencode(value: &Value) -> Result<String> {
    let pairs = match value {
        Value::Text(text) | Value::Markup(text) => return Ok(quote_path(text)),
        Value::Dict(dict) => crate::template::text_of::pairs(&dict.borrow()),
        Value::Empty
        | Value::List(_)
        | Value::Tuple(_)
        | Value::View(..)
        | Value::Generator(_)
        | Value::Range(..) => items(value)?,
        other => return text_of(other).map(|text| quote_path(&text)),
    };
    let mut out = String::new();
    for (index, pair) in pairs.iter().enumerate() {
        let pair = items(pair)?;
        let [name, value] = pair.as_slice() else {
            return Err(Problem::usage(
                "`urlencode` takes text, or pairs of a name and a value",
            ));
        };
        if index > 0 {
            out.push('&');
        }
        out.push_str(&quote_plus(&text_of(name)?));
        out.push('=');
        out.push_str(&quote_plus(&text_of(value)?));
    }
    Ok(out)
}

fn xmlattr(value: &Value, arguments: Arguments) -> Result<Value> {
    let [space] = arguments.bind("xmlattr", ["autospace"], 0)?;
    let Value::Dict(dict) = value else {
        return Err(match value {
            Value::Undefined(what) => Problem::undefined(what),
            other => Problem::types("xmlattr", &[other.type_name()]),
        });
    };
    let mut out = String::new();
    for (name, value) in dict.borrow().values() {
        if matches!(value, Value::None | Value::Undefined(_) | Value::Empty) {
            continue;
        }
        let name = text_argument("xmlattr", name)?;
        if name.contains([' ', '\t', '\n', '\r', '\u{b}', '\u{c}', '/', '>', '=']) {
            return Err(Problem::usage(
                "`xmlattr` has a key that cannot be the name of an attribute",
            ));
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend([&*escape_text(&name), "=\"", &*escape(value)?, "\""]);
    }
    if !out.is_empty() && truth(space.as_ref(), true)? {
        out.insert(0, ' ');
    }
    Ok(Value::text(out))
}
