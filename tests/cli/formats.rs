//! `export`: the output of each format, what it refuses, and where it is written.

use super::{program, run, stocked};
use crate::support::temp_dir;

/// Runs each line, and returns everything shown, without random parts.
fn session(lines: &[&str]) -> String {
    const MARK: &str = "ghadelimiter_";
    let text = super::session(&stocked(), lines);
    let mut parts = text.split(MARK);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + MARK + "…" + &part[32..])
}

#[test]
fn every_format_is_valid_for_its_reader() {
    let formats = [
        "dotenv",
        "shell",
        "json",
        "yaml",
        "github-env",
        "azure-pipelines",
        "kubernetes",
    ];
    let names = "--conn smtp_default --conn warehouse --var lines --var empty --set PGPASSWORD=conn:warehouse#password";
    let mut lines: Vec<String> = formats
        .iter()
        .map(|format| format!("export {names} --format {format}"))
        .collect();
    lines.extend(
        [
            "export --conn smtp_default --var settings --set P=conn:warehouse#password --format gitlab-dotenv",
            "export --conn smtp_default --conn warehouse --conn MY-DB --format airflow-connections",
            "export --var settings --var lines --var empty --format airflow-variables",
            "export --var hello --format kubernetes --name airflow.prod-1",
            "export --conn MY-DB --format json",
            "export --conn MY-DB --format yaml",
            "export --conn MY-DB --format kubernetes",
            "export --var hello --format json -n",
            "export --set A=var:settings#database.host --set yes=var:settings#database --format yaml",
        ]
        .map(str::to_owned),
    );
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    insta::assert_snapshot!(session(&lines));
}

#[test]
fn a_value_that_a_format_cannot_carry_is_refused_by_name() {
    insta::assert_snapshot!(session(&[
        "export --conn MY-DB --format shell",
        "export --conn MY-DB --format dotenv",
        "export --conn MY-DB --format github-env",
        "export --conn MY-DB --format azure-pipelines",
        "export --conn MY-DB --format gitlab-dotenv",
        "export --set a.b=var:hello --format shell",
        "export --set a/b=var:hello --format kubernetes",
        "export --var hello --set X=var:hello --format airflow-variables",
        "export --var hello --format airflow-connections",
        "export --conn smtp_default --format airflow-variables",
        "export --conn broken --format json",
        "export --set X=conn:warehouse#description --format json",
        "export --set X=conn:warehouse#passwrd --format json",
        "export --var hello --format json --name x",
        "export --var hello",
        "export --var lines --format gitlab-dotenv",
    ]));
}

/// Every value that some format cannot carry, and the formats that refuse it.
#[test]
fn each_hard_value_is_carried_or_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let cases: &[(&[u8], &[&str])] = &[
        (b"${HOME}", &["dotenv"]),
        (b"a$b\\c", &["dotenv"]),
        (b"a$b\rc", &["dotenv", "gitlab-dotenv"]),
        (b"two\nlines", &["gitlab-dotenv"]),
        (b" blank", &["gitlab-dotenv"]),
        (
            b"\xff",
            &[
                "dotenv",
                "json",
                "yaml",
                "github-env",
                "azure-pipelines",
                "gitlab-dotenv",
                "airflow-variables",
            ],
        ),
    ];
    for (value, refusing) in cases {
        let program = program().env("AIRFLOW_VAR_X", std::ffi::OsStr::from_bytes(value));
        for format in [
            "dotenv",
            "shell",
            "json",
            "yaml",
            "github-env",
            "azure-pipelines",
            "gitlab-dotenv",
            "kubernetes",
            "airflow-variables",
        ] {
            let output = run(program.clone(), &format!("export --var x --format {format}"));
            let wanted = if refusing.contains(&format) { 6 } else { 0 };
            assert_eq!(output.status, wanted, "{format} {value:?}: {}", output.stderr);
            if wanted != 0 {
                assert!(output.stdout.is_empty());
                let name = if format == "airflow-variables" {
                    "`x`"
                } else {
                    "`AIRFLOW_VAR_X`"
                };
                assert!(output.stderr.contains(name), "{}", output.stderr);
            }
        }
    }
}

/// Returns a program whose variable `x` contains NUL, which only a file can hold.
fn with_nul(folder: &std::path::Path) -> crate::support::Program {
    let file = folder.join("v.json");
    std::fs::write(&file, r#"{"x": "a\u0000b"}"#).unwrap();
    let kwargs = serde_json::json!({"variables_file_path": file}).to_string();
    program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
}

#[test]
fn nul_is_printed_or_refused() {
    let folder = temp_dir();
    let program = with_nul(folder.path());
    assert_eq!(run(program.clone(), "get-var x -n").stdout, b"a\0b");
    for format in ["json", "yaml", "kubernetes", "airflow-variables"] {
        assert_eq!(
            run(program.clone(), &format!("export --var x --format {format}")).status,
            0,
            "{format}"
        );
    }
    for format in [
        "dotenv",
        "shell",
        "github-env",
        "azure-pipelines",
        "gitlab-dotenv",
    ] {
        let output = run(program.clone(), &format!("export --var x --format {format}"));
        assert_eq!((output.status, output.stdout.len()), (6, 0), "{format}");
    }
    assert_eq!(run(program, "exec --var x -- true").status, 125);
}

#[test]
fn airflow_imports_are_named_only_by_id() {
    let folder = temp_dir();
    let file = folder.path().join("x.json");
    let kwargs = serde_json::json!({"connections_file_path": file, "variables_file_path": file}).to_string();
    let program = program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs);
    // Two ids with the same environment variable, and one that an environment cannot hold.
    let names = ["a", "A", "b=c", "d/e", "f..g"].map(|name| (name, format!("x://{name}")));
    std::fs::write(
        &file,
        serde_json::json!(std::collections::BTreeMap::from(names)).to_string(),
    )
    .unwrap();
    let export = |line: &str| run(program.clone(), &format!("export {line}"));
    let variables = export("--var a --var A --var b=c --var d/e --var a --format airflow-variables");
    assert_eq!(
        variables.ok(),
        "{\"a\":\"x://a\",\"A\":\"x://A\",\"b=c\":\"x://b=c\",\"d/e\":\"x://d/e\"}\n"
    );
    let connections = export("--conn a --conn A --format airflow-connections");
    assert_eq!(
        connections.ok(),
        "{\"a\":{\"conn_type\":\"x\",\"host\":\"a\",\"schema\":\"\"},\"A\":{\"conn_type\":\"x\",\"host\":\"a\",\"schema\":\"\"}}\n"
    );
    // Airflow's importer reports that it cannot import these, and ends with status 0.
    for id in ["b=c", "d/e", "f..g"] {
        let output = export(&format!("--conn {id} --conn a --format airflow-connections"));
        assert!(output.fails(2).contains(&format!("`{id}`")), "{}", output.stderr);
    }
    assert_eq!(export("--conn a --conn A --format json").status, 2);
}

#[test]
fn gitlab_accepts_less_than_5_kib() {
    // The line is `AIRFLOW_VAR_X=`, the value and a newline.
    let room = 5 * 1024 - 1 - "AIRFLOW_VAR_X=\n".len();
    for (length, status) in [(room, 0), (room + 1, 6)] {
        let program = program().env("AIRFLOW_VAR_X", "x".repeat(length));
        assert_eq!(
            run(program, "export --var x --format gitlab-dotenv").status,
            status
        );
    }
}

#[cfg(unix)]
mod out {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn export(path: &std::path::Path) -> crate::support::Output {
        stocked()
            .args(["export", "--var", "hello", "--format", "json", "--out"])
            .arg(path)
            .run()
    }

    #[test]
    fn a_file_is_readable_only_by_its_owner_and_replaced_atomically() {
        let folder = temp_dir();
        let path = folder.path().join("secrets.json");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let output = export(&path);
        assert_eq!((output.status, output.stdout.len()), (0, 0), "{}", output.stderr);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\n  \"AIRFLOW_VAR_HELLO\": \"world\"\n}\n"
        );
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(
            folder.path().read_dir().unwrap().count(),
            1,
            "the temporary file is gone"
        );
    }

    #[test]
    fn a_failed_lookup_leaves_the_old_file() {
        let folder = temp_dir();
        let path = folder.path().join("secrets.json");
        std::fs::write(&path, "old").unwrap();
        let output = stocked()
            .args(["export", "--var", "nope", "--format", "json", "--out"])
            .arg(&path)
            .run();
        assert_eq!(output.status, 3);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn symbolic_links_folders_and_devices_are_refused() {
        let folder = temp_dir();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        assert_eq!(export(&link).status, 2);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        symlink("missing", folder.path().join("dangling")).unwrap();
        assert_eq!(export(&folder.path().join("dangling")).status, 2);
        assert_eq!(export(folder.path()).status, 2);
        assert_eq!(export(std::path::Path::new("/dev/null")).status, 2);
    }

    #[test]
    fn a_path_that_can_only_be_a_folder_is_refused_before_any_lookup() {
        let folder = temp_dir();
        for out in ["x/", "x/.", "missing/x", "."] {
            let output = stocked()
                .args(["export", "--var", "nope", "--format", "json", "--out", out])
                .dir(folder.path())
                .run();
            assert_eq!(output.status, 2, "{out}: {}", output.stderr);
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_dash_is_stdout() {
        let folder = temp_dir();
        let output = run(
            stocked().dir(folder.path()),
            "export --var hello --format dotenv --out -",
        );
        assert_eq!(output.ok(), "AIRFLOW_VAR_HELLO=world\n");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn the_owner_can_read_the_file_with_any_umask() {
        let folder = temp_dir();
        let output = crate::support::Program::new("/bin/sh")
            .args([
                "-c",
                "umask 777; exec \"$@\"",
                "sh",
                env!("CARGO_BIN_EXE_secretctl"),
            ])
            .args(["export", "--var", "hello", "--format", "json", "--out", "x"])
            .env("AIRFLOW_VAR_HELLO", "world")
            .dir(folder.path())
            .run();
        output.ok();
        let mode = folder.path().join("x").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn a_folder_that_everybody_can_write_is_refused_without_the_sticky_bit() {
        let folder = temp_dir();
        let shared = folder.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(export(&shared.join("x")).status, 2);
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(export(&shared.join("x")).status, 0);
    }

    #[test]
    fn a_file_shared_by_the_steps_of_a_job_is_not_replaced() {
        let folder = temp_dir();
        let path = folder.path().join("env");
        std::fs::write(&path, "A=b\n").unwrap();
        let program = stocked().env("GITHUB_ENV", &path).dir(folder.path());
        for out in [path.to_str().unwrap(), "env", "./env"] {
            let output = program
                .clone()
                .args(["export", "--var", "hello", "--format", "github-env", "--out", out])
                .run();
            assert_eq!(output.status, 2, "{out}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=b\n");
    }
}
