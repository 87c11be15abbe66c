//! The judge of `tests/parity`, in an interpreter within this process.

use std::path::Path;
use std::sync::LazyLock;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

/// Starts the judge in the environment of `AIRFLOW_PYTHON`.
const BEGIN: &std::ffi::CStr = c"
import json, os, site, sys
sys.path[:] = [path for path in sys.path if not path.endswith('-packages')]
site.addsitedir(packages)
sys.path.insert(0, parity)
os.makedirs(home, exist_ok=True)
os.environ.update(HOME=home, AIRFLOW_HOME=home, AIRFLOW__CORE__LOAD_EXAMPLES='False')
import judge

def ask(question):
    return judge.answer_line(json.loads(question))
";

static ASK: LazyLock<Py<PyAny>> = LazyLock::new(|| {
    let python = std::env::var("AIRFLOW_PYTHON").expect("AIRFLOW_PYTHON names the Python with Airflow");
    let venv = Path::new(&python)
        .ancestors()
        .nth(2)
        .expect("it is in a folder `bin`")
        .to_owned();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Python::attach(|py| {
        let version = py.version_info();
        let packages = venv.join(format!(
            "lib/python{}.{}/site-packages",
            version.major, version.minor
        ));
        let version = format!(
            "version = {}.{}.{}\n",
            version.major, version.minor, version.patch
        );
        let theirs = std::fs::read_to_string(venv.join("pyvenv.cfg")).expect("it is a virtual environment");
        assert!(
            theirs.contains(&version),
            "the library is of another version than AIRFLOW_PYTHON: set LD_LIBRARY_PATH"
        );
        let names = PyDict::new(py);
        let set = |name: &str, path: &Path| names.set_item(name, path.to_str()).expect("a name can be set");
        set("packages", &packages);
        set("parity", &here.join("../parity"));
        set("home", &here.join("target/airflow-home"));
        py.run(BEGIN, Some(&names), None)
            .expect("the judge can be imported");
        names
            .get_item("ask")
            .ok()
            .flatten()
            .expect("it is defined")
            .unbind()
    })
});

/// Asks one question.
pub fn ask(question: &Value) -> Value {
    let line: String = Python::attach(|py| {
        let line = ASK.call1(py, (question.to_string(),)).expect("it answers");
        line.extract(py).expect("an answer is text")
    });
    let mut answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| json!({"failed": line}));
    if let Some(failed) = answer.get("failed") {
        panic!("the judge failed\nquestion: {question}\n{failed}");
    }
    answer["answer"].take()
}
