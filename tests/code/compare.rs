//! Compares what Airflow asked for in one file with what was found there, and adds up.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use secretctl::inspect::CodeNames;
use secretctl::value::SecretKind;
use serde_json::Value;

type Name = (SecretKind, String);

/// The sums over all files.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// The files that Airflow imported, and the DAGs and tasks in them.
    pub files: usize,
    dags: u64,
    tasks: u64,
    /// The names that Airflow asked for, a name once a file.
    asked: usize,
    found: usize,
    not_known: usize,
    /// The names found in code that the import ran, and those of them that Airflow asked for.
    reported: usize,
    right: usize,
    /// The names found in functions that only a task runs.
    in_tasks: usize,
    pub missing: Vec<String>,
    pub errors: Vec<String>,
    /// What was reported and not asked for.
    pub extra: Vec<String>,
}

impl Totals {
    /// Adds one answer of the judge.
    pub fn add(&mut self, answer: &Value, names: &CodeNames) {
        let file = answer["file"].as_str().unwrap();
        if let Some(error) = answer["error"].as_str() {
            self.errors.push(format!("{file}: {error}"));
            return;
        }
        if answer["dags"] == 0 {
            return;
        }
        self.files += 1;
        self.dags += answer["dags"].as_u64().unwrap();
        self.tasks += answer["tasks"].as_u64().unwrap();
        let asked = asked(answer);
        self.asked += asked.len();
        // What a file imports from the modules beside it counts as its own.
        let is_near = |path: &str| path == file || !path.rsplit('/').next().unwrap().starts_with("example");
        for (kind, name) in &asked {
            let known = |used: &&secretctl::inspect::NameUse| used.kind == *kind && used.name == *name;
            if names
                .uses
                .iter()
                .any(|used| known(&used) && is_near(&used.place.file))
            {
                self.found += 1;
            } else if names
                .unknown
                .iter()
                .any(|one| one.kind == *kind && is_near(&one.place.file))
            {
                self.not_known += 1;
            } else {
                self.missing.push(format!("{file}: {kind} {name}"));
            }
        }
        let not_run: Vec<(u64, u64)> = answer["not_run"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lines| (lines[0].as_u64().unwrap(), lines[1].as_u64().unwrap()))
            .collect();
        let mut reported = BTreeSet::new();
        let mut in_tasks = BTreeSet::new();
        for used in names.uses.iter().filter(|used| *used.place.file == *file) {
            let line = u64::from(used.place.line);
            let name: Name = (used.kind, used.name.clone());
            if not_run
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&line))
            {
                in_tasks.insert(name);
            } else {
                reported.insert(name);
            }
        }
        self.in_tasks += in_tasks.difference(&reported).count();
        self.reported += reported.len();
        self.right += reported.intersection(&asked).count();
        for (kind, name) in reported.difference(&asked) {
            self.extra.push(format!("{file}: {kind} {name}"));
        }
    }

    /// The page of the figures.
    pub fn page(&self) -> String {
        let percent = |part: usize, whole: usize| {
            let tenths = (part * 1000 + whole / 2) / whole.max(1);
            format!("{}.{} %", tenths / 10, tenths % 10)
        };
        let mut page = String::new();
        page.push_str("# What `check` finds in real DAGs\n\n");
        page.push_str("<!-- Written by the test `what_airflow_asks_for_in_real_dags_is_found_or_listed_as_not_known`. -->\n\n");
        page.push_str("Airflow 3.3.2 imported its own example DAGs and the system tests of its providers, with a secrets backend that ");
        page.push_str("has everything and\nwrites down each name. Then the `…conn_id` attributes of every task were read and its templates ");
        page.push_str(
            "rendered. `check` read the same files,\nand ran nothing. A name counts once a file.\n\n",
        );
        let rows = [
            ("DAG files", self.files.to_string()),
            ("DAGs", self.dags.to_string()),
            ("tasks", self.tasks.to_string()),
            ("names that Airflow asked for", self.asked.to_string()),
            (
                "of these found",
                format!("{} (recall {})", self.found, percent(self.found, self.asked)),
            ),
            ("of these listed as *not known*", self.not_known.to_string()),
            ("of these missed", self.missing.len().to_string()),
            (
                "names found in code that the import runs",
                self.reported.to_string(),
            ),
            (
                "of these asked for",
                format!(
                    "{} (precision {})",
                    self.right,
                    percent(self.right, self.reported)
                ),
            ),
            (
                "further names, in functions that only a task runs",
                self.in_tasks.to_string(),
            ),
        ];
        page.push_str("| | figure |\n| --- | --- |\n");
        for (what, figure) in rows {
            let _ = writeln!(page, "| {what} | {figure} |");
        }
        page.push_str(UNDERSTOOD);
        page
    }
}

/// What the page says after the figures.
const UNDERSTOOD: &str = "
What is not asked for, though it was found, is mostly the other branch of a condition, or the default of a variable of the environment.

## What is followed

- Imports of every kind, from every home that Airflow's classes have had, and from modules among the files that are read.
- Constants through names, attributes of classes and `self`, enumerations, dictionaries, lists, loops, comprehensions, conditions, `or`, f-strings,
  `+`, `%`, `.format` and the common methods of text.
- Arguments and results of the files' own functions and classes, call by call; `op_args`, `op_kwargs`, `partial` and `expand`; `super().__init__`.
- `default_args` of DAGs and task groups, and the default connection of each class of the official providers (`scripts/class-defaults`).
- Templates in every text that is no documentation, also in texts that are put together, and in template files.
- Which functions run when the file is parsed: those called at module level, in classes, in `with DAG` and in `@dag` functions, and what they call.

## What is not known

A name that comes from outside the code (`params`, the environment, a file, a database, XCom, `eval`), or through something that is not followed: a lambda's
parameters, `*args`, generators, decorators of one's own, arithmetic. A name with a default from the environment is listed with its default and as not known.
";

/// The names that Airflow asked for, or that a task has in its attributes.
fn asked(answer: &Value) -> BTreeSet<Name> {
    let mut all = BTreeSet::new();
    for lists in ["import", "templates"] {
        for one in answer[lists].as_array().unwrap() {
            let kind = if one[0] == "connection" {
                SecretKind::Connection
            } else {
                SecretKind::Variable
            };
            all.insert((kind, one[1].as_str().unwrap().to_owned()));
        }
    }
    for one in answer["attributes"].as_array().unwrap() {
        let name = one[1].as_str().unwrap();
        // A template is asked for as what it renders to.
        if !name.contains("{{") {
            all.insert((SecretKind::Connection, name.to_owned()));
        }
    }
    all
}
