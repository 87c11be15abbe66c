//! Runs the program: once under callgrind for its instructions, once alone for its memory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::scenarios::Scenario;

/// The program that is measured.
pub(crate) struct Program {
    path: PathBuf,
}

/// What one run cost.
pub(crate) struct Figures {
    pub(crate) instructions: u64,
    /// In bytes; 0 where the system does not tell.
    pub(crate) peak_memory: u64,
    pub(crate) requests: usize,
    pub(crate) output: Vec<u8>,
}

impl Program {
    pub(crate) fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
        }
    }

    /// Finds out whether there is valgrind, or says what is missing.
    pub(crate) fn valgrind() -> Result<(), String> {
        match Command::new("valgrind")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
        {
            Ok(status) if status.success() => Ok(()),
            _ => Err("valgrind is not installed, which counts the instructions".to_owned()),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.path.metadata().unwrap().len()
    }

    /// Measures a scenario.
    pub(crate) fn run(&self, scenario: &Scenario) -> Figures {
        let peak_memory = peak_memory(Self::command(scenario, Command::new(&self.path)));
        scenario.requests.store(0, std::sync::atomic::Ordering::SeqCst);
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.path);
        let output = Self::command(scenario, valgrind).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{} failed: {told}", scenario.name);
        Figures {
            instructions: collected(&told)
                .unwrap_or_else(|| panic!("callgrind did not say what it counted: {told}")),
            peak_memory,
            requests: scenario.requests.load(std::sync::atomic::Ordering::SeqCst),
            output: output.stdout,
        }
    }

    /// Completes a command: the scenario's arguments, and its variables alone.
    fn command(scenario: &Scenario, mut command: Command) -> Command {
        command
            .args(&scenario.args)
            .env_clear()
            .envs(scenario.env.iter().map(|(name, value)| (name, value)));
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", "/nonexistent");
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null());
        command
    }
}

/// Reads `Collected : 1234` from what callgrind prints.
fn collected(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// Runs a command and returns the most memory that it had resident, looked at again and again until it ends.
fn peak_memory(mut command: Command) -> u64 {
    let mut child: Child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while let Some(high_water) = std::fs::read_to_string(&status)
        .ok()
        .as_deref()
        .and_then(high_water_mark)
    {
        peak = peak.max(high_water);
    }
    assert!(
        child.wait().unwrap().success(),
        "a command that is measured failed"
    );
    peak
}

/// Reads `VmHWM: 1234 kB` from what Linux tells of a process; a process that has ended has none.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib << 10)
}
