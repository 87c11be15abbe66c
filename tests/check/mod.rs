//! `check`, and `--from` of `exec` and `export`: what code asks for is looked up, and reported in every format.

mod ci;
mod files;
mod formats;
mod from;
mod ignore;
mod lints;
mod outcomes;
mod waits;

use std::path::Path;

use crate::support::{Output, Program, secretctl, temp_dir};

/// A folder with code, removed at the end.
struct Project(tempfile::TempDir);

impl Project {
    /// Writes files: their paths and texts.
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(temp_dir());
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the program in this folder, with an environment that has nothing.
    fn program(&self) -> Program {
        secretctl()
            .env("HOME", "/nonexistent/home")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .dir(self.path())
    }

    /// Runs a command line, split at blanks.
    fn run(&self, line: &str) -> Output {
        self.program().args(line.split_whitespace()).run()
    }
}

/// A project with each kind of use.
fn etl() -> Project {
    Project::new(&[
        (
            "dags/etl.py",
            "from airflow.sdk import DAG, BaseHook, Variable, task\n\
             from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n\
             \n\
             region = Variable.get(\"region\", default=\"eu\")\n\
             \n\
             with DAG(\"etl\"):\n    \
             SQLExecuteQueryOperator(task_id=\"load\", conn_id=\"warehouse\", sql=\"load.sql\")\n\
             \n    \
             @task\n    \
             def extract(name):\n        \
             limits = Variable.get(\"limits\", deserialize_json=True)\n        \
             return BaseHook.get_connection(\"api\").password, Variable.get(name), limits\n",
        ),
        (
            "dags/load.sql",
            "select '{{ var.value.schema }}', {{ var.json.limits.daily.rows }}\n",
        ),
    ])
}

/// The variables with which all names of [`etl`] are there and usable.
const COMPLETE: [(&str, &str); 5] = [
    ("AIRFLOW_CONN_WAREHOUSE", "postgres://etl:pw@db.example.com/dw"),
    ("AIRFLOW_CONN_API", "http://:pw@api.example.com"),
    ("AIRFLOW_VAR_REGION", "us"),
    ("AIRFLOW_VAR_SCHEMA", "public"),
    ("AIRFLOW_VAR_LIMITS", r#"{"daily": {"rows": 1000}}"#),
];
