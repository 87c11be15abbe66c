//! A name with a backend's prefix: `AIRFLOW_CONN_X` or `airflow-connections-x` for the connection `x`.
//!
//! Airflow adds the prefix to every name, so such a name is looked up with the prefix twice. Some names really begin so: the hint
//! is only for a name that was not found.

use std::cmp::Reverse;

use crate::shown::shown;
use crate::value::{SecretKind, Step};

/// Airflow's default prefixes. A backend's kwargs may set others, which its steps report.
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

/// The shortest prefix, in characters: a shorter one is probably part of the name.
const SHORTEST: usize = 3;

/// Returns the command that asks for a name of `kind`.
pub(super) fn command(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "`get-conn`",
        SecretKind::Variable => "`get-var`",
        SecretKind::Config => "`get-config`",
    }
}

/// Returns a hint if `id`, asked for as a name of `asked`, begins with a prefix. `plans` are the steps for `id` as each kind.
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
    // The longest prefix fits best; of two equal ones, that of the kind that was asked for.
    known.sort_by_key(|(prefix, kind)| (Reverse(prefix.len()), *kind != asked));
    let (prefix, name, kind) = known.iter().find_map(|(prefix, kind)| {
        let (start, name) = split(id, prefix)?;
        Some((start, name, *kind))
    })?;
    let (prefix, name) = (shown(prefix), shown(&name));
    Some(if kind == asked {
        format!("remove `{prefix}`, which Airflow adds itself: ask for `{name}`")
    } else {
        format!(
            "`{prefix}` is the prefix of a {kind}: use {} with `{name}`",
            command(kind)
        )
    })
}

/// Splits `id` after `prefix`, which may be written in any case and with `-` or `_`.
fn split<'a>(id: &'a str, prefix: &str) -> Option<(&'a str, String)> {
    let (start, name) = id.split_at_checked(prefix.len())?;
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    // After `AIRFLOW_CONN_`, another `_` begins a team's name.
    if plain(start) != plain(prefix) || name.is_empty() || name.starts_with('_') {
        return None;
    }
    // The name of an environment variable is always in upper case, and ids rarely are.
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

    /// An address that has only prefixes.
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
    fn a_default_prefix_is_recognized_in_any_spelling() {
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
            let hint = hint(asked, id, &[]).expect("it has a prefix");
            assert!(hint.contains(name), "{id}: {hint}");
        }
    }

    #[test]
    fn a_configured_prefix_is_recognized_with_and_without_the_mount() {
        for (asked, id, name) in [
            (SecretKind::Connection, "conns/X", "remove `conns/`"),
            (
                SecretKind::Connection,
                "kv/data/conns/X",
                "remove `kv/data/conns/`",
            ),
            (SecretKind::Connection, "kv/conns/X", "ask for `X`"),
            (SecretKind::Connection, "data/conns/X", "ask for `X`"),
            (SecretKind::Connection, "vars/X", "`get-var` with `X`"),
        ] {
            let hint = hint(asked, id, &plans()).expect("it has a prefix");
            assert!(hint.contains(name), "{id}: {hint}");
        }
        for id in ["prod-conn-my-db", "prod_conn_my_db"] {
            let hint = hint(SecretKind::Connection, id, &plans()).expect("it has a prefix");
            assert!(hint.contains("ask for `my"), "{hint}");
        }
    }

    #[test]
    fn a_name_without_a_prefix_gets_no_hint() {
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
