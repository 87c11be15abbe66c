//! The letters of `(?i)` and `(?i-s:…)`.

use super::tokens::Token;
use super::{Parser, PatternError, refuse};
use crate::python::re::tree::{ASCII, DOTALL, IGNORECASE, MULTILINE, UNICODE, VERBOSE};

/// The flags that exclude each other.
pub(super) const TYPES: u8 = ASCII | UNICODE;

impl Parser {
    /// Reads flags, the first of which is `c`: those that are added and removed, or `None` for global ones.
    pub(super) fn flags(&mut self, c: char) -> Result<Option<(u8, u8)>, PatternError> {
        let (mut add, mut remove) = (0, 0);
        let mut c = c;
        if c != '-' {
            loop {
                let flag = flag(c)?;
                add |= flag;
                if flag & TYPES != 0 && add & TYPES != flag {
                    return refuse("the flags `a` and `u` are incompatible");
                }
                c = self.flag_or_end()?;
                if matches!(c, ')' | '-' | ':') {
                    break;
                }
            }
        }
        if c == ')' {
            self.flags |= add;
            return Ok(None);
        }
        if c == '-' {
            c = self.flag_or_end()?;
            loop {
                let flag = flag(c)?;
                if flag & TYPES != 0 {
                    return refuse(format!("the flag `{c}` cannot be turned off"));
                }
                remove |= flag;
                c = self.flag_or_end()?;
                if c == ':' {
                    break;
                }
            }
        }
        if add & remove != 0 {
            return refuse("a flag is turned on and off");
        }
        Ok(Some((add, remove)))
    }

    fn flag_or_end(&mut self) -> Result<char, PatternError> {
        let position = self.tokens.position();
        match self.tokens.next() {
            Some(Token::Plain(c)) => Ok(c),
            _ => refuse(format!(
                "missing `-`, `:` or `)` after flags at position {position}"
            )),
        }
    }
}

fn flag(c: char) -> Result<u8, PatternError> {
    Ok(match c {
        'i' => IGNORECASE,
        'm' => MULTILINE,
        's' => DOTALL,
        'x' => VERBOSE,
        'a' => ASCII,
        'u' => UNICODE,
        'L' => return refuse("the flag `L` is only for bytes"),
        't' => return refuse("the flag `t` is not supported"),
        c => return refuse(format!("unknown flag `{}`", c.escape_debug())),
    })
}
