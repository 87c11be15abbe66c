//! Positions in a source: byte offsets as lines and columns.
//!
//! Knows no language.

use std::sync::Arc;

use crate::inspect::Place;

/// The lines of one source.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// The byte offset at which each line starts.
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Finds the lines. A text of 4 GiB and more has no places beyond that.
    pub(super) fn new(file: &'a Arc<str>, text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map_while(|at| u32::try_from(at + 1).ok());
        let starts = std::iter::once(0).chain(ends).collect();
        Self { file, text, starts }
    }

    /// The place of a byte offset; one beyond the end is the end.
    pub(super) fn place(&self, offset: usize) -> Place {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .starts
            .partition_point(|start| *start as usize <= offset)
            .max(1);
        let start = self.starts[line - 1] as usize;
        Place {
            file: Arc::clone(self.file),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(self.text[start..offset].chars().count() + 1).unwrap_or(u32::MAX),
        }
    }
}

/// The place of a byte in bytes that are not text: what is before it counts as one character a byte.
pub(super) fn place_in_bytes(file: &Arc<str>, bytes: &[u8], offset: usize) -> Place {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    Place {
        file: Arc::clone(file),
        line: u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_characters_from_one() {
        let file = Arc::from("a.py");
        let lines = Lines::new(&file, "é = 1\nüx\n");
        let place = lines.place("é = 1\nü".len());
        assert_eq!((place.line, place.column), (2, 2));
        assert_eq!((lines.place(0).line, lines.place(0).column), (1, 1));
        assert_eq!((lines.place(99).line, lines.place(99).column), (3, 1));
        assert_eq!(lines.place(1), lines.place(0), "the middle of a character");
    }

    #[test]
    fn bytes_that_are_no_text_have_places_too() {
        let place = place_in_bytes(&Arc::from("a.py"), b"ok\nab\xff", 5);
        assert_eq!((place.line, place.column), (2, 3));
    }
}
