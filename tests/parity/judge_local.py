"""Local secrets files, and the YAML that Airflow reads them with."""

import datetime
import json


def describe(value, path=()):
    """Writes a value of any type of the safe loader as JSON that distinguishes the types."""
    if value is None:
        return ["none"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        try:
            return ["int", str(value)]
        except ValueError:
            return ["huge"]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, str):
        return ["str", value]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, datetime.datetime):
        return ["datetime", str(value)]
    if isinstance(value, datetime.date):
        return ["date", str(value)]
    if id(value) in path:
        return ["loop", len(path) - path.index(id(value))]
    path = (*path, id(value))
    if isinstance(value, list):
        return ["list", [describe(item, path) for item in value]]
    if isinstance(value, tuple):
        return ["tuple", [describe(item, path) for item in value]]
    if isinstance(value, set):
        return ["set", sorted((describe(item, path) for item in value), key=dumps)]
    if isinstance(value, dict):
        return ["dict", [[describe(key, path), describe(item, path)] for key, item in value.items()]]
    raise TypeError(type(value))


def dumps(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def op_yaml(request):
    from airflow.utils import yaml

    try:
        loaded = yaml.safe_load(request["text"])
    except Exception:
        return {"error": True}
    return {"value": describe(loaded), "json": as_json(loaded)}


def as_json(value):
    """Returns the JSON form of a value, if it has one."""
    try:
        return json.dumps(json.loads(json.dumps(value)))
    except Exception:
        return None


def found(backend, kind, key):
    """Looks up a key and describes the result; a connection is described by all its output forms."""
    try:
        if kind == "connection":
            value = backend.get_connection(key)
        elif kind == "variable":
            value = backend.get_variable(key)
        else:
            value = backend.get_config(key)
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)[:200]}
    if value is None:
        return {"absent": True}
    if kind != "connection":
        if not isinstance(value, str):
            try:
                return {"json": json.dumps(value)}
            except Exception as error:
                return {"no_json": type(error).__name__, "text": str(value)}
        return {"text": value}
    try:
        return {"uri": value.get_uri()}
    except Exception as error:
        return {"no_uri": type(error).__name__}


def op_file(request):
    """Writes a file and looks up keys in it with Airflow's backend."""
    import os
    import tempfile

    from airflow.secrets.local_filesystem import LocalFilesystemBackend

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, request["name"])
        with open(path, "wb") as file:
            file.write(bytes.fromhex(request["content"]))
        names = {"connection": "connections_file_path", "variable": "variables_file_path", "config": "configs_file_path"}
        backend = LocalFilesystemBackend(**{names[request["kind"]]: path})
        return [found(backend, request["kind"], key) for key in request["keys"]]


def op_environment(request):
    """Looks up keys with Airflow's environment backend, with and without teams."""
    import os
    from unittest import mock

    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    env = {**request["env"], "AIRFLOW__CORE__MULTI_TEAM": str(request["multi_team"])}
    with mock.patch.dict(os.environ, env):
        backend = EnvironmentVariablesBackend()
        team = request["team"]
        if request["kind"] == "connection":
            return backend.get_conn_value(request["key"], team_name=team)
        return backend.get_variable(request["key"], team_name=team)
