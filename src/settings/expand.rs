//! The expansion of `$NAME` and `~` that Airflow applies to every configured value until nothing changes.
//!
//! Owns the limits. Airflow never ends on a variable that refers to itself; here that is an error.
//!
//! Source: airflow 3.3.2, `airflow/_shared/configuration/parser.py`, `expand_env_var`.

use std::borrow::Cow;

use crate::env::Env;
use crate::home::home_folder;
use crate::python::expandvars::{expanduser, expandvars};
use crate::secret::Secret;

/// How many bytes one expansion may process, in addition to 64 times the value's size: enough for any chain of variables that ends.
const MAX_WORK: usize = 32 << 20;

/// An expansion that does not end.
#[derive(Debug)]
pub(super) struct Endless {
    /// The references that the last pass replaced.
    pub(super) references: Vec<String>,
}

/// A value with its references replaced, and what was replaced.
#[derive(Debug)]
pub(super) struct Expanded {
    pub(super) value: Secret,
    /// `$NAME`, `~`, `~user`: in the order of their first replacement.
    pub(super) references: Vec<String>,
}

/// Expands `text` until nothing changes.
pub(super) fn expand(text: &Secret, env: &Env) -> Result<Expanded, Endless> {
    let mut references = Vec::new();
    let mut value = text.clone();
    let mut work = 0;
    // Brent's cycle detection: compare with the value of the last pass whose number was a power of two.
    let mut checkpoint = value.clone();
    let limit = MAX_WORK + 64 * text.expose().len();
    for pass in 1_usize.. {
        let mut replaced = Vec::new();
        let mut room = limit;
        let Some(next) = expand_once(value.expose(), env, &mut room, &mut replaced) else {
            break;
        };
        work += next.expose().len() + value.expose().len();
        if next == checkpoint || work > limit || room == 0 {
            return Err(Endless { references: replaced });
        }
        for reference in replaced {
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        value = next;
        if pass.is_power_of_two() {
            checkpoint = value.clone();
        }
    }
    Ok(Expanded { value, references })
}

/// Expands once; `None` if nothing changes. Subtracts the inserted bytes from `room`, and inserts nothing more at 0.
fn expand_once(text: &[u8], env: &Env, room: &mut usize, replaced: &mut Vec<String>) -> Option<Secret> {
    if !text.contains(&b'$') && text.first() != Some(&b'~') {
        return None;
    }
    let with_variables = expandvars(text, |name| {
        let value = env.get(name)?;
        *room = room.saturating_sub(value.expose().len());
        if *room == 0 {
            return None;
        }
        note(replaced, format!("${name}"));
        Some(value.expose())
    });
    let with_home = expanduser(&with_variables, |user| {
        let home = home_folder(user, env)?;
        note(
            replaced,
            format!("~{}", String::from_utf8_lossy(user.unwrap_or_default())),
        );
        Some(home)
    });
    let expanded = match with_home {
        Cow::Owned(expanded) => Secret::new(expanded),
        Cow::Borrowed(_) => Secret::new(with_variables.into_owned()),
    };
    (expanded.expose() != text).then_some(expanded)
}

fn note(replaced: &mut Vec<String>, reference: String) {
    if !replaced.contains(&reference) {
        replaced.push(reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)))
            .collect()
    }

    #[test]
    fn expansion_goes_on_until_nothing_changes() {
        let env = env(&[
            ("A", "<$B>"),
            ("B", "${C}"),
            ("C", "c"),
            ("HOME", "/me"),
            ("T", "~/x"),
        ]);
        let expanded = expand(&Secret::from("$A $X"), &env).unwrap();
        assert_eq!(expanded.value.expose(), b"<c> $X");
        assert_eq!(expanded.references, ["$A", "$B", "$C"]);
        let expanded = expand(&Secret::from("$T"), &env).unwrap();
        assert_eq!(expanded.value.expose(), b"/me/x");
        assert_eq!(expanded.references, ["$T", "~"]);
    }

    #[test]
    fn a_variable_that_refers_to_itself_alone_stays() {
        assert_eq!(
            expand(&Secret::from("$A"), &env(&[("A", "$A")]))
                .unwrap()
                .value
                .expose(),
            b"$A"
        );
    }

    #[test]
    fn an_endless_expansion_is_an_error() {
        let growing = env(&[("A", "x$A")]);
        assert_eq!(
            expand(&Secret::from("$A"), &growing).unwrap_err().references,
            ["$A"]
        );
        let swinging = env(&[("A", "$B"), ("B", "$C"), ("C", "$A")]);
        assert!(expand(&Secret::from("${A}"), &swinging).is_err());
        let doubling = env(&[("A", "$A$A")]);
        assert!(expand(&Secret::from("$A"), &doubling).is_err());
        assert!(expand(&Secret::from("~"), &env(&[("HOME", "~/x")])).is_err());
    }

    #[test]
    fn unbounded_growth_in_one_pass_is_an_error() {
        // 100 GB, if it were built.
        let long = "x".repeat(1 << 20);
        assert!(expand(&Secret::from("$A".repeat(100_000)), &env(&[("A", &long)])).is_err());
    }

    #[test]
    fn a_long_chain_that_ends_is_expanded() {
        let mut pairs: Vec<_> = (0..200)
            .map(|n| (format!("V{n}"), format!("$V{}", n + 1)))
            .collect();
        pairs.push(("V200".to_owned(), "end".to_owned()));
        let env: Env = pairs
            .into_iter()
            .map(|(name, value)| (name, Secret::from(value)))
            .collect();
        assert_eq!(expand(&Secret::from("$V0"), &env).unwrap().value.expose(), b"end");
    }
}
