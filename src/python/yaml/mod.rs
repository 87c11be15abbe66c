//! `yaml.safe_load` of PyYAML 6 over libyaml: YAML 1.1, as Airflow reads it.
//!
//! Text becomes tokens (`scan`), tokens become events (`parse`), events a graph of nodes with tags (`compose`, `resolve`), and
//! nodes objects (`construct`, `scalar`). The first two steps follow libyaml, the others PyYAML: `yes` is true, `010` is 8,
//! `1:30` is 90, `2024-01-31` is a date, and a tag that the safe loader does not know is an error. Objects keep their
//! identity: an alias is the same object again, which may contain itself. `json_form` turns objects into JSON.
//!
//! Must not know what a file is read for. Sources: PyYAML 6.0.3, `yaml/composer.py`, `resolver.py`, `constructor.py` and
//! `_yaml.pyx`; <https://pyyaml.org/wiki/PyYAMLDocumentation>, <https://yaml.org/type/>.

use std::fmt;
use std::time::Instant;

use clock::Clock;

mod anchors;
mod characters;
mod clock;
mod compose;
mod construct;
mod document;
mod graph;
mod json_form;
mod object;
mod parse;
mod parse_flow;
mod resolve;
mod scalar;
mod scan;
mod scan_scalar;
mod scan_tag;
mod timestamp;

pub use document::Document;
pub use json_form::{Budget, NoJson};
pub use object::{Id, Key, Object};

/// The deepest nesting that is read. PyYAML recurses until Python's or the process's stack ends.
const MAX_DEPTH: usize = 1000;

/// The longest text that is read, in bytes: positions are 32 bits.
const MAX_BYTES: usize = 1 << 30;

/// The message for a text that is not read by the deadline.
const LATE: &str = "reading it takes longer than `--timeout`";

/// What is wrong with a text, and where. Holds no part of the text.
#[derive(Debug)]
pub struct Error {
    line: Option<usize>,
    what: &'static str,
}

impl Error {
    /// Creates the error of `what` on a line counted from 0.
    fn at(line: usize, what: &'static str) -> Self {
        Self {
            line: Some(line + 1),
            what,
        }
    }

    /// Returns whether the deadline passed before the text was read.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.what == LATE
    }

    /// Returns the line, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for Error {}

/// Loads the one document of `text`.
///
/// # Errors
/// Where PyYAML raises, and for nesting or merging beyond that of any file that people write.
pub fn safe_load(text: &str) -> Result<Document, Error> {
    load(text, None)
}

/// Loads the one document of `text` before `deadline`.
///
/// # Errors
/// As [`safe_load`], and when the deadline passes.
pub fn safe_load_until(text: &str, deadline: Instant) -> Result<Document, Error> {
    load(text, Some(deadline))
}

fn load(text: &str, deadline: Option<Instant>) -> Result<Document, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error {
            line: None,
            what: "it is larger than 1 GiB",
        });
    }
    let mut clock = Clock::new(deadline);
    let graph = compose::compose(text, &mut clock)?;
    construct::construct(graph, text.len(), &mut clock)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{Error, safe_load};

    #[test]
    fn an_error_names_what_is_wrong_and_its_line() {
        for (text, line, what) in [
            ("a: |10\n", 1, "something other than a comment after `|` or `>`"),
            ("a:\n  b: |0\n", 2, "a block scalar with an indentation of 0"),
            (
                "a: |4\n \tb",
                2,
                "a tab where the indentation of a block scalar is expected",
            ),
            (
                "a: |\n\tb",
                2,
                "a tab where the indentation of a block scalar is expected",
            ),
            ("a:\n  %x", 2, "a character that cannot begin anything"),
            ("a:\n\t- b", 2, "a character that cannot begin anything"),
            ("\n[a\n", 3, "a `,` or `]` is missing"),
            ("\n[a", 3, "a `,` or `]` is missing"),
            ("\n{a", 3, "a `,` or `}` is missing"),
            ("[a:,b]", 1, "a `:` that is not allowed here"),
            ("a: 1\nb\nc: 2\n", 2, "a `:` is missing after a key"),
            ("a: 1\nb", 2, "a `:` is missing after a key"),
            ("- a\nb", 2, "a `:` is missing after a key"),
            ("a:\n - b\n c", 3, "a `:` is missing after a key"),
            ("a: 1\n]", 2, "a key is missing in a mapping"),
            ("- a\n<<: b", 2, "a `- ` is missing in a sequence"),
            ("a\n---\nb", 2, "a second document in the file"),
            ("a:\n  *x", 2, "an alias to an anchor that is not defined"),
            ("a:\n  - &x 1\n  - &x 2", 3, "an anchor is defined twice"),
            ("a: &\n", 1, "an anchor or an alias without a valid name"),
            ("a\nb: \u{1}", 2, "a character that YAML does not allow"),
            ("a: 'b\n\nc", 1, "quotes are not closed"),
            ("a: 'b\n---\n", 2, "a document ends within quotes"),
            ("a: \"b\n \\q\"", 2, "an unknown escape in double quotes"),
            ("a: b\nc: d: e", 2, "a `:` where a value is not allowed"),
            ("a:\n- ? b\n- ? c: ? d", 3, "a `? ` where a key is not allowed"),
            ("a: - b", 1, "a `- ` where a sequence is not allowed"),
            ("%FOO\n---\na", 1, "an unknown directive"),
            ("%YAML 1\n---\na", 1, "a %YAML directive without a version"),
            (
                "%YAML 1.1 x\n---",
                1,
                "something other than a comment after a directive",
            ),
            (
                "%YAML 1.1\n%YAML 1.1\n---",
                2,
                "a second %YAML directive, or one of another version",
            ),
            (
                "%TAG !a! x\n%TAG !a! x\n---",
                2,
                "a second %TAG directive for the same handle",
            ),
            ("%YAML 1.1\na", 2, "a `---` is missing before a document"),
            ("%TAG !a b\n---\na", 1, "a %TAG directive without the second `!`"),
            ("%TAG !a!x\n---", 1, "a %TAG directive without a prefix"),
            (
                "%TAG !a! x^\n---",
                1,
                "a %TAG directive with a prefix that is not a URI",
            ),
            ("a: !<b\n", 1, "a tag without its `>`"),
            ("a: !b^\n", 1, "a tag without a blank after it"),
            ("a: !b,c", 1, "a tag without a blank after it"),
            ("a: !%\n", 1, "a tag that is not a URI"),
            ("a:\n  !foo x", 2, "a tag that the safe loader does not know"),
            ("a:\n  !x!foo x", 2, "a tag whose handle is not declared"),
            ("a: 1\n? [a]\n: b", 2, "a key that is a collection"),
            ("-\n  - !!int []", 2, "a sequence where a scalar is expected"),
            ("-\n  - !!str {a: b}", 2, "a mapping where a scalar is expected"),
            ("-\n !!seq a", 2, "a sequence is expected"),
            ("-\n !!map a", 2, "a mapping is expected"),
            ("-\n - !!pairs [a]", 2, "a mapping of one key is expected"),
            ("a: 1\n<<: [b]", 2, "a mapping is expected for merging"),
            ("-\n - !!int x", 2, "it is not an integer"),
            ("a: 2024-02-30", 1, "a date that does not exist"),
        ] {
            let error = safe_load(text)
                .err()
                .map(|error| (error.line(), error.to_string()));
            assert_eq!(error, Some((Some(line), what.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_thousand_levels_are_read_and_no_more() {
        let nested = |depth: usize| safe_load(&("[".repeat(depth) + &"]".repeat(depth)));
        assert!(nested(1000).is_ok());
        let deeper = nested(1001).err().map(|error| error.to_string());
        assert_eq!(deeper.as_deref(), Some("it is nested too deeply"));
    }

    /// The end of the chain comes first: its merges are nested further in.
    #[test]
    fn merges_of_merges_have_the_same_depth_limit() {
        let chain = |length: usize| -> Result<_, Error> {
            let mut text = "a: [[[&a0 {z: 1}".to_owned();
            for link in 1..=length {
                let _ = write!(text, ", &a{link} {{<<: *a{}}}", link - 1);
            }
            let _ = write!(text, "]]]\nb: {{<<: *a{length}}}\n");
            safe_load(&text)
        };
        let document = chain(999).expect("YAML");
        let merged = document
            .get(document.root().expect("a value"), "b")
            .expect("a key");
        assert!(document.get(merged, "z").is_some());
        let deeper = chain(1000).err().map(|error| error.to_string());
        assert_eq!(deeper.as_deref(), Some("it is nested too deeply"));
    }

    #[test]
    fn the_deadline_holds() {
        let text = format!("[{}]", "a,".repeat(10_000));
        let now = std::time::Instant::now();
        let late = super::safe_load_until(&text, now).err().expect("late");
        assert!(late.is_late(), "{late}");
        let soon = now + std::time::Duration::from_mins(10);
        assert!(super::safe_load_until(&text, soon).is_ok());
    }

    /// Every mapping merges the one before ten times, and the last comes first: the result would exceed any memory.
    #[test]
    fn merges_that_multiply_end_in_an_error() {
        let mut text = "a: [[[&a0 {z: 1}".to_owned();
        for level in 1..9 {
            let sources = format!("*a{}, ", level - 1).repeat(10);
            let _ = write!(text, ", &a{level} {{<<: [{sources}]}}");
        }
        let _ = writeln!(text, "]]]\nb: {{<<: *a8}}");
        let problem = safe_load(&text).err().map(|error| error.to_string());
        assert_eq!(problem.as_deref(), Some("merge keys add too many entries"));
    }

    /// In this order, each mapping has its keys once before the next one merges it.
    #[test]
    fn merges_of_merged_mappings_do_not_multiply() {
        let mut text = "- &a0 {z: 1}\n".to_owned();
        for level in 1..9 {
            let sources = format!("*a{}, ", level - 1).repeat(10);
            let _ = writeln!(text, "- &a{level} {{<<: [{sources}]}}");
        }
        assert!(safe_load(&text).is_ok());
    }
}
