"""Templates, rendered as a task of Airflow renders the fields of its operator.

The context is the one that `RuntimeTaskInstance` builds, and the environment for Jinja is the DAG's. A template that raises is
answered with the name of the exception.
"""

import os
import sys


def load():
    """Imports the task SDK once, and turns off log masking, whose pattern of all values takes ever longer to compile."""
    if "airflow.sdk.execution_time.context" not in sys.modules:
        import airflow.sdk.execution_time.context as context
        import airflow.sdk.log as log

        context.mask_secret = lambda *args: None
        log.mask_secret = lambda *args: None
        import logging

        logging.disable(logging.CRITICAL)
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    class Rendering(BaseOperator):
        template_fields = ("text",)

        def __init__(self, *, text="", **kwargs):
            super().__init__(**kwargs)
            self.text = text

    return DAG, Rendering, RuntimeTaskInstance


def op_render(request):
    """Renders each of `templates`, with the environment variables of `env`."""
    DAG, Rendering, RuntimeTaskInstance = load()
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_"))]:
        del os.environ[name]
    os.environ.update(request["env"])
    with DAG("dag", schedule=None) as dag:
        task = Rendering(task_id="task")
    import uuid

    instance = RuntimeTaskInstance.model_construct(
        id=uuid.uuid4(), task=task, dag_id="dag", task_id="task", run_id="run", try_number=1, map_index=-1
    )
    context = instance.get_template_context()
    return [rendered(task, dag, context, template) for template in request["templates"]]


def rendered(task, dag, context, template):
    task.text = template
    try:
        text = task.render_template(template, context, dag.get_template_env())
        text.encode()
    except RecursionError:
        return {"error": "RecursionError"}
    except Exception as error:
        return {"error": type(error).__name__}
    return {"text": text}


def op_filters(request):
    """Returns the filters and tests that a template of a task has."""
    DAG, _, _ = load()
    env = DAG("dag", schedule=None).get_template_env()
    return {"filters": sorted(env.filters), "tests": sorted(env.tests), "globals": sorted(env.globals)}


def op_context(request):
    """Returns the names of Airflow's context."""
    from airflow.sdk.definitions.context import KNOWN_CONTEXT_KEYS

    return sorted(KNOWN_CONTEXT_KEYS)
