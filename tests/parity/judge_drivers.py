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
    "databricks",
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
        # What snowflake-sqlalchemy asks the connector: whether a value is text, and the types of parameters.
        importlib.import_module("snowflake.connector.connection").DEFAULT_CONFIGURATION = {}
        sys.modules["snowflake.connector.connection_config"] = None
        compat = importlib.import_module("snowflake.connector.compat")
        compat.IS_STR = lambda value: isinstance(value, str)

        BaseHook.get_connection = classmethod(lambda cls, conn_id: CONNECTION[0])


def hook_class(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"airflow.providers.{module}"), name)


def hook_of(path, **kwargs):
    return hook_class(path)("c", **kwargs)


def of(path, **kwargs):
    return lambda connection: engine_url(hook_of(path, **kwargs))


def engine_url(hook):
    """Returns the URL that `DbApiHook.get_sqlalchemy_engine` takes."""
    try:
        return hook.sqlalchemy_url.render_as_string(hide_password=False)
    except NotImplementedError:
        return hook.get_uri()


def bigquery(connection):
    """The credentials are a stand-in: only the project counts, which a service account's key names."""
    base = importlib.import_module("airflow.providers.google.common.hooks.base_google")

    def credentials(keyfile_dict=None, **kwargs):
        return mock.Mock(), (keyfile_dict or {}).get("project_id")

    with mock.patch.object(base, "get_credentials_and_project_id", credentials):
        hook = hook_of("google.cloud.hooks.bigquery.BigQueryHook")
        if not hook.project_id:
            raise ValueError("the project of the machine's credentials")
        return engine_url(hook)


def aws_variables(connection):
    """Returns what the wrapper finds, by the names that the AWS CLI reads. An empty token is none."""
    path = "airflow.providers.amazon.aws.utils.connection_wrapper"
    found = importlib.import_module(path).AwsConnectionWrapper(conn=connection)
    has_keys = found.aws_access_key_id and found.aws_secret_access_key
    if found.role_arn and not has_keys:
        raise ValueError("AWS is asked for the keys of the role")
    variables = {
        "AWS_ACCESS_KEY_ID": found.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": found.aws_secret_access_key,
        "AWS_SESSION_TOKEN": found.aws_session_token,
        "AWS_DEFAULT_REGION": found.region_name,
        "AWS_REGION": found.region_name,
        "AWS_PROFILE": found.profile_name,
        "AWS_ENDPOINT_URL": found.endpoint_url,
        "AWS_ROLE_ARN": found.role_arn,
        "AWS_ROLE_SESSION_NAME": found.assume_role_kwargs.get("RoleSessionName"),
    }
    if not all(isinstance(value, (str, type(None))) for value in variables.values() if value):
        raise TypeError("a value that is not text")
    set_ones = {name: value for name, value in variables.items() if value}
    return {**set_ones, "AWS_SESSION_TOKEN": found.aws_session_token or ""} if has_keys else set_ones


def jdbc(connection):
    """Returns the URL that the hook connects to."""
    hook = hook_of("jdbc.hooks.jdbc.JdbcHook")
    with mock.patch("jaydebeapi.connect") as connect:
        hook.get_conn()
    url = connect.call_args.kwargs["url"]
    if connection.host is None:
        raise ValueError("the text of None")
    return url


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
    ("aws", "aws-env"): aws_variables,
    ("clickhouse", "sqlalchemy"): of("clickhousedb.hooks.clickhouse.ClickHouseHook"),
    ("databricks", "sqlalchemy"): of("databricks.hooks.databricks_sql.DatabricksSqlHook"),
    ("drill", "sqlalchemy"): of("apache.drill.hooks.drill.DrillHook"),
    ("druid", "sqlalchemy"): of("apache.druid.hooks.druid.DruidDbApiHook"),
    ("duckdb", "sqlalchemy"): lambda connection: engine_url(
        hook_class("duckdb.hooks.duckdb.DuckDBHook")(duckdb_conn_id="c")
    ),
    ("exasol", "sqlalchemy"): of("exasol.hooks.exasol.ExasolHook"),
    ("gcpbigquery", "sqlalchemy"): bigquery,
    ("hiveserver2", "sqlalchemy"): of("apache.hive.hooks.hive.HiveServer2Hook"),
    ("http", "url"): http_base_url,
    ("ibmdb2", "sqlalchemy"): of("ibm.db2.hooks.db2.Db2Hook"),
    ("impala", "sqlalchemy"): of("apache.impala.hooks.impala.ImpalaHook"),
    ("jdbc", "jdbc"): jdbc,
    ("jdbc", "sqlalchemy"): of("jdbc.hooks.jdbc.JdbcHook"),
    ("mssql", "sqlalchemy"): of("microsoft.mssql.hooks.mssql.MsSqlHook"),
    ("mysql", "sqlalchemy"): of("mysql.hooks.mysql.MySqlHook"),
    ("odbc", "odbc"): lambda connection: hook_of("odbc.hooks.odbc.OdbcHook").odbc_connection_string,
    ("odbc", "sqlalchemy"): of("odbc.hooks.odbc.OdbcHook"),
    ("oracle", "sqlalchemy"): of("oracle.hooks.oracle.OracleHook"),
    ("pinot", "sqlalchemy"): of("apache.pinot.hooks.pinot.PinotDbApiHook"),
    ("postgres", "libpq"): libpq,
    ("postgres", "libpq-env"): libpq_variables,
    ("postgres", "sqlalchemy"): of("postgres.hooks.postgres.PostgresHook"),
    ("presto", "sqlalchemy"): of("presto.hooks.presto.PrestoHook"),
    ("redshift", "sqlalchemy"): of("amazon.aws.hooks.redshift_sql.RedshiftSQLHook"),
    ("snowflake", "sqlalchemy"): of("snowflake.hooks.snowflake.SnowflakeHook"),
    ("sqlite", "sqlalchemy"): of("sqlite.hooks.sqlite.SqliteHook"),
    ("teradata", "sqlalchemy"): of("teradata.hooks.teradata.TeradataHook"),
    ("trino", "sqlalchemy"): of("trino.hooks.trino.TrinoHook"),
    ("vertica", "sqlalchemy"): of("vertica.hooks.vertica.VerticaHook"),
    ("ydb", "sqlalchemy"): of("ydb.hooks.ydb.YDBHook"),
}


def op_formats(request):
    return [list(pair) for pair in FORMATS]


def op_render(request):
    """Answers with the text, or with the exception that the hook raises; and with what SQLAlchemy reads in both texts."""
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
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    answer = {"text": text}
    if request["format"] == "sqlalchemy":
        answer["read"] = reading(text)
        answer["parts"] = wanted(request["type"], connection, answer["read"])
    return answer


def op_read(request):
    return reading(request["url"])


# What a hook takes for a part that is absent or empty.
DEFAULTS = {
    "clickhouse": {"login": "default", "host": "localhost", "schema": "default"},
    "ibmdb2": {"host": "localhost"},
    "mysql": {"host": "localhost"},
    "trino": {"host": "localhost"},
}


def wanted(conn_type, connection, read):
    """Returns what SQLAlchemy should read: the connection's user, password, host and database."""
    defaults = DEFAULTS.get(conn_type, {})
    login, password, host, database = (
        getattr(connection, name) or defaults.get(name) for name in ("login", "password", "host", "schema")
    )
    extra = connection.extra_dejson
    if conn_type == "oracle":
        database = None if extra.get("service_name") else str(extra.get("sid") or database or "") or None
    elif conn_type == "trino" and database and extra.get("schema"):
        database = f"{database}/{extra['schema']}"
    elif conn_type == "snowflake":
        # They are in the extra, and quoted as SQLAlchemy reads them.
        host, database = read[2:] if isinstance(read, list) else (None, None)
    elif conn_type == "pinot":
        database = str(extra.get("endpoint", "query/sql")) or None
    if conn_type in ("mysql", "trino") and not login:
        password = None
    return [login, password, host, database]


def reading(text):
    """Returns the user, password, host and database that SQLAlchemy reads in a URL, or that it cannot read it."""
    from sqlalchemy.engine import make_url

    try:
        url = make_url(text)
    except Exception as error:
        return {"error": type(error).__name__}
    return [url.username or None, url.password or None, url.host or None, url.database or None]


def op_dbt(request):
    """Answers with the target and the variables of the first of Cosmos's mappings that takes the connection."""
    load()
    import copy

    from cosmos.profiles import profile_mappings
    from judge_connection import deserialized

    arguments = request["arguments"]
    try:
        connection = deserialized("c", request["value"])
        for mapping in profile_mappings:
            wanted = arguments.get("type", mapping.dbt_profile_type), arguments.get("method", mapping.dbt_profile_method)
            if wanted != (mapping.dbt_profile_type, mapping.dbt_profile_method):
                continue
            CONNECTION[:] = [copy.deepcopy(connection)]
            one = mapping("c", dict(arguments))
            if one.can_claim_connection():
                target = {name: value for name, value in one.profile.items() if value is not None}
                variables = dict(one.env_vars)
                # Athena's mapping has one for a token that is absent, and that its target does not name.
                token = "COSMOS_CONN_AWS_AWS_SESSION_TOKEN"
                if token in variables and token not in str(target):
                    del variables[token]
                json.dumps([target, variables], ensure_ascii=False).encode()
                return {"mapping": mapping.__name__, "target": target, "variables": variables}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"error": "no mapping takes it"}


def op_mappings(request):
    load()
    from cosmos.profiles import profile_mappings

    return [mapping.__name__ for mapping in profile_mappings]


def op_yaml(request):
    import yaml

    return yaml.safe_load(request["text"])


def op_engine(request):
    """Makes an engine, and returns the name of its driver and all texts that the driver would connect with."""
    load()
    import mysqldb
    from sqlalchemy import create_engine

    mysqldb.install()
    engine = create_engine(request["url"])
    arguments = engine.dialect.create_connect_args(engine.url)
    return {"driver": f"{engine.dialect.name}+{engine.driver}", "texts": sorted(set(texts(arguments)))}


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts(one)
    elif type(value).__module__.startswith("trino"):
        yield from texts(vars(value))
