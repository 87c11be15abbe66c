"""Any secrets backend of a provider: one lookup with the kwargs and the environment of the question."""

import contextlib
import functools
import importlib
import json
import os

import judge_botocore


def op_lookup(request):
    """Looks up `id` as `kind` with the backend `class` made from `kwargs`, in the environment `env`.

    `kind` is `conn_value`, `connection`, `variable` or `config`; `team` and `multi_team` are Airflow's. The answer is
    `{"value": …}`, null where the backend does not have it, or the error (`described`). A connection is described by its JSON
    and URI.
    """
    variables = request.get("env", {})
    with environment({**variables, **multi_team(request)}), google_auth_of(variables):
        try:
            backend = imported(request["class"])(**request.get("kwargs", {}))
            return {"value": look_up(backend, request)}
        except Exception as error:
            return described(error)


def op_lookups(request):
    """As `op_lookup` for a list of `names`, each `{"kind", "id", "team"}`, with one backend."""
    variables = request.get("env", {})
    with environment({**variables, **multi_team(request)}), google_auth_of(variables):
        try:
            backend = imported(request["class"])(**request.get("kwargs", {}))
        except Exception as error:
            return [described(error)] * len(request["names"])
        answers = []
        for name in request["names"]:
            try:
                answers.append({"value": look_up(backend, name)})
            except Exception as error:
                answers.append(described(error))
        return answers


def google_auth_of(variables):
    """Gives google-auth the address of a metadata server, if `variables` has one: it reads it only at import."""
    if "GCE_METADATA_HOST" not in variables:
        return contextlib.nullcontext()
    import judge_google

    return judge_google.google_auth_of(variables)


def op_imports(request):
    """Returns the modules and classes of `classes` that cannot be imported, with the reason."""
    failed = {}
    for path in request["classes"]:
        try:
            imported(path)
        except Exception as error:
            failed[path] = str(error)
    return failed


def multi_team(request):
    return {"AIRFLOW__CORE__MULTI_TEAM": str(request["multi_team"])} if "multi_team" in request else {}


def imported(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def look_up(backend, request):
    kind, name = request["kind"], request["id"]
    team = {"team_name": request["team"]} if request.get("team") is not None else {}
    if kind == "config":
        return backend.get_config(name)
    if kind == "variable":
        return backend.get_variable(name, **team)
    if kind == "conn_value":
        return backend.get_conn_value(name, **team)
    connection = backend.get_connection(name, **team)
    return connection and {"json": json.loads(connection.as_json()), "uri": connection.get_uri()}


def described(error):
    """Describes an exception: its class, its message and, where the service answered, the service's code or status."""
    code = None
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
    elif hasattr(error, "status"):
        code = error.status
    elif callable(getattr(error, "code", None)):
        code = getattr(error.code(), "name", None)
    elif getattr(error, "grpc_status_code", None) is not None:
        code = error.grpc_status_code.name
    return {"error": type(error).__name__, "code": code, "message": str(error)[:2000]}


@functools.cache
def key_reader():
    """Reads each private key once. To check the primes of one takes most of a question's time."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return functools.cache(load_pem_private_key)


@contextlib.contextmanager
def keys_read_once():
    """Lets google-auth, and the JWTs of Yandex Cloud's SDK, use `key_reader`."""
    from unittest import mock

    from cryptography.hazmat.primitives import serialization
    from jwt import algorithms

    name, read = "load_pem_private_key", key_reader()
    with mock.patch.object(serialization, name, read), mock.patch.object(algorithms, name, read):
        yield


@contextlib.contextmanager
def environment(variables):
    """Adds variables to the environment of the process, and restores it."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        with judge_botocore.home(variables.get("HOME")):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
