//! References in docker compose's dialect: `$NAME`, `${NAME}`, `$$`, and the six operators of `${NAME…}`.
//!
//! - `${A:-x}`, `${A-x}`: `x` if A is not set (with `:`, or empty). `x` can contain references.
//! - `${A:+x}`, `${A+x}`: `x` if A is set (with `:`, and not empty), otherwise nothing.
//! - `${A:?x}`, `${A?x}`: an error if A is not set (with `:`, or empty).
//! - `$$` is `$`. A `$` before any other character except `{` is literal. `${` without a name and a `}` is an error.
//!
//! Source: compose-go 2.16, `template/template.go`. Its pattern matches an operator's text up to the last `}` of the line, and then
//! looks for the closing `}`. Both steps are kept here, because they decide the result for odd texts.

use zeroize::Zeroizing;

use super::scope::{Found, Scope};
use crate::secret::Secret;

/// How deeply references may be nested. compose has no limit except its memory.
const MAX_DEPTH: usize = 64;

/// What is wrong with a template.
type Problem = &'static str;

const INVALID: Problem = "a `${` is not followed by a name and a `}`; write `$$` for a `$`";
const REQUIRED: Problem = "a variable that `${NAME:?…}` requires is not set";
const TOO_DEEP: Problem = "references are nested too deeply";

/// Replaces the references in `template`.
pub(super) fn replace(template: &[u8], scope: &mut Scope<'_>) -> Result<Secret, Problem> {
    let mut replaced = Zeroizing::new(Vec::with_capacity(template.len()));
    append(template, &mut replaced, scope, 0)?;
    Ok(Secret::new(replaced.to_vec()))
}

/// Appends `template` to `text`, with its references replaced.
fn append(template: &[u8], text: &mut Vec<u8>, scope: &mut Scope<'_>, depth: usize) -> Result<(), Problem> {
    if depth > MAX_DEPTH {
        return Err(TOO_DEEP);
    }
    // The text after an operator's reference on its line is a separate template of one line; the rest waits.
    let mut waiting = vec![(template, false)];
    while let Some((mut rest, mut is_one_line)) = waiting.pop() {
        while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
            text.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar..];
            let tail = &rest[1..];
            match tail.first() {
                Some(b'$') => {
                    text.push(b'$');
                    rest = &tail[1..];
                }
                Some(b'{') => {
                    let name = name(&tail[1..]).ok_or(INVALID)?;
                    let after = &tail[1 + name.len()..];
                    match operator(after)
                        .and_then(|operator| Some((operator, reference(rest, operator, name, is_one_line)?)))
                    {
                        None if after.first() == Some(&b'}') => {
                            variable(name, text, scope)?;
                            rest = &after[1..];
                        }
                        None => return Err(INVALID),
                        Some((operator, reference)) => {
                            let (whole, others) = rest.split_at(reference);
                            let closing = closing_brace(whole).map_or(whole.len(), |closing| closing + 1);
                            let operand = &whole[2 + name.len() + operator.length()..closing - 1];
                            apply(operator, name, operand, text, scope, depth)?;
                            if !others.is_empty() {
                                waiting.push((others, is_one_line));
                            }
                            is_one_line = true;
                            rest = &whole[closing..];
                        }
                    }
                }
                _ => {
                    if let Some(name) = name(tail) {
                        variable(name, text, scope)?;
                        rest = &tail[name.len()..];
                    } else {
                        text.push(b'$');
                        rest = tail;
                    }
                }
            }
        }
        text.extend_from_slice(rest);
    }
    Ok(())
}

/// Appends the value of `name`, or nothing if it is not set.
fn variable(name: &[u8], text: &mut Vec<u8>, scope: &mut Scope<'_>) -> Result<(), Problem> {
    if !scope.append(name, text)? {
        scope.note_unset();
    }
    Ok(())
}

/// An operator after a name: its character, and whether it follows a `:`.
#[derive(Clone, Copy)]
struct Operator {
    kind: u8,
    colon: bool,
}

impl Operator {
    fn length(self) -> usize {
        1 + usize::from(self.colon)
    }
}

fn operator(text: &[u8]) -> Option<Operator> {
    match text {
        [kind @ (b'-' | b'+' | b'?'), ..] => Some(Operator {
            kind: *kind,
            colon: false,
        }),
        [b':', kind @ (b'-' | b'+' | b'?'), ..] => Some(Operator {
            kind: *kind,
            colon: true,
        }),
        _ => None,
    }
}

/// Returns the length of the reference at the start of `text`, up to the last `}` on the operator's line.
///
/// Text that is known to be one line is not searched for its end, to keep many references on a line cheap.
fn reference(text: &[u8], operator: Operator, name: &[u8], is_one_line: bool) -> Option<usize> {
    let start = 2 + name.len() + operator.length();
    let line = &text[start..];
    let end = (!is_one_line)
        .then(|| line.iter().position(|byte| *byte == b'\n'))
        .flatten();
    line[..end.unwrap_or(line.len())]
        .iter()
        .rposition(|byte| *byte == b'}')
        .map(|last| start + last + 1)
}

/// Returns the index of the `}` that closes the first `{`. Like `getFirstBraceClosingIndex`, it skips the character after a `{`.
fn closing_brace(text: &[u8]) -> Option<usize> {
    let mut open = 0_isize;
    let mut index = 0;
    while index < text.len() {
        match text[index] {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(index);
                }
            }
            b'{' => {
                open += 1;
                index += 1;
            }
            _ => {}
        }
        index += 1;
    }
    None
}

/// Appends the result of `${name operator operand}`.
fn apply(
    operator: Operator,
    name: &[u8],
    operand: &[u8],
    text: &mut Vec<u8>,
    scope: &mut Scope<'_>,
    depth: usize,
) -> Result<(), Problem> {
    let counts = match scope.find(name) {
        Found::Value(value) => !(operator.colon && value.is_empty()),
        Found::NameAlone | Found::Nothing => false,
    };
    match (operator.kind, counts) {
        (b'+', true) | (b'-', false) => append(operand, text, scope, depth + 1),
        (b'?', false) => Err(REQUIRED),
        // For `+`, the variable is not set or empty.
        (b'+', false) => Ok(()),
        _ => scope.append(name, text).map(drop),
    }
}

/// Returns the name at the start of `text`: `[_a-z][_a-z0-9]*` in any case, including the two letters that Go folds to ASCII letters.
fn name(text: &[u8]) -> Option<&[u8]> {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let step = match rest {
            [b'_' | b'a'..=b'z' | b'A'..=b'Z', ..] => 1,
            [b'0'..=b'9', ..] if length > 0 => 1,
            _ if rest.starts_with("ſ".as_bytes()) => 2,
            _ if rest.starts_with("\u{212a}".as_bytes()) => 3,
            _ => break,
        };
        length += step;
    }
    (length > 0).then(|| &text[..length])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    fn replaced(template: &str) -> Result<String, Problem> {
        let env = Env::from_iter([
            ("A".to_owned(), Secret::from("a")),
            ("E".to_owned(), Secret::from("")),
        ]);
        let text = replace(template.as_bytes(), &mut Scope::new(&env))?;
        Ok(text.expose_text().unwrap().to_owned())
    }

    #[test]
    fn operators_work_as_in_compose() {
        for (template, expected) in [
            ("$A ${A} $$A $ $1 $", "a a $A $ $1 $"),
            ("${A:-x}${E:-x}${N:-x}", "axx"),
            ("${A-x}${E-x}${N-x}", "ax"),
            ("[${A:+x}][${E:+x}][${N:+x}]", "[x][][]"),
            ("[${A+x}][${E+x}][${N+x}]", "[x][x][]"),
            ("${A:?x}${A?x}${E?x}", "aa"),
            ("${N:-${E:-${A}}}", "a"),
            ("${N:-{}}", "{}"),
            ("${N:-a}}", "a}"),
            ("${N:-x}\n${N:-y}", "x\ny"),
            ("$a${ſ}", ""),
        ] {
            assert_eq!(replaced(template).as_deref(), Ok(expected), "{template}");
        }
        for template in ["${", "${}", "${1}", "${A", "${A:-x", "${A:=x}", "a ${ b"] {
            assert_eq!(replaced(template), Err(INVALID), "{template}");
        }
        assert_eq!(replaced("${N:?hunter2}"), Err(REQUIRED));
        assert_eq!(replaced("${E:?}"), Err(REQUIRED));
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}x{}", "${N:-".repeat(100), "}".repeat(100));
        assert_eq!(replaced(&deep), Err(TOO_DEEP));
        let long = "${N:-x}".repeat(1 << 18);
        assert_eq!(replaced(&long).unwrap().len(), 1 << 18);
    }
}
