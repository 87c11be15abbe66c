"""HashiCorp Vault: Airflow's own backend, called as the search path calls it."""

import os
import warnings
from contextlib import contextmanager


@contextmanager
def environment(variables):
    """Adds `variables` to the environment during a question; hvac reads four of them at import."""
    import hvac.v1

    saved, constants = dict(os.environ), {}
    os.environ.update(variables)
    for name in ("VAULT_CACERT", "VAULT_CAPATH", "VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY"):
        constants[name] = getattr(hvac.v1, name)
        setattr(hvac.v1, name, os.environ.get(name))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
        for name, value in constants.items():
            setattr(hvac.v1, name, value)


def op_lookup(request):
    """Looks up `name` with the backend of `kwargs`: `{"value": …}`, or `{"error": the exception's class}`."""
    from airflow.providers.hashicorp.secrets.vault import VaultBackend

    warnings.simplefilter("ignore")
    with environment(request.get("env", {})):
        try:
            backend = VaultBackend(**request["kwargs"])
            team = {"team_name": request["team"]} if request.get("team") else {}
            if request["kind"] == "conn":
                value = backend.get_conn_value(request["name"], **team)
            elif request["kind"] == "var":
                value = backend.get_variable(request["name"], **team)
            else:
                value = backend.get_config(request["name"])
            return {"value": value}
        except Exception as error:
            return {"error": type(error).__name__}


def op_bypass(request):
    """Returns the proxy that requests would use for `url`, with `proxies` as a kwarg and `env`."""
    import requests

    with environment(request["env"]):
        session = requests.Session()
        proxies = dict(request.get("proxies") or {})
        session.proxies = dict(proxies)
        settings = session.merge_environment_settings(request["url"], proxies, False, None, None)
        chosen = requests.utils.select_proxy(request["url"], settings["proxies"])
        return requests.utils.prepend_scheme_if_needed(chosen, "http") if chosen else None


def op_authorization(request):
    """Returns the `Authorization` that hvac's signer computes for the time in `headers`."""
    import datetime
    from unittest import mock

    from hvac import aws_utils

    time = datetime.datetime.strptime(request["headers"]["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
    prepared = aws_utils.generate_sigv4_auth_request()
    signer = aws_utils.SigV4Auth(
        request["access_key"], request["secret_key"], request["session_token"], request["region"]
    )
    with mock.patch.object(aws_utils, "datetime") as clock:
        clock.utcnow.return_value = time
        signer.add_auth(prepared)
    return prepared.headers["Authorization"]
