"""AWS: Airflow's backends of Secrets Manager and Parameter Store, and boto3 to put what they read.

A question names the service, `secretsmanager` or `ssm`. `env` is added to the judge's environment, which has no variable of
AWS and an empty HOME; `AWS_ENDPOINT_URL` in it, or `endpoint`, is the server.
"""

import judge_backends

BACKENDS = {
    "secretsmanager": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
    "ssm": "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
}


def op_lookup(request):
    """As `backends.lookup`, with the backend of `service`."""
    return judge_backends.op_lookup({**request, "class": BACKENDS[request["service"]]})


def op_lookups(request):
    """As `backends.lookups`, with the backend of `service`."""
    return judge_backends.op_lookups({**request, "class": BACKENDS[request["service"]]})


def op_call(request):
    """Calls `method` of boto3's client of `service` with `arguments`, at `endpoint`, and returns the answer's own fields."""
    import boto3

    client = boto3.client(
        request["service"],
        endpoint_url=request["endpoint"],
        region_name=request.get("region", "us-east-1"),
        aws_access_key_id=request.get("access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        aws_secret_access_key=request.get("secret_access_key", "key"),
    )
    arguments = dict(request.get("arguments", {}))
    if "SecretBinary" in arguments:
        arguments["SecretBinary"] = bytes.fromhex(arguments["SecretBinary"])
    try:
        answer = getattr(client, request["method"])(**arguments)
    except Exception as error:
        return judge_backends.described(error)
    answer.pop("ResponseMetadata", None)
    return as_json(answer)


def op_put(request):
    """Stores `values`, `{name: text}`, in `service`: secrets, or parameters of the type SecureString."""
    for name, value in request["values"].items():
        if request["service"] == "secretsmanager":
            method, arguments = "create_secret", {"Name": name, "SecretString": value}
        else:
            method, arguments = "put_parameter", {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True}
        answer = op_call({**request, "method": method, "arguments": arguments})
        if "error" in answer:
            return answer
    return {}


def as_json(value):
    """Returns a copy of an answer of boto3 as JSON: times as text, bytes as hexadecimal digits."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
