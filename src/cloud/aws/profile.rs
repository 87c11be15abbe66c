//! One profile from the shared files `~/.aws/credentials` and `~/.aws/config`.
//!
//! Source: botocore 1.44, `configloader.py` and `session.py` (`full_config`); the credentials file wins over the config file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use crate::env::Env;
use crate::file;
use crate::secret::Secret;

/// The keys and values of one profile, keys in lower case.
#[derive(Default)]
pub(crate) struct Profile {
    /// Its name.
    pub(crate) name: String,
    values: BTreeMap<String, Secret>,
}

impl Profile {
    /// Reads the profile that `AWS_PROFILE` names, else `default`. A missing file is not an error.
    pub(crate) fn read(env: &Env, deadline: Instant) -> Self {
        let name = env
            .text("AWS_DEFAULT_PROFILE")
            .or_else(|| env.text("AWS_PROFILE"))
            .unwrap_or("default");
        let file = |variable: &str, default: &str| match env.non_empty(variable) {
            Some(path) => Some(expand_home(path, env)),
            None => env
                .non_empty("HOME")
                .map(|home| PathBuf::from(home).join(default)),
        };
        let mut values = BTreeMap::new();
        for (path, is_config) in [
            (file("AWS_CONFIG_FILE", ".aws/config"), true),
            (file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), false),
        ] {
            let bytes =
                path.and_then(|path| file::read_up_to(&path, file::MAX_SETTINGS_BYTES, deadline).ok());
            if let Some(text) = bytes.as_ref().and_then(Secret::expose_text) {
                values.extend(section(text, name, is_config));
            }
        }
        Self {
            name: name.to_owned(),
            values,
        }
    }

    /// Returns a value that is not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&Secret> {
        self.values.get(key).filter(|value| !value.is_empty())
    }

    /// Returns a value that is text and not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Secret::expose_text)
    }
}

fn expand_home(path: &str, env: &Env) -> PathBuf {
    match (path.strip_prefix("~/"), env.non_empty("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

/// Returns the pairs of profile `name`, from section `[name]`; in the config file, from `[profile name]` or `[default]`.
fn section(text: &str, name: &str, is_config: bool) -> BTreeMap<String, Secret> {
    let mut inside = false;
    let mut pairs = BTreeMap::new();
    for line in text.lines() {
        if let Some(title) = line
            .trim()
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            let mut words = title.split_whitespace();
            let first = words.next().unwrap_or_default();
            inside = match (is_config, words.next()) {
                (true, Some(second)) => first == "profile" && second.trim_matches(['"', '\'']) == name,
                (true, None) => first == "default" && name == "default",
                (false, _) => title.trim() == name,
            };
            continue;
        }
        // An indented line belongs to the option above it, such as `s3 =`.
        if !inside || line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        if let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(':')) {
            pairs.insert(key.trim().to_ascii_lowercase(), Secret::from(value.trim()));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_under_both_kinds_of_title() {
        let config =
            "[default]\nregion = a\n[profile x]\nregion=b\ns3 =\n  region = c\n# d\n[profile y]\nregion=z\n";
        let region = |name: &str, is_config| {
            section(config, name, is_config)
                .get("region")
                .and_then(Secret::expose_text)
                .map(str::to_owned)
        };
        assert_eq!(region("default", true).as_deref(), Some("a"));
        assert_eq!(region("x", true).as_deref(), Some("b"));
        assert_eq!(region("x", false), None);
        assert_eq!(region("nobody", true), None);
    }
}
