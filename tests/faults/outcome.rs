//! What came of a fault, how long it may take, and the measuring of that on a machine that others share.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What may pass beyond `--timeout`.
const MARGIN: Duration = Duration::from_millis(100);

/// How many runs go on at once.
const AT_ONCE: usize = 12;

/// How often a run that took too long beside others is repeated alone. What else the machine does can only add to a time, so the
/// least is the fair one.
const TRIES: usize = 8;

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    least: Duration,
    most: Duration,
}

impl Due {
    /// Until `timeout` is over, and no longer.
    pub fn at(timeout: Duration) -> Self {
        Self {
            least: timeout,
            most: timeout + MARGIN,
        }
    }

    /// All of `pauses`, and what a machine needs for the `work` between them.
    pub fn within(pauses: Duration, work: Duration) -> Self {
        Self {
            least: pauses,
            most: pauses + work,
        }
    }
}

/// What came of a fault.
pub struct Outcome {
    /// What does not hold that must.
    pub broken: Option<String>,
    /// Whether the machine was too slow for the fault to come about within `--timeout`.
    pub missed: bool,
    pub status: i32,
    /// How often the secret was asked for, where there is a server.
    pub reads: Option<usize>,
    pub words: String,
    /// How long the run took.
    pub time: Duration,
    pub due: Due,
}

impl Outcome {
    /// Whether this and `other` share a row of the page: all but the time, which is never the same twice.
    pub fn is_as(&self, other: &Self) -> bool {
        (self.status, self.reads, &self.words, self.due)
            == (other.status, other.reads, &other.words, other.due)
    }
}

/// What stands there when a backend was given up before it could say what it waited for: the moment that it has for that was over
/// before it was its turn.
const GIVEN_UP: &str = "did not answer in time";

/// Runs all of `jobs`, some at once, and what took too long again and alone. The outcomes are in the order of the jobs.
pub fn outcomes<J: Sync>(jobs: &[J], run: impl Fn(&J) -> Outcome + Sync) -> Vec<Outcome> {
    let run = |job: &J| {
        let outcome = run(job);
        Outcome {
            missed: outcome.missed || outcome.words.contains(GIVEN_UP),
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

/// The first line of an error and its hint. The lines between are the system's and the libraries' words.
pub fn words(stderr: &str) -> String {
    let mut lines = stderr.lines().filter_map(|line| match line.split_once(": ") {
        Some(("error", message)) => Some(message.to_owned()),
        Some(("hint", hint)) => Some(format!("Hint: {hint}")),
        _ => None,
    });
    let message = lines.next().unwrap_or_default();
    lines.fold(message, |text, line| format!("{text}. {line}"))
}
