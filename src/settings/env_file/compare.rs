//! Compares how python-dotenv and docker compose read the same env files.
//!
//! Owns the one warning about differences. A value that a reader refuses is not compared: that reader itself reports it.

use std::path::Path;

use super::scope::Scope;
use super::{Reading, listed, place};
use crate::secret::Secret;

/// Compares the values in `scope`, which were read from `texts`, with those of the other readers.
pub(super) fn warning(texts: &[Secret], paths: &[&Path], scope: &Scope<'_>) -> Option<String> {
    if !texts.iter().any(|text| may_differ(text.expose())) {
        return None;
    }
    let python = read(Reading::PythonDotenv, texts, scope);
    let compose = read(Reading::Compose, texts, scope);
    let differ =
        |other: &Scope<'_>, name: &str, value: &Secret| other.value(name).is_some_and(|other| other != value);
    let mut places = Vec::new();
    for (name, entry) in scope.variables() {
        let Some(value) = entry.value.as_ref().filter(|_| !scope.is_of_process(name)) else {
            continue;
        };
        let how = match (differ(&python, name, value), differ(&compose, name, value)) {
            (false, false) => continue,
            (false, true) => "is read as python-dotenv does",
            (true, false) => "is read as docker compose does",
            (true, true) => "is read whole",
        };
        places.push(format!("{} {how}", place(name, paths[entry.file], entry.line)));
    }
    (!places.is_empty()).then(|| {
        format!(
            "readers of env files differ: {}; choose one with `--env-file-dialect dotenv`, `compose` or `docker`",
            listed(&places)
        )
    })
}

/// Whether readers may interpret `text` differently. A `#` that begins a line means the same to all: it begins a comment, or is literal
/// in a value over several lines.
fn may_differ(text: &[u8]) -> bool {
    let differs = |byte: &u8| matches!(byte, b'$' | b'#' | b'\\' | b'\r' | 0x1c..=0x1f) || !byte.is_ascii();
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii_start();
        line.strip_prefix(b"#").unwrap_or(line).iter().any(differs)
    })
}

/// Reads `texts` as another reader does.
fn read<'a>(reading: Reading, texts: &[Secret], scope: &Scope<'a>) -> Scope<'a> {
    let mut other = scope.again();
    for (file, text) in texts.iter().enumerate() {
        // If this reader refuses a file, the part before the error is compared.
        let _ = reading.read(text.expose(), file, &mut other);
    }
    other
}
