//! The time of one lookup compared with the alternatives: Airflow's command, a script with Airflow's backend, hvac, `bao`, curl.
//!
//! `cargo bench --locked --bench side_by_side` starts a dev `OpenBao`, runs all rows in turn, repeatedly, in one session, and prints
//! medians and ratios as a Markdown table, with the machine and the versions. Then it runs `exec` with a hundred names against
//! a slow server. It needs `BAO`, the path of OpenBao's program, and `AIRFLOW_PYTHON`, the Python with Airflow (`scripts/test`
//! installs both). Rows without them are skipped with a message. Times depend on the load of the machine: no test runs this.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue panics")]

mod machine;
mod openbao;
mod pace;
mod rows;
mod run;
#[path = "../support/server.rs"]
mod server;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use openbao::OpenBao;
use rows::Row;

/// How many turns every row has; a quick row runs several times in each.
const ROUNDS: usize = 9;
const QUICK_RUNS: usize = 5;
/// The longest time of a quick row.
const QUICK: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    if let Some(bao) = rows::variable("BAO") {
        let folder = tempfile::tempdir().unwrap();
        let vault = OpenBao::start(&bao, folder.path());
        let rows = rows::all(&bao, &vault, folder.path());
        print(&rows, &measure(&rows));
        println!("\n{}", machine::facts(&bao));
    } else {
        println!("skipped: all rows, because BAO is not set");
    }
    if pace::measure() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the rows in turn, and returns the times of each, sorted.
fn measure(rows: &[Row]) -> Vec<Vec<Duration>> {
    // The first run fills the system's file cache.
    let first: Vec<Duration> = rows.iter().map(timed).collect();
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for (row, (times, first)) in rows.iter().zip(times.iter_mut().zip(&first)) {
            let runs = if *first < QUICK { QUICK_RUNS } else { 1 };
            times.extend((0..runs).map(|_| timed(row)));
        }
    }
    for times in &mut times {
        times.sort_unstable();
    }
    times
}

fn timed(row: &Row) -> Duration {
    let start = Instant::now();
    let output = (row.run)();
    let time = start.elapsed();
    assert!(
        output.contains("mail.example.com"),
        "{} did not find the connection",
        row.name
    );
    time
}

/// Prints the table. The last row is secretctl; the others are compared with it.
fn print(rows: &[Row], times: &[Vec<Duration>]) {
    let median = |times: &[Duration]| times[times.len() / 2];
    let ours = median(times.last().unwrap());
    println!("| | median | fastest to slowest | runs | times secretctl's | goal |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (row, times) in rows.iter().zip(times) {
        let ratio = median(times).as_secs_f64() / ours.as_secs_f64();
        let (ratio, goal) = row.goal.map_or_else(Default::default, |goal| {
            (format!("{ratio:.1}"), format!("over {goal}"))
        });
        println!(
            "| {} | {} | {} to {} | {} | {ratio} | {goal} |",
            row.name,
            milliseconds(median(times)),
            milliseconds(times[0]),
            milliseconds(times[times.len() - 1]),
            times.len(),
        );
    }
}

fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    if milliseconds < 100.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}
