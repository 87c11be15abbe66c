//! A database file such as Airflow 3 makes it: `SQLite` reads the whole schema before it answers anything, so its size counts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A key, and the password `pass` encrypted with it.
pub(crate) const FERNET_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
pub(crate) const ENCRYPTED: &str =
    "gAAAAABrCJ67E0_at_VSkgAN5__3lrt2mAgE7fGJGZjgjrRLm-BtBFZVK9jP_0_dvcBsFP5rTzZlEFnO4BzEEBSEbYXtVv08SA==";

/// What Airflow 3.3.2 has beside the tables that are asked: 55 tables and some 100 indexes, in 30 kB of text.
const OTHER_TABLES: usize = 55;

/// Writes a database with connection `smtp_default`, its password encrypted, to `folder`.
pub(crate) fn file(folder: &Path) -> PathBuf {
    let path = folder.join("airflow.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let mut sql = String::from("PRAGMA journal_mode=WAL;\n");
    sql.push_str(include_str!("../../tests/parity/schemas/3.2.2.sqlite.sql"));
    for table in 0..OTHER_TABLES {
        write!(
            sql,
            "CREATE TABLE other_{table} (\n\tid INTEGER NOT NULL, \n\tdag_id VARCHAR(250) NOT NULL, \n\trun_id VARCHAR(250) NOT NULL, \n\t\
             state VARCHAR(50), \n\tstarted TIMESTAMP, \n\tended TIMESTAMP, \n\tconf JSON, \n\tteam_name VARCHAR(50), \n\t\
             CONSTRAINT other_{table}_pkey PRIMARY KEY (id), \n\tCONSTRAINT other_{table}_uq UNIQUE (dag_id, run_id), \n\t\
             CONSTRAINT other_{table}_fkey FOREIGN KEY(team_name) REFERENCES team (name) ON DELETE SET NULL\n);\n\
             CREATE INDEX idx_other_{table}_state ON other_{table} (state, started);\n"
        )
        .unwrap();
    }
    writeln!(
        sql,
        "INSERT INTO connection (conn_id, conn_type, host, login, password, port, is_encrypted, is_extra_encrypted) \
         VALUES ('smtp_default', 'smtp', 'mail.example.com', 'user', '{ENCRYPTED}', 587, 1, 0);"
    )
    .unwrap();
    database.execute_batch(&sql).unwrap();
    path
}
