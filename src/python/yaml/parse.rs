//! Tokens into events: libyaml's grammar, as a state machine whose stack is the nesting of the document.

use super::Error;
use super::scan::{Scanner, Token, TokenKind};

/// An event in a document, and its line, counted from 0.
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) line: usize,
}

/// The kind of an event.
pub(super) enum EventKind {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(String),
    /// A scalar; `is_implicit` when its value decides its tag.
    Scalar {
        properties: Properties,
        value: String,
        is_implicit: bool,
    },
    SequenceStart(Properties),
    SequenceEnd,
    MappingStart(Properties),
    MappingEnd,
}

/// The anchor and the tag before a node.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<String>,
}

impl Properties {
    pub(super) fn is_empty(&self) -> bool {
        self.anchor.is_none() && self.tag.is_none()
    }
}

/// The next expected part of the grammar.
#[derive(Clone, Copy)]
pub(super) enum State {
    StreamStart,
    DocumentStart {
        is_first: bool,
    },
    /// The content of a document that begins without `---`, which cannot be empty.
    BareContent,
    DocumentContent,
    DocumentEnd,
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequence {
        is_first: bool,
    },
    PairKey,
    PairValue,
    PairEnd,
    FlowMappingKey {
        is_first: bool,
    },
    FlowMappingValue,
    FlowMappingEmptyValue,
}

/// The position of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a block mapping, where a sequence need not be indented.
    BlockValue,
    Elsewhere,
}

/// The parser.
pub(super) struct Parser<'a> {
    pub(super) scanner: Scanner<'a>,
    pub(super) state: State,
    pub(super) states: Vec<State>,
    tag_prefixes: Vec<(String, String)>,
}

impl<'a> Parser<'a> {
    /// Creates the parser of a text.
    ///
    /// # Errors
    /// A character that YAML does not allow.
    pub(super) fn new(text: &'a str) -> Result<Self, Error> {
        // A byte order mark at the start is not part of the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(at) = text.find(|c| !is_printable(c)) {
            let line = text[..at].matches('\n').count();
            return Err(Error::at(line, "a character that YAML does not allow"));
        }
        Ok(Self {
            scanner: Scanner::new(text),
            state: State::StreamStart,
            states: Vec::new(),
            tag_prefixes: Vec::new(),
        })
    }

    /// Returns the next event. Must not be called after the end of the stream.
    pub(super) fn next(&mut self) -> Result<Event, Error> {
        match self.state {
            State::StreamStart => {
                self.scanner.take()?;
                self.state = State::DocumentStart { is_first: true };
                self.document_start(true)
            }
            State::DocumentStart { is_first } => self.document_start(is_first),
            State::BareContent => self.node(Place::Elsewhere),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence { is_first } => self.flow_sequence(is_first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                self.state = State::FlowSequence { is_first: false };
                self.event(EventKind::MappingEnd)
            }
            State::FlowMappingKey { is_first } => self.flow_mapping_key(is_first),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => self.empty(State::FlowMappingKey { is_first: false }),
        }
    }

    pub(super) fn peek(&mut self) -> Result<&TokenKind, Error> {
        Ok(&self.scanner.peek()?.kind)
    }

    pub(super) fn error<T>(&mut self, what: &'static str) -> Result<T, Error> {
        Err(Error::at(self.scanner.peek()?.line, what))
    }

    /// Creates an event at the next token, without consuming it.
    pub(super) fn event(&mut self, kind: EventKind) -> Result<Event, Error> {
        Ok(Event {
            kind,
            line: self.scanner.peek()?.line,
        })
    }

    /// Creates an event at the next token, and consumes it.
    pub(super) fn take_event(&mut self, kind: EventKind) -> Result<Event, Error> {
        Ok(Event {
            kind,
            line: self.scanner.take()?.line,
        })
    }

    /// Returns to the state of the enclosing collection.
    pub(super) fn leave(&mut self) {
        self.state = self.states.pop().unwrap_or(State::DocumentEnd);
    }

    /// Creates the empty scalar for a missing node.
    pub(super) fn empty(&mut self, state: State) -> Result<Event, Error> {
        self.state = state;
        self.event(EventKind::Scalar {
            properties: Properties::default(),
            value: String::new(),
            is_implicit: true,
        })
    }

    fn document_start(&mut self, is_first: bool) -> Result<Event, Error> {
        if !is_first {
            while *self.peek()? == TokenKind::DocumentEnd {
                self.scanner.take()?;
            }
        }
        let is_explicit = matches!(
            self.peek()?,
            TokenKind::VersionDirective(..) | TokenKind::TagDirective { .. } | TokenKind::DocumentStart
        );
        if *self.peek()? == TokenKind::StreamEnd {
            return self.event(EventKind::StreamEnd);
        }
        self.directives()?;
        self.states.push(State::DocumentEnd);
        if is_first && !is_explicit {
            self.state = State::BareContent;
            return self.event(EventKind::DocumentStart);
        }
        if *self.peek()? != TokenKind::DocumentStart {
            return self.error("a `---` is missing before a document");
        }
        self.state = State::DocumentContent;
        self.take_event(EventKind::DocumentStart)
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut has_version = false;
        loop {
            match self.peek()? {
                TokenKind::VersionDirective(major, minor) => {
                    let is_known = *major == 1 && matches!(minor, 1 | 2);
                    if has_version || !is_known {
                        return self.error("a second %YAML directive, or one of another version");
                    }
                    has_version = true;
                    self.scanner.take()?;
                }
                TokenKind::TagDirective { handle, .. } => {
                    let handle = handle.clone();
                    if self.tag_prefixes.iter().any(|(known, _)| *known == handle) {
                        return self.error("a second %TAG directive for the same handle");
                    }
                    if let TokenKind::TagDirective { handle, prefix } = self.scanner.take()?.kind {
                        self.tag_prefixes.push((handle, prefix));
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn document_content(&mut self) -> Result<Event, Error> {
        match self.peek()? {
            TokenKind::VersionDirective(..)
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.leave();
                self.empty(self.state)
            }
            _ => self.node(Place::Elsewhere),
        }
    }

    fn document_end(&mut self) -> Result<Event, Error> {
        self.tag_prefixes.clear();
        self.state = State::DocumentStart { is_first: false };
        if *self.peek()? == TokenKind::DocumentEnd {
            return self.take_event(EventKind::DocumentEnd);
        }
        self.event(EventKind::DocumentEnd)
    }

    /// Parses a node: an alias, or properties and content, either of which may be absent.
    pub(super) fn node(&mut self, place: Place) -> Result<Event, Error> {
        if let TokenKind::Alias(_) = self.peek()? {
            self.leave();
            let Token { kind, line } = self.scanner.take()?;
            let name = if let TokenKind::Alias(name) = kind {
                name
            } else {
                String::new()
            };
            return Ok(Event {
                kind: EventKind::Alias(name),
                line,
            });
        }
        let line = self.scanner.peek()?.line;
        let properties = self.properties()?;
        let kind = match self.peek()? {
            TokenKind::BlockEntry if place == Place::BlockValue => {
                self.state = State::IndentlessSequence;
                EventKind::SequenceStart(properties)
            }
            TokenKind::Scalar { .. } => {
                self.leave();
                let (value, is_plain) = match self.scanner.take()?.kind {
                    TokenKind::Scalar { value, is_plain } => (value, is_plain),
                    _ => (String::new(), true),
                };
                let is_implicit = match properties.tag.as_deref() {
                    None => is_plain,
                    Some(tag) => tag == "!",
                };
                EventKind::Scalar {
                    properties,
                    value,
                    is_implicit,
                }
            }
            TokenKind::FlowSequenceStart => {
                self.scanner.take()?;
                self.state = State::FlowSequence { is_first: true };
                EventKind::SequenceStart(properties)
            }
            TokenKind::FlowMappingStart => {
                self.scanner.take()?;
                self.state = State::FlowMappingKey { is_first: true };
                EventKind::MappingStart(properties)
            }
            TokenKind::BlockSequenceStart => {
                self.scanner.take()?;
                self.state = State::BlockSequence;
                EventKind::SequenceStart(properties)
            }
            TokenKind::BlockMappingStart => {
                self.scanner.take()?;
                self.state = State::BlockMappingKey;
                EventKind::MappingStart(properties)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                self.leave();
                let is_implicit = properties.tag.is_none();
                EventKind::Scalar {
                    properties,
                    value: String::new(),
                    is_implicit,
                }
            }
            _ => return self.error("a value is missing or not allowed here"),
        };
        Ok(Event { kind, line })
    }

    /// Parses an anchor and a tag, in any order.
    fn properties(&mut self) -> Result<Properties, Error> {
        let mut properties = Properties::default();
        loop {
            match self.peek()? {
                TokenKind::Anchor(_) if properties.anchor.is_none() => {
                    if let TokenKind::Anchor(anchor) = self.scanner.take()?.kind {
                        properties.anchor = Some(anchor);
                    }
                }
                TokenKind::Tag { .. } if properties.tag.is_none() => {
                    let Token { kind, line } = self.scanner.take()?;
                    if let TokenKind::Tag { handle, suffix } = kind {
                        properties.tag = Some(self.full_tag(&handle, suffix, line)?);
                    }
                }
                _ => return Ok(properties),
            }
        }
    }

    fn full_tag(&self, handle: &str, suffix: String, line: usize) -> Result<String, Error> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let declared = self
            .tag_prefixes
            .iter()
            .find(|(known, _)| known == handle)
            .map(|(_, prefix)| prefix.as_str());
        let prefix = match (declared, handle) {
            (Some(prefix), _) => prefix,
            (None, "!") => "!",
            (None, "!!") => "tag:yaml.org,2002:",
            (None, _) => return Err(Error::at(line, "a tag whose handle is not declared")),
        };
        Ok(format!("{prefix}{suffix}"))
    }

    fn block_sequence(&mut self) -> Result<Event, Error> {
        match self.peek()? {
            TokenKind::BlockEntry => {
                self.scanner.take()?;
                if matches!(self.peek()?, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return self.empty(State::BlockSequence);
                }
                self.states.push(State::BlockSequence);
                self.node(Place::Elsewhere)
            }
            TokenKind::BlockEnd => {
                self.leave();
                self.take_event(EventKind::SequenceEnd)
            }
            _ => self.error("a `- ` is missing in a sequence"),
        }
    }

    fn indentless_sequence(&mut self) -> Result<Event, Error> {
        if *self.peek()? != TokenKind::BlockEntry {
            self.leave();
            return self.event(EventKind::SequenceEnd);
        }
        self.scanner.take()?;
        if matches!(
            self.peek()?,
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            return self.empty(State::IndentlessSequence);
        }
        self.states.push(State::IndentlessSequence);
        self.node(Place::Elsewhere)
    }

    fn block_mapping_key(&mut self) -> Result<Event, Error> {
        match self.peek()? {
            TokenKind::Key => {
                self.scanner.take()?;
                self.block_mapping_part(State::BlockMappingValue)
            }
            TokenKind::BlockEnd => {
                self.leave();
                self.take_event(EventKind::MappingEnd)
            }
            _ => self.error("a key is missing in a mapping"),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Error> {
        if *self.peek()? != TokenKind::Value {
            return self.empty(State::BlockMappingKey);
        }
        self.scanner.take()?;
        self.block_mapping_part(State::BlockMappingKey)
    }

    fn block_mapping_part(&mut self, next: State) -> Result<Event, Error> {
        if matches!(
            self.peek()?,
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            return self.empty(next);
        }
        self.states.push(next);
        self.node(Place::BlockValue)
    }
}

/// Whether YAML allows a character in a text.
fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}
