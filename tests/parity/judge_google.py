"""Google Secret Manager: Airflow's own backend over gRPC, against a scripted service of this process.

The backend runs unmodified. A proxy for CONNECT on loopback leads `secretmanager.*` to the scripted service, and every other
name to a port of the test, which issues the tokens. Nothing leaves the machine.
"""

import base64
import contextlib
import datetime
import os
import socket
import tempfile
import threading
from concurrent import futures

import judge_backends

BACKEND = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend"
HOSTS = ["secretmanager.googleapis.com", "secretmanager.other.example"]


def op_lookups(request):
    """Looks up each of `names` with one backend made from `kwargs` in the environment `env`.

    `secrets` are those of the service: a resource's name and `{"data": base64}`, or `{"code": …}`; any other is NOT_FOUND.
    `tokens` is the port of everything else. Answers `{"answers": […], "asked": […]}`: what the backend returned, and what the
    service was asked, as whom.
    """
    service = Service.started()
    service.proxy.tokens = request.get("tokens")
    service.secrets = request.get("secrets", {})
    service.asked = []
    variables = {
        "https_proxy": f"http://127.0.0.1:{service.proxy.port}",
        "no_proxy": "127.0.0.1",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": service.ca,
        **request.get("env", {}),
        **judge_backends.multi_team(request),
    }
    with judge_backends.environment(variables), google_auth_of(variables), impatient():
        answers = []
        try:
            backend = judge_backends.imported(BACKEND)(**request.get("kwargs", {}))
        except Exception as error:
            return {"answers": [judge_backends.described(error)] * len(request["names"]), "asked": []}
        for name in request["names"]:
            try:
                answers.append({"value": judge_backends.look_up(backend, name)})
            except Exception as error:
                answers.append(judge_backends.described(error))
    return {"answers": answers, "asked": service.asked}


@contextlib.contextmanager
def google_auth_of(variables):
    """Gives google-auth the variables that it reads only at import."""
    from google.auth.compute_engine import _metadata
    from unittest import mock

    host = variables.get("GCE_METADATA_HOST") or variables.get("GCE_METADATA_ROOT", "metadata.google.internal")
    off = variables.get("NO_GCE_CHECK") == "true"
    with mock.patch.object(_metadata, "_GCE_METADATA_HOST", host), mock.patch.object(_metadata, "_NO_GCE_CHECK", off):
        yield


@contextlib.contextmanager
def impatient():
    """Ends the client's retries, which take a minute, and google-auth's pauses."""
    from unittest import mock

    from google.api_core.retry import retry_unary
    from google.auth import _exponential_backoff

    target = retry_unary.retry_target

    def once(*arguments, **more):
        return target(*arguments, **{**more, "timeout": 0.01})

    with mock.patch.object(retry_unary, "retry_target", once), mock.patch.object(_exponential_backoff.time, "sleep"):
        yield


class Service:
    """The scripted service, and the proxy that leads to it."""

    _one = None

    @classmethod
    def started(cls):
        if cls._one is None:
            cls._one = cls()
        return cls._one

    def __init__(self):
        import grpc

        folder = tempfile.mkdtemp(prefix="secretctl-judge-google-", dir=os.environ.get("HOME"))
        certificate, key = self_signed(HOSTS)
        self.ca = os.path.join(folder, "ca.pem")
        with open(self.ca, "wb") as file:
            file.write(certificate)
        self.secrets, self.asked = {}, []
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers([self.handler()])
        credentials = grpc.ssl_server_credentials([(key, certificate)])
        self.port = self.server.add_secure_port("127.0.0.1:0", credentials)
        self.server.start()
        self.proxy = Proxy(self.port)

    def handler(self):
        import grpc
        from google.cloud.secretmanager_v1.types import AccessSecretVersionRequest, AccessSecretVersionResponse

        method = grpc.unary_unary_rpc_method_handler(
            self.access,
            request_deserializer=AccessSecretVersionRequest.deserialize,
            response_serializer=AccessSecretVersionResponse.serialize,
        )
        return grpc.method_handlers_generic_handler(
            "google.cloud.secretmanager.v1.SecretManagerService", {"AccessSecretVersion": method}
        )

    def access(self, request, context):
        import grpc
        from google.cloud.secretmanager_v1.types import AccessSecretVersionResponse

        metadata = dict(context.invocation_metadata())
        self.asked.append(
            {
                "name": request.name,
                "authorization": metadata.get("authorization"),
                "quota": metadata.get("x-goog-user-project"),
            }
        )
        stored = self.secrets.get(request.name, {"code": "NOT_FOUND"})
        if not well_formed(request.name):
            stored = {"code": "INVALID_ARGUMENT"}
        if "code" in stored:
            context.abort(grpc.StatusCode[stored["code"]], "scripted")
        return AccessSecretVersionResponse(name=request.name, payload={"data": base64.b64decode(stored["data"])})


def well_formed(name):
    """Whether Google accepts the name of a version; it answers INVALID_ARGUMENT to others."""
    import re

    return re.fullmatch(r"projects/[A-Za-z0-9:._-]+/secrets/[A-Za-z0-9_-]{1,255}/versions/latest", name) is not None


class Proxy:
    """A proxy for CONNECT: `secretmanager.*` is the scripted service, everything else is the port of the test."""

    def __init__(self, service):
        self.service, self.tokens = service, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            place = head.split(b" ")[1].decode()
            port = self.service if place.startswith("secretmanager.") else self.tokens
            if port is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=copy, args=(server, client), daemon=True)
                back.start()
                copy(client, server)
                back.join()


def copy(source, target):
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def self_signed(hosts):
    """Returns a certificate for `hosts` and its key, both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "secretctl's tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
