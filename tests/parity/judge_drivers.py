"""Airflow's hooks and Cosmos's profile mappings: a connection as other programs take it.

The hooks are those of the providers, unchanged. Building a text needs a database's driver for its import alone, so drivers that are
large, or need a library of the system, are stand-ins without any behaviour: a hook that called one would get no text out of it.
The process must have the environment of `scripts/requirements/drivers.txt` on its path.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import sys
from unittest import mock

STAND_INS = (
    "databricks.sql",
    "duckdb",
    "exasol",
    "gcloud.aio.bigquery",
    "google.cloud.bigquery",
    "google.cloud.bigquery_storage_v1",
    "google.cloud.spanner_v1",
    "ibm_db",
    "ibm_db_dbi",
    "impala",
    "jaydebeapi",
    "jpype",
    "pandas_gbq",
    "pinotdb",
    "prestodb",
    "pyathena",
    "pydruid",
    "pyexasol",
    "pyhive",
    "pyodbc",
    "redshift_connector",
    "snowflake.connector",
    "teradatasql",
    "teradatasqlalchemy",
    "vertica_python",
    "ydb",
    "ydb_dbapi",
    "thrift",
)


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(f"{one}.") for one in STAND_INS):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = mock.MagicMock(name=spec.name)
        module.__path__ = []
        module.__spec__ = spec
        module.__version__ = "0"
        return module

    def exec_module(self, module):
        pass


CONNECTION = []


def load():
    """Imports the base of all hooks once, and makes it answer with the connection at hand, of core's class."""
    if not any(isinstance(finder, StandIns) for finder in sys.meta_path):
        sys.meta_path.insert(0, StandIns())
        from airflow.sdk.bases.hook import BaseHook

        BaseHook.get_connection = classmethod(lambda cls, conn_id: CONNECTION[0])


def hook_of(path, **kwargs):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"airflow.providers.{module}"), name)("c", **kwargs)


def of(path):
    return lambda connection: hook_of(path).get_uri()


def http_base_url(connection):
    hook = importlib.import_module("airflow.providers.http.hooks.http").HttpHook()
    hook._set_base_url(connection)
    return hook.base_url


def libpq(connection):
    """Returns what psycopg makes of the arguments that the hook connects with."""
    from psycopg import conninfo

    return conninfo.make_conninfo("", **libpq_arguments(connection))


def libpq_variables(connection):
    from psycopg import conninfo, pq

    conninfo.make_conninfo("", **libpq_arguments(connection))
    variables = {one.keyword.decode(): one.envvar for one in pq.Conninfo.get_defaults()}
    arguments = {name: value for name, value in libpq_arguments(connection).items() if value is not None}
    return {variables[name].decode(): str(value) for name, value in arguments.items()}


def libpq_arguments(connection):
    hook = hook_of("postgres.hooks.postgres.PostgresHook")
    with mock.patch.object(hook, "_create_connection", side_effect=lambda arguments: arguments) as create:
        hook.get_conn()
        (arguments,) = create.call_args.args
    for name in ("autocommit", "prepare_threshold", "context", "row_factory", "cursor_factory"):
        arguments.pop(name, None)
    return arguments


FORMATS = {
    ("postgres", "sqlalchemy"): of("postgres.hooks.postgres.PostgresHook"),
    ("postgres", "libpq"): libpq,
    ("postgres", "libpq-env"): libpq_variables,
    ("mysql", "sqlalchemy"): of("mysql.hooks.mysql.MySqlHook"),
    ("sqlite", "sqlalchemy"): of("sqlite.hooks.sqlite.SqliteHook"),
    ("http", "url"): http_base_url,
}


def op_formats(request):
    return [list(pair) for pair in FORMATS]


def op_render(request):
    """Answers with the text, or with the exception that the hook raises. `make_url` must read what is for SQLAlchemy."""
    load()
    from judge_connection import deserialized

    try:
        connection = deserialized("c", request["value"])
    except Exception as error:
        return {"unreadable": type(error).__name__}
    CONNECTION[:] = [connection]
    try:
        text = FORMATS[request["type"], request["format"]](connection)
        json.dumps(text, ensure_ascii=False).encode()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    answer = {"text": text}
    if request["format"] == "sqlalchemy":
        answer["url"] = url(text)
    return answer


def url(text):
    """Returns what SQLAlchemy reads in a URL, or that it does not read it."""
    from sqlalchemy.engine import make_url

    try:
        parsed = make_url(text)
    except Exception as error:
        return {"error": type(error).__name__}
    return {"user": parsed.username, "password": parsed.password, "host": parsed.host, "database": parsed.database}
