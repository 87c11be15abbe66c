//! The files of the tools before botocore: `AWS_CREDENTIAL_FILE` of the EC2 tools, and boto's configuration.
//!
//! Source: botocore 1.44.8, `credentials.py` (`OriginalEC2Provider`, `BotoProvider`), `utils.py` (`parse_key_val_file`).

use std::path::{Path, PathBuf};

use super::keys;
use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::SessionSettings;
use crate::cloud::aws::shared_files::{IniFile, expanded, shown_path, with_home};
use crate::error::{Error, Result};
use crate::file;
use crate::python::newlines::universal_newlines;
use crate::python::text::{splitlines, strip};
use crate::secret::Secret;

/// Where boto's configuration is, unless `BOTO_CONFIG` names a file.
const BOTO_FILES: [&str; 2] = ["/etc/boto.cfg", "~/.boto"];

/// Returns the keys in the first of these files that has any.
///
/// # Errors
/// A file that is named and missing, a file that does not parse, and an access key without its secret key.
pub(super) fn credentials(session: &SessionSettings) -> Result<Option<Credentials>> {
    if let Some(path) = session.env().get("AWS_CREDENTIAL_FILE") {
        let path = with_home(path.expose(), session.env());
        if let Some(keys) = of_ec2_file(session, &path)? {
            return Ok(Some(keys));
        }
    }
    let paths: Vec<PathBuf> = match &session.boto_config {
        Some(path) => vec![path.clone()],
        None => BOTO_FILES
            .iter()
            .map(|path| expanded(path.as_bytes(), session.env()))
            .collect(),
    };
    for path in paths {
        let file = IniFile::read(path, "boto's configuration", session.deadline)?;
        if let Some(section) = file.sections.get("Credentials") {
            let what = "the section `[Credentials]` of boto's configuration";
            if let Some(keys) = keys::of_section(section, what, &file.path, false)? {
                return Ok(Some(keys));
            }
        }
    }
    Ok(None)
}

/// Reads `AWSAccessKeyId=…` and `AWSSecretKey=…`, each on a line.
fn of_ec2_file(session: &SessionSettings, path: &Path) -> Result<Option<Credentials>> {
    let shown = shown_path(path);
    let unreadable = || Error::usage(format!("`{shown}` cannot be read (`AWS_CREDENTIAL_FILE`)"));
    let way_out = "unset `AWS_CREDENTIAL_FILE`, or let it name a file of keys";
    let bytes = file::read_up_to(path, file::MAX_SETTINGS_BYTES, session.deadline)
        .map_err(|source| unreadable().with_source(source).with_hint(way_out))?;
    let text = bytes
        .expose_text()
        .ok_or_else(|| unreadable().with_detail("it is not UTF-8").with_hint(way_out))?;
    let (mut access_key, mut secret_key) = (None, None);
    for line in splitlines(&universal_newlines(text)) {
        match line
            .split_once('=')
            .map(|(key, value)| (strip(key), strip(value)))
        {
            Some(("AWSAccessKeyId", value)) => access_key = Some(value.to_owned()),
            Some(("AWSSecretKey", value)) => secret_key = Some(Secret::from(value)),
            _ => {}
        }
    }
    match (access_key, secret_key) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(Error::denied(format!(
            "`{shown}` has `AWSAccessKeyId`, but no `AWSSecretKey` (`AWS_CREDENTIAL_FILE`)"
        ))
        .with_hint(way_out)),
        (Some(access_key), Some(secret_key)) => Ok(Some(Credentials::new(access_key, secret_key, None))),
    }
}
