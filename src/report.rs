//! A report of checks: what `doctor` found out, before anything is printed.
//!
//! Owns the vocabulary of checks and outcomes, and the exit status of a whole report. Holds names, places and times; never a value. Must
//! not know who checks (`settings`, `backend`) or how a report looks (`render`).

use std::fmt;

use crate::error::{Error, ErrorKind};

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The options, variables and files that configure secretctl.
    Settings,
    /// The class path of the secrets backend.
    Backend,
    /// The kwargs of the backend, by name.
    Kwargs,
    /// The local files, which are read whole.
    Files,
    /// The proxy.
    Proxy,
    /// The name of a server.
    Dns,
    /// The connection to a server.
    Connect,
    /// The certificate of a server.
    Tls,
    /// The server itself: who it is, its version, whether it is ready.
    Server,
    /// The clock of a server against this machine's.
    Clock,
    /// The login: as whom, for how long.
    Login,
    /// Vault's mount.
    Mount,
    /// The region of AWS.
    Region,
    /// The project of Google Cloud.
    Project,
    /// The namespace of Kubernetes.
    Namespace,
    /// The folder of Yandex Cloud.
    Folder,
    /// Airflow's database.
    Database,
    /// The keys that decrypt what Airflow's database holds.
    FernetKey,
    /// Whether a read is allowed.
    Read,
}

impl Check {
    /// Returns the word for it, in the text and in the JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Backend => "backend",
            Self::Kwargs => "kwargs",
            Self::Files => "files",
            Self::Proxy => "proxy",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Server => "server",
            Self::Clock => "clock",
            Self::Login => "login",
            Self::Mount => "mount",
            Self::Region => "region",
            Self::Project => "project",
            Self::Namespace => "namespace",
            Self::Folder => "folder",
            Self::Database => "database",
            Self::FernetKey => "fernet key",
            Self::Read => "read",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is right.
    Ok,
    /// It works, but may not be what is meant.
    Warning,
    /// It is wrong. The kind decides the exit status.
    Failure(ErrorKind),
    /// It could not be checked, because an earlier check failed. It is not a failure.
    NotChecked,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What was checked.
    pub check: Check,
    /// The outcome.
    pub outcome: Outcome,
    /// What was found.
    pub words: String,
    /// More about it.
    pub details: Vec<String>,
    /// What to do.
    pub way_out: Option<String>,
}

impl Row {
    fn new(check: Check, outcome: Outcome, words: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            words: words.into(),
            details: Vec::new(),
            way_out: None,
        }
    }

    /// Whether it is a failure.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failure(_))
    }
}

/// The checks of one place: the configuration, or a place on the search path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The place, for people.
    pub place: String,
    /// The class path of the backend; `None` for the configuration.
    pub backend: Option<String>,
    /// The checks, in their order.
    pub rows: Vec<Row>,
}

impl Section {
    /// Creates a section without checks.
    #[must_use]
    pub fn new(place: impl Into<String>, backend: Option<&str>) -> Self {
        Self {
            place: place.into(),
            backend: backend.map(str::to_owned),
            rows: Vec::new(),
        }
    }

    /// Adds a check that is right.
    pub fn ok(&mut self, check: Check, words: impl Into<String>) {
        self.rows.push(Row::new(check, Outcome::Ok, words));
    }

    /// Adds a warning.
    pub fn warning(&mut self, check: Check, words: impl Into<String>, way_out: Option<String>) {
        let row = Row::new(check, Outcome::Warning, words);
        self.rows.push(Row { way_out, ..row });
    }

    /// Adds a failure: the error's message with its causes, its details and its hint.
    pub fn failure(&mut self, check: Check, error: &Error) {
        let row = Row::new(check, Outcome::Failure(error.kind()), with_causes(error));
        self.rows.push(Row {
            details: error.details().to_vec(),
            way_out: Some(error.hint().unwrap_or(way_out_of(error.kind())).to_owned()),
            ..row
        });
    }

    /// Adds a check that was not made, and why.
    pub fn not_checked(&mut self, check: Check, why: impl Into<String>) {
        self.rows.push(Row::new(check, Outcome::NotChecked, why));
    }

    /// Adds those of `checks` that have no row yet as not checked, if a check has failed.
    pub fn leave_out(&mut self, checks: &[Check]) {
        let Some(failed) = self.rows.iter().find(|row| row.is_failure()) else {
            return;
        };
        let why = format!("`{}` failed", failed.check);
        for check in checks {
            if !self.rows.iter().any(|row| row.check == *check) {
                self.not_checked(*check, why.clone());
            }
        }
    }

    /// Whether a line of it has these words.
    #[must_use]
    pub fn has_said(&self, words: &str) -> bool {
        self.rows.iter().any(|row| row.words == words)
    }

    /// Whether a check has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.rows.iter().any(Row::is_failure)
    }
}

/// Returns what to do about a failure whose error has no hint: its words name the place.
fn way_out_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "correct it at the place that the line names",
        ErrorKind::Denied => "check the credentials, and what they are allowed",
        ErrorKind::Unavailable => "try again later, and ask whoever runs the server",
        ErrorKind::Malformed => "correct the value that is stored there",
        ErrorKind::NotFound => "create it, or correct its name",
        _ => "run it again with `-v`, and report it if it stays",
    }
}

/// Returns an error's message and its causes on one line.
fn with_causes(error: &Error) -> String {
    let mut text = error.message().to_owned();
    let mut above = text.clone();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let message = cause.to_string();
        // Some libraries repeat a message at every level.
        if message != above {
            text = format!("{text}: {message}");
        }
        above = message;
        source = cause.source();
    }
    text
}

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The places, in Airflow's order; the configuration is the first.
    pub sections: Vec<Section>,
}

impl Report {
    /// Returns the exit status: 0, or that of the worst failure, in the order 1, 2, 4, 5, 6, 3.
    #[must_use]
    pub fn status(&self) -> u8 {
        const WORST_FIRST: [ErrorKind; 6] = [
            ErrorKind::Internal,
            ErrorKind::Usage,
            ErrorKind::Denied,
            ErrorKind::Unavailable,
            ErrorKind::Malformed,
            ErrorKind::NotFound,
        ];
        let has = |kind: &ErrorKind| {
            let mut rows = self.sections.iter().flat_map(|section| &section.rows);
            rows.any(|row| row.outcome == Outcome::Failure(*kind))
        };
        WORST_FIRST
            .iter()
            .find(|kind| has(kind))
            .map_or(0, |kind| kind.exit_status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_that_of_the_worst_failure() {
        let mut report = Report::default();
        assert_eq!(report.status(), 0);
        let mut section = Section::new("Vault", None);
        section.ok(Check::Dns, "found");
        section.warning(Check::Clock, "late", None);
        report.sections.push(section.clone());
        assert_eq!(report.status(), 0);
        for (error, status) in [
            (Error::not_found("x"), 3),
            (Error::malformed("x"), 6),
            (Error::unavailable("x"), 5),
            (Error::denied("x"), 4),
            (Error::usage("x"), 2),
        ] {
            section.failure(Check::Read, &error);
            report.sections.push(section.clone());
            assert_eq!(report.status(), status);
        }
    }

    #[test]
    fn what_follows_a_failure_is_not_checked_and_is_no_failure() {
        let mut section = Section::new("Vault", None);
        section.ok(Check::Dns, "found");
        section.leave_out(&[Check::Dns, Check::Connect]);
        assert_eq!(section.rows.len(), 1, "nothing has failed");
        section.failure(
            Check::Connect,
            &Error::unavailable("refused").with_hint("start it"),
        );
        section.leave_out(&[Check::Dns, Check::Connect, Check::Login, Check::Read]);
        let outcomes: Vec<_> = section.rows.iter().map(|row| (row.check, row.outcome)).collect();
        assert_eq!(
            outcomes,
            [
                (Check::Dns, Outcome::Ok),
                (Check::Connect, Outcome::Failure(ErrorKind::Unavailable)),
                (Check::Login, Outcome::NotChecked),
                (Check::Read, Outcome::NotChecked),
            ]
        );
        assert_eq!(section.rows[2].words, "`connect` failed");
        assert_eq!(section.rows[1].way_out.as_deref(), Some("start it"));
    }
}
