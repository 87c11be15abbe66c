//! The time of one lookup compared with the alternatives: Airflow's command, a script with Airflow's backend, hvac, `bao`, curl, and
//! the floor: a C program that does nothing but write the same two requests.
//!
//! `cargo bench --locked --bench side_by_side` starts a dev `OpenBao`, runs all rows in turn, repeatedly, in one session, and prints
//! medians and ratios as a Markdown table, with the machine and the versions. It needs `BAO`, the path of OpenBao's program,
//! `AIRFLOW_PYTHON`, the Python with Airflow (`scripts/test` installs both), and `cc`. Rows without them are skipped with a message.
//! `SECRETCTL` names another program than the one that cargo builds, such as the static one of a release.
//! Times depend on the load of the machine: no test runs this.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue panics")]

mod floor;
mod machine;
mod openbao;
mod rows;
#[path = "../support/run.rs"]
mod run;
mod usage;

use std::time::{Duration, Instant};

use openbao::OpenBao;
use rows::{Goal, Row};

/// How many turns every row has; a quick row has several in each.
const ROUNDS: usize = 9;
const QUICK_RUNS: usize = 9;
/// The longest time of a quick row.
const QUICK: Duration = Duration::from_millis(500);
/// How much longer than the floor secretctl may take, and how much more processor time.
const MOST_OVER_FLOOR: (f64, f64) = (1.25, 2.5);

/// What one run took.
struct Run {
    wall: Duration,
    /// In user and system mode; `None` where the system does not report it.
    processor: Option<Duration>,
}

/// The runs of a row.
struct Figures {
    runs: Vec<Run>,
}

fn main() {
    if let Some(bao) = rows::variable("BAO") {
        let folder = tempfile::tempdir().unwrap();
        let vault = OpenBao::start(&bao, folder.path());
        let rows = rows::all(&bao, &vault, folder.path());
        print(&rows, &measure(&rows));
        println!("\n{}", machine::facts(&bao));
    } else {
        println!("skipped: all rows, because BAO is not set");
    }
}

/// Runs the rows in turn, and returns the figures of each.
fn measure(rows: &[Row]) -> Vec<Figures> {
    // The first run fills the system's file cache.
    let is_quick: Vec<bool> = rows.iter().map(|row| run(row).wall < QUICK).collect();
    let mut figures: Vec<Figures> = rows.iter().map(|_| Figures { runs: Vec::new() }).collect();
    for _ in 0..ROUNDS {
        for turn in 0..QUICK_RUNS {
            for ((row, figures), is_quick) in rows.iter().zip(&mut figures).zip(&is_quick) {
                if turn == 0 || *is_quick {
                    figures.runs.push(run(row));
                }
            }
        }
    }
    figures
}

fn run(row: &Row) -> Run {
    let before = usage::of_children();
    let start = Instant::now();
    let output = (row.run)();
    let wall = start.elapsed();
    assert!(
        output.contains("mail.example.com"),
        "{} did not find the connection",
        row.name
    );
    let processor = before
        .zip(usage::of_children())
        .map(|(before, after)| after.saturating_sub(before));
    Run { wall, processor }
}

impl Figures {
    /// Returns the times, sorted.
    fn walls(&self) -> Vec<Duration> {
        let mut walls: Vec<_> = self.runs.iter().map(|run| run.wall).collect();
        walls.sort_unstable();
        walls
    }

    fn median(&self) -> Duration {
        self.walls()[self.runs.len() / 2]
    }

    /// Returns the least processor time: other load only adds to it.
    fn processor(&self) -> Option<Duration> {
        self.runs.iter().filter_map(|run| run.processor).min()
    }
}

/// Prints the table. The last row is secretctl; the others are compared with it.
fn print(rows: &[Row], figures: &[Figures]) {
    let ours = figures.last().unwrap();
    println!("| | median | fastest to slowest | runs | processor | times secretctl's | goal |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (row, figures) in rows.iter().zip(figures) {
        let ratio = figures.median().as_secs_f64() / ours.median().as_secs_f64();
        let (ratio, goal) = match row.goal {
            Goal::Ours => Default::default(),
            Goal::Slower(goal) => (format!("{ratio:.1}"), format!("over {goal}")),
            Goal::Floor => (
                format!("{ratio:.2}"),
                format!("over {:.2}", 1.0 / MOST_OVER_FLOOR.0),
            ),
        };
        let walls = figures.walls();
        println!(
            "| {} | {} | {} to {} | {} | {} | {ratio} | {goal} |",
            row.name,
            milliseconds(figures.median()),
            milliseconds(walls[0]),
            milliseconds(walls[walls.len() - 1]),
            walls.len(),
            figures.processor().map_or_else(|| "-".to_owned(), milliseconds),
        );
    }
    for (_, floor) in rows
        .iter()
        .zip(figures)
        .filter(|(row, _)| row.goal == Goal::Floor)
    {
        let wall = ours.median().as_secs_f64() / floor.median().as_secs_f64();
        print!(
            "\nsecretctl takes {wall:.2} times the floor's time (goal: {})",
            MOST_OVER_FLOOR.0
        );
        if let Some((ours, floor)) = ours.processor().zip(floor.processor()) {
            let processor = ours.as_secs_f64() / floor.as_secs_f64();
            print!(
                ", and {processor:.2} times its processor time (goal: {})",
                MOST_OVER_FLOOR.1
            );
        }
        println!();
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
