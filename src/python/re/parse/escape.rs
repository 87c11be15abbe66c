//! What a backslash begins, in a set and outside: a category, a place, a character by its number, a reference.

use super::{Parser, PatternError, refuse};
use crate::python::re::tree::{At, Category, Item, Node, SetNode};

impl Parser {
    /// Reads what a backslash begins in a set.
    pub(super) fn escape_in_set(&mut self, c: char, start: usize) -> Result<Item, PatternError> {
        if let Some(item) = category(c) {
            return Ok(item);
        }
        if let Some(code) = self.escaped_code(c, start)? {
            return Ok(Item::Literal(code));
        }
        match c {
            'b' => Ok(Item::Literal(8)),
            '0'..='7' => self.octal(c, start).map(Item::Literal),
            c if c.is_ascii_alphanumeric() => self.bad_escape(c, start),
            c => Ok(Item::Literal(c.into())),
        }
    }

    /// Reads what a backslash begins outside a set.
    pub(super) fn escape(&mut self, c: char, start: usize) -> Result<Node, PatternError> {
        if let Some(item) = category(c) {
            return Ok(Node::Set(SetNode {
                negated: false,
                items: vec![item],
            }));
        }
        if let Some(code) = self.escaped_code(c, start)? {
            return Ok(Node::Literal(code));
        }
        match c {
            'A' => Ok(Node::At(At::BeginningOfText)),
            'Z' => Ok(Node::At(At::EndOfText)),
            'b' => Ok(Node::At(At::Boundary { negated: false })),
            'B' => Ok(Node::At(At::Boundary { negated: true })),
            '0' => self.octal(c, start).map(Node::Literal),
            '1'..='9' => self.reference_or_octal(c, start),
            c if c.is_ascii_alphabetic() => self.bad_escape(c, start),
            c => Ok(Node::Literal(c.into())),
        }
    }

    fn bad_escape<T>(&self, c: char, start: usize) -> Result<T, PatternError> {
        let c = c.escape_debug();
        refuse(format!(
            r"bad escape `\{c}` at position {}",
            self.tokens.position_of(start)
        ))
    }

    /// Reads the escapes that are the same in a set and outside.
    fn escaped_code(&mut self, c: char, start: usize) -> Result<Option<u32>, PatternError> {
        let digits = match c {
            'a' => return Ok(Some(7)),
            'f' => return Ok(Some(12)),
            'n' => return Ok(Some(10)),
            'r' => return Ok(Some(13)),
            't' => return Ok(Some(9)),
            'v' => return Ok(Some(11)),
            'N' => return refuse(r"`\N{…}` is not supported"),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return Ok(None),
        };
        let text = self.tokens.take(digits, |c| c.is_ascii_hexdigit());
        match u32::from_str_radix(&text, 16) {
            Ok(code) if text.len() == digits && code <= 0x0010_ffff => Ok(Some(code)),
            _ => self.bad_escape(c, start),
        }
    }

    /// Reads up to three octal digits, the first of which is `c`.
    fn octal(&mut self, c: char, start: usize) -> Result<u32, PatternError> {
        let digits = format!("{c}{}", self.tokens.take(2, |c| matches!(c, '0'..='7')));
        match u32::from_str_radix(&digits, 8) {
            Ok(code) if code <= 0o377 => Ok(code),
            _ => self.bad_escape(c, start),
        }
    }

    fn reference_or_octal(&mut self, c: char, start: usize) -> Result<Node, PatternError> {
        let mut digits = String::from(c);
        digits.push_str(&self.tokens.take(1, |c| c.is_ascii_digit()));
        let is_octal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        if digits.len() == 2 && is_octal(&digits) {
            digits.push_str(&self.tokens.take(1, |c| matches!(c, '0'..='7')));
            if digits.len() == 3 {
                return match u32::from_str_radix(&digits, 8) {
                    Ok(code) if code <= 0o377 => Ok(Node::Literal(code)),
                    _ => self.bad_escape(c, start),
                };
            }
        }
        let group = digits.parse().unwrap_or(usize::MAX);
        if group >= self.widths.len() {
            let position = self.tokens.position_of(start);
            return refuse(format!("invalid group reference {group} at position {position}"));
        }
        self.reference(group)
    }

    pub(super) fn reference(&mut self, group: usize) -> Result<Node, PatternError> {
        self.check_closed(group)?;
        self.check_look_behind(group)?;
        Ok(Node::Reference(group))
    }

    fn check_closed(&self, group: usize) -> Result<(), PatternError> {
        match self.widths.get(group) {
            Some(Some(_)) => Ok(()),
            _ => refuse(format!("cannot refer to group {group}, which is still open")),
        }
    }

    pub(super) fn check_look_behind(&self, group: usize) -> Result<(), PatternError> {
        let Some(before) = self.before_look_behind else {
            return Ok(());
        };
        self.check_closed(group)?;
        if group < before {
            return Ok(());
        }
        refuse(format!(
            "cannot refer to group {group}, which is in the same look-behind"
        ))
    }
}

fn category(c: char) -> Option<Item> {
    let category = match c.to_ascii_lowercase() {
        'd' => Category::Digit,
        's' => Category::Space,
        'w' => Category::Word,
        _ => return None,
    };
    Some(Item::Category(category, c.is_ascii_uppercase()))
}
