//! What a looked-up value is worth to the code: found, missing, denied, unreachable, malformed.

use crate::commands::names::file::Line;
use crate::commands::session::Session;
use crate::commands::stored;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{NameUse, Origin, lints};
use crate::python::json::Value;
use crate::render::check::{CheckedName, Outcome, Problem};
use crate::shown::shown;
use crate::value::{Found, SecretKind};

/// Methods of a Python dictionary, which a template calls on a JSON object as if they were keys.
const METHODS: [&str; 5] = ["copy", "get", "items", "keys", "values"];

/// Asks for all names, and sets the outcome of each. `lines` are those of files of names: each must stand for something.
///
/// # Errors
/// A configuration that cannot be used (status 2), and errors of secretctl's own. What a backend answers is an outcome.
pub(super) fn ask(session: &Session, names: &mut [CheckedName], lines: &[Line]) -> Result<()> {
    let mut asked = Vec::with_capacity(names.len());
    for name in names {
        // A name that no backend can have, such as one with `..`.
        match session.resolver.plan(name.kind, &name.name) {
            Err(error) if error.kind() == ErrorKind::Usage => {
                name.problem = Some(problem(&error));
                name.outcome = Outcome::Missing;
            }
            Err(error) => return Err(error),
            Ok(_) => asked.push(name),
        }
    }
    let questions: Vec<(SecretKind, &str)> =
        asked.iter().map(|name| (name.kind, name.name.as_str())).collect();
    let outcomes = session.resolve_each(&questions);
    for (name, outcome) in asked.into_iter().zip(outcomes) {
        match outcome {
            Ok(located) => {
                for warning in &located.resolved.warnings {
                    session.terminal.warning(warning);
                }
                name.found_in = Some(located.place);
                name.outcome = Outcome::Found;
                let found = &located.resolved.found;
                if let Err(error) = check(name, found) {
                    fail(name, &error)?;
                } else if let Some(problem) = check_lines(session, name, found, lines)? {
                    name.outcome = Outcome::Malformed;
                    name.problem = Some(problem);
                }
            }
            Err(error) => fail(name, &error)?,
        }
    }
    Ok(())
}

/// Sets the outcome of a name that is not usable.
fn fail(name: &mut CheckedName, error: &Error) -> Result<()> {
    name.outcome = match error.kind() {
        ErrorKind::NotFound if has_default(name) => Outcome::HasDefault,
        ErrorKind::NotFound => Outcome::Missing,
        ErrorKind::Denied => Outcome::Denied,
        ErrorKind::Unavailable => Outcome::Unreachable,
        ErrorKind::Malformed => Outcome::Malformed,
        _ => return Err(error.copied()),
    };
    name.problem = Some(problem(error));
    Ok(())
}

fn has_default(name: &CheckedName) -> bool {
    !name.on_command_line && name.uses.iter().all(|one| one.has_default)
}

fn problem(error: &Error) -> Problem {
    // The causes become details.
    let error = error.copied();
    Problem {
        message: error.message().to_owned(),
        details: error.details().to_vec(),
        hint: error.hint().map(str::to_owned),
    }
}

/// Checks that a value is what the code needs.
///
/// # Errors
/// A value that is not, with status 6.
fn check(name: &mut CheckedName, found: &Found) -> Result<()> {
    match name.kind {
        SecretKind::Connection => {
            let connection = Connection::from_found(&name.name, found)?;
            name.lints = lints::of(&name.name, found, &connection, &name.uses);
            Ok(())
        }
        // What a line of a file refers to is checked line by line.
        _ if of_code(name).any(|one| one.as_json) => {
            let value = stored::parse_json(&name.name, found)?;
            match of_code(name).find_map(|one| missing_key(&value, one)) {
                Some(key) => Err(Error::malformed(format!(
                    "variable `{}` is JSON without `{}`, which the code uses",
                    shown(&name.name),
                    shown(&key)
                ))),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Returns the uses in code.
fn of_code(name: &CheckedName) -> impl Iterator<Item = &NameUse> {
    let uses = name.uses.iter();
    uses.filter(|one| !matches!(one.origin, Origin::NamesFile(_)))
}

/// Checks what the lines of files refer to, as `exec` would find it, and says which of them cannot have it.
///
/// # Errors
/// Errors of secretctl's own.
fn check_lines(
    session: &Session,
    name: &CheckedName,
    found: &Found,
    lines: &[Line],
) -> Result<Option<Problem>> {
    let connection = match name.kind {
        SecretKind::Connection => Some(Connection::from_found(&name.name, found)?),
        _ => None,
    };
    let mut all: Option<Problem> = None;
    for line in lines
        .iter()
        .filter(|line| line.reference.kind == name.kind && line.reference.id == name.name)
    {
        let Err(error) = line.reference.check(found, connection.as_ref(), session.terminal) else {
            continue;
        };
        let mut one = problem(&error);
        one.message = format!("{}: {}", line.at(), one.message);
        match &mut all {
            None => all = Some(one),
            Some(first) => {
                first.details.push(one.message);
                first.details.append(&mut one.details);
            }
        }
    }
    Ok(all)
}

/// Returns the first path of the code that leads to nothing in `value`, up to the key that is missing.
fn missing_key(value: &Value, one: &NameUse) -> Option<String> {
    one.fields.iter().filter(|_| one.as_json).find_map(|path| {
        let mut part = value;
        for (index, key) in path.iter().enumerate() {
            part = match part {
                Value::Object(object) => match object.get(key) {
                    Some(part) => part,
                    None if METHODS.contains(&key.as_str()) => return None,
                    None => return Some(path[..=index].join(".")),
                },
                Value::List(items) => match key.parse::<usize>() {
                    Ok(at) => match items.get(at) {
                        Some(part) => part,
                        None => return Some(path[..=index].join(".")),
                    },
                    Err(_) => return None,
                },
                // A method of a text or number.
                _ => return None,
            };
        }
        None
    })
}
