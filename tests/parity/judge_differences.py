"""What the search path as a whole does, for the deliberate differences that no other area asks about."""

import importlib


def op_search_path(request):
    """The variable `key` as tasks get it, and the names of the backends that are asked."""
    from airflow.configuration import ensure_secrets_loaded
    from airflow.models.variable import Variable

    backends = [type(backend).__name__ for backend in ensure_secrets_loaded()]
    # The database, which does not exist here, is the last of them: what comes before it answers.
    return {"value": Variable.get_variable_from_secrets(request["key"]), "backends": backends}


def op_accepts(request):
    """Whether a backend's class takes these kwargs without a word."""
    module, _, name = request["class"].rpartition(".")
    try:
        getattr(importlib.import_module(module), name)(**request["kwargs"])
        return True
    except Exception:
        return False
