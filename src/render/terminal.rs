//! Standard error: errors, warnings and notes for people, one line each.
//!
//! Owns colour. Echoed text is escaped by [`printable`].

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use crate::env::Env;
use crate::error::{Error, ErrorKind};
use crate::shown;
pub use crate::shown::printable;

/// The longest line of a message, in characters.
const LONGEST_LINE: usize = 900;

pub(super) const RED: &str = "\x1b[1;31m";
pub(super) const GREEN: &str = "\x1b[1;32m";
pub(super) const YELLOW: &str = "\x1b[1;33m";
pub(super) const CYAN: &str = "\x1b[1;36m";
pub(super) const RESET: &str = "\x1b[0m";

/// Standard error, and how to write to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    color: bool,
    quiet: bool,
}

impl Terminal {
    /// Decides on colour: the choice, then `NO_COLOR` (not empty), then `CLICOLOR_FORCE`, then whether stderr is a terminal that is not
    /// `dumb`.
    #[must_use]
    pub fn new(choice: Option<bool>, quiet: bool, env: &Env) -> Self {
        let color = wants_color(choice, env, || std::io::stderr().is_terminal());
        Self { color, quiet }
    }

    /// Writes `error`: its message, its causes and details below, then the hint.
    pub fn error(self, error: &Error) {
        if error.kind() == ErrorKind::BrokenPipe {
            return;
        }
        let mut text = String::new();
        self.labelled(&mut text, RED, "error", error.message());
        let mut above = error.message().to_owned();
        let mut source = error.source();
        while let Some(cause) = source {
            let message = cause.to_string();
            // Some libraries repeat a message at every level.
            if message != above {
                let _ = writeln!(text, "  caused by: {}", line(&message));
            }
            above = message;
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

    /// Writes a note, unless `-q` silences it.
    pub fn note(self, message: &str) {
        if !self.quiet {
            let mut text = String::new();
            self.labelled(&mut text, CYAN, "note", message);
            write(text.as_bytes());
        }
    }

    /// Whether to show the progress of a long command.
    #[must_use]
    pub fn shows_progress(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Replaces the progress line.
    pub fn progress(self, done: usize, total: usize) {
        write(format!("\r\x1b[Kresolved {done} of {total}").as_bytes());
    }

    /// Clears the progress line.
    pub fn clear_progress(self) {
        write(b"\r\x1b[K");
    }

    fn labelled(self, text: &mut String, color: &str, label: &str, message: &str) {
        let (on, off) = if self.color { (color, RESET) } else { ("", "") };
        let _ = writeln!(text, "{on}{label}:{off} {}", line(message));
    }
}

/// Decides on colour: the choice, then `NO_COLOR` (not empty), then `CLICOLOR_FORCE`, then whether the stream is a terminal that is not
/// `dumb`.
pub(super) fn wants_color(choice: Option<bool>, env: &Env, is_terminal: impl FnOnce() -> bool) -> bool {
    match choice {
        Some(choice) => choice,
        None => {
            if env.non_empty("NO_COLOR").is_some() {
                false
            } else if env.non_empty("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
                true
            } else {
                is_terminal() && env.text("TERM") != Some("dumb")
            }
        }
    }
}

/// Writes bytes to stderr.
///
/// # Errors
/// A stderr that cannot be written.
pub(crate) fn write_all(bytes: &[u8]) -> std::io::Result<()> {
    let mut stderr = std::io::stderr().lock();
    stderr.write_all(bytes)?;
    stderr.flush()
}

/// Whether stderr is the null device. It is also when the caller closed it (`2>&-`), because Rust's runtime then opens that device.
pub(crate) fn is_null_device() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
        let stderr = std::io::stderr().as_fd().try_clone_to_owned();
        let of_stderr = stderr.and_then(|stderr| std::fs::File::from(stderr).metadata());
        match (of_stderr, std::fs::metadata("/dev/null")) {
            (Ok(stderr), Ok(null)) => stderr.file_type().is_char_device() && stderr.rdev() == null.rdev(),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    false
}

/// Writes bytes to stderr. A failure is ignored, because it could not be reported.
pub(crate) fn write(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// Returns `text` as one line of a message, printable and not too long. Messages bound text from outside themselves; this bounds the
/// text of libraries.
pub(crate) fn line(text: &str) -> String {
    shown::cut_at(LONGEST_LINE, printable(text).into_owned())
}
