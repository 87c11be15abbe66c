//! `.airflowignore`, compared with Airflow's own walk over generated folders.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::Project;
use crate::support::{Random, Side, Sides, airflow, cases, differs, listed, random};

/// Returns the Python files that `check` reads in `dags`, relative to it.
fn ours(project: &Project, syntax: Option<&str>) -> (BTreeSet<String>, String) {
    let mut program = project.program();
    if let Some(syntax) = syntax {
        program = program.env("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX", syntax);
    }
    let output = program.args(["check", "dags", "--offline", "-o", "json"]).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names = report["names"].as_array().unwrap().iter();
    let read = names
        .map(|name| name["name"].as_str().unwrap().to_owned())
        .collect();
    (read, output.stderr)
}

/// Writes files that each use a variable named after their path.
fn project(files: &BTreeSet<String>, ignores: &[(String, String)]) -> Project {
    let project = Project::new(&[]);
    for file in files {
        project.write(
            &format!("dags/{file}"),
            &format!("from airflow.sdk import Variable\nVariable.get('{file}')\n"),
        );
    }
    for (folder, text) in ignores {
        project.write(&format!("dags/{folder}.airflowignore"), text);
    }
    project
}

const SEGMENTS: [&str; 12] = [
    "a", "b", "ab", "a-b", "dag", "tests", "x1", "x2", "A", "a.b", "é", "[a]",
];

const PARTS: [&str; 24] = [
    "a", "b", "ab", "*", "**", "?", "*.py", "a*", "*b", "[ab]", "[!a]", "[^b]", "x[0-9]", "dag*", "tests",
    "\\[a\\]", "a.b", "é", "[", "\\", "[]a]", "x?", "A", "[a-",
];

fn path(random: &mut Random) -> String {
    let mut path = String::new();
    for _ in 0..random.below(3) {
        path.push_str(random.pick::<&str>(&SEGMENTS));
        path.push('/');
    }
    path.push_str(random.pick::<&str>(&SEGMENTS));
    path.push_str(".py");
    path
}

fn glob(random: &mut Random) -> String {
    let mut line = String::new();
    if random.one_in(5) {
        line.push('!');
    }
    if random.one_in(4) {
        line.push('/');
    }
    let count = 1 + random.below(3);
    let parts: Vec<&str> = (0..count).map(|_| *random.pick(&PARTS)).collect();
    line.push_str(&parts.join("/"));
    for (chance, end) in [(4, "/"), (8, ".py"), (10, " "), (10, "  # comment"), (20, "\\ ")] {
        if random.one_in(chance) {
            line.push_str(end);
        }
    }
    line
}

fn regexp(random: &mut Random) -> String {
    const PATTERNS: [&str; 14] = [
        "a", "^a", "b$", "a/", r"\.py$", "x[0-9]", "(a|b)/", "tests", "^dag", ".*b.*", "(?i)A", "[", "a{2}",
        "é",
    ];
    format!(
        "{}{}",
        random.pick(&PATTERNS),
        random.pick(&["", " # comment", "#"])
    )
}

/// Compares with Airflow, which is asked with the same folders; a file that it refuses ends its walk.
fn compare(syntax: Option<&str>, line: fn(&mut Random) -> String, count: usize) {
    let Some(judge) = airflow() else { return };
    let mut random = random(syntax.unwrap_or("glob"));
    let mut compared = 0;
    for _ in 0..count {
        let files: BTreeSet<String> = (0..12).map(|_| path(&mut random)).collect();
        let mut folders: BTreeSet<String> = BTreeSet::from([String::new()]);
        folders.extend(
            files
                .iter()
                .filter_map(|file| Some(format!("{}/", file.rsplit_once('/')?.0))),
        );
        let mut ignores = Vec::new();
        for folder in folders {
            if folder.is_empty() || random.one_in(3) {
                let lines: Vec<String> = (0..=random.below(4)).map(|_| line(&mut random)).collect();
                ignores.push((folder, lines.join(*random.pick(&["\n", "\r\n"]))));
            }
        }
        let project = project(&files, &ignores);
        let dags = project.path().join("dags");
        let theirs = judge.ask(json!({
            "op": "files.walk", "folder": dags, "syntax": syntax.unwrap_or("glob"),
        }));
        let (read, warnings) = ours(&project, syntax);
        let Some(theirs) = theirs["files"].as_array() else {
            listed("airflowignore-refused-pattern");
            assert!(
                warnings.contains("is not a pattern for Airflow"),
                "{ignores:?} {theirs}"
            );
            continue;
        };
        let theirs: BTreeSet<String> = theirs
            .iter()
            .map(|file| relative(file.as_str().unwrap(), &dags))
            .collect();
        assert_eq!(read, theirs, "{ignores:?}");
        compared += 1;
    }
    assert!(compared > count / 4, "{compared} of {count}");
}

fn relative(file: &str, folder: &Path) -> String {
    Path::new(file)
        .strip_prefix(folder)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn globs_ignore_what_airflow_ignores() {
    compare(None, glob, cases(60, 2000));
}

#[test]
fn regexps_ignore_what_airflow_ignores() {
    compare(Some("regexp"), regexp, cases(30, 1000));
}

#[test]
fn an_unknown_syntax_is_status_2_and_names_its_place() {
    let project = Project::new(&[("dags/a.py", "")]);
    let program = project
        .program()
        .env("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX", "globs");
    let output = program.args(["check", "dags", "--offline"]).run();
    assert!(
        output.fails(2).contains("AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX"),
        "{}",
        output.stderr
    );
}

/// Returns Airflow's side: the files below `dags`.
fn theirs(project: &Project) -> Option<Side> {
    let dags = project.path().join("dags");
    let answer = airflow()?.ask(json!({"op": "files.walk", "folder": dags, "syntax": "glob"}));
    let Some(files) = answer["files"].as_array() else {
        return Some(Side::of_airflow(&answer));
    };
    let mut files: Vec<String> = files
        .iter()
        .map(|file| relative(file.as_str().unwrap(), &dags))
        .collect();
    files.sort();
    Some(Side::found(json!(files)))
}

#[test]
fn a_refused_pattern_does_not_end_the_walk() {
    let files = ["a.py", "b.py"].map(str::to_owned).into();
    let project = project(&files, &[(String::new(), "b.py\nx\\\n".to_owned())]);
    let Some(airflow) = theirs(&project) else { return };
    let (read, warnings) = ours(&project, None);
    assert!(warnings.contains("line 2 of `dags/.airflowignore`"), "{warnings}");
    let sides = Sides {
        airflow: (airflow, Side::failed("GitIgnorePatternError")),
        secretctl: (Side::found(json!(read)), Side::found(json!(["a.py"]))),
    };
    differs("airflowignore-refused-pattern", &sides);
}

#[test]
fn a_link_back_does_not_end_the_walk() {
    let project = project(&["x/a.py".to_owned()].into(), &[]);
    std::os::unix::fs::symlink("x", project.path().join("dags/y")).unwrap();
    let Some(airflow) = theirs(&project) else { return };
    let sides = Sides {
        airflow: (airflow, Side::failed("RuntimeError")),
        secretctl: (
            Side::found(json!(ours(&project, None).0)),
            Side::found(json!(["x/a.py"])),
        ),
    };
    differs("airflowignore-circle", &sides);
}
