//! Text into tokens, as libyaml scans it: indentation, keys that only a later `:` makes keys, and what may start where.
//!
//! PyYAML's fast loader is libyaml 0.2.5. This file follows libyaml, even where YAML 1.1 or 1.2 differ. (The only safe port of
//! libyaml, libyaml-safer 0.3, panics on a block scalar that ends without a newline, on `[!!str,a]` and on a file that ends
//! within an escape. Other ports have no safe bindings.) Scalars are in `scan_scalar`, directives, tags and
//! anchors in `scan_tag`. Sources: <https://pyyaml.org/wiki/LibYAML>, <https://yaml.org/spec/1.1/>.

use std::collections::VecDeque;

use super::Error;

/// The greatest distance of a `:` from the start of its key, in characters.
const LONGEST_KEY: usize = 1024;

/// A token, without its position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamStart,
    StreamEnd,
    VersionDirective(u32, u32),
    TagDirective { handle: String, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag { handle: String, suffix: String },
    Scalar { value: String, is_plain: bool },
}

/// A token, and the line on which it begins, counted from 0.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) line: usize,
}

/// A position in the text.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) line: usize,
    /// In characters.
    pub(super) column: usize,
}

/// A token that may turn out to be a key.
#[derive(Clone, Copy)]
struct SimpleKey {
    /// Whether it must be a key: it is in the column of its mapping's keys.
    required: bool,
    token_number: usize,
    mark: Mark,
}

/// The scanner. The text must have no characters that YAML forbids, such as NUL: 0 is the end of the text.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    /// In bytes.
    pub(super) at: usize,
    pub(super) mark: Mark,
    tokens: VecDeque<Token>,
    consumed: usize,
    pub(super) flow_level: usize,
    /// The column of the open block collection; -1 outside of any.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) simple_key_allowed: bool,
    /// One for each level of flow collections.
    simple_keys: Vec<Option<SimpleKey>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            mark: Mark::default(),
            tokens: VecDeque::from([Token {
                kind: TokenKind::StreamStart,
                line: 0,
            }]),
            consumed: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: vec![None],
        }
    }

    /// Returns the next token without consuming it. Must not be called after the end of the stream.
    pub(super) fn peek(&mut self) -> Result<&Token, Error> {
        while self.needs_more()? {
            self.fetch()?;
        }
        // The queue is not empty: `needs_more` is true while it is.
        self.tokens.front().ok_or(Error {
            line: None,
            what: "the text ended",
        })
    }

    /// Consumes and returns the next token.
    pub(super) fn take(&mut self) -> Result<Token, Error> {
        self.peek()?;
        self.consumed += 1;
        self.tokens.pop_front().ok_or(Error {
            line: None,
            what: "the text ended",
        })
    }

    /// Whether the queue is empty, or a `Key` may still be inserted before its first token.
    fn needs_more(&mut self) -> Result<bool, Error> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.forget_stale_keys()?;
        Ok(self
            .simple_keys
            .iter()
            .flatten()
            .any(|key| key.token_number == self.consumed))
    }

    /// Drops possible keys that are on an earlier line, or too far back.
    fn forget_stale_keys(&mut self) -> Result<(), Error> {
        let now = self.mark;
        for key in &mut self.simple_keys {
            if let Some(SimpleKey { required, mark, .. }) = key
                && (mark.line < now.line || mark.column + LONGEST_KEY < now.column)
            {
                if *required {
                    return Err(Error::at(mark.line, "a `:` is missing after a key"));
                }
                *key = None;
            }
        }
        Ok(())
    }

    fn save_key(&mut self) -> Result<(), Error> {
        let required = self.flow_level == 0 && self.indent == self.column();
        if self.simple_key_allowed {
            let key = SimpleKey {
                required,
                token_number: self.consumed + self.tokens.len(),
                mark: self.mark,
            };
            self.remove_key()?;
            if let Some(last) = self.simple_keys.last_mut() {
                *last = Some(key);
            }
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Result<(), Error> {
        match self.simple_keys.last_mut().and_then(Option::take) {
            Some(SimpleKey {
                required: true, mark, ..
            }) => Err(Error::at(mark.line, "a `:` is missing after a key")),
            _ => Ok(()),
        }
    }

    /// Opens a block collection in `column`, unless one is open there. Inserts its token at `place`, or at the end.
    fn roll_indent(&mut self, column: isize, place: Option<usize>, kind: TokenKind, line: usize) {
        if self.flow_level == 0 && self.indent < column {
            self.indents.push(self.indent);
            self.indent = column;
            let place = place.map_or(self.tokens.len(), |number| number - self.consumed);
            self.tokens.insert(place, Token { kind, line });
        }
    }

    /// Closes the block collections that are indented deeper than `column`.
    fn unroll_indent(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            self.push(TokenKind::BlockEnd, self.mark.line);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn push(&mut self, kind: TokenKind, line: usize) {
        self.tokens.push_back(Token { kind, line });
    }

    /// Scans one token and the tokens that must precede it.
    fn fetch(&mut self) -> Result<(), Error> {
        self.skip_to_next_token();
        self.forget_stale_keys()?;
        self.unroll_indent(self.column());
        let line = self.mark.line;
        let first = self.byte(0);
        let in_flow = self.flow_level > 0;
        match first {
            0 => self.fetch_stream_end(),
            b'%' if self.mark.column == 0 => {
                self.leave_document()?;
                let kind = self.scan_directive()?;
                self.push(kind, line);
                Ok(())
            }
            b'-' | b'.' if self.is_document_indicator() => {
                self.leave_document()?;
                self.skip_characters(3);
                self.push(
                    if first == b'-' {
                        TokenKind::DocumentStart
                    } else {
                        TokenKind::DocumentEnd
                    },
                    line,
                );
                Ok(())
            }
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.push_indicator(TokenKind::FlowEntry);
                Ok(())
            }
            b'-' if self.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blank_or_end(1) => self.fetch_key(),
            b':' if in_flow || self.is_blank_or_end(1) => self.fetch_value(),
            b'*' | b'&' | b'!' | b'\'' | b'"' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                let kind = match first {
                    b'*' => TokenKind::Alias(self.scan_anchor()?),
                    b'&' => TokenKind::Anchor(self.scan_anchor()?),
                    b'!' => self.scan_tag()?,
                    quote => TokenKind::Scalar {
                        value: self.scan_quoted(quote)?,
                        is_plain: false,
                    },
                };
                self.push(kind, line);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                let value = self.scan_block(first == b'|')?;
                self.push(
                    TokenKind::Scalar {
                        value,
                        is_plain: false,
                    },
                    line,
                );
                Ok(())
            }
            b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(Error::at(line, "a character that cannot begin anything"))
            }
            _ => self.fetch_plain(),
        }
    }

    fn fetch_plain(&mut self) -> Result<(), Error> {
        let line = self.mark.line;
        self.save_key()?;
        self.simple_key_allowed = false;
        let value = self.scan_plain()?;
        self.push(
            TokenKind::Scalar {
                value,
                is_plain: true,
            },
            line,
        );
        Ok(())
    }

    fn fetch_stream_end(&mut self) -> Result<(), Error> {
        if self.mark.column > 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.leave_document()?;
        self.push(TokenKind::StreamEnd, self.mark.line);
        Ok(())
    }

    fn leave_document(&mut self) -> Result<(), Error> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind) {
        let line = self.mark.line;
        self.skip_characters(1);
        self.push(kind, line);
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.save_key()?;
        self.simple_keys.push(None);
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<(), Error> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Error::at(
                    self.mark.line,
                    "a `- ` where a sequence is not allowed",
                ));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequenceStart, self.mark.line);
        }
        self.remove_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        self.begin_mapping("a `? ` where a key is not allowed")?;
        self.remove_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        if let Some(key) = self.simple_keys.last_mut().and_then(Option::take) {
            let column = isize::try_from(key.mark.column).unwrap_or(isize::MAX);
            let place = key.token_number - self.consumed;
            self.tokens.insert(
                place,
                Token {
                    kind: TokenKind::Key,
                    line: key.mark.line,
                },
            );
            self.roll_indent(
                column,
                Some(key.token_number),
                TokenKind::BlockMappingStart,
                key.mark.line,
            );
            self.simple_key_allowed = false;
        } else {
            self.begin_mapping("a `:` where a value is not allowed")?;
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    fn begin_mapping(&mut self, problem: &'static str) -> Result<(), Error> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Error::at(self.mark.line, problem));
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.mark.line);
        }
        Ok(())
    }

    /// Skips blanks, comments and line breaks. A tab is a blank only where it cannot be indentation.
    fn skip_to_next_token(&mut self) {
        loop {
            if self.mark.column == 0 && self.rest().starts_with('\u{feff}') {
                self.skip_characters(1);
            }
            while self.byte(0) == b' '
                || (self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed))
            {
                self.skip_characters(1);
            }
            self.skip_comment();
            if !self.is_break(0) {
                return;
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }
}
