//! Recognises backend kwargs that are not JSON, and how to correct them.
//!
//! Owns what can happen to a JSON object in a shell, an env file, a template or by hand: quotes around it, escapes, a path in its
//! place. Shows no part of the text, which is a secret. Must not know any backend. `nearly_json` finds the mistakes within the object;
//! `kwargs_words` has the words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::kwargs_words::{Layer, WrittenIn, mistake_words, words};
use super::mistake::{Found, Mistake};
use super::nearly_json::{closing_quote, mistakes};
use crate::python::json::{self, Value};

/// How many layers are removed.
const MAX_LAYERS: usize = 5;

/// The size limit in bytes for a diagnosis; kwargs may come from a file.
const MAX_BYTES: usize = 1 << 20;

/// What is wrong, to follow "… is not JSON: ", what to do, and what else is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
    /// Further mistakes, each with its line and column, counted from 1.
    pub(super) also: Vec<(usize, usize, &'static str)>,
    /// Whether the mistake is about quotes, so that a replaced `$NAME` does not explain it.
    pub(super) is_about_quotes: bool,
}

/// Finds what is wrong with `text`; `None` if nothing is recognised.
pub(super) fn diagnose(text: &str, written_in: WrittenIn) -> Option<Diagnosis> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut layers = Vec::new();
    let mut object = text.trim().to_owned();
    while layers.len() < MAX_LAYERS && !is_object(&object) {
        let Some((layer, within)) = peel(&object) else {
            break;
        };
        layers.push(layer);
        within.trim().clone_into(&mut object);
    }
    let Some(layer) = layers.first() else {
        return instead(text.trim(), written_in).or_else(|| within(text, written_in));
    };
    // Quotes around something that is not an object: describe the content instead.
    let is_like_an_object = object.starts_with(['{', '[']);
    if !is_like_an_object && let Some(diagnosis) = instead(&object, written_in) {
        return Some(diagnosis);
    }
    if !is_like_an_object && *layer != Layer::OneQuote {
        return None;
    }
    let (what, remedy) = words(*layer, &layers[1..]);
    let inner = mistakes(&object)
        .first()
        .map(|found| mistake_words(found.mistake, written_in).0);
    let also = layers[1..].iter().map(|layer| words(*layer, &[]).0);
    Some(Diagnosis {
        what,
        remedy,
        also: also.chain(inner).map(|what| (0, 0, what)).collect(),
        is_about_quotes: true,
    })
}

fn is_object(text: &str) -> bool {
    matches!(json::loads(text), Ok(Value::Object(_)))
}

/// Removes one layer from `text`, which has no leading or trailing blanks.
fn peel(text: &str) -> Option<(Layer, String)> {
    if text.starts_with('"') && is_object(&format!("{{{text}}}")) {
        return Some((Layer::NoBraces, format!("{{{text}}}")));
    }
    match json::loads(text) {
        // The content of the string may be escaped once more.
        Ok(Value::String(inner)) => {
            let layer = if text.contains('\\') {
                Layer::TextOfJson
            } else {
                Layer::Quotes
            };
            return Some((layer, inner));
        }
        Ok(Value::List(list)) => match list.as_slice() {
            [only @ Value::Object(_)] => return Some((Layer::List, json::dumps_compact(only))),
            _ => return None,
        },
        _ => {}
    }
    let unprefixed = text.strip_prefix('$').filter(|rest| rest.starts_with('\''));
    let quoted = unprefixed.unwrap_or(text);
    let open = quoted.chars().next()?;
    if let Some(close) = closing_quote(open) {
        let inner = &quoted[open.len_utf8()..];
        return match inner.strip_suffix(close) {
            Some(inner) => Some((Layer::Quotes, inner.to_owned())),
            None => inner
                .trim_start()
                .starts_with(['{', '\\'])
                .then(|| (Layer::OneQuote, inner.to_owned())),
        };
    }
    if open == '{' && text.ends_with(['\'', '"', '`', '’', '”']) {
        let mut inner = text.to_owned();
        inner.pop();
        if inner.trim_end().ends_with('}') {
            return Some((Layer::OneQuote, inner));
        }
    }
    let inside = text.strip_prefix('{').map(str::trim_start);
    if text.starts_with("\\{") || inside.is_some_and(|inside| inside.starts_with('\\')) {
        return Some((Layer::Backslashes, without_escapes(text)));
    }
    if let Some(name) = inside.and_then(|inside| inside.strip_prefix("\"\""))
        && !name.starts_with([':', ' ', '"'])
    {
        return Some((Layer::DoubledQuotes, text.replace("\"\"", "\"")));
    }
    let doubled = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    if let Some(inner) = doubled
        && inner.trim_start().starts_with(['"', '\'', '\\'])
    {
        return Some((Layer::DoubledBraces, format!("{{{inner}}}")));
    }
    without_encoding(text).or_else(|| without_name(text))
}

/// Removes one level of backslashes.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'r' | 't') => plain.push('\n'),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain
}

/// Decodes percent-encoding or Base64.
fn without_encoding(text: &str) -> Option<(Layer, String)> {
    let starts_an_object = |text: &String| text.trim_start().starts_with('{');
    if text
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("%7b"))
    {
        let decoded = percent_decode_str(text).decode_utf8().ok()?.into_owned();
        return Some((Layer::PercentEncoding, decoded)).filter(|(_, text)| starts_an_object(text));
    }
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() >= 8 {
        let joined: String = text.split_whitespace().collect();
        let decoded = STANDARD.decode(joined).ok().map(String::from_utf8)?.ok()?;
        return Some((Layer::Base64, decoded)).filter(|(_, text)| starts_an_object(text));
    }
    None
}

/// Removes `backend_kwargs = `, for a whole line in place of the value.
fn without_name(text: &str) -> Option<(Layer, String)> {
    let (name, value) = text.split_once(['=', ':'])?;
    let name = name.trim().strip_prefix("export ").unwrap_or(name).trim();
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let value = value.trim_start();
    let is_value =
        value.starts_with('{') || value.starts_with(['\'', '"']) && value[1..].trim_start().starts_with('{');
    (is_name && is_value).then(|| (Layer::OptionName, value.to_owned()))
}

/// Diagnoses text that is not an object at all.
fn instead(text: &str, written_in: WrittenIn) -> Option<Diagnosis> {
    let (what, remedy) = instead_words(text, written_in)?;
    Some(Diagnosis {
        what,
        remedy,
        also: Vec::new(),
        is_about_quotes: true,
    })
}

fn instead_words(text: &str, written_in: WrittenIn) -> Option<(&'static str, &'static str)> {
    const OBJECT: &str = r#"write one JSON object, such as {"url": "https://vault.example.com"}"#;
    let in_shell = written_in == WrittenIn::Shell;
    if text.is_empty() {
        return Some(("it contains only blanks", OBJECT));
    }
    if text.starts_with(['{', '[']) {
        return None;
    }
    if text.starts_with('@') {
        return Some((
            "`@FILE` works only for `--backend-kwargs` and SECRETCTL_BACKEND_KWARGS",
            "write the object itself, or `AIRFLOW__SECRETS__BACKEND_KWARGS_CMD='cat FILE'`",
        ));
    }
    if let Some(name) = text.strip_prefix('$') {
        let is_reference = name.chars().all(|c| c.is_alphanumeric() || "_{}:-".contains(c));
        return is_reference.then_some((
            "it refers to a variable that is not set",
            "set the variable to the JSON object",
        ));
    }
    let is_one_word = !text.contains(char::is_whitespace);
    let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    if is_one_word
        && text
            .split_once("://")
            .is_some_and(|(scheme, _)| is_scheme(scheme))
    {
        return Some((
            "it is a URL",
            r#"write a JSON object with it: {"url": "…"} for Vault, {"vault_url": "…"} for Azure"#,
        ));
    }
    if is_path(text) {
        return Some((
            "it is the path of a file",
            if in_shell {
                "put an `@` before the path: `--backend-kwargs @FILE`"
            } else {
                "write the object itself, or set `AIRFLOW__SECRETS__BACKEND_KWARGS_CMD='cat FILE'`"
            },
        ));
    }
    if is_one_word && text.starts_with("airflow.") {
        return Some((
            "it is a class path",
            "a class path belongs in `backend`; write a JSON object here",
        ));
    }
    let first = text.lines().next().unwrap_or(text);
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    let before = |sign| {
        first
            .split_once(sign)
            .is_some_and(|(name, _): (&str, &str)| is_name(name.trim()))
    };
    if before(": ") || text.starts_with("---") {
        return Some(("it is YAML", OBJECT));
    }
    if before("=") {
        return Some(("it is a list of NAME=VALUE", OBJECT));
    }
    Some(("it does not begin with `{`", OBJECT))
}

/// Whether `text` looks like the path of a file.
fn is_path(text: &str) -> bool {
    const STARTS: &[&str] = &["/", "./", "../", "~/", ".\\", "C:\\", "file:"];
    const ENDS: &[&str] = &[".json", ".yaml", ".yml", ".env", ".txt", ".cfg", ".conf"];
    !text.contains(['\n', '"', '{'])
        && (STARTS.iter().any(|start| text.starts_with(start))
            || ENDS.iter().any(|end| text.to_ascii_lowercase().ends_with(end)))
}

/// Diagnoses the mistakes within an object.
fn within(text: &str, written_in: WrittenIn) -> Option<Diagnosis> {
    let found = mistakes(text);
    // Only the first is certain: after it the rest is a guess.
    let (first, others) = found.split_first()?;
    let (what, remedy) = mistake_words(first.mistake, written_in);
    Some(Diagnosis {
        what,
        remedy,
        also: others
            .iter()
            .map(|found| {
                let (line, column) = place(text, *found);
                (line, column, mistake_words(found.mistake, written_in).0)
            })
            .collect(),
        is_about_quotes: matches!(first.mistake, Mistake::NoQuotes | Mistake::Reference),
    })
}

/// Returns the line and the column of a mistake, counted from 1.
fn place(text: &str, found: Found) -> (usize, usize) {
    let before = &text[..found.offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(text: &str, what: &str, remedy: &str) {
        let diagnosis =
            diagnose(text, WrittenIn::Config).unwrap_or_else(|| panic!("{text}: nothing is found"));
        assert!(diagnosis.what.contains(what), "{text}: {diagnosis:?}");
        assert!(diagnosis.remedy.contains(remedy), "{text}: {diagnosis:?}");
    }

    #[test]
    fn text_around_the_object_is_named() {
        for (text, what, remedy) in [
            (r#"'{"a": 1}'"#, "is in quotes", "remove the quotes"),
            (r#""{"a": 1}""#, "is in quotes", "remove the quotes"),
            (r#"`{"a": 1}`"#, "is in quotes", "remove the quotes"),
            (r#"“{"a": 1}”"#, "is in quotes", "remove the quotes"),
            (r#"$'{"a": 1}'"#, "is in quotes", "remove the quotes"),
            ("'{'a': 1}'", "is in quotes", "remove the quotes"),
            (r#"'{"a": 1}"#, "a quote at one end", "remove"),
            (r#"{"a": 1}'"#, "a quote at one end", "remove"),
            (
                r#""{\"a\": 1}""#,
                "quoted and escaped once too often",
                "remove the quotes",
            ),
            (
                r#""\"{\\\"a\\\": 1}\"""#,
                "quoted and escaped once too often",
                "remove the quotes",
            ),
            (r#"'{\"a\": 1}'"#, "quotes, and is escaped", "for each"),
            (r#"{\"a\": \"b\"}"#, "escaped once too often", "for each"),
            (r#"{\n \"a\": \"b\"\n}"#, "escaped once too often", "for each"),
            (r#"\{\"a\": 1\}"#, "escaped once too often", "for each"),
            (r#"{""a"": ""b""}"#, "is doubled", "for each"),
            (r#"{{"a": 1}}"#, "braces are doubled", "once"),
            (r#""a": 1, "b": 2"#, "braces around it are missing", "between"),
            (r#"[{"a": 1}]"#, "in a list", "remove"),
            (r#"backend_kwargs = {"a": 1}"#, "name of the option", "only"),
            (
                r#"export AIRFLOW__SECRETS__BACKEND_KWARGS='{"a": 1}'"#,
                "name of the option",
                "only the object",
            ),
            ("%7B%22a%22%3A%201%7D", "percent-encoded", "decode"),
            ("eyJhIjogMX0=", "Base64", "decode"),
        ] {
            says(text, what, remedy);
        }
    }

    #[test]
    fn text_in_place_of_an_object_is_named() {
        for (text, what, remedy) in [
            ("/etc/kwargs.json", "path of a file", "_CMD"),
            ("kwargs.json", "path of a file", "_CMD"),
            ("'/etc/kwargs.json'", "path of a file", "_CMD"),
            ("C:\\kwargs.json", "path of a file", "_CMD"),
            ("@kwargs.json", "works only for `--backend-kwargs`", "_CMD"),
            ("https://vault.example.com:8200", "a URL", "object"),
            ("$KWARGS", "not set", "set the variable"),
            ("${KWARGS}", "not set", "set the variable"),
            (
                "airflow.providers.hashicorp.secrets.vault.VaultBackend",
                "a class path",
                "`backend`",
            ),
            ("url: http://h\ntoken: t", "YAML", "JSON object"),
            ("url=http://h,token=t", "NAME=VALUE", "JSON object"),
            (" \t", "only blanks", "JSON object"),
            ("hunter2", "does not begin with `{`", "JSON object"),
            ("'hunter2'", "does not begin with `{`", "JSON object"),
            ("1", "does not begin with `{`", "JSON object"),
        ] {
            says(text, what, remedy);
        }
        let path = diagnose("kwargs.json", WrittenIn::Shell).unwrap();
        assert!(path.remedy.contains("`--backend-kwargs @FILE`"));
    }

    #[test]
    fn mistakes_within_the_object_are_named_in_order() {
        for (text, what, remedy) in [
            ("{'a': None}", "single quotes", "double quotes"),
            (r#"{"a": None}"#, "`None`", "`null`"),
            (r#"{"a": True}"#, "`True`", "`true`"),
            (r#"{"a": $TOKEN}"#, "`$NAME`", "double quotes"),
            (r#"{"a": 1,}"#, "a comma", "remove"),
            ("{\"a\": 1} # c", "a comment", "remove"),
            ("{“a”: 1}", "typographic", "plain"),
            (r#"{"a": "C:\Windows"}"#, "backslash", "twice"),
            ("{\"a\": \"b\nc\"}", "line break", "`\\n`"),
            ("{", "ends before", "indent each further line"),
            (
                "{\"a\": 1}\nuse_cache = True",
                "the line below it begins with a blank",
                "remove the blanks",
            ),
            (r#"{"a": 1} ; c"#, "a comment", "remove"),
            ("{{ kwargs }}", "template", "render"),
        ] {
            says(text, what, remedy);
        }
        let diagnosis = diagnose("{'a': None,\n 'b': 1,}", WrittenIn::Config).unwrap();
        assert_eq!(
            diagnosis.also,
            [
                (1, 7, "it has Python's `None`"),
                (2, 8, "there is a comma before a closing bracket")
            ]
        );
    }

    #[test]
    fn a_shell_that_removed_the_quotes_is_distinguished_from_a_file() {
        let text = "{url: http://h, token: t}";
        assert!(
            diagnose(text, WrittenIn::Shell)
                .unwrap()
                .remedy
                .contains("the shell keeps")
        );
        assert!(
            !diagnose(text, WrittenIn::Config)
                .unwrap()
                .remedy
                .contains("shell")
        );
    }

    #[test]
    fn no_text_is_too_long_or_too_deep() {
        for text in ["\"", "'", "{\\\"", "{{", "[", "%7b", "é", "a=", "{\"\"a", "\\"] {
            diagnose(&text.repeat(100_000), WrittenIn::Shell);
            diagnose(text, WrittenIn::File);
        }
    }
}
