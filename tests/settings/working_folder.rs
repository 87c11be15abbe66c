//! The current folder: files in it are ignored unless they are named.

use crate::support::{secretctl, temp_dir};

/// Files that other tools, and Airflow itself, would read in a folder.
const FILES: [(&str, &str); 6] = [
    (".env", "AIRFLOW_VAR_HELLO=world\n"),
    (".env.local", "AIRFLOW_VAR_HELLO=world\n"),
    ("airflow.cfg", "[secrets]\nbackend = no.such.Backend\n"),
    ("secretctl.toml", "backend = 'no.such.Backend'\n"),
    ("variables.json", "{\"hello\": \"world\"}"),
    (".vault-token", "token"),
];

#[test]
fn no_file_of_the_current_folder_is_read_unless_it_is_named() {
    let (folder, home) = (temp_dir(), temp_dir());
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let program = || secretctl().env("HOME", home.path()).dir(&folder);
    program().args(["get-var", "hello"]).run().fails(3);
    let named = program().args(["--env-file", ".env", "get-var", "hello"]).run();
    assert_eq!(named.ok(), "world\n");
    program()
        .args(["--config", "airflow.cfg", "get-var", "hello"])
        .run()
        .fails(2);
}
