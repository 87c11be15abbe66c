//! The file that GitLab CI reads from a job's `artifacts:reports:dotenv`.
//!
//! Source: <https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>; GitLab's
//! `app/services/ci/parse_dotenv_artifact_service.rb`, which strips a value and keeps its quotes.

use std::fmt::Write as _;

use super::{Entry, Exported, Masks, shell};
use crate::error::{Error, Result};

/// GitLab accepts only files with fewer bytes.
const TOO_LONG: usize = 5 * 1024;

/// Returns one line per entry: no quotes, and `$` doubled, because GitLab replaces variables in it.
///
/// # Errors
/// With status 6: more than one line, NUL, bytes that are not UTF-8, leading or trailing blanks (GitLab strips them), too much text.
/// An invalid name, with status 2.
pub fn render(entries: &[Entry], masks: &mut Masks) -> Result<Exported> {
    let mut text = String::new();
    for entry in entries {
        shell::check_name(&entry.name)?;
        let value = entry.text_for_environment("GitLab's dotenv")?;
        if value.contains(['\n', '\r']) {
            return Err(entry.refused("GitLab's dotenv", "more than one line"));
        }
        let is_blank = |c: char| c.is_ascii_whitespace() || c == '\x0b';
        if value.starts_with(is_blank) || value.ends_with(is_blank) {
            return Err(entry.refused(
                "GitLab's dotenv",
                "leading or trailing blanks, which GitLab strips",
            ));
        }
        let printed = value.replace('$', "$$");
        masks.add(printed.as_bytes());
        let _ = writeln!(text, "{}={printed}", entry.name);
    }
    if text.len() >= TOO_LONG {
        return Err(Error::malformed(
            "GitLab's dotenv cannot carry these values: all together must be less than 5 KiB",
        ));
    }
    Ok(Exported::plain(text))
}
