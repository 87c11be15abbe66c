//! What stands in parentheses: groups, assertions, conditions, comments.

use super::tokens::Token;
use super::{MAX_DEPTH, Parser, PatternError, refuse};
use crate::python::re::tree::{Look, Node, VERBOSE};

enum GroupKind {
    Capture(Option<String>),
    Plain,
    Atomic,
}

pub(super) enum GroupOutcome {
    Node(Node),
    Comment,
    GlobalFlags,
}

impl Parser {
    pub(super) fn group(
        &mut self,
        start: usize,
        verbose: bool,
        depth: usize,
    ) -> Result<GroupOutcome, PatternError> {
        let mut kind = GroupKind::Capture(None);
        let (mut add, mut remove) = (0, 0);
        if self.tokens.skips('?') {
            let at = self.tokens.at();
            let extension = self.tokens.next();
            let Some(Token::Plain(c)) = extension else {
                return self.unknown_extension(at);
            };
            match c {
                'P' if self.tokens.skips('<') => kind = GroupKind::Capture(Some(self.group_name('>')?)),
                'P' if self.tokens.skips('=') => {
                    let at = self.tokens.position();
                    let name = self.group_name(')')?;
                    let group = self.named(&name, at)?;
                    return self.reference(group).map(GroupOutcome::Node);
                }
                ':' => kind = GroupKind::Plain,
                '>' => kind = GroupKind::Atomic,
                '#' => {
                    while let Some(token) = self.tokens.next() {
                        if token == Token::Plain(')') {
                            return Ok(GroupOutcome::Comment);
                        }
                    }
                    return self.missing_parenthesis(start);
                }
                '=' | '!' => return self.look(start, false, c == '!', verbose, depth),
                '<' => {
                    return match self.tokens.next() {
                        Some(Token::Plain(c @ ('=' | '!'))) => {
                            self.look(start, true, c == '!', verbose, depth)
                        }
                        _ => self.unknown_extension(at),
                    };
                }
                '(' => return self.conditional(start, verbose, depth),
                '-' | 'i' | 'L' | 'm' | 's' | 'x' | 'a' | 't' | 'u' => match self.flags(c)? {
                    None => return Ok(GroupOutcome::GlobalFlags),
                    Some(flags) => {
                        (add, remove) = flags;
                        kind = GroupKind::Plain;
                    }
                },
                _ => return self.unknown_extension(at),
            }
        }
        let group = match &kind {
            GroupKind::Capture(name) => Some(self.open(name.as_deref())?),
            _ => None,
        };
        let verbose = (verbose || add & VERBOSE != 0) && remove & VERBOSE == 0;
        let inner = self.alternatives(verbose, depth + 1)?;
        if !self.tokens.skips(')') {
            return self.missing_parenthesis(start);
        }
        if let Some(group) = group {
            self.widths[group] = Some(self.width(&inner));
        }
        Ok(GroupOutcome::Node(match kind {
            GroupKind::Atomic => Node::Atomic(inner),
            _ => Node::Group(group, add, remove, inner),
        }))
    }

    fn missing_parenthesis<T>(&self, start: usize) -> Result<T, PatternError> {
        let position = self.tokens.position_of(start);
        refuse(format!("missing `)` for the group at position {position}"))
    }

    fn unknown_extension<T>(&self, at: usize) -> Result<T, PatternError> {
        match self.tokens.get(at) {
            Some((Token::Plain(c) | Token::Escape(c), position)) => refuse(format!(
                "unknown extension `?{}` at position {}",
                c.escape_debug(),
                position - 1
            )),
            None => refuse("unexpected end of the pattern"),
        }
    }

    fn open(&mut self, name: Option<&str>) -> Result<usize, PatternError> {
        let group = self.widths.len();
        self.widths.push(None);
        if let Some(name) = name {
            if self.names.iter().any(|(known, _)| known == name) {
                return refuse(format!("group name `{name}` is used twice"));
            }
            self.names.push((name.to_owned(), group));
        }
        Ok(group)
    }

    fn group_name(&mut self, end: char) -> Result<String, PatternError> {
        let position = self.tokens.position();
        let name = self.tokens.name_until(end)?;
        if is_identifier(&name) {
            return Ok(name);
        }
        refuse(format!("bad character in the group name at position {position}"))
    }

    fn named(&self, name: &str, position: usize) -> Result<usize, PatternError> {
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, group)) => Ok(*group),
            None => refuse(format!("unknown group name `{name}` at position {position}")),
        }
    }

    fn look(
        &mut self,
        start: usize,
        is_behind: bool,
        negated: bool,
        verbose: bool,
        depth: usize,
    ) -> Result<GroupOutcome, PatternError> {
        let outer = self.before_look_behind;
        if is_behind && outer.is_none() {
            self.before_look_behind = Some(self.widths.len());
        }
        let inner = self.alternatives(verbose, depth + 1)?;
        if is_behind {
            self.before_look_behind = outer;
        }
        if !self.tokens.skips(')') {
            return self.missing_parenthesis(start);
        }
        let behind = if is_behind {
            let (min, max) = self.width(&inner);
            if min != max {
                return refuse("look-behind requires a fixed width");
            }
            match u32::try_from(min) {
                Ok(width) => Some(width as usize),
                Err(_) => return refuse("it looks too far behind"),
            }
        } else {
            None
        };
        Ok(GroupOutcome::Node(Node::Look(Look { behind, negated }, inner)))
    }

    fn conditional(
        &mut self,
        start: usize,
        verbose: bool,
        depth: usize,
    ) -> Result<GroupOutcome, PatternError> {
        if depth >= MAX_DEPTH {
            return refuse("its groups are nested too deeply");
        }
        let position = self.tokens.position();
        let name = self.tokens.name_until(')')?;
        let group = if is_identifier(&name) {
            self.named(&name, position)?
        } else {
            let number = crate::python::int::parse(&name).and_then(|digits| digits.parse::<usize>().ok());
            match number.filter(|group| (1..0x3fff_ffff).contains(group)) {
                Some(group) => group,
                None => return refuse(format!("bad group number at position {position}")),
            }
        };
        self.conditions.push(group);
        self.check_look_behind(group)?;
        let yes = self.sequence(verbose, depth + 1, false)?;
        let no = if self.tokens.skips('|') {
            self.sequence(verbose, depth + 1, false)?
        } else {
            Vec::new()
        };
        if self.tokens.peek() == Some(Token::Plain('|')) {
            return refuse("a condition has more than two branches");
        }
        if !self.tokens.skips(')') {
            return self.missing_parenthesis(start);
        }
        Ok(GroupOutcome::Node(Node::Conditional(group, yes, no)))
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let is_first = |c: char| c == '_' || c.is_alphabetic();
    characters.next().is_some_and(is_first)
        && characters.all(|c| is_first(c) || crate::python::text::is_alphanumeric(c))
}
