//! Plain, quoted and block scalars, with libyaml's line folding.

use super::Error;
use super::characters::is_blank;
use super::scan::Scanner;

/// The blanks and line breaks between two pieces of a scalar.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
    has_break: bool,
}

impl Gap {
    fn is_empty(&self) -> bool {
        !self.has_break && self.blanks.is_empty()
    }

    /// Writes the folded gap: one line break becomes a space, several become one fewer, and blanks within a line stay.
    fn fold_into(&mut self, text: &mut String) {
        if !self.has_break {
            text.push_str(&self.blanks);
        } else if self.first_break.starts_with('\n') {
            text.push_str(if self.more_breaks.is_empty() {
                " "
            } else {
                &self.more_breaks
            });
        } else {
            text.push_str(&self.first_break);
            text.push_str(&self.more_breaks);
        }
        *self = Self::default();
    }

    /// Reads one blank or line break.
    fn read(&mut self, scanner: &mut Scanner<'_>) {
        if is_blank(scanner.byte(0)) {
            if self.has_break {
                scanner.skip_characters(1);
            } else {
                scanner.read(&mut self.blanks);
            }
        } else if self.has_break {
            scanner.read_break(&mut self.more_breaks);
        } else {
            self.blanks.clear();
            scanner.read_break(&mut self.first_break);
            self.has_break = true;
        }
    }
}

impl Scanner<'_> {
    fn is_blank_or_break(&self) -> bool {
        is_blank(self.byte(0)) || self.is_break(0)
    }

    /// Scans a plain scalar, which ends at a `: `, at a comment, or where the indentation ends.
    pub(super) fn scan_plain(&mut self) -> Result<String, Error> {
        let mut text = String::new();
        let mut gap = Gap::default();
        let indent = self.indent + 1;
        while !self.is_document_indicator() && self.byte(0) != b'#' {
            while !self.is_blank_or_end(0) && !self.ends_plain()? {
                if !gap.is_empty() {
                    gap.fold_into(&mut text);
                }
                self.read(&mut text);
            }
            if !self.is_blank_or_break() {
                break;
            }
            while self.is_blank_or_break() {
                if gap.has_break && self.column() < indent && self.byte(0) == b'\t' {
                    return Err(Error::at(self.mark.line, "a tab where indentation is expected"));
                }
                gap.read(self);
            }
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if gap.has_break {
            self.simple_key_allowed = true;
        }
        Ok(text)
    }

    /// Whether a plain scalar ends within a line.
    fn ends_plain(&self) -> Result<bool, Error> {
        let in_flow = self.flow_level > 0;
        Ok(match self.byte(0) {
            b':' if in_flow && matches!(self.byte(1), b',' | b'?' | b'[' | b']' | b'{' | b'}') => {
                return Err(Error::at(self.mark.line, "a `:` that is not allowed here"));
            }
            b':' => self.is_blank_or_end(1),
            b',' | b'[' | b']' | b'{' | b'}' => in_flow,
            _ => false,
        })
    }

    /// Scans a scalar in quotes.
    pub(super) fn scan_quoted(&mut self, quote: u8) -> Result<String, Error> {
        let mut text = String::new();
        let start = self.mark.line;
        self.skip_characters(1);
        loop {
            if self.is_document_indicator() {
                return Err(Error::at(self.mark.line, "a document ends within quotes"));
            }
            if self.byte(0) == 0 {
                return Err(Error::at(start, "quotes are not closed"));
            }
            let mut gap = Gap::default();
            while !self.is_blank_or_end(0) {
                match self.byte(0) {
                    b'\'' if quote == b'\'' && self.byte(1) == b'\'' => {
                        text.push('\'');
                        self.skip_characters(2);
                    }
                    byte if byte == quote => break,
                    b'\\' if quote == b'"' && self.is_break(1) => {
                        self.skip_characters(1);
                        self.skip_break();
                        // The line continues on the next one, without a space between.
                        gap.has_break = true;
                        break;
                    }
                    b'\\' if quote == b'"' => text.push(self.scan_escape()?),
                    _ => self.read(&mut text),
                }
            }
            if self.byte(0) == quote {
                self.skip_characters(1);
                return Ok(text);
            }
            while self.is_blank_or_break() {
                gap.read(self);
            }
            gap.fold_into(&mut text);
        }
    }

    /// Scans an escape in double quotes.
    fn scan_escape(&mut self) -> Result<char, Error> {
        let problem = Error::at(self.mark.line, "an unknown escape in double quotes");
        let (c, digits) = match self.byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\x07', 0),
            b'b' => ('\x08', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\x0b', 0),
            b'f' => ('\x0c', 0),
            b'r' => ('\r', 0),
            b'e' => ('\x1b', 0),
            b' ' => (' ', 0),
            b'"' => ('"', 0),
            b'/' => ('/', 0),
            b'\\' => ('\\', 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{a0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('\0', 2),
            b'u' => ('\0', 4),
            b'U' => ('\0', 8),
            _ => return Err(problem),
        };
        self.skip_characters(2);
        if digits == 0 {
            return Ok(c);
        }
        let code = self
            .rest()
            .get(..digits)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        let c = code.and_then(char::from_u32).ok_or(problem)?;
        self.skip_characters(digits);
        Ok(c)
    }

    /// Scans a block scalar, literal or folded.
    pub(super) fn scan_block(&mut self, is_literal: bool) -> Result<String, Error> {
        self.skip_characters(1);
        let (chomping, increment) = self.scan_block_header()?;
        let mut indent = increment.map(|increment| self.indent.max(0) + increment);
        let mut text = String::new();
        let mut first_break = String::new();
        let mut more_breaks = String::new();
        let mut was_blank = false;
        let column = self.scan_block_breaks(&mut indent, &mut more_breaks)?;
        while self.column() == column && self.byte(0) != 0 {
            let blank = is_blank(self.byte(0));
            if !is_literal && first_break.starts_with('\n') && !was_blank && !blank {
                if more_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&first_break);
            }
            first_break.clear();
            text.push_str(&more_breaks);
            more_breaks.clear();
            was_blank = blank;
            while !self.is_break_or_end(0) {
                self.read(&mut text);
            }
            self.read_break(&mut first_break);
            self.scan_block_breaks(&mut indent, &mut more_breaks)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&first_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&more_breaks);
        }
        Ok(text)
    }

    /// Scans what follows `|` or `>`: chomping and indentation in any order, and a comment.
    fn scan_block_header(&mut self) -> Result<(Chomping, Option<isize>), Error> {
        let mut chomping = Chomping::Clip;
        let mut increment = None;
        let mut has_chomping = false;
        loop {
            match self.byte(0) {
                b'+' | b'-' if !has_chomping => {
                    chomping = if self.byte(0) == b'+' {
                        Chomping::Keep
                    } else {
                        Chomping::Strip
                    };
                    has_chomping = true;
                }
                b'0' if increment.is_none() => {
                    return Err(Error::at(
                        self.mark.line,
                        "a block scalar with an indentation of 0",
                    ));
                }
                digit @ b'1'..=b'9' if increment.is_none() => increment = Some(isize::from(digit - b'0')),
                _ => break,
            }
            self.skip_characters(1);
        }
        while is_blank(self.byte(0)) {
            self.skip_characters(1);
        }
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return Err(Error::at(
                self.mark.line,
                "something other than a comment after `|` or `>`",
            ));
        }
        if self.is_break(0) {
            self.skip_break();
        }
        Ok((chomping, increment))
    }

    /// Reads the empty lines before a line of a block scalar, and returns the indentation, detected unless the header gives it.
    fn scan_block_breaks(&mut self, indent: &mut Option<isize>, breaks: &mut String) -> Result<isize, Error> {
        let mut deepest = 0;
        loop {
            while indent.is_none_or(|indent| self.column() < indent) && self.byte(0) == b' ' {
                self.skip_characters(1);
            }
            deepest = deepest.max(self.column());
            if indent.is_none_or(|indent| self.column() < indent) && self.byte(0) == b'\t' {
                return Err(Error::at(
                    self.mark.line,
                    "a tab where the indentation of a block scalar is expected",
                ));
            }
            if !self.is_break(0) {
                break;
            }
            self.read_break(breaks);
        }
        let found = indent.unwrap_or_else(|| deepest.max(self.indent + 1).max(1));
        *indent = Some(found);
        Ok(found)
    }
}

/// How a block scalar treats its final line breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}
