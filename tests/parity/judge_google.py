"""Google Secret Manager: Airflow's own backend over gRPC, against a scripted service of this process.

The backend runs unmodified. A proxy for CONNECT on loopback leads `secretmanager.*` to the scripted service, and every other
name to a port of the test, which issues the tokens. Nothing leaves the machine.
"""

import base64
import contextlib
import datetime
import os
import select
import socket
import ssl
import tempfile
import threading
from concurrent import futures

import judge_backends

BACKEND = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend"
HOSTS = ["secretmanager.googleapis.com", "secretmanager.other.example"]


def op_lookups(request):
    """Looks up each of `names` with one backend made from `kwargs` in the environment `env`.

    `secrets` are those of the service: a resource's name and `{"data": base64}`, or `{"code": …}`; any other is NOT_FOUND.
    `emulator` is the port of a service without TLS that takes its place. `tokens` is the port of everything else, and `patience`
    how long the client repeats a request, in seconds. Answers `{"answers": […], "asked": […]}`: what the backend returned, and what the
    service was asked, as whom.
    """
    service = Service.started()
    service.proxy.tokens = request.get("tokens")
    service.proxy.emulator = request.get("emulator")
    service.secrets = request.get("secrets", {})
    service.asked = []
    variables = {
        "https_proxy": f"http://127.0.0.1:{service.proxy.port}",
        "no_proxy": "127.0.0.1",
        # google-auth asks a `gcloud` that it finds for a project, whatever machine this is.
        "PATH": "/nonexistent",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": service.ca,
        **request.get("env", {}),
        **judge_backends.multi_team(request),
    }
    patience = request.get("patience", 0.01)
    as_asked = judge_backends.environment(variables)
    with as_asked, google_auth_of(variables), impatient(patience), judge_backends.keys_read_once():
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
def impatient(seconds):
    """Ends the client's retries, which take a minute, after `seconds`, and google-auth's pauses."""
    from unittest import mock

    from google.api_core.retry import retry_unary
    from google.auth import _exponential_backoff

    target = retry_unary.retry_target

    def once(*arguments, **more):
        return target(*arguments, **{**more, "timeout": seconds})

    class Clock:
        """The module `time` for google-auth: it does not wait."""

        sleep = staticmethod(lambda seconds: None)

    with mock.patch.object(retry_unary, "retry_target", once), mock.patch.object(_exponential_backoff, "time", Clock):
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
        self.proxy = Proxy(self.port, certificate + key, folder)

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
        payload = {"data": base64.b64decode(stored["data"])}
        if "dataCrc32c" in stored:
            payload["data_crc32c"] = int(stored["dataCrc32c"])
        return AccessSecretVersionResponse(name=request.name, payload=payload)


def well_formed(name):
    """Whether Google accepts the name of a version; it answers INVALID_ARGUMENT to others."""
    import re

    return re.fullmatch(r"projects/[A-Za-z0-9:._-]+/secrets/[A-Za-z0-9_-]{1,255}/versions/latest", name) is not None


class Proxy:
    """A proxy for CONNECT: `secretmanager.*` is the scripted service, everything else is the port of the test."""

    def __init__(self, service, pem, folder):
        self.service, self.tokens, self.emulator = service, None, None
        path = os.path.join(folder, "server.pem")
        with open(path, "wb") as file:
            file.write(pem)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(path)
        self.tls.set_alpn_protocols(["h2"])
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
            is_service = place.startswith("secretmanager.")
            port = (self.emulator or self.service) if is_service else self.tokens
            if port is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if is_service and self.emulator:
                    with self.tls.wrap_socket(client, server_side=True) as secure:
                        exchange(secure, server)
                    return
                back = threading.Thread(target=copy, args=(server, client), daemon=True)
                back.start()
                copy(client, server)
                back.join()


def exchange(secure, plain):
    """Copies both ways in one thread, because a TLS connection is not for two."""
    while True:
        ready = [secure] if secure.pending() else select.select([secure, plain], [], [])[0]
        for source in ready:
            chunk = source.recv(65536)
            if not chunk:
                return
            (plain if source is secure else secure).sendall(chunk)


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
