//! Reads the syntax of `re`, as `_parser.py` of CPython 3.11 reads it.
//!
//! `tokens` takes characters, `repeat`, `set`, `escape`, `group` and `flags` read the parts that their names say, and `width` counts what
//! a look-behind looks at. Must not know how anything is matched. The optimizations that can be noticed are here too: alternatives
//! that are single characters become one set.

mod escape;
mod flags;
mod group;
mod repeat;
mod set;
mod tokens;
mod width;

use super::PatternError;
use super::tree::{ASCII, At, Item, Node, Parsed, Sequence, SetNode, UNICODE, VERBOSE};
use flags::TYPES;
use group::GroupOutcome;
use tokens::{Token, Tokens};
use width::Width;

/// How deeply groups may be nested. Python's own limit is the depth of its recursion.
const MAX_DEPTH: usize = 150;

/// Reads a pattern.
pub(super) fn parse(pattern: &str, flags: u8) -> Result<Parsed, PatternError> {
    let mut parser = Parser::new(pattern, flags)?;
    let sequence = parser.alternatives(false, 0)?;
    if parser.flags & TYPES == TYPES {
        return refuse("the flags `a` and `u` are incompatible");
    }
    if parser.flags & ASCII == 0 {
        parser.flags |= UNICODE;
    }
    if parser.tokens.peek().is_some() {
        return refuse(format!("unbalanced `)` at position {}", parser.tokens.position()));
    }
    let groups = parser.widths.len();
    if let Some(missing) = parser.conditions.iter().find(|group| **group >= groups) {
        return refuse(format!("invalid group reference {missing}"));
    }
    Ok(Parsed {
        sequence,
        flags: parser.flags,
        groups,
    })
}

fn refuse<T>(message: impl Into<String>) -> Result<T, PatternError> {
    Err(PatternError::new(message))
}

struct Parser {
    tokens: Tokens,
    flags: u8,
    /// The widths of the groups; `None` for one that is still open.
    widths: Vec<Option<Width>>,
    names: Vec<(String, usize)>,
    /// The number of groups before the outermost look-behind.
    before_look_behind: Option<usize>,
    /// The groups of conditions, which may follow.
    conditions: Vec<usize>,
}

impl Parser {
    fn new(pattern: &str, flags: u8) -> Result<Self, PatternError> {
        Ok(Self {
            tokens: Tokens::new(pattern)?,
            flags,
            widths: vec![None],
            names: Vec::new(),
            before_look_behind: None,
            conditions: Vec::new(),
        })
    }

    /// Reads alternatives: `a|b|c`.
    fn alternatives(&mut self, verbose: bool, depth: usize) -> Result<Sequence, PatternError> {
        if depth > MAX_DEPTH {
            return refuse("its groups are nested too deeply");
        }
        let mut verbose = verbose;
        let mut items = Vec::new();
        loop {
            items.push(self.sequence(verbose, depth, depth == 0 && items.is_empty())?);
            if !self.tokens.skips('|') {
                break;
            }
            if depth == 0 {
                verbose = self.flags & VERBOSE != 0;
            }
        }
        if items.len() == 1 {
            return Ok(items.swap_remove(0));
        }
        let mut sequence = Vec::new();
        while let Some(prefix) = common_prefix(&items) {
            sequence.push(prefix);
            for item in &mut items {
                item.remove(0);
            }
        }
        sequence.push(match as_set(&items) {
            Some(set) => Node::Set(set),
            None => Node::Branch(items),
        });
        Ok(sequence)
    }

    /// Reads one alternative. `first` is the first one of the whole pattern, which alone may have global flags.
    fn sequence(&mut self, mut verbose: bool, depth: usize, first: bool) -> Result<Sequence, PatternError> {
        let mut sequence = Vec::new();
        while let Some(token) = self.tokens.peek() {
            if matches!(token, Token::Plain('|' | ')')) {
                break;
            }
            let start = self.tokens.at();
            self.tokens.next();
            let c = match token {
                Token::Escape(c) => {
                    sequence.push(self.escape(c, start)?);
                    continue;
                }
                Token::Plain(' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') if verbose => continue,
                Token::Plain('#') if verbose => {
                    while self
                        .tokens
                        .next()
                        .is_some_and(|token| token != Token::Plain('\n'))
                    {}
                    continue;
                }
                Token::Plain(c) => c,
            };
            match c {
                '[' => sequence.push(self.set(start)?),
                '*' | '+' | '?' | '{' => self.repeat(c, start, &mut sequence)?,
                '.' => sequence.push(Node::Any),
                '^' => sequence.push(Node::At(At::Beginning)),
                '$' => sequence.push(Node::At(At::End)),
                '(' => match self.group(start, verbose, depth)? {
                    GroupOutcome::Node(node) => sequence.push(node),
                    GroupOutcome::Comment => {}
                    GroupOutcome::GlobalFlags if first && sequence.is_empty() => {
                        verbose = self.flags & VERBOSE != 0;
                    }
                    GroupOutcome::GlobalFlags => {
                        return refuse(format!(
                            "global flags are not at the start, but at position {}",
                            self.tokens.position_of(start)
                        ));
                    }
                },
                c => sequence.push(Node::Literal(c.into())),
            }
        }
        // A group that neither captures nor has flags is no part of its own, so that a set can be made of `(?:a)|b`.
        Ok(sequence
            .into_iter()
            .flat_map(|node| match node {
                Node::Group(None, 0, 0, inner) => inner,
                node => vec![node],
            })
            .collect())
    }
}

/// Returns what all `items` begin with. Parts with parts of their own are never equal in Python.
fn common_prefix(items: &[Sequence]) -> Option<Node> {
    let first = items.first()?.first()?;
    let is_leaf = matches!(
        first,
        Node::Literal(_) | Node::NotLiteral(_) | Node::Any | Node::Set(_) | Node::At(_) | Node::Reference(_)
    );
    (is_leaf && items.iter().all(|item| item.first() == Some(first))).then(|| first.clone())
}

/// Returns a set of single characters that are alternatives.
fn as_set(items: &[Sequence]) -> Option<SetNode> {
    let mut set = SetNode::default();
    for item in items {
        match &item[..] {
            [Node::Literal(code)] => set.items.push(Item::Literal(*code)),
            [Node::Set(inner)] if !inner.negated => set.items.extend(&inner.items),
            _ => return None,
        }
    }
    Some(set)
}
