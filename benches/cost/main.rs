//! What a command costs: instructions, memory, requests and the size of the binary, each beside its bound.
//!
//! `cargo bench --bench cost` builds the release binary, runs it under valgrind's callgrind, prints a table, and fails when a
//! bound is passed. Instructions are counted and not timed, so the figures are the same on a busy machine. Servers are on
//! loopback, in this process: they answer at once, and count what they are asked.

#![expect(clippy::print_stdout, reason = "the table is what this is for")]
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on fails where it stands"
)]

mod measure;
mod scenarios;
mod server;

use std::process::ExitCode;

use measure::{Figures, Program};
use scenarios::Scenario;

/// The largest that the stripped binary may be, and the most memory that a command may take, in bytes.
const LARGEST_BINARY: u64 = 6 << 20;
const MOST_MEMORY: u64 = 12 << 20;

fn main() -> ExitCode {
    let program = Program::new(env!("CARGO_BIN_EXE_secretctl"));
    if let Err(why) = Program::valgrind() {
        println!("skipped: {why}");
        return if std::env::var_os("SECRETCTL_TEST_NO_SKIP").is_some() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    println!(
        "{:<34} {:>12} {:>12} {:>10} {:>9}",
        "command", "instructions", "bound", "memory KiB", "requests"
    );
    let mut passed = true;
    let folder = tempfile::tempdir().unwrap();
    for scenario in scenarios::all(folder.path()) {
        passed &= report(&scenario, &program.run(&scenario));
    }
    let size = program.size();
    println!("{:<34} {size:>12} {LARGEST_BINARY:>12}", "binary, bytes");
    if size > LARGEST_BINARY {
        println!("FAILED: the binary is larger than its bound");
        passed = false;
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints one line of the table, and whether the figures are within their bounds.
fn report(scenario: &Scenario, figures: &Figures) -> bool {
    let Figures {
        instructions,
        peak_memory,
        requests,
        output,
    } = figures;
    println!(
        "{:<34} {instructions:>12} {:>12} {:>10} {requests:>9}",
        scenario.name,
        scenario.most_instructions,
        peak_memory >> 10
    );
    let mut problems = Vec::new();
    if !scenario.expected.is_empty() && output != scenario.expected.as_bytes() {
        problems.push(format!("it printed something else than {:?}", scenario.expected));
    }
    if *instructions > scenario.most_instructions {
        problems.push("more instructions than its bound".to_owned());
    }
    if *peak_memory > MOST_MEMORY {
        problems.push(format!("more memory than {} KiB", MOST_MEMORY >> 10));
    }
    if *requests > scenario.most_requests {
        problems.push(format!("more requests than {}", scenario.most_requests));
    }
    for problem in &problems {
        println!("  FAILED: {problem}");
    }
    problems.is_empty()
}
