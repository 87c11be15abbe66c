//! The program under test, run with an empty environment, a closed standard input and a time limit.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Describes a run of `secretctl` with an empty environment.
pub fn secretctl() -> Program {
    Program::new(env!("CARGO_BIN_EXE_secretctl"))
}

/// The description of a program's run.
#[derive(Clone, Debug)]
pub struct Program {
    path: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    dir: Option<std::path::PathBuf>,
    stdin: Vec<u8>,
    limit: Duration,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Its standard error; bytes that are not UTF-8 are replaced.
    pub stderr: String,
    /// Its exit status; 128 plus the signal's number where a signal ended it.
    pub status: i32,
    /// How long it took.
    pub time: Duration,
}

impl Program {
    /// Describes a run of the program at `path`.
    pub fn new(path: impl AsRef<OsStr>) -> Self {
        Self {
            path: path.as_ref().into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            dir: None,
            stdin: Vec::new(),
            limit: Duration::from_mins(1),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().into(), value.as_ref().into());
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(self, pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        pairs
            .into_iter()
            .fold(self, |program, (name, value)| program.env(name, value))
    }

    /// Runs it in `dir`.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().into());
        self
    }

    /// Sets its standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().into();
        self
    }

    /// Sets the time limit, after which it is killed and the test fails (a minute by default).
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the command, for a test that handles the pipes itself.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args).env_clear().envs(&self.env);
        // Windows has no sockets without this variable.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }

    /// Runs it until it ends.
    pub fn run(self) -> Output {
        let start = Instant::now();
        let mut command = self.command();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let (mut stdin, mut stdout, mut stderr) = (
            child.stdin.take().unwrap(),
            child.stdout.take().unwrap(),
            child.stderr.take().unwrap(),
        );
        let input = self.stdin.clone();
        let writer = std::thread::spawn(move || {
            // A program that does not read its input closes the pipe.
            let _ = stdin.write_all(&input);
        });
        let out = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        let err = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        let status = wait(&mut child, self.limit);
        let Some(status) = status else {
            panic!(
                "{} {:?} did not end within {:?}",
                self.path.display(),
                self.args,
                self.limit
            );
        };
        writer.join().unwrap();
        Output {
            stdout: out.join().unwrap(),
            stderr: String::from_utf8_lossy(&err.join().unwrap()).into_owned(),
            status: status_number(status),
            time: start.elapsed(),
        }
    }
}

/// Waits for `child`; kills it and returns nothing when it takes longer than `limit`.
fn wait(child: &mut Child, limit: Duration) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if start.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

#[cfg(unix)]
fn status_number(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap()
}

#[cfg(not(unix))]
fn status_number(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap()
}

impl Output {
    /// Returns standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Asserts success and returns standard output as text.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, 0, "stderr: {}", self.stderr);
        self.text()
    }

    /// Asserts that it failed with `status` and printed nothing, and returns standard error.
    #[track_caller]
    pub fn fails(&self, status: i32) -> &str {
        assert_eq!(
            self.status,
            status,
            "stdout: {:?}, stderr: {}",
            self.text(),
            self.stderr
        );
        assert_eq!(self.text(), "", "a command that fails prints nothing");
        &self.stderr
    }
}

#[cfg(unix)]
#[test]
fn a_run_sees_its_own_environment_and_input_only() {
    let dir = super::temp_dir();
    let program = Program::new("/bin/sh")
        .args(["-c"])
        .arg("env; cat; pwd; echo error >&2; exit 3");
    let output = program
        .env("ONE", "1")
        .envs([("TWO", "2")])
        .stdin("input\n")
        .dir(&dir)
        .run();
    assert!(output.text().contains("ONE=1\n") && output.text().contains("TWO=2\n"));
    assert!(!output.text().contains("HOME="));
    assert!(output.text().contains("input\n"));
    assert_eq!((output.stderr.as_str(), output.status), ("error\n", 3));
    assert!(output.time < Duration::from_mins(1));
    let killed = Program::new("/bin/sh").args(["-c", "kill -9 $$"]).run();
    assert_eq!(killed.fails(137), "");
    let late = std::panic::catch_unwind(|| {
        Program::new("/bin/sh")
            .args(["-c", "exec sleep 60"])
            .limit(Duration::from_millis(50))
            .run()
    });
    assert!(late.is_err());
}

#[test]
fn the_program_says_what_it_is() {
    let output = secretctl().arg("--version").run();
    assert!(output.ok().starts_with("secretctl "));
    assert_eq!(output.stderr, "");
}
