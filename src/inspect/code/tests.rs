use super::*;
use crate::value::SecretKind;

fn find(files: &[(&str, &str)]) -> CodeNames {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source {
            path: Arc::from(*path),
            text: text.as_bytes().to_vec(),
        })
        .collect();
    names(&sources)
}

/// The names, each with the first letter of its kind, as `c:x v:y`; `?` for each that is not known.
fn short(found: &CodeNames) -> String {
    let mut all: Vec<String> = Vec::new();
    for used in &found.uses {
        let kind = if used.kind == SecretKind::Connection {
            "c"
        } else {
            "v"
        };
        let text = format!("{kind}:{}", used.name);
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all.extend(found.unknown.iter().map(|unknown| format!("?{}", unknown.what)));
    all.join(" ")
}

fn in_python(text: &str) -> String {
    let found = find(&[("dags/a.py", text)]);
    assert_eq!(found.unreadable, [], "{text}");
    short(&found)
}

#[test]
fn airflow_names_are_found_by_every_import() {
    for import in [
        "from airflow.sdk import Variable\nVariable.get('x')",
        "from airflow.sdk import Variable as V\nV.get('x')",
        "from airflow.models import Variable\nVariable.get(key='x')",
        "import airflow.models.variable\nairflow.models.variable.Variable.get('x')",
        "import airflow.models as m\nm.Variable.get('x')",
        "from airflow import models\nmodels.Variable.get('x')",
        "from airflow.models import *\nVariable.get('x')",
        "def f():\n    from airflow.models.variable import Variable\n    return Variable.get('x')",
        "from airflow.sdk import Variable\nget = Variable.get\nget('x')",
        "try:\n    from airflow.sdk import Variable\nexcept ImportError:\n    from airflow.models import Variable\nVariable.get('x')",
    ] {
        assert_eq!(in_python(import), "v:x", "{import}");
    }
    for import in [
        "from airflow.hooks.base import BaseHook\nBaseHook.get_connection('x')",
        "from airflow.hooks.base_hook import BaseHook\nBaseHook.get_connection(conn_id='x')",
        "from airflow.sdk import BaseHook\nBaseHook.get_connection('x')",
        "from airflow.sdk.bases.hook import BaseHook as B\nB.get_hook('x')",
        "from airflow.sdk import Connection\nConnection.get('x')",
        "from airflow.models import Connection\nConnection.get_connection_from_secrets('x')",
        "from airflow.providers.postgres.hooks.postgres import PostgresHook\nPostgresHook.get_connection('x')",
    ] {
        assert_eq!(in_python(import), "c:x", "{import}");
    }
}

#[test]
fn constants_are_followed() {
    let head = "from airflow.sdk import Variable, BaseHook\n";
    for (text, expected) in [
        ("X = 'x'\nVariable.get(X)", "v:x"),
        ("E = 'dev'\nVariable.get(f'{E}_x')", "v:dev_x"),
        ("E = 'dev'\nVariable.get(E + '_' + 'x')", "v:dev_x"),
        ("E = 'dev'\nVariable.get('{}_x{}'.format(E, 1))", "v:dev_x1"),
        ("E = 'dev'\nVariable.get('%s_x' % E)", "v:dev_x"),
        ("E = 'dev'\nVariable.get('%(e)s_x' % {'e': E})", "v:dev_x"),
        ("for x in ['a', 'b']:\n    Variable.get(x)", "v:a v:b"),
        (
            "for x, y in [('a', 1), ('b', 2)]:\n    Variable.get(x)",
            "v:a v:b",
        ),
        (
            "D = {'a': 'x', 'b': 'y'}\nfor k, v in D.items():\n    Variable.get(v)",
            "v:x v:y",
        ),
        ("D = {'a': 'x', 'b': 'y'}\nVariable.get(D['a'])", "v:x"),
        ("D = {'a': 'x', 'b': 'y'}\nVariable.get(D[ENV])", "v:x v:y"),
        ("D = {'a': 'x'}\nVariable.get(D.get('b', 'z'))", "v:z"),
        ("[Variable.get(f'k{i}') for i in range(2)]", "v:k0 v:k1"),
        ("Variable.get('a' if P else 'b')", "v:a v:b"),
        ("Variable.get(None or 'b')", "v:b"),
        (
            "def f(k):\n    return Variable.get(k)\nf('a')\nf(k='b')",
            "v:a v:b",
        ),
        ("def f(k='d'):\n    return Variable.get(k)\nf()", "v:d"),
        ("def n():\n    return 'a'\nVariable.get(n())", "v:a"),
        (
            "class C:\n    k = 'a'\n    def f(self):\n        return Variable.get(self.k)",
            "v:a",
        ),
        (
            "class C:\n    def __init__(self, k):\n        self.k = k\n    def f(self):\n        Variable.get(self.k)\nC('a')",
            "v:a",
        ),
        (
            "from enum import Enum\nclass K(Enum):\n    A = 'a'\nVariable.get(K.A.value)",
            "v:a",
        ),
        ("Variable.get(x)", "?Variable.get(…)"),
        (
            "import os\nVariable.get(os.environ.get('E', 'dev') + '_x')",
            "v:dev_x ?Variable.get(…)",
        ),
        ("k = 'a'\nk = k + 'b'\nVariable.get(k)", "v:a ?Variable.get(…)"),
    ] {
        assert_eq!(in_python(&format!("{head}{text}\n")), expected, "{text}");
    }
}

#[test]
fn arguments_name_connections() {
    for (text, expected) in [
        ("Op(task_id='t', postgres_conn_id='x')", "c:x"),
        ("Op(conn_id=x)", "?conn_id=…"),
        ("Op(conn_id=None, other_conn_id='')", ""),
        ("A = {'aws_conn_id': 'x'}\nDAG('d', default_args=A)", "c:x"),
        ("dict(http_conn_id='x')", "c:x"),
        (
            "class Op:\n    default_conn_name = 'x'\n    ssh_conn_id = 'y'",
            "c:x c:y",
        ),
        ("def f(conn_id='x'):\n    other(conn_id)", "c:x"),
        ("def f(conn_id='x'):\n    other(conn_id)\nf('y')", ""),
        ("Op.partial(task_id='t').expand(conn_id=['a', 'b'])", "c:a c:b"),
        ("from airflow.sdk import Connection\nConnection(conn_id='x')", ""),
        ("Op(conn_id='{{ var.value.x }}')", "v:x ?conn_id=…"),
        (
            "from airflow.sdk import BaseHook\ndef f(c):\n    BaseHook.get_connection(c)\nOp(python_callable=f, op_kwargs={'c': 'x'})",
            "c:x",
        ),
        ("@task.sql(conn_id='x')\ndef f():\n    return 'select 1'", "c:x"),
        ("import os\nos.environ['AIRFLOW_CONN_MY_DB']", "c:my_db"),
        ("import os\nos.environ['AIRFLOW_CONN_MY_DB'] = 'x'", ""),
        ("import os\nos.getenv('AIRFLOW_VAR_X', 'd')", "v:x"),
    ] {
        assert_eq!(in_python(text), expected, "{text}");
    }
}

#[test]
fn templates_are_found_in_any_text() {
    for (text, expected) in [
        ("Op(bash_command='echo {{ var.value.x }}')", "v:x"),
        (
            "Op(sql=f'select {{{{ var.value.{x} }}}} {{{{ var.json.y.z }}}}')",
            "v:y ?{{ var.… }}",
        ),
        ("X = 'x'\nOp(sql=f'select {{{{ var.value.{X} }}}}')", "v:x"),
        ("Op(sql='{{ conn.a.host }}' + '{{ conn.b.host }}')", "c:a c:b"),
        ("'''Docs: {{ var.value.x }}'''", ""),
        ("Op(doc_md='{{ var.value.x }}')", ""),
        ("Op(env={'A': '{{ conn.get(\"x\").password }}'})", "c:x"),
        ("@task.bash\ndef f():\n    return 'echo {{ var.value.x }}'", "v:x"),
    ] {
        assert_eq!(in_python(text), expected, "{text}");
    }
}

#[test]
fn template_files_are_read_whole() {
    let found = find(&[
        (
            "sql/a.sql",
            "select {{ var.json.cfg.a.b }}\nfrom {{ conn['x'].schema }}",
        ),
        (
            "b.sh",
            "{% set c = conn.y %}\n{{ c.host }} {{ var.value.get('z', 'd') }} {{ var.value.get(params.k) }}",
        ),
    ]);
    assert_eq!(short(&found), "c:y v:z v:cfg c:x ?{{ var.… }}");
    let field = |name: &str| {
        found
            .uses
            .iter()
            .filter(|used| used.name == name)
            .flat_map(|used| used.fields.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(field("cfg"), [["a", "b"]]);
    assert_eq!(field("x"), [["schema"]]);
    assert_eq!(field("y"), [["host"]]);
    let default = found
        .uses
        .iter()
        .find(|used| used.name == "z")
        .map(|used| used.has_default);
    assert_eq!(default, Some(true));
}

#[test]
fn constants_of_other_modules_are_followed() {
    let found = find(&[
        ("dags/common/names.py", "DB = 'pg'\nclass C:\n    KEY = 'k'\n"),
        ("dags/common/__init__.py", "from .names import DB as EXPORTED\n"),
        (
            "dags/a.py",
            "from common.names import DB, C\nfrom airflow.sdk import Variable\nOp(conn_id=DB)\nVariable.get(C.KEY)",
        ),
        ("dags/b.py", "import common.names as n\nOp(conn_id=n.DB)"),
        ("dags/c.py", "from .common import EXPORTED\nOp(conn_id=EXPORTED)"),
        ("dags/d.py", "from dags.common import names\nOp(conn_id=names.DB)"),
        ("dags/e.py", "import common.names\nOp(conn_id=common.names.DB)"),
    ]);
    assert_eq!(short(&found), "c:pg v:k");
    assert_eq!(found.uses.len(), 6);
}

#[test]
fn lookups_when_the_file_is_parsed_are_marked() {
    let text = "from airflow.sdk import Variable, dag, task, DAG
Variable.get('a')
class C:
    x = Variable.get('b')
with DAG('d'):
    Variable.get('c')
@dag
def d():
    Variable.get('d')
    @task
    def t():
        Variable.get('not e')
    t()
def called():
    Variable.get('f')
called()
def callback():
    Variable.get('not g')
Op(python_callable=callback)
if __name__ == '__main__':
    Variable.get('not h')
f = lambda: Variable.get('not i')
";
    let found = find(&[("a.py", text)]);
    assert_eq!(found.uses.len(), 9);
    for used in found.uses {
        assert_eq!(
            used.at_parse_time,
            !used.name.starts_with("not "),
            "{}",
            used.name
        );
    }
}

#[test]
fn defaults_and_keys_of_variables_are_known() {
    let text = "from airflow.sdk import Variable, BaseHook
a = Variable.get('a', 'd')
b = Variable.get('b', default_var=None)
c = Variable.get('c', default={}, deserialize_json=True)['k']['l']
d = Variable.get('d', deserialize_json=True)
d['m'], d['n'][0]['o']
e = BaseHook.get_connection('e')
e.host, e.extra_dejson['p'], e.get_uri()
";
    let found = find(&[("a.py", text)]);
    let facts: Vec<_> = found
        .uses
        .iter()
        .map(|used| {
            let fields: Vec<String> = used.fields.iter().map(|path| path.join(".")).collect();
            format!(
                "{} {} {} {}",
                used.name,
                used.has_default,
                used.as_json,
                fields.join(" ")
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            "a true false ",
            "b true false ",
            "c true true k.l",
            "d false true m n",
            "e false false host extra_dejson.p"
        ]
    );
}

#[test]
fn a_file_that_does_not_parse_does_not_stop_the_rest() {
    let found = find(&[
        ("a.py", "x = (\ny"),
        ("b.py", "Op(conn_id='x')"),
        ("c.sql", "{{ var.value.x }}\n{{ oops"),
    ]);
    assert_eq!(short(&found), "c:x v:x");
    let places: Vec<_> = found
        .unreadable
        .iter()
        .map(|one| (one.place.file.to_string(), one.place.line))
        .collect();
    assert_eq!(places, [("a.py".to_owned(), 2), ("c.sql".to_owned(), 2)]);
}

#[test]
fn places_are_exact() {
    let found = find(&[(
        "a.py",
        "x = 1\nOp(sql='''\n  é {{ var.value.x }}''',\n   my_conn_id='y')",
    )]);
    let places: Vec<_> = found
        .uses
        .iter()
        .map(|used| (used.name.as_str(), used.place.line, used.place.column))
        .collect();
    assert_eq!(places, [("x", 3, 8), ("y", 4, 15)]);
}

#[test]
fn a_class_without_a_connection_id_uses_its_default() {
    let hook = "from airflow.providers.postgres.hooks.postgres import PostgresHook\n";
    let s3 = "from airflow.providers.amazon.aws.operators.s3 import S3CreateBucketOperator as Op\nfrom airflow.sdk import DAG\n";
    for (text, expected) in [
        (format!("{hook}PostgresHook()"), "c:postgres_default"),
        (format!("{hook}PostgresHook('x')"), "c:x"),
        (format!("{hook}PostgresHook(postgres_conn_id='x')"), "c:x"),
        (
            format!("{hook}PostgresHook(**{{'postgres_conn_id': 'x'}})"),
            "c:x",
        ),
        (format!("{hook}PostgresHook(**unknown)"), "?postgres_conn_id=…"),
        (
            format!("{hook}class H(PostgresHook):\n    pass\nH()"),
            "c:postgres_default",
        ),
        (
            format!("{hook}class H(PostgresHook):\n    default_conn_name = 'x'\nH()"),
            "c:x",
        ),
        (
            format!(
                "{hook}class H(PostgresHook):\n    def __init__(self):\n        super().__init__(postgres_conn_id='x')\nH()"
            ),
            "c:x",
        ),
        (format!("{s3}Op(task_id='t')"), "c:aws_default"),
        (
            format!("{s3}Op.partial(task_id='t').expand(bucket=['a'])"),
            "c:aws_default",
        ),
        (
            format!("{s3}Op.partial(task_id='t', aws_conn_id='x').expand(bucket=['a'])"),
            "c:x",
        ),
        (
            format!("{s3}with DAG('d', default_args={{'aws_conn_id': 'x'}}):\n    Op(task_id='t')"),
            "c:x",
        ),
        (
            format!(
                "{s3}A = dict(aws_conn_id='x')\ndag = DAG('d', default_args=A)\nOp(task_id='t', dag=dag)"
            ),
            "c:x",
        ),
        (
            "from airflow.sdk import task\n@task.kubernetes\ndef f(): pass".to_owned(),
            "c:kubernetes_default",
        ),
        (
            "from airflow.sdk import task\n@task.kubernetes(image='i')\ndef f(): pass".to_owned(),
            "c:kubernetes_default",
        ),
    ] {
        assert_eq!(in_python(&text), expected, "{text}");
    }
}

#[test]
fn the_context_of_a_task_has_variables_and_connections() {
    for (text, expected) in [
        (
            "def f(**context):\n    context['var']['value'].get('x')\n    context['conn'].get('y')",
            "v:x c:y",
        ),
        (
            "from airflow.sdk import get_current_context\nc = get_current_context()\nc['var']['json'].get('x')",
            "v:x",
        ),
    ] {
        assert_eq!(in_python(text), expected, "{text}");
    }
}

#[test]
fn text_that_only_looks_like_a_template_is_not_reported() {
    let script = ("a.sh", "x=${#list[@]} {{ oops");
    assert_eq!(find(&[script]).unreadable, []);
    assert_eq!(
        find(&[script, ("b.py", "Op(bash_command='scripts/a.sh')")])
            .unreadable
            .len(),
        1
    );
}

#[test]
fn what_is_nested_too_deeply_is_unreadable_and_no_more() {
    for (before, after) in [
        ("(", ")"),
        ("[", "]"),
        ("{1:", "}"),
        ("-", "1"),
        ("not ", "x"),
        ("a.", "a"),
        ("f(", ")"),
        ("x+", "x"),
        ("lambda:", "1"),
    ] {
        for end in [after.repeat(100_000), String::new()] {
            let found = find(&[
                ("a.py", &format!("{}{end}", before.repeat(100_000))),
                ("b.py", "Op(conn_id='x')"),
            ]);
            assert_eq!(found.unreadable.len(), 1, "{before}");
            assert_eq!(short(&found), "c:x");
        }
    }
    for block in ["{{ a", ".a", "+a", "(a", "[a", "{% if a %}"] {
        let _ = find(&[
            ("a.sql", &format!("{{{{ a{} }}}}", block.repeat(30_000))),
            ("a.py", &format!("'''{{{{{}'''", block.repeat(9_000))),
        ]);
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        for path in ["a.py", "a.sql"] {
            let _ = names(&[Source { path: Arc::from(path), text: bytes.clone() }]);
        }
    }

    #[test]
    fn no_code_panics(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
        for (path, text) in [("a.py", words.concat()), ("b.sql", words.concat()), ("c.py", format!("x = '''{}'''", words.concat()))] {
            let _ = names(&[Source { path: Arc::from(path), text: text.into_bytes() }]);
        }
    }
}

/// Parts of code that meet in all orders.
const WORDS: &[&str] = &[
    "from airflow.sdk import Variable\n",
    "import os\n",
    "import a.py\n",
    "from a import *\n",
    "from . import a\n",
    "Variable.get(",
    "'x'",
    "x",
    "=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    " var.value.",
    "var.json.x",
    "conn.",
    ".get(",
    "def f(x=1, *a, **k):\n    ",
    "return ",
    "class C(C):\n    ",
    "self.x",
    "lambda x: ",
    "f'{x}'",
    "f'{x!r:>{y}}'",
    "%",
    "%s",
    " % ",
    ".format(",
    "'{}{0}{a}'",
    "for x in ",
    "in ",
    "if ",
    "else ",
    "\n",
    "\n    ",
    ",",
    ":",
    ".",
    "*",
    "**",
    "+",
    "-1",
    "range(9)",
    "zip(x, x)",
    "enumerate(",
    ".items()",
    "dict(",
    "super().__init__(",
    "conn_id=",
    "'é{{ var.value.é }}'",
    "b'x'",
    "@task\n",
    "with DAG(default_args=x) as d:\n    ",
    "global x\n",
    "nonlocal x\n",
    "os.environ[",
    "yield ",
    "await ",
    "x := ",
    "match x:\n    case x:\n        ",
    "{% set x = ",
    "{% for x in ",
    " | default('x')",
    "~",
    "\t",
    "\\",
    "'''",
    "\"",
];
