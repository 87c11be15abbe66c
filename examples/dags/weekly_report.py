"""A DAG whose connections and variables `secretctl check` finds, without running it."""

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Variable, task

WAREHOUSE = "warehouse"

with DAG("weekly_report", default_args={"retries": "{{ var.value.retries }}"}):
    load = SQLExecuteQueryOperator(task_id="load", conn_id=WAREHOUSE, sql="load.sql")

    @task
    def send():
        report = Variable.get("weekly_report", deserialize_json=True)
        return Variable.get("subject", default="weekly report"), report["recipients"]

    load >> send()
