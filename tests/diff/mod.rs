//! `diff`: two configurations compared name by name, and nothing of a value in any output.

mod backends;
mod files;

use std::path::PathBuf;

use crate::support::{Output, Program, secretctl, temp_dir};

/// A folder with env files.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let dir = temp_dir();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self(dir)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// `secretctl`, run in the folder, whose home has no configuration of Airflow.
    pub fn program(&self) -> Program {
        secretctl().dir(self.0.path()).env("HOME", "/nonexistent")
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
