//! What an env file may not set: options of secretctl that could lower protection, and those that are read before any file.
//!
//! `docs/security.md` has the reason for each. A file can be somebody else's (a repository's, a template's); what it configures
//! is the answer that its owner wants, but whether that answer is masked, complete and warned about is up to whoever runs the
//! program. Every `SECRETCTL_…` variable stands in one of the two lists below, and a test holds that.

use super::listed;
use crate::kwargs::boolean_word;
use crate::secret::Secret;

/// The variables that do not count in an env file.
pub(crate) const IGNORED: &[&str] = &[
    // Values would be printed without being announced to the CI system's masking.
    "SECRETCTL_NO_MASK",
    // "Could not tell" would be taken for "not found".
    "SECRETCTL_LENIENT",
    // Warnings would be kept back, those about this file too.
    "SECRETCTL_QUIET",
    // They say which files are read and how, and are read before any file.
    "SECRETCTL_ENV_FILE",
    "SECRETCTL_ENV_FILE_DIALECT",
    // They turn the process into a completer of command lines.
    "SECRETCTL_COMPLETE",
    "SECRETCTL_COMPLETE_WORDS",
];

/// The variables that count in an env file: they configure what Airflow's own variables can configure as well, or only the form
/// of the output. None makes a value visible, or hides that it could not be told.
#[cfg(test)]
const TAKEN: &[&str] = &[
    "SECRETCTL_CONFIG",
    "SECRETCTL_BACKEND",
    "SECRETCTL_BACKEND_KWARGS",
    "SECRETCTL_WORKER",
    "SECRETCTL_TEAM",
    "SECRETCTL_TIMEOUT",
    "SECRETCTL_NO_FALLBACK",
    "SECRETCTL_NO_NEWLINE",
    "SECRETCTL_VERBOSE",
    "SECRETCTL_COLOR",
    "SECRETCTL_LOG",
];

/// Whether an env file may set `name`.
pub(super) fn in_env_file(name: &str) -> bool {
    !IGNORED.contains(&name)
}

/// Whether `value` would have had an effect, so that it is said to have none.
pub(super) fn would_count(value: &Secret) -> bool {
    !value.is_empty() && value.expose_text().and_then(boolean_word) != Some(false)
}

/// The warning about the variables at `places`.
pub(super) fn warning(places: &[String]) -> Option<String> {
    (!places.is_empty()).then(|| {
        format!(
            "an env file cannot set {}; use the option, or the environment of the process",
            listed(places)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::VARIABLES;

    #[test]
    fn every_variable_of_ours_is_decided_on() {
        let mut decided: Vec<_> = IGNORED.iter().chain(TAKEN).copied().collect();
        let mut ours: Vec<_> = VARIABLES
            .iter()
            .copied()
            .filter(|name| name.starts_with("SECRETCTL_"))
            .collect();
        decided.sort_unstable();
        ours.sort_unstable();
        assert_eq!(
            decided, ours,
            "decide whether an env file may set it, and write the reason into docs/security.md"
        );
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        for (value, counts) in [
            ("", false),
            ("0", false),
            ("false", false),
            ("1", true),
            ("x", true),
        ] {
            assert_eq!(would_count(&Secret::from(value)), counts, "{value}");
        }
    }
}
