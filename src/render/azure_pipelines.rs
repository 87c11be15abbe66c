//! Logging commands that set secret variables for the later steps of an Azure Pipelines job.
//!
//! Source: <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>.

use super::logging_command::escape;
use super::{Entry, Exported, Masks, shell};
use crate::error::Result;

/// Returns one `##vso[task.setvariable …]` line per entry.
///
/// # Errors
/// A value that is not UTF-8 or has NUL (status 6), an invalid name (2).
pub fn render(entries: &[Entry], masks: &mut Masks) -> Result<Exported> {
    let mut text = Vec::new();
    let mut warnings = Vec::new();
    for entry in entries {
        shell::check_name(&entry.name)?;
        let value = entry.text_for_environment("Azure Pipelines")?;
        if value.contains(['\n', '\r']) {
            warnings.push(format!(
                "`{}` has more than one line, which the agent refuses unless the pipeline sets SYSTEM_UNSAFEALLOWMULTILINESECRET",
                entry.name
            ));
        }
        text.extend_from_slice(
            format!("##vso[task.setvariable variable={};issecret=true]", entry.name).as_bytes(),
        );
        let start = text.len();
        escape(&mut text, value.as_bytes());
        masks.add(&text[start..]);
        text.push(b'\n');
    }
    Ok(Exported {
        bytes: crate::secret::Secret::new(text),
        warnings,
    })
}
