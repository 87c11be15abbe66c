"""Azure Key Vault: the names that Airflow's own backend computes and, over the wire, its secrets."""

import contextlib
import os

BACKEND = "airflow.providers.microsoft.azure.secrets.key_vault"


def op_names(request):
    """Returns the names that the backend would request from Key Vault, in order; nothing is sent.

    A `null` answer for a name is what Airflow does with one that Key Vault cannot have: it is never asked for.
    """
    from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend

    asked = []

    class Client:
        def get_secret(self, name):
            asked.append(name)

            class Secret:
                value = None

            return Secret

    with environment({"AIRFLOW__CORE__MULTI_TEAM": str(request["multi_team"])}):
        try:
            backend = AzureKeyVaultBackend(vault_url="https://kv.vault.azure.net/", **request["kwargs"])
            backend.__dict__["client"] = Client()
            look_up(backend, request)
        except Exception as error:
            return {"error": type(error).__name__}
    return {"asked": asked}


def op_ask(request):
    """Looks up one secret with the kwargs and the environment of the question."""
    from azure.keyvault.secrets._shared import http_challenge_cache

    from airflow.providers.microsoft.azure.secrets.key_vault import AzureKeyVaultBackend

    http_challenge_cache.clear()
    with environment(request["env"]):
        try:
            backend = AzureKeyVaultBackend(**request["kwargs"])
            return {"value": look_up(backend, request)}
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)[:2000]}


def op_waits(request):
    """As `op_ask`, with the seconds that it would have waited between requests. It does not wait."""
    import time
    from unittest import mock

    waited = []
    with mock.patch.object(time, "sleep", waited.append):
        answer = op_ask(request)
    return {**answer, "waited": waited}


def look_up(backend, request):
    kind, name = request["kind"], request["id"]
    if kind == "config":
        return backend.get_config(name)
    team = request.get("team")
    get = backend.get_conn_value if kind == "connection" else backend.get_variable
    return get(name, team_name=team)


@contextlib.contextmanager
def environment(variables):
    """Sets variables of the process, and restores them."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def op_challenge(request):
    """Returns which token the client for Python would request after a vault's challenge, or an error."""
    from azure.keyvault.secrets._shared.challenge_auth_policy import _validate_challenge_resource
    from azure.keyvault.secrets._shared.http_challenge import HttpChallenge

    try:
        challenge = HttpChallenge(request["url"], request["header"])
        scope = challenge.get_scope() or challenge.get_resource() + "/.default"
        _validate_challenge_resource(scope, request["url"])
    except (ValueError, IndexError):
        return {"error": True}
    return {"scope": scope, "tenant": challenge.tenant_id, "claims": challenge.claims}
