//! Every fault of a server, of the network between, and of the machine: its status, how long it takes, its words.
//!
//! `docs/faults.md` is made from these runs. No fault gives a wrong value, part of one, "not found", or outlasts `--timeout` by
//! more than a tenth of a second.
#![cfg(target_os = "linux")]

mod input;
mod list;
mod machine;
mod outcome;
mod servers;

use std::fmt::Write as _;

use outcome::{Outcome, outcomes};
use servers::{Backend, Surroundings};

/// What is run.
enum Job {
    Server(&'static list::Fault, Backend),
    Machine(&'static machine::Fault),
}

impl Job {
    fn all() -> Vec<Self> {
        let servers = list::FAULTS
            .iter()
            .flat_map(|(_, faults)| faults.iter())
            .flat_map(|fault| {
                let backends = Backend::ALL.into_iter().filter(|backend| backend.has(fault));
                backends.map(move |backend| Self::Server(fault, backend))
            });
        let machine = machine::FAULTS.iter().flat_map(|(_, faults)| faults.iter());
        let mut all: Vec<Self> = servers.chain(machine.map(Self::Machine)).collect();
        // What waits together disturbs nobody's measured time; what works comes behind it.
        all.sort_by_key(|job| !job.waits());
        all
    }

    /// Whether it lasts until `--timeout` is over.
    fn waits(&self) -> bool {
        match self {
            Self::Server(fault, _) => fault.right == list::Right::TimeIsUp,
            Self::Machine(fault) => fault.waits(),
        }
    }
}

/// The rows of one fault: backends that behave alike share one. The time is that of the slowest.
fn server_rows(fault: &list::Fault, done: &[(&Job, Outcome)], page: &mut String) {
    let mut rows: Vec<(Vec<&str>, &Outcome, std::time::Duration)> = Vec::new();
    for (job, outcome) in done {
        let Job::Server(of, backend) = job else { continue };
        if !std::ptr::eq(*of, fault) {
            continue;
        }
        match rows.iter_mut().find(|(_, alike, _)| alike.is_as(outcome)) {
            Some((backends, _, time)) => {
                backends.push(backend.name());
                *time = outcome.time.max(*time);
            }
            None => rows.push((vec![backend.name()], outcome, outcome.time)),
        }
    }
    for (backends, outcome, time) in rows {
        let words = if outcome.status == 0 {
            "the value"
        } else {
            &outcome.words
        };
        let reads = outcome.reads.unwrap_or_default();
        writeln!(
            page,
            "| {} | {} | {} | {:.2} s | {reads} | {} |",
            fault.name,
            backends.join("; "),
            outcome.status,
            time.as_secs_f64(),
            words.replace('|', "\\|")
        )
        .unwrap();
    }
}

fn machine_row(fault: &machine::Fault, done: &[(&Job, Outcome)], page: &mut String) {
    let outcome = done.iter().find_map(|(job, outcome)| match job {
        Job::Machine(of) if std::ptr::eq(*of, fault) => Some(outcome),
        _ => None,
    });
    let outcome = outcome.unwrap();
    writeln!(
        page,
        "| {} | {} | {:.2} s | {} |",
        fault.name,
        outcome.status,
        outcome.time.as_secs_f64(),
        outcome.words.replace('|', "\\|")
    )
    .unwrap();
}

/// The page with nothing in its columns of times, which are never the same twice: each has been held against its bound.
fn without_times(page: &str) -> String {
    let mut column = None;
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let mut cells: Vec<&str> = line.split(" | ").collect();
        if line.starts_with("| ") {
            column = cells.iter().position(|cell| *cell == "took").or(column);
            if let Some(cell) = column.and_then(|column| cells.get_mut(column)) {
                *cell = "";
            }
        } else {
            column = column.filter(|_| !line.is_empty() && line.starts_with('|'));
        }
        text.push_str(&cells.join(" | "));
        text.push('\n');
    }
    text
}

const INTRODUCTION: &str = "\
# Faults

What becomes of a lookup when a server, the network before it, or the machine does wrong. Each fault of a server was injected into the answer
to the read of a secret, after a login (Vault: AppRole; Key Vault: a challenge and a client secret) that went well, or into that login, while
the environment had another value for the same name. A fault ends in the right value, or in an error with nothing on standard output: never in
a wrong value, in part of one, in \"not found\" (status 3), in the environment's value or in a panic.

\"Took\" is what a run of an unoptimised build took when this page was written, on a machine that others shared; of backends that share a row,
the slowest. Every run of the test holds each time against its bound: no fault outlasts `--timeout` (2 s where a fault lasts until then, else 40 s) by more than 100 ms,
none that ends by itself takes longer than the pauses between its attempts, which are urllib3's and azure-core's, and what a machine needs
for the work. A run that took too long beside others is repeated alone, and the least of its times counts. \"Reads\" is how often the server was
asked for the secret: what may pass is tried again.

`--timeout` ends where the value is there. A reader of standard output that does not read is waited for, as by every program: half a value in
its hands would be worse.

This page is made from real runs: `SECRETCTL_TEST_UPDATE=1 cargo test page_of_faults` writes it. In it the server is `vault.example.com`,
without a scheme. [errors.md](errors.md) has the errors of usage, of names and of values.
";

#[test]
fn the_page_of_faults_is_made_from_runs() {
    let surroundings = Surroundings::start();
    let jobs = Job::all();
    let outcomes = outcomes(&jobs, |job| match job {
        Job::Server(fault, backend) => servers::inject(fault, *backend, &surroundings),
        Job::Machine(fault) => machine::inject(fault),
    });
    assert!(
        !surroundings.was_left(),
        "a redirect was followed to another place"
    );
    let done: Vec<(&Job, Outcome)> = jobs.iter().zip(outcomes).collect();
    let mut page = String::from(INTRODUCTION);
    for (subject, faults) in list::FAULTS {
        write!(
            page,
            "\n## {subject}\n\n| fault | backend | status | took | reads | words |\n| --- | --- | --- | --- | --- | --- |\n"
        )
        .unwrap();
        for fault in *faults {
            server_rows(fault, &done, &mut page);
        }
    }
    for (subject, faults) in machine::FAULTS {
        write!(
            page,
            "\n## {subject}\n\n| fault | status | took | words |\n| --- | --- | --- | --- |\n"
        )
        .unwrap();
        for fault in *faults {
            machine_row(fault, &done, &mut page);
        }
    }
    input::section(&mut page);
    crate::support::page_but("faults.md", &page, without_times);
}

#[test]
fn times_alone_are_left_out_of_the_comparison() {
    let page = "# A\n\n| a | took | b |\n| --- | --- | --- |\n| x | 0.10 s | y |\n\n| c | d |\n| --- | --- |\n| 1 | 2 |\n";
    let other = page.replace("0.10", "0.20");
    assert_eq!(without_times(page), without_times(&other));
    assert_ne!(
        without_times(page),
        without_times(&page.replace("| y |", "| z |"))
    );
    assert_ne!(
        without_times(page),
        without_times(&page.replace("| 2 |", "| 3 |"))
    );
}
