"""Kubernetes Secrets: what Airflow's own backend asks an API server, and the kubeconfig as the client for Python reads it."""

import contextlib
import os
import tempfile
from unittest import mock

from judge_azure import environment, look_up


def op_ask(request):
    """Looks up one secret as in a pod: `token`, `ca` and `pod_namespace` are in the files of a service account."""
    from kubernetes.client import Configuration
    from kubernetes.config import incluster_config

    from airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend import KubernetesSecretsBackend

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path = {name: os.path.join(folder, name) for name in ("token", "ca.crt", "namespace")}
        for name, text in (("token", request["token"]), ("ca.crt", request["ca"]), ("namespace", request["pod_namespace"])):
            if text is not None:
                with open(path[name], "w", encoding="utf-8") as file:
                    file.write(text)
        patch = lambda *args: stack.enter_context(mock.patch.object(*args))  # noqa: E731
        patch(incluster_config, "SERVICE_TOKEN_FILENAME", path["token"])
        patch(incluster_config, "SERVICE_CERT_FILENAME", path["ca.crt"])
        patch(KubernetesSecretsBackend, "SERVICE_ACCOUNT_NAMESPACE_PATH", path["namespace"])
        stack.enter_context(environment({"KUBERNETES_SERVICE_HOST": "127.0.0.1", **request["env"]}))
        patch(Configuration, "_default", None)
        try:
            value = look_up(KubernetesSecretsBackend(**request["kwargs"]), request)
        except Exception as error:
            return {"error": type(error).__name__}
    return {"value": value}


def op_pod(request):
    """Looks up one secret in this very process: the real files and variables of a pod."""
    from airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend import KubernetesSecretsBackend

    with environment(request["env"]):
        try:
            return {"value": look_up(KubernetesSecretsBackend(**request["kwargs"]), request)}
        except Exception as error:
            return {"error": type(error).__name__}


def op_kubeconfig(request):
    """Returns what the client for Python takes from the current context of a kubeconfig, with files as their text."""
    from kubernetes.client import Configuration
    from kubernetes.config import kube_config

    configuration = Configuration()
    try:
        loader = kube_config._get_kube_config_loader(filename=request["kubeconfig"])
        loader.load_and_set(configuration)
    except Exception as error:
        return {"error": type(error).__name__}

    def text(path):
        if not path:
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()

    return {
        "server": configuration.host,
        "namespace": loader.current_context["context"].get("namespace"),
        "authorization": configuration.auth_settings().get("BearerToken", {}).get("value"),
        "ca": text(configuration.ssl_ca_cert),
        "certificate": text(configuration.cert_file),
        "key": text(configuration.key_file),
        "verify": configuration.verify_ssl,
        "tls_server_name": configuration.tls_server_name,
    }
