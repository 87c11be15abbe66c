//! The peak memory of a program.
//!
//! The system reports it for all children of a process together, so the test binary starts itself as the parent of one program.

use std::process::Stdio;

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

use super::{Output, Program};

/// The program that the test below runs.
const OF: &str = "SECRETCTL_TEST_PEAK_OF";

/// The prefix of the answer's line.
const ANSWER: &str = "peak: ";

/// Runs a program and returns its status, its standard error, and its peak memory in bytes.
///
/// Its arguments and variables must be text. Its standard output is discarded.
pub fn peak(program: &Program) -> (i32, String, u64) {
    let command = program.command();
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let args: Vec<String> = command.get_args().map(text).collect();
    let env: Vec<(String, Option<String>)> = command
        .get_envs()
        .map(|(name, value)| (text(name), value.map(text)))
        .collect();
    let described = json!({"program": text(command.get_program()), "args": args, "env": env});
    let output = Program::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "support::memory::a_program_is_run_for_another_test",
            "--nocapture",
        ])
        .env(OF, described.to_string())
        .limit(std::time::Duration::from_mins(5))
        .run();
    let answer = answer(&output);
    let number = |name: &str| answer[name].as_i64().unwrap();
    let stderr = answer["stderr"].as_str().unwrap().to_owned();
    (
        i32::try_from(number("status")).unwrap(),
        stderr,
        u64::try_from(number("kib")).unwrap() << 10,
    )
}

fn answer(output: &Output) -> Value {
    let line = output
        .text()
        .lines()
        .find_map(|line| Some(line.split_once(ANSWER)?.1));
    let line = line.unwrap_or_else(|| panic!("no answer: {} {}", output.text(), output.stderr));
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_program_is_run_for_another_test() {
    let Ok(described) = std::env::var(OF) else {
        return;
    };
    let described: Value = serde_json::from_str(&described).unwrap();
    let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    let env: Vec<(String, Option<String>)> = serde_json::from_value(described["env"].clone()).unwrap();
    let output = std::process::Command::new(described["program"].as_str().unwrap())
        .args(texts(&described["args"]))
        .env_clear()
        .envs(env.into_iter().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let answer = json!({
        "status": output.status.code(),
        "stderr": String::from_utf8_lossy(&output.stderr),
        "kib": getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss(),
    });
    eprintln!();
    // Standard output also has the test runner's lines.
    let mut stdout = std::io::stdout().lock();
    std::io::Write::write_all(&mut stdout, format!("\n{ANSWER}{answer}\n").as_bytes()).unwrap();
}

#[test]
fn used_memory_is_measured() {
    let program = |bytes: usize| {
        let script = format!("x=$(/usr/bin/head -c {bytes} /dev/zero | /usr/bin/tr '\\0' x); exit 3");
        Program::new("/bin/sh").args(["-c", &script])
    };
    let (status, _, little) = peak(&program(10));
    assert_eq!(status, 3);
    let (_, _, much) = peak(&program(64 << 20));
    assert!(much > little + (48 << 20), "{little} {much}");
}
