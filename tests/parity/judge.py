"""Airflow as a judge that answers JSON lines: the dispatcher.

Every line on standard input is a question, `{"op": "area.name", ...}`; every line on standard output is
`{"answer": ...}` or `{"failed": "<traceback>"}`. `area.name` is `op_name(request)` of `judge_area.py` next to this file. A
function returns a JSON value, and turns an exception into an answer where it is one.

`--lasting`: one process imports Airflow once and answers everything.
`--fresh`: a question is `{"env": {...}, "question": {...}}`, and a child answers it that starts with this environment and
without any module of Airflow. Airflow's dependencies are imported beforehand, so a child takes a fraction of a second.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))


def op_echo(request):
    return request["text"]


def op_versions(request):
    from importlib.metadata import version

    return {name: version(name) for name in request["names"]}


def op_option(request):
    from airflow.configuration import conf

    return conf.get(request["section"], request["option"])


def op_batch(request):
    return [answer(question) for question in request["questions"]]


def answer(question):
    area, _, name = question["op"].rpartition(".")
    module = importlib.import_module(f"judge_{area}") if area else sys.modules[__name__]
    return getattr(module, f"op_{name}")(question)


def answer_line(question):
    """Answers, or reports the failure; a lone surrogate is written as its escape."""
    try:
        reply = {"answer": answer(question)}
        return json.dumps(reply)
    except BaseException:
        return json.dumps({"failed": traceback.format_exc()})


def main():
    sys.path.insert(0, HERE)
    # Ctrl-C goes to every process of the terminal; this one ends with its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Airflow's output must not be taken for an answer.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    if not os.environ.pop("SECRETCTL_TEST_VERBOSE", ""):
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
    os.dup2(2, 1)
    home = tempfile.mkdtemp(prefix="secretctl-judge-")
    try:
        if sys.argv[1:] == ["--fresh"]:
            serve_fresh(replies, home)
        else:
            os.environ.update(HOME=home, AIRFLOW_HOME=home, AIRFLOW__CORE__LOAD_EXAMPLES="False")
            for line in sys.stdin:
                print(answer_line(json.loads(line)), file=replies, flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def serve_fresh(replies, home):
    preload()
    for line in sys.stdin:
        asked = json.loads(line)
        own = os.path.join(home, "home")
        os.mkdir(own)
        env = {"PATH": os.environ["PATH"], "HOME": own, "AIRFLOW_HOME": os.path.join(own, "airflow"), **asked["env"]}
        text = in_child(lambda env=env, asked=asked: answer_in(env, asked["question"]))
        print(text or '{"failed": "the process ended without an answer"}', file=replies, flush=True)
        shutil.rmtree(own, ignore_errors=True)


def answer_in(env, question):
    os.environ.clear()
    os.environ.update(env)
    return answer_line(question)


def preload():
    """Imports Airflow's dependencies, without Airflow itself: a child finds out which they are."""

    def find():
        try:
            import airflow.configuration  # noqa: F401
            import airflow.models.connection  # noqa: F401
        except Exception:
            return "[]"
        return json.dumps([name for name in sys.modules if name.split(".")[0] not in ("airflow", "__main__")])

    for name in json.loads(in_child(find) or "[]"):
        try:
            importlib.import_module(name)
        except Exception:
            continue
    assert "airflow" not in sys.modules


def in_child(work):
    """Runs `work` in a child process and returns its text."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(reader)
            with os.fdopen(writer, "w", encoding="utf-8") as out:
                out.write(work())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as source:
        text = source.read()
    os.waitpid(pid, 0)
    return text


if __name__ == "__main__":
    main()
