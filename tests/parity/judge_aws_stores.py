"""AWS's stores: what Airflow's backends ask boto3's client for, and what they make of the answers; and `re.match` alone."""

import contextlib
import functools
import json
import re
import signal
import warnings
from unittest import mock

import judge_aws

# A pattern that takes longer than this is "slow".
SECONDS = 2


def op_patterns(request):
    """Returns for each `[pattern, ids]` whether `re.match` with IGNORECASE matches each id; "refused" or "slow" for one that fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [matches(pattern, ids) for pattern, ids in request["patterns"]]


def matches(pattern, ids):
    def stop(*_):
        raise TimeoutError

    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, ValueError):
        return "refused"
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return [compiled.match(name) is not None for name in ids]
    except (TimeoutError, MemoryError, RecursionError):
        return "slow"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def op_characters(request):
    """Returns the first and last code of each range of characters that `pattern` matches, without surrogates."""
    compiled = re.compile(request["pattern"], re.IGNORECASE)
    ranges = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or not compiled.match(chr(code)):
            continue
        if ranges and ranges[-1][1] + 1 == code:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


def op_lookup(request):
    """As `backends.lookup`, where AWS has the secrets or parameters `stored`, `{name: text or null}`; with the names asked for.

    `replies`, `{name: [status, body, headers]}`, are whole answers. Every other name does not exist. The requests go through the whole of boto3 and are answered before they are sent.
    """
    asked = []
    with answering(request["service"], request.get("stored", {}), request.get("replies", {}), asked), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = judge_aws.op_lookup(request)
    return {"asked": asked, **answer}


@contextlib.contextmanager
def answering(service, stored, replies, asked):
    import botocore.session
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    class Raw:
        def __init__(self, body):
            self.body = body

        def stream(self, **_):
            yield self.body

    def send(self, request):
        question = json.loads(request.body)
        name = question["SecretId"] if service == "secretsmanager" else question["Name"]
        asked.append(name)
        if name in replies:
            status, body, headers = replies[name]
            headers = {"content-length": str(len(body)), **headers}
            return AWSResponse(request.url, status, headers, Raw(body.encode()))
        if name in stored:
            value = stored[name]
            answer = {"Name": name, "SecretString": value} if service == "secretsmanager" else {"Parameter": {"Value": value}}
            status = 200
        else:
            code = "ResourceNotFoundException" if service == "secretsmanager" else "ParameterNotFound"
            answer, status = {"__type": code}, 400
        body = json.dumps(answer).encode()
        headers = {"content-type": "application/x-amz-json-1.1", "content-length": str(len(body))}
        return AWSResponse(request.url, status, headers, Raw(body))

    with mock.patch.object(URLLib3Session, "send", send), mock.patch.object(botocore.session, "create_loader", loader):
        yield


@functools.cache
def loader(search_path_string=None):
    """The models of AWS's services, which take longer to read than everything else."""
    from botocore.loaders import Loader

    return Loader(extra_search_paths=[])

