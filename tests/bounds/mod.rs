//! Memory and time are limited by the size of the input, even when it expands to much more.

mod local;
mod servers;
mod time;

use crate::support::Program;
use crate::support::memory::peak;

/// The program's basic memory (21 MiB in a debug build), what the allocator cannot give back between two readings of a file, and the test binary's
/// own share before it starts the program.
const BASE: u64 = 32 << 20;

/// The most memory for each byte of input.
const TIMES: u64 = 20;

/// Runs `program` with an input of `bytes`; it must end with `status` and use memory in proportion.
#[track_caller]
fn bounded(name: &str, program: &Program, bytes: usize, status: i32) -> String {
    let (ended, stderr, memory) = peak(program);
    let shown: String = stderr.chars().take(500).collect();
    assert_eq!(ended, status, "{name}: {shown}");
    let bytes = u64::try_from(bytes).unwrap();
    let times = memory.saturating_sub(BASE) / bytes.max(1);
    eprintln!(
        "{name}: {} MiB for {} MiB: {times} times",
        memory >> 20,
        bytes >> 20
    );
    assert!(
        memory <= BASE + TIMES * bytes,
        "{name}: {} MiB for {} MiB",
        memory >> 20,
        bytes >> 20
    );
    stderr
}
