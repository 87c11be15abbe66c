"""Local secrets files, and the YAML that Airflow reads them with."""

import datetime
import json


def describe(value, path=()):
    """Writes a value of any type that the safe loader makes as JSON that tells the types apart."""
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
    except Exception as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        return {"error": type(error).__name__, "line": line}
    return {"value": describe(loaded)}
