"""The metadata database: SQL that a test puts rows with, and Airflow's own backend that reads them."""

import contextlib

import mysqldb

import judge_backends
import judge_connection

METASTORE = "airflow.secrets.metastore.MetastoreBackend"


def op_execute(request):
    """Runs `statements`, each `[sql, parameters]`, in the database at `url`, and returns the rows of each (null: no rows).

    Each is its own transaction. Parameters are named, `:name` in the text; without any the text goes as it is. Bytes are
    `{"hex": …}`, in parameters and in rows.
    """
    import sqlalchemy

    mysqldb.install()
    engine = sqlalchemy.create_engine(request["url"], isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    answers = []
    with engine.connect() as connection:
        for sql, parameters in request["statements"]:
            if parameters:
                values = {name: unwrapped(value) for name, value in parameters.items()}
                result = connection.execute(sqlalchemy.text(sql), values)
            else:
                result = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
            answers.append([[wrapped(cell) for cell in row] for row in result] if result.returns_rows else None)
    return answers


def unwrapped(value):
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def wrapped(cell):
    if isinstance(cell, bytes | bytearray | memoryview):
        return {"hex": bytes(cell).hex()}
    return cell if cell is None or isinstance(cell, str | int | float | bool) else str(cell)


def op_lookups(request):
    """Looks up `names` as `backends.lookups` does, in the database at `url`, with `fernet_key` and `env`."""
    with opened(request):
        return judge_backends.op_lookups({**request, "class": METASTORE, "kwargs": {}, "env": {}})


def op_rows(request):
    """As `op_lookups`, and a connection is described as `connection.check` does."""
    from airflow.secrets.metastore import MetastoreBackend

    judge_connection.load()
    answers = []
    # A login for each of thousands of names would take most of the time.
    with opened(request, pooled=True):
        backend = MetastoreBackend()
        for name in request["names"]:
            try:
                if name["kind"] == "variable":
                    answers.append({"value": judge_backends.look_up(backend, name)})
                    continue
                found = backend.get_connection(name["id"], team_name=name.get("team"))
                answers.append({"value": found and described(found)})
            except Exception as error:
                answers.append(judge_backends.described(error))
    return answers


def described(found):
    """Describes a connection; an extra or a password that cannot be opened is an exception."""
    describe = judge_connection.connection(lambda *_: found)
    return judge_connection.guarded(describe, {"id": None, "value": None})


@contextlib.contextmanager
def opened(request, pooled=False):
    """Airflow with the database at `url`, `fernet_key` and `env`."""
    from airflow import settings
    from airflow.models import crypto

    mysqldb.install()
    env = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": request["url"],
        "AIRFLOW__CORE__FERNET_KEY": request.get("fernet_key", ""),
        **request.get("env", {}),
    }
    with judge_backends.environment(env):
        crypto.get_fernet.cache_clear()
        settings.configure_vars()
        settings.configure_adapters()
        settings.reconfigure_orm(disable_connection_pool=not pooled)
        try:
            yield
        finally:
            settings.dispose_orm()
            crypto.get_fernet.cache_clear()


def op_encrypt(request):
    """Returns `text` as Airflow encrypts it with `key`."""
    from cryptography.fernet import Fernet

    return Fernet(request["key"]).encrypt(request["text"].encode()).decode()


def op_connect(request):
    """Connects to `url`: `{"value": the user's name there}`, or the error."""
    import sqlalchemy

    mysqldb.install()
    try:
        with sqlalchemy.create_engine(request["url"], poolclass=sqlalchemy.NullPool).connect() as connection:
            return {"value": connection.exec_driver_sql("SELECT CURRENT_USER").scalar()}
    except Exception as error:
        return judge_backends.described(error)


def op_dotenv(request):
    import io

    from dotenv import dotenv_values

    return dict(dotenv_values(stream=io.StringIO(request["text"])))


def op_defined(request):
    """Returns what Airflow's search path has as `id`, a connection by its URI; null where it says that it is not defined."""
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection
    from airflow.models.variable import Variable

    with opened(request):
        try:
            if request["kind"] == "variable":
                return {"value": Variable.get_variable_from_secrets(request["id"])}
            return {"value": Connection.get_connection_from_secrets(request["id"]).get_uri()}
        except AirflowNotFoundException:
            return {"value": None}
        except Exception as error:
            return judge_backends.described(error)
