"""Yandex Lockbox: Airflow's own backend with Yandex Cloud's own SDK, against a scripted Yandex Cloud that speaks gRPC over TLS."""

import contextlib
import datetime
from concurrent import futures
from unittest import mock

from judge_backends import described, environment, keys_read_once, look_up, multi_team


def op_lookup(request):
    """Looks up one name with `kwargs` and `env`, where the folder has `secrets`, in pages of `page`.

    A secret is `{"id", "name", "version", "entries": [{"key", "text" | "binary"}]}`. The answer has the requests that the
    services received, in order, and the value or the error.
    """
    import airflow.providers.yandex.secrets.lockbox as lockbox

    received = []
    variables = {**request.get("env", {}), **multi_team(request)}
    with environment(variables), keys_read_once(), cloud(request, received) as endpoint:
        kwargs = {"endpoint": endpoint, **request["kwargs"]}
        try:
            answer = {"value": look_up(lockbox.LockboxSecretBackend(**kwargs), request)}
        except Exception as error:
            answer = described(error)
    return {**answer, "requests": received, "endpoint": endpoint}


@contextlib.contextmanager
def cloud(request, received):
    """Starts the services at one port, which the SDK trusts, and yields their endpoint."""
    import grpc

    key, certificate = self_signed()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, certificate)]))
    serve(server, request, received, f"localhost:{port}")
    server.start()
    trusting = grpc.ssl_channel_credentials(certificate)
    try:
        with mock.patch("yandexcloud._channels.grpc.ssl_channel_credentials", lambda **_: trusting):
            yield f"localhost:{port}"
    finally:
        server.stop(None)


def serve(server, request, received, address):
    """Adds the four services that the backend uses."""
    import grpc
    from yandex.cloud.endpoint import api_endpoint_pb2, api_endpoint_service_pb2, api_endpoint_service_pb2_grpc
    from yandex.cloud.iam.v1 import iam_token_service_pb2, iam_token_service_pb2_grpc
    from yandex.cloud.lockbox.v1 import (
        payload_pb2,
        payload_service_pb2_grpc,
        secret_pb2,
        secret_service_pb2,
        secret_service_pb2_grpc,
    )

    def authorized(context):
        return dict(context.invocation_metadata()).get("authorization")

    class Endpoints(api_endpoint_service_pb2_grpc.ApiEndpointServiceServicer):
        def List(self, _request, _context):
            ids = ("iam", "lockbox", "lockbox-payload")
            endpoints = [api_endpoint_pb2.ApiEndpoint(id=id, address=address) for id in ids]
            return api_endpoint_service_pb2.ListApiEndpointsResponse(endpoints=endpoints)

    class Tokens(iam_token_service_pb2_grpc.IamTokenServiceServicer):
        def Create(self, asked, _context):
            proof = {"oauth": asked.yandex_passport_oauth_token} if asked.yandex_passport_oauth_token else {"jwt": asked.jwt}
            received.append({"call": "token", **proof})
            return iam_token_service_pb2.CreateIamTokenResponse(iam_token="iam-token")

    class Secrets(secret_service_pb2_grpc.SecretServiceServicer):
        def List(self, asked, context):
            received.append(
                {
                    "call": "list",
                    "folder": asked.folder_id,
                    "page": asked.page_token,
                    "size": asked.page_size,
                    "token": authorized(context),
                }
            )
            start, size = int(asked.page_token or 0), request["page"]
            secrets = request["secrets"]
            end = start + size
            return secret_service_pb2.ListSecretsResponse(
                secrets=[
                    secret_pb2.Secret(id=one["id"], name=one["name"], current_version=secret_pb2.Version(id=one["version"]))
                    for one in secrets[start:end]
                ],
                next_page_token=str(end) if end < len(secrets) else "",
            )

    class Payloads(payload_service_pb2_grpc.PayloadServiceServicer):
        def Get(self, asked, context):
            received.append(
                {"call": "payload", "id": asked.secret_id, "version": asked.version_id, "token": authorized(context)}
            )
            for one in request["secrets"]:
                if one["id"] == asked.secret_id:
                    entries = [
                        payload_pb2.Payload.Entry(key=entry["key"], text_value=entry["text"])
                        if "text" in entry
                        else payload_pb2.Payload.Entry(key=entry["key"], binary_value=entry["binary"].encode())
                        for entry in one["entries"]
                    ]
                    return payload_pb2.Payload(version_id=asked.version_id, entries=entries)
            context.abort(grpc.StatusCode.NOT_FOUND, "no such secret")

    api_endpoint_service_pb2_grpc.add_ApiEndpointServiceServicer_to_server(Endpoints(), server)
    iam_token_service_pb2_grpc.add_IamTokenServiceServicer_to_server(Tokens(), server)
    secret_service_pb2_grpc.add_SecretServiceServicer_to_server(Secrets(), server)
    payload_service_pb2_grpc.add_PayloadServiceServicer_to_server(Payloads(), server)


def op_assertion(request):
    """Verifies a service account's token with the private `key` and returns its header and claims."""
    import jwt
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    public = load_pem_private_key(request["key"].encode(), None).public_key()
    claims = jwt.decode(request["token"], public, algorithms=["PS256"], audience=request["audience"])
    return {"header": jwt.get_unverified_header(request["token"]), "claims": claims}


_CERTIFICATE = []


def self_signed():
    """Returns a private key and a certificate for localhost, in PEM, made once."""
    if _CERTIFICATE:
        return _CERTIFICATE[0]
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _CERTIFICATE.append((pem, certificate.public_bytes(serialization.Encoding.PEM)))
    return _CERTIFICATE[0]
