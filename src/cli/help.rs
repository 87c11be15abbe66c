//! The text of `secretctl --help`, as clap renders it at its full width.
//!
//! Owns when that text may be printed as it is: to build and wrap it at each start costs as much as the rest of the start. `help.txt` is
//! clap's, written and compared by a test. Must not know what an option means.

use std::ffi::OsString;
use std::path::Path;

use super::MAX_HELP_WIDTH;
use crate::env::Env;

const TEXT: &str = include_str!("help.txt");

/// Returns the text if `args` ask for nothing else, and the terminal is wide enough for it.
pub(super) fn at_full_width(args: &[OsString], env: &Env) -> Option<&'static str> {
    let [program, help] = args else { return None };
    // The text has the program's name, which may be a link's.
    let is_its_own_name = Path::new(program).file_name()? == "secretctl";
    (help == "--help" && is_its_own_name && is_wide(env)).then_some(TEXT)
}

/// Whether clap would wrap no earlier than at its limit. As in clap, `COLUMNS` counts where there is no terminal.
fn is_wide(env: &Env) -> bool {
    let columns = match terminal_size::terminal_size() {
        Some((width, _)) => Some(width.0.into()),
        None => env.text("COLUMNS").and_then(|columns| columns.parse().ok()),
    };
    columns.is_none_or(|columns: usize| columns >= MAX_HELP_WIDTH)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::secret::Secret;

    #[test]
    fn the_text_is_what_clap_renders() {
        let rendered = Cli::command().term_width(MAX_HELP_WIDTH).render_long_help();
        assert_eq!(
            rendered.to_string(),
            TEXT,
            "write it anew: secretctl --quiet --help >src/cli/help.txt"
        );
    }

    #[test]
    fn only_help_alone_at_full_width_is_at_hand() {
        let at_hand = |columns: &str, args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let columns = Secret::new(columns.as_bytes().to_vec());
            let env = [("COLUMNS".to_owned(), columns)].into_iter().collect();
            at_full_width(&args, &env).is_some()
        };
        // Where the test has a terminal, its width counts.
        if terminal_size::terminal_size().is_none() {
            assert!(at_hand("100", &["/usr/bin/secretctl", "--help"]));
            assert!(at_hand("", &["secretctl", "--help"]));
            assert!(!at_hand("99", &["secretctl", "--help"]));
        }
        for other in [
            &["secretctl", "-h"][..],
            &["sc", "--help"],
            &["secretctl", "-q", "--help"],
            &["secretctl"],
        ] {
            assert!(!at_hand("100", other), "{other:?}");
        }
    }
}
