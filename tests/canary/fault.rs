//! A panic: one line, the status of a failure, and no part of the panic's message.

use std::process::Command;

use secretctl::cli;

use super::FAULT;
use super::leaks::{Canaries, canary};

/// The variable that makes the test below a child that panics; its value is the child's command line.
const CHILD: &str = "SECRETCTL_TEST_FAULT";

#[test]
fn a_panic_shows_no_part_of_its_message() {
    let text = format!("ü{}", canary("panic"));
    if let Some(line) = std::env::var_os(CHILD) {
        // As in `main`.
        std::panic::set_hook(Box::new(move |panic| {
            let args = line.to_str().into_iter().flat_map(|line| line.split(' '));
            let status = cli::fault(args.map(Into::into), panic.location());
            std::process::exit(status.into());
        }));
        let cut = std::hint::black_box(1);
        assert_eq!(
            &text[..cut],
            "",
            "the standard library quotes the text that it fails to slice"
        );
    }
    for (line, status) in [("secretctl get-var x", 1), ("secretctl -q exec -- true", 125)] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "canary::fault::a_panic_shows_no_part_of_its_message"])
            .args(["--nocapture", "--test-threads", "1"])
            .env(CHILD, line)
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(
            stderr.contains(FAULT) && stderr.contains("canary/fault.rs"),
            "{stderr}"
        );
        let canaries = Canaries::of(std::slice::from_ref(&text));
        for shown in [&output.stdout, &output.stderr] {
            assert_eq!(canaries.found_in(shown), [] as [&str; 0], "{stderr}");
        }
    }
}
