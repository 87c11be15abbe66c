//! Splits Rust source into the tokens of paths, with their lines. Leaves out code that only a test compiles.

/// A word, `::`, or any other mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    Word(&'a str),
    Separator,
    Mark(char),
}

/// A token, and its line, counted from 1.
pub type Placed<'a> = (Token<'a>, usize);

/// Returns the tokens of `source` without comments, literals, lifetimes, and items under `#[cfg(test)]`.
pub fn tokens(source: &str) -> Vec<Placed<'_>> {
    without_tests(&all(source))
}

fn all(source: &str) -> Vec<Placed<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest) {
            length
        } else if c.is_alphanumeric() || c == '_' {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            tokens.push((Token::Word(&rest[..length]), line));
            length
        } else if rest.starts_with("::") {
            tokens.push((Token::Separator, line));
            2
        } else {
            if !c.is_whitespace() {
                tokens.push((Token::Mark(c), line));
            }
            c.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

/// Returns the length of the comment that `rest` begins with; comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Returns the length of the string, character or lifetime that `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let bare = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - bare.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = bare.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = hashes + 1;
            let closed = raw[body..]
                .find(&end)
                .map_or(raw.len(), |at| body + at + end.len());
            return Some(prefix + 1 + closed);
        }
    }
    if bare.starts_with('"') {
        return Some(prefix + quoted(bare, '"'));
    }
    let inner = bare.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let is_character = first == '\\' || inner[first.len_utf8()..].starts_with('\'');
    Some(prefix + if is_character { quoted(bare, '\'') } else { 1 })
}

/// Returns the length of the literal that `rest` begins with, up to the `quote` that ends it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

const TEST_ATTRIBUTE: [Token<'_>; 7] = [
    Token::Mark('#'),
    Token::Mark('['),
    Token::Word("cfg"),
    Token::Mark('('),
    Token::Word("test"),
    Token::Mark(')'),
    Token::Mark(']'),
];

fn without_tests<'a>(tokens: &[Placed<'a>]) -> Vec<Placed<'a>> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let ahead = tokens[at..].iter().map(|(token, _)| *token);
        if ahead.take(TEST_ATTRIBUTE.len()).eq(TEST_ATTRIBUTE) {
            at = end_of_item(tokens, at + TEST_ATTRIBUTE.len());
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Returns the end of the item that begins at `at`: after its `;`, or after its last brace.
fn end_of_item(tokens: &[Placed<'_>], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some((token, _)) = tokens.get(at) {
        at += 1;
        match token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}') if depth == 1 => return at,
            Token::Mark('}' | ')' | ']') => depth -= 1,
            Token::Mark(';') if depth == 0 => return at,
            _ => {}
        }
    }
    at
}

#[test]
fn comments_literals_and_tests_have_no_words() {
    let source = r##"
        // a
        /* b /* c */ d */
        let x: &'static str = "e\"f"; 'g'; '\''; b"h"; r#"i "j" "#; k::l;
        #[cfg(test)]
        mod tests { use m; fn n() {} }
        #[cfg(test)]
        use o::{p};
        q
    "##;
    let words: Vec<_> = tokens(source)
        .into_iter()
        .filter_map(|(token, line)| match token {
            Token::Word(word) => Some((word, line)),
            _ => None,
        })
        .collect();
    let expected = [
        ("let", 4),
        ("x", 4),
        ("static", 4),
        ("str", 4),
        ("k", 4),
        ("l", 4),
        ("q", 9),
    ];
    assert_eq!(words, expected);
}
