//! `[core] multi_team` and `[core] unit_test_mode`.
//!
//! Owns the parsing of Airflow's boolean options.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `getboolean`; `airflow/configuration.py`,
//! `initialize_config`.

use super::lookup::Configuration;
use crate::airflow_option::AirflowOption;
use crate::error::{Error, Result};
use crate::python::text;

const MULTI_TEAM: AirflowOption<'static> = AirflowOption::new("core", "multi_team");
const UNIT_TEST_MODE: AirflowOption<'static> = AirflowOption::new("core", "unit_test_mode");

/// Whether teams are in use.
///
/// # Errors
/// A value that is not a boolean, with status 2.
pub(super) fn multi_team(configuration: &mut Configuration<'_>) -> Result<bool> {
    boolean(MULTI_TEAM, configuration)
}

/// Whether Airflow runs its own tests, and so ignores `airflow.cfg`.
///
/// # Errors
/// A value that is not a boolean, with status 2.
pub(super) fn unit_test_mode(configuration: &mut Configuration<'_>) -> Result<bool> {
    boolean(UNIT_TEST_MODE, configuration)
}

/// Looks up a boolean option whose default is false.
fn boolean(option: AirflowOption<'_>, configuration: &mut Configuration<'_>) -> Result<bool> {
    let Some(configured) = configuration.get(option)? else {
        return Ok(false);
    };
    configuration
        .provenance
        .settled(option.name, configured.source.clone());
    truth(configured.text()?).ok_or_else(|| {
        Error::usage(format!("{} must be true or false", configured.source))
            .with_hint("Airflow accepts t, true, 1, f, false and 0, in any case")
    })
}

/// Parses a boolean as Airflow does; text after a `#` is ignored.
fn truth(text: &str) -> Option<bool> {
    let word = text::lower(text);
    let word = word.split('#').next().unwrap_or_default();
    match text::strip(word) {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_the_words_that_airflow_accepts() {
        for word in ["t", " True\n", "1", "TRUE # yes", "true#"] {
            assert_eq!(truth(word), Some(true), "{word}");
        }
        for word in ["f", "False", "0"] {
            assert_eq!(truth(word), Some(false), "{word}");
        }
        for word in ["", "yes", "on", "no", "off", "2", "# true", "none"] {
            assert_eq!(truth(word), None, "{word}");
        }
    }
}
