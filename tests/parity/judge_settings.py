"""Airflow's configuration: the backend and its kwargs, for an environment and an `airflow.cfg`.

Airflow reads its configuration when it is imported. `op_resolve` repeats the import's work in one process
(`airflow/configuration.py`, the end of the file); `op_resolve_fresh` uses a process that has just imported it. A test compares
both.
"""

import base64
import contextlib
import functools
import io
import json
import os
import signal


class Recorder:
    """A secrets backend that stores its kwargs."""

    def __init__(self, **kwargs):
        self.kwargs = kwargs

    def _set_connection_class(self, _class):
        pass

    def get_config(self, key):
        return json.dumps({"asked for": key})


RECORDER = "judge_settings.Recorder"


class Endless(BaseException):
    """Airflow does not finish."""


def end(_signal, _frame):
    raise Endless


def set_environment(pairs):
    """Replaces the environment. Names and values are base64: an environment can contain any bytes."""
    os.environb.clear()
    for name, value in pairs:
        os.environb[base64.b64decode(name)] = base64.b64decode(value)


@contextlib.contextmanager
def environment(pairs):
    before = dict(os.environb)
    set_environment(pairs)
    try:
        yield
    finally:
        os.environb.clear()
        os.environb.update(before)


@contextlib.contextmanager
def imported_again():
    """Prepares Airflow's configuration to be loaded again, and restores it for other questions."""
    import airflow._shared.configuration.parser as parser
    import airflow.configuration as configuration

    names = ("AIRFLOW_HOME", "AIRFLOW_CONFIG", "conf", "secrets_backend_list", "AirflowConfigParser")
    before = {name: getattr(configuration, name) for name in names}
    warning = parser.log.warning
    first_parser()
    configuration.AirflowConfigParser = new_parser
    try:
        yield configuration
    finally:
        vars(configuration).update(before)
        parser.log.warning = warning


def op_resolve(request):
    with imported_again() as configuration, environment(request["env"]):
        return within(request["seconds"], lambda: resolved(configuration, request, again=True))


def op_resolve_fresh(request):
    """As `op_resolve`, in a process that has not imported Airflow and has the question's environment."""
    set_environment(request["env"])

    def work():
        import airflow.configuration

        return resolved(airflow.configuration, request, again=False)

    return within(20, work)


def within(seconds, work):
    """Runs `work`; an exception means that Airflow fails, and more than `seconds` of CPU time that it does not finish."""
    # Not wall-clock time: on a busy machine every question takes long.
    signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work()
    except Endless:
        return {"endless": True}
    except Exception as error:
        return {"died": type(error).__name__}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@functools.cache
def first_parser():
    from airflow.configuration import AirflowConfigParser

    return AirflowConfigParser()


def new_parser():
    """Returns a copy of the first parser without its contents; creating one takes most of a case's time."""
    parser = first_parser()
    parser._sections.clear()
    parser._defaults.clear()
    for name in list(parser._proxies):
        if name != parser.default_section:
            del parser._proxies[name]
    parser.upgraded_values.clear()
    parser._suppress_future_warnings = False
    return parser


def resolved(configuration, request, again):
    warnings = []
    import airflow._shared.configuration.parser as parser

    def warning(message, *arguments):
        warnings.append(str(message) % arguments if arguments else str(message))

    parser.log.warning = warning
    if again:
        configuration.AIRFLOW_HOME = configuration.get_airflow_home()
        configuration.AIRFLOW_CONFIG = configuration.get_airflow_config(configuration.AIRFLOW_HOME)
        configuration.conf = configuration.initialize_config()
    conf = configuration.conf
    section, key = ("workers", "secrets_backend") if request["worker"] else ("secrets", "backend")
    named = conf.get(section, key) or conf.get("secrets", "backend")
    answer = {"class": named}
    if named == RECORDER:
        # A worker whose own section is set ignores [secrets].
        if again and not request["worker"]:
            configuration.secrets_backend_list = configuration.initialize_secrets_backends()
            conf.validate()
        answer["kwargs"] = json.dumps(conf._get_custom_secret_backend(worker_mode=request["worker"]).kwargs)
    answer["warned"] = any("defaulting to no kwargs" in text for text in warnings)
    try:
        answer["multi_team"] = conf.getboolean("core", "multi_team", fallback=False)
    except Exception as error:
        answer["multi_team"] = type(error).__name__
    return answer


def op_database(request):
    """Returns `[database] sql_alchemy_conn` for an environment and its `airflow.cfg`."""

    def work(configuration):
        configuration.AIRFLOW_HOME = configuration.get_airflow_home()
        configuration.AIRFLOW_CONFIG = configuration.get_airflow_config(configuration.AIRFLOW_HOME)
        configuration.conf = configuration.initialize_config()
        return {"value": configuration.conf.get("database", "sql_alchemy_conn")}

    with imported_again() as configuration, environment(request["env"]):
        return within(request["seconds"], lambda: work(configuration))


def op_search_paths(_request):
    """Returns the backends after the configured one: on a server, on a worker."""
    from airflow.sdk.execution_time.secrets import DEFAULT_SECRETS_SEARCH_PATH_WORKERS
    from airflow.secrets import DEFAULT_SECRETS_SEARCH_PATH

    return [DEFAULT_SECRETS_SEARCH_PATH, DEFAULT_SECRETS_SEARCH_PATH_WORKERS]


def op_imports(request):
    """Returns whether Airflow can import a class path."""
    from airflow._shared.module_loading import import_string

    try:
        return isinstance(import_string(request["class"]), type)
    except Exception:
        return False


def op_shlex(request):
    import shlex

    try:
        return shlex.split(request["line"])
    except ValueError as error:
        return {"error": str(error)}


def op_dotenv(request):
    """Reads a file with python-dotenv, without interpolation."""
    from dotenv.parser import parse_stream

    bindings = list(parse_stream(dotenv_stream(request)))
    return [[binding.key, binding.value, binding.original.line, binding.error] for binding in bindings]


def dotenv_stream(request):
    text = request.get("utf8") or base64.b64decode(request["text"]).decode("utf-8", "surrogateescape")
    return io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))


def op_dotenv_values(request):
    """Returns what python-dotenv's `load_dotenv` would set over `env`, and whether it skipped a line."""
    from unittest import mock

    from dotenv.main import DotEnv
    from dotenv.parser import parse_stream

    with mock.patch.dict(os.environ, request["env"], clear=True):
        values = DotEnv(None, stream=dotenv_stream(request), override=False).dict()
    wrong = any(binding.error for binding in parse_stream(dotenv_stream(request)))
    return {"values": dict(values), "wrong": wrong}


def op_configparser(request):
    """Returns every option of an `airflow.cfg`, as `[section, option, value]`; a value that cannot be interpolated is null."""
    import configparser

    parser = configparser.ConfigParser()
    parser.optionxform = str
    try:
        parser.read_string(request["text"])
    except configparser.Error:
        return {"error": True}
    return [[name, option, value_of(parser, name, option)] for name in parser.sections() for option in parser[name]]


def value_of(parser, section, option):
    import configparser

    try:
        return parser.get(section, option)
    except configparser.InterpolationError:
        return None
