//! A name that carries the prefix under which backends keep it: `AIRFLOW_CONN_X` or `airflow-connections-x` for the connection `x`.
//!
//! Airflow puts the prefix in front of whatever it is given, so such a name is looked for with the prefix twice. Some names really
//! begin so: this is for one that was not found.

use std::cmp::Reverse;

use crate::shown::shown;
use crate::value::{SecretKind, Step};

/// What names begin with by Airflow's defaults. A backend's kwargs may say otherwise, which its steps tell.
const PREFIXES: [(&str, SecretKind); 8] = [
    ("AIRFLOW_CONN_", SecretKind::Connection),
    ("AIRFLOW_VAR_", SecretKind::Variable),
    ("airflow-connections-", SecretKind::Connection),
    ("airflow-variables-", SecretKind::Variable),
    ("airflow-config-", SecretKind::Config),
    ("airflow/connections/", SecretKind::Connection),
    ("airflow/variables/", SecretKind::Variable),
    ("airflow/config/", SecretKind::Config),
];

/// A prefix of fewer characters is taken for a part of the name.
const SHORTEST: usize = 3;

/// Returns what asks for a name of `kind`.
pub(super) fn command(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "`get-conn`",
        SecretKind::Variable => "`get-var`",
        SecretKind::Config => "`get-config`",
    }
}

/// Says which part of `id`, asked for as a name of `asked`, is a prefix. `plans` are the steps that would be taken for `id` as a
/// name of each kind.
pub(super) fn hint(asked: SecretKind, id: &str, plans: &[(SecretKind, Vec<Step>)]) -> Option<String> {
    let own = plans
        .iter()
        .flat_map(|(kind, steps)| steps.iter().map(move |step| (kind, step)))
        .flat_map(|(kind, step)| step.location.prefixes(id).into_iter().map(|text| (text, *kind)));
    let defaults = PREFIXES.iter().map(|(text, kind)| ((*text).to_owned(), *kind));
    let mut known: Vec<(String, SecretKind)> = own
        .chain(defaults)
        .filter(|(prefix, _)| prefix.len() >= SHORTEST)
        .collect();
    // The longest fits best; of two that are the same, the one of the kind that was asked for.
    known.sort_by_key(|(prefix, kind)| (Reverse(prefix.len()), *kind != asked));
    let (prefix, name, kind) = known.iter().find_map(|(prefix, kind)| {
        let (start, name) = split(id, prefix)?;
        Some((start, name, *kind))
    })?;
    let (prefix, name) = (shown(prefix), shown(&name));
    Some(if kind == asked {
        format!("leave `{prefix}` out, Airflow puts it in front by itself: ask for `{name}`")
    } else {
        format!(
            "`{prefix}` is what a {kind} begins with: {} with `{name}` asks for it",
            command(kind)
        )
    })
}

/// Splits `id` after `prefix`, in whatever case and with whichever of `-` and `_` that is written.
fn split<'a>(id: &'a str, prefix: &str) -> Option<(&'a str, String)> {
    let (start, name) = id.split_at_checked(prefix.len())?;
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    // After `AIRFLOW_CONN_`, a further `_` begins a team's name.
    if plain(start) != plain(prefix) || name.is_empty() || name.starts_with('_') {
        return None;
    }
    // A variable's name is in upper case whatever the id is, and ids rarely are.
    let is_variable = prefix.starts_with("AIRFLOW_");
    let name = if is_variable {
        name.to_lowercase()
    } else {
        name.to_owned()
    };
    Some((start, name))
}

#[cfg(test)]
mod tests {
    use super::hint;
    use crate::location::{Address, Location};
    use crate::value::{SecretKind, Step};

    /// An address of which only the prefixes count.
    #[derive(Debug)]
    struct Prefixes(&'static [&'static str]);

    impl Address for Prefixes {
        fn words(&self) -> String {
            String::new()
        }

        fn sentence(&self, _: &str) -> String {
            String::new()
        }

        fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
            Vec::new()
        }

        fn prefixes(&self, _: &str) -> Vec<String> {
            self.0.iter().map(|prefix| (*prefix).to_owned()).collect()
        }
    }

    fn plans() -> Vec<(SecretKind, Vec<Step>)> {
        let step = |prefixes| vec![Step::ask(Location::new(Prefixes(prefixes)))];
        vec![
            (
                SecretKind::Connection,
                step(&[
                    "conns/",
                    "data/conns/",
                    "kv/conns/",
                    "kv/data/conns/",
                    "prod-conn-",
                ]),
            ),
            (SecretKind::Variable, step(&["vars/"])),
        ]
    }

    #[test]
    fn a_default_prefix_is_told_in_any_spelling() {
        for (asked, id, name) in [
            (
                SecretKind::Connection,
                "AIRFLOW_CONN_SMTP_DEFAULT",
                "ask for `smtp_default`",
            ),
            (SecretKind::Connection, "airflow_conn_x", "ask for `x`"),
            (SecretKind::Variable, "AIRFLOW_VAR_X", "ask for `x`"),
            (SecretKind::Connection, "AIRFLOW_VAR_X", "`get-var` with `x`"),
            (
                SecretKind::Variable,
                "airflow-connections-x-y",
                "`get-conn` with `x-y`",
            ),
            (SecretKind::Connection, "airflow/connections/X", "ask for `X`"),
            (SecretKind::Variable, "airflow-config-x", "`get-config` with `x`"),
        ] {
            let told = hint(asked, id, &[]).expect("it has a prefix");
            assert!(told.contains(name), "{id}: {told}");
        }
    }

    #[test]
    fn the_prefix_of_a_configuration_is_told_with_and_without_the_mount() {
        for (asked, id, name) in [
            (SecretKind::Connection, "conns/X", "leave `conns/` out"),
            (
                SecretKind::Connection,
                "kv/data/conns/X",
                "leave `kv/data/conns/` out",
            ),
            (SecretKind::Connection, "kv/conns/X", "ask for `X`"),
            (SecretKind::Connection, "data/conns/X", "ask for `X`"),
            (SecretKind::Connection, "vars/X", "`get-var` with `X`"),
        ] {
            let told = hint(asked, id, &plans()).expect("it has a prefix");
            assert!(told.contains(name), "{id}: {told}");
        }
        for id in ["prod-conn-my-db", "prod_conn_my_db"] {
            let told = hint(SecretKind::Connection, id, &plans()).expect("it has a prefix");
            assert!(told.contains("ask for `my"), "{told}");
        }
    }

    #[test]
    fn a_name_without_a_prefix_is_left_alone() {
        for id in [
            "x",
            "conns",
            "conns/",
            "AIRFLOW_CONN_",
            "AIRFLOW_CONN__T___X",
            "é",
            "airflow",
            "",
        ] {
            assert_eq!(hint(SecretKind::Connection, id, &plans()), None, "{id}");
        }
    }
}
