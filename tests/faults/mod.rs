//! Every fault of a server, the network or the machine: its status, how long it takes, and its message.
//!
//! `docs/faults.md` is generated from these runs. No fault gives a wrong value, part of one, "not found", or outlasts `--timeout` by
//! more than a tenth of a second.
#![cfg(target_os = "linux")]

mod databases;
mod input;
mod list;
mod machine;
mod outcome;
mod servers;

use std::fmt::Write as _;

use outcome::{Outcome, outcomes};
use servers::{Backend, Peers};

/// A run of one fault.
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
        // Runs that wait do not disturb each other's measured times. Runs that use the processor come after them.
        all.sort_by_key(|job| !job.waits());
        all
    }

    /// Returns whether it lasts until `--timeout` is over.
    fn waits(&self) -> bool {
        match self {
            Self::Server(fault, _) => fault.right == list::Right::TimeIsUp,
            Self::Machine(fault) => fault.waits(),
        }
    }
}

/// Writes the rows of one fault. Backends that behave alike share a row, with the time of the slowest.
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

/// Returns the page without its times, which differ in every run: each was compared with its limit.
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

What a lookup does when a server, the network or the machine fails. Each fault of a server was injected into a successful lookup: into the login
(Vault: AppRole; Key Vault: a challenge and a client secret; AWS has static keys and no login, or a role of STS; Kubernetes has a token and no
login), or into the read of the secret after it. Meanwhile
the environment had another value for the same name. The outcome is the right value, or an error with nothing on standard output. It is never a wrong value, part of a value,
\"not found\" (status 3), the environment's value or a panic.

\"Took\" is the time of one run of an unoptimised build on a shared machine, when this page was written; for backends that share a row, the slowest.
Every run of the test checks each time. No fault exceeds `--timeout` (2 s for faults that last until then, 40 s for the others) by more than 100 ms.
A fault that ends earlier takes no longer than the pauses between attempts (urllib3's and azure-core's), plus the machine's own work. A run that was
too slow while others ran is repeated alone, and its shortest time counts. \"Reads\" is how often the server was asked for the secret: faults that may
pass are retried.

`--timeout` ends when the value is there. If the reader of standard output does not read, secretctl waits, as every program does: half a value would
be worse.

This page is generated from real runs: `SECRETCTL_TEST_UPDATE=1 cargo test page_of_faults` writes it. In it the server is `vault.example.com`,
without a scheme. [errors.md](errors.md) has the errors of usage, of names and of values.
";

#[test]
fn the_page_of_faults_is_made_from_runs() {
    let peers = Peers::start();
    let jobs = Job::all();
    let outcomes = outcomes(&jobs, |job| match job {
        Job::Server(fault, backend) => servers::inject(fault, *backend, &peers),
        Job::Machine(fault) => machine::inject(fault),
    });
    assert!(!peers.was_left(), "a redirect was followed to another place");
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
    databases::section(&mut page);
    input::section(&mut page);
    crate::support::page_but("faults.md", &page, without_times);
}

#[test]
fn only_times_are_left_out_of_the_comparison() {
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
