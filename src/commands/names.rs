//! `--conn`, `--var`, `--set`, `--as`, `--file` and `--from`: many names, and what each stands for.
//!
//! Owns the options. The lines of a file are parsed by `file`, the names and clashes between them are in `list`, and what they
//! resolve to is in `resolved`.

use std::path::PathBuf;

use clap::Args;

use super::reference::Reference;
use super::session::Session;
use super::sources;
use crate::error::Result;
use crate::value::SecretKind;

pub(super) mod file;
mod list;
pub(super) mod resolved;

use list::{List, assignment, plain, several};

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
    let mut list = List::new(naming);
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
