//! The second step: values for later steps or for one command, their masks, and names that try to be something else.

use super::action;
use super::release::{self, VERSION};
use super::runner::{Done, Job};
use crate::support::server::Server;
use crate::support::yaml_file;

const WAREHOUSE: &str = "postgres://etl:s3cr%40t-pass@db.example.com:5432/dw";
const KEY: &str = "-----BEGIN KEY-----\nline two of it\n\n%0A::add-path::/evil\n::error::not a command\n-----END KEY-----\n";

/// Runs the action where the names exist.
fn run(server: &Server, inputs: &[(&str, &str)]) -> (Job, Done) {
    let mut job = Job::new();
    for (name, value) in [
        ("AIRFLOW_CONN_WAREHOUSE", WAREHOUSE),
        ("AIRFLOW_VAR_KEY", KEY),
        ("AIRFLOW_VAR_REGION", "eu-central-1"),
    ] {
        job.env.insert(name.to_owned(), value.to_owned());
    }
    let url = format!("{}/mirror", server.url());
    let mut all = vec![("version", VERSION), ("download-url", url.as_str())];
    all.extend(inputs);
    let done = job.uses(&action(), &all);
    (job, done)
}

/// Replaces what is masked, the longest first, as the runner does before it shows or keeps the log.
fn shown_log(job: &Job, done: &Done) -> String {
    let mut masks = job.masks.clone();
    masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
    let log = done.raw_log();
    log.lines()
        .filter(|line| !line.trim_start().starts_with("::add-mask::"))
        .map(|line| {
            masks
                .iter()
                .fold(line.to_owned(), |line, mask| line.replace(mask, "***"))
                + "\n"
        })
        .collect()
}

#[test]
fn later_steps_get_the_values_and_the_log_masks_them() {
    let server = release::serve_release(release::starter());
    let names = [
        ("conn", "warehouse\n"),
        ("var", "\n  key  \nregion\r\n"),
        (
            "set",
            "DB_PASSWORD=conn:warehouse#password\nDB_HOST=conn:warehouse#host",
        ),
    ];
    let (mut job, done) = run(&server, &names);
    assert_eq!(done.status(), 0, "{}", done.raw_log());
    assert_eq!(done.commands(), Vec::<String>::new());
    assert_eq!(job.env["DB_PASSWORD"], "s3cr@t-pass");
    assert_eq!(job.env["AIRFLOW_VAR_KEY"], KEY);
    let later = r#"printf '%s|%s|%s|%s' "$AIRFLOW_CONN_WAREHOUSE" "$AIRFLOW_VAR_KEY" "$AIRFLOW_VAR_REGION" "$DB_HOST""#;
    let (later, _) = job.step(later, &[]);
    assert_eq!(
        later.text(),
        format!("{WAREHOUSE}|{KEY}|eu-central-1|db.example.com")
    );
    for secret in ["s3cr@t-pass", "s3cr%40t-pass", WAREHOUSE, "line two of it"] {
        assert!(job.masks.iter().any(|mask| mask == secret), "{:?}", job.masks);
        assert!(!shown_log(&job, &done).contains(secret));
    }
    // Every mask came on stderr, which no `$(…)` takes away.
    assert!(
        done.steps
            .iter()
            .all(|step| !step.text().contains("::add-mask::"))
    );
}

#[test]
fn a_command_alone_gets_the_values() {
    let server = release::serve_release(release::starter());
    let command = "set -u\nprintf %s \"$AIRFLOW_VAR_KEY\" >key\nprintf %s \"$MINE\" >mine\nenv >environment\nfalse | true";
    let (job, done) = run(
        &server,
        &[
            ("var", "key"),
            ("set", "MINE=conn:warehouse#password"),
            ("command", command),
        ],
    );
    // `pipefail` holds in the command too.
    assert_eq!(done.status(), 1, "{}", done.raw_log());
    let read = |name: &str| std::fs::read_to_string(job.workspace().join(name)).unwrap();
    assert_eq!(
        (read("key"), read("mine")),
        (KEY.to_owned(), "s3cr@t-pass".to_owned())
    );
    assert!(
        !read("environment").contains("ACTION_"),
        "{}",
        read("environment")
    );
    assert!(!job.env.contains_key("MINE"));
    assert!(job.masks.iter().any(|mask| mask == "s3cr@t-pass"));
    for (command, status) in [("exit 7", 7), ("kill -TERM $$", 143), ("true", 0)] {
        let (_, done) = run(&server, &[("var", "region"), ("command", command)]);
        assert_eq!(done.status(), status, "{command}: {}", done.raw_log());
    }
}

#[test]
fn a_name_that_is_not_found_fails_the_step_and_hands_nothing_on() {
    let server = release::serve_release(release::starter());
    let (job, done) = run(&server, &[("conn", "warehouse\nwarehuose"), ("var", "region")]);
    assert_eq!(done.status(), 3, "{}", done.raw_log());
    assert!(done.raw_log().contains("`warehuose`"), "{}", done.raw_log());
    assert_eq!(job.env.len(), 3, "{:?}", job.env);
    let (job, done) = run(&server, &[("conn", "warehuose"), ("command", "touch ran")]);
    assert_eq!(done.status(), 125, "{}", done.raw_log());
    assert!(!job.workspace().join("ran").exists());
}

#[test]
fn without_names_the_program_is_installed_and_nothing_else_happens() {
    let server = release::serve_release(release::starter());
    let (job, done) = run(&server, &[("conn", " \n\n"), ("command", "")]);
    assert_eq!(done.status(), 0, "{}", done.raw_log());
    assert_eq!((done.steps[1].text(), done.steps[1].stderr.as_str()), ("", ""));
    assert_eq!(job.env.len(), 3);
}

#[test]
fn a_name_is_never_shell_text_an_option_or_a_workflow_command() {
    let server = release::serve_release(release::starter());
    for input in ["conn", "var", "set"] {
        for name in [
            "$(touch owned)",
            "`touch owned`",
            "a; touch owned",
            "a\" && touch owned && \"",
            "' ; touch owned ; '",
            "--out=owned",
            "-oowned",
            "--help",
            "--no-mask",
            "::add-path::/evil",
            "\u{1b}]0;title\u{7}::error::evil",
            "*",
        ] {
            let (job, done) = run(&server, &[(input, name)]);
            assert!(
                [2, 3].contains(&done.status()),
                "{input}: {name}: {}",
                done.raw_log()
            );
            assert_eq!(done.commands(), Vec::<String>::new(), "{input}: {name}");
            assert!(job.files().iter().all(|file| !file.ends_with("owned")), "{name}");
            assert_eq!(job.env.len(), 3);
        }
    }
}

#[test]
fn each_line_is_one_value_of_its_option() {
    let server = release::serve_script(&release::target(), release::STAND_IN);
    let names = [
        ("conn", "a b\n-x\n$HOME *"),
        ("var", "v"),
        ("set", "A=conn:a#extra.k"),
        ("file", "names.txt\nmore names.txt"),
    ];
    let (_, done) = run(&server, &names);
    assert_eq!(
        done.steps[1].stderr,
        "<export>\n<--format>\n<github-env>\n<--conn=a b>\n<--conn=-x>\n<--conn=$HOME *>\n<--var=v>\n<--set=A=conn:a#extra.k>\n\
         <--file=names.txt>\n<--file=more names.txt>\n"
    );
    let (_, done) = run(&server, &[("var", "v"), ("command", "echo \"$1\" $(id)")]);
    assert_eq!(
        done.steps[1].stderr,
        "<exec>\n<--var=v>\n<-->\n<bash>\n<--noprofile>\n<--norc>\n<-eo>\n<pipefail>\n<-c>\n<echo \"$1\" $(id)>\n"
    );
}

#[test]
fn the_example_job_runs() {
    let server = release::serve_release(release::starter());
    let url = format!("{}/mirror", server.url());
    let mut job = Job::new();
    for (name, value) in [
        ("AIRFLOW_CONN_WAREHOUSE", WAREHOUSE),
        ("AIRFLOW_VAR_REGION", "eu-central-1"),
    ] {
        job.env.insert(name.to_owned(), value.to_owned());
    }
    let workflow = yaml_file("examples/ci/github-actions-action.yml");
    let (mut used, mut ran) = (0, 0);
    for step in workflow["jobs"]["deploy"]["steps"].as_array().unwrap() {
        if step["uses"]
            .as_str()
            .is_some_and(|uses| uses.starts_with("OWNER/secretctl@"))
        {
            let with = step["with"].as_object().unwrap();
            let mut inputs: Vec<(&str, &str)> = with
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                .filter(|(name, _)| *name != "version")
                .collect();
            inputs.extend([("version", VERSION), ("download-url", &url)]);
            let done = job.uses(&action(), &inputs);
            assert_eq!(done.status(), 0, "{}", done.raw_log());
            used += 1;
        } else if let Some(run) = step["run"].as_str() {
            assert_eq!(job.step(run, &[]).0.status, 0, "{run}");
            ran += 1;
        }
    }
    assert_eq!((used, ran), (2, 1));
    assert_eq!(job.env["DB_PASSWORD"], "s3cr@t-pass");
}
