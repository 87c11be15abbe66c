//! `exec --set-file`: a value in a file in memory, whose path the command gets.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use serde_json::{Value, json};

use super::{Folder, environment, run};
use crate::support::{Program, skip, variable};

/// Reads the file of `$F` in every way that programs have, and prints for each whether it is what the file `expected` holds.
const READER: &str = r#"
import json, mmap, os, stat, subprocess, sys
path = os.environ["F"]
expected = open("expected", "rb").read()
about = os.stat(path)
seen = {"own pid": path.startswith(f"/proc/{os.getpid()}/fd/"), "size": about.st_size == len(expected)}
seen["only its owner reads"] = stat.filemode(about.st_mode) == "-r--------" and about.st_uid == os.getuid()
first, second = open(path, "rb"), open(path, "rb")
seen["opened"], seen["opened twice"] = first.read() == expected, second.read() == expected
second.seek(len(expected) // 2)
seen["sought"] = second.read() == expected[len(expected) // 2:]
number = int(path.rsplit("/", 1)[1])
seen["inherited"] = os.read(number, 1 << 30) == expected
if expected:
    with mmap.mmap(first.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapped:
        seen["mapped"] = mapped[:] == expected
    with mmap.mmap(first.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
        seen["mapped privately"] = mapped[:] == expected
CHILD = "import os, sys; os.closerange(3, 4096); sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
child = subprocess.run([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE, check=True)
seen["grandchild"] = child.stdout == expected
shell = subprocess.run(["sh", "-c", 'cat "$F" | cat; cat "$F"'], stdout=subprocess.PIPE, check=True)
seen["shell"] = shell.stdout == expected + expected
def refused(what):
    try:
        what()
        return False
    except OSError:
        return True
seen["not written"] = refused(lambda: os.pwrite(number, b"x", 0))
seen["not longer"] = refused(lambda: os.ftruncate(number, len(expected) + 1))
seen["not shorter"] = not expected or refused(lambda: os.ftruncate(number, len(expected) - 1))
seen["not run"] = refused(lambda: os.execv(path, [path]))
print(json.dumps(seen))
"#;

/// Returns the path of a Python.
fn python() -> Option<String> {
    let found = variable("AIRFLOW_PYTHON");
    if found.is_none() {
        skip(
            "python",
            "AIRFLOW_PYTHON is not set, whose Python reads the files",
        );
    }
    found
}

/// Returns a program that has the variable `value` in a local file, which can hold NUL and 10 MB.
fn holding(folder: &Folder, value: &str) -> Program {
    folder.write("v.json", &json!({"value": value}).to_string());
    folder.write("expected", value);
    folder
        .program()
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            r#"{"variables_file_path": "v.json"}"#,
        )
}

#[test]
fn every_reader_finds_the_whole_value_and_nobody_changes_it() {
    let Some(python) = python() else { return };
    let large = "0123456789abcdef\n".repeat(10_000_000 / 17);
    let folder = Folder::new(&[]);
    let mut programs: Vec<(&str, Program)> = Vec::new();
    let values = [
        ("text", "two\nlines"),
        ("an empty value", ""),
        ("NUL", "\0a\0"),
        ("ten megabytes", &large),
    ];
    let folders: Vec<Folder> = values.iter().map(|_| Folder::new(&[])).collect();
    for ((name, value), folder) in values.into_iter().zip(&folders) {
        programs.push((name, holding(folder, value)));
    }
    let bytes: Vec<u8> = (1..=255).collect();
    std::fs::write(folder.path("expected"), &bytes).unwrap();
    programs.push((
        "every byte",
        folder
            .program()
            .env("AIRFLOW_VAR_VALUE", OsString::from_vec(bytes)),
    ));
    for (name, program) in programs {
        for options in [&[][..], &["--pristine"]] {
            let output = program
                .clone()
                .arg("exec")
                .args(options)
                .args(["--set-file", "F=var:value", "--", &python, "-c", READER])
                .run();
            let seen: Value = serde_json::from_str(output.ok()).unwrap();
            let wrong: Vec<_> = seen
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, ok)| **ok != true)
                .collect();
            assert!(wrong.is_empty(), "{name} {options:?}: {wrong:?}");
        }
    }
}

/// Descriptors that the caller passed, and those that scripts use by number, stay what they are.
#[test]
fn the_callers_descriptors_stay_what_they_are() {
    let folder = Folder::new(&[("three", "3\n"), ("hundred", "100\n")]);
    let script = "exec 3<three 100<hundred; exec \"$0\" exec --set-file F=var:region --set-file G=var:settings -- bash -c \
                  'cat <&3; cat <&100; exec 3<\"$F\" 4<\"$G\" 9>&1; cat <&3; echo >&9; ls /proc/self/fd; cat \"$F\"'";
    let program = folder.program().command();
    let output = Command::new("bash")
        .args(["-c", script])
        .arg(program.get_program())
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("3\n100\neu\n"), "{text}");
    assert!(text.ends_with("eu") && text.contains("\n101\n102\n"), "{text}");
}

#[test]
fn two_hundred_files_have_a_path_each() {
    let folder = Folder::new(&[]);
    let options: Vec<String> = (0..200)
        .flat_map(|number| ["--set-file".to_owned(), format!("F{number}=var:v{number}")])
        .collect();
    let program = (0..200).fold(folder.program(), |program, number| {
        program.env(format!("AIRFLOW_VAR_V{number}"), format!("value {number}"))
    });
    let script = "for n in $(seq 0 199); do name=F$n; cat \"${!name}\"; echo; done";
    let output = program
        .arg("exec")
        .args(options)
        .args(["--", "bash", "-c", script])
        .run();
    let expected: Vec<String> = (0..200).map(|number| format!("value {number}")).collect();
    assert!(output.ok().lines().eq(expected), "{}", output.text());
}

/// With fewer descriptors than usual, lower ones are used.
#[test]
fn a_low_limit_of_descriptors_is_enough_or_a_clear_failure() {
    let folder = Folder::new(&[]);
    for (limit, status) in [("64", 0), ("20", 0), ("11", 125)] {
        let program = folder.program().command();
        let script = format!(
            "ulimit -n {limit}; exec \"$0\" exec --set-file A=var:region --set-file B=var:region --set-file C=var:region \
             --set-file D=var:region --set-file E=var:region --set-file F=var:region --set-file G=var:region -- \
             sh -c 'cat $A $B $C $D $E $F $G'"
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(program.get_program())
            .env_clear()
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{limit}: {stderr}");
        if status == 0 {
            assert_eq!(output.stdout, b"eu".repeat(7), "{limit}");
        } else {
            assert!(
                stderr.contains("a file in memory") && output.stdout.is_empty(),
                "{stderr}"
            );
        }
    }
}

#[test]
fn a_format_ends_its_last_line_and_a_stored_value_is_unchanged() {
    let folder = Folder::new(&[]);
    let output = folder
        .program()
        .args([
            "exec",
            "--set-file",
            "P=conn:warehouse@pgpass",
            "--set-file",
            "R=var:region",
        ])
        .args([
            "--set-file",
            "H=conn:warehouse#host",
            "--",
            "sh",
            "-c",
            "cat $P $R $H",
        ])
        .run();
    assert_eq!(
        output.ok(),
        "db.example.com:5432:dw:etl:p@ss w%rd\neudb.example.com"
    );
}

#[test]
fn a_name_of_a_file_clashes_wins_and_is_refused_as_any_other() {
    let folder = Folder::new(&[("names", "X=var:region\n")]);
    let output = run(
        folder.program(),
        "exec --file names --set-file X=var:region -- true",
    );
    assert!(
        output
            .fails(125)
            .contains("variable `region` (names:1) and variable `region` (`--set-file`)"),
        "{}",
        output.stderr
    );
    for (argument, words) in [
        ("X", "an argument of `--set-file` has no `=`"),
        (
            "X=hunter2",
            "`--set-file X=…` names neither a connection nor a variable",
        ),
        ("=var:region", "`` cannot be the name"),
        ("X=conn:warehouse@libpq-env", "several variables"),
        ("X=var:missing", "variable `missing` is not in"),
    ] {
        let output = run(folder.program(), &format!("exec --set-file {argument} -- true"));
        let stderr = output.fails(125);
        assert!(stderr.contains(words) && !stderr.contains("hunter2"), "{stderr}");
    }
    let program = folder
        .program()
        .env("X", "secretctl:var:missing")
        .env("Y", "caller's");
    let variables = environment(
        program,
        &["--set-file", "X=var:region", "--set-file", "Y=var:region"],
    );
    assert!(variables["X"].starts_with("/proc/") && variables["Y"].starts_with("/proc/"));
    // No environment can hold NUL, but a file can.
    let nul = holding(&folder, "a\0b");
    let output = run(nul.clone(), "exec --set F=var:value -- true");
    assert!(
        output.fails(125).contains("a file can: `--set-file F=…`"),
        "{}",
        output.stderr
    );
    assert_eq!(run(nul, "exec --set-file F=var:value -- sh -c cat<$F").status, 0);
}

#[test]
fn what_a_file_holds_is_masked_before_the_command_starts() {
    let folder = Folder::new(&[]);
    let output = folder
        .program()
        .env("GITHUB_ACTIONS", "true")
        .args([
            "exec",
            "--set-file",
            "F=conn:warehouse@pgpass",
            "--",
            "sh",
            "-c",
            "echo started >&2",
        ])
        .run();
    assert_eq!(output.ok(), "");
    let masked = |text: &str| output.stderr.find(&format!("::add-mask::{text}\n"));
    let started = output.stderr.find("started").unwrap();
    for mask in ["p@ss w%25rd", "db.example.com:5432:dw:etl:p@ss w%25rd"] {
        assert!(
            masked(mask).is_some_and(|at| at < started),
            "{mask}: {}",
            output.stderr
        );
    }
}

/// Nothing is looked up, and nothing is written anywhere else.
#[test]
fn without_proc_it_is_refused() {
    let folder = Folder::new(&[]);
    let program = folder
        .program()
        .args(["exec", "--set-file", "F=var:missing", "--", "true"])
        .command();
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs none /proc || exit 99; exec \"$0\" \"$@\"",
        ])
        .arg(program.get_program())
        .args(program.get_args())
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output();
    let output = match output {
        Ok(output) if output.status.code() == Some(125) => output,
        _ => return skip("unshare", "no namespace without /proc can be made here"),
    };
    let stderr = String::from_utf8(output.stderr).unwrap();
    let line = "error: `--set-file` cannot be used here: a file in memory is not possible\n";
    assert!(
        stderr.starts_with(line) && stderr.contains("is `/proc` mounted?"),
        "{stderr}"
    );
    assert!(!stderr.contains("missing"), "{stderr}");
}

#[test]
fn ssh_keygen_reads_a_key_that_only_its_owner_may_read() {
    let folder = Folder::new(&[]);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "a test", "-f"])
        .arg(folder.path("key"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return skip("ssh-keygen", "the machine has no ssh-keygen");
    }
    let output = folder
        .program()
        .env("AIRFLOW_VAR_KEY", folder.read("key"))
        .args([
            "exec",
            "--set-file",
            "KEY=var:key",
            "--",
            "sh",
            "-c",
            "ssh-keygen -y -f \"$KEY\"",
        ])
        .run();
    assert_eq!(output.ok(), folder.read("key.pub"));
}

/// Another user than root: `/proc` of a process belongs to it.
#[test]
fn it_works_for_a_user_who_is_not_root() {
    let folder = Folder::new(&[]);
    let program = folder.program().command();
    let copy = folder.path("secretctl");
    std::fs::copy(program.get_program(), &copy).unwrap();
    std::os::unix::fs::chown(&copy, Some(65534), None).ok();
    for path in [&folder.path(""), &copy] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(&copy)
        .args([
            "exec",
            "--set-file",
            "F=var:region",
            "--",
            "sh",
            "-c",
            "id -u; cat \"$F\"; cat \"$F\" | cat",
        ])
        .env_clear()
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir("/")
        .output();
    match output {
        Ok(output) if output.status.success() => {
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "65534\neueu");
        }
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("setpriv") => {
            skip("setpriv", "only root can be another user");
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => skip("setpriv", "the machine has no setpriv"),
    }
}
