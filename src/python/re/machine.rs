//! Runs a pattern over a text, with a trail of what to try next and what to undo: `sre_lib.h` of CPython 3.11.

use super::PatternError;
use super::compile::{Instruction, Place, Program};
use super::set::Fold;
use super::tree::{Category, Look, NO_LIMIT, Repeat, RepeatKind};

/// The most instructions that a match may take, about a second; and the most entries of the trail.
const MAX_STEPS: usize = 30_000_000;
const MAX_TRAIL: usize = 1 << 20;

/// A slot that has nothing.
const NOTHING: usize = usize::MAX;

pub(super) fn matches_start(program: &Program, text: &str) -> Result<bool, PatternError> {
    Ok(Machine::new(program, text).run(0, 0)?.is_some())
}

pub(super) fn is_in(program: &Program, text: &str) -> Result<bool, PatternError> {
    let mut machine = Machine::new(program, text);
    for place in 0..=machine.text.len() {
        machine.slots.fill(NOTHING);
        machine.trail.clear();
        if machine.run(0, place)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What to do when a match fails.
enum Trail {
    /// Go on at this instruction and this place of the text.
    Resume(usize, usize),
    /// Set a slot to what it had.
    Undo(usize, usize),
}

struct Machine<'a> {
    instructions: &'a [Instruction],
    text: Vec<char>,
    slots: Vec<usize>,
    trail: Vec<Trail>,
    steps: usize,
}

impl<'a> Machine<'a> {
    fn new(program: &'a Program, text: &str) -> Self {
        Self {
            instructions: &program.instructions,
            text: text.chars().collect(),
            slots: vec![NOTHING; program.slots],
            trail: Vec::new(),
            steps: 0,
        }
    }

    /// Runs from an instruction to its `Accept`, and returns where the text then stands.
    fn run(&mut self, mut at: usize, mut place: usize) -> Result<Option<usize>, PatternError> {
        let base = self.trail.len();
        loop {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.trail.len() > MAX_TRAIL {
                return Err(PatternError::new("it takes too long to compare with this id"));
            }
            let next = match &self.instructions[at] {
                Instruction::Accept => return Ok(Some(place)),
                Instruction::Literal(code, fold, negated) => {
                    self.one(at, place, |c| (fold.lower(c.into()) == *code) != *negated)
                }
                Instruction::Set(set) => self.one(at, place, |c| set.contains(c)),
                Instruction::Any(newlines) => self.one(at, place, |c| *newlines || c != '\n'),
                Instruction::At(wanted) => self.is_at(*wanted, place).then_some((at + 1, place)),
                Instruction::Jump(target) => Some((*target, place)),
                Instruction::Try(other) => {
                    self.trail.push(Trail::Resume(*other, place));
                    Some((at + 1, place))
                }
                Instruction::Save(slot) => {
                    self.set(*slot, place);
                    Some((at + 1, place))
                }
                Instruction::Reference(slot, fold) => {
                    self.reference(*slot, *fold, place).map(|place| (at + 1, place))
                }
                Instruction::IfGroup(slot, other) => {
                    let has_matched = self.group(*slot).is_some();
                    Some((if has_matched { at + 1 } else { *other }, place))
                }
                Instruction::LoopStart(slot) => {
                    self.set(*slot, 0);
                    self.set(slot + 1, NOTHING);
                    Some((at + 1, place))
                }
                Instruction::Turn(slot) => {
                    let count = self.slots[*slot];
                    self.set(*slot, count + 1);
                    self.set(slot + 1, place);
                    Some((at + 1, place))
                }
                Instruction::Loop { slot, repeat, exit } => Some(self.turn(at, place, *slot, *repeat, *exit)),
                Instruction::Possessive(repeat, exit) => {
                    let (repeat, exit) = (*repeat, *exit);
                    self.possessive(at + 1, place, repeat)?.map(|place| (exit, place))
                }
                Instruction::Atomic(exit) => {
                    let exit = *exit;
                    self.atomic(at + 1, place)?.map(|place| (exit, place))
                }
                Instruction::Look(look, exit) => {
                    let (look, exit) = (*look, *exit);
                    self.looks(at + 1, place, look)?.then_some((exit, place))
                }
            };
            match next.or_else(|| self.resume(base)) {
                Some(next) => (at, place) = next,
                None => return Ok(None),
            }
        }
    }

    /// Undoes what was done since the last choice above `base`, and returns the other choice.
    fn resume(&mut self, base: usize) -> Option<(usize, usize)> {
        while self.trail.len() > base {
            match self.trail.pop()? {
                Trail::Resume(at, place) => return Some((at, place)),
                Trail::Undo(slot, value) => self.slots[slot] = value,
            }
        }
        None
    }

    fn set(&mut self, slot: usize, value: usize) {
        let before = std::mem::replace(&mut self.slots[slot], value);
        self.trail.push(Trail::Undo(slot, before));
    }

    fn one(&self, at: usize, place: usize, wanted: impl Fn(char) -> bool) -> Option<(usize, usize)> {
        let c = *self.text.get(place)?;
        wanted(c).then_some((at + 1, place + 1))
    }

    fn group(&self, slot: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.slots[slot], self.slots[slot + 1]);
        (start != NOTHING && end != NOTHING && start <= end).then_some((start, end))
    }

    fn reference(&self, slot: usize, fold: Fold, place: usize) -> Option<usize> {
        let (start, end) = self.group(slot)?;
        let here = self.text.get(place..place + (end - start))?;
        let same = |(a, b): (&char, &char)| fold.lower((*a).into()) == fold.lower((*b).into());
        self.text[start..end]
            .iter()
            .zip(here)
            .all(same)
            .then_some(place + (end - start))
    }

    /// Decides whether a loop turns once more. A turn that matched nothing is not tried again.
    fn turn(&mut self, at: usize, place: usize, slot: usize, repeat: Repeat, exit: usize) -> (usize, usize) {
        let (count, last) = (self.slots[slot], self.slots[slot + 1]);
        if count < repeat.min as usize {
            self.set(slot, count + 1);
            return (at + 2, place);
        }
        let may_turn = (repeat.max == NO_LIMIT || count < repeat.max as usize) && place != last;
        if !may_turn {
            return (exit, place);
        }
        let (first, other) = match repeat.kind {
            RepeatKind::Lazy => (exit, at + 1),
            _ => (at + 1, exit),
        };
        self.trail.push(Trail::Resume(other, place));
        (first, place)
    }

    /// Runs what begins at `at` as often as it may, and gives nothing back.
    fn possessive(
        &mut self,
        at: usize,
        mut place: usize,
        repeat: Repeat,
    ) -> Result<Option<usize>, PatternError> {
        let mut count = 0;
        while repeat.max == NO_LIMIT || count < repeat.max {
            let Some(end) = self.atomic(at, place)? else {
                break;
            };
            count += 1;
            let moved = end != place;
            place = end;
            if !moved && count >= repeat.min {
                break;
            }
        }
        Ok((count >= repeat.min).then_some(place))
    }

    /// Runs what begins at `at`, and forgets its other choices.
    fn atomic(&mut self, at: usize, place: usize) -> Result<Option<usize>, PatternError> {
        let base = self.trail.len();
        let end = self.run(at, place)?;
        if end.is_some() {
            let after = self.trail.split_off(base);
            let undoes = after.into_iter().filter(|entry| matches!(entry, Trail::Undo(..)));
            self.trail.extend(undoes);
        }
        Ok(end)
    }

    fn looks(&mut self, at: usize, place: usize, look: Look) -> Result<bool, PatternError> {
        let start = match look.behind {
            None => Some(place),
            Some(width) => place.checked_sub(width),
        };
        let Some(start) = start else {
            return Ok(look.negated);
        };
        let base = self.trail.len();
        let matched = self.atomic(at, start)?.is_some();
        if matched && look.negated {
            // Nothing in it has happened.
            while self.trail.len() > base {
                self.resume(base);
            }
        }
        Ok(matched != look.negated)
    }

    fn is_at(&self, wanted: Place, place: usize) -> bool {
        let end = self.text.len();
        let is_newline = |at: usize| self.text.get(at) == Some(&'\n');
        match wanted {
            Place::Start => place == 0,
            Place::StartOfLine => place == 0 || is_newline(place - 1),
            Place::End => place == end || place + 1 == end && is_newline(place),
            Place::EndOfLine => place == end || is_newline(place),
            Place::EndOfText => place == end,
            // An empty text has neither a boundary nor a place that is none.
            Place::Boundary { negated, ascii } => {
                let is_word = |at: Option<usize>| {
                    at.and_then(|at| self.text.get(at))
                        .is_some_and(|c| Category::Word.contains(*c, ascii))
                };
                end > 0 && (is_word(place.checked_sub(1)) != is_word(Some(place))) != negated
            }
        }
    }
}
