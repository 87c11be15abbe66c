//! The kwargs of `LocalFilesystemBackend`: one file for each kind of secret.

use super::meanings::MEANINGS;
use crate::error::Result;
use crate::kwargs::Kwargs;
use crate::value::SecretKind;

/// The names of all kwargs.
pub(super) const KWARGS: &[&str] = &[
    "variables_file_path",
    "connections_file_path",
    "configs_file_path",
];

/// The configured files. A relative path is relative to the working directory.
#[derive(Debug)]
pub(super) struct Config {
    variables: Option<String>,
    connections: Option<String>,
    configs: Option<String>,
}

impl Config {
    /// Takes the kwargs. A path that Python finds false, such as an empty one, counts as absent.
    ///
    /// # Errors
    /// A kwarg that is unknown or not text, with status 2.
    pub(super) fn new(mut kwargs: Kwargs) -> Result<Self> {
        kwargs.refuse_unknown(KWARGS, MEANINGS)?;
        let mut path = |name| kwargs.truthy_text(name);
        let config = Self {
            variables: path("variables_file_path")?,
            connections: path("connections_file_path")?,
            configs: path("configs_file_path")?,
        };
        kwargs.finish(KWARGS)?;
        Ok(config)
    }

    /// Returns the file of `kind`.
    pub(super) fn file(&self, kind: SecretKind) -> Option<&str> {
        match kind {
            SecretKind::Connection => self.connections.as_deref(),
            SecretKind::Variable => self.variables.as_deref(),
            SecretKind::Config => self.configs.as_deref(),
        }
    }

    /// Returns the name of the kwarg that names the file of `kind`.
    pub(super) fn kwarg(kind: SecretKind) -> &'static str {
        match kind {
            SecretKind::Connection => "connections_file_path",
            SecretKind::Variable => "variables_file_path",
            SecretKind::Config => "configs_file_path",
        }
    }

    /// Returns the configured files, each once.
    pub(super) fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = [&self.connections, &self.variables, &self.configs]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        files.dedup();
        files
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::kwargs::Kwargs;
    use crate::python::json::{Object, Value};
    use crate::value::SecretKind;

    fn config(path: Value) -> Option<Config> {
        let kwargs = Object::from_iter([("variables_file_path".to_owned(), path)]);
        Config::new(Kwargs::new(kwargs)).ok()
    }

    #[test]
    fn a_kwarg_of_another_backend_is_recognized() {
        for (name, meant) in [
            ("connections_file", "connections_file_path"),
            ("variables_path", "variables_file_path"),
            ("config_file_path", "configs_file_path"),
            ("connection_file_pth", "connections_file_path"),
        ] {
            let kwargs = Object::from_iter([(name.to_owned(), Value::from("x"))]);
            let error = Config::new(Kwargs::new(kwargs)).expect_err(name);
            assert_eq!(
                error.hint(),
                Some(format!("did you mean `{meant}`?").as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_path_that_python_finds_false_is_absent() {
        for path in [
            Value::Null,
            Value::from(""),
            Value::Bool(false),
            Value::List(Vec::new()),
        ] {
            let config = config(path).expect("usable kwargs");
            assert_eq!(config.file(SecretKind::Variable), None);
        }
        assert!(config(Value::Bool(true)).is_none());
        assert_eq!(
            config(Value::from("v.json"))
                .expect("usable kwargs")
                .file(SecretKind::Variable),
            Some("v.json")
        );
    }
}
