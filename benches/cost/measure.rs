//! Runs the program: once under callgrind for its instructions, once without for its memory and its output.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::scenarios::{Bounds, Scenario};
use crate::server::take_all;
use crate::{callgrind, memory};

/// A command that does not exist: `exec` does all its work, and remains the process that callgrind counts.
const MISSING: &str = "/nonexistent/command";
/// The status of `exec` when the command does not exist.
const NOT_FOUND: i32 = 127;

/// The measured program.
pub(crate) struct Program {
    path: PathBuf,
}

/// The cost of one run.
pub(crate) struct Figures {
    pub(crate) instructions: u64,
    /// In bytes; `None` where the system does not report it.
    pub(crate) peak_memory: Option<u64>,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) output: Vec<u8>,
}

impl Program {
    pub(crate) fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.path.metadata().unwrap().len()
    }

    /// Measures a scenario.
    pub(crate) fn run(&self, scenario: &Scenario) -> Figures {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut alone = complete(memory::command(&self.path, file.path()), scenario);
        alone.args(scenario.runs.iter().flat_map(|command| ["--", command]));
        let output = alone.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} failed: {stderr}", scenario.name);
        take_all(&scenario.counts);

        let mut counted = complete(callgrind::command(&self.path), scenario);
        counted.args(scenario.runs.iter().flat_map(|_| ["--", MISSING]));
        let status = if scenario.runs.is_some() { NOT_FOUND } else { 0 };
        let (instructions, _) = callgrind::count(&mut counted, status);
        let (connections, requests) = take_all(&scenario.counts);
        Figures {
            instructions,
            peak_memory: memory::read(file.path()),
            connections,
            requests,
            output: output.stdout,
        }
    }
}

impl Figures {
    /// Lists the figures that exceed their limits.
    pub(crate) fn problems(&self, bounds: &Bounds, most_memory: u64) -> Vec<String> {
        let mut problems = Vec::new();
        if bounds.instructions.is_some_and(|most| self.instructions > most) {
            problems.push("more instructions than its limit".to_owned());
        }
        if self.peak_memory.is_some_and(|peak| peak > most_memory) {
            problems.push(format!("more memory than {} KiB", most_memory >> 10));
        }
        if self.connections > bounds.connections {
            problems.push(format!("more connections than {}", bounds.connections));
        }
        if self.requests != bounds.requests {
            problems.push(format!("other requests than {}", bounds.requests));
        }
        problems
    }
}

/// Adds the scenario's arguments, and sets only its variables.
fn complete(mut command: Command, scenario: &Scenario) -> Command {
    command
        .args(&scenario.args)
        .env_clear()
        .envs(scenario.env.iter().map(|(name, value)| (name, value)))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    command
}
