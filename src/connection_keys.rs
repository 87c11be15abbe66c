//! The keys of a connection that is an object, and other names that people use for them.
//!
//! Both readers of such objects use it: `connection` for JSON, and the local files, which must not know what a connection is.
//! Source of the keys: airflow 3.3.2, `airflow/models/connection.py`, `Connection.__init__`. The other names come from database
//! drivers, `SQLAlchemy`, dbt, `psql` and Astro's `airflow_settings.yaml`.

use crate::nearest::nearest;
use crate::shown::{cut_at, shown};

/// The arguments of Airflow's `Connection(…)`, except `conn_id`.
pub(crate) const KEYS: [&str; 10] = [
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
    "uri",
    "team_name",
];

/// The key for the connection id. Only a local file may have it.
const ID: &str = "conn_id";

/// How many keys of one object a message names.
const MOST_NAMED: usize = 5;

/// How many characters of a key are compared and shown: a message may name several keys.
const MOST_CHARACTERS: usize = 50;

/// What other programs call each key, in lower case with `_`. Astro's names begin with `conn_`, which is removed first.
const OTHER_NAMES: [(&str, &[&str]); 9] = [
    (ID, &["id", "connection_id", "name"]),
    (
        "conn_type",
        &[
            "type",
            "connection_type",
            "conntype",
            "kind",
            "scheme",
            "driver",
            "drivername",
            "dialect",
            "protocol",
            "adapter",
        ],
    ),
    ("description", &["desc", "comment", "comments", "note", "notes"]),
    (
        "host",
        &[
            "hostname",
            "host_name",
            "server",
            "address",
            "addr",
            "endpoint",
            "hosts",
        ],
    ),
    (
        "login",
        &[
            "user",
            "username",
            "user_name",
            "usr",
            "uid",
            "user_id",
            "login_name",
            "client_id",
            "access_key",
        ],
    ),
    (
        "password",
        &[
            "pass",
            "passwd",
            "pwd",
            "pw",
            "secret",
            "token",
            "client_secret",
            "secret_key",
        ],
    ),
    (
        "schema",
        &[
            "database",
            "db",
            "dbname",
            "db_name",
            "database_name",
            "catalog",
            "schema_name",
            "default_schema",
        ],
    ),
    (
        "extra",
        &[
            "extras",
            "extra_json",
            "extra_params",
            "params",
            "parameters",
            "options",
            "config",
            "query",
        ],
    ),
    (
        "uri",
        &[
            "url",
            "conn_uri",
            "connection_string",
            "connection_uri",
            "connection",
            "conn",
            "dsn",
            "value",
        ],
    ),
];

/// Returns the key of `known` that `key` probably stands for, by its meaning or by its spelling.
pub(crate) fn meant<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain: String = key
        .chars()
        .take(MOST_CHARACTERS)
        .collect::<String>()
        .to_lowercase()
        .replace(['-', ' '], "_");
    let without_prefix = plain.strip_prefix("conn_").unwrap_or(&plain);
    if is_id(key) && !known.contains(&ID) {
        return None;
    }
    let by_meaning = [plain.as_str(), without_prefix].into_iter().find_map(|name| {
        let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&name));
        let meant = other.map_or(name, |(key, _)| *key);
        known.iter().find(|key| **key == meant)
    });
    by_meaning
        .copied()
        .or_else(|| nearest(key, known))
        .filter(|meant| *meant != key)
}

fn is_id(key: &str) -> bool {
    key == ID || OTHER_NAMES[0].1.contains(&key)
}

/// Returns what is wrong with the unknown keys of an object, and what to do; `None` if all are known.
///
/// `more` are keys that are known besides [`KEYS`].
pub(crate) fn unknown(keys: &[&str], more: &[&str]) -> Option<(String, String)> {
    let known = [&KEYS, more].concat();
    let unknown: Vec<&str> = keys.iter().copied().filter(|key| !known.contains(key)).collect();
    let shown = &unknown[..unknown.len().min(MOST_NAMED)];
    let what = match (shown, unknown.len() - shown.len()) {
        ([], _) => return None,
        ([only], 0) => format!("the unknown key {}", quoted(only)),
        (shown, 0) => format!("the unknown keys {}", listed(shown.iter().map(|key| quoted(key)))),
        (shown, rest) => {
            let names: Vec<String> = shown.iter().map(|key| quoted(key)).collect();
            format!("the unknown keys {} and {rest} more", names.join(", "))
        }
    };
    let instead: Vec<String> = shown
        .iter()
        .filter_map(|key| Some((key, meant(key, &known).filter(|meant| !keys.contains(meant))?)))
        .map(|(key, meant)| format!("`{meant}` for {}", quoted(key)))
        .collect();
    let mut hint = String::new();
    if !instead.is_empty() {
        hint = format!("write {}; ", listed(instead.into_iter()));
    }
    if let Some(id) = shown.iter().find(|key| is_id(key)) {
        hint = format!(
            "{hint}remove {}, because the name it is stored under is the id; ",
            quoted(id)
        );
    }
    let all = listed(known.iter().map(|key| quoted(key)));
    let extra = if hint.is_empty() {
        "; anything else that a hook needs goes into `extra`"
    } else {
        ""
    };
    Some((what, format!("{hint}the keys of a connection are {all}{extra}")))
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn quoted(key: &str) -> String {
    format!("`{}`", cut_at(MOST_CHARACTERS, shown(key)))
}

#[cfg(test)]
mod tests {
    use super::{ID, KEYS, OTHER_NAMES, meant, unknown};

    #[test]
    fn a_key_is_known_by_its_meaning_and_by_its_spelling() {
        for (key, expected) in [
            ("user", "login"),
            ("Username", "login"),
            ("pass", "password"),
            ("type", "conn_type"),
            ("Conn-Type", "conn_type"),
            ("hostname", "host"),
            ("database", "schema"),
            ("db", "schema"),
            ("extras", "extra"),
            ("conn_uri", "uri"),
            ("conn_host", "host"),
            ("conn_login", "login"),
            ("conn_user", "login"),
            ("passwrd", "password"),
        ] {
            assert_eq!(meant(key, &KEYS), Some(expected), "{key}");
        }
        assert_eq!(meant("connection_id", &[&KEYS[..], &[ID]].concat()), Some(ID));
        for key in ["", "zzz", "host", "sslmode", "conn_id", "name"] {
            assert_eq!(meant(key, &KEYS), None, "{key}");
        }
    }

    #[test]
    fn every_other_name_means_one_key_and_is_not_a_key() {
        let mut seen = std::collections::HashSet::new();
        for (key, others) in OTHER_NAMES {
            assert!(key == ID || KEYS.contains(&key), "{key}");
            for other in others {
                assert!(!KEYS.contains(other) && seen.insert(other), "{other}");
            }
        }
    }

    #[test]
    fn all_unknown_keys_are_named_and_not_too_many() {
        let (what, hint) = unknown(&["host", "user", "zzz"], &[]).unwrap();
        assert_eq!(what, "the unknown keys `user` and `zzz`");
        assert!(hint.starts_with("write `login` for `user`; the keys of a connection are `conn_type`, "));
        let (what, hint) = unknown(&["sslmode", "extra_dejson"], &["extra_dejson"]).unwrap();
        assert_eq!(what, "the unknown key `sslmode`");
        assert!(
            hint.contains("and `extra_dejson`; ") && hint.ends_with("goes into `extra`"),
            "{hint}"
        );
        let many: Vec<String> = (0..1000)
            .map(|at| format!("\n{at}{}", "k".repeat(1000)))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (what, hint) = unknown(&many, &[]).unwrap();
        assert!(what.ends_with(" and 995 more") && what.len() < 400, "{what}");
        assert!(!what.contains('\n') && !hint.contains('\n'));
        assert_eq!(unknown(&KEYS, &[]), None);
        let (_, hint) = unknown(&["conn_id", "host"], &[]).unwrap();
        assert!(hint.starts_with("remove `conn_id`, "), "{hint}");
        // A key that is already there is not proposed.
        let (_, hint) = unknown(&["login", "user"], &[]).unwrap();
        assert!(!hint.contains("for `user`"), "{hint}");
    }
}
