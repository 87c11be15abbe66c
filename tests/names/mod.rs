//! Names that stand elsewhere than on the command line, and values that stand elsewhere than in a variable: references in the
//! environment, files of names, files in memory.

mod environment;
mod files;
#[cfg(target_os = "linux")]
mod memory;
mod vault;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{Output, Program, secretctl, temp_dir};

/// A folder with files, in which the program runs.
struct Folder(tempfile::TempDir);

impl Folder {
    /// Writes files: their paths and texts.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(temp_dir());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Returns the program in this folder.
    fn program(&self) -> Program {
        program(self.0.path())
    }
}

/// Returns a program in `dir` with a connection, a variable, and no other configuration.
fn program(dir: &Path) -> Program {
    secretctl()
        .env("HOME", "/nonexistent/home")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env(
            "AIRFLOW_CONN_WAREHOUSE",
            r#"{"conn_type": "postgres", "host": "db.example.com", "login": "etl", "password": "p@ss w%rd", "schema": "dw", "port": 5432, "extra": {"sslmode": "require"}}"#,
        )
        .env("AIRFLOW_VAR_REGION", "eu")
        .env("AIRFLOW_VAR_SETTINGS", r#"{"database": {"host": "h"}, "none": null}"#)
        .dir(dir)
}

/// Runs a command line, split at blanks.
fn run(program: Program, line: &str) -> Output {
    program.args(line.split_whitespace()).run()
}

/// Returns the environment that a command gets.
#[track_caller]
fn environment(program: Program, options: &[&str]) -> BTreeMap<String, String> {
    let output = program.arg("exec").args(options).args(["--", "env", "-0"]).run();
    let text = output.ok();
    let pair = |entry: &str| {
        let (name, value) = entry.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    text.split_terminator('\0').filter_map(pair).collect()
}
