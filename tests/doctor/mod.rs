//! `doctor`: each prepared mistake is named by exactly the line that is to blame, with what to do; a right configuration has none.
//!
//! The mistakes are prepared with real servers where a test has one, and with a scripted server elsewhere. A file a subject.

use serde_json::{Value, json};

use crate::support::{Output, Program, secretctl, temp_dir};

mod clouds;
mod configuration;
mod metastore;
mod vault;

/// A prepared mistake, and the line that is to blame for it.
struct Mistake {
    name: &'static str,
    program: Program,
    /// The check of the line.
    check: &'static str,
    /// `failure` or `warning`.
    outcome: &'static str,
    /// What the line says.
    says: &'static str,
    /// What is to be done, as the line says.
    way_out: &'static str,
    status: i32,
}

/// Describes a mistake. [`Mistake::fails`] or [`Mistake::warns`] says which line is to blame.
fn mistake(name: &'static str, program: Program) -> Mistake {
    Mistake {
        name,
        program,
        check: "",
        outcome: "failure",
        says: "",
        way_out: "",
        status: 0,
    }
}

impl Mistake {
    /// The line of `check` fails with `status`.
    fn fails(self, status: i32, check: &'static str, says: &'static str, way_out: &'static str) -> Self {
        Self {
            check,
            says,
            way_out,
            status,
            ..self
        }
    }

    /// The line of `check` warns.
    fn warns(self, check: &'static str, says: &'static str, way_out: &'static str) -> Self {
        let outcome = "warning";
        Self { outcome, ..self }.fails(0, check, says, way_out)
    }
}

/// Returns the lines of a report that are neither right nor left out.
fn to_blame(report: &Value) -> Vec<&Value> {
    let rows = report["checks"].as_array().unwrap();
    rows.iter()
        .filter(|row| row["outcome"] != "ok" && row["outcome"] != "not checked")
        .collect()
}

/// Runs `doctor -o json` and returns the report.
#[track_caller]
fn report(program: Program) -> (Value, Output) {
    let output = program.args(["doctor", "-o", "json"]).run();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {:?} {}", output.text(), output.stderr));
    assert_eq!(report["status"], json!(output.status), "{report}");
    (report, output)
}

/// Describes a row as text, for a comparison with words.
fn words(row: &Value) -> String {
    let details = row["details"].as_array().unwrap();
    let details = details.iter().filter_map(Value::as_str);
    let words: Vec<&str> = row["words"].as_str().into_iter().chain(details).collect();
    words.join("\n")
}

/// Asserts that each mistake is named by exactly the line that is to blame.
#[track_caller]
fn each_is_named(mistakes: Vec<Mistake>) {
    let wrong: Vec<String> = mistakes
        .into_iter()
        .filter_map(|mistake| {
            let name = mistake.name;
            is_named(mistake).err().map(|why| format!("{name}: {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Says what is wrong with the report of a mistake.
fn is_named(mistake: Mistake) -> Result<(), String> {
    let (report, output) = report(mistake.program.clone());
    let blamed = to_blame(&report);
    let [row] = blamed.as_slice() else {
        return Err(format!(
            "not exactly one line is to blame: {blamed:#?}\n{}",
            output.text()
        ));
    };
    if (&row["check"], &row["outcome"]) != (&json!(mistake.check), &json!(mistake.outcome)) {
        return Err(format!("another line is to blame: {row:#}"));
    }
    if !words(row).contains(mistake.says) {
        return Err(format!("it does not say `{}`: {row:#}", mistake.says));
    }
    // A warning of the settings says in one sentence what is wrong and what is right.
    let way_out = row["way_out"].as_str().or(row["words"].as_str()).unwrap();
    if row["outcome"] == "failure" && row["way_out"].is_null() || !way_out.contains(mistake.way_out) {
        return Err(format!("the way out is not `{}`: {row:#}", mistake.way_out));
    }
    if output.status != mistake.status || !output.stderr.is_empty() {
        return Err(format!(
            "status {}, stderr {:?}: {row:#}",
            output.status, output.stderr
        ));
    }
    // The text has the same line, and no other.
    let text = mistake.program.arg("doctor").run();
    let is_bad = |line: &&str| line.starts_with("  failure ") || line.starts_with("  warning ");
    let lines: Vec<&str> = text.text().lines().filter(is_bad).collect();
    let names_it = |line: &&str| line[15..].starts_with(&format!("{} ", mistake.check));
    if text.status != mistake.status || lines.len() != 1 || !lines.iter().all(names_it) {
        return Err(format!("status {}: {}", text.status, text.text()));
    }
    Ok(())
}

/// Asserts that every line is right, and returns the report.
#[track_caller]
fn all_is_right(name: &str, program: Program) -> Value {
    let (report, output) = report(program);
    let rows = report["checks"].as_array().unwrap();
    let wrong: Vec<&Value> = rows.iter().filter(|row| row["outcome"] != "ok").collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{name}");
    report
}

/// Returns what the check says of the first place that has it.
#[track_caller]
fn said<'a>(report: &'a Value, check: &str) -> &'a str {
    let mut rows = report["checks"].as_array().unwrap().iter();
    let row = rows.find(|row| row["check"] == check);
    row.unwrap_or_else(|| panic!("no `{check}` in {report:#}"))["words"]
        .as_str()
        .unwrap()
}

/// Describes a run with a home of its own, in which there is neither an airflow.cfg nor a database.
fn doctor(home: &tempfile::TempDir) -> Program {
    secretctl().env("HOME", home.path()).dir(home.path())
}

#[test]
fn without_any_configuration_only_airflows_own_places_are_asked() {
    let home = temp_dir();
    let report = all_is_right("nothing", doctor(&home));
    let places: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["place"].as_str().unwrap())
        .collect();
    assert!(places.contains(&"the environment"), "{places:?}");
    assert!(said(&report, "backend").starts_with("none is configured"));
}

#[test]
fn the_json_has_the_documented_keys() {
    let home = temp_dir();
    let (report, _) = report(doctor(&home).args(["--backend", "nonsense"]));
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["status", "checks"]);
    for row in report["checks"].as_array().unwrap() {
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let documented = [
            "place", "backend", "check", "outcome", "status", "words", "details", "way_out",
        ];
        assert_eq!(keys, documented);
        let page = include_str!("../../docs/json.md");
        for key in documented {
            assert!(
                page.contains(&format!("`{key}`")),
                "docs/json.md does not have `{key}`"
            );
        }
    }
}
