//! Examines every place of the search path, for `doctor`.
//!
//! Owns the question whether a read is allowed: a name that nobody has must be *not found*. The rest is the backends' own.

use std::time::Instant;

use super::{Resolver, ask_step, lookup};
use crate::backend::SecretsBackend;
use crate::backend::checkup::ABSENT_NAME;
use crate::error::{Error, ErrorKind, Result};
use crate::report::{Check, Section};
use crate::value::{Answer, SecretKind};

/// The kinds of names, those that everybody needs first.
const KINDS: [SecretKind; 3] = [SecretKind::Connection, SecretKind::Variable, SecretKind::Config];

impl Resolver {
    /// Examines every place in Airflow's order. Each logs in once. Writes nothing anywhere.
    pub async fn examine(&self) -> Vec<Section> {
        let mut sections = Vec::with_capacity(self.backends.len());
        for (index, backend) in self.backends.iter().enumerate() {
            backend.probing();
            let mut section = Section::new(backend.place(), Some(backend.class_path()));
            if Instant::now() >= self.deadline {
                section.not_checked(Check::Read, "the time is up (`--timeout`)");
                sections.push(section);
                continue;
            }
            backend.examine(&mut section).await;
            section.leave_out(backend.checks());
            section.leave_out(&[Check::Read]);
            if !section.has_failed() {
                self.examine_read(backend.as_ref(), index < self.configured, &mut section)
                    .await;
            }
            for warning in self.late_warnings.take() {
                section.warning(Check::Read, warning, None);
            }
            sections.push(section);
        }
        sections
    }

    /// Asks for a name that nobody has, as each kind.
    async fn examine_read(&self, backend: &dyn SecretsBackend, is_configured: bool, section: &mut Section) {
        let mut reads = Reads::default();
        for kind in KINDS {
            if kind != SecretKind::Config || is_configured {
                match self.examine_kind(backend, kind).await {
                    Ok(Reading::Allowed { hint }) => reads.allowed(kind, hint),
                    Ok(Reading::Skipped(why)) => reads.skipped.push(why),
                    Ok(Reading::None) => {}
                    Err(error) => reads.failed.push((kind, error)),
                }
            }
        }
        reads.add_to(section);
    }

    async fn examine_kind(&self, backend: &dyn SecretsBackend, kind: SecretKind) -> Result<Reading> {
        let lookup = lookup(kind, ABSENT_NAME, self.team.clone(), self.multi_team)?;
        let steps = backend.plan(&lookup)?;
        let mut reading = Reading::None;
        for step in &steps {
            if let Some(why) = &step.skipped {
                if matches!(reading, Reading::None) {
                    reading = Reading::Skipped(why.clone());
                }
                continue;
            }
            let hint = match ask_step(backend, &lookup, step, self.deadline).await? {
                Answer::Absent { hint } => hint,
                Answer::Found(_) | Answer::Null => None,
            };
            reading = match reading {
                Reading::Allowed { hint: Some(earlier) } => Reading::Allowed { hint: Some(earlier) },
                _ => Reading::Allowed { hint },
            };
        }
        Ok(reading)
    }
}

/// What a place answers to a name that nobody has.
enum Reading {
    /// The place may be asked. It may have a hint why the name is absent.
    Allowed { hint: Option<String> },
    /// Airflow would not ask.
    Skipped(String),
    /// The place has no names of this kind.
    None,
}

/// The answers of one place, by kind.
#[derive(Default)]
struct Reads {
    allowed: Vec<SecretKind>,
    hints: Vec<String>,
    skipped: Vec<String>,
    failed: Vec<(SecretKind, Error)>,
}

impl Reads {
    fn allowed(&mut self, kind: SecretKind, hint: Option<String>) {
        self.allowed.push(kind);
        self.hints.extend(hint);
    }

    /// Adds one line. What keeps every kind from being read is one mistake.
    fn add_to(mut self, section: &mut Section) {
        let allowed = listed(&self.allowed);
        if self.failed.is_empty() {
            match (self.allowed.is_empty(), self.skipped.first(), self.hints.first()) {
                (true, Some(why), _) => section.ok(Check::Read, format!("not asked: {why}")),
                (true, None, _) => {}
                (false, _, Some(hint)) if !section.has_said(hint) => section.warning(
                    Check::Read,
                    format!("{allowed} may be read, but: {hint}"),
                    Some(format!(
                        "ignore this if `{ABSENT_NAME}` is meant to be absent there"
                    )),
                ),
                (false, ..) => section.ok(Check::Read, format!("{allowed} may be read")),
            }
            return;
        }
        let only_options = matches!(self.failed.as_slice(), [(SecretKind::Config, error)] if error.kind() == ErrorKind::Denied);
        if only_options && !self.allowed.is_empty() {
            let (_, error) = self.failed.remove(0);
            let words = format!("{allowed} may be read, configuration options may not: {error}");
            let way_out =
                "allow it if an option of Airflow ends in `_SECRET`; nothing else reads options there";
            return section.warning(Check::Read, words, Some(way_out.to_owned()));
        }
        let kinds: Vec<SecretKind> = self.failed.iter().map(|(kind, _)| *kind).collect();
        let (_, error) = self.failed.remove(0);
        let error = if self.allowed.is_empty() {
            error
        } else {
            error.with_detail(format!("{allowed} may be read, {} may not", listed(&kinds)))
        };
        section.failure(Check::Read, &error);
    }
}

/// Returns the kinds in the plural, for people.
fn listed(kinds: &[SecretKind]) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("{kind}s")).collect();
    match kinds.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}
