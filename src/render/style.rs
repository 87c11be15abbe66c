//! Colour on standard output: the words of a report that people read.

use std::io::IsTerminal as _;

use super::terminal::{self, CYAN, GREEN, RED, RESET, YELLOW};
use crate::env::Env;

/// Whether words on standard output are coloured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    color: bool,
}

impl Style {
    /// Decides on colour, as [`Terminal::new`](super::Terminal::new) does for stderr.
    #[must_use]
    pub fn of_stdout(choice: Option<bool>, env: &Env) -> Self {
        let color = terminal::wants_color(choice, env, || std::io::stdout().is_terminal());
        Self { color }
    }

    /// Colours what is as it should be.
    #[must_use]
    pub fn good(self, words: &str) -> String {
        self.colored(GREEN, words)
    }

    /// Colours what is wrong.
    #[must_use]
    pub fn bad(self, words: &str) -> String {
        self.colored(RED, words)
    }

    /// Colours what may be wrong.
    #[must_use]
    pub fn warning(self, words: &str) -> String {
        self.colored(YELLOW, words)
    }

    /// Colours what leads on.
    #[must_use]
    pub fn hint(self, words: &str) -> String {
        self.colored(CYAN, words)
    }

    fn colored(self, color: &str, words: &str) -> String {
        if self.color {
            format!("{color}{words}{RESET}")
        } else {
            words.to_owned()
        }
    }
}
