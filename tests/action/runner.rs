//! A job of GitHub's runner, as far as `action.yml` needs one: it runs the steps of a composite action, and keeps what they hand on.
//!
//! Owns the expressions in `env`, the files `GITHUB_ENV`, `GITHUB_PATH` and `GITHUB_OUTPUT`, and the masks. Must not know what the
//! steps do. Sources: GitHub's pages "Workflow commands", "Metadata syntax" and "Variables" (October 2026).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Output, Program, temp_dir};

/// A job: what its steps have handed on so far.
pub struct Job {
    folder: tempfile::TempDir,
    /// `RUNNER_OS` and `RUNNER_ARCH`.
    pub machine: (&'static str, &'static str),
    /// The variables that later steps have.
    pub env: BTreeMap<String, String>,
    /// The folders that later steps find programs in, newest first.
    pub path: Vec<String>,
    /// What the log must not show.
    pub masks: Vec<String>,
}

/// What one use of an action did.
pub struct Done {
    /// Each step that ran.
    pub steps: Vec<Output>,
    /// The outputs of steps, by `steps.ID.outputs.NAME`.
    pub outputs: BTreeMap<String, String>,
}

impl Done {
    /// Returns the status of the last step that ran.
    pub fn status(&self) -> i32 {
        self.steps.last().unwrap().status
    }

    /// Returns all that the steps printed, as the runner reads it.
    pub fn raw_log(&self) -> String {
        let mut log = String::new();
        for step in &self.steps {
            log.push_str(step.text());
            log.push_str(&step.stderr);
        }
        log
    }

    /// Returns the workflow commands that the steps printed, without masks.
    pub fn commands(&self) -> Vec<String> {
        let log = self.raw_log();
        let commands = log
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with("::"));
        commands
            .filter(|line| !line.starts_with("::add-mask::"))
            .map(str::to_owned)
            .collect()
    }
}

impl Job {
    pub fn new() -> Self {
        let folder = temp_dir();
        for name in ["temp", "workspace", "home"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            machine: (
                "Linux",
                if cfg!(target_arch = "aarch64") {
                    "ARM64"
                } else {
                    "X64"
                },
            ),
            env: BTreeMap::new(),
            path: Vec::new(),
            masks: Vec::new(),
        }
    }

    /// The folder that the steps run in.
    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Every file of the job, to see what an input has created.
    pub fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.folder.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }

    /// Runs a step's script as `shell: bash` does, with `GITHUB_ENV` and its like.
    pub fn step(&mut self, script: &str, env: &[(String, String)]) -> (Output, BTreeMap<String, String>) {
        let temp = self.folder.path().join("temp");
        let file = |name: &str| temp.join(name);
        for name in ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT"] {
            std::fs::write(file(name), "").unwrap();
        }
        std::fs::write(file("step.sh"), script).unwrap();
        let mut path: Vec<PathBuf> = self.path.iter().map(PathBuf::from).collect();
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let output = Program::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file("step.sh"))
            .dir(self.workspace())
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.folder.path().join("home"))
            .env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_SERVER_URL", "https://github.invalid")
            .env("GITHUB_REPOSITORY", "owner/caller")
            .env("RUNNER_TEMP", &temp)
            .env("RUNNER_OS", self.machine.0)
            .env("RUNNER_ARCH", self.machine.1)
            .env("GITHUB_ENV", file("GITHUB_ENV"))
            .env("GITHUB_PATH", file("GITHUB_PATH"))
            .env("GITHUB_OUTPUT", file("GITHUB_OUTPUT"))
            .envs(&self.env)
            .envs(env.iter().map(|(name, value)| (name, value)))
            .run();
        // Workflow commands count on both streams. The runner reads the files of a failed step too.
        for line in output.text().lines().chain(output.stderr.lines()) {
            if let Some(mask) = line.trim_start().strip_prefix("::add-mask::") {
                self.masks.push(unescape(mask));
            }
        }
        self.env.extend(pairs(&file("GITHUB_ENV")));
        let added = std::fs::read_to_string(file("GITHUB_PATH")).unwrap();
        for folder in added.lines() {
            self.path.insert(0, folder.to_owned());
        }
        (output, pairs(&file("GITHUB_OUTPUT")))
    }

    /// Runs the steps of a composite action until one fails.
    pub fn uses(&mut self, action: &Value, inputs: &[(&str, &str)]) -> Done {
        let mut context =
            BTreeMap::from([("github.action_repository".to_owned(), "owner/action".to_owned())]);
        for (name, input) in action["inputs"].as_object().unwrap() {
            // A composite action gets nothing for a required input that is missing: the runner does not check it.
            let default = input["default"].as_str().unwrap_or_default();
            context.insert(format!("inputs.{name}"), default.to_owned());
        }
        for (name, value) in inputs {
            let known = context.insert(format!("inputs.{name}"), (*value).to_owned());
            assert!(known.is_some(), "the action has no input `{name}`");
        }
        let mut done = Done {
            steps: Vec::new(),
            outputs: BTreeMap::new(),
        };
        for step in action["runs"]["steps"].as_array().unwrap() {
            assert_eq!(step["shell"], "bash");
            for key in step.as_object().unwrap().keys() {
                let known = ["name", "id", "shell", "env", "run"];
                assert!(known.contains(&key.as_str()), "`{key}` is not simulated here");
            }
            let env: Vec<_> = step["env"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), evaluate(value.as_str().unwrap(), &context)))
                .collect();
            let (output, outputs) = self.step(step["run"].as_str().unwrap(), &env);
            for (name, value) in outputs {
                let name = format!("steps.{}.outputs.{name}", step["id"].as_str().unwrap());
                context.insert(name.clone(), value.clone());
                done.outputs.insert(name, value);
            }
            let failed = output.status != 0;
            done.steps.push(output);
            if failed {
                break;
            }
        }
        done
    }
}

/// Returns the value of `${{ a.b.c }}`. Anything else is not simulated.
fn evaluate(text: &str, context: &BTreeMap<String, String>) -> String {
    let name = text
        .strip_prefix("${{ ")
        .and_then(|rest| rest.strip_suffix(" }}"))
        .unwrap_or_else(|| panic!("`{text}` is not simulated here"));
    assert!(
        name.split('.')
            .all(|part| part.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)))
    );
    let known = ["inputs.", "steps."].iter().any(|start| name.starts_with(start));
    assert!(
        known || context.contains_key(name),
        "`{name}` is not simulated here"
    );
    context.get(name).cloned().unwrap_or_default()
}

/// Reads `NAME=VALUE` and `NAME<<DELIMITER` with the lines up to the delimiter.
fn pairs(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut pairs = BTreeMap::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let plain = line.find('=').unwrap_or(usize::MAX);
        if let Some(at) = line.find("<<").filter(|at| *at < plain) {
            let (name, delimiter) = (&line[..at], &line[at + 2..]);
            let mut value = Vec::new();
            loop {
                let line = lines.next().expect("the delimiter is missing at the end");
                if line == delimiter {
                    break;
                }
                value.push(line);
            }
            pairs.insert(name.to_owned(), value.join("\n"));
        } else {
            let (name, value) = line
                .split_once('=')
                .unwrap_or_else(|| panic!("`{line}` has no `=`"));
            pairs.insert(name.to_owned(), value.to_owned());
        }
    }
    pairs
}

/// Undoes the escapes of a workflow command's value.
fn unescape(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}
