"""Airflow's core Connection, and the CPython functions it relies on, applied to a list of inputs.

`check` takes `{"domain": ..., "inputs": [...]}` and answers for each input. A lone surrogate is not text outside Python: an
answer that would contain one is `{"surrogate": true}`. `tests/connection/ours.rs` answers the same inputs in the same form.
"""

import json
import sys
import urllib.parse

FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")


def op_check(request):
    domain = DOMAINS[request["domain"]]
    return [guarded(domain, value) for value in request["inputs"]]


def op_as_json(request):
    return deserialized("c", request["value"]).as_json()


def guarded(domain, value):
    answer = domain(value)
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return {"surrogate": True}
    return answer


def load():
    """Imports Airflow once, and turns off log masking, whose pattern of all passwords takes ever longer to compile."""
    module = sys.modules.get("airflow.models.connection")
    if module is None:
        import airflow.models.connection as module
    module.mask_secret = lambda *args: None
    return module.Connection


def deserialized(conn_id, value):
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    backend = EnvironmentVariablesBackend()
    backend._set_connection_class(load())
    return backend.deserialize_connection(conn_id=conn_id, value=value)


def local(conn_id, value):
    from airflow.secrets.local_filesystem import _create_connection

    load()
    return _create_connection(conn_id, value)


def connection(make):
    def answer(case):
        try:
            conn = make(case["id"], case["value"])
        except Exception:
            return {"error": True}
        extra = conn.extra_dejson
        # An escape in JSON text hides a surrogate from the outputs, which are ASCII.
        if any(holds_surrogate(part) for part in (extra, conn.to_dict(validate=False))):
            return {"surrogate": True}
        fields = {name: printed(getattr(conn, name)) for name in FIELDS}
        fields["extra"] = printed(extra) if conn.extra else None
        try:
            uri = conn.get_uri()
            shown = json.dumps(conn.to_dict(validate=False))
        except Exception:
            uri = shown = None
        return {"fields": fields, "uri": uri, "object": shown, "as_json": conn.as_json()}

    return answer


def holds_surrogate(value):
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def printed(value):
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def url(value):
    try:
        parts = urllib.parse.urlsplit(value)
    except ValueError:
        return {"error": True}
    try:
        port = parts.port
    except ValueError:
        port = "error"
    return [*parts, parts.username, parts.password, parts.hostname, port]


def quoting(value):
    parse = urllib.parse
    return [parse.quote(value, safe=""), parse.quote(value), parse.quote_plus(value), parse.unquote(value)]


def query(value):
    pairs = urllib.parse.parse_qsl(value, keep_blank_values=True)
    return [[list(pair) for pair in pairs], urllib.parse.urlencode(pairs)]


MESSAGES = {
    "Invalid control character at": "invalid control character",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "unexpected UTF-8 byte order mark",
}


def json_text(value):
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError as error:
        message = MESSAGES.get(error.msg, error.msg[0].lower() + error.msg[1:])
        return {"error": message, "at": [error.pos, error.lineno, error.colno]}
    except (ValueError, RecursionError) as error:
        return {"error": type(error).__name__}
    if holds_surrogate(parsed):
        return {"surrogate": True}
    compact = json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)
    return {"dumps": json.dumps(parsed), "compact": compact, "str": str(parsed), "truth": bool(parsed)}


def integer(value):
    try:
        return str(int(value))
    except ValueError:
        return None


def number(value):
    """Returns a float from its bits."""
    import struct

    value = struct.unpack(">d", bytes.fromhex(value))[0]
    try:
        whole = str(int(value))
    except (ValueError, OverflowError):
        whole = None
    return [repr(value), json.dumps(value), whole]


def text(value):
    return [value.strip(), value.lower(), value.upper(), value.splitlines(), [c.isalnum() for c in value]]


def characters(value):
    """Returns the results of str's methods, int, urlsplit and the final sigma for every character of a range."""
    answers = []
    for code in range(*value):
        if 0xD800 <= code < 0xE000:
            continue
        c = chr(code)
        alone = [c.isspace(), c.isalnum(), c.isprintable(), c.lower(), c.upper(), integer(c), len(f"a{c}b".splitlines())]
        authority = isinstance(url(f"//x{c}y"), dict)
        answers.append([*alone, authority, f"a{c}\u03a3".lower(), f"a\u03a3{c}b".lower()])
    return answers


DOMAINS = {
    "characters": characters,
    "text": connection(deserialized),
    "uri": connection(local),
    "fields": connection(lambda conn_id, value: deserialized(conn_id, json.dumps(json.loads(value)))),
    "arguments": connection(lambda conn_id, value: local(conn_id, json.loads(value))),
    "urlsplit": url,
    "quote": quoting,
    "parse_qsl": query,
    "json": json_text,
    "int": integer,
    "float": number,
    "str": text,
}
