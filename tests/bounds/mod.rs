//! Memory and time are bounded by what arrives, whatever it unfolds to.

mod local;
mod servers;
mod time;

use crate::support::Program;
use crate::support::memory::peak;

/// What the program takes for anything, with the test binary's own share before it starts it.
const BASE: u64 = 20 << 20;

/// How much memory there may be for each byte that arrives.
const TIMES: u64 = 20;

/// Runs `program`, to which `bytes` arrive; it must end with `status` and take memory in proportion.
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
