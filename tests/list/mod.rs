//! `list`: the names of each place, in Airflow's order, which of them are shadowed, and never a value.

mod aws;
mod azure;
mod local;
mod metastore;
mod stores;
mod vault;

use serde_json::Value;

use crate::support::{Output, Program};

/// A printed line: the name, the place, and the remark of the third column.
pub type Line = (String, String, Option<String>);

/// Returns the lines of a listing that succeeded.
#[track_caller]
pub fn lines(output: &Output) -> Vec<Line> {
    assert_eq!(output.status, 0, "{}", output.stderr);
    output
        .text()
        .lines()
        .map(|line| {
            let mut columns = line.split('\t').map(str::to_owned);
            let (id, place) = (columns.next().unwrap(), columns.next().unwrap());
            let remark = columns.next();
            assert_eq!(columns.next(), None, "{line}");
            (id, place, remark)
        })
        .collect()
}

/// Returns the names that a program lists.
#[track_caller]
pub fn ids(program: Program) -> Vec<String> {
    lines(&program.run()).into_iter().map(|(id, _, _)| id).collect()
}

/// Returns the JSON of a listing that succeeded.
#[track_caller]
pub fn json(output: &Output) -> Value {
    assert_eq!(output.status, 0, "{}", output.stderr);
    serde_json::from_slice(&output.stdout).unwrap()
}
