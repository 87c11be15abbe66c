"""The search path as a whole, for the deliberate differences that no other area covers."""

import importlib


def op_search_path(request):
    """Returns the variable `key` as tasks get it, by `repr` if it is not text, and the names of the backends asked."""
    from airflow.configuration import ensure_secrets_loaded
    from airflow.models.variable import Variable

    backends = [type(backend).__name__ for backend in ensure_secrets_loaded()]
    # The database, which does not exist here, is the last of them: what comes before it answers.
    value = Variable.get_variable_from_secrets(request["key"])
    if value is not None and not isinstance(value, str):
        value = {"python": repr(value)}
    return {"value": value, "backends": backends}


def op_variable(request):
    """Returns the variable `key` of the backends before the database, or the error of importing Airflow's configuration."""
    try:
        from airflow.configuration import ensure_secrets_loaded

        for backend in ensure_secrets_loaded()[:-1]:
            try:
                value = backend.get_variable(request["key"])
            except Exception:
                # As in `Variable.get_variable_from_secrets`.
                continue
            if value is not None:
                return {"value": value}
        return {"value": None}
    except Exception as error:
        return {"error": type(error).__name__}


def op_with_database(request):
    """Returns the variable `key` as a server gets it, database included, or the error of starting Airflow."""
    try:
        from airflow import settings
        from airflow.secrets.metastore import MetastoreBackend

        settings.initialize()
        return {"value": MetastoreBackend().get_variable(request["key"])}
    except Exception as error:
        return {"error": type(error).__name__}


def op_connection(request):
    """Returns the URI of the connection `conn_id` as tasks get it; null where Airflow says that it is not defined."""
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    try:
        return {"uri": Connection.get_connection_from_secrets(request["conn_id"]).get_uri()}
    except AirflowNotFoundException:
        return {"uri": None}


def op_accepts(request):
    """Returns whether a backend's class accepts these kwargs: when it fails, and its warnings in `said`."""
    import logging
    import warnings

    said = []

    class Ear(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    module, _, name = request["class"].rpartition(".")
    ear = Ear(logging.WARNING)
    logging.getLogger().addHandler(ear)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            when = "at once"
            backend = getattr(importlib.import_module(module), name)(**request["kwargs"])
            when = "at the first lookup"
            backend.get_variable("hello")
    except TypeError as error:
        return {"error": f"{type(error).__name__} {when}"}
    except Exception:
        # No server answers, which does not matter here.
        pass
    finally:
        logging.getLogger().removeHandler(ear)
    said += [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
    return {"value": "taken", "said": said}
