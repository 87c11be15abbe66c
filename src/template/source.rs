//! The text of a template: parsed by minijinja, with the positions and the literals that Jinja would see.
//!
//! minijinja's lines and columns end at 65,535, and it reads a few literals that Jinja reads otherwise or refuses. Both are taken from
//! the text itself.
//!
//! Source: jinja2 3.1.6, `jinja2/lexer.py`.

use minijinja::machinery::ast::{Const, Stmt};
use minijinja::machinery::{self, Span, Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;

use super::problem::{Problem, Result};
use super::value::Value;
use crate::error::{Error, ErrorKind};

/// More tokens than this in one `{{ … }}` are refused: each may be a level of the tree.
const MOST_TOKENS: usize = 20_000;
/// More branches than this are refused: each is a level of the tree.
const MOST_BRANCHES: usize = 5_000;

/// Returns the text as Jinja reads it: each newline is `\n`. The parser leaves one at the end out.
pub(super) fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Parses a normalized text.
pub(super) fn parse(text: &str) -> std::result::Result<Stmt<'_>, Problem> {
    bounded(text)?;
    machinery::parse(text, "", SyntaxConfig::default()).map_err(|error| {
        let offset = error
            .range()
            .map(|range| range.start)
            .or_else(|| line_start(text, error.line()?));
        at(offset, error.detail().unwrap_or("it is not a Jinja template"))
    })
}

fn line_start(text: &str, line: usize) -> Option<usize> {
    Some(
        text.split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum(),
    )
}

fn at(offset: Option<usize>, reason: &str) -> Problem {
    Problem {
        error: Error::new(ErrorKind::Usage, reason),
        offset,
    }
}

/// Refuses a template whose tree would be nested too deeply.
fn bounded(text: &str) -> std::result::Result<(), Problem> {
    let mut tokens = Tokenizer::new(text, "", false, SyntaxConfig::default());
    let (mut in_block, mut branches) = (0, 0);
    let mut start = 0;
    // A template that is not one is reported by the parser.
    while let Ok(Some((token, span))) = tokens.next_token() {
        match token {
            Token::VariableStart | Token::BlockStart => {
                in_block = 0;
                start = span.start_offset as usize;
            }
            Token::Ident("elif") if in_block == 0 => {
                branches += 1;
                if branches > MOST_BRANCHES {
                    return Err(at(
                        Some(start),
                        &format!("more than {MOST_BRANCHES} `elif` are not supported"),
                    ));
                }
            }
            _ => {
                in_block += 1;
                if in_block > MOST_TOKENS {
                    return Err(at(
                        Some(start),
                        &format!("an expression of more than {MOST_TOKENS} tokens is not supported"),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Returns the line and column of a byte, in characters from 1.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// Returns the value of a literal, as Jinja reads it.
pub(super) fn constant(text: &str, constant: &Const, span: Span) -> Result<Value> {
    let written = text
        .get(span.start_offset as usize..span.end_offset as usize)
        .unwrap_or_default();
    let value = &constant.value;
    match value.kind() {
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::String if written.contains('\\') => strings(written).map(Value::text),
        ValueKind::String => Ok(Value::text(value.as_str().unwrap_or_default())),
        ValueKind::Number => number(written, value),
        _ => Ok(Value::None),
    }
}

fn number(written: &str, value: &minijinja::Value) -> Result<Value> {
    let written = written.trim_start_matches('.');
    if value.is_integer() {
        let has_zero =
            written.starts_with('0') && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
        if has_zero && written.bytes().any(|byte| !matches!(byte, b'0' | b'_')) {
            return Err(Problem::usage("an integer starts with 0"));
        }
        return i128::try_from(value.clone())
            .map(Value::Int)
            .map_err(|_| super::operators::too_large());
    }
    let fraction = written.split(['e', 'E']).next().unwrap_or_default();
    if fraction.ends_with('.') {
        return Err(Problem::usage("a number ends with a point"));
    }
    match f64::try_from(value.clone()) {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(Problem::unsupported("a number of this size")),
    }
}

/// Reads adjacent string literals, with Python's escapes.
fn strings(written: &str) -> Result<String> {
    let mut out = String::new();
    let mut chars = written.chars();
    while let Some(quote) = chars.find(|c| matches!(c, '\'' | '"')) {
        loop {
            match chars.next() {
                None => return Err(Problem::usage("a text does not end")),
                Some(c) if c == quote => break,
                Some('\\') => escape(&mut chars, &mut out)?,
                Some(c) => out.push(c),
            }
        }
    }
    Ok(out)
}

/// Reads what follows a backslash, as the codec `unicode-escape` does.
fn escape(chars: &mut std::str::Chars<'_>, out: &mut String) -> Result<()> {
    let Some(c) = chars.next() else {
        return Err(Problem::usage("a text does not end"));
    };
    let simple = match c {
        '\n' => return Ok(()),
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => hexadecimal(chars, 2)?,
        'u' => hexadecimal(chars, 4)?,
        'U' => hexadecimal(chars, 8)?,
        '0'..='7' => {
            let mut code = c.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                let mut ahead = chars.clone();
                let Some(digit) = ahead.next().and_then(|c| c.to_digit(8)) else {
                    break;
                };
                code = code * 8 + digit;
                *chars = ahead;
            }
            char::from_u32(code).unwrap_or_default()
        }
        'N' => return Err(Problem::unsupported(r"the escape `\N{…}`")),
        // Jinja writes such a character as an escape first, whose backslash this one then escapes.
        c if !c.is_ascii() => {
            let code = u32::from(c);
            let escaped = match code {
                0..=0xff => format!("\\x{code:02x}"),
                0x100..=0xffff => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            out.push_str(&escaped);
            return Ok(());
        }
        c => {
            out.push('\\');
            c
        }
    };
    out.push(simple);
    Ok(())
}

fn hexadecimal(chars: &mut std::str::Chars<'_>, length: usize) -> Result<char> {
    let digits: String = chars.by_ref().take(length).collect();
    let wrong = || Problem::usage("a text has a malformed escape");
    if digits.len() != length || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u32::from_str_radix(&digits, 16)
        .ok()
        .and_then(char::from_u32)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::{normalized, place, strings};

    #[test]
    fn newlines_are_jinjas() {
        assert_eq!(normalized("a\r\nb\rc\n\n"), "a\nb\nc\n\n");
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("äb\ncd", 3), (1, 3));
        assert_eq!(place("äb\ncd", 5), (2, 2));
        assert_eq!(place("äb\ncd", 99), (2, 3));
    }

    #[test]
    fn escapes_are_pythons() {
        for (written, text) in [
            (r"'a\/\d\x41\101\u00e9'", r"a\/\dAAé"),
            (r#"'it\'s' "\"\\""#, r#"it's"\"#),
            ("'a\\\nb'", "ab"),
            ("'\\é'", r"\xe9"),
        ] {
            assert_eq!(strings(written).ok().as_deref(), Some(text), "{written}");
        }
        assert!(strings(r"'\x4'").is_err());
        assert!(strings(r"'\ud83d'").is_err());
    }
}
