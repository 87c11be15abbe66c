//! Reads the paths in a file's tokens, and the imports of its `use` lines.

use super::tokens::{Placed, Token, tokens};

/// A path as written, from its first segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
    /// The name that a `use` line gives it in the file.
    pub alias: Option<String>,
}

/// Returns every path of a `use` line, and every other path that begins with `crate`, `super` or `self`.
pub fn paths(source: &str) -> Vec<Named> {
    let tokens = tokens(source);
    let mut named = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            (Token::Word("use"), _) => at = tree(&tokens, at + 1, &[], &mut named),
            (Token::Word("crate" | "super" | "self"), line)
                if tokens.get(at + 1).map(|(token, _)| *token) == Some(Token::Separator) =>
            {
                // `pub(in path)` is a visibility, not an import.
                let is_visibility = at > 0 && tokens[at - 1].0 == Token::Word("in");
                let (segments, end) = segments(&tokens, at);
                if !is_visibility {
                    named.push(Named {
                        segments,
                        line,
                        alias: None,
                    });
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    named
}

/// Reads `a::b::c`, and returns it with the position after it.
fn segments(tokens: &[Placed<'_>], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some((Token::Word(word), _)) = tokens.get(at) {
        segments.push((*word).to_owned());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some((Token::Separator, _)), Some((Token::Word(_), _))) => at += 1,
            _ => break,
        }
    }
    (segments, at)
}

/// Reads one tree of a `use` line, under `prefix`, and returns the position after it.
fn tree(tokens: &[Placed<'_>], mut at: usize, prefix: &[String], named: &mut Vec<Named>) -> usize {
    let Some(&(_, line)) = tokens.get(at) else {
        return at;
    };
    let (own, end) = segments(tokens, at);
    let mut path = [prefix, &own].concat();
    at = end;
    if let Some((Token::Separator, _)) = tokens.get(at) {
        at += 1;
    }
    match tokens.get(at).map(|(token, _)| *token) {
        Some(Token::Mark('{')) => {
            at += 1;
            while let Some((token, _)) = tokens.get(at) {
                match token {
                    Token::Mark('}') => return at + 1,
                    Token::Mark(',') => at += 1,
                    _ => at = tree(tokens, at, &path, named),
                }
            }
            return at;
        }
        Some(Token::Mark('*')) => {
            path.push("*".to_owned());
            at += 1;
        }
        _ => {}
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let mut alias = path.last().cloned();
    if let (Some((Token::Word("as"), _)), Some((Token::Word(word), _))) = (tokens.get(at), tokens.get(at + 1))
    {
        alias = Some((*word).to_owned());
        at += 2;
    }
    named.push(Named {
        segments: path,
        line,
        alias,
    });
    at
}

#[test]
fn trees_and_paths_are_read() {
    let source = "use a::{b, c::{self, d as e}, super::f};\nuse g::*;\nfn h(_: crate::i::J) { super::super::k::l() }\n\
                  pub(in super::super) m;";
    let read: Vec<_> = paths(source)
        .into_iter()
        .map(|named| {
            (
                named.segments.join("::"),
                named.line,
                named.alias.unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("a::b", 1, "b"),
        ("a::c", 1, "c"),
        ("a::c::d", 1, "e"),
        ("a::super::f", 1, "f"),
        ("g::*", 2, "*"),
        ("crate::i::J", 3, ""),
        ("super::super::k::l", 3, ""),
    ];
    let expected = expected.map(|(path, line, alias)| (path.to_owned(), line, alias.to_owned()));
    assert_eq!(read, expected);
}
