//! The outcome of a fault, its time limit, and how time is measured on a shared machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How much longer than `--timeout` a run may take.
const MARGIN: Duration = Duration::from_millis(100);

/// How many faults run at once.
const AT_ONCE: usize = 12;

/// How often a run that took too long next to others is repeated alone. Other load only adds to a time, so the shortest is the
/// fair one.
const TRIES: usize = 8;

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    least: Duration,
    most: Duration,
}

impl Due {
    /// Returns the limits of a run that ends when `timeout` is over.
    pub fn at(timeout: Duration) -> Self {
        Self {
            least: timeout,
            most: timeout + MARGIN,
        }
    }

    /// Returns the limits of a run whose pauses are random, and altogether at most `pauses`.
    pub fn up_to(pauses: Duration, work: Duration) -> Self {
        Self {
            least: Duration::ZERO,
            most: pauses + work,
        }
    }

    /// Returns the limits of a run that takes `pauses` and at most `work` between them.
    pub fn within(pauses: Duration, work: Duration) -> Self {
        Self {
            least: pauses,
            most: pauses + work,
        }
    }
}

/// The outcome of a fault.
pub struct Outcome {
    /// The broken promise, if any.
    pub broken: Option<String>,
    /// Whether the machine was too slow for the fault to happen within `--timeout`.
    pub missed: bool,
    pub status: i32,
    /// How often the secret was read, if there is a server.
    pub reads: Option<usize>,
    pub words: String,
    /// How long the run took.
    pub time: Duration,
    pub due: Due,
}

impl Outcome {
    /// Returns whether this and `other` share a row of the page. Their times may differ.
    pub fn is_as(&self, other: &Self) -> bool {
        (self.status, self.reads, &self.words, self.due)
            == (other.status, other.reads, &other.words, other.due)
    }
}

/// The words for a backend that was abandoned before it could say what it waited for, because the machine was too slow.
const ABANDONED: &str = "did not answer in time";

/// Runs all `jobs`, several at once, and those that took too long again, alone. The outcomes are in the order of the jobs.
pub fn outcomes<J: Sync>(jobs: &[J], run: impl Fn(&J) -> Outcome + Sync) -> Vec<Outcome> {
    let run = |job: &J| {
        let outcome = run(job);
        Outcome {
            missed: outcome.missed || outcome.words.contains(ABANDONED),
            ..outcome
        }
    };
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(job) = jobs.get(index) else { break };
                    let outcome = run(job);
                    done.lock().unwrap().push((index, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(index, _)| *index);
    let mut broken = Vec::new();
    for (index, outcome) in &mut done {
        for _ in 0..TRIES {
            if outcome.time <= outcome.due.most && !outcome.missed {
                break;
            }
            broken.extend(outcome.broken.take());
            let again = run(&jobs[*index]);
            if again.time < outcome.time || outcome.missed {
                *outcome = again;
            }
        }
        let (time, Due { least, most }) = (outcome.time, outcome.due);
        if outcome.broken.is_none() && (outcome.missed || time < least || time > most) {
            let (missed, words) = (outcome.missed, &outcome.words);
            broken.push(format!(
                "job {index} took {time:?}, which is not {least:?} to {most:?} (missed: {missed}): {words}"
            ));
        }
        broken.extend(outcome.broken.clone());
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Returns the first line of an error and its hint. The lines between are the words of the system and of libraries.
pub fn words(stderr: &str) -> String {
    let mut lines = stderr.lines().filter_map(|line| match line.split_once(": ") {
        Some(("error", message)) => Some(message.to_owned()),
        Some(("hint", hint)) => Some(format!("Hint: {hint}")),
        _ => None,
    });
    let message = lines.next().unwrap_or_default();
    lines.fold(message, |text, line| format!("{text}. {line}"))
}
