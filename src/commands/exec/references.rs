//! References in the caller's environment: `DB_PASSWORD=secretctl:conn:warehouse#password`.
//!
//! Owns which variables count. Those that hold one are hidden from the lookup, so no reference is ever the value of another one. Must not
//! know how a reference is resolved. A malformed one is not echoed, because it may be anything.

use crate::commands::reference::{FORM, PREFIX, Reference};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::shown::shown;

/// The prefix of secretctl's own variables, which the command does not get.
pub(super) const OWN_PREFIX: &str = "SECRETCTL_";

/// The prefixes of the variables that say where to look: a lookup cannot find itself.
const CONFIGURATION: [&str; 2] = ["AIRFLOW__SECRETS__", "AIRFLOW__WORKERS__SECRETS_"];

/// The references of an environment.
#[derive(Debug, Default)]
pub(super) struct References {
    /// The variables that the command gets, and what each refers to.
    pub(super) wanted: Vec<(String, Reference)>,
    /// All variables that hold a reference.
    pub(super) names: Vec<String>,
}

impl References {
    /// Finds the references in `env`. With `pristine`, the command gets no variable of the caller but `PATH`, so only that one is wanted.
    ///
    /// # Errors
    /// With status 2: a variable that begins as a reference and is none, or one that configures the lookup.
    pub(super) fn find(env: &Env, pristine: bool) -> Result<Self> {
        let mut found = Self::default();
        let variables = env.iter().filter(|(name, variable)| {
            variable.value.expose().starts_with(PREFIX.as_bytes()) && !name.starts_with(OWN_PREFIX)
        });
        for (name, variable) in variables {
            if CONFIGURATION.iter().any(|prefix| name.starts_with(prefix)) {
                return Err(Error::usage(format!(
                    "the variable `{}` says where to look, so it cannot be a reference itself",
                    shown(name)
                )));
            }
            found.names.push(name.to_owned());
            if pristine && name != "PATH" {
                continue;
            }
            let text = variable.value.expose_text();
            let reference = match text.and_then(|text| text.strip_prefix(PREFIX)) {
                Some(text) => Reference::parse(text).map_err(|error| {
                    error.map_message(|message| format!("the variable `{}`: {message}", shown(name)))
                })?,
                None => None,
            };
            match reference.filter(|reference| !reference.id.is_empty()) {
                Some(reference) => found.wanted.push((name.to_owned(), reference)),
                None => {
                    return Err(Error::usage(format!(
                        "the variable `{}` begins with `{PREFIX}` and is not a reference",
                        shown(name)
                    ))
                    .with_hint(format!("after `{PREFIX}` comes {FORM}")));
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn env(variables: &[(&str, &str)]) -> Env {
        let variables = variables.iter();
        variables
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect()
    }

    #[test]
    fn references_are_found_and_others_left_alone() {
        let env = env(&[
            ("A", "secretctl:conn:a#password"),
            ("B", "secretctl"),
            ("C", " secretctl:var:k"),
            ("SECRETCTL_X", "secretctl:nothing"),
            ("PATH", "secretctl:var:path"),
        ]);
        let found = References::find(&env, false).expect("they are references");
        let wanted: Vec<_> = found
            .wanted
            .iter()
            .map(|(name, one)| (name.as_str(), one.notation()))
            .collect();
        assert_eq!(
            wanted,
            [
                ("A", "conn:a#password".to_owned()),
                ("PATH", "var:path".to_owned())
            ]
        );
        let pristine = References::find(&env, true).expect("they are references");
        assert_eq!(pristine.names, ["A", "PATH"]);
        assert_eq!(pristine.wanted.len(), 1);
    }

    #[test]
    fn a_malformed_reference_names_the_variable_alone() {
        for (name, value) in [
            ("IMAGE", "secretctl:hunter2"),
            ("IMAGE", "secretctl:"),
            ("IMAGE", "secretctl:conn:"),
            ("IMAGE", "secretctl:Conn:hunter2"),
            ("AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN", "secretctl:var:hunter2"),
            ("AIRFLOW__WORKERS__SECRETS_BACKEND", "secretctl:var:hunter2"),
        ] {
            let error = References::find(&env(&[(name, value)]), false).expect_err("it is none");
            assert!(
                error.message().contains(name) && !format!("{error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
    }
}
