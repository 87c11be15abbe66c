//! DAG files, for `check`.

use std::fmt::Write as _;

/// Writes a DAG file of 50 lines that uses the connection `pg_prod_<NUMBER>`.
pub(crate) fn dag(number: u32) -> String {
    let mut text = format!(
        "from airflow.sdk import DAG, task\n\
         from airflow.providers.postgres.hooks.postgres import PostgresHook\n\
         ENV = 'prod'\n\
         CONN = f'pg_{{ENV}}_{number}'\n\
         with DAG('d{number}', schedule=None):\n"
    );
    for task in 0..9 {
        write!(
            text,
            "    @task\n    \
                 def t{task}(rows=None):\n        \
                     hook = PostgresHook(postgres_conn_id=CONN)\n        \
                     return [row for row in hook.get_records('select {task}') if row[0] > {task}]\n    \
                 t{task}()\n"
        )
        .unwrap();
    }
    text
}
