//! Names and what each stands for: as many as are given, each once.
//!
//! Owns the names of values in an environment, and clashes between them. Must not know where the names are read from.

use std::collections::{HashMap, HashSet};

use super::file::Line;
use super::{Delivery, Naming, Origin, Wanted};
use crate::commands::reference::{FORM, Part, Reference};
use crate::error::{Error, Result};
use crate::shown::shown;
use crate::value::SecretKind;
use crate::variable_name::variable_name;

/// Returns a whole connection or variable under its own name.
pub(super) fn plain(option: &'static str, naming: Naming, kind: SecretKind, id: &str) -> Wanted {
    Wanted {
        name: own_name(naming, kind, id),
        reference: Reference::whole(kind, id),
        delivery: Delivery::Value,
        origin: Origin::Option(option),
        may_be_missing: false,
    }
}

/// Returns the name of a whole connection or variable.
fn own_name(naming: Naming, kind: SecretKind, id: &str) -> String {
    match naming {
        Naming::Environment => variable_name(kind, id).unwrap_or_default(),
        Naming::Id => id.to_owned(),
    }
}

/// The entries so far, each name once.
pub(in crate::commands) struct List {
    naming: Naming,
    pub(super) all: Vec<Wanted>,
    positions: HashMap<String, usize>,
    /// The variables of the environment that are references, and so no values for a lookup.
    pub(super) references: HashSet<String>,
}

impl List {
    /// Returns an empty list.
    pub(super) fn new(naming: Naming) -> Self {
        Self {
            naming,
            all: Vec::new(),
            positions: HashMap::new(),
            references: HashSet::new(),
        }
    }

    /// Adds what `--set-file` names.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(in crate::commands) fn add_files(&mut self, set_file: &[String]) -> Result<()> {
        for text in set_file {
            self.add(assignment("--set-file", Delivery::File, text)?)?;
        }
        Ok(())
    }

    /// Adds the variables of the environment that are references. A name that is there already wins.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(in crate::commands) fn add_variables(&mut self, references: Vec<(String, Reference)>) -> Result<()> {
        for (name, reference) in references {
            self.references.insert(name.clone());
            if !self.positions.contains_key(&self.key(&name)) {
                self.add(Wanted {
                    name,
                    reference,
                    delivery: Delivery::Value,
                    origin: Origin::Variable,
                    may_be_missing: false,
                })?;
            }
        }
        Ok(())
    }

    /// Adds a line of a file. Where names are ids, what counts is the connection or variable that it names.
    pub(super) fn add_line(&mut self, line: Line) -> Result<()> {
        let origin = Origin::File(line.at());
        let (kind, id) = (line.reference.kind, &line.reference.id);
        let (name, reference) = match (self.naming, line.name) {
            (Naming::Id, _) => (id.clone(), Reference::whole(kind, id)),
            (Naming::Environment, Some(name)) => (name, line.reference),
            // The variables of a format have names of their own.
            (Naming::Environment, None) if line.reference.part != Part::Whole => {
                (format_name(&line.reference), line.reference)
            }
            (Naming::Environment, None) => (own_name(self.naming, kind, id), line.reference),
        };
        self.add(Wanted {
            name,
            reference,
            delivery: Delivery::Value,
            origin,
            may_be_missing: line.may_be_missing,
        })
    }

    /// Returns the name as names are compared: those of variables are not case-sensitive on Windows.
    fn key(&self, name: &str) -> String {
        if cfg!(windows) && self.naming == Naming::Environment {
            name.to_uppercase()
        } else {
            name.to_owned()
        }
    }

    /// Adds an entry, unless it is there already.
    ///
    /// # Errors
    /// With status 2: an empty id, a name that an environment cannot hold, the name of another value.
    pub(super) fn add(&mut self, wanted: Wanted) -> Result<()> {
        if wanted.reference.id.is_empty() {
            return Err(Error::usage(format!(
                "the name of a {} is empty",
                wanted.reference.kind
            )));
        }
        let usable = !wanted.name.is_empty() && !wanted.name.contains(['=', '\0']);
        if self.naming == Naming::Environment && !usable {
            let error = Error::usage(format!(
                "`{}` cannot be the name of an environment variable",
                shown(&wanted.name)
            ));
            return Err(match wanted.origin {
                Origin::File(at) => error.map_message(|message| format!("{at}: {message}")),
                _ => error,
            });
        }
        let key = self.key(&wanted.name);
        match self.positions.get(&key).map(|&position| &mut self.all[position]) {
            Some(first) if first.reference == wanted.reference && first.delivery == wanted.delivery => {
                first.may_be_missing &= wanted.may_be_missing;
            }
            Some(first) => {
                return Err(Error::usage(format!(
                    "two values would both be named `{}`",
                    shown(&wanted.name)
                ))
                .with_detail(format!("{} and {}", first.described(), wanted.described()))
                .with_hint("give one of them a name of its own with `--set NAME=REF`"));
            }
            None => {
                self.positions.insert(key, self.all.len());
                self.all.push(wanted);
            }
        }
        Ok(())
    }
}

/// Parses `ID@FORMAT`. The format has names for its variables, so this one only stands for all of them.
pub(super) fn several(text: &str) -> Result<Wanted> {
    let reference = Reference::parse_variables(text)?;
    Ok(Wanted {
        name: format_name(&reference),
        reference,
        delivery: Delivery::Value,
        origin: Origin::Option("--as"),
        may_be_missing: false,
    })
}

/// Returns a name that stands for all variables of a format. It is no variable's own name, because it has a `:`.
fn format_name(reference: &Reference) -> String {
    reference.notation().replace('=', "-")
}

/// Parses `NAME=REF`. Malformed text is not echoed, because it may be a secret.
pub(super) fn assignment(option: &'static str, delivery: Delivery, text: &str) -> Result<Wanted> {
    let form = || format!("`{option}` takes NAME=REF; REF is {FORM}");
    let Some((name, reference)) = text.split_once('=') else {
        return Err(Error::usage(format!("an argument of `{option}` has no `=`")).with_hint(form()));
    };
    let Some(reference) = Reference::parse(reference)? else {
        // Only `=` signs: the padding of Base64, so the text before them is not a name.
        let argument = if reference.trim_start_matches('=').is_empty() {
            format!("an argument of `{option}`")
        } else {
            format!("`{option} {}=…`", shown(name))
        };
        return Err(
            Error::usage(format!("{argument} names neither a connection nor a variable")).with_hint(form()),
        );
    };
    Ok(Wanted {
        name: name.to_owned(),
        reference,
        delivery,
        origin: Origin::Option(option),
        may_be_missing: false,
    })
}
