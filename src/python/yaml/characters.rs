//! The scanner's next characters: blanks, line breaks, and the end of the text.

use super::scan::{Mark, Scanner};

impl<'a> Scanner<'a> {
    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_break_or_end(0) {
                self.skip_characters(1);
            }
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Returns the column as indentation.
    pub(super) fn column(&self) -> isize {
        isize::try_from(self.mark.column).unwrap_or(isize::MAX)
    }

    /// Returns the byte that is `offset` bytes ahead; 0 past the end.
    pub(super) fn byte(&self, offset: usize) -> u8 {
        self.text.as_bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    /// Returns the length in bytes of the line break `offset` bytes ahead; 0 when there is none.
    fn break_length(&self, offset: usize) -> usize {
        match (self.byte(offset), self.byte(offset + 1)) {
            (b'\r', b'\n') | (0xc2, 0x85) => 2,
            (b'\r' | b'\n', _) => 1,
            (0xe2, 0x80) if matches!(self.byte(offset + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, offset: usize) -> bool {
        self.break_length(offset) > 0
    }

    pub(super) fn is_break_or_end(&self, offset: usize) -> bool {
        self.byte(offset) == 0 || self.is_break(offset)
    }

    pub(super) fn is_blank_or_end(&self, offset: usize) -> bool {
        is_blank(self.byte(offset)) || self.is_break_or_end(offset)
    }

    /// Whether a line begins with the separate word `---` or `...`.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!(self.rest().get(..3), Some("---" | "..."))
            && self.is_blank_or_end(3)
    }

    /// Skips characters that are not line breaks.
    pub(super) fn skip_characters(&mut self, count: usize) {
        for _ in 0..count {
            self.next_character();
        }
    }

    fn next_character(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        self.mark.column += 1;
        Some(c)
    }

    /// Reads a character that is not a line break.
    pub(super) fn read(&mut self, into: &mut String) {
        into.extend(self.next_character());
    }

    /// Skips a line break.
    pub(super) fn skip_break(&mut self) {
        self.at += self.break_length(0);
        self.mark = Mark {
            line: self.mark.line + 1,
            column: 0,
        };
    }

    /// Reads a line break as `\n`, except for the line and paragraph separators.
    pub(super) fn read_break(&mut self, into: &mut String) {
        match self.break_length(0) {
            0 => return,
            3 => into.extend(self.rest().chars().next()),
            _ => into.push('\n'),
        }
        self.skip_break();
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
