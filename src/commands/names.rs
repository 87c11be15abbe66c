//! `--conn`, `--var`, `--set`, `--as`, `--file` and `--from`: many names, and what each stands for.
//!
//! Owns the names of values in an environment, and clashes between them. The lines of a file are parsed by [`file`]; what the names
//! resolve to is in [`resolved`].

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::Args;

use super::reference::{FORM, Part, Reference};
use super::session::Session;
use super::sources;
use crate::error::{Error, Result};
use crate::shown::shown;
use crate::value::SecretKind;
use crate::variable_name::variable_name;

pub(super) mod file;
pub(super) mod resolved;

use file::Line;

/// What `exec` and `export` resolve.
#[derive(Args, Clone, Debug, Default)]
pub struct NamesArgs {
    /// A connection, as `AIRFLOW_CONN_<ID>` (repeatable)
    #[arg(long, value_name = "ID")]
    pub conn: Vec<String>,
    /// A variable, as `AIRFLOW_VAR_<KEY>` (repeatable)
    #[arg(long, value_name = "KEY")]
    pub var: Vec<String>,
    /// A value under a name of your own; REF is conn:ID[#FIELD], conn:ID@FORMAT or var:KEY[#FIELD] (repeatable)
    #[arg(long, value_name = "NAME=REF")]
    pub set: Vec<String>,
    /// The variables of another program, such as libpq-env; `get-conn --as help` lists the formats (repeatable)
    #[arg(long = "as", value_name = "ID@FORMAT")]
    pub as_format: Vec<String>,
    /// The names of a file: lines NAME=REF, conn:ID or var:KEY (repeatable)
    #[arg(long, value_name = "NAMES")]
    pub file: Vec<PathBuf>,
    /// The connections and variables that this code uses: a file or folder, as for `check` (repeatable)
    #[arg(long, value_name = "PATH")]
    pub from: Vec<PathBuf>,
}

impl NamesArgs {
    /// Whether nothing is named.
    pub(super) fn is_empty(&self) -> bool {
        self.conn.is_empty()
            && self.var.is_empty()
            && self.set.is_empty()
            && self.as_format.is_empty()
            && self.file.is_empty()
            && self.from.is_empty()
    }
}

/// The kinds that an environment has.
pub(super) const BOTH: [SecretKind; 2] = [SecretKind::Connection, SecretKind::Variable];

/// How connections and variables are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// As environment variables.
    Environment,
    /// By their id or key.
    Id,
}

/// What named a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An option.
    Option(&'static str),
    /// A line of a file of names: the file and the line.
    File(String),
    /// A variable of the environment that holds a reference.
    Variable,
}

impl Origin {
    /// Returns the words for it.
    fn words(&self) -> String {
        match self {
            Self::Option(option) => format!("`{option}`"),
            Self::File(at) => at.clone(),
            Self::Variable => "the environment".to_owned(),
        }
    }
}

/// How a command gets a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The variable holds it.
    Value,
    /// The variable holds the path of a file that holds it.
    File,
}

/// A connection or variable to resolve, and its name in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The name in the environment, or the id.
    pub(super) name: String,
    pub(super) reference: Reference,
    pub(super) delivery: Delivery,
    pub(super) origin: Origin,
    /// Whether it is left out where it is missing: the code that uses it has a default.
    may_be_missing: bool,
}

impl Wanted {
    /// Describes the value and what named it.
    fn described(&self) -> String {
        format!("{} ({})", self.reference.described(), self.origin.words())
    }
}

/// Reads the options, the files of names, and the code of `--from`: the names of `kinds`.
///
/// Warns of uses whose names are not known, and of files that cannot be read.
///
/// # Errors
/// With status 2: a malformed reference, a name that an environment cannot hold, the same name for two values, a path that is missing.
pub(super) fn wanted(
    session: &Session,
    args: &NamesArgs,
    naming: Naming,
    kinds: &[SecretKind],
) -> Result<List> {
    let mut list = listed(args, naming)?;
    for line in file::read(&args.file, session.settings.deadline)? {
        if kinds.contains(&line.reference.kind) {
            list.add_line(line)?;
        }
    }
    let code = sources::read(&args.from, &session.settings)?;
    code.warn(session.terminal);
    let names = code.names.names().into_iter();
    for ((kind, id), has_default) in names.filter(|((kind, _), _)| kinds.contains(kind)) {
        list.add(Wanted {
            may_be_missing: has_default,
            ..plain("--from", naming, kind, id)
        })?;
    }
    Ok(list)
}

/// Reads the options, without `--file` and `--from`.
fn listed(args: &NamesArgs, naming: Naming) -> Result<List> {
    let mut list = List {
        naming,
        all: Vec::new(),
        positions: HashMap::new(),
        references: HashSet::new(),
    };
    for id in &args.conn {
        list.add(plain("--conn", naming, SecretKind::Connection, id))?;
    }
    for key in &args.var {
        list.add(plain("--var", naming, SecretKind::Variable, key))?;
    }
    for text in &args.set {
        list.add(assignment("--set", Delivery::Value, text)?)?;
    }
    for text in &args.as_format {
        list.add(several(text)?)?;
    }
    Ok(list)
}

/// Returns a whole connection or variable under its own name.
fn plain(option: &'static str, naming: Naming, kind: SecretKind, id: &str) -> Wanted {
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
pub(super) struct List {
    naming: Naming,
    all: Vec<Wanted>,
    positions: HashMap<String, usize>,
    /// The variables of the environment that are references, and so no values for a lookup.
    references: HashSet<String>,
}

impl List {
    /// Adds what `--set-file` names.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(super) fn add_files(&mut self, set_file: &[String]) -> Result<()> {
        for text in set_file {
            self.add(assignment("--set-file", Delivery::File, text)?)?;
        }
        Ok(())
    }

    /// Adds the variables of the environment that are references. A name that is there already wins.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(super) fn add_variables(&mut self, references: Vec<(String, Reference)>) -> Result<()> {
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
    fn add_line(&mut self, line: Line) -> Result<()> {
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
    fn add(&mut self, wanted: Wanted) -> Result<()> {
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
fn several(text: &str) -> Result<Wanted> {
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
fn assignment(option: &'static str, delivery: Delivery, text: &str) -> Result<Wanted> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn args(conn: &[&str], var: &[&str], set: &[&str]) -> NamesArgs {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        NamesArgs {
            conn: owned(conn),
            var: owned(var),
            set: owned(set),
            ..NamesArgs::default()
        }
    }

    fn names(args: &NamesArgs) -> Vec<String> {
        listed(args, Naming::Environment)
            .expect("they are names")
            .all
            .into_iter()
            .map(|wanted| wanted.name)
            .collect()
    }

    #[test]
    fn names_are_those_that_airflow_reads() {
        let args = args(
            &["smtp_default", "MY-DB"],
            &["straße"],
            &["PGPASSWORD=conn:db#password"],
        );
        assert_eq!(
            names(&args),
            [
                "AIRFLOW_CONN_SMTP_DEFAULT",
                "AIRFLOW_CONN_MY-DB",
                "AIRFLOW_VAR_STRASSE",
                "PGPASSWORD"
            ]
        );
    }

    #[test]
    fn the_same_name_for_the_same_value_is_not_a_clash() {
        assert_eq!(
            names(&args(&["a", "a"], &[], &["AIRFLOW_CONN_A=conn:a"])),
            ["AIRFLOW_CONN_A"]
        );
    }

    #[test]
    fn the_same_name_for_two_values_is_an_error() {
        for args in [
            args(&["a", "A"], &[], &[]),
            args(&[], &["x"], &["AIRFLOW_VAR_X=conn:a"]),
        ] {
            let error = listed(&args, Naming::Environment).err().expect("they clash");
            assert_eq!(error.kind(), ErrorKind::Usage);
        }
    }

    #[test]
    fn a_malformed_reference_is_refused_without_its_text() {
        for text in [
            "hunter2",
            "X=hunter2",
            "X=hunter2:a",
            "hunter2=",
            "hunter2==",
            "=conn:a",
            "X=conn:",
            "X=var:#a",
        ] {
            let error = listed(&args(&[], &[], &[text]), Naming::Environment)
                .err()
                .expect("it is not a reference");
            assert!(!format!("{error:?}").contains("hunter2"), "{text}");
        }
    }
}
