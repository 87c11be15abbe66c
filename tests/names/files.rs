//! `--file`: names that are committed beside the code.

use serde_json::Value;

use super::{Folder, environment, run};

const NAMES: &str = "\u{feff}# What the load needs.\r\n\r\nconn:warehouse\r\nvar:region\r\nPGPASSWORD = conn:warehouse#password\r\n\
                     DSN=conn:warehouse@libpq\r\nDB_HOST=var:settings#database.host\r\n  conn:warehouse@libpq-env\r\n?var:optional";

#[test]
fn exec_and_export_get_what_every_form_of_a_line_names() {
    let folder = Folder::new(&[("names", NAMES)]);
    let variables = environment(folder.program(), &["--pristine", "--file", "names"]);
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AIRFLOW_CONN_WAREHOUSE",
            "AIRFLOW_VAR_REGION",
            "DB_HOST",
            "DSN",
            "PATH",
            "PGDATABASE",
            "PGHOST",
            "PGPASSWORD",
            "PGPORT",
            "PGSSLMODE",
            "PGUSER"
        ]
    );
    let output = run(folder.program(), "export --file names --format json -q");
    let exported: std::collections::BTreeMap<String, String> = serde_json::from_str(output.ok()).unwrap();
    assert!(exported.iter().all(|(name, value)| variables[name] == *value));
    assert_eq!(exported.len(), variables.len() - 1);
    // What is there is given.
    let optional = folder.program().env("AIRFLOW_VAR_OPTIONAL", "x");
    assert_eq!(
        environment(optional, &["--file", "names"])["AIRFLOW_VAR_OPTIONAL"],
        "x"
    );
}

#[test]
fn a_name_that_may_be_missing_is_needed_where_something_else_needs_it() {
    let folder = Folder::new(&[
        ("names", "?var:missing\n"),
        ("more", "X=var:missing\n"),
        ("same", "var:missing\n"),
    ]);
    let output = run(folder.program(), "export --file names --format json");
    assert_eq!(output.ok(), "{}\n");
    assert!(
        output
            .stderr
            .contains("note: variable `missing` is left out: it is missing, and names:1 allows that"),
        "{}",
        output.stderr
    );
    for options in ["--file more", "--file same", "--var missing"] {
        let output = run(
            folder.program(),
            &format!("export --file names {options} --format json"),
        );
        assert!(
            output.fails(3).contains("variable `missing` is not in"),
            "{options}"
        );
    }
}

#[test]
fn a_format_of_ids_takes_the_connections_or_variables_that_a_file_names() {
    let folder = Folder::new(&[("names", NAMES)]);
    for (format, keys) in [
        ("airflow-connections", &["warehouse"][..]),
        ("airflow-variables", &["region", "settings"]),
    ] {
        let output = run(
            folder.program(),
            &format!("export --file names --format {format} -q"),
        );
        let all: serde_json::Map<String, Value> = serde_json::from_str(output.ok()).unwrap();
        assert!(all.keys().eq(keys), "{format}: {:?}", all.keys());
    }
}

#[test]
fn a_file_may_come_from_standard_input_and_twice() {
    let folder = Folder::new(&[("names", "var:region\n")]);
    let output = folder
        .program()
        .args([
            "export", "--file", "names", "--file", "-", "--file", "names", "--format", "json",
        ])
        .stdin("X=var:region\n")
        .run();
    assert_eq!(
        output.ok(),
        "{\n  \"AIRFLOW_VAR_REGION\": \"eu\",\n  \"X\": \"eu\"\n}\n"
    );
}

#[test]
fn two_meanings_of_a_name_are_refused_with_both_places() {
    let folder = Folder::new(&[
        ("a", "\nX=var:region\n"),
        ("b", "X=conn:warehouse#host\n"),
        ("c", "PGHOST=var:region\nconn:warehouse@libpq-env\n"),
        ("d", "conn:warehouse\nconn:WAREHOUSE\n"),
    ]);
    for (options, places) in [
        (
            "--file a --file b",
            "variable `region` (a:2) and `host` of connection `warehouse` (b:1)",
        ),
        (
            "--set X=var:settings --file a",
            "variable `settings` (`--set`) and variable `region` (a:2)",
        ),
        (
            "--file c",
            "variable `region` (c:1) and connection `warehouse` as `libpq-env` (c:2)",
        ),
        (
            "--file d",
            "connection `warehouse` (d:1) and connection `WAREHOUSE` (d:2)",
        ),
    ] {
        for command in [
            format!("exec {options} -- true"),
            format!("export {options} --format json"),
        ] {
            let output = run(folder.program(), &command);
            let status = if command.starts_with("exec") { 125 } else { 2 };
            let stderr = output.fails(status);
            assert!(stderr.contains(places), "{command}: {stderr}");
        }
    }
    // The same meaning twice is none.
    let output = run(
        folder.program(),
        "export --set X=var:region --file a --format json",
    );
    assert_eq!(output.ok(), "{\n  \"X\": \"eu\"\n}\n");
}

#[test]
fn a_malformed_line_is_named_by_file_and_line_for_every_command() {
    let folder = Folder::new(&[
        ("values", "# mine\nPASSWORD=hunter2\n"),
        ("bare", "hunter2\n"),
        ("comment", "conn:warehouse # hunter2\n"),
        ("field", "X=conn:warehouse#passwrd\n"),
        ("nameless", "conn:warehouse#password\n"),
        ("format", "conn:warehouse@pgpass\n"),
        ("several", "X=conn:warehouse@libpq-env\n"),
        ("nul", "X\0=var:region\n"),
    ]);
    std::fs::write(folder.path("latin"), b"X=var:\xe4").unwrap();
    std::fs::write(folder.path("other.env"), "").unwrap();
    std::fs::create_dir(folder.path("folder")).unwrap();
    let mut shown = String::new();
    for file in [
        "values", "bare", "comment", "field", "nameless", "format", "several", "latin", "nowhere", "folder",
    ] {
        for (command, status) in [
            (format!("export --file {file} --format json"), 2),
            (format!("exec --file {file} -- true"), 125),
            (format!("check --file {file}"), 2),
            (format!("check --offline --file {file}"), 2),
            (format!("diff --with other.env --file {file}"), 2),
            (format!("policy --file {file} --format vault"), 2),
        ] {
            let output = run(folder.program(), &command);
            let stderr = output.fails(status).to_owned();
            assert!(
                stderr.contains(file) && !stderr.contains("hunter2"),
                "{command}: {stderr}"
            );
            if status == 2 && command.starts_with("export") {
                shown.push_str(&stderr);
            }
        }
    }
    insta::assert_snapshot!(shown);
    let output = run(folder.program(), "exec --file nul -- true");
    assert!(output.fails(125).contains("nul:1: "), "{}", output.stderr);
}

#[test]
fn a_reference_that_fails_names_its_line() {
    let folder = Folder::new(&[
        ("field", "# x\nX=conn:warehouse#extra.none\n"),
        ("format", "X=conn:warehouse@mysql-cnf\n"),
        ("json", "X=var:region#a\n"),
        ("missing", "X=var:missing\n"),
    ]);
    for (file, status, words) in [
        ("field", 3, "field:2: connection `warehouse` has no `extra.none`"),
        ("format", 2, "format:1: "),
        ("json", 6, "json:1: variable `region` is not JSON"),
        ("missing", 3, "needed by `missing:1`"),
    ] {
        let output = run(folder.program(), &format!("export --file {file} --format json"));
        assert!(output.fails(status).contains(words), "{}", output.stderr);
    }
}

/// Returns the report of `check`, and its status.
fn report(folder: &Folder, options: &str) -> (i32, Value) {
    let output = run(folder.program(), &format!("check {options} -o json"));
    (output.status, serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn check_says_which_line_cannot_have_what_it_names() {
    let folder = Folder::new(&[(
        "names",
        "# of the load\nX=conn:warehouse#extra.none\nconn:warehouse\nY=conn:warehouse@mysql-cnf\n\
         Z=var:settings#database.port\nvar:missing\n?var:optional\n",
    )]);
    let (status, all) = report(&folder, "--file names");
    assert_eq!(status, 6);
    let outcome = |name: &str| {
        let names = all["names"].as_array().unwrap();
        let one = names.iter().find(|one| one["name"] == name).unwrap();
        (one["outcome"].as_str().unwrap().to_owned(), one.clone())
    };
    let (warehouse, one) = outcome("warehouse");
    assert_eq!(warehouse, "malformed");
    assert_eq!(
        one["message"],
        "names:2: connection `warehouse` has no `extra.none`"
    );
    assert!(
        one["details"][0].as_str().unwrap().starts_with("names:4: "),
        "{one}"
    );
    let uses = one["uses"].as_array().unwrap();
    let places: Vec<_> = uses
        .iter()
        .map(|one| {
            (
                one["line"].as_u64().unwrap(),
                one["column"].as_u64().unwrap(),
                one["detail"].clone(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [(2, 3, "X".into()), (3, 1, Value::Null), (4, 3, "Y".into())]
    );
    assert!(
        uses.iter()
            .all(|one| one["by"] == "names-file" && one["file"] == "names")
    );
    assert_eq!(outcome("settings").0, "malformed");
    assert_eq!(outcome("missing").0, "missing");
    assert_eq!(outcome("optional").0, "missing-with-default");
    // Offline, the names are listed.
    let (status, listed) = report(&folder, "--file names --offline");
    assert_eq!((status, listed["names"].as_array().unwrap().len()), (0, 4));
    let text = run(folder.program(), "check --file names");
    insta::assert_snapshot!(text.text());
    let github = run(folder.program(), "check --file names -o github");
    assert!(
        github.text().contains("::error file=names,line=6,col=1,"),
        "{}",
        github.text()
    );
    let sarif: Value =
        serde_json::from_slice(&run(folder.program(), "check --file names -o sarif").stdout).unwrap();
    let missing = sarif["runs"][0]["results"].as_array().unwrap().iter();
    let missing = missing
        .filter(|one| one["ruleId"] == "missing")
        .collect::<Vec<_>>();
    let place = &missing[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (
            place["artifactLocation"]["uri"].as_str(),
            place["region"]["startLine"].as_u64()
        ),
        (Some("names"), Some(6))
    );
}

#[test]
fn a_file_whose_names_are_there_is_status_0_and_joins_the_code() {
    let folder = Folder::new(&[
        (
            "names",
            "X=conn:warehouse#password\nDSN=conn:warehouse@libpq\nconn:warehouse@libpq-env\nvar:region\n",
        ),
        ("dags/a.sql", "{{ conn.warehouse.host }} {{ var.value.region }}\n"),
    ]);
    let (status, all) = report(&folder, "dags --file names");
    assert_eq!(status, 0, "{all}");
    assert_eq!(all["files"], 2);
    assert_eq!(all["names"].as_array().unwrap().len(), 2);
    assert_eq!(all["names"][0]["uses"].as_array().unwrap().len(), 4);
    assert_eq!(run(folder.program(), "check --file names --strict").status, 0);
}

#[test]
fn diff_compares_and_policy_allows_what_a_file_names() {
    let folder = Folder::new(&[
        (
            "names",
            "X=conn:warehouse#password\nvar:region\n?var:optional\nY=var:settings#database.host\n",
        ),
        (
            "other.env",
            "AIRFLOW_VAR_REGION=eu\nAIRFLOW_CONN_WAREHOUSE=postgres://h\n",
        ),
    ]);
    let output = run(
        folder.program(),
        "diff --with other.env --file names --var region",
    );
    assert_eq!(output.status, 3);
    assert_eq!(
        output.text(),
        "same        variable `region`\n\
         different   connection `warehouse`: host, login, password, schema, port, extra.sslmode\n\
         default     variable `optional`\n\
         only here   variable `settings`\n"
    );
    let policy = folder
        .program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"url": "http://127.0.0.1:1", "token": "t", "mount_point": "airflow"}"#,
        );
    let output = run(policy, "policy --file names --format vault");
    let text = output.ok();
    for name in ["connections/warehouse", "variables/region", "variables/settings"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn an_empty_file_is_no_mistake() {
    let folder = Folder::new(&[("names", "# nothing yet\n"), ("other.env", "")]);
    assert_eq!(run(folder.program(), "exec --file names -- echo x").ok(), "x\n");
    assert_eq!(
        run(folder.program(), "export --file names --format json").ok(),
        "{}\n"
    );
    assert_eq!(
        run(folder.program(), "check --file names").ok(),
        "0 names in 1 file\n"
    );
    let output = run(folder.program(), "diff --with other.env --file names");
    assert!(output.fails(2).contains("there is no name to compare"));
}

#[test]
fn a_file_completes_as_a_path() {
    let folder = Folder::new(&[("names.txt", ""), ("names.d/x", "")]);
    for command in ["exec", "export", "check", "diff", "policy"] {
        let output = folder
            .program()
            .env("SECRETCTL_COMPLETE", "elvish")
            .args(["--", "secretctl", command, "--file", "na"])
            .run();
        let text = output.ok();
        assert!(
            text.contains("names.txt") && text.contains("names.d"),
            "{command}: {text:?}"
        );
    }
}
