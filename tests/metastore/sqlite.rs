//! SQLite's file is only read: beside Airflow, at rest, after a crash, locked, on a read-only file system, or not there at all.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use super::CONN;
use super::program;
use crate::support::metastore::{Database, Dialect, database};
use crate::support::{Guard, Output, airflow, secretctl, temp_dir, variable};
#[cfg(target_os = "linux")]
use crate::support::{Program, skip};

/// Writes to a database as told by lines of SQL, and answers each with a line. It has the database open until its input ends.
const WRITER: &str = "
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute(line).fetchall()
    print('done', flush=True)
";

/// A process that has a database open, as Airflow has.
struct Writer(Guard);

impl Writer {
    fn new(file: &Path) -> Self {
        let python = variable("AIRFLOW_PYTHON").unwrap();
        let child = Command::new(python)
            .args(["-c", WRITER])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(Guard::new(child))
    }

    fn run(&mut self, statements: &[&str]) {
        let child = self.0.child();
        let (stdin, stdout) = (child.stdin.as_mut().unwrap(), child.stdout.as_mut().unwrap());
        let mut answers = BufReader::new(stdout).lines();
        for sql in statements {
            writeln!(stdin, "{sql}").unwrap();
            assert_eq!(answers.next().unwrap().unwrap(), "done", "{sql}");
        }
    }
}

/// A folder's files: their contents, and when they were changed.
type Snapshot = BTreeMap<String, (Vec<u8>, SystemTime)>;

fn snapshot(folder: &Path) -> Snapshot {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        let bytes = if path.is_dir() {
            Vec::new()
        } else {
            std::fs::read(&path).unwrap()
        };
        (
            path.file_name().unwrap().to_str().unwrap().to_owned(),
            (bytes, changed),
        )
    });
    files.collect()
}

/// Asserts that `read` leaves the folder as it is.
#[track_caller]
fn unchanged<T>(folder: &Path, read: impl FnOnce() -> T) -> T {
    let before = snapshot(folder);
    let read = read();
    let after = snapshot(folder);
    let names = |snapshot: &Snapshot| snapshot.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    let changed: Vec<&String> = before
        .iter()
        .filter(|(name, file)| after[*name] != **file)
        .map(|(name, _)| name)
        .collect();
    assert!(changed.is_empty(), "{changed:?} changed");
    read
}

fn url(file: &Path) -> String {
    format!("sqlite:///{}", file.display())
}

fn read(file: &Path, key: &str) -> Output {
    program(&url(file), "")
        .args(["--timeout", "20", "get-var", "-n", key])
        .run()
}

fn row(key: &str) -> Value {
    json!({"key": key, "val": format!("of {key}"), "is_encrypted": false})
}

fn insert(key: &str) -> String {
    format!("INSERT INTO variable (\"key\", val, is_encrypted) VALUES ('{key}', 'of {key}', 0)")
}

fn filled() -> Option<Database> {
    airflow()?;
    let database = database(Dialect::Sqlite)?;
    database.insert("variable", row("rested"));
    Some(database)
}

fn copy(from: &Path, to: &Path, ends: &[&str]) {
    for end in ends {
        let name = |path: &Path| format!("{}{end}", path.display());
        std::fs::copy(name(from), name(to)).unwrap();
    }
}

#[test]
fn beside_a_writer_committed_rows_are_seen_and_others_not() {
    let Some(database) = filled() else { return };
    let file = Path::new(&database.name);
    let folder = file.parent().unwrap();
    let names = || snapshot(folder).into_keys().collect::<Vec<_>>();
    // At rest: the header says that there is a log, and there is none.
    assert_eq!(std::fs::read(file).unwrap()[18], 2);
    assert_eq!(names(), ["airflow.db"]);
    assert_eq!(unchanged(folder, || read(file, "rested")).ok(), "of rested");

    let mut writer = Writer::new(file);
    writer.run(&[
        "PRAGMA journal_mode",
        &insert("committed"),
        "BEGIN IMMEDIATE",
        &insert("open"),
    ]);
    assert_eq!(names(), ["airflow.db", "airflow.db-shm", "airflow.db-wal"]);
    for key in ["rested", "committed"] {
        assert_eq!(unchanged(folder, || read(file, key)).ok(), format!("of {key}"));
    }
    assert_eq!(unchanged(folder, || read(file, "open")).status, 3);
    writer.run(&["COMMIT"]);
    assert_eq!(unchanged(folder, || read(file, "open")).ok(), "of open");

    // After a crash the log is there without its index: its committed rows count.
    writer.run(&["BEGIN IMMEDIATE", &insert("lost")]);
    let crashed = temp_dir();
    let other = crashed.path().join("airflow.db");
    copy(file, &other, &["", "-wal"]);
    for key in ["rested", "committed", "open"] {
        assert_eq!(
            unchanged(crashed.path(), || read(&other, key)).ok(),
            format!("of {key}")
        );
    }
    assert_eq!(unchanged(crashed.path(), || read(&other, "lost")).status, 3);
    // With an index that nobody has open.
    copy(file, &other, &["-shm"]);
    assert_eq!(unchanged(crashed.path(), || read(&other, "open")).ok(), "of open");
    // The writer ends without closing the database.
    drop(writer);
    assert_eq!(unchanged(folder, || read(file, "open")).ok(), "of open");
    assert_eq!(unchanged(folder, || read(file, "lost")).status, 3);
}

#[test]
fn a_database_with_a_rollback_journal_is_read_beside_its_writer() {
    let Some(database) = filled() else { return };
    let file = Path::new(&database.name);
    let folder = file.parent().unwrap();
    let mut writer = Writer::new(file);
    writer.run(&["PRAGMA journal_mode = DELETE"]);
    assert_eq!(std::fs::read(file).unwrap()[18], 1);
    assert_eq!(unchanged(folder, || read(file, "rested")).ok(), "of rested");
    writer.run(&[&insert("committed"), "BEGIN IMMEDIATE", &insert("open")]);
    assert_eq!(unchanged(folder, || read(file, "committed")).ok(), "of committed");
    assert_eq!(unchanged(folder, || read(file, "open")).status, 3);
    writer.run(&["COMMIT"]);
    assert_eq!(unchanged(folder, || read(file, "open")).ok(), "of open");

    // A crash within a transaction: undoing it would write.
    writer.run(&[
        "PRAGMA cache_size = 1",
        "BEGIN IMMEDIATE",
        "INSERT INTO variable (\"key\", val, is_encrypted) SELECT 'many' || value, hex(randomblob(3000)), 0 FROM \
         (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 300) SELECT value FROM n)",
    ]);
    let crashed = temp_dir();
    let other = crashed.path().join("airflow.db");
    copy(file, &other, &["", "-journal"]);
    let output = unchanged(crashed.path(), || read(&other, "rested"));
    assert!(output.fails(5).contains("left unfinished"), "{}", output.stderr);
}

#[test]
fn a_lock_is_waited_for_within_the_time_limit() {
    let Some(database) = filled() else { return };
    let file = Path::new(&database.name);
    let mut writer = Writer::new(file);
    writer.run(&["PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE"]);
    let output = unchanged(file.parent().unwrap(), || {
        program(&url(file), "")
            .args(["--timeout", "3", "get-var", "rested"])
            .run()
    });
    let words = output.fails(5);
    assert!(words.contains("locked") && words.contains("--timeout"), "{words}");
    assert!(
        output.time > Duration::from_secs(2) && output.time < Duration::from_secs(10),
        "{:?}",
        output.time
    );

    // It answers as soon as the lock goes.
    let url = url(file);
    let reader = std::thread::spawn(move || {
        program(&url, "")
            .args(["--timeout", "30", "get-var", "-n", "rested"])
            .run()
    });
    writer.run(&["COMMIT"]);
    assert_eq!(reader.join().unwrap().ok(), "of rested");
}

/// Runs the program where `folder` cannot be written to, not by root either.
#[cfg(target_os = "linux")]
fn on_read_only(folder: &Path, file: &Path, key: &str) -> Option<Output> {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && ! touch \"$1/x\" 2>/dev/null || exit 99; shift; exec \"$@\"";
    let output = Program::new("unshare")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env(CONN, url(file))
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(folder)
        .args([
            env!("CARGO_BIN_EXE_secretctl"),
            "--timeout",
            "20",
            "get-var",
            "-n",
            key,
        ])
        .run();
    // 1: unshare may not.
    if [1, 99].contains(&output.status) && !output.stderr.starts_with("error") {
        skip(
            "read-only-mount",
            "this user may not mount: no read-only file system to test on",
        );
        return None;
    }
    Some(output)
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_read_only_file_system_every_state_is_read() {
    let Some(database) = filled() else { return };
    let file = Path::new(&database.name);
    let folder = file.parent().unwrap();
    let Some(output) = on_read_only(folder, file, "rested") else {
        return;
    };
    assert_eq!(output.ok(), "of rested");
    let mut writer = Writer::new(file);
    writer.run(&[&insert("committed"), "BEGIN IMMEDIATE", &insert("open")]);
    assert_eq!(
        on_read_only(folder, file, "committed").unwrap().ok(),
        "of committed"
    );
    assert_eq!(on_read_only(folder, file, "open").unwrap().status, 3);
    let crashed = temp_dir();
    let other = crashed.path().join("airflow.db");
    copy(file, &other, &["", "-wal"]);
    assert_eq!(
        on_read_only(crashed.path(), &other, "committed").unwrap().ok(),
        "of committed"
    );
    writer.run(&["ROLLBACK", "PRAGMA journal_mode = DELETE"]);
    assert_eq!(
        on_read_only(folder, file, "committed").unwrap().ok(),
        "of committed"
    );
}

#[test]
fn a_configured_file_that_is_no_database_is_an_error_and_stays_as_it_is() {
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("empty.db"), "").unwrap();
    std::fs::create_dir(path("folder.db")).unwrap();
    std::fs::write(path("text.db"), "hunter2 is no database\n".repeat(100)).unwrap();
    std::fs::write(path("short.db"), "hunter2").unwrap();
    std::fs::write(path("cut.db"), b"SQLite format 3\0").unwrap();
    let mut names = vec![
        "missing.db",
        "no/folder.db",
        "empty.db",
        "folder.db",
        "text.db",
        "short.db",
        "cut.db",
    ];
    if airflow().is_some() {
        Writer::new(&path("other.db")).run(&["CREATE TABLE other (a)"]);
        Writer::new(&path("wal.db")).run(&["PRAGMA journal_mode = WAL", "CREATE TABLE other (a)"]);
        names.extend(["other.db", "wal.db"]);
    }
    for name in names {
        for command in ["get-var", "get-conn"] {
            let output = unchanged(folder.path(), || {
                program(&url(&path(name)), "").args([command, "x"]).run()
            });
            let words = output.fails(2);
            assert!(
                words.contains(name) && words.contains("hint: ") && !words.contains("hunter2"),
                "{name}: {words}"
            );
        }
    }
    for text in [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///airflow.db",
        "sqlite+pysqlite:////x.db",
        "",
        "hunter2",
        "oracle://u:hunter2@h/d",
    ] {
        let words = program(text, "").args(["get-var", "x"]).run().fails(2).to_owned();
        assert!(!words.contains("u:hunter2"), "{text}: {words}");
    }
}

#[test]
fn the_default_database_may_be_missing_or_without_tables() {
    let home = temp_dir();
    let ask = |args: &[&str]| {
        unchanged(home.path(), || {
            secretctl().env("AIRFLOW_HOME", home.path()).args(args).run()
        })
    };
    let missing = ask(&["get-var", "x"]);
    assert_eq!(missing.status, 3, "{}", missing.stderr);
    let explained: Value = serde_json::from_str(ask(&["explain", "var", "x", "-o", "json"]).ok()).unwrap();
    let why = explained["lookups"].as_array().unwrap().last().unwrap()["skipped"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(why.contains("does not exist"), "{why}");
    std::fs::write(home.path().join("airflow.db"), "").unwrap();
    let empty = ask(&["get-var", "x"]);
    assert!(
        empty.fails(3).contains("has no tables of Airflow"),
        "{}",
        empty.stderr
    );
    let Some(database) = filled() else { return };
    std::fs::remove_file(home.path().join("airflow.db")).unwrap();
    Writer::new(&home.path().join("airflow.db")).run(&["CREATE TABLE other (a)"]);
    assert!(
        ask(&["get-var", "x"])
            .fails(3)
            .contains("has no tables of Airflow")
    );
    std::fs::copy(&database.name, home.path().join("airflow.db")).unwrap();
    assert_eq!(ask(&["get-var", "-n", "rested"]).ok(), "of rested");
}
