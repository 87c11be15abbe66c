//! The errors of a configuration that cannot be used, and what `explain` says about one that can.

use secretctl::cli::GlobalArgs;
use secretctl::error::Error;
use secretctl::settings::Settings;

use super::{file, resolve};
use crate::support::{secretctl, temp_dir};

const CLASS: (&str, &str) = ("AIRFLOW__SECRETS__BACKEND", "x");

/// The error of an `airflow.cfg`.
fn of_cfg(text: impl AsRef<[u8]>) -> Error {
    let dir = temp_dir();
    let args = GlobalArgs {
        config: Some(file(&dir, "airflow.cfg", text)),
        ..GlobalArgs::default()
    };
    let error = resolve(&args, &[]).unwrap_err();
    assert_eq!(error.kind().exit_status(), 2);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let path = format!("{}/", dir.path().display());
    error.map_message(|message| message.replace(&path, ""))
}

fn of_env(pairs: &[(&str, &str)]) -> Error {
    let error = resolve(&GlobalArgs::default(), pairs).unwrap_err();
    assert_eq!(error.kind().exit_status(), 2);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    error
}

#[test]
fn a_file_that_does_not_parse_is_named_with_its_line() {
    let cases: &[(&[u8], &str)] = &[
        (
            b"\nhunter2 = 1\n",
            "`airflow.cfg` line 2: an option comes before the first `[section]`",
        ),
        (b"[a]\n[a]\n", "`airflow.cfg` line 2: the section appears twice"),
        (
            b"[a]\nb = hunter2\nb = hunter2\n",
            "`airflow.cfg` line 3: the option is already on line 2 of this section",
        ),
        (
            b"[a]\nb = {\n}\nhunter2\n",
            "`airflow.cfg` line 3: the line begins with `}`, so the value above it has ended",
        ),
        (b"[a]\nb = c\n\nd = \xff\n", "`airflow.cfg` line 4 is not UTF-8"),
        (
            b"[secrets]\nbackend = hunter2%\n",
            "[secrets] backend (airflow.cfg:2) cannot be interpolated",
        ),
        (
            b"[core]\nmulti_team = hunter2\n",
            "[core] multi_team (airflow.cfg:2) must be true or false",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(of_cfg(text).message(), *message);
    }
}

#[test]
fn kwargs_that_do_not_parse_are_named_with_what_was_expanded_in_them() {
    let error = of_env(&[CLASS, ("AIRFLOW__SECRETS__BACKEND_KWARGS", "{'a': 'hunter2'}")]);
    assert_eq!(
        error.message(),
        "AIRFLOW__SECRETS__BACKEND_KWARGS is not JSON: names and strings are in single quotes, as in Python"
    );
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .ends_with("at line 1 column 2")
    );
    assert_eq!(error.hint(), Some("write double quotes around names and strings"));
    let error = of_env(&[
        CLASS,
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"a": "x$B"}"#),
        ("B", "\"hunter2"),
    ]);
    assert_eq!(error.details(), ["`$B` in it was replaced, as Airflow does"]);
    let error = of_env(&[CLASS, ("AIRFLOW__SECRETS__BACKEND_KWARGS", "[\"hunter2\"]")]);
    assert_eq!(
        error.message(),
        "AIRFLOW__SECRETS__BACKEND_KWARGS is not a JSON object"
    );
}

#[test]
fn an_endless_expansion_is_an_error() {
    let pairs = [
        CLASS,
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", "$A"),
        ("A", "hunter2$A"),
    ];
    let error = of_env(&pairs);
    assert_eq!(
        error.message(),
        "AIRFLOW__SECRETS__BACKEND_KWARGS expands for ever"
    );
    assert_eq!(error.details(), ["a variable refers to itself: `$A`"]);
}

#[test]
fn a_lookup_of_the_backend_s_own_kwargs_is_an_error() {
    let error = of_env(&[CLASS, ("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", "hunter2")]);
    assert_eq!(
        error.message(),
        "AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET cannot be used: a secrets backend cannot look up its own `backend_kwargs`"
    );
}

#[cfg(unix)]
#[test]
fn a_command_that_fails_or_hangs_ends_the_program() {
    let run = |command: &str| {
        secretctl()
            .args(["--timeout", "0.5", "get-var", "x"])
            .env("PATH", "/usr/bin:/bin")
            .envs([CLASS, ("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", command)])
            .run()
    };
    let failed = run("sh -c 'echo hunter2 >&2; exit 3'");
    assert!(
        failed
            .fails(2)
            .contains("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD: the command failed (exit status: 3)")
    );
    assert!(!failed.stderr.contains("hunter2"));
    let hung = run("sleep 60");
    assert!(
        hung.fails(2)
            .contains("the command did not end within the timeout"),
        "{}",
        hung.stderr
    );
    assert!(hung.time.as_secs() < 20, "{:?}", hung.time);
}

/// Runs a shell script as the command of the kwargs, in a session without a terminal.
#[cfg(target_os = "linux")]
fn commanded(script: &str, timeout: &str) -> crate::support::Program {
    crate::support::Program::new("setsid")
        .arg(env!("CARGO_BIN_EXE_secretctl"))
        .args(["--timeout", timeout, "get-var", "x"])
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs([CLASS])
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
            format!("sh -c '{script}'"),
        )
}

/// Waits until no process has `marker` among its arguments; returns false if one remains.
#[cfg(target_os = "linux")]
fn is_gone(marker: &str) -> bool {
    let runs = || {
        std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0)
                .any(|word| word == marker.as_bytes())
        })
    };
    (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        !runs()
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_ends_with_every_process_it_started() {
    // The child of the command, and an orphan that holds its output. The numbers distinguish them from other processes.
    for (script, marker) in [("sleep 98761; true", "98761"), ("sleep 98762 & exit 0", "98762")] {
        let output = commanded(script, "0.7").run();
        assert!(
            output
                .fails(2)
                .contains("the command did not end within the timeout"),
            "{}",
            output.stderr
        );
        assert!(is_gone(marker), "{script}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_that_ends_the_program_ends_its_command_too() {
    use std::os::unix::process::ExitStatusExt as _;
    let marker = temp_dir();
    let started = marker.path().join("started");
    let script = format!("touch {}; sleep 98763; true", started.display());
    let mut child = commanded(&script, "50")
        .command()
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !started.exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // The program has replaced `setsid`.
    let killed = crate::support::Program::new("/bin/sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .run();
    assert_eq!(killed.status, 0);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(is_gone("98763"));
}

#[test]
#[cfg(unix)]
fn command_output_is_bounded() {
    let output = secretctl()
        .args(["get-var", "x"])
        .env("PATH", "/usr/bin:/bin")
        .envs([CLASS, ("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", "cat /dev/zero")])
        .run();
    assert!(
        output.fails(2).contains("the command prints more than 16 MiB"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_program_reads_what_the_library_reads() {
    let dir = temp_dir();
    let cfg = file(
        &dir,
        "airflow.cfg",
        "[secrets]\nbackend = airflow.secrets.local_filesystem.LocalFilesystemBackend\n\
         backend_kwargs = {\"variables_file_path\": \"%(folder)s/v.json\"}\nfolder = $FOLDER\n",
    );
    file(&dir, "v.json", r#"{"hello": "world"}"#);
    let folder = dir.path().to_str().unwrap();
    let run =
        |program: crate::support::Program| program.env("FOLDER", folder).env("HOME", "/nonexistent").run();
    assert_eq!(
        run(secretctl().arg("--config").arg(&cfg).args(["get-var", "hello"])).ok(),
        "world\n"
    );
    assert_eq!(
        run(secretctl().env("AIRFLOW_HOME", folder).args(["get-var", "hello"])).ok(),
        "world\n"
    );
    let explained = run(secretctl()
        .env("AIRFLOW_HOME", folder)
        .args(["explain", "var", "hello"]));
    assert!(
        explained
            .ok()
            .contains("backend_kwargs: $FOLDER expanded in [secrets] backend_kwargs ("),
        "{}",
        explained.text()
    );
    let kwargs = format!(r#"{{"variables_file_path": "{folder}/v.json"}}"#);
    let backend = [
        "--backend",
        "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "--backend-kwargs",
    ];
    for (argument, input) in [
        (kwargs.as_str(), ""),
        ("@-", kwargs.as_str()),
        (&format!("@{folder}/kwargs"), ""),
    ] {
        file(&dir, "kwargs", &kwargs);
        let program = secretctl()
            .args(backend)
            .arg(argument)
            .args(["get-var", "hello", "-n"])
            .stdin(input);
        assert_eq!(run(program).ok(), "world", "{argument}");
    }
}

#[test]
fn ignored_settings_are_reported() {
    let notes = |settings: &Settings| {
        settings
            .provenance
            .notes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let settings = resolve(
        &GlobalArgs {
            backend: Some("y".into()),
            worker: true,
            ..GlobalArgs::default()
        },
        &[
            CLASS,
            ("AIRFLOW__SECRETS__BACKEND_CMD", "echo"),
            ("AIRFLOW__SECRETS__BACKEND_KWARGS", "{}"),
            ("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS", "{}"),
        ],
    )
    .unwrap();
    let notes_of_all = notes(&settings);
    for expected in [
        "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS is ignored: `[workers] secrets_backend` is not set",
        "AIRFLOW__SECRETS__BACKEND is ignored: another backend is named",
        "AIRFLOW__SECRETS__BACKEND_KWARGS is ignored: they belong to a different backend",
        "backend: --backend",
    ] {
        assert!(notes_of_all.contains(expected), "{expected}\n{notes_of_all}");
    }
    let settings = resolve(
        &GlobalArgs::default(),
        &[("AIRFLOW__SECRETS__BACKEND_CMD", "echo x")],
    )
    .unwrap();
    assert!(
        notes(&settings).contains("AIRFLOW__SECRETS__BACKEND_CMD is ignored"),
        "{}",
        notes(&settings)
    );
}
