//! Misspelt names of the options that configure a secrets backend.
//!
//! Owns the near misses of section, option and variable names. They are warnings, because Airflow ignores such names. Must not look at a
//! value.
//!
//! Source: airflow 3.3.2, `airflow/config_templates/config.yml`, `[secrets]` and `[workers]`; `parser.py`, `_env_var_name`.

use super::airflow_cfg::ConfigFile;
use crate::env::{Env, Origin};
use crate::shown::shown;

/// The options of `[secrets]` that configure a backend.
const IN_SECRETS: &[&str] = &["backend", "backend_kwargs"];
/// The options of `[workers]` that configure a backend.
const IN_WORKERS: &[&str] = &["secrets_backend", "secrets_backend_kwargs"];

/// Other names that people write for the class and for the kwargs, in lower case.
const FOR_THE_CLASS: &[&str] = &[
    "backend",
    "secrets_backend",
    "secret_backend",
    "backend_class",
    "backends",
    "class",
];
const FOR_THE_KWARGS: &[&str] = &[
    "backend_kwargs",
    "backend_kwarg",
    "backend_args",
    "backend_kwars",
    "secrets_backend_kwargs",
    "secrets_backend_kwarg",
    "secret_backend_kwargs",
    "kwargs",
];

/// The suffixes with which Airflow reads an option.
const ENDS: &[&str] = &["", "_cmd", "_secret"];

/// Adds a warning for each option of `airflow.cfg` that Airflow does not read.
pub(super) fn warn_of_options(file: &ConfigFile<'_>, warnings: &mut Vec<String>) {
    let has = |name: &str| file.parser.has_section(name);
    for (section, options) in file.parser.options() {
        let lower = section.trim().to_ascii_lowercase();
        let meant = match lower.as_str() {
            "default" if has("secrets") => continue,
            "workers" | "worker" => "workers",
            _ => "secrets",
        };
        let named = section == meant;
        let known = if meant == "workers" {
            IN_WORKERS
        } else {
            IN_SECRETS
        };
        // In the right section any near miss counts, elsewhere only a name that cannot be another option.
        let may_be_anything =
            named || lower == meant || lower == "worker" || lower == "secret" || lower == "default";
        for (option, line) in options {
            let Some(right) = right_option(option, known, may_be_anything) else {
                continue;
            };
            if named && right == option {
                continue;
            }
            warnings.push(format!(
                "{}:{line}: Airflow does not read `{}` in `[{}]`; it reads `{right}` in `[{meant}]`",
                shown(&file.path.to_string_lossy()),
                shown(option),
                shown(section),
            ));
        }
    }
}

/// Returns the option of `known` (class, kwargs) that `option` was probably meant to be.
fn right_option(option: &str, known: &[&'static str], may_be_anything: bool) -> Option<String> {
    let lower = option.to_ascii_lowercase().replace(['-', ' '], "_");
    ENDS.iter().rev().find_map(|end| {
        let name = lower.strip_suffix(end)?;
        let is_sure = may_be_anything || name.starts_with("secrets_backend") || name == "backend_kwargs";
        let index = match name {
            _ if !is_sure => return None,
            name if FOR_THE_CLASS.contains(&name) => 0,
            name if FOR_THE_KWARGS.contains(&name) => 1,
            _ => return None,
        };
        Some(format!("{}{end}", known[index]))
    })
}

/// Adds a warning for each variable that Airflow does not read, unless the right one is also set.
pub(super) fn warn_of_variables(env: &Env, warnings: &mut Vec<String>) {
    for (name, variable) in env.iter() {
        let is_airflows = name
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("AIRFLOW"));
        // There can be thousands of connections and variables.
        let is_near = || {
            let second = name[7..].trim_start_matches('_');
            let starts_with = |word: &str| {
                second
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            starts_with("secret") || starts_with("worker")
        };
        if !is_airflows || !is_near() {
            continue;
        }
        let Some(right) = right_variable(name) else {
            continue;
        };
        if right == name || env.get(&right).is_some() {
            continue;
        }
        let place = match &variable.origin {
            Origin::Process => String::new(),
            Origin::File(file, line) => format!(" ({}:{line})", shown(&file.to_string_lossy())),
        };
        warnings.push(format!(
            "Airflow does not read `{}`{place}; it reads `{}`",
            shown(name),
            shown(&right)
        ));
    }
}

/// Returns the variable that `name` is, or that it was probably meant to be.
fn right_variable(name: &str) -> Option<String> {
    // Only the words are compared, without underscores and case.
    let words: Vec<String> = name
        .split('_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (section, rest) = match words.as_slice() {
        ["AIRFLOW", "SECRETS" | "SECRET", rest @ ..] => ("AIRFLOW__SECRETS__BACKEND", rest),
        ["AIRFLOW", "WORKERS" | "WORKER", "SECRETS" | "SECRET", rest @ ..] => {
            ("AIRFLOW__WORKERS__SECRETS_BACKEND", rest)
        }
        _ => return None,
    };
    let rest = match rest {
        ["SECRETS" | "SECRET", rest @ ..] | rest => rest,
    };
    match rest {
        ["BACKEND"] => Some(section.to_owned()),
        // Followed by a key, it is a single kwarg, whose name keeps its underscores.
        ["BACKEND", "KWARG" | "KWARGS", key, ..] if !matches!(*key, "CMD" | "SECRET") || rest.len() > 3 => {
            let start = name.to_ascii_uppercase().find("KWARG")?;
            let after = name[start + "KWARG".len()..].trim_start_matches(['S', 's']);
            let key = after.trim_start_matches('_');
            Some(format!("{section}_KWARG__{key}"))
        }
        ["BACKEND", "KWARGS" | "KWARG"] => Some(format!("{section}_KWARGS")),
        ["BACKEND", "KWARGS" | "KWARG", end] => Some(format!("{section}_KWARGS_{end}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::python::configparser::ConfigParser;
    use crate::secret::Secret;

    fn of_options(text: &str) -> Vec<String> {
        let mut warnings = Vec::new();
        let file = ConfigFile {
            path: Path::new("airflow.cfg"),
            parser: ConfigParser::parse(text).unwrap(),
        };
        warn_of_options(&file, &mut warnings);
        warnings
    }

    fn of_variables(names: &[&str]) -> Vec<String> {
        let env: Env = names
            .iter()
            .map(|name| ((*name).to_owned(), Secret::from("hunter2")))
            .collect();
        let mut warnings = Vec::new();
        warn_of_variables(&env, &mut warnings);
        warnings
    }

    #[test]
    fn a_name_that_airflow_reads_is_not_a_near_miss() {
        let text = "[core]\nbackend = 1\n[secrets]\nbackend = x\nbackend_kwargs = {}\nbackend_kwargs_cmd = x\n\
                    backend_kwargs_secret = x\nuse_cache = 1\ncache_ttl_seconds = 1\nfolder = $F\n\
                    [workers]\nsecrets_backend = x\nsecrets_backend_kwargs = {}\nstate_store_backend = x\n\
                    [celery]\nresult_backend = x\n[DEFAULT]\nbackend = x\n";
        assert_eq!(of_options(text), Vec::<String>::new());
        let names = [
            "AIRFLOW__SECRETS__BACKEND",
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            "AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET",
            "AIRFLOW__SECRETS__BACKEND_KWARG__URL",
            "AIRFLOW__SECRETS__BACKEND_KWARG__kv_engine_version",
            "AIRFLOW__SECRETS__USE_CACHE",
            "AIRFLOW__WORKERS__SECRETS_BACKEND",
            "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
            "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARG__TOKEN",
            "AIRFLOW_CONN_SECRETS_BACKEND",
            "AIRFLOW_HOME",
        ];
        assert_eq!(of_variables(&names), Vec::<String>::new());
    }

    #[test]
    fn a_misspelt_option_is_reported_with_the_right_name() {
        for (text, line, section, right) in [
            (
                "[Secrets]\nbackend = x\n",
                2,
                "Secrets",
                "`backend` in `[secrets]`",
            ),
            (
                "[SECRETS]\nBACKEND_KWARGS = {}\n",
                2,
                "SECRETS",
                "`backend_kwargs` in `[secrets]`",
            ),
            (
                "[ secrets ]\nbackend = x\n",
                2,
                " secrets ",
                "`backend` in `[secrets]`",
            ),
            (
                "[secrets]\nsecrets_backend = x\n",
                2,
                "secrets",
                "`backend` in `[secrets]`",
            ),
            (
                "[secrets]\n\nbackend_kwarg = {}\n",
                3,
                "secrets",
                "`backend_kwargs` in `[secrets]`",
            ),
            (
                "[secrets]\nBackend = x\n",
                2,
                "secrets",
                "`backend` in `[secrets]`",
            ),
            (
                "[secrets]\nsecrets_backend_kwargs_cmd = x\n",
                2,
                "secrets",
                "`backend_kwargs_cmd` in",
            ),
            (
                "[workers]\nbackend_kwargs = {}\n",
                2,
                "workers",
                "`secrets_backend_kwargs` in `[workers]`",
            ),
            (
                "[core]\nsecrets_backend = x\n",
                2,
                "core",
                "`backend` in `[secrets]`",
            ),
            (
                "[DEFAULT]\nbackend = x\n",
                2,
                "DEFAULT",
                "`backend` in `[secrets]`",
            ),
        ] {
            let warnings = of_options(text);
            assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
            let place = format!("airflow.cfg:{line}: ");
            assert!(
                warnings[0].starts_with(&place)
                    && warnings[0].contains(&format!("`[{section}]`"))
                    && warnings[0].contains(right),
                "{text}: {warnings:?}"
            );
        }
    }

    #[test]
    fn a_misspelt_variable_is_reported_with_the_right_name() {
        for (name, right) in [
            ("AIRFLOW_SECRETS_BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            ("AIRFLOW__SECRETS_BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            ("airflow__secrets__backend", "AIRFLOW__SECRETS__BACKEND"),
            ("AIRFLOW__SECRETS__SECRETS_BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            ("AIRFLOW__SECRET__BACKEND", "AIRFLOW__SECRETS__BACKEND"),
            (
                "AIRFLOW__SECRETS__BACKEND_KWARG",
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
            ),
            (
                "AIRFLOW_SECRETS_BACKEND_KWARGS",
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
            ),
            (
                "AIRFLOW__SECRETS__BACKEND__KWARGS",
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
            ),
            (
                "AIRFLOW__SECRETS__BACKEND_KWARGS__URL",
                "AIRFLOW__SECRETS__BACKEND_KWARG__URL",
            ),
            (
                "AIRFLOW__SECRETS__BACKEND_KWARG_URL",
                "AIRFLOW__SECRETS__BACKEND_KWARG__URL",
            ),
            (
                "AIRFLOW__WORKERS__SECRETS__BACKEND",
                "AIRFLOW__WORKERS__SECRETS_BACKEND",
            ),
        ] {
            let warnings = of_variables(&[name]);
            assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
            assert!(
                warnings[0].contains(&format!("`{name}`")) && warnings[0].contains(&format!("`{right}`")),
                "{warnings:?}"
            );
            assert!(!warnings[0].contains("hunter2"));
            assert_eq!(of_variables(&[name, right]), Vec::<String>::new());
        }
    }
}
