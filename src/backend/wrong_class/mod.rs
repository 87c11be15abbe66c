//! An unknown class path: what is wrong with it, and the path that was probably meant.
//!
//! Owns the usual mistakes; the official paths are in `official`. Shows only what is clearly a class path, because somebody may
//! have put kwargs, which are secrets, in its place. Must not know how a backend is built.
//!
//! Source: airflow 3.3.2, `airflow/_shared/module_loading`, `import_string`, which accepts only the path itself.

use std::fmt;

use crate::error::Error;
use crate::shown::shown;

mod official;

pub(super) use official::OFFICIAL;
use official::{former, looks_like, nearest};

/// The options of `[secrets]` and `[workers]` that follow a class path in a file.
const OPTIONS: &[&str] = &[
    "backend",
    "backend_kwargs",
    "backend_kwargs_cmd",
    "secrets_backend",
    "secrets_backend_kwargs",
    "use_cache",
    "cache_ttl_seconds",
];

/// How many characters of a text are read: no class path is longer.
const MOST_CHARACTERS: usize = 2000;

/// Returns the error for `text`, which is configured at `place` and is not the class path of a backend.
pub(super) fn refused(text: &str, place: &dyn fmt::Display, supported: &[&str]) -> Error {
    let end = text.char_indices().nth(MOST_CHARACTERS);
    let text = end.map_or(text, |(end, _)| &text[..end]);
    let place = shown(&place.to_string());
    let nearest = nearest(text);
    let Slip { what, remedy } = slip(text, nearest);
    let mut error = Error::usage(format!("{place} {what}"));
    if nearest.is_none() {
        for path in supported {
            error = error.with_detail(format!("supported: `{path}`"));
        }
    }
    error.with_hint(match (remedy, nearest) {
        (Some(remedy), Some(nearest)) => format!("{remedy}: `{nearest}`"),
        (Some(remedy), None) => remedy.to_owned(),
        (None, Some(nearest)) => format!("did you mean `{nearest}`?"),
        (None, None) => format!("set it to a class path, such as `{}`", OFFICIAL[1]),
    })
}

/// What is wrong, and what to do. `what` follows the place in a sentence; the right path follows `remedy`.
struct Slip {
    what: String,
    remedy: Option<&'static str>,
}

/// Finds what is wrong with `text`: first whether it is a path at all, then what surrounds the path, then the path.
fn slip(text: &str, nearest: Option<&'static str>) -> Slip {
    let with = |what: &str, remedy| Slip {
        what: what.to_owned(),
        remedy: Some(remedy),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return with(
            "is only whitespace, which Airflow reads as a class path",
            "leave it empty for no backend, or set it to a class path",
        );
    }
    let below = trimmed.split_once('\n');
    if trimmed.starts_with(['{', '@']) || below.is_none() && trimmed.contains("\":") {
        return with(
            "holds JSON where a class path is expected",
            "kwargs belong in `backend_kwargs`; put a class path here",
        );
    }
    if below.is_none() && trimmed.contains("://") {
        return with(
            "holds a URL where a class path is expected",
            "a URL belongs in `backend_kwargs`; put a class path here",
        );
    }
    if let Some((_, below)) = below {
        return line_break(below);
    }
    if trimmed.contains(['#', ';']) || trimmed.contains("//") {
        return with(
            "has a comment after the class path, which Airflow reads as part of the path",
            "put the comment on a line of its own",
        );
    }
    if trimmed.contains(',') || trimmed.starts_with(['[', '(']) || names_two(trimmed) {
        return with(
            "names more than one class, but Airflow has one secrets backend",
            "keep one, for example",
        );
    }
    if trimmed.ends_with(')') {
        return with("calls the class instead of naming it", "remove the parentheses");
    }
    if trimmed.contains(is_quote) {
        return with(
            "has quotes around the class path, which Airflow reads as part of the path",
            "remove the quotes",
        );
    }
    if trimmed.starts_with('$') {
        return with(
            "refers to a variable that is not set",
            "set the variable, or write the class path",
        );
    }
    if trimmed.starts_with("from ") || trimmed.starts_with("import ") {
        return with(
            "holds a Python import instead of a class path",
            "join the module and the class with a dot",
        );
    }
    if trimmed.contains('=') {
        return with(
            "repeats the name of the option before the class path",
            "write only the path",
        );
    }
    if text.contains(['\n', '\r']) {
        return with(
            "has a line break before or after the class path, which Airflow reads as part of the path",
            "write the path on the line of its option, with nothing after it",
        );
    }
    if trimmed.len() < text.len() {
        return with(
            "has whitespace around the class path, which Airflow reads as part of the path",
            "remove the whitespace",
        );
    }
    if trimmed.contains(char::is_whitespace) {
        return with("has whitespace in the class path", "remove the whitespace");
    }
    path_slip(trimmed, nearest)
}

/// Describes a class path that continues on the next line, as an indented line does in `airflow.cfg`.
fn line_break(below: &str) -> Slip {
    let name = below.split(['=', ':']).next().unwrap_or_default().trim();
    match OPTIONS.iter().find(|option| **option == name) {
        Some(option) => Slip {
            what: format!("continues on the next line: `{option}` below it is indented"),
            remedy: Some("remove the indentation of that option"),
        },
        None => Slip {
            what: "has a line break in it".to_owned(),
            remedy: Some("write the class path on one line, and do not indent the next"),
        },
    }
}

/// Finds what is wrong with a path that nothing surrounds.
fn path_slip(path: &str, nearest: Option<&'static str>) -> Slip {
    let says = |what: String| Slip { what, remedy: None };
    let path_shown = shown(path);
    let Some(near) = nearest else {
        if looks_like_a_path(path) {
            return if path.starts_with("airflow.") {
                says(format!(
                    "names `{path_shown}`, which is not a secrets backend of Airflow or an official provider"
                ))
            } else {
                Slip {
                    what: format!(
                        "names `{path_shown}`, a class of your own: it is Python, which secretctl cannot run"
                    ),
                    remedy: Some(
                        "if it extends a supported backend, name that one with `--backend` and `--backend-kwargs`",
                    ),
                }
            };
        }
        return says("is not a class path, such as `package.module.Class`".to_owned());
    };
    let lower = path.to_lowercase();
    let (module, class) = near.rsplit_once('.').unwrap_or(("", near));
    if lower == near.to_lowercase() {
        says("has the class path in the wrong case".to_owned())
    } else if path.contains(':') {
        says("has a `:` in the class path where a `.` is expected".to_owned())
    } else if path.contains(['/', '\\']) {
        says("holds the path of a file where a class path is expected".to_owned())
    } else if former(&lower).is_some() {
        says(format!("has the class path of an older Airflow, `{path_shown}`"))
    } else if lower.trim_end_matches('.') == module {
        says(format!("names the module `{module}`, without its class"))
    } else if !path.contains('.') && looks_like(&lower, &class.to_lowercase()) {
        says("names the class without its module".to_owned())
    } else if looks_like_a_path(path) {
        says(format!("names `{path_shown}`, which Airflow cannot import"))
    } else {
        says("is not a class path".to_owned())
    }
}

/// Whether `text` names two classes without a comma between them.
fn names_two(text: &str) -> bool {
    text.split_whitespace()
        .filter(|word| word.trim_matches(is_quote).contains('.'))
        .count()
        > 1
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '‘' | '’' | '“' | '”' | '«' | '»')
}

/// Whether `text` is a dotted path of Python names.
///
/// A token may look like one. A text that begins like a token, or has a part too long for a name, is not shown.
fn looks_like_a_path(text: &str) -> bool {
    const TOKENS: &[&str] = &["hvs.", "hvb.", "hvr.", "s.", "b.", "r.", "eyJ"];
    let is_name = |part: &str| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.len() <= 60
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    // Python's classes begin with a capital letter.
    let class = text.rsplit('.').next().unwrap_or_default();
    let has_a_class = text.starts_with("airflow.") || class.starts_with(char::is_uppercase);
    text.contains('.')
        && has_a_class
        && text.split('.').all(is_name)
        && !TOKENS.iter().any(|token| text.starts_with(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = OFFICIAL[1];

    fn error(text: &str) -> Error {
        refused(text, &"HERE", OFFICIAL)
    }

    #[track_caller]
    fn says(text: &str, what: &str, path: &str) {
        let error = error(text);
        let message = error.message();
        assert!(
            message.starts_with("HERE ") && message.contains(what),
            "{text:?}: {message}"
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("`{path}`")), "{text:?}: {hint}");
    }

    #[test]
    fn what_surrounds_a_path_is_named() {
        let vault = |before: &str, after: &str| format!("{before}{VAULT}{after}");
        for (text, what) in [
            (vault("\"", "\""), "quotes"),
            (vault("'", "'"), "quotes"),
            (vault("“", "”"), "quotes"),
            (vault("\"", ""), "quotes"),
            (vault("", "  # vault"), "a comment"),
            (vault("", " ; vault"), "a comment"),
            (vault("", " // vault"), "a comment"),
            (vault("", "#vault"), "a comment"),
            (vault("'", "' # vault"), "a comment"),
            (vault(" ", ""), "whitespace around"),
            (vault("", "\t"), "whitespace around"),
            (vault("", "\n"), "line break before or after"),
            (vault("\n", ""), "line break before or after"),
            (vault("", "(mount='x')"), "calls the class"),
            (
                vault("", "\nbackend_kwargs = {\"token\": \"hunter2\"}"),
                "`backend_kwargs` below it",
            ),
            (
                "airflow.providers.hashicorp\n.secrets.vault.VaultBackend".to_owned(),
                "a line break",
            ),
            (vault("", &format!(",{}", OFFICIAL[0])), "more than one class"),
            (vault("", &format!(" {}", OFFICIAL[0])), "more than one class"),
            (vault("[\"", "\"]"), "more than one class"),
            (vault("", "()"), "calls the class"),
            (vault("backend=", ""), "repeats the name"),
            (
                "from airflow.providers.hashicorp.secrets.vault import VaultBackend".to_owned(),
                "a Python import",
            ),
        ] {
            match text.as_str() {
                "airflow.providers.hashicorp\n.secrets.vault.VaultBackend" => {
                    assert!(error(&text).message().contains(what));
                }
                text => says(text, what, VAULT),
            }
        }
    }

    #[test]
    fn a_path_that_is_nearly_right_gets_the_right_one() {
        for (text, what, path) in [
            (
                "airflow.providers.hashicorp.secrets.vault.VaultBackent",
                "cannot import",
                VAULT,
            ),
            (
                "airflow.provider.hashicorp.secrets.vault.VaultBackend",
                "cannot import",
                VAULT,
            ),
            ("airflow.hashicorp.VaultBackend", "cannot import", VAULT),
            (
                "airflow.providers.hashicorp.secrets.vault.vaultbackend",
                "wrong case",
                VAULT,
            ),
            (
                "airflow.providers.hashicorp.secrets.vault:VaultBackend",
                "a `:`",
                VAULT,
            ),
            (
                "airflow/providers/hashicorp/secrets/vault.py",
                "path of a file",
                VAULT,
            ),
            (
                "airflow.providers.hashicorp.secrets.vault",
                "without its class",
                VAULT,
            ),
            ("VaultBackend", "without its module", VAULT),
            ("vaultBackend", "without its module", VAULT),
            ("vault", "not a class path", VAULT),
            ("key-vault", "not a class path", OFFICIAL[0]),
            ("hashicorp_vault", "not a class path", VAULT),
            (
                "providers.hashicorp.secrets.vault.VaultBackend",
                "cannot import",
                VAULT,
            ),
            (
                "apache.airflow.providers.hashicorp.secrets.vault.VaultBackend",
                "cannot import",
                VAULT,
            ),
            (
                "airlow.providers.hashicorp.secrets.vault.VaultBackend",
                "cannot import",
                VAULT,
            ),
            (
                "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
                "older Airflow",
                VAULT,
            ),
            (
                "airflow.contrib.secrets.azure_key_vault.AzureKeyVaultBackend",
                "older Airflow",
                OFFICIAL[0],
            ),
            (
                "airflow.providers.microsoft.azure.secrets.azure_key_vault.AzureKeyVaultBackend",
                "older Airflow",
                OFFICIAL[0],
            ),
            (
                "airflow.contrib.secrets.gcp_secrets_manager.CloudSecretsManagerBackend",
                "older Airflow",
                OFFICIAL[8],
            ),
            ("LocalFilesystemBackend", "without its module", OFFICIAL[2]),
            ("SecretsManagerBackend", "without its module", OFFICIAL[6]),
        ] {
            says(text, what, path);
        }
    }

    #[test]
    fn a_text_that_means_no_official_class_gets_the_list_of_them() {
        let listed = |text: &str| {
            let error = error(text);
            let details = error.details().iter();
            details.filter(|line| line.starts_with("supported: `")).count()
        };
        assert_eq!(listed("mycompany.secrets.Backend"), OFFICIAL.len());
        assert_eq!(listed("SecretsManagerBackend"), 0);
    }

    #[test]
    fn a_class_of_ones_own_is_python() {
        for path in [
            "mycompany.secrets.VaultBackend",
            "judge.Recorder",
            "plugins.my_backend.Backend",
        ] {
            let error = error(path);
            assert!(error.message().contains("it is Python"), "{error}");
            assert!(error.message().contains(path));
            assert!(error.hint().unwrap().contains("--backend"));
        }
        assert!(
            error("airflow.providers.acme.x.Y")
                .message()
                .contains("not a secrets backend of Airflow")
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        for text in [
            r#"{"token": "hunter2"}"#,
            "https://u:hunter2@h",
            "hunter2\n",
            "hunter2",
            "hvs.hunter2hunter2",
            "s3cr3t.hunter2",
            "hunter2.hunter2.hunter2",
            "eyJhunter2.eyJhunter2.hunter2",
            "'hunter2'",
            "$hunter2",
            " hunter2",
            "hunter2 # hunter2",
            "hunter2, hunter2",
            "hunter2=hunter2",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend hunter2",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend\n hunter2 = hunter2",
        ] {
            assert!(!format!("{:?}", error(text)).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_text_of_any_length_and_script_is_refused_in_a_short_message() {
        for text in [
            "é".repeat(1 << 20),
            "a.b".repeat(1 << 20),
            "名前.クラス".to_owned(),
            "\u{1b}[31m".to_owned(),
        ] {
            let error = error(&text);
            assert!(error.message().chars().count() < 500 && !error.message().contains('\u{1b}'));
        }
    }
}
