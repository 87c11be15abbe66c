//! Airflow's database: which one it is, when it is asked, and what is told of it.
//!
//! Each database is a file that holds its own name as the variable `which`, so what a lookup prints says what the settings mean.

mod choice;
mod generated;
mod path;
mod shown;

use std::path::Path;

use crate::support::Program;

pub const METASTORE: &str = "airflow.secrets.metastore.MetastoreBackend";
pub const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
pub const CONN: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

/// A folder that is the home of Airflow and of the user.
#[derive(Debug)]
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(crate::support::temp_dir())
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// Makes the database `name`, with the tables of an Airflow, and returns its URL.
    pub fn database(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch(include_str!("../parity/schemas/3.2.2.sqlite.sql"))
            .unwrap();
        for key in ["which", "there"] {
            let sql = "INSERT INTO variable (\"key\", val, is_encrypted) VALUES (?, ?, 0)";
            database.execute(sql, [key, name]).unwrap();
        }
        format!("sqlite:///{}", path.display())
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        super::file(&self.0, name, text).to_str().unwrap().to_owned()
    }

    pub fn has(&self, name: &str) -> bool {
        Path::new(self.path()).join(name).exists()
    }

    /// Asks for `which`.
    pub fn which(&self) -> Program {
        self.program().args(["get-var", "which", "-n"])
    }

    pub fn program(&self) -> Program {
        crate::support::secretctl()
            .env("AIRFLOW_HOME", self.path())
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
    }
}
