//! The cost of a command: instructions, memory, connections, requests and the size of the binary, each with its limit.
//!
//! `cargo bench --locked --bench cost` builds the release binary, runs it under valgrind's callgrind, prints a table, and fails when a
//! limit is exceeded. Instructions are counted, not timed, so the figures are the same on a busy machine. Servers are on
//! loopback, in this process: they answer at once, and count their requests. Database servers are real: `scripts/databases` starts them,
//! and a row without one is skipped.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue panics")]

#[path = "../support/callgrind.rs"]
mod callgrind;
#[path = "../support/dags.rs"]
mod dags;
mod database;
mod measure;
#[path = "../support/memory.rs"]
mod memory;
#[path = "../support/places.rs"]
mod places;
mod scenarios;
#[path = "../support/server.rs"]
mod server;
mod servers;
#[path = "../support/tls.rs"]
mod tls;

use std::process::ExitCode;

use measure::{Figures, Program};
use scenarios::Scenario;

/// The limits on the size of the stripped binary and on the memory of a command, in bytes.
const LARGEST_BINARY: u64 = 14 << 20;
const MOST_MEMORY: u64 = 16 << 20;

fn main() -> ExitCode {
    if let Some(status) = memory::wrap() {
        return status;
    }
    let program = Program::new(env!("CARGO_BIN_EXE_secretctl"));
    if let Err(why) = callgrind::available() {
        println!("skipped: {why}");
        return if std::env::var_os("SECRETCTL_TEST_NO_SKIP").is_some() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    println!(
        "{:<32} {:>12} {:>10} {:>11} {:>11} {:>9}",
        "command", "instructions", "bound", "memory, KiB", "connections", "requests"
    );
    let mut passed = true;
    let folder = tempfile::tempdir().unwrap();
    for scenario in scenarios::all(folder.path()) {
        passed &= report(&scenario, &program.run(&scenario));
    }
    for kind in servers::KINDS {
        match kind.scenario() {
            Ok((scenario, _database)) => passed &= report(&scenario, &program.run(&scenario)),
            Err(why) => println!("{:<32} skipped: {why}", kind.row()),
        }
    }
    let size = program.size();
    println!("{:<32} {size:>12} {LARGEST_BINARY:>10}", "the binary, bytes");
    println!("the limit of memory is {} KiB", MOST_MEMORY >> 10);
    if size > LARGEST_BINARY {
        println!("FAILED: the binary is larger than its limit");
        passed = false;
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints one line of the table, and returns whether the figures are within their limits.
fn report(scenario: &Scenario, figures: &Figures) -> bool {
    let or_none = |figure: Option<u64>| figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string());
    println!(
        "{:<32} {:>12} {:>10} {:>11} {:>11} {:>9}",
        scenario.name,
        figures.instructions,
        or_none(scenario.bounds.instructions),
        or_none(figures.peak_memory.map(|bytes| bytes >> 10)),
        figures.connections,
        figures.requests
    );
    let mut problems = figures.problems(&scenario.bounds, MOST_MEMORY);
    if !scenario.expected.is_empty() && sorted(&figures.output) != sorted(scenario.expected.as_bytes()) {
        problems.push("its output is not what the servers and files contain".to_owned());
    }
    for problem in &problems {
        println!("  FAILED: {problem}");
    }
    problems.is_empty()
}

fn sorted(output: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = output.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines
}
