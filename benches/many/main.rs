//! Many names at once: the time of `exec` compared with the least time that a slow server allows, and the memory.
//!
//! `cargo bench --locked --bench many` looks 1,000 names up in four services on loopback that take 20 ms for each answer, 8 at a time and then
//! 64 at a time, and fails when `exec` takes longer than 1.1 times the least time. Then it exports up to 10,000 variables, and fails when
//! memory grows by more than a multiple of their size. Other load only adds to a time, so the best of several runs counts; still, times
//! depend on the machine, and no test runs this.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue panics")]

#[path = "../support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "other benchmarks look names up in more places")]
#[path = "../support/places.rs"]
mod places;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/tls.rs"]
mod tls;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use places::{Answers, Place};
use run::{clean, output_of};
use server::{URI, take_all};
use tls::Authority;

const PROGRAM: &str = env!("CARGO_BIN_EXE_secretctl");
const PAUSE: Duration = Duration::from_millis(20);
const NAMES: usize = 1_000;
const RUNS: usize = 5;
/// `--jobs`: the default and the most.
const JOBS: [usize; 2] = [8, 64];
/// The limit for 8 at a time, as a multiple of the least possible time. With 64, the client's own work counts.
const MOST: f64 = 1.1;

/// The numbers of variables in memory.
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// The length of their values, in bytes.
const VALUE: usize = 200;
/// How much memory a variable may take, as a multiple of its value and name.
const MOST_MEMORY: f64 = 10.0;

/// A service.
struct Service {
    name: &'static str,
    /// How many answers are waited for, one after the other, before the first name's.
    rounds_before: usize,
    place: fn(&Answers, &Authority) -> Place,
}

const SERVICES: [Service; 4] = [
    Service {
        name: "Vault, AppRole, http",
        rounds_before: 1,
        place: |answers, _| places::vault(answers, None),
    },
    Service {
        name: "Key Vault, client secret, https",
        // The challenge; the token is asked for meanwhile.
        rounds_before: 1,
        place: places::key_vault,
    },
    Service {
        name: "AWS Secrets Manager, https",
        rounds_before: 0,
        place: |answers, authority| places::secrets_manager(answers, Some(authority)),
    },
    Service {
        name: "Google Secret Manager, key, https",
        rounds_before: 0,
        place: places::google_by_key,
    },
];

fn main() -> ExitCode {
    if let Some(status) = memory::wrap() {
        return status;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let mut passed = true;
    println!(
        "`exec` of {NAMES} names, {} ms an answer; the best of {RUNS} runs",
        PAUSE.as_millis()
    );
    println!("| | at a time | time | least time | ratio | connections |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for service in &SERVICES {
        for jobs in JOBS {
            passed &= pace(service, jobs, &authority);
        }
    }
    println!("\npeak memory of `export` of variables with {VALUE} bytes each, in KiB");
    println!(
        "| | {} | memory for one more, by its size |",
        SIZES.map(|size| size.to_string()).join(" | ")
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    for service in &SERVICES {
        passed &= growth(service, &authority, folder.path());
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\nload {} after it", load.split(' ').next().unwrap_or("unknown"));
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Measures the time of `exec`, and returns whether it is within its limits.
fn pace(service: &Service, jobs: usize, authority: &Authority) -> bool {
    let answers = Answers {
        value: URI.to_owned(),
        pause: PAUSE,
    };
    let place = (service.place)(&answers, authority);
    let mut times = Vec::new();
    let mut passed = true;
    let mut most_connections = 0;
    for _ in 0..RUNS {
        let mut command = clean(PROGRAM);
        command
            .envs(place.env.iter().map(|(name, value)| (name, value)))
            .args(["exec", "--jobs", &jobs.to_string()])
            .args((0..NAMES).flat_map(|number| ["--conn".to_owned(), format!("c{number}")]))
            .args(["--", "true"]);
        let start = Instant::now();
        output_of(&mut command);
        times.push(start.elapsed());
        let (connections, requests) = take_all(&place.counts);
        most_connections = most_connections.max(connections);
        if requests != place.requests_before + NAMES {
            println!("  FAILED: {requests} requests");
            passed = false;
        }
    }
    let best = times.iter().min().unwrap();
    let rounds = service.rounds_before + NAMES.div_ceil(jobs);
    let least = PAUSE * u32::try_from(rounds).unwrap();
    let ratio = best.as_secs_f64() / least.as_secs_f64();
    println!(
        "| {} | {jobs} | {} ms | {} ms | {ratio:.2} | {most_connections} |",
        service.name,
        best.as_millis(),
        least.as_millis()
    );
    if jobs == JOBS[0] && ratio > MOST {
        println!("  FAILED: more than {MOST} times the least time");
        passed = false;
    }
    if most_connections > jobs + place.connections_before {
        println!("  FAILED: more connections than names at a time");
        passed = false;
    }
    passed
}

/// Measures the memory of `export`, and returns whether it is within its limit.
fn growth(service: &Service, authority: &Authority, folder: &Path) -> bool {
    let value = "x".repeat(VALUE);
    let place = (service.place)(&Answers::of(&value), authority);
    let (figure, out) = (folder.join("figure"), folder.join("out"));
    let mut peaks = Vec::new();
    for size in SIZES {
        let mut command: Command = memory::command(Path::new(PROGRAM), &figure);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(place.env.iter().map(|(name, value)| (name, value)))
            .args(["export", "--format", "json", "--out"])
            .arg(&out)
            .args((0..size).flat_map(|number| ["--var".to_owned(), format!("v{number}")]));
        output_of(&mut command);
        let written = std::fs::read_to_string(&out).unwrap();
        assert_eq!(written.matches(&value).count(), size);
        peaks.push(memory::read(&figure));
    }
    let Some(peaks) = peaks.into_iter().collect::<Option<Vec<u64>>>() else {
        println!(
            "| {} | skipped: this system does not report it | | | |",
            service.name
        );
        return true;
    };
    let grown = peaks[SIZES.len() - 1].saturating_sub(peaks[0]);
    // With a name of five bytes.
    let size = u64::try_from((SIZES[SIZES.len() - 1] - SIZES[0]) * (VALUE + 5)).unwrap();
    #[expect(
        clippy::cast_precision_loss,
        reason = "bytes of memory have ten digits at most"
    )]
    let times = grown as f64 / size as f64;
    let shown: Vec<_> = peaks.iter().map(|peak| (peak >> 10).to_string()).collect();
    println!("| {} | {} | {times:.1} |", service.name, shown.join(" | "));
    if times > MOST_MEMORY {
        println!("  FAILED: more than {MOST_MEMORY} times its size");
    }
    times <= MOST_MEMORY
}
