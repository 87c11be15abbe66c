//! Makes instructions of a pattern: `_compiler.py` of CPython 3.11.

use super::PatternError;
use super::set::{Fold, Set};
use super::tree::{self, At, Look, Node, Parsed, Repeat, RepeatKind, Sequence};

/// The most instructions of a pattern.
const MAX_INSTRUCTIONS: usize = 1 << 20;

/// A pattern, ready to run.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
    /// The number of places to remember: two for each group and two for each loop.
    pub(super) slots: usize,
}

/// An instruction. A target is the index of another instruction.
#[derive(Debug)]
pub(super) enum Instruction {
    /// A code, after folding; `true` for any other.
    Literal(u32, Fold, bool),
    Set(Box<Set>),
    /// Any character; `false` for any but a newline.
    Any(bool),
    At(Place),
    Jump(usize),
    /// Goes on at the next instruction, and if that fails, at the target.
    Try(usize),
    Save(usize),
    /// What the group with these slots has matched.
    Reference(usize, Fold),
    /// Goes to the target unless the group with these slots has matched.
    IfGroup(usize, usize),
    /// Begins a loop with these slots.
    LoopStart(usize),
    /// Runs what follows up to a jump back here, or goes to the target. `Turn` follows, which counts.
    Loop {
        slot: usize,
        repeat: Repeat,
        exit: usize,
    },
    /// Counts a turn of the loop with these slots, and remembers where it begins.
    Turn(usize),
    /// Runs what follows up to `Accept` again and again, each time without giving back. Goes to the target.
    Possessive(Repeat, usize),
    /// Runs what follows up to `Accept` without giving back. Goes to the target.
    Atomic(usize),
    /// Asks whether what follows up to `Accept` matches. Goes to the target.
    Look(Look, usize),
    Accept,
}

/// A place in a text, with the flags applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    StartOfLine,
    /// At the end, or before a newline there.
    End,
    EndOfLine,
    EndOfText,
    Boundary {
        negated: bool,
        ascii: bool,
    },
}

pub(super) fn compile(parsed: &Parsed) -> Result<Program, PatternError> {
    let mut compiler = Compiler {
        program: Program {
            instructions: Vec::new(),
            slots: 2 * parsed.groups,
        },
    };
    compiler.sequence(&parsed.sequence, parsed.flags)?;
    compiler.push(Instruction::Accept)?;
    Ok(compiler.program)
}

struct Compiler {
    program: Program,
}

impl Compiler {
    fn push(&mut self, instruction: Instruction) -> Result<usize, PatternError> {
        let at = self.program.instructions.len();
        if at == MAX_INSTRUCTIONS {
            return Err(PatternError::new("it is too long"));
        }
        self.program.instructions.push(instruction);
        Ok(at)
    }

    fn here(&self) -> usize {
        self.program.instructions.len()
    }

    /// Sets the target of an instruction to the next one.
    fn land(&mut self, at: usize) {
        let here = self.here();
        match &mut self.program.instructions[at] {
            Instruction::Jump(target)
            | Instruction::Try(target)
            | Instruction::IfGroup(_, target)
            | Instruction::Loop { exit: target, .. }
            | Instruction::Possessive(_, target)
            | Instruction::Atomic(target)
            | Instruction::Look(_, target) => *target = here,
            _ => {}
        }
    }

    fn sequence(&mut self, sequence: &Sequence, flags: u8) -> Result<(), PatternError> {
        sequence.iter().try_for_each(|node| self.node(node, flags))
    }

    fn node(&mut self, node: &Node, flags: u8) -> Result<(), PatternError> {
        let fold = match (flags & tree::IGNORECASE != 0, flags & tree::ASCII != 0) {
            (false, _) => Fold::No,
            (true, true) => Fold::Ascii,
            (true, false) => Fold::Unicode,
        };
        let ascii = flags & tree::ASCII != 0;
        match node {
            Node::Literal(code) => self.letter(*code, fold, false)?,
            Node::NotLiteral(code) => self.letter(*code, fold, true)?,
            Node::Any => drop(self.push(Instruction::Any(flags & tree::DOTALL != 0))?),
            Node::Set(set) => drop(self.push(Instruction::Set(Box::new(Set::new(set, fold, ascii))))?),
            Node::At(at) => drop(self.push(Instruction::At(place(*at, flags)))?),
            Node::Reference(group) => drop(self.push(Instruction::Reference(2 * group, fold))?),
            Node::Branch(items) => self.branch(items, flags)?,
            Node::Repeat(repeat, body) => self.repeat(*repeat, body, flags)?,
            Node::Group(group, add, remove, inner) => {
                let kept = if add & (tree::ASCII | tree::UNICODE) != 0 {
                    flags & !(tree::ASCII | tree::UNICODE)
                } else {
                    flags
                };
                let flags = (kept | add) & !remove;
                if let Some(group) = group {
                    self.push(Instruction::Save(2 * group))?;
                }
                self.sequence(inner, flags)?;
                if let Some(group) = group {
                    self.push(Instruction::Save(2 * group + 1))?;
                }
            }
            Node::Atomic(inner) => self.apart(Instruction::Atomic(0), inner, flags)?,
            Node::Look(look, inner) => self.apart(Instruction::Look(*look, 0), inner, flags)?,
            Node::Conditional(group, yes, no) => {
                let condition = self.push(Instruction::IfGroup(2 * group, 0))?;
                self.sequence(yes, flags)?;
                let jump = self.push(Instruction::Jump(0))?;
                self.land(condition);
                self.sequence(no, flags)?;
                self.land(jump);
            }
        }
        Ok(())
    }

    fn letter(&mut self, code: u32, fold: Fold, negated: bool) -> Result<(), PatternError> {
        let lower = fold.lower(code);
        self.push(if fold.same(lower).len() == 1 {
            Instruction::Literal(lower, fold, negated)
        } else {
            Instruction::Set(Box::new(Set::of_letter(code, fold, negated)))
        })?;
        Ok(())
    }

    fn branch(&mut self, items: &[Sequence], flags: u8) -> Result<(), PatternError> {
        let mut jumps = Vec::new();
        let Some((last, others)) = items.split_last() else {
            return Ok(());
        };
        for item in others {
            let attempt = self.push(Instruction::Try(0))?;
            self.sequence(item, flags)?;
            jumps.push(self.push(Instruction::Jump(0))?);
            self.land(attempt);
        }
        self.sequence(last, flags)?;
        for jump in jumps {
            self.land(jump);
        }
        Ok(())
    }

    fn repeat(&mut self, repeat: Repeat, body: &Sequence, flags: u8) -> Result<(), PatternError> {
        if repeat.kind == RepeatKind::Possessive {
            return self.apart(Instruction::Possessive(repeat, 0), body, flags);
        }
        let slot = self.program.slots;
        self.program.slots += 2;
        self.push(Instruction::LoopStart(slot))?;
        let start = self.push(Instruction::Loop {
            slot,
            repeat,
            exit: 0,
        })?;
        self.push(Instruction::Turn(slot))?;
        self.sequence(body, flags)?;
        self.push(Instruction::Jump(start))?;
        self.land(start);
        Ok(())
    }

    /// Compiles what runs on its own, after the instruction that runs it.
    fn apart(&mut self, first: Instruction, inner: &Sequence, flags: u8) -> Result<(), PatternError> {
        let at = self.push(first)?;
        self.sequence(inner, flags)?;
        self.push(Instruction::Accept)?;
        self.land(at);
        Ok(())
    }
}

fn place(at: At, flags: u8) -> Place {
    let multiline = flags & tree::MULTILINE != 0;
    match at {
        At::Beginning if multiline => Place::StartOfLine,
        At::Beginning | At::BeginningOfText => Place::Start,
        At::End if multiline => Place::EndOfLine,
        At::End => Place::End,
        At::EndOfText => Place::EndOfText,
        At::Boundary { negated } => Place::Boundary {
            negated,
            ascii: flags & tree::ASCII != 0,
        },
    }
}
