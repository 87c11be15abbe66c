from datetime import datetime

from airflow.providers.amazon.aws.operators.s3 import S3CreateBucketOperator, S3DeleteBucketOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, dag, task_group
from helpers.names import TEAMS, Connections

DEFAULTS = {"aws_conn_id": "own_aws", "owner": "me"}


class OwnQuery(SQLExecuteQueryOperator):
    def __init__(self, *, region="eu", **kwargs):
        super().__init__(conn_id=f"own_{region}", **kwargs)


def query(team, conn_id=None):
    return SQLExecuteQueryOperator(task_id=f"query_{team}", sql="select 1", conn_id=conn_id or f"own_{team}")


with DAG("own_connections", schedule=None, start_date=datetime(2026, 1, 1), default_args=DEFAULTS):
    S3CreateBucketOperator(task_id="create", bucket_name="own")
    for team in TEAMS:
        query(team)
    query("green", conn_id="own_forest")
    OwnQuery(task_id="own", sql="select 1")
    OwnQuery(task_id="own_us", sql="select 1", region="us")
    options = {"conn_id": "own_options"}
    SQLExecuteQueryOperator(task_id="options", sql="select 1", **options)


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def own_decorated():
    @task_group
    def group():
        S3DeleteBucketOperator(task_id="delete", bucket_name="own")

    group()
    SQLExecuteQueryOperator.partial(task_id="mapped", sql="select 1").expand(conn_id=["own_one", "own_two"])
    SQLExecuteQueryOperator(task_id="class", sql="select 1", conn_id=Connections.WAREHOUSE)


own_decorated()
