"""What the search path as a whole does, for the deliberate differences that no other area asks about."""

import importlib


def op_search_path(request):
    """The variable `key` as tasks get it, and the names of the backends that are asked. What is no text is as Python shows it."""
    from airflow.configuration import ensure_secrets_loaded
    from airflow.models.variable import Variable

    backends = [type(backend).__name__ for backend in ensure_secrets_loaded()]
    # The database, which does not exist here, is the last of them: what comes before it answers.
    value = Variable.get_variable_from_secrets(request["key"])
    if value is not None and not isinstance(value, str):
        value = {"python": repr(value)}
    return {"value": value, "backends": backends}


def op_connection(request):
    """The URI of the connection `conn_id` as tasks get it; null where Airflow says that it is not defined."""
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    try:
        return {"uri": Connection.get_connection_from_secrets(request["conn_id"]).get_uri()}
    except AirflowNotFoundException:
        return {"uri": None}


def op_accepts(request):
    """Whether a backend's class takes these kwargs without a word."""
    module, _, name = request["class"].rpartition(".")
    try:
        getattr(importlib.import_module(module), name)(**request["kwargs"])
        return True
    except Exception:
        return False
