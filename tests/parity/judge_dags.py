"""Airflow imports DAG files, and what it asks for is recorded.

A secrets backend that has everything stands first on the search path and writes down each name. Each file is imported in a child
process; then every task's `…conn_id` attributes are read, and its template fields are rendered. Nothing of a task is run.

Python packages that are not installed are replaced by empty ones: the DAG files' own code and Airflow's providers are real.
"""

import ast
import contextlib
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import threading
import types

# Optional packages: code that finds them missing does without.
OPTIONAL = {"pandas", "polars", "numpy", "pyarrow", "sentry_sdk", "statsd", "colorlog", "rich_argparse", "tests", "IPython"}
OWN = {"airflow", "system", "airflow_shared", "judge_dags"}
SECONDS = 300
# What takes most of the time of most files, and is the same for all.
USUAL = (
    "aiohttp",
    "airflow.sdk.definitions.decorators",
    "airflow.providers.standard.operators.python",
    "boto3",
    "google.api_core.gapic_v1",
    "google.auth.transport.requests",
    "google.cloud.secretmanager_v1",
    "google.oauth2.service_account",
    "httplib2",
    "kubernetes.client",
    "packaging.requirements",
    "requests",
    "sqlalchemy.orm",
)

asked = []


class Stub(type):
    """A class that is whatever is asked of it."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return stub(f"{cls.__name__}.{name}")

    def same(cls, other):
        return cls

    __or__ = __ror__ = __add__ = __radd__ = __sub__ = __rshift__ = __rrshift__ = __lshift__ = __truediv__ = __mod__ = same

    def __iter__(cls):
        return iter(())

    def __getitem__(cls, key):
        return cls


def stub(name):
    def same(self, *args, **kwargs):
        return self

    def attribute(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return stub(name)()

    operators = ("add", "radd", "or", "ror", "rshift", "rrshift", "lshift", "rlshift", "truediv", "mod", "sub", "rsub")
    methods = {f"__{name}__": same for name in ("call", "getitem", "enter", *operators)}
    methods.update(
        __init__=lambda self, *args, **kwargs: None,
        __getattr__=attribute,
        __iter__=lambda self: iter(()),
        __exit__=lambda *args: None,
        __class_getitem__=classmethod(lambda cls, key: cls),
        __str__=lambda self: "stub",
        __hash__=lambda self: 1,
    )
    return Stub(name.rpartition(".")[2], (), methods)


class StubModule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        if name == "__version__":
            return "99.0.0"
        made = stub(f"{self.__name__}.{name}")
        # What ends in Error may be caught.
        if name.endswith(("Error", "Exception", "NotFound")) or self.__name__.endswith(("exceptions", "errors")):
            made = type(name, (Exception,), {})
        setattr(self, name, made)
        return made


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds, last of all, every package that is not there."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in OPTIONAL | OWN | sys.stdlib_module_names:
            return None
        # A module that a real package does not have is missing; `google` and `google.cloud` belong to many.
        parent = sys.modules.get(name.rpartition(".")[0])
        if parent is not None and not isinstance(parent, StubModule) and getattr(parent, "__file__", None):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = StubModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


class Everything:
    """A secrets backend that has everything."""

    def __init__(self, **kwargs):
        pass

    def _set_connection_class(self, own):
        self.own = own

    def get_connection(self, conn_id, team_name=None):
        asked.append(["connection", conn_id])
        return self.own(conn_id=conn_id, conn_type="http", host="localhost", login="l", password="p", schema="s", port=1)

    def get_conn_value(self, conn_id, team_name=None):
        asked.append(["connection", conn_id])
        return "http://l:p@localhost:1/s"

    def get_variable(self, key, team_name=None):
        asked.append(["variable", key])
        return '{"key": "value"}'

    def get_config(self, key):
        return None


def op_import(request):
    """What each file asks for. `files` are below `dags`; `providers` has the providers that are not installed."""
    prepare(request["dags"], request["providers"])
    in_child = sys.modules["__main__"].in_child
    workers, texts = os.cpu_count(), {}

    def work(worker):
        files = request["files"][worker::workers]
        return "\n".join(in_child(lambda file=file: json.dumps(record(file))) or ended(file) for file in files)

    def wait(worker):
        texts[worker] = in_child(lambda: work(worker))

    threads = [threading.Thread(target=wait, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [json.loads(line) for text in texts.values() for line in text.splitlines()]


def ended(file):
    answer = {"file": file, "error": f"the process ended, or took more than {SECONDS} s", "dags": 0, "tasks": 0}
    answer.update({"import": [], "attributes": [], "templates": [], "unrendered": 0, "not_run": []})
    return json.dumps(answer)


def prepare(dags, providers):
    os.environ["AIRFLOW__SECRETS__BACKEND"] = "judge_dags.Everything"
    os.environ["AIRFLOW__WORKERS__SECRETS_BACKEND"] = "judge_dags.Everything"
    os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
    for name in ("SYSTEM_TESTS_PROJECT_ID", "SYSTEM_TESTS_GCP_PROJECT", "SYSTEM_TESTS_GCP_LOCATION"):
        os.environ.setdefault(name, "test")
    sys.path.insert(0, dags)
    import airflow

    airflow.__path__.append(os.path.join(providers, "airflow"))
    import airflow.providers

    airflow.providers.__path__.append(os.path.join(providers, "airflow", "providers"))
    extend(airflow.providers.__path__[0], os.path.join(providers, "airflow", "providers"), "airflow.providers")
    # Imported once, before the children.
    import airflow.sdk
    import airflow.dag_processing.dagbag
    import airflow.providers_manager  # noqa: F401

    for name in USUAL:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def extend(installed, sources, package):
    """Lets packages such as `airflow.providers.apache` have parts in both folders."""
    for name in sorted(set(os.listdir(installed)) & set(os.listdir(sources))):
        own = os.path.join(installed, name)
        if os.path.isdir(own) and not os.path.exists(os.path.join(own, "hooks")):
            module = importlib.import_module(f"{package}.{name}")
            if os.path.join(sources, name) not in list(module.__path__):
                module.__path__.append(os.path.join(sources, name))


def record(file):
    """What one file asks for, in a process of its own."""
    # The signal ends this process.
    signal.alarm(SECONDS)
    sys.meta_path.append(Stubs())
    entered = set()
    asked.clear()

    def profile(frame, event, _):
        if event == "call" and frame.f_code.co_filename == file:
            entered.add(frame.f_code.co_firstlineno)

    sys.setprofile(profile)
    try:
        dags, error = load(file)
    except BaseException as failure:
        dags, error = [], f"{type(failure).__name__}: {failure}"
    sys.setprofile(None)
    answer = {"file": file, "error": error, "dags": len(dags), "tasks": sum(len(dag.tasks) for dag in dags)}
    answer["import"] = [list(one) for one in dict.fromkeys(map(tuple, asked))]
    answer["attributes"], answer["templates"], answer["unrendered"] = [], [], 0
    for dag in dags:
        for task in dag.tasks:
            for one in attributes(task):
                if one not in answer["attributes"]:
                    answer["attributes"].append(one)
            asked.clear()
            answer["unrendered"] += render(task, dag)
            for one in map(list, asked):
                if one not in answer["templates"]:
                    answer["templates"].append(one)
    answer["not_run"] = not_run(file, entered)
    signal.alarm(0)
    return answer


def load(file):
    from airflow.sdk import DAG
    from airflow.sdk.definitions._internal.contextmanager import DagContext

    DagContext.autoregistered_dags.clear()
    DagContext.current_autoregister_module_name = name = "corpus_" + hashlib.sha1(file.encode()).hexdigest()
    loader = importlib.machinery.SourceFileLoader(name, file)
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    error = None
    try:
        loader.exec_module(module)
    except BaseException as failure:
        error = f"{type(failure).__name__}: {failure}"
    dags = [one for one in vars(module).values() if isinstance(one, DAG)]
    for dag, _ in DagContext.autoregistered_dags:
        if all(dag is not known for known in dags):
            dags.append(dag)
    return dags, error


def is_conn_id(name):
    return name == "conn_id" or name.endswith("_conn_id")


def attributes(task):
    """The connections that a task's attributes and arguments name."""
    found = []
    places = [vars(task)]
    if getattr(task, "is_mapped", False):
        places += [task.partial_kwargs]
        value = getattr(task.expand_input, "value", None)
        places += [value] if isinstance(value, dict) else value if isinstance(value, list) else []
    for place in places:
        for name, value in place.items():
            if is_conn_id(name):
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    if isinstance(one, str) and one:
                        found.append([name, one, task.task_type])
    return found


class Permissive(dict):
    def __missing__(self, key):
        return stub(key)()


def render(task, dag):
    """Renders every text of a task's template fields; the answer is how many could not be."""
    from airflow.sdk.execution_time.context import ConnectionAccessor, VariableAccessor

    context = {
        "var": {"value": VariableAccessor(deserialize_json=False), "json": VariableAccessor(deserialize_json=True)},
        "conn": ConnectionAccessor(),
        "params": Permissive(dag.params),
        "ds": "2026-01-01",
        "ds_nodash": "20260101",
        "ts": "2026-01-01T00:00:00+00:00",
        "dag": dag,
        "task": task,
    }
    for name in ("ti", "task_instance", "dag_run", "macros", "run_id", "logical_date", "data_interval_start", "data_interval_end"):
        context[name] = stub(name)()
    own = task
    if getattr(task, "is_mapped", False):
        texts = [task.partial_kwargs.get(field) for field in task.template_fields]
        value = getattr(task.expand_input, "value", None)
        texts += list(value.values()) if isinstance(value, dict) else [value]
    else:
        try:
            task.resolve_template_files()
        except Exception:
            pass
        texts = [getattr(own, field, None) for field in task.template_fields]
    failed = 0
    env = dag.get_template_env()
    for text in strings(texts, 0):
        if "{{" in text or "{%" in text:
            try:
                env.from_string(text).render(context)
            except Exception:
                failed += 1
    return failed


def strings(value, depth):
    if depth > 8:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one, depth + 1)
    elif isinstance(value, (list, tuple, set)):
        for one in value:
            yield from strings(one, depth + 1)
    elif hasattr(value, "template_fields"):
        for field in value.template_fields:
            yield from strings(getattr(value, field, None), depth + 1)


def not_run(file, entered):
    """The lines of the functions that the import did not run: [first, last] of each body."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read())
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            lines = {node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))}
            if not lines & entered:
                body = node.body if isinstance(node.body, list) else [node.body]
                found.append([body[0].lineno, body[-1].end_lineno])
    return found


def op_examples(request):
    """The folder of Airflow's own example DAGs."""
    import airflow

    return os.path.join(airflow.__path__[0], "example_dags")
