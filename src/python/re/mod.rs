//! `re.match(pattern, text, re.IGNORECASE)` and `re.search(pattern, text)`: whether a pattern of Python's matches a text.
//!
//! `parse` reads Python's syntax into a `tree`, `compile` makes instructions of it, `set` decides about one character, and `machine` runs the
//! instructions. It is our own code over a crate, because every crate has other rules: which letters `\w` has and which are
//! one letter in two cases, what `$`, `\Z`, `{,3}`, `[]a]` and `[[a]` mean, what a possessive repeat gives back. To translate
//! into a crate's syntax, all of this has to be parsed as well; what is left is the smaller part.
//!
//! The whole syntax of CPython 3.11 is understood, except for `\N{…}` and the flag `t`. A match that takes too many steps is an
//! error; Python would run for minutes. <https://docs.python.org/3.11/library/re.html>

mod compile;
mod machine;
mod parse;
mod set;
mod tree;

use std::fmt;

use compile::Program;

/// A pattern.
#[derive(Debug)]
pub struct Pattern(Program);

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A pattern that Python refuses, or one of the two constructs that are not supported.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        compile::compile(&parse::parse(pattern, 0)?).map(Self)
    }

    /// Reads a pattern that ignores case.
    ///
    /// # Errors
    /// A pattern that Python refuses, or one of the two constructs that are not supported.
    pub fn ignoring_case(pattern: &str) -> Result<Self, PatternError> {
        let parsed = parse::parse(pattern, tree::IGNORECASE)?;
        compile::compile(&parsed).map(Self)
    }

    /// Returns whether the pattern matches the beginning of `text`.
    ///
    /// # Errors
    /// It takes too many steps to find out.
    pub fn matches_start(&self, text: &str) -> Result<bool, PatternError> {
        machine::matches_start(&self.0, text)
    }

    /// Returns whether the pattern matches anywhere in `text`.
    ///
    /// # Errors
    /// It takes too many steps to find out.
    pub fn is_in(&self, text: &str) -> Result<bool, PatternError> {
        machine::is_in(&self.0, text)
    }
}

impl PatternError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::ignoring_case(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        pattern.matches_start(text).unwrap()
    }

    #[test]
    fn a_match_is_anchored_at_the_start_alone_and_ignores_case() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("db", "DB_x", true),
            ("db", "xdb", false),
            ("^db$", "db\n", true),
            (r"db\Z", "db\n", false),
            ("a.c", "a\nc", false),
            ("(?s)a.c", "a\nc", true),
            (r"\w+$", "é٣_½", true),
            (r"\w", "\u{301}", false),
            (r"(?a)\w", "é", false),
            (r"\d", "٣", true),
            (r"\s", "\u{1c}", true),
            ("K", "\u{212a}", true),
            ("[k-l]", "\u{212a}", true),
            ("s", "ſ", true),
            ("(?-i:s)", "S", false),
            ("(?-i:s)", "ſ", false),
            ("[^s]", "ſ", false),
            ("(?i:ß)", "ẞ", true),
            ("a{,2}$", "aaa", false),
            ("a{2", "a{2", true),
            ("[]a]+$", "]a]", true),
            ("[[a]$", "[", true),
            ("(?:ab|a){2}+$", "aba", true),
            ("(?>a*)a", "aaa", false),
            ("a*+a", "aaa", false),
            ("a*?a$", "aaa", true),
            (r"(?P<x>a|b)(?P=x)", "AA", true),
            (r"(a)?(?(1)b|c)$", "ab", true),
            (r"(a)?(?(1)b|c)$", "c", true),
            ("(?!dev_)", "dev_x", false),
            ("x(?<=x)y", "xy", true),
            ("x(?<!x)y", "xy", false),
            (r"\Bx", "x", false),
            (r"\b", "", false),
            (r"\B", "", false),
            ("(?x) a b # comment\n c", "ABC", true),
            ("a(?#comment)+$", "aaa", true),
            (r"\x41\101\u0041\U00000041", "aaaa", true),
            ("(a*)*$", "aaa", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_search_finds_a_match_anywhere_and_case_counts() {
        for (pattern, text, expected) in [
            ("b", "abc", true),
            ("B", "abc", false),
            ("", "", true),
            ("^b", "ab", false),
            ("c$", "abc\n", true),
            ("(a)|b(?(1)x|c)", "abc", true),
            (r"\Ab", "ab", false),
            (r"[^/]*\.py(?:(?P<d>/)|$)", "x/y.py", true),
        ] {
            let pattern = Pattern::new(pattern).unwrap();
            assert_eq!(pattern.is_in(text).unwrap(), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_pattern_that_python_refuses_says_what_is_wrong() {
        for (pattern, message) in [
            ("(", "missing `)` for the group at position 0"),
            (")", "unbalanced `)` at position 0"),
            ("*", "nothing to repeat at position 0"),
            ("a**", "multiple repeat at position 2"),
            ("a{3,2}", "min repeat greater than max repeat at position 1"),
            ("[a", "unterminated character set at position 0"),
            ("[b-a]", "bad character range at position 1"),
            (r"\q", r"bad escape `\q` at position 0"),
            ("\\", r"bad escape `\` at the end"),
            (r"\1", "invalid group reference 1 at position 0"),
            ("(?P<a", "missing `>` after a group name at position 4"),
            ("(?P=a)", "unknown group name `a` at position 4"),
            ("(?<=a*)", "look-behind requires a fixed width"),
            ("x(?i)", "global flags are not at the start, but at position 1"),
            ("(?z)", "unknown extension `?z` at position 1"),
            ("(?L)", "the flag `L` is only for bytes"),
            (r"\N{DASH}", r"`\N{…}` is not supported"),
            ("(?t)", "the flag `t` is not supported"),
            ("(?(2)a)", "invalid group reference 2"),
        ] {
            let error = Pattern::ignoring_case(pattern).unwrap_err();
            assert_eq!(error.to_string(), message, "{pattern}");
        }
    }

    #[test]
    fn what_takes_too_long_or_is_too_deep_is_an_error() {
        let pattern = Pattern::ignoring_case("(a|aa)+b").unwrap();
        assert!(pattern.matches_start(&"a".repeat(60)).is_err());
        assert!(Pattern::ignoring_case(&"(".repeat(5000)).is_err());
        assert!(matches("(?:a?){600}$", "aaa"));
    }
}
