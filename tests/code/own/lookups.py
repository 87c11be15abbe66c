from datetime import datetime

import airflow.sdk as sdk
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, BaseHook, Connection, Variable
from helpers import names
from helpers.names import KEYS, Connections

Variable.get("own_plain")
Variable.get(KEYS["first"], default=None)
sdk.Variable.get("own_%s" % "percent")
read = Variable.get
read("own_alias")
host = BaseHook.get_connection("own_" + "database").host
Connection.get(Connections.WAREHOUSE)
for team in names.TEAMS:
    Variable.get(f"own_{team}", deserialize_json=True)


def settings(key, prefix="own"):
    return Variable.get(f"{prefix}_{key}", deserialize_json=True)


value = settings("settings")["key"]
settings(key="others", prefix="their")

with DAG("own_lookups", schedule=None, start_date=datetime(2026, 1, 1)) as dag:
    BashOperator(
        task_id="templates",
        bash_command="echo {{ var.value.own_template }} {{ var.json.own_json.key }} {{ conn.own_conn.host }} "
        + "{{ var.value.get('own_default', 'x') }} {{ conn.get('own_got').login }}",
        env={
            "A": f"{{{{ var.value.own_{names.ENVIRONMENT} }}}}",
            "B": "{% for key in ['own_a', 'own_b'] %}{{ var.value.get(key) }}{% endfor %}",
            "C": "{{% set c = conn.{} %}}{{{{ c.password }}}}".format("own_set"),
        },
    )
    BashOperator.partial(task_id="mapped").expand(
        bash_command=[f"echo {{{{ var.value.{key} }}}}" for key in KEYS.values()]
    )
