//! How the cost of a command grows with its input: names through each backend, the length of a value, airflow.cfg, files of
//! connections, DAG files, rows of Airflow's database.
//!
//! `cargo bench --locked --bench growth` counts instructions with valgrind's callgrind, prints them, draws them into docs/growth.svg, and
//! fails where they grow faster than the input. Servers are on loopback, in this process.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue panics")]

#[path = "../support/callgrind.rs"]
mod callgrind;
mod curves;
#[path = "../support/dags.rs"]
mod dags;
#[expect(dead_code, reason = "other benchmarks look names up in more places")]
#[path = "../support/places.rs"]
mod places;
#[path = "../support/server.rs"]
mod server;
mod svg;
#[path = "../support/tls.rs"]
mod tls;

use std::process::ExitCode;

use curves::Panel;

const PLOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/growth.svg");

/// How much steeper the upper half of a line may be than its lower half: quadratic growth is three times as steep.
const MOST_STEEPER: f64 = 1.3;

fn main() -> ExitCode {
    if let Err(why) = callgrind::available() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().unwrap();
    let panels = curves::all(folder.path());
    let mut passed = true;
    for panel in &panels {
        passed &= report(panel);
    }
    std::fs::write(PLOT, svg::draw(&panels)).unwrap();
    println!("drawn into docs/growth.svg");
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints the points of a panel, and returns whether they lie on lines.
fn report(panel: &Panel) -> bool {
    println!("{}, by {}", panel.title, panel.unit);
    let mut passed = true;
    for line in &panel.lines {
        for (size, instructions) in &line.points {
            println!("  {:<12} {size:>9} {instructions:>12}", line.name);
        }
        if line.is_flat() {
            println!("  {:<12} does not grow", line.name);
            continue;
        }
        let steeper = line.upper_slope() / line.lower_slope();
        println!(
            "  {:<12} {:.0} instructions for one more; the upper half is {steeper:.2} times as steep as the lower",
            line.name,
            line.slope()
        );
        if steeper > MOST_STEEPER {
            println!("  FAILED: more than linear");
            passed = false;
        }
    }
    passed
}
