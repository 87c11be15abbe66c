//! Standard error: errors, warnings and notes for people, one line each.
//!
//! Owns colour and the escaping of everything that is echoed: an id may hold any character, and no line of ours may steer a
//! terminal or be taken for a workflow command by a CI system that reads the log. (GitHub's runner takes `::` at the start of
//! a line and `##[` anywhere, the agent of Azure Pipelines takes `##vso[` anywhere.)

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use crate::cli::ColorChoice;
use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::shown::{self, must_be_escaped};

/// The longest line of a message, in characters.
const LONGEST_LINE: usize = 900;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const CYAN: &str = "\x1b[1;36m";
const RESET: &str = "\x1b[0m";

/// Standard error, and how it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    color: bool,
    quiet: bool,
}

impl Terminal {
    /// Decides on colour: the choice, then `NO_COLOR` (not empty), then `CLICOLOR_FORCE`, then a terminal that is not `dumb`.
    #[must_use]
    pub fn new(choice: ColorChoice, quiet: bool, env: &Env) -> Self {
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                if env.non_empty("NO_COLOR").is_some() {
                    false
                } else if env.non_empty("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
                    true
                } else {
                    std::io::stderr().is_terminal() && env.text("TERM") != Some("dumb")
                }
            }
        };
        Self { color, quiet }
    }

    /// Writes `error`: what failed, its causes and details beneath, then the hint.
    pub fn error(self, error: &Error) {
        if error.kind() == ErrorKind::BrokenPipe {
            return;
        }
        let mut text = String::new();
        self.labelled(&mut text, RED, "error", error.message());
        let mut above = error.message().to_owned();
        let mut source = error.source();
        while let Some(cause) = source {
            let said = cause.to_string();
            // Some libraries say the same at every level.
            if said != above {
                let _ = writeln!(text, "  caused by: {}", line(&said));
            }
            above = said;
            source = cause.source();
        }
        for detail in error.details() {
            let _ = writeln!(text, "  {}", line(detail));
        }
        if let Some(hint) = error.hint() {
            self.labelled(&mut text, CYAN, "hint", hint);
        }
        write(text.as_bytes());
    }

    /// Writes a warning, unless `-q` silences it.
    pub fn warning(self, message: &str) {
        if !self.quiet {
            let mut text = String::new();
            self.labelled(&mut text, YELLOW, "warning", message);
            write(text.as_bytes());
        }
    }

    /// Whether somebody watches who would like to know how far a long command is.
    #[must_use]
    pub fn shows_progress(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Replaces the line of progress.
    pub fn progress(self, done: usize, total: usize) {
        write(format!("\r\x1b[Kresolved {done} of {total}").as_bytes());
    }

    /// Clears the line of progress.
    pub fn clear_progress(self) {
        write(b"\r\x1b[K");
    }

    fn labelled(self, text: &mut String, color: &str, label: &str, message: &str) {
        let (on, off) = if self.color { (color, RESET) } else { ("", "") };
        let _ = writeln!(text, "{on}{label}:{off} {}", line(message));
    }
}

/// Writes bytes to stderr. That it cannot be written is nobody's to hear of.
pub(crate) fn write(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// Returns `text` as one line that can be echoed: control characters and what reorders text escaped, and nothing in it that
/// a CI system would take for a command.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |text: &str| {
        !text.trim_start().starts_with("::") && !text.contains("##") && !text.chars().any(must_be_escaped)
    };
    if harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    let mut at_start = true;
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        match c {
            '#' if previous == '#' => line.push_str("\\x23"),
            ':' if at_start && text[index..].starts_with("::") => line.push_str("\\x3a"),
            c => shown::push(&mut line, c),
        }
        at_start = at_start && c.is_whitespace();
        previous = c;
    }
    Cow::Owned(line)
}

/// Returns `text` as one line of a message, printable and not too long. Messages bound each text from outside themselves; this is for
/// the words of libraries.
pub(crate) fn line(text: &str) -> String {
    shown::cut_at(LONGEST_LINE, printable(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            printable("a\nb\x1b[31m\u{9b}c\u{202e}"),
            "a\\nb\\x1b[31m\\u{9b}c\\u{202e}"
        );
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(
            printable("a `b` ü 名前 # ok :: fine"),
            "a `b` ü 名前 # ok :: fine"
        );
    }

    #[test]
    fn no_line_is_a_workflow_command() {
        assert_eq!(printable("::add-mask::x"), "\\x3a:add-mask::x");
        assert_eq!(printable("  ::error::x"), "  \\x3a:error::x");
        assert_eq!(printable("id `##vso[task.x]y`"), "id `#\\x23vso[task.x]y`");
        assert_eq!(printable("####["), "#\\x23\\x23\\x23[");
    }
}
