//! How long `check` takes to read 1,000 DAG files of 300 lines: `cargo bench --locked --bench code`.
//!
//! The files are made in memory, with hooks, operators, templates and constants in the mix of real ones, but denser.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use secretctl::inspect::code::{Source, names};

const FILES: usize = 1000;
const LINES: usize = 300;

fn main() {
    let sources: Vec<Source> = (0..FILES)
        .map(|number| Source {
            path: Arc::from(format!("dags/team/dag_{number}.py")),
            text: dag(number).into_bytes(),
        })
        .collect();
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    let mut times = Vec::new();
    let mut uses = 0;
    for _ in 0..5 {
        let start = Instant::now();
        uses = names(&sources).uses.len();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    println!(
        "{FILES} files of {LINES} lines, {bytes} bytes, {uses} uses: {:?} (the median of 5)",
        times[2]
    );
}

fn dag(number: usize) -> String {
    let mut text = format!(
        "from datetime import datetime
from airflow.sdk import DAG, Variable, task
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.amazon.aws.operators.s3 import S3CreateBucketOperator
ENV = 'prod'
CONN = f'pg_{{ENV}}_{number}'
ARGS = {{'owner': 'x', 'retries': 2, 'aws_conn_id': 'aws_{number}'}}
with DAG('d{number}', default_args=ARGS, schedule=None, start_date=datetime(2026, 1, 1)) as dag:
"
    );
    let mut lines = text.lines().count();
    for task in 0.. {
        if lines + 12 > LINES {
            break;
        }
        lines += 12;
        let _ = write!(
            text,
            "    @task
    def t{task}(name='a{task}', rows=None):
        hook = PostgresHook(postgres_conn_id=CONN)
        key = Variable.get(f'key_{{ENV}}_{task}', default=None)
        result = [row for row in hook.get_records('select 1') if row[0] > {task}]
        return {{'name': name, 'rows': len(result), 'key': key}}
    b{task} = S3CreateBucketOperator(
        task_id='bucket_{task}',
        bucket_name='data-{{{{ var.value.bucket_{task} }}}}',
        region_name='eu-west-1',
    )
    t{task}(name='x') >> b{task}
"
        );
    }
    for _ in lines..LINES {
        text.push_str("# The end.\n");
    }
    text
}
