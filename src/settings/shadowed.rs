//! What configures a secrets backend, but is shadowed by an earlier place that says something else.
//!
//! Owns the comparison; the order of the places is in `lookup`. Shows no value.

use std::fmt;

use super::backend;
use super::later::AirflowConfiguration;
use super::origin::Source;

/// A place that has no effect, because an earlier one has the option too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The place.
    pub source: Source,
    /// The place that Airflow reads.
    pub by: Source,
}

impl fmt::Display for Shadowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl AirflowConfiguration {
    /// Returns the variables and options that configure a secrets backend without effect.
    ///
    /// A place that says the same, or nothing, is not shadowed. Runs no command: one that is shadowed counts. What cannot be
    /// interpolated does not count, because nobody reads it.
    #[must_use]
    pub fn shadowed(&self) -> Vec<Shadowed> {
        let mut shadowed = Vec::new();
        for option in backend::OPTIONS {
            let places = self.every_place(&option);
            let mut places = places.into_iter();
            let Some((by, first)) = places.next() else {
                continue;
            };
            for (source, value) in places {
                if !value.is_empty() && value != first {
                    shadowed.push(Shadowed {
                        source,
                        by: by.clone(),
                    });
                }
            }
        }
        shadowed
    }
}
