//! Flow collections: `[a, b: c]` and `{a: b, c}`.

use super::Error;
use super::parse::{Event, EventKind, Parser, Place, Properties, State};
use super::scan::TokenKind;

impl Parser<'_> {
    pub(super) fn flow_sequence(&mut self, is_first: bool) -> Result<Event, Error> {
        if !is_first && *self.peek()? != TokenKind::FlowSequenceEnd {
            if *self.peek()? != TokenKind::FlowEntry {
                return self.error("a `,` or `]` is missing");
            }
            self.scanner.take()?;
        }
        match self.peek()? {
            TokenKind::FlowSequenceEnd => {
                self.leave();
                self.take_event(EventKind::SequenceEnd)
            }
            TokenKind::Key => {
                self.state = State::PairKey;
                self.take_event(EventKind::MappingStart(Properties::default()))
            }
            _ => {
                self.states.push(State::FlowSequence { is_first: false });
                self.node(Place::Elsewhere)
            }
        }
    }

    /// Parses the key of a mapping of one pair in a flow sequence: `[a: b]`.
    pub(super) fn pair_key(&mut self) -> Result<Event, Error> {
        if matches!(
            self.peek()?,
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
        ) {
            // libyaml consumes any token here: the value of `[? : a]` is lost.
            self.scanner.take()?;
            return self.empty(State::PairValue);
        }
        self.states.push(State::PairValue);
        self.node(Place::Elsewhere)
    }

    pub(super) fn pair_value(&mut self) -> Result<Event, Error> {
        if *self.peek()? == TokenKind::Value {
            self.scanner.take()?;
            if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::PairEnd);
                return self.node(Place::Elsewhere);
            }
        }
        self.empty(State::PairEnd)
    }

    pub(super) fn flow_mapping_key(&mut self, is_first: bool) -> Result<Event, Error> {
        if !is_first && *self.peek()? != TokenKind::FlowMappingEnd {
            if *self.peek()? != TokenKind::FlowEntry {
                return self.error("a `,` or `}` is missing");
            }
            self.scanner.take()?;
        }
        match self.peek()? {
            TokenKind::FlowMappingEnd => {
                self.leave();
                self.take_event(EventKind::MappingEnd)
            }
            TokenKind::Key => {
                self.scanner.take()?;
                if matches!(
                    self.peek()?,
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
                ) {
                    return self.empty(State::FlowMappingValue);
                }
                self.states.push(State::FlowMappingValue);
                self.node(Place::Elsewhere)
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(Place::Elsewhere)
            }
        }
    }

    pub(super) fn flow_mapping_value(&mut self) -> Result<Event, Error> {
        let next = State::FlowMappingKey { is_first: false };
        if *self.peek()? == TokenKind::Value {
            self.scanner.take()?;
            if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(next);
                return self.node(Place::Elsewhere);
            }
        }
        self.empty(next)
    }
}
