//! Which files are read: named ones always, and of a folder what can hold names.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Project;
use crate::support::{Output, secretctl, temp_dir};

/// Returns the names that `check --offline` finds.
fn names(output: &Output) -> BTreeSet<String> {
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    let names = report["names"].as_array().unwrap().iter();
    names
        .map(|name| name["name"].as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

const USE: &str = "from airflow.sdk import Variable\nVariable.get(\"NAME\")\n";

/// Writes Python files that each use a variable named after them, and templates.
fn project(files: &[&str]) -> Project {
    let project = Project::new(&[]);
    for file in files {
        let name = file.rsplit('/').next().unwrap();
        if Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "py")
        {
            project.write(file, &USE.replace("NAME", name));
        } else {
            project.write(file, &format!("{{{{ var.value['{name}'] }}}}\n"));
        }
    }
    project
}

#[test]
fn a_folder_is_read_without_hidden_ones_caches_and_virtual_environments() {
    let project = project(&[
        "a.py",
        "b.sql",
        "c.sh",
        "d.j2",
        "e.YAML",
        "f.md",
        "g",
        "deep/er/h.html",
        ".git/i.py",
        "__pycache__/j.py",
        "venv/lib/k.py",
        "deep/node_modules/l.json",
        ".hidden.py",
    ]);
    project.write("venv/pyvenv.cfg", "home = /usr/bin\n");
    let read = names(&project.run("check . --offline -o json"));
    assert_eq!(
        read,
        set(&["a.py", "b.sql", "c.sh", "d.j2", "e.YAML", "h.html", ".hidden.py"])
    );
    // What is named is read.
    let read = names(&project.run("check f.md g .git venv __pycache__/j.py --offline -o json"));
    assert_eq!(read, set(&["f.md", "g", "i.py", "k.py", "j.py"]));
}

#[test]
fn links_are_followed_and_a_circle_ends() {
    use std::os::unix::fs::symlink;
    let project = project(&["dags/a.py", "shared/b.py"]);
    symlink("../shared", project.path().join("dags/shared")).unwrap();
    symlink(".", project.path().join("dags/self")).unwrap();
    symlink("../dags", project.path().join("shared/back")).unwrap();
    symlink("nowhere", project.path().join("dags/broken.py")).unwrap();
    symlink("a.py", project.path().join("dags/again.py")).unwrap();
    let output = project.run("check dags dags/a.py --offline -o json");
    assert_eq!(names(&output), set(&["a.py", "b.py"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"], 2);
}

#[test]
fn places_are_shown_as_the_paths_are_named() {
    let project = project(&["dags/deep/a.py"]);
    let file = |args: &str| {
        let output = project.run(&format!("check {args} --offline -o json"));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["names"][0]["uses"][0]["file"].as_str().unwrap().to_owned()
    };
    for args in [
        ".",
        "./",
        "dags",
        "./dags/",
        "dags/deep/a.py",
        "./dags//deep/a.py",
    ] {
        assert_eq!(file(args).replace("//", "/"), "dags/deep/a.py", "{args}");
    }
    let absolute = project.path().join("dags");
    let absolute = absolute.to_str().unwrap();
    assert_eq!(file(absolute), format!("{absolute}/deep/a.py"));
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_read() {
    let project = project(&["a.py", "z.sql"]);
    project.write("b.py", "x = 1\n  y = 2\n");
    project.write("c.sql", "{{ var.value.\n");
    std::fs::write(project.path().join("large.json"), vec![b' '; (4 << 20) + 1]).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(project.path().join("pipe.py"))
        .status();
    assert!(made.unwrap().success());
    let output = project.run("check . --offline -o json");
    assert_eq!(names(&output), set(&["a.py", "z.sql"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let unreadable = report["unreadable"].as_array().unwrap();
    let place = |at: usize| {
        (
            unreadable[at]["file"].clone(),
            unreadable[at]["line"].as_u64().unwrap(),
        )
    };
    assert_eq!(place(0), ("b.py".into(), 2), "{report}");
    assert_eq!(place(1).0, "c.sql");
    assert_eq!(place(2), ("large.json".into(), 1));
    assert!(
        unreadable[2]["reason"]
            .as_str()
            .unwrap()
            .contains("larger than 4 MiB")
    );
    assert_eq!(unreadable.len(), 3);
}

#[test]
fn a_named_pipe_without_a_writer_costs_the_timeout() {
    let project = project(&[]);
    let pipe = project.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let output = project.run("check pipe --timeout 1");
    assert!(output.fails(2).contains("timed out"), "{}", output.stderr);
    assert!(output.time < Duration::from_secs(10));
}

#[test]
fn a_thousand_files_are_read_in_seconds() {
    let folder = temp_dir();
    let body = "    value = compute(1, [2, 3], key=\"text\")  # a line of code\n".repeat(298);
    for number in 0..1000 {
        let text =
            format!("from airflow.sdk import Variable\ndef f():\n{body}    Variable.get(\"v{number}\")\n");
        std::fs::write(folder.path().join(format!("d{number}.py")), text).unwrap();
    }
    let output = secretctl()
        .args(["check", "--offline", "-o", "json"])
        .arg(folder.path())
        .run();
    assert_eq!(names(&output).len(), 1000);
    eprintln!("1000 files of 300 lines: {:?} in this build", output.time);
    // The tests' build is not optimised, and other tests run beside this one.
    assert!(output.time < Duration::from_mins(1), "{:?}", output.time);
}
