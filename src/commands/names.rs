//! `--conn`, `--var`, `--set`, `--as` and `--from`: many names, resolved at once.
//!
//! Owns the names of values in an environment, and clashes between them. Everything is resolved before anything is printed or started.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;

use super::reference::{FORM, Part, Reference};
use super::session::Session;
use super::{as_format, sources};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::render::{Entry, Masks};
use crate::shown::shown;
use crate::value::{Found, SecretKind};
use crate::variable_name::variable_name;

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

/// A connection or variable to resolve, and its name in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The name in the environment, or the id.
    pub(super) name: String,
    pub(super) reference: Reference,
    /// Whether it is left out where it is missing: the code that uses it has a default.
    may_be_missing: bool,
}

/// A connection or variable, and its value.
pub(super) struct Resolved {
    pub(super) wanted: Wanted,
    pub(super) found: Found,
    /// Set for a connection.
    pub(super) connection: Option<Connection>,
}

/// Reads the options, and the code of `--from`: the names of `kinds` that it uses.
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
) -> Result<Vec<Wanted>> {
    let mut list = listed(args, naming)?;
    let code = sources::read(&args.from, &session.settings)?;
    code.warn(session.terminal);
    let names = code.names.names().into_iter();
    for ((kind, id), has_default) in names.filter(|((kind, _), _)| kinds.contains(kind)) {
        list.add(Wanted {
            may_be_missing: has_default,
            ..plain(naming, kind, id)
        })?;
    }
    Ok(list.all)
}

/// Reads the options, without `--from`.
fn listed(args: &NamesArgs, naming: Naming) -> Result<List> {
    let mut list = List {
        naming,
        all: Vec::new(),
        positions: HashMap::new(),
    };
    for id in &args.conn {
        list.add(plain(naming, SecretKind::Connection, id))?;
    }
    for key in &args.var {
        list.add(plain(naming, SecretKind::Variable, key))?;
    }
    for text in &args.set {
        list.add(assignment(text)?)?;
    }
    for text in &args.as_format {
        list.add(several(text)?)?;
    }
    Ok(list)
}

/// Returns a whole connection or variable under its own name.
fn plain(naming: Naming, kind: SecretKind, id: &str) -> Wanted {
    Wanted {
        name: match naming {
            Naming::Environment => variable_name(kind, id).unwrap_or_default(),
            Naming::Id => id.to_owned(),
        },
        reference: Reference::whole(kind, id),
        may_be_missing: false,
    }
}

/// The entries so far, each name once.
struct List {
    naming: Naming,
    all: Vec<Wanted>,
    positions: HashMap<String, usize>,
}

impl List {
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
            return Err(Error::usage(format!(
                "`{}` cannot be the name of an environment variable",
                shown(&wanted.name)
            )));
        }
        // Names of variables are not case-sensitive on Windows.
        let key = if cfg!(windows) && self.naming == Naming::Environment {
            wanted.name.to_uppercase()
        } else {
            wanted.name.clone()
        };
        match self.positions.get(&key).map(|&position| &self.all[position]) {
            Some(first) if first.reference == wanted.reference => {}
            Some(first) => {
                return Err(Error::usage(format!(
                    "two values would both be named `{}`",
                    shown(&wanted.name)
                ))
                .with_detail(format!(
                    "{} and {}",
                    first.reference.described(),
                    wanted.reference.described()
                ))
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
    Ok(Wanted {
        name: text.to_owned(),
        reference: Reference::parse_variables(text)?,
        may_be_missing: false,
    })
}

/// Parses `NAME=REF`. Malformed text is not echoed, because it may be a secret.
fn assignment(text: &str) -> Result<Wanted> {
    let form = || format!("`--set` takes NAME=REF; REF is {FORM}");
    let Some((name, reference)) = text.split_once('=') else {
        return Err(Error::usage("an argument of `--set` has no `=`").with_hint(form()));
    };
    let Some(reference) = Reference::parse(reference)? else {
        // Only `=` signs: the padding of Base64, so the text before them is not a name.
        let argument = if reference.trim_start_matches('=').is_empty() {
            "an argument of `--set`".to_owned()
        } else {
            format!("`--set {}=…`", shown(name))
        };
        return Err(
            Error::usage(format!("{argument} names neither a connection nor a variable")).with_hint(form()),
        );
    };
    Ok(Wanted {
        name: name.to_owned(),
        reference,
        may_be_missing: false,
    })
}

/// Resolves all entries, each id once. One that may be missing is left out with a note where it is.
///
/// # Errors
/// The first lookup that failed; otherwise one error that lists every name that was not found.
pub(super) fn resolve(session: &Session, wanted: Vec<Wanted>) -> Result<Vec<Resolved>> {
    let (optional, required): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .enumerate()
        .partition(|(_, one)| one.may_be_missing);
    let found = session.resolve_all(&questions(&required))?;
    let mut all: Vec<((usize, Wanted), Found)> = required.into_iter().zip(found).collect();
    if !optional.is_empty() {
        let outcomes = session.resolve_each(&questions(&optional));
        for (one, outcome) in optional.into_iter().zip(outcomes) {
            match outcome {
                Ok(located) => all.push((one, located.resolved.found)),
                Err(error) if error.kind() == ErrorKind::NotFound => session.terminal.note(&format!(
                    "{} is left out: it is missing, and the code has a default",
                    one.1.reference.described()
                )),
                Err(error) => return Err(error),
            }
        }
        all.sort_by_key(|((position, _), _)| *position);
    }
    all.into_iter()
        .map(|((_, wanted), found)| {
            let connection = match wanted.reference.kind {
                SecretKind::Connection => Some(Connection::from_found(&wanted.reference.id, &found)?),
                _ => None,
            };
            Ok(Resolved {
                wanted,
                found,
                connection,
            })
        })
        .collect()
}

fn questions(wanted: &[(usize, Wanted)]) -> Vec<(SecretKind, &str)> {
    wanted
        .iter()
        .map(|(_, one)| (one.reference.kind, one.reference.id.as_str()))
        .collect()
}

/// Returns the names and values for an environment, each with its description, and adds what is secret in them to the masks.
///
/// # Errors
/// A missing field (status 3), an unknown field or the same name for two values (2), a malformed value (6).
pub(super) fn entries(
    session: &Session,
    resolved: &[Resolved],
    masks: &mut Masks,
) -> Result<Vec<(Entry, String)>> {
    let mut entries: Vec<(Entry, String)> = Vec::with_capacity(resolved.len());
    let mut positions: HashMap<String, usize> = HashMap::with_capacity(resolved.len());
    for one in resolved {
        one.mask(masks);
        let described = one.wanted.reference.described();
        for entry in one.entries(session, masks)? {
            // Only now are the names of a format's variables known.
            match positions.get(&entry.name).map(|&position| &entries[position]) {
                None => {
                    positions.insert(entry.name.clone(), entries.len());
                    entries.push((entry, described.clone()));
                }
                Some((other, _)) if other.value == entry.value => {}
                Some((_, first)) => {
                    return Err(Error::usage(format!(
                        "two values would both be named `{}`",
                        shown(&entry.name)
                    ))
                    .with_detail(format!("{first} and {described}")));
                }
            }
        }
    }
    Ok(entries)
}

impl Resolved {
    /// Returns the names and values for an environment.
    ///
    /// # Errors
    /// A missing field (status 3), a format that does not fit the connection (2), a malformed value (6).
    fn entries(&self, session: &Session, masks: &mut Masks) -> Result<Vec<Entry>> {
        let Wanted { name, reference, .. } = &self.wanted;
        if let (Some(connection), &Part::Variables(format)) = (&self.connection, &reference.part) {
            let variables = as_format::variables(connection, format, session.terminal)?;
            return Ok(variables
                .into_iter()
                .map(|(name, value)| Entry { name, value })
                .collect());
        }
        Ok(vec![Entry {
            name: name.clone(),
            value: reference.text(&self.found, self.connection.as_ref(), masks, session.terminal)?,
        }])
    }

    /// Adds the secrets of the connection to the masks.
    pub(super) fn mask(&self, masks: &mut Masks) {
        if let Some(connection) = &self.connection {
            masks.add_connection(connection);
        }
    }
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
            as_format: Vec::new(),
            from: Vec::new(),
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
