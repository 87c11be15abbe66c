//! How often something is repeated: `*`, `+`, `?`, `{2,3}`.

use super::tokens::Token;
use super::{Parser, PatternError, refuse};
use crate::python::re::tree::{NO_LIMIT, Node, Repeat, RepeatKind, Sequence};

impl Parser {
    pub(super) fn repeat(
        &mut self,
        c: char,
        start: usize,
        sequence: &mut Sequence,
    ) -> Result<(), PatternError> {
        let (min, max) = match c {
            '?' => (0, 1),
            '*' => (0, NO_LIMIT),
            '+' => (1, NO_LIMIT),
            _ => {
                let Some(counts) = self.counts(start)? else {
                    sequence.push(Node::Literal(c.into()));
                    return Ok(());
                };
                counts
            }
        };
        let position = self.tokens.position_of(start);
        let body = match sequence.pop() {
            None | Some(Node::At(_)) => return refuse(format!("nothing to repeat at position {position}")),
            Some(Node::Repeat(..)) => return refuse(format!("multiple repeat at position {position}")),
            Some(Node::Group(None, 0, 0, inner)) => inner,
            Some(node) => vec![node],
        };
        let kind = if self.tokens.skips('?') {
            RepeatKind::Lazy
        } else if self.tokens.skips('+') {
            RepeatKind::Possessive
        } else {
            RepeatKind::Greedy
        };
        sequence.push(Node::Repeat(Repeat { min, max, kind }, body));
        Ok(())
    }

    /// Reads `{2,3}` after its brace; `None` when that is text.
    fn counts(&mut self, start: usize) -> Result<Option<(u32, u32)>, PatternError> {
        if self.tokens.peek() == Some(Token::Plain('}')) {
            return Ok(None);
        }
        let after_brace = self.tokens.at();
        let low = self.tokens.take(usize::MAX, |c| c.is_ascii_digit());
        let high = if self.tokens.skips(',') {
            self.tokens.take(usize::MAX, |c| c.is_ascii_digit())
        } else {
            low.clone()
        };
        if !self.tokens.skips('}') {
            self.tokens.back_to(after_brace);
            return Ok(None);
        }
        let number = |digits: &str, default| match digits.parse::<u32>() {
            _ if digits.is_empty() => Ok(default),
            Ok(number) if number < NO_LIMIT => Ok(number),
            _ => refuse("a repetition number is too large"),
        };
        let (min, max) = (number(&low, 0)?, number(&high, NO_LIMIT)?);
        if max < min {
            return refuse(format!(
                "min repeat greater than max repeat at position {}",
                self.tokens.position_of(start)
            ));
        }
        Ok(Some((min, max)))
    }
}
