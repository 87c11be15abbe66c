"""boto3's clients: which URL a request goes to, what its signature is for, and how often it is sent. Nothing is sent."""

import os
import tempfile

# The variables of the process that count for a client, besides those of a question.
KEPT = ("PATH", "HOME", "AIRFLOW_HOME", "AIRFLOW__CORE__LOAD_EXAMPLES", "PYTHONDONTWRITEBYTECODE")

CALLS = {
    "secretsmanager": ("get_secret_value", {"SecretId": "a"}),
    "ssm": ("get_parameter", {"Name": "a"}),
    "sts": ("get_caller_identity", {}),
}

_LOADER = None


def loader():
    """Returns one loader for all sessions: reading botocore's data takes most of the time of a client."""
    global _LOADER
    if _LOADER is None:
        from botocore.loaders import create_loader

        _LOADER = create_loader()
    return _LOADER


def session_of(request, folder):
    import boto3
    import botocore.session

    for name in list(os.environ):
        if name not in KEPT:
            del os.environ[name]
    os.environ.update(request.get("env", {}))
    for variable, name in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        path = os.path.join(folder, name)
        if name in request:
            with open(path, "w", encoding="utf-8") as file:
                file.write(request[name])
        os.environ[variable] = path
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    kwargs = request.get("kwargs", {})
    core = botocore.session.Session()
    core.register_component("data_loader", loader())
    return boto3.session.Session(
        botocore_session=core,
        profile_name=kwargs.get("profile_name"),
        region_name=kwargs.get("region_name"),
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="wJalr",
    )


def op_resolve(request):
    """Returns the URL, the region and the name in the signature, and the retry settings; or the exception's name."""
    from botocore.awsrequest import AWSResponse

    class Raw:
        def stream(self, *_args, **_kwargs):
            yield b"{}" if request["service"] != "sts" else b"<Response><GetCallerIdentityResult/></Response>"

    sent = []

    def before_send(request, **_kwargs):
        sent.append(request)
        return AWSResponse(request.url, 200, {}, Raw())

    saved = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        try:
            kwargs = request.get("kwargs", {})
            session = session_of(request, folder)
            client = session.client(
                request["service"], region_name=kwargs.get("region_name"), endpoint_url=kwargs.get("endpoint_url")
            )
            client.meta.events.register("before-send", before_send)
            name, parameters = CALLS[request["service"]]
            getattr(client, name)(**parameters)
            authorization = sent[0].headers["Authorization"]
            if isinstance(authorization, bytes):
                authorization = authorization.decode()
            scope = authorization.split("Credential=")[1].split(",")[0].split("/")
            retries = client.meta.config.retries
            return {
                "url": sent[0].url,
                "region": scope[2],
                "name": scope[3],
                "mode": retries["mode"],
                "attempts": retries.get("total_max_attempts"),
            }
        except Exception as error:
            return {"error": type(error).__name__}
        finally:
            os.environ.clear()
            os.environ.update(saved)




def op_send(request):
    """Sends a request of Secrets Manager, with `verify` of the client; returns the value, or the exception's name."""
    saved = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        try:
            session = session_of(request, folder)
            client = session.client(
                "secretsmanager", endpoint_url=request["kwargs"]["endpoint_url"], verify=request["verify"]
            )
            return {"value": client.get_secret_value(SecretId="a").get("SecretString")}
        except Exception as error:
            return {"error": type(error).__name__}
        finally:
            os.environ.clear()
            os.environ.update(saved)


def op_lookup(request):
    """As `aws.lookup`, without the pauses between attempts."""
    from unittest import mock

    import judge_aws

    with mock.patch("botocore.endpoint.time.sleep"):
        return judge_aws.op_lookup(request)
