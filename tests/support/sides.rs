//! Airflow's and our side of a question, in one form: the answer, and the requests made for it.
//!
//! A test of a deliberate difference states both sides in full. It fails when a side changes, or when both become equal.

use serde_json::{Value, json};

use super::program::Output;
use super::server::Recorded;

/// The outcome of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value; anything but text keeps its type.
    Found(Value),
    /// No value.
    NotFound,
    /// A failure: the exception's class, or `status` and its number.
    Failed(String),
    /// It never answers.
    NeverEnds,
}

/// One side's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    answer: Answer,
    /// Its requests, or other effects that the test compares. Null where it compares only the answers.
    asked: Value,
}

impl Side {
    /// Creates a side that finds `value`.
    pub fn found(value: impl Into<Value>) -> Self {
        Self::new(Answer::Found(value.into()))
    }

    /// Creates a side that finds nothing.
    pub fn not_found() -> Self {
        Self::new(Answer::NotFound)
    }

    /// Creates a side that fails, with the class of its exception or `status N`.
    pub fn failed(how: impl Into<String>) -> Self {
        Self::new(Answer::Failed(how.into()))
    }

    /// Creates a side that never ends.
    pub fn never_ends() -> Self {
        Self::new(Answer::NeverEnds)
    }

    fn new(answer: Answer) -> Self {
        Self {
            answer,
            asked: Value::Null,
        }
    }

    /// Sets its requests.
    #[must_use]
    pub fn asking(mut self, asked: impl Into<Value>) -> Self {
        self.asked = asked.into();
        self
    }

    /// Reads an answer of the judge: `{"value": …}`, where null is nothing, or `{"error": class}`.
    #[track_caller]
    pub fn of_airflow(answer: &Value) -> Self {
        match (answer.get("value"), answer["error"].as_str()) {
            (Some(Value::Null), None) => Self::not_found(),
            (Some(value), None) => Self::found(value.clone()),
            (None, Some(class)) => Self::failed(class),
            _ => panic!("the judge has no answer: {answer}"),
        }
    }

    /// Reads a run of the program: its output, status 3, or another status.
    #[track_caller]
    pub fn of_secretctl(output: &Output) -> Self {
        match output.status {
            0 => Self::found(output.text().strip_suffix('\n').unwrap_or(output.text())),
            status => {
                output.fails(status);
                if status == 3 {
                    Self::not_found()
                } else {
                    Self::failed(format!("status {status}"))
                }
            }
        }
    }

    /// Whether the sides agree: the same requests, and the same value, or nothing, or a failure in both.
    fn agrees_with(&self, other: &Self) -> bool {
        let failed = |side: &Self| matches!(side.answer, Answer::Failed(_));
        self.asked == other.asked && (self.answer == other.answer || failed(self) && failed(other))
    }
}

/// Airflow's side and ours: each as observed, and as the test states it.
#[derive(Clone, Debug)]
pub struct Sides {
    /// Airflow's side, observed and stated.
    pub airflow: (Side, Side),
    /// Our side, observed and stated.
    pub secretctl: (Side, Side),
}

impl Sides {
    /// Describes what has changed, if anything has.
    pub fn change(&self) -> Option<String> {
        let (airflow, secretctl) = (&self.airflow, &self.secretctl);
        if airflow.0.agrees_with(&secretctl.0) {
            return Some(format!(
                "the sides no longer differ, so the entry goes: {:?}",
                airflow.0
            ));
        }
        [("Airflow", airflow), ("secretctl", secretctl)]
            .into_iter()
            .find(|(_, (came, stated))| came != stated)
            .map(|(who, (came, stated))| format!("{who} has changed: it was\n{stated:?}, and is\n{came:?}"))
    }
}

/// Writes requests for a side: method and target, with a JSON body.
pub fn requests(recorded: &[Recorded]) -> Value {
    let line = |request: &Recorded| {
        let line = json!(format!("{} {}", request.method, request.target));
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) => json!([line, body]),
            Err(_) => line,
        }
    };
    recorded.iter().map(line).collect()
}

#[test]
fn a_change_of_either_side_and_agreement_are_reported() {
    let sides = |airflow: &Side, secretctl: &Side| Sides {
        airflow: (airflow.clone(), Side::not_found().asking(json!(["GET /a"]))),
        secretctl: (
            secretctl.clone(),
            Side::failed("status 6").asking(json!(["GET /a"])),
        ),
    };
    let theirs = Side::not_found().asking(json!(["GET /a"]));
    let ours = Side::failed("status 6").asking(json!(["GET /a"]));
    assert_eq!(sides(&theirs, &ours).change(), None);
    for (airflow, secretctl, expected) in [
        // Another answer, other requests, another failure.
        (Side::failed("KeyError"), ours.clone(), "Airflow has changed"),
        (
            Side::found("x").asking(json!(["GET /a"])),
            ours.clone(),
            "Airflow has changed",
        ),
        (
            Side::not_found().asking(json!([])),
            ours.clone(),
            "Airflow has changed",
        ),
        (
            theirs.clone(),
            Side::failed("status 5").asking(json!(["GET /a"])),
            "secretctl has changed",
        ),
        (
            theirs.clone(),
            Side::found("").asking(json!(["GET /a"])),
            "secretctl has changed",
        ),
        (theirs.clone(), Side::failed("status 6"), "secretctl has changed"),
        (theirs.clone(), theirs.clone(), "no longer differ"),
        (
            Side::failed("KeyError").asking(json!(["GET /a"])),
            ours.clone(),
            "no longer differ",
        ),
    ] {
        let problem = sides(&airflow, &secretctl).change();
        assert!(
            problem.as_ref().is_some_and(|problem| problem.contains(expected)),
            "{airflow:?} {secretctl:?}: {problem:?}"
        );
    }
    // A test that states the same of both cannot pass.
    let same = Sides {
        airflow: (theirs.clone(), theirs.clone()),
        secretctl: (theirs.clone(), theirs),
    };
    assert!(same.change().is_some());
}
