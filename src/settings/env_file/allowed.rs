//! The variables that an env file may not set: options that could lower protection, and options that are read before any file.
//!
//! `docs/security.md` has the reason for each. A file may belong to somebody else (a repository, a template). Its owner may choose the
//! answer, but the person who runs the program decides whether the answer is masked and complete, and whether warnings are shown. A
//! test checks that every `SECRETCTL_…` variable is in one of the two lists below.

use super::listed;
use crate::kwargs::boolean_word;
use crate::secret::Secret;

/// The variables that are ignored in an env file.
pub(crate) const IGNORED: &[&str] = &[
    // Values would be printed without a mask for the CI system.
    "SECRETCTL_NO_MASK",
    // A failed lookup would be treated as "not found".
    "SECRETCTL_LENIENT",
    // Warnings would be hidden, including those about this file.
    "SECRETCTL_QUIET",
    // They choose the files and their dialect, and are read before any file.
    "SECRETCTL_ENV_FILE",
    "SECRETCTL_ENV_FILE_DIALECT",
    // They make the process print completions.
    "SECRETCTL_COMPLETE",
    "SECRETCTL_COMPLETE_WORDS",
];

/// The variables that an env file may set. They configure what Airflow's own variables can also configure, or only the form of the
/// output. None of them makes a value visible, or hides a failed lookup.
#[cfg(test)]
const ACCEPTED: &[&str] = &[
    "SECRETCTL_CONFIG",
    "SECRETCTL_BACKEND",
    "SECRETCTL_BACKEND_KWARGS",
    "SECRETCTL_WORKER",
    "SECRETCTL_TEAM",
    "SECRETCTL_TIMEOUT",
    "SECRETCTL_JOBS",
    "SECRETCTL_NO_FALLBACK",
    "SECRETCTL_NO_METASTORE",
    "SECRETCTL_NO_NEWLINE",
    "SECRETCTL_VERBOSE",
    "SECRETCTL_COLOR",
    "SECRETCTL_LOG",
];

/// Whether an env file may set `name`.
pub(super) fn in_env_file(name: &str) -> bool {
    !IGNORED.contains(&name)
}

/// Whether `value` would have an effect, so that a warning is due.
pub(super) fn would_count(value: &Secret) -> bool {
    !value.is_empty() && value.expose_text().and_then(boolean_word) != Some(false)
}

/// Returns the warning about the variables at `places`.
pub(super) fn warning(places: &[String]) -> Option<String> {
    (!places.is_empty()).then(|| {
        format!(
            "an env file cannot set {}; use the option or the process's environment",
            listed(places)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::VARIABLES;

    #[test]
    fn every_variable_is_in_one_of_the_lists() {
        let mut decided: Vec<_> = IGNORED.iter().chain(ACCEPTED).copied().collect();
        let mut own: Vec<_> = VARIABLES
            .iter()
            .copied()
            .filter(|name| name.starts_with("SECRETCTL_"))
            .collect();
        decided.sort_unstable();
        own.sort_unstable();
        assert_eq!(
            decided, own,
            "decide whether an env file may set it, and write the reason into docs/security.md"
        );
    }

    #[test]
    fn a_variable_without_effect_is_not_reported() {
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
