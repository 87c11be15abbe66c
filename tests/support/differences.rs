//! The deliberate differences from Airflow: `tests/parity/differences.jsonl`, and `docs/differences.md` generated from it.
//!
//! A test of a difference names it and states both sides. [`differs`] fails when a side has changed or the two agree, so no
//! entry outlives its difference. Every entry has such a test (`every_difference_has_a_test_of_both_sides`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::sides::Sides;

/// One deliberate difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its name in tests.
    pub id: String,
    /// The part of the program: `settings`, `vault`, …
    pub area: String,
    /// What Airflow does.
    pub airflow: String,
    /// What secretctl does, and why.
    pub reason: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn differences() -> &'static [Difference] {
    static ALL: OnceLock<Vec<Difference>> = OnceLock::new();
    ALL.get_or_init(|| {
        let text = fs::read_to_string(root().join("tests/parity/differences.jsonl")).unwrap();
        let parse = |line: &str| {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |key: &str| {
                entry[key]
                    .as_str()
                    .unwrap_or_else(|| panic!("no `{key}`: {line}"))
                    .to_owned()
            };
            Difference {
                id: text("id"),
                area: text("area"),
                airflow: text("airflow"),
                reason: text("reason"),
            }
        };
        text.lines().map(parse).collect()
    })
}

/// Asserts that the list has `id`, for a comparison of generated cases that skips deliberate differences. Another test states
/// both sides, as for every entry.
#[track_caller]
pub fn listed(id: &str) {
    difference(id);
}

/// Returns the difference `id`; fails when the list does not have it.
#[track_caller]
fn difference(id: &str) -> &'static Difference {
    differences()
        .iter()
        .find(|entry| entry.id == id)
        .unwrap_or_else(|| panic!("`{id}` is not in differences.jsonl"))
}

/// Asserts that `id` is a difference, and that it is as the test states it.
///
/// Where `SECRETCTL_TEST_DIFFERENCES` names a file, appends the id to it: `scripts/test` checks that all were tested.
#[track_caller]
pub fn differs(id: &str, sides: &Sides) {
    let difference = difference(id);
    if let Some(change) = sides.change() {
        panic!("`{id}` ({}): {change}", difference.airflow);
    }
    if let Some(list) = super::variable("SECRETCTL_TEST_DIFFERENCES") {
        let file = fs::OpenOptions::new().create(true).append(true).open(list);
        std::io::Write::write_all(&mut file.unwrap(), format!("{id}\n").as_bytes()).unwrap();
    }
}

/// A test function that passes ids to [`differs`], or to a case that does.
#[derive(Debug)]
struct Asking {
    /// The name in the test harness: `vault::differences::names_stay_in_their_paths`.
    test: String,
    ids: BTreeSet<String>,
}

/// Finds the ids that `source`, the file of `module`, passes to `differs(` in its tests. Ignores comments and other texts.
fn asking(module: &str, source: &str) -> Vec<Asking> {
    let mut found = Vec::new();
    let code: Vec<&str> = source
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect();
    for part in code.join("\n").split("\n#[test]\n").skip(1) {
        // A test ends with a brace at the start of a line.
        let body = part.split_once("\n}").map_or(part, |(body, _)| body);
        let Some((_, name)) = body.split_once("fn ") else {
            continue;
        };
        let ids = body.split("differs(").skip(1).filter_map(|arguments| {
            let quoted = arguments.trim_start().strip_prefix('"')?;
            Some(quoted.split_once('"')?.0.to_owned())
        });
        found.push(Asking {
            test: format!("{module}::{}", name.split('(').next().unwrap_or_default()),
            ids: ids.collect(),
        });
    }
    found
}

/// Collects the ids that all files under `dir`, the folder of `module`, pass to `differs(`.
fn all_asking(dir: &Path, module: &str, found: &mut Vec<Asking>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let inner = match (module, stem) {
            (module, "mod") => module.to_owned(),
            ("", stem) => stem.to_owned(),
            (module, stem) => format!("{module}::{stem}"),
        };
        if path.is_dir() {
            all_asking(&path, &inner, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(asking(&inner, &fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_difference_has_a_test_of_both_sides() {
    let names: BTreeSet<_> = differences().iter().map(|entry| &entry.id).collect();
    assert_eq!(names.len(), differences().len(), "a name appears twice");
    // A file that no module declares does not count, nor does an ignored test.
    let run = |args: &[&str]| -> BTreeSet<String> {
        let list = std::process::Command::new(std::env::current_exe().unwrap())
            .args(args)
            .output()
            .unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        list.lines()
            .filter_map(|line| Some(line.strip_suffix(": test")?.to_owned()))
            .collect()
    };
    let (all, ignored) = (run(&["--list"]), run(&["--list", "--ignored"]));
    let mut tests = Vec::new();
    all_asking(&root().join("tests"), "", &mut tests);
    let asked: BTreeSet<_> = tests
        .iter()
        .filter(|asking| all.contains(&asking.test) && !ignored.contains(&asking.test))
        // The tests of `differs` itself.
        .filter(|asking| !asking.test.starts_with("support::"))
        .flat_map(|asking| &asking.ids)
        .collect();
    let unasked: Vec<_> = names.difference(&asked).collect();
    assert!(unasked.is_empty(), "no test passes {unasked:?} to `differs`");
    let unlisted: Vec<_> = asked.difference(&names).collect();
    assert!(unlisted.is_empty(), "{unlisted:?} are not in differences.jsonl");
}

#[test]
fn an_id_counts_only_where_a_test_passes_it_to_differs() {
    let source = r#"
// differs("in-a-comment", …)
const TEXT: &str = "differs-in-a-text";
fn helper() {
    differs("in-a-helper", &sides);
}

#[test]
fn one() {
    // differs("in-a-comment", &sides);
    differs(
        "on-its-own-line",
        &sides,
    );
    Case::new("x").differs("of-a-case", side);
    let id = "not-passed";
}

const LATER: &str = r"differs(";

#[test]
#[cfg(unix)]
fn two() {
    differs("b", &sides);
}
"#;
    let found = asking("area::file", source);
    let tests: Vec<_> = found.iter().map(|asking| asking.test.as_str()).collect();
    assert_eq!(tests, ["area::file::one", "area::file::two"]);
    let ids: Vec<_> = found.iter().flat_map(|asking| &asking.ids).collect();
    assert_eq!(ids, ["of-a-case", "on-its-own-line", "b"]);
}

#[test]
#[should_panic(expected = "`no-such-entry` is not in differences.jsonl")]
fn an_unlisted_difference_fails() {
    let side = super::sides::Side::found;
    differs(
        "no-such-entry",
        &Sides {
            airflow: (side("a"), side("a")),
            secretctl: (side("b"), side("b")),
        },
    );
}

#[test]
#[should_panic(expected = "no longer differ, so the entry goes")]
fn an_entry_without_a_difference_fails() {
    let side = super::sides::Side::found;
    let id = &differences()[0].id;
    differs(
        id,
        &Sides {
            airflow: (side("a"), side("a")),
            secretctl: (side("a"), side("b")),
        },
    );
}

#[test]
fn the_page_of_differences_is_generated_from_the_list() {
    let mut areas: BTreeMap<&str, Vec<&Difference>> = BTreeMap::new();
    for entry in differences() {
        areas.entry(&entry.area).or_default().push(entry);
    }
    let mut text = String::from(
        "# Deliberate differences from Airflow\n\n\
         In everything else secretctl answers as Airflow 3.3.2 does; a disagreement that is not listed here is a bug. Each entry has a \
         test that asks both, states what each answers, and fails when either changes or the two agree. This page is generated from `tests/parity/differences.jsonl`: \
         `SECRETCTL_TEST_UPDATE=1 cargo test page_of_differences` writes it.\n",
    );
    for (area, entries) in areas {
        write!(
            text,
            "\n## {area}\n\n| name | Airflow | secretctl |\n| --- | --- | --- |\n"
        )
        .unwrap();
        for Difference {
            id, airflow, reason, ..
        } in entries
        {
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(text, "| `{id}` | {} | {} |", cell(airflow), cell(reason)).unwrap();
        }
    }
    super::page("differences.md", &text);
}
