//! A set of characters: `[a-z]`.

use super::tokens::Token;
use super::{Parser, PatternError, refuse};
use crate::python::re::tree::{Item, Node, SetNode};

impl Parser {
    pub(super) fn set(&mut self, start: usize) -> Result<Node, PatternError> {
        let unterminated = |parser: &Self| {
            let position = parser.tokens.position_of(start);
            PatternError::new(format!("unterminated character set at position {position}"))
        };
        let mut set = SetNode {
            negated: self.tokens.skips('^'),
            items: Vec::new(),
        };
        let mut is_empty = true;
        loop {
            let here = self.tokens.at();
            let low = match self.tokens.next().ok_or_else(|| unterminated(self))? {
                Token::Plain(']') if !is_empty => break,
                Token::Plain(c) => Item::Literal(c.into()),
                Token::Escape(c) => self.escape_in_set(c, here)?,
            };
            is_empty = false;
            if !self.tokens.skips('-') {
                set.items.push(low);
                continue;
            }
            let there = self.tokens.at();
            let high = match self.tokens.next().ok_or_else(|| unterminated(self))? {
                Token::Plain(']') => {
                    set.items.extend([low, Item::Literal('-'.into())]);
                    break;
                }
                Token::Plain(c) => Item::Literal(c.into()),
                Token::Escape(c) => self.escape_in_set(c, there)?,
            };
            match (low, high) {
                (Item::Literal(low), Item::Literal(high)) if low <= high => {
                    set.items.push(Item::Range(low, high));
                }
                _ => {
                    return refuse(format!(
                        "bad character range at position {}",
                        self.tokens.position_of(here)
                    ));
                }
            }
        }
        // One literal, also when it is repeated, is no set: that decides how the cases of a letter are compared.
        Ok(match set.items[..] {
            [Item::Literal(code), ref rest @ ..] if rest.iter().all(|item| *item == Item::Literal(code)) => {
                if set.negated {
                    Node::NotLiteral(code)
                } else {
                    Node::Literal(code)
                }
            }
            _ => Node::Set(set),
        })
    }
}
