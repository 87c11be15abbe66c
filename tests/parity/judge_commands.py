"""How the real readers read the formats of `export` and the environment of `exec`."""

import base64
import os
import tempfile


def op_dotenv(request):
    """Reads the bytes of a file with python-dotenv; a value that it does not set is None."""
    from dotenv import dotenv_values

    with tempfile.NamedTemporaryFile(suffix=".env") as file:
        file.write(base64.b64decode(request["base64"]))
        file.flush()
        return dict(dotenv_values(file.name))


def op_yaml(request):
    import yaml

    return yaml.safe_load(request["text"])


def op_connection_in_environment(_request):
    """Returns the connections of this process's environment, as Airflow's own backend reads them."""
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    backend = EnvironmentVariablesBackend()
    prefix = "AIRFLOW_CONN_"
    ids = [name[len(prefix) :].lower() for name in os.environ if name.startswith(prefix)]
    return {conn_id: described(backend.get_connection(conn_id)) for conn_id in ids}


def op_described(request):
    """Returns a connection's parts, from its text in a backend."""
    from airflow.secrets.base_secrets import BaseSecretsBackend

    return described(BaseSecretsBackend().deserialize_connection("x", request["value"]))


def described(connection):
    names = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra_dejson")
    return {name: getattr(connection, name) for name in names}


def op_import(request):
    """Runs `airflow connections import` or `airflow variables import` into a new database, and returns its contents."""
    from argparse import Namespace

    from airflow import settings
    from airflow.cli.commands import connection_command, variable_command
    from airflow.models import Connection, Variable
    from airflow.utils.session import create_session

    if settings.engine is None:
        settings.initialize()
    Connection.metadata.create_all(settings.engine)
    with tempfile.TemporaryDirectory() as folder:
        for name, run in (("connections", imported_connections), ("variables", imported_variables)):
            if name in request:
                path = os.path.join(folder, f"{name}.json")
                with open(path, "w") as file:
                    file.write(request[name])
                run(connection_command if name == "connections" else variable_command, Namespace, path)
    with create_session() as session:
        return {
            "connections": {row.conn_id: described(row) for row in session.query(Connection)},
            "variables": {row.key: row.val for row in session.query(Variable)},
        }


def imported_connections(command, namespace, path):
    command._import_helper(path, overwrite=True)


def imported_variables(command, namespace, path):
    command.variables_import(namespace(file=path, action_on_existing_key="overwrite", verbose=False))
