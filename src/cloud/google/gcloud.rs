//! gcloud's own files: where they are, and the project of the active configuration.
//!
//! google-auth runs `gcloud config get project`. Here gcloud's files are read, and no program is run. Sources: google-auth 2.63.0,
//! `_cloud_sdk.py`; gcloud's `config` and `topic configurations` pages.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::env::Env;
use crate::file;
use crate::home::home_folder;
use crate::python::configparser::ConfigParser;

/// The configuration that gcloud uses by default.
const DEFAULT: &str = "default";

/// Returns gcloud's folder: `CLOUDSDK_CONFIG`, even if it is empty, else `~/.config/gcloud`.
pub(super) fn folder(env: &Env) -> Option<PathBuf> {
    if let Some(folder) = env.text("CLOUDSDK_CONFIG") {
        return Some(PathBuf::from(folder));
    }
    let home = String::from_utf8(home_folder(None, env)?).ok()?;
    Some(Path::new(&home).join(".config/gcloud"))
}

/// Returns the project that gcloud would use; `None` when none is configured.
pub(super) fn project(env: &Env, deadline: Instant) -> Option<String> {
    if let Some(project) = env.non_empty("CLOUDSDK_CORE_PROJECT") {
        return Some(project.to_owned());
    }
    let folder = folder(env)?;
    let read = |path: &Path| {
        let bytes = file::read_regular(path, file::MAX_SETTINGS_BYTES, deadline).ok()?;
        String::from_utf8(bytes).ok()
    };
    let active = match env.non_empty("CLOUDSDK_ACTIVE_CONFIG_NAME") {
        Some(name) => name.to_owned(),
        None => read(&folder.join("active_config"))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| DEFAULT.to_owned()),
    };
    if active.contains(['/', '\\']) {
        return None;
    }
    let text = read(&folder.join("configurations").join(format!("config_{active}")))?;
    let project = ConfigParser::parse(&text).ok()?.raw_value("core", "project")?;
    Some(project.trim().to_owned()).filter(|project| !project.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_project_is_that_of_the_active_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let project = |variables: &[(&str, &str)]| {
            let own = (
                "CLOUDSDK_CONFIG".to_owned(),
                Secret::from(folder.path().to_str().expect("text")),
            );
            let more = variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Secret::from(*value)));
            let env: Env = std::iter::once(own).chain(more).collect();
            project(&env, Instant::now() + Duration::from_mins(1))
        };
        assert_eq!(project(&[]), None);
        write(
            "configurations/config_default",
            "[core]\naccount = a\nproject = one\n[compute]\nproject = no\n",
        );
        assert_eq!(project(&[]).as_deref(), Some("one"));
        write("configurations/config_other", "[core]\nproject=two\n");
        write("active_config", "other\n");
        assert_eq!(project(&[]).as_deref(), Some("two"));
        assert_eq!(
            project(&[("CLOUDSDK_ACTIVE_CONFIG_NAME", "default")]).as_deref(),
            Some("one")
        );
        assert_eq!(project(&[("CLOUDSDK_ACTIVE_CONFIG_NAME", "none")]), None);
        assert_eq!(
            project(&[("CLOUDSDK_ACTIVE_CONFIG_NAME", "../config_default")]),
            None
        );
        assert_eq!(
            project(&[("CLOUDSDK_CORE_PROJECT", "three")]).as_deref(),
            Some("three")
        );
    }
}
