"""Where Airflow's search path looks for one name that no backend has."""

import importlib
import json

from judge_azure import environment


def op_asked(request):
    """Returns the locations asked, in order, with the environment of the question."""
    from airflow.configuration import conf
    from airflow.secrets import environment_variables

    asked = []
    with environment(request["env"]):
        class_path = conf.get("secrets", "backend")
        kwargs = json.loads(conf.get("secrets", "backend_kwargs"))
        module, _, name = class_path.rpartition(".")
        backend = getattr(importlib.import_module(module), name)(**kwargs)
        RECORDERS[name](backend, asked)
        real = environment_variables.os
        environment_variables.os = Environment(asked)
        try:
            if request["kind"] == "config":
                look_up_option(backend, request["id"])
            else:
                for each in (backend, environment_variables.EnvironmentVariablesBackend()):
                    look_up(each, request)
        finally:
            environment_variables.os = real
    return {"asked": asked}


def look_up_option(backend, name):
    """Looks up an option's `..._secret` as Airflow does, which chooses the backends."""
    from airflow.configuration import conf

    conf._get_custom_secret_backend = lambda worker_mode=None: backend
    try:
        conf._get_config_value_from_secret_backend(name)
    finally:
        del conf._get_custom_secret_backend


def op_option(request):
    """Returns `[database] sql_alchemy_conn` when its `_SECRET` is set, and the locations asked for it."""
    from airflow.configuration import conf
    from airflow.secrets import environment_variables, metastore

    asked = []

    def get_config(self, key):
        asked.append(type(self).__name__)

    classes = (environment_variables.EnvironmentVariablesBackend, metastore.MetastoreBackend)
    for each in classes:
        each.get_config = get_config
    try:
        with environment({**request["env"], "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": request["key"]}):
            value = conf.get("database", "sql_alchemy_conn")
            default = conf.get_default_value("database", "sql_alchemy_conn")
    finally:
        for each in classes:
            del each.get_config
    return {"asked": asked, "value": value, "is_default": value == default}


def look_up(backend, request):
    kind, name, team = request["kind"], request["id"], request["team"]
    if kind == "var":
        backend.get_variable(name, team_name=team)
    elif hasattr(backend, "_local_connections"):
        backend.get_connection(name, team_name=team)
    else:
        backend.get_conn_value(name, team_name=team)


class Environment:
    """Replaces the module `os`: an empty environment that records the names it is asked for."""

    def __init__(self, asked):
        self.asked = asked
        self.environ = self

    def get(self, name):
        self.asked.append({"variable": name})


def record_vault(backend, asked):
    client = backend.vault_client

    def get_secret(secret_path):
        mount, path = client._parse_secret_path(secret_path)
        # The path on the wire: hvac strips outer slashes, and the URL loses `.` segments; a final one leaves its slash.
        segments = [segment for segment in path.split("/") if segment]
        last = segments[-1:]
        path = "/".join([segment for segment in segments[:-1] if segment != "."] + last)
        asked.append({"mount_point": mount, "path": path, "kv_engine_version": client.kv_engine_version})

    client.get_secret = get_secret


def record_azure(backend, asked):
    class Client:
        def get_secret(self, name):
            asked.append({"vault_url": backend.vault_url, "secret_name": name})

            class Secret:
                value = None

            return Secret

    backend.__dict__["client"] = Client()


def record_google(backend, asked):
    """Records the names, but not those that Secret Manager cannot have: Airflow asks for them in vain."""
    import re

    class Client:
        def get_secret(self, secret_id, project_id):
            if re.fullmatch(r"[A-Za-z0-9_-]{1,255}", secret_id):
                asked.append({"project_id": project_id, "secret_name": secret_id, "version": "latest"})

    class Recorded(type(backend)):
        client = Client()

    backend.__class__ = Recorded


def record_akeyless(backend, asked):
    """Records the name of each secret that is requested."""

    class Client:
        def get_secret_value(self, request):
            asked.append({"api_url": backend._api_url, "secret_name": request.names[0]})
            return {}

    backend.__dict__["_client"] = Client()
    backend._authenticate = lambda: "token"
    # It has no other function for connections.
    backend.get_conn_value = backend.get_connection


def record_lockbox(backend, asked):
    """Records the names that are looked for in the folder, which is empty."""

    def find_secret(secrets, prefix, key):
        asked.append({"folder_id": backend.folder_id, "secret_name": backend._build_secret_name(prefix, key)})

    backend._get_secrets = list
    backend._find_secret = find_secret


def record_local(backend, asked):
    """Records the file, which is named by the one attribute that the lookup reads."""
    cls = type(backend)

    class Recorded(cls):
        def __getattribute__(self, name):
            value = super().__getattribute__(name)
            if name in ("variables_file", "connections_file", "configs_file") and value:
                if {"file": value} not in asked:
                    asked.append({"file": value})
                return None
            return value

    backend.__class__ = Recorded


RECORDERS = {
    "VaultBackend": record_vault,
    "AzureKeyVaultBackend": record_azure,
    "CloudSecretManagerBackend": record_google,
    "AkeylessBackend": record_akeyless,
    "LockboxSecretBackend": record_lockbox,
    "LocalFilesystemBackend": record_local,
}
