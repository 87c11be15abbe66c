//! `--timeout` holds for every input.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::support::server::{Authority, Server, Validity};
use crate::support::{Output, Program, secretctl, temp_dir};
use crate::vault::{found, vault};

/// The extra time of a busy machine.
const WORK: Duration = Duration::from_mins(1);

fn pipe(path: &Path) {
    let made = Program::new("mkfifo")
        .arg(path)
        .env("PATH", "/usr/bin:/bin")
        .run();
    assert_eq!(made.status, 0, "{}", made.stderr);
}

fn in_time(output: &Output) {
    assert!(output.time < WORK, "{:?}: {}", output.time, output.stderr);
}

/// Reading and parsing a file of 30 MB takes longer than the timeout of a tenth of a second.
#[test]
fn parsing_stops_at_the_timeout() {
    let folder = temp_dir();
    let mut json = "{\"k\":1".to_owned();
    let mut yaml = "k: 1\n".to_owned();
    for number in 0..2_000_000 {
        let _ = write!(json, ",\"key{number}\":[]");
        let _ = writeln!(yaml, "key{number}: []");
    }
    json.push('}');
    for (suffix, text) in [("json", json), ("yaml", yaml)] {
        let file = folder.path().join(format!("f.{suffix}"));
        std::fs::write(&file, text).unwrap();
        let output = secretctl()
            .args(["--timeout", "0.1", "get-var", "k"])
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            )
            .env(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                json!({"variables_file_path": file}).to_string(),
            )
            .run();
        let stderr = output.fails(2);
        // On a busy machine the timeout may pass before the whole file is read.
        let words = ["takes longer than `--timeout`", "within the time of `--timeout`"];
        assert!(words.iter().any(|words| stderr.contains(words)), "{stderr}");
        in_time(&output);
    }
}

/// Pipes in a folder of certificates: the program does not wait for a writer.
#[test]
fn a_pipe_in_a_folder_of_certificates_is_skipped() {
    let folder = temp_dir();
    pipe(&folder.path().join("a-pipe"));
    pipe(&folder.path().join("z-pipe"));
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("m.pem"), Authority::trusted().pem()).unwrap();
    let certificate = Authority::trusted().certificate(Validity::Good);
    let server = Server::start_tls(&certificate, |_| found());
    for kwargs in [json!({"verify": folder.path()}), json!({})] {
        let mut kwargs = crate::vault::with(
            &json!({"url": server.url(), "token": "t", "auth_type": "token"}),
            kwargs,
        );
        let mut program = secretctl();
        if kwargs.get("verify").is_none() {
            kwargs["verify"] = true.into();
            program = program.env("REQUESTS_CA_BUNDLE", folder.path());
        }
        let output = program
            .args(["get-var", "hello", "--timeout", "100"])
            .env("AIRFLOW__SECRETS__BACKEND", crate::vault::BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
            .run();
        assert_eq!(output.ok(), "world\n");
        in_time(&output);
    }
}

/// Fails at once where the system forbids reading it; otherwise it has no end.
#[test]
#[cfg(target_os = "linux")]
fn an_endless_kernel_file_stops_at_the_timeout() {
    let kmsg = "/proc/kmsg";
    let token = json!({"url": "http://127.0.0.1:1", "auth_type": "token", "token_path": kmsg});
    let key = json!({"url": "http://127.0.0.1:1", "auth_type": "gcp", "role_id": "r", "gcp_scopes": "s"});
    for program in [
        secretctl().args(["--env-file", kmsg]),
        secretctl().args(["--config", kmsg]),
        secretctl().args(["--backend", "x.Y", "--backend-kwargs", "@/proc/kmsg"]),
        vault(&token),
        vault(&key).env("GOOGLE_APPLICATION_CREDENTIALS", kmsg),
        vault(&json!({"url": "http://127.0.0.1:1", "token": "t", "auth_type": "token", "verify": kmsg})),
    ] {
        let output = program.args(["--timeout", "0.3", "get-var", "hello"]).run();
        assert_ne!(output.status, 0);
        in_time(&output);
    }
}
