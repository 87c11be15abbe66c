//! Reads the syntax of `re`, as `_parser.py` of CPython 3.11 reads it.
//!
//! Must not know how anything is matched. The optimizations that can be noticed are here too: alternatives that are single
//! characters become one set.

use super::PatternError;

pub(super) const IGNORECASE: u8 = 1;
pub(super) const MULTILINE: u8 = 2;
pub(super) const DOTALL: u8 = 4;
const VERBOSE: u8 = 8;
pub(super) const ASCII: u8 = 16;
pub(super) const UNICODE: u8 = 32;
const TYPES: u8 = ASCII | UNICODE;

/// "As often as possible": Python's `MAXREPEAT`.
pub(super) const NO_LIMIT: u32 = u32::MAX;

/// A width that has no limit: Python's `MAXWIDTH`.
const WIDEST: u128 = 1 << 64;

/// How deeply groups may be nested. Python's own limit is the depth of its recursion.
const MAX_DEPTH: usize = 150;

/// A pattern, and the flags that hold for all of it.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) sequence: Sequence,
    pub(super) flags: u8,
    /// The number of groups, the whole match included.
    pub(super) groups: usize,
}

pub(super) type Sequence = Vec<Node>;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Literal(u32),
    NotLiteral(u32),
    Any,
    Set(SetNode),
    At(At),
    Branch(Vec<Sequence>),
    Repeat(Repeat, Sequence),
    /// A group: its number if it captures, the flags that it adds, and those that it removes.
    Group(Option<usize>, u8, u8, Sequence),
    Atomic(Sequence),
    Reference(usize),
    /// If the group has matched, the first, else the second.
    Conditional(usize, Sequence, Sequence),
    /// An assertion: how far behind it begins, whether it is negated.
    Look(Look, Sequence),
}

/// A set of characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SetNode {
    pub(super) negated: bool,
    pub(super) items: Vec<Item>,
}

/// A member of a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item {
    Literal(u32),
    Range(u32, u32),
    Category(Category, bool),
}

/// `\d`, `\s` and `\w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Digit,
    Space,
    Word,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Beginning,
    BeginningOfText,
    End,
    EndOfText,
    Boundary { negated: bool },
}

/// How often something is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) kind: RepeatKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RepeatKind {
    Greedy,
    Lazy,
    Possessive,
}

/// An assertion about what follows, or about what is before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The width of what is before.
    pub(super) behind: Option<usize>,
    pub(super) negated: bool,
}

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
    if parser.peek().is_some() {
        return refuse(format!("unbalanced `)` at position {}", parser.position()));
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

/// A character, or a backslash and a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Plain(char),
    Escape(char),
}

struct Parser {
    /// Each token and its position in characters.
    tokens: Vec<(Token, usize)>,
    at: usize,
    end: usize,
    flags: u8,
    /// The widths of the groups; `None` for one that is still open.
    widths: Vec<Option<Width>>,
    names: Vec<(String, usize)>,
    /// The number of groups before the outermost look-behind.
    before_look_behind: Option<usize>,
    /// The groups of conditions, which may follow.
    conditions: Vec<usize>,
}

type Width = (u128, u128);

impl Parser {
    fn new(pattern: &str, flags: u8) -> Result<Self, PatternError> {
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
            tokens,
            at: 0,
            end: pattern.chars().count(),
            flags,
            widths: vec![None],
            names: Vec::new(),
            before_look_behind: None,
            conditions: Vec::new(),
        })
    }

    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).map(|(token, _)| *token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Skips the character `c`, if it is next.
    fn skips(&mut self, c: char) -> bool {
        let found = self.peek() == Some(Token::Plain(c));
        self.at += usize::from(found);
        found
    }

    fn position(&self) -> usize {
        self.position_of(self.at)
    }

    fn position_of(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(self.end, |(_, position)| *position)
    }

    /// Takes at most `most` characters that `wanted` accepts.
    fn take(&mut self, most: usize, wanted: impl Fn(char) -> bool) -> String {
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
    fn name_until(&mut self, end: char) -> Result<String, PatternError> {
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

    /// Reads alternatives: `a|b|c`.
    fn alternatives(&mut self, verbose: bool, depth: usize) -> Result<Sequence, PatternError> {
        if depth > MAX_DEPTH {
            return refuse("its groups are nested too deeply");
        }
        let mut verbose = verbose;
        let mut items = Vec::new();
        loop {
            items.push(self.sequence(verbose, depth, depth == 0 && items.is_empty())?);
            if !self.skips('|') {
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
        while let Some(token) = self.peek() {
            if matches!(token, Token::Plain('|' | ')')) {
                break;
            }
            let start = self.at;
            self.at += 1;
            let c = match token {
                Token::Escape(c) => {
                    sequence.push(self.escape(c, start)?);
                    continue;
                }
                Token::Plain(' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') if verbose => continue,
                Token::Plain('#') if verbose => {
                    while self.next().is_some_and(|token| token != Token::Plain('\n')) {}
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
                            self.position_of(start)
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

    fn repeat(&mut self, c: char, start: usize, sequence: &mut Sequence) -> Result<(), PatternError> {
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
        let position = self.position_of(start);
        let body = match sequence.pop() {
            None | Some(Node::At(_)) => return refuse(format!("nothing to repeat at position {position}")),
            Some(Node::Repeat(..)) => return refuse(format!("multiple repeat at position {position}")),
            Some(Node::Group(None, 0, 0, inner)) => inner,
            Some(node) => vec![node],
        };
        let kind = if self.skips('?') {
            RepeatKind::Lazy
        } else if self.skips('+') {
            RepeatKind::Possessive
        } else {
            RepeatKind::Greedy
        };
        sequence.push(Node::Repeat(Repeat { min, max, kind }, body));
        Ok(())
    }

    /// Reads `{2,3}` after its brace; `None` when that is text.
    fn counts(&mut self, start: usize) -> Result<Option<(u32, u32)>, PatternError> {
        if self.peek() == Some(Token::Plain('}')) {
            return Ok(None);
        }
        let after_brace = self.at;
        let low = self.take(usize::MAX, |c| c.is_ascii_digit());
        let high = if self.skips(',') {
            self.take(usize::MAX, |c| c.is_ascii_digit())
        } else {
            low.clone()
        };
        if !self.skips('}') {
            self.at = after_brace;
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
                self.position_of(start)
            ));
        }
        Ok(Some((min, max)))
    }

    fn set(&mut self, start: usize) -> Result<Node, PatternError> {
        let unterminated = |parser: &Self| {
            let position = parser.position_of(start);
            PatternError::new(format!("unterminated character set at position {position}"))
        };
        let mut set = SetNode {
            negated: self.skips('^'),
            items: Vec::new(),
        };
        let mut is_empty = true;
        loop {
            let here = self.at;
            let low = match self.next().ok_or_else(|| unterminated(self))? {
                Token::Plain(']') if !is_empty => break,
                Token::Plain(c) => Item::Literal(c.into()),
                Token::Escape(c) => self.escape_in_set(c, here)?,
            };
            is_empty = false;
            if !self.skips('-') {
                set.items.push(low);
                continue;
            }
            let there = self.at;
            let high = match self.next().ok_or_else(|| unterminated(self))? {
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
                        self.position_of(here)
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

    /// Reads what a backslash begins in a set.
    fn escape_in_set(&mut self, c: char, start: usize) -> Result<Item, PatternError> {
        if let Some(item) = category(c) {
            return Ok(item);
        }
        if let Some(code) = self.escaped_code(c, start)? {
            return Ok(Item::Literal(code));
        }
        match c {
            'b' => Ok(Item::Literal(8)),
            '0'..='7' => self.octal(c, start).map(Item::Literal),
            c if c.is_ascii_alphanumeric() => self.bad_escape(c, start),
            c => Ok(Item::Literal(c.into())),
        }
    }

    /// Reads what a backslash begins outside a set.
    fn escape(&mut self, c: char, start: usize) -> Result<Node, PatternError> {
        if let Some(item) = category(c) {
            return Ok(Node::Set(SetNode {
                negated: false,
                items: vec![item],
            }));
        }
        if let Some(code) = self.escaped_code(c, start)? {
            return Ok(Node::Literal(code));
        }
        match c {
            'A' => Ok(Node::At(At::BeginningOfText)),
            'Z' => Ok(Node::At(At::EndOfText)),
            'b' => Ok(Node::At(At::Boundary { negated: false })),
            'B' => Ok(Node::At(At::Boundary { negated: true })),
            '0' => self.octal(c, start).map(Node::Literal),
            '1'..='9' => self.reference_or_octal(c, start),
            c if c.is_ascii_alphabetic() => self.bad_escape(c, start),
            c => Ok(Node::Literal(c.into())),
        }
    }

    fn bad_escape<T>(&self, c: char, start: usize) -> Result<T, PatternError> {
        let c = c.escape_debug();
        refuse(format!(
            r"bad escape `\{c}` at position {}",
            self.position_of(start)
        ))
    }

    /// Reads the escapes that are the same in a set and outside.
    fn escaped_code(&mut self, c: char, start: usize) -> Result<Option<u32>, PatternError> {
        let digits = match c {
            'a' => return Ok(Some(7)),
            'f' => return Ok(Some(12)),
            'n' => return Ok(Some(10)),
            'r' => return Ok(Some(13)),
            't' => return Ok(Some(9)),
            'v' => return Ok(Some(11)),
            'N' => return refuse(r"`\N{…}` is not supported"),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return Ok(None),
        };
        let text = self.take(digits, |c| c.is_ascii_hexdigit());
        match u32::from_str_radix(&text, 16) {
            Ok(code) if text.len() == digits && code <= 0x0010_ffff => Ok(Some(code)),
            _ => self.bad_escape(c, start),
        }
    }

    /// Reads up to three octal digits, the first of which is `c`.
    fn octal(&mut self, c: char, start: usize) -> Result<u32, PatternError> {
        let digits = format!("{c}{}", self.take(2, |c| matches!(c, '0'..='7')));
        match u32::from_str_radix(&digits, 8) {
            Ok(code) if code <= 0o377 => Ok(code),
            _ => self.bad_escape(c, start),
        }
    }

    fn reference_or_octal(&mut self, c: char, start: usize) -> Result<Node, PatternError> {
        let mut digits = String::from(c);
        digits.push_str(&self.take(1, |c| c.is_ascii_digit()));
        let is_octal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        if digits.len() == 2 && is_octal(&digits) {
            digits.push_str(&self.take(1, |c| matches!(c, '0'..='7')));
            if digits.len() == 3 {
                return match u32::from_str_radix(&digits, 8) {
                    Ok(code) if code <= 0o377 => Ok(Node::Literal(code)),
                    _ => self.bad_escape(c, start),
                };
            }
        }
        let group = digits.parse().unwrap_or(usize::MAX);
        if group >= self.widths.len() {
            let position = self.position_of(start);
            return refuse(format!("invalid group reference {group} at position {position}"));
        }
        self.reference(group)
    }

    fn reference(&mut self, group: usize) -> Result<Node, PatternError> {
        self.check_closed(group)?;
        self.check_look_behind(group)?;
        Ok(Node::Reference(group))
    }

    fn check_closed(&self, group: usize) -> Result<(), PatternError> {
        match self.widths.get(group) {
            Some(Some(_)) => Ok(()),
            _ => refuse(format!("cannot refer to group {group}, which is still open")),
        }
    }

    fn check_look_behind(&self, group: usize) -> Result<(), PatternError> {
        let Some(before) = self.before_look_behind else {
            return Ok(());
        };
        self.check_closed(group)?;
        if group < before {
            return Ok(());
        }
        refuse(format!(
            "cannot refer to group {group}, which is in the same look-behind"
        ))
    }

    fn group(&mut self, start: usize, verbose: bool, depth: usize) -> Result<GroupOutcome, PatternError> {
        let mut kind = GroupKind::Capture(None);
        let (mut add, mut remove) = (0, 0);
        if self.skips('?') {
            let at = self.at;
            let extension = self.next();
            let Some(Token::Plain(c)) = extension else {
                return self.unknown_extension(at);
            };
            match c {
                'P' if self.skips('<') => kind = GroupKind::Capture(Some(self.group_name('>')?)),
                'P' if self.skips('=') => {
                    let at = self.position();
                    let name = self.group_name(')')?;
                    let group = self.named(&name, at)?;
                    return self.reference(group).map(GroupOutcome::Node);
                }
                ':' => kind = GroupKind::Plain,
                '>' => kind = GroupKind::Atomic,
                '#' => {
                    while let Some(token) = self.next() {
                        if token == Token::Plain(')') {
                            return Ok(GroupOutcome::Comment);
                        }
                    }
                    return self.missing_parenthesis(start);
                }
                '=' | '!' => return self.look(start, false, c == '!', verbose, depth),
                '<' => {
                    return match self.next() {
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
        if !self.skips(')') {
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
        let position = self.position_of(start);
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
        let position = self.position();
        let name = self.name_until(end)?;
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
        if !self.skips(')') {
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
        let position = self.position();
        let name = self.name_until(')')?;
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
        let no = if self.skips('|') {
            self.sequence(verbose, depth + 1, false)?
        } else {
            Vec::new()
        };
        if self.peek() == Some(Token::Plain('|')) {
            return refuse("a condition has more than two branches");
        }
        if !self.skips(')') {
            return self.missing_parenthesis(start);
        }
        Ok(GroupOutcome::Node(Node::Conditional(group, yes, no)))
    }

    /// Reads flags, the first of which is `c`: those that are added and removed, or `None` for global ones.
    fn flags(&mut self, c: char) -> Result<Option<(u8, u8)>, PatternError> {
        let (mut add, mut remove) = (0, 0);
        let mut c = c;
        if c != '-' {
            loop {
                let flag = flag(c)?;
                add |= flag;
                if flag & TYPES != 0 && add & TYPES != flag {
                    return refuse("the flags `a` and `u` are incompatible");
                }
                c = self.flag_or_end()?;
                if matches!(c, ')' | '-' | ':') {
                    break;
                }
            }
        }
        if c == ')' {
            self.flags |= add;
            return Ok(None);
        }
        if c == '-' {
            c = self.flag_or_end()?;
            loop {
                let flag = flag(c)?;
                if flag & TYPES != 0 {
                    return refuse(format!("the flag `{c}` cannot be turned off"));
                }
                remove |= flag;
                c = self.flag_or_end()?;
                if c == ':' {
                    break;
                }
            }
        }
        if add & remove != 0 {
            return refuse("a flag is turned on and off");
        }
        Ok(Some((add, remove)))
    }

    fn flag_or_end(&mut self) -> Result<char, PatternError> {
        let position = self.position();
        match self.next() {
            Some(Token::Plain(c)) => Ok(c),
            _ => refuse(format!(
                "missing `-`, `:` or `)` after flags at position {position}"
            )),
        }
    }

    /// Returns the least and the greatest width of what `sequence` matches: `SubPattern.getwidth`.
    fn width(&self, sequence: &[Node]) -> Width {
        let (mut least, mut most) = (0, 0);
        for node in sequence {
            let (low, high) = match node {
                Node::Literal(_) | Node::NotLiteral(_) | Node::Any | Node::Set(_) => (1, 1),
                Node::At(_) | Node::Look(..) => (0, 0),
                Node::Branch(items) => items
                    .iter()
                    .map(|item| self.width(item))
                    .fold((WIDEST, 0), |(least, most), (low, high)| {
                        (least.min(low), most.max(high))
                    }),
                Node::Group(.., inner) | Node::Atomic(inner) => self.width(inner),
                Node::Repeat(repeat, body) => {
                    let (low, high) = self.width(body);
                    let high = if repeat.max == NO_LIMIT && high > 0 {
                        WIDEST
                    } else {
                        high * u128::from(repeat.max)
                    };
                    (low * u128::from(repeat.min), high)
                }
                Node::Reference(group) => self.widths.get(*group).copied().flatten().unwrap_or((0, 0)),
                Node::Conditional(_, yes, no) => {
                    let (yes, no) = (self.width(yes), self.width(no));
                    (yes.0.min(no.0), yes.1.max(no.1))
                }
            };
            least = WIDEST.min(least + low);
            most = WIDEST.min(most + high);
        }
        (least, most)
    }
}

enum GroupKind {
    Capture(Option<String>),
    Plain,
    Atomic,
}

enum GroupOutcome {
    Node(Node),
    Comment,
    GlobalFlags,
}

fn flag(c: char) -> Result<u8, PatternError> {
    Ok(match c {
        'i' => IGNORECASE,
        'm' => MULTILINE,
        's' => DOTALL,
        'x' => VERBOSE,
        'a' => ASCII,
        'u' => UNICODE,
        'L' => return refuse("the flag `L` is only for bytes"),
        't' => return refuse("the flag `t` is not supported"),
        c => return refuse(format!("unknown flag `{}`", c.escape_debug())),
    })
}

fn category(c: char) -> Option<Item> {
    let category = match c.to_ascii_lowercase() {
        'd' => Category::Digit,
        's' => Category::Space,
        'w' => Category::Word,
        _ => return None,
    };
    Some(Item::Category(category, c.is_ascii_uppercase()))
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let is_first = |c: char| c == '_' || c.is_alphabetic();
    characters.next().is_some_and(is_first)
        && characters.all(|c| is_first(c) || crate::python::text::is_alphanumeric(c))
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
