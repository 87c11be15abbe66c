//! `"%s" % value` and `"{}".format(value)`.
//!
//! A conversion that is not here is an error that names it.
//!
//! <https://docs.python.org/3.11/library/stdtypes.html#printf-style-string-formatting>,
//! <https://docs.python.org/3.11/library/string.html#format-specification-mini-language>

use zeroize::Zeroizing;

use super::problem::{Problem, Result, Stop};
use super::text_of::{LONGEST, repr_of, text_of, too_long};
use super::value::{Key, Text, Value, whole};

/// A field that is padded to more characters is refused.
const WIDEST: usize = 100_000;
/// More digits after the point than this are refused.
const MOST_DIGITS: usize = 1_000;

/// How a number or text is padded.
#[derive(Default)]
struct Style {
    /// `<`, `>`, `^` or `=`; `None`: as is usual for the type.
    align: Option<char>,
    fill: Option<char>,
    sign: Option<char>,
    alternate: bool,
    group: Option<char>,
    width: usize,
    precision: Option<usize>,
}

impl Style {
    /// Pads `digits` after `prefix`, which is a sign or `0x`.
    fn padded(&self, prefix: &str, digits: &str, usual: char) -> String {
        let length = prefix.chars().count() + digits.chars().count();
        let missing = self.width.saturating_sub(length);
        let fill = |count: usize| self.fill.unwrap_or(' ').to_string().repeat(count);
        match self.align.unwrap_or(usual) {
            '<' => format!("{prefix}{digits}{}", fill(missing)),
            '^' => format!(
                "{}{prefix}{digits}{}",
                fill(missing / 2),
                fill(missing - missing / 2)
            ),
            '=' => format!("{prefix}{}{digits}", fill(missing)),
            _ => format!("{}{prefix}{digits}", fill(missing)),
        }
    }

    fn text(&self, text: &str) -> String {
        let cut: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        self.padded("", &cut, '<')
    }

    fn signed(&self, negative: bool) -> String {
        match (negative, self.sign) {
            (true, _) => "-".to_owned(),
            (false, Some(sign @ ('+' | ' '))) => sign.to_string(),
            _ => String::new(),
        }
    }

    fn integer(&self, number: i128, conversion: char) -> String {
        let magnitude = number.unsigned_abs();
        let (prefix, digits) = match conversion {
            'x' => ("0x", format!("{magnitude:x}")),
            'X' => ("0X", format!("{magnitude:X}")),
            'o' => ("0o", format!("{magnitude:o}")),
            'b' => ("0b", format!("{magnitude:b}")),
            _ => ("", magnitude.to_string()),
        };
        let digits = match self.precision {
            Some(precision) => format!("{digits:0>precision$}"),
            None => self.grouped(digits),
        };
        let prefix = if self.alternate { prefix } else { "" };
        let sign = self.signed(number < 0);
        self.padded(&format!("{sign}{prefix}"), &digits, '>')
    }

    fn real(&self, number: f64, conversion: char) -> String {
        let precision = self.precision.unwrap_or(6);
        let magnitude = number.abs();
        let mut digits = match conversion {
            _ if !number.is_finite() => (if number.is_nan() { "nan" } else { "inf" }).to_owned(),
            'e' | 'E' => {
                let text = format!("{magnitude:.precision$e}");
                let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
                let exponent: i32 = exponent.parse().expect("the exponent is an integer");
                format!("{mantissa}e{exponent:+03}")
            }
            '%' => format!("{:.precision$}%", magnitude * 100.0),
            _ => format!("{magnitude:.precision$}"),
        };
        if conversion.is_ascii_uppercase() {
            digits = digits.to_uppercase();
        }
        if self.group.is_some() {
            let (whole, rest) = digits.split_at(digits.find(['.', 'e', '%']).unwrap_or(digits.len()));
            digits = format!("{}{rest}", self.grouped(whole.to_owned()));
        }
        let sign = self.signed(number.is_sign_negative() && !number.is_nan());
        self.padded(&sign, &digits, '>')
    }

    fn grouped(&self, digits: String) -> String {
        let Some(group) = self.group else {
            return digits;
        };
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(group);
            }
            out.push(digit);
        }
        out
    }
}

/// Returns `template % arguments`.
pub(super) fn printf(template: &str, arguments: &Value) -> Result<Text> {
    let mut out = Zeroizing::new(String::with_capacity(template.len()));
    let positional: Vec<Value> = match arguments {
        Value::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut next = positional.iter();
    let mut by_name = matches!(
        arguments,
        // What has items is a mapping for Python, and need not be used.
        Value::Undefined(_) | Value::Empty | Value::Dict(_) | Value::List(_) | Value::Range(..)
    );
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut style = Style::default();
        let mut name = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let (mut inner, mut depth) = (String::new(), 1);
            loop {
                let Some(c) = chars.next() else {
                    return Err(Problem::usage("a format has `%(` without `)`"));
                };
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                inner.push(c);
            }
            name = Some(inner);
        }
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
            match flag {
                '-' => style.align = Some('<'),
                '0' => {
                    style.fill = Some('0');
                    if style.align.is_none() {
                        style.align = Some('=');
                    }
                }
                '#' => style.alternate = true,
                '+' => style.sign = Some('+'),
                sign => {
                    style.sign.get_or_insert(sign);
                }
            }
        }
        if style.align == Some('<') {
            style.fill = None;
        }
        if chars.peek() == Some(&'*') {
            return Err(Problem::unsupported("`*` in a format"));
        }
        style.width = number(&mut chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            style.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        while chars.next_if(|c| matches!(c, 'h' | 'l' | 'L')).is_some() {}
        check(&style)?;
        let conversion = chars
            .next()
            .ok_or_else(|| Problem::usage("a format ends within a `%`"))?;
        if conversion == '%' {
            out.push('%');
            continue;
        }
        let value = match name {
            Some(name) => {
                by_name = true;
                let Value::Dict(dict) = arguments else {
                    return Err(Problem::usage("a format with `%(name)` needs a dictionary"));
                };
                let found = dict
                    .borrow()
                    .get(&Key::Text(name.into()))
                    .map(|(_, value)| value.clone());
                found
                    .ok_or_else(|| Problem::usage("a format names a key that its dictionary does not have"))?
            }
            None => match next.next() {
                Some(value) => value.clone(),
                None => return Err(Problem::usage("a format has more `%` than there are values")),
            },
        };
        out.push_str(&converted(&value, conversion, &mut style)?);
        if out.len() > LONGEST {
            return Err(too_long());
        }
    }
    if next.next().is_some() && !by_name {
        return Err(Problem::usage("a format has fewer `%` than there are values"));
    }
    Ok(std::mem::take(&mut *out).into())
}

fn converted(value: &Value, conversion: char, style: &mut Style) -> Result<String> {
    let text = |style: &mut Style, text: Text| {
        style.fill = None;
        if style.align == Some('=') {
            style.align = None;
        }
        let align = style.align.unwrap_or('>');
        style.align = Some(align);
        style.text(&text)
    };
    Ok(match conversion {
        's' => text(style, text_of(value)?),
        'r' => text(style, repr_of(value)?),
        'd' | 'i' | 'u' => {
            let number = match value {
                Value::Float(number) => whole(number.trunc())
                    .ok_or_else(|| Problem::types("%d", &["a float without an integer"]))?,
                other => integer_of(other, "%d")?,
            };
            style.integer(number, 'd')
        }
        'x' | 'X' | 'o' => style.integer(integer_of(value, "%x")?, conversion),
        'e' | 'E' | 'f' | 'F' => match value.as_number() {
            Some(number) => style.real(number, conversion),
            None => return Err(Problem::types("%f", &[value.type_name()])),
        },
        'c' | 'g' | 'G' | 'a' => {
            return Err(Problem::unsupported(format!("the conversion `%{conversion}`")));
        }
        _ => return Err(Problem::usage("a format has an unknown conversion after `%`")),
    })
}

fn integer_of(value: &Value, conversion: &str) -> Result<i128> {
    match value {
        Value::Undefined(what) => Err(Problem::undefined(what)),
        other => other
            .as_int()
            .ok_or_else(|| Problem::types(conversion, &[other.type_name()])),
    }
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Option<usize>> {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().map(Some).map_err(|_| too_wide())
}

fn check(style: &Style) -> Result<()> {
    if style.width > WIDEST || style.precision.is_some_and(|digits| digits > MOST_DIGITS) {
        return Err(too_wide());
    }
    Ok(())
}

fn too_wide() -> Stop {
    Problem::unsupported("a format that is so wide")
}

/// Returns `template.format(*arguments, **named)`. `reach` follows the attributes and items of a field.
pub(super) fn format(
    template: &str,
    arguments: &[Value],
    named: &[(String, Value)],
    reach: &dyn Fn(&Value, &str, bool) -> Result<Value>,
) -> Result<Text> {
    let mut out = Zeroizing::new(String::with_capacity(template.len()));
    let mut automatic = None;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            out.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        if brace == "}" {
            return Err(Problem::usage("a format has `}` without `{`"));
        }
        let end = rest
            .find('}')
            .ok_or_else(|| Problem::usage("a format has `{` without `}`"))?;
        let field = &rest[..end];
        rest = &rest[end + 1..];
        if field.contains('{') {
            return Err(Problem::unsupported("a field within a field of a format"));
        }
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (field, conversion) = match field.split_once('!') {
            Some((field, conversion)) => (field, Some(conversion)),
            None => (field, None),
        };
        let value = field_value(field, arguments, named, &mut automatic, reach)?;
        let value = match conversion {
            None => value,
            Some("s") => Value::Text(text_of(&value)?),
            Some("r") => Value::Text(repr_of(&value)?),
            Some(_) => return Err(Problem::unsupported("a conversion other than `!s` and `!r`")),
        };
        out.push_str(&formatted(&value, spec)?);
        if out.len() > LONGEST {
            return Err(too_long());
        }
    }
    out.push_str(rest);
    Ok(std::mem::take(&mut *out).into())
}

fn field_value(
    field: &str,
    arguments: &[Value],
    named: &[(String, Value)],
    automatic: &mut Option<usize>,
    reach: &dyn Fn(&Value, &str, bool) -> Result<Value>,
) -> Result<Value> {
    let first = field.find(['.', '[']).unwrap_or(field.len());
    let (name, mut path) = field.split_at(first);
    // The fields are numbered by Python or by the format, not by both.
    let mixed = || Problem::usage("a format has fields with and without numbers");
    let index = if name.is_empty() {
        let next = automatic
            .map_or(Some(0), |last| last.checked_add(1))
            .ok_or_else(mixed)?;
        *automatic = Some(next);
        Some(next)
    } else {
        name.parse().ok()
    };
    if index.is_some()
        && !name.is_empty()
        && automatic
            .replace(usize::MAX)
            .is_some_and(|last| last != usize::MAX)
    {
        return Err(mixed());
    }
    let missing = || Problem::usage("a format has a field for which there is no value");
    let mut value = match index {
        Some(index) => arguments.get(index).ok_or_else(missing)?.clone(),
        None => named
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
            .ok_or_else(missing)?,
    };
    while !path.is_empty() {
        let wrong = || Problem::usage("a field of a format is malformed");
        if let Some(rest) = path.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = reach(&value, &rest[..end], true)?;
            path = &rest[end..];
        } else {
            let rest = path.strip_prefix('[').ok_or_else(wrong)?;
            let end = rest.find(']').ok_or_else(wrong)?;
            value = reach(&value, &rest[..end], false)?;
            path = &rest[end + 1..];
        }
    }
    Ok(value)
}

/// Returns `format(value, spec)`.
fn formatted(value: &Value, spec: &str) -> Result<String> {
    if spec.is_empty() {
        return text_of(value).map(|text| text.to_string());
    }
    let (style, kind) = parse(spec)?;
    let unknown = || Problem::unsupported("such a format specification");
    match (value, kind) {
        (Value::Undefined(what), _) => Err(Problem::undefined(what)),
        (Value::Text(text) | Value::Markup(text), None | Some('s'))
            if style.align != Some('=')
                && style.sign.is_none()
                && style.group.is_none()
                && style.fill != Some('0') =>
        {
            Ok(style.text(text))
        }
        (Value::Int(number), None | Some('d' | 'x' | 'X' | 'o' | 'b')) if style.precision.is_none() => {
            Ok(style.integer(*number, kind.unwrap_or('d')))
        }
        (Value::Int(_) | Value::Float(_), Some('e' | 'E' | 'f' | 'F' | '%')) => {
            Ok(style.real(value.as_number().unwrap_or_default(), kind.unwrap_or('f')))
        }
        _ => Err(unknown()),
    }
}

fn parse(spec: &str) -> Result<(Style, Option<char>)> {
    let mut style = Style::default();
    let mut chars = spec.chars().peekable();
    let mut ahead = chars.clone();
    let (first, second) = (ahead.next(), ahead.next());
    let is_align = |c: Option<char>| matches!(c, Some('<' | '>' | '^' | '='));
    if is_align(second) {
        style.fill = first;
        style.align = second;
        chars.nth(1);
    } else if is_align(first) {
        style.align = first;
        chars.next();
    }
    style.sign = chars.next_if(|c| matches!(c, '+' | '-' | ' '));
    style.alternate = chars.next_if_eq(&'#').is_some();
    if chars.next_if_eq(&'0').is_some() && style.align.is_none() {
        style.fill = Some('0');
        style.align = Some('=');
    }
    style.width = number(&mut chars)?.unwrap_or(0);
    style.group = chars.next_if(|c| matches!(c, ',' | '_'));
    if style.group.is_some() && style.fill == Some('0') {
        return Err(Problem::unsupported("zeros before grouped digits"));
    }
    if chars.next_if_eq(&'.').is_some() {
        style.precision = number(&mut chars)?;
    }
    check(&style)?;
    let kind = chars.next();
    if chars.next().is_some() {
        return Err(Problem::usage("a format specification is malformed"));
    }
    if style.group.is_some() && matches!(kind, Some('x' | 'X' | 'o' | 'b')) {
        return Err(Problem::unsupported("grouped digits that are not decimal"));
    }
    Ok((style, kind))
}
