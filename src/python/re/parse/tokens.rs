//! A pattern's characters, taken one after the other.

use super::{PatternError, refuse};

/// A character, or a backslash and a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Plain(char),
    Escape(char),
}

/// A pattern, taken apart.
pub(super) struct Tokens {
    /// Each token and its position in characters.
    all: Vec<(Token, usize)>,
    /// The number of tokens that were taken.
    at: usize,
    /// The length of the pattern in characters.
    end: usize,
}

impl Tokens {
    pub(super) fn new(pattern: &str) -> Result<Self, PatternError> {
        let mut tokens = Vec::new();
        let mut characters = pattern.chars().enumerate();
        while let Some((at, c)) = characters.next() {
            let token = match (c, c == '\\') {
                (_, false) => Token::Plain(c),
                _ => match characters.next() {
                    Some((_, escaped)) => Token::Escape(escaped),
                    None => return refuse(r"bad escape `\` at the end"),
                },
            };
            tokens.push((token, at));
        }
        Ok(Self {
            all: tokens,
            at: 0,
            end: pattern.chars().count(),
        })
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.all.get(self.at).map(|(token, _)| *token)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Skips the character `c`, if it is next.
    pub(super) fn skips(&mut self, c: char) -> bool {
        let found = self.peek() == Some(Token::Plain(c));
        self.at += usize::from(found);
        found
    }

    pub(super) fn position(&self) -> usize {
        self.position_of(self.at)
    }

    pub(super) fn position_of(&self, at: usize) -> usize {
        self.all.get(at).map_or(self.end, |(_, position)| *position)
    }

    /// Returns the number of tokens that were taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to where `at` was.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Returns the token with this number, and its position.
    pub(super) fn get(&self, at: usize) -> Option<(Token, usize)> {
        self.all.get(at).copied()
    }

    /// Takes at most `most` characters that `wanted` accepts.
    pub(super) fn take(&mut self, most: usize, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(Token::Plain(c)) = self.peek() {
            if taken.len() == most || !wanted(c) {
                break;
            }
            taken.push(c);
            self.at += 1;
        }
        taken
    }

    /// Takes a name that ends with `end`.
    pub(super) fn name_until(&mut self, end: char) -> Result<String, PatternError> {
        let start = self.position();
        let mut name = String::new();
        loop {
            match self.next() {
                None => return refuse(format!("missing `{end}` after a group name at position {start}")),
                Some(Token::Plain(c)) if c == end => break,
                Some(Token::Plain(c)) => name.push(c),
                Some(Token::Escape(c)) => name.extend(['\\', c]),
            }
        }
        if name.is_empty() {
            return refuse(format!("missing group name at position {start}"));
        }
        Ok(name)
    }
}
