//! Completions in real shells on a pseudo terminal: TAB and Enter pass any id to the command and run nothing else.

use serde_json::{Value, json};

use crate::support::{Program, skip, temp_dir, variable};

/// Ids that a shell would interpret if they were not quoted.
const NASTY: &[&str] = &[
    "x$(touch marker)",
    "x`touch marker`",
    "x;touch marker",
    "x\\$(touch marker)",
    "<(touch marker)",
    "(touch marker)",
    "it's",
    "say \"hi\"",
    "'",
    "\"",
    "\\",
    "a'b\"c\\",
    "a b",
    " a",
    "a ",
    "wow!",
    "!!x",
    "^x^y",
    "a*",
    "x?[y]",
    "{a,b}",
    "~root",
    "=ls",
    "%1",
    "#x",
    "@x",
    "a:b c",
    "a&b|c<d>e",
    "$HOME",
    "a$'b'",
    "-x",
    "--no-mask",
    "名前 ü",
];

struct Case {
    ids: Vec<String>,
    keys: Vec<String>,
    /// The expected last word of the command.
    wanted: String,
}

impl Case {
    fn new(ids: &[&str], line: &str, wanted: &str) -> Self {
        Self {
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            keys: vec![line.to_owned(), "\t".to_owned()],
            wanted: wanted.to_owned(),
        }
    }
}

/// Returns each id after nothing, after each kind of open quote, and after its first character.
fn cases(shell: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for id in NASTY {
        let first = id.chars().next().unwrap();
        let mut typed = vec![String::new(), "'".to_owned(), "\"".to_owned()];
        if first.is_alphanumeric() {
            typed.push(first.to_string());
        } else if shell != "elvish" {
            // Elvish has no backslash.
            typed.push(format!("\\{first}"));
        }
        for typed in typed {
            // fish would expand it, so it is left out.
            if (shell, *id, typed.as_str()) == ("fish", "~root", "") {
                continue;
            }
            cases.push(Case::new(&[id], &format!("secretctl get-conn -- {typed}"), id));
        }
    }
    // Left out: an id with a control character, and one that would be read as an option.
    cases.push(Case::new(
        &["a\nb", "a\tb", "a\u{1b}b", "ok1"],
        "secretctl get-conn -- ",
        "ok1",
    ));
    cases.push(Case::new(&["--no-mask", "ok2"], "secretctl get-conn o", "ok2"));
    cases.push(Case::new(
        &["x$(touch marker)"],
        "secretctl export --conn=",
        "--conn=x$(touch marker)",
    ));
    if shell == "bash" {
        // The common prefix is inserted first.
        let mut several = Case::new(
            &["ab$(touch marker)", "ab;touch marker"],
            "secretctl get-conn -- a",
            "ab$(touch marker)",
        );
        several.keys.extend(["$".to_owned(), "\t".to_owned()]);
        cases.push(several);
    }
    cases
}

/// Returns the Python that makes the terminal, if it and the shell are here.
fn python_for(shell: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(shell).is_file()) {
        skip(shell, "it is not installed here");
        return None;
    }
    let python = variable("AIRFLOW_PYTHON");
    if python.is_none() {
        skip(
            "airflow",
            "AIRFLOW_PYTHON is not set, whose Python makes the terminal",
        );
    }
    python
}

/// Runs `shell` with its completions and a `secretctl` that records its words.
fn type_at(python: &str, shell: &str, cases: &[Case]) -> Value {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = temp_dir();
    let root = folder.path().to_str().unwrap();
    let binary = env!("CARGO_BIN_EXE_secretctl");
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "bin/secretctl",
        &format!(
            "#!/bin/sh\nif [ -n \"$SECRETCTL_COMPLETE\" ]; then exec '{binary}' \"$@\"; fi\n\
             for word; do printf '%s\\0' \"$word\"; done >'{root}/partial'\nmv '{root}/partial' '{root}/record'\n"
        ),
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("bin/secretctl"), mode).unwrap();
    }
    let script = super::run(super::program(), &format!("completions {shell}"));
    let script = script.text();
    write("rc.bash", &format!("PS1='READY> '\n{script}"));
    write(
        ".zshrc",
        &format!(
            "PS1='READY> '\nautoload -Uz compinit\ncompinit -D -u\nsetopt extendedglob interactivecomments\n{script}"
        ),
    );
    write(
        "rc.fish",
        &format!(
            "function fish_prompt; echo -n 'READY> '; end\nset -g fish_autosuggestion_enabled 0\n{script}"
        ),
    );
    write(
        "rc.elvish",
        &format!("set edit:prompt = {{ print 'READY> ' }}\n{script}"),
    );
    let sent: Vec<Value> = cases
        .iter()
        .map(|case| json!({"ids": case.ids, "keys": case.keys}))
        .collect();
    let folders = std::iter::once(folder.path().join("bin")).chain(std::env::split_paths(&path));
    let output = Program::new(python)
        .args(["-c", include_str!("shells.py"), shell, root])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .envs([
            ("HOME", root),
            ("ZDOTDIR", root),
            ("XDG_CONFIG_HOME", root),
            ("XDG_DATA_HOME", root),
        ])
        .envs([("TERM", "xterm"), ("LC_ALL", "C.UTF-8")])
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            json!({"connections_file_path": folder.path().join("c.json")}).to_string(),
        )
        .stdin(Value::from(sent).to_string())
        .limit(std::time::Duration::from_mins(10))
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How many terminals share the cases of a shell: each waits for its shell most of the time.
const TERMINALS: usize = 6;

fn every_id_reaches_the_command_and_nothing_runs(shell: &str) {
    let Some(python) = python_for(shell) else {
        return;
    };
    let cases = cases(shell);
    std::thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(TERMINALS)) {
            let python = &python;
            scope.spawn(move || each_id_reaches_the_command(python, shell, part));
        }
    });
}

fn each_id_reaches_the_command(python: &str, shell: &str, cases: &[Case]) {
    let typed = type_at(python, shell, cases);
    let answers = typed["answers"].as_array().unwrap();
    for (case, answer) in cases.iter().zip(answers) {
        let last = answer["words"]
            .as_array()
            .and_then(|words| words.last()?.as_str());
        assert_eq!(
            (last, &answer["marker"]),
            (Some(case.wanted.as_str()), &Value::Bool(false)),
            "{shell}: {:?}: {:?}\n{}",
            case.ids,
            case.keys,
            typed["shown"].as_str().unwrap_or_default().escape_debug()
        );
    }
    assert_eq!(answers.len(), cases.len());
}

#[test]
fn bash_hands_every_completed_id_to_the_command() {
    every_id_reaches_the_command_and_nothing_runs("bash");
}

#[test]
fn zsh_hands_every_completed_id_to_the_command() {
    every_id_reaches_the_command_and_nothing_runs("zsh");
}

#[test]
fn fish_hands_every_completed_id_to_the_command() {
    every_id_reaches_the_command_and_nothing_runs("fish");
}

#[test]
fn elvish_hands_every_completed_id_to_the_command() {
    every_id_reaches_the_command_and_nothing_runs("elvish");
}
