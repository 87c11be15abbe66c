//! The report of `check`, in the format of a reader: people, programs, GitHub's annotations, code scanning.
//!
//! Owns the words for an outcome, and which finding is an error, a warning or a note. Shows names, places and what is wrong; never a
//! value, nor the length of one.

use serde_json::Value;

use crate::inspect::lints::Lint;
use crate::inspect::{NameUse, Origin, Place, UnknownUse, Unreadable};
use crate::value::SecretKind;

pub mod github;
pub mod json;
pub mod names_file;
pub mod sarif;
pub mod text;

/// What `check` found.
#[derive(Debug)]
pub struct Report {
    /// The names, each with its outcome.
    pub names: Vec<CheckedName>,
    /// The uses whose names are not known.
    pub unknown: Vec<UnknownUse>,
    /// The files that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// How many files were read.
    pub files: usize,
    /// Whether warnings are failures.
    pub strict: bool,
    /// The exit status.
    pub status: u8,
}

/// A name, its outcome, and where it is used.
#[derive(Debug)]
pub struct CheckedName {
    /// A connection or a variable.
    pub kind: SecretKind,
    /// The connection id or variable key.
    pub name: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Where it was found.
    pub found_in: Option<String>,
    /// What is wrong.
    pub problem: Option<Problem>,
    /// What looks like a mistake in the connection.
    pub lints: Vec<Lint>,
    /// Where the code uses it.
    pub uses: Vec<NameUse>,
    /// Whether it was named on the command line.
    pub on_command_line: bool,
}

/// Why a name is not usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One line that says what is wrong.
    pub message: String,
    /// Lines below it.
    pub details: Vec<String>,
    /// The way out.
    pub hint: Option<String>,
}

/// Whether a name is there and usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nobody was asked.
    NotAsked,
    /// It is there, and usable as far as it can be told.
    Found,
    /// It is nowhere, but the code has a default wherever it uses it.
    HasDefault,
    /// It is nowhere.
    Missing,
    /// The login was refused, there is no credential, or permission is denied.
    Denied,
    /// A backend did not answer.
    Unreachable,
    /// It is there, and cannot be used: not a connection, not JSON, a key of it is missing.
    Malformed,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Note,
}

impl Outcome {
    /// Every outcome, from the best to the worst: the last decides on the exit status.
    pub const ALL: [Self; 7] = [
        Self::NotAsked,
        Self::Found,
        Self::HasDefault,
        Self::Missing,
        Self::Malformed,
        Self::Unreachable,
        Self::Denied,
    ];

    /// Returns the exit status that it asks for.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::NotAsked | Self::Found | Self::HasDefault => 0,
            Self::Missing => 3,
            Self::Denied => 4,
            Self::Unreachable => 5,
            Self::Malformed => 6,
        }
    }

    /// Returns it in a word, as programs read it.
    fn id(self) -> &'static str {
        match self {
            Self::NotAsked => "not-asked",
            Self::Found => "found",
            Self::HasDefault => "missing-with-default",
            Self::Missing => "missing",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
        }
    }

    /// Returns it for people.
    fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::HasDefault => "missing, but the code has a default",
            outcome => outcome.id(),
        }
    }

    fn level(self) -> Option<Level> {
        match self {
            Self::NotAsked | Self::Found => None,
            Self::HasDefault => Some(Level::Note),
            Self::Missing | Self::Denied | Self::Unreachable | Self::Malformed => Some(Level::Error),
        }
    }
}

impl Report {
    /// Returns the level of what only `--strict` takes for a failure.
    fn strictly(&self) -> Level {
        if self.strict { Level::Error } else { Level::Warning }
    }

    /// Returns how many names have the outcome.
    fn count(&self, outcome: Outcome) -> usize {
        self.names.iter().filter(|name| name.outcome == outcome).count()
    }

    /// Returns the findings for formats that list them one by one, each once for every place.
    fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings = Vec::new();
        for name in &self.names {
            if let Some(level) = name.outcome.level() {
                let problem = name.problem.as_ref();
                findings.extend(name.places().map(|place| Finding {
                    rule: name.outcome.id(),
                    level,
                    place,
                    title: format!("{} {}", name.kind, name.outcome.words()),
                    lines: problem.map_or_else(|| vec![name.title()], Problem::lines),
                }));
            }
            for lint in &name.lints {
                findings.extend(name.places().map(|place| Finding {
                    rule: lint.rule.id(),
                    level: self.strictly(),
                    place,
                    title: lint.rule.id().replace('-', " "),
                    lines: vec![format!("{}: {}", name.title(), lint.message)],
                }));
            }
            findings.extend(
                name.uses
                    .iter()
                    .filter(|one| one.at_parse_time)
                    .map(|one| Finding {
                        rule: AT_PARSE_TIME,
                        level: Level::Note,
                        place: Some(&one.place),
                        title: "lookup at parse time".to_owned(),
                        lines: vec![format!(
                            "{} is looked up each time Airflow parses this file",
                            name.title()
                        )],
                    }),
            );
        }
        findings.extend(self.unknown.iter().map(|unknown| Finding {
            rule: NOT_KNOWN,
            level: self.strictly(),
            place: Some(&unknown.place),
            title: format!("unknown {}", unknown.kind),
            lines: vec![format!(
                "the name of this {} cannot be known without running the code: {}",
                unknown.kind, unknown.what
            )],
        }));
        findings.extend(self.unreadable.iter().map(|unreadable| Finding {
            rule: UNREADABLE,
            level: self.strictly(),
            place: Some(&unreadable.place),
            title: "unreadable file".to_owned(),
            lines: vec![format!("this file cannot be read: {}", unreadable.reason)],
        }));
        findings
    }

    /// Says in one line how many names have which outcome, and what else there is.
    fn summary(&self) -> String {
        let names = counted(self.names.len(), "name", "names");
        let mut text = match self.files {
            0 => names,
            files => format!("{names} in {}", counted(files, "file", "files")),
        };
        let outcomes: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|outcome| *outcome != Outcome::NotAsked)
            .map(|outcome| (self.count(outcome), outcome.words()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        let separated = |text: &mut String, parts: &[String], separator: &str| {
            if !parts.is_empty() {
                text.push_str(separator);
                text.push_str(&parts.join("; "));
            }
        };
        separated(&mut text, &outcomes, ": ");
        let lints = self.names.iter().map(|name| name.lints.len()).sum();
        let parsed = self.names.iter().flat_map(|name| &name.uses);
        let parsed = parsed.filter(|one| one.at_parse_time).count();
        let others: Vec<String> = [
            (lints, "warning", "warnings"),
            (
                self.unknown.len(),
                "use with an unknown name",
                "uses with unknown names",
            ),
            (self.unreadable.len(), "unreadable file", "unreadable files"),
            (parsed, "lookup at every parse", "lookups at every parse"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| counted(count, one, many))
        .collect();
        separated(&mut text, &others, "; ");
        text
    }
}

impl CheckedName {
    /// Returns the kind and the name: "connection `x`".
    fn title(&self) -> String {
        format!("{} `{}`", self.kind, crate::shown::shown(&self.name))
    }

    /// Returns the places of the code that use it; no place for a name of the command line.
    fn places(&self) -> impl Iterator<Item = Option<&Place>> {
        let none = self.uses.is_empty().then_some(None);
        self.uses.iter().map(|one| Some(&one.place)).chain(none)
    }
}

impl Problem {
    /// Returns all of it, a line each.
    fn lines(&self) -> Vec<String> {
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}"));
        std::iter::once(self.message.clone())
            .chain(self.details.clone())
            .chain(hint)
            .collect()
    }
}

/// One finding at one place.
struct Finding<'a> {
    rule: &'static str,
    level: Level,
    place: Option<&'a Place>,
    title: String,
    lines: Vec<String>,
}

/// The rules that are neither an outcome nor a lint.
const AT_PARSE_TIME: &str = "lookup-at-parse-time";
/// A use whose name is not known.
pub const NOT_KNOWN: &str = "unknown-name";
/// A file that cannot be opened or parsed.
pub const UNREADABLE: &str = "unreadable-file";

/// Says how the code uses a name.
fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Call => "call".to_owned(),
        Origin::Argument(name) => format!("`{name}`"),
        Origin::Template => "template".to_owned(),
        Origin::Environment => "environment variable".to_owned(),
        Origin::ClassDefault(class) => format!("default of `{class}`"),
        Origin::NamesFile(None) => "file of names".to_owned(),
        Origin::NamesFile(Some(name)) => format!("file of names, as `{}`", crate::shown::shown(name)),
    }
}

/// Returns the place as JSON's members.
fn place_members(place: &Place) -> [(&'static str, Value); 3] {
    [
        ("file", (&*place.file).into()),
        ("line", place.line.into()),
        ("column", place.column.into()),
    ]
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
