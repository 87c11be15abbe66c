//! The options that Airflow knows: their defaults, which are sensitive, their former names, and the values with which Airflow starts.
//!
//! Owns the table, `known_options.txt`, which `scripts/config-defaults` writes out of Airflow 3.3.2. The table is text, and is read
//! only when an option is asked for by its name. Must not know where an option can be configured.

use std::borrow::Cow;

use crate::nearest::nearest;

const TABLE: &str = include_str!("known_options.txt");

/// An option in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownOption {
    /// Its default, as the table has it.
    pub(super) default: Option<&'static str>,
    /// Whether Airflow hides its value.
    pub(super) is_sensitive: bool,
}

/// A part of a default.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text.
    Text(Cow<'static, str>),
    /// The text that Airflow has under this name when it starts, such as `AIRFLOW_HOME`.
    Name(&'static str),
}

/// Returns the option `[section] key`.
pub(super) fn find(section: &str, key: &str) -> Option<KnownOption> {
    lines_of('[', section).find_map(|line| {
        let (name, default) = match line.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (line, None),
        };
        let (is_sensitive, name) = match name.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, name),
        };
        (name == key).then_some(KnownOption {
            default,
            is_sensitive,
        })
    })
}

/// Returns the value that an option has with `[core] unit_test_mode`: that of Airflow's `unit_tests.cfg`.
pub(super) fn in_unit_tests(section: &str, key: &str) -> Option<&'static str> {
    lines_of('(', section).find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

/// Returns the section and name by which Airflow replaces `[section] key`, if that is a former name.
pub(super) fn replacement(section: &str, key: &str) -> Option<(&'static str, &'static str)> {
    // As in Airflow's inverted mapping, the last one counts.
    renamed()
        .filter(|(_, former)| *former == (section, key))
        .last()
        .map(|(now, _)| now)
}

/// Returns the section and name that `[section] key` had in older versions of Airflow.
pub(super) fn former(section: &str, key: &str) -> Option<(&'static str, &'static str)> {
    renamed()
        .find(|(now, _)| *now == (section, key))
        .map(|(_, former)| former)
}

/// Returns the values with which Airflow starts, if it starts only with some.
pub(super) fn accepted(section: &str, key: &str) -> Option<impl Iterator<Item = &'static str> + Clone> {
    TABLE
        .lines()
        .filter_map(|line| line.strip_prefix('@')?.split_once(' '))
        .find(|(name, _)| name.split_once('.') == Some((section, key)))
        .map(|(_, values)| values.split('|'))
}

/// Returns every option as `section.key`.
pub fn names() -> impl Iterator<Item = String> {
    let mut section = None;
    TABLE.lines().filter_map(move |line| {
        match line.as_bytes().first() {
            Some(b'[') => section = Some(&line[1..line.len() - 1]),
            Some(b'(' | b'#' | b'<' | b'@') => section = None,
            _ => {
                let name = line.split_once('=').map_or(line, |(name, _)| name);
                return Some(format!("{}.{}", section?, name.trim_start_matches('!')));
            }
        }
        None
    })
}

/// Returns the option that `[section] key` was probably meant to be: of the same name in another section, or of a similar one.
pub(super) fn similar(section: &str, key: &str) -> Option<String> {
    let typed = format!("{section}.{key}");
    let names: Vec<String> = names().collect();
    let mut same = names
        .iter()
        .filter(|name| name.rsplit_once('.').is_some_and(|(_, own)| own == key));
    if let (Some(only), None) = (same.next(), same.next()) {
        return Some(only.clone());
    }
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let within: Vec<&str> = known
        .iter()
        .filter_map(|name| name.strip_prefix(section)?.strip_prefix('.'))
        .collect();
    match nearest(key, &within) {
        Some(key) => Some(format!("{section}.{key}")),
        None => nearest(&typed, &known).map(str::to_owned),
    }
}

/// Splits a value of the table into its parts.
pub(super) fn parts(value: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = Cow::Borrowed("");
    let mut rest = value;
    while let Some((before, escape)) = rest.split_once('\\') {
        text += before;
        rest = if let Some((name, rest)) = escape.strip_prefix('{').and_then(|name| name.split_once('}')) {
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Name(name));
            rest
        } else {
            text += if escape.starts_with('n') { "\n" } else { "\\" };
            &escape[1..]
        };
    }
    text += rest;
    parts.push(Part::Text(text));
    parts
}

/// Returns the lines of the section `name`, whose head begins with `bracket`.
fn lines_of(bracket: char, name: &str) -> impl Iterator<Item = &'static str> {
    let is_head = move |line: &str| {
        line.strip_prefix(bracket)
            .is_some_and(|head| head.len() == name.len() + 1 && head.starts_with(name))
    };
    TABLE
        .lines()
        .skip_while(move |line| !is_head(line))
        .skip(1)
        .take_while(|line| !line.starts_with(['[', '(', '<', '@']))
}

/// Iterates over the options that had another name in older versions of Airflow: the name, the former name.
fn renamed() -> impl Iterator<Item = ((&'static str, &'static str), (&'static str, &'static str))> {
    TABLE.lines().filter_map(|line| {
        let (now, former) = line.strip_prefix('<')?.split_once(' ')?;
        Some((now.rsplit_once('.')?, former.rsplit_once('.')?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_its_default_and_may_be_sensitive() {
        let dags = find("core", "dags_folder").unwrap();
        assert_eq!(
            (dags.default, dags.is_sensitive),
            (Some("\\{AIRFLOW_HOME}/dags"), false)
        );
        let connection = find("database", "sql_alchemy_conn_async").unwrap();
        assert_eq!((connection.default, connection.is_sensitive), (None, true));
        assert_eq!(find("core", "sql_alchemy_conn"), None);
        assert_eq!(find("cor", "dags_folder"), None);
        assert_eq!(find("core", "!fernet_key"), None);
        assert_eq!(
            in_unit_tests("celery", "broker_url"),
            Some("amqp://guest:guest@rabbitmq:5672/")
        );
        assert_eq!(in_unit_tests("core", "dags_folde"), None);
    }

    #[test]
    fn renamed_options_are_found_by_both_names() {
        assert_eq!(former("api", "port"), Some(("webserver", "web_server_port")));
        assert_eq!(replacement("webserver", "web_server_port"), Some(("api", "port")));
        // It has a former name, and is the former name of another one.
        assert_eq!(
            replacement("api", "page_size"),
            Some(("api", "fallback_page_limit"))
        );
        assert_eq!(former("api", "page_size"), Some(("webserver", "page_size")));
        assert_eq!(replacement("api", "port"), None);
    }

    #[test]
    fn every_option_is_listed_once() {
        let mut all: Vec<_> = names().collect();
        assert!(
            all.contains(&"core.fernet_key".to_owned())
                && all.contains(&"common.io.xcom_objectstorage_path".to_owned())
        );
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
        for name in &all {
            let (section, key) = name.rsplit_once('.').unwrap();
            assert!(find(section, key).is_some(), "{name}");
        }
    }

    #[test]
    fn a_misspelt_option_has_a_similar_one() {
        assert_eq!(similar("core", "dags_foldr").as_deref(), Some("core.dags_folder"));
        assert_eq!(
            similar("core", "base_log_folder").as_deref(),
            Some("logging.base_log_folder")
        );
        assert_eq!(similar("coer", "executor").as_deref(), Some("core.executor"));
        assert_eq!(similar("x", "zzzzzz"), None);
    }

    #[test]
    fn a_value_has_escapes_and_names() {
        let text = |text: &str| Part::Text(Cow::Owned(text.to_owned()));
        assert_eq!(parts("a"), [text("a")]);
        assert_eq!(parts(r"a\\n\nb"), [text("a\\n\nb")]);
        assert_eq!(parts(r"a\{X}\\{b"), [text("a"), Part::Name("X"), text("\\{b")]);
    }

    #[test]
    fn values_with_which_airflow_starts_are_listed() {
        assert_eq!(
            accepted("core", "dag_ignore_file_syntax")
                .unwrap()
                .collect::<Vec<_>>(),
            ["regexp", "glob"]
        );
        assert!(accepted("core", "executor").is_none());
    }
}
