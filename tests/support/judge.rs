//! Airflow, the judge: Python processes that answer questions in JSON lines (`tests/parity/judge.py`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::{skip, variable};

/// Python processes with Airflow, each started when the others are busy. They end with their input, at the latest when the test process
/// ends.
#[derive(Debug)]
pub struct Judge {
    python: String,
    mode: &'static str,
    path: String,
    /// The most processes.
    most: usize,
    processes: Mutex<Processes>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Processes {
    idle: Vec<Pipes>,
    busy: usize,
}

#[derive(Debug)]
struct Pipes {
    _child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Pipes {
    fn start(judge: &Judge) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/judge.py");
        let mut child = Command::new(&judge.python)
            .arg(script)
            .arg(judge.mode)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env(
                "SECRETCTL_TEST_VERBOSE",
                std::env::var_os("SECRETCTL_TEST_VERBOSE").unwrap_or_default(),
            )
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", &judge.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("AIRFLOW_PYTHON {}: {error}", judge.python));
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            _child: child,
            stdin,
            stdout,
        }
    }
}

/// A process that answers a question. It is idle again afterwards, unless it failed.
struct Taken<'a> {
    judge: &'a Judge,
    /// `None` until it is started.
    pipes: Option<Pipes>,
}

impl Taken<'_> {
    /// Asks with a line, and returns the line that answers.
    fn ask(mut self, line: &str) -> String {
        let pipes = self.pipes.get_or_insert_with(|| Pipes::start(self.judge));
        pipes
            .stdin
            .write_all(line.as_bytes())
            .and_then(|()| pipes.stdin.flush())
            .expect("the judge listens");
        let mut answer = String::new();
        pipes.stdout.read_line(&mut answer).unwrap();
        answer
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut processes = self.judge.lock();
        processes.busy -= 1;
        if !std::thread::panicking() {
            processes.idle.extend(self.pipes.take());
        }
        drop(processes);
        self.judge.freed.notify_one();
    }
}

impl Judge {
    /// Creates the judge of `python`; `mode` is an argument of `judge.py`. It has one process, whose questions may depend on earlier ones.
    fn new(python: String, mode: &'static str, path: String) -> Self {
        Self {
            python,
            mode,
            path,
            most: 1,
            processes: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Lets it have several processes, one for each processor. Many answers are waited for more than they are computed.
    fn side_by_side(mut self) -> Self {
        self.most = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self
    }

    /// Takes an idle process, or one that is to be started, or waits for one.
    fn process(&self) -> Taken<'_> {
        let mut processes = self.lock();
        while processes.idle.is_empty() && processes.busy >= self.most {
            processes = self.freed.wait(processes).unwrap_or_else(PoisonError::into_inner);
        }
        processes.busy += 1;
        Taken {
            judge: self,
            pipes: processes.idle.pop(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks one question, `{"op": "area.name", …}`, and returns the answer of `op_name` in `judge_area.py`.
    ///
    /// An exception there fails the test, unless the function turns it into an answer.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn ask(&self, question: Value) -> Value {
        let line = format!("{question}\n");
        let answer = self.process().ask(&line);
        let mut answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| {
            panic!("the judge died or did not answer with JSON ({error}): {line}{answer}")
        });
        assert!(
            answer["failed"].is_null(),
            "the judge could not answer {line}{}",
            answer["failed"].as_str().unwrap_or("?")
        );
        answer["answer"].take()
    }

    /// Asks many questions at once, which is much faster than one by one.
    #[track_caller]
    pub fn ask_many(&self, questions: &[Value]) -> Vec<Value> {
        let mut answers = Vec::with_capacity(questions.len());
        for some in questions.chunks(2000) {
            let Value::Array(some) = self.ask(json!({"op": "batch", "questions": some})) else {
                panic!("a batch is answered by a list");
            };
            answers.extend(some);
        }
        answers
    }
}

/// Returns the long-lived judge, or says why the test is skipped. No question may depend on an earlier one.
pub fn airflow() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    Some(JUDGE.get_or_init(|| Judge::new(python, "--lasting", String::new()).side_by_side()))
}

/// Returns the long-lived judge that has the hooks of `scripts/requirements/drivers.txt` too, or says why the test is skipped.
///
/// They are apart from Airflow's environment: it starts as before, and does not load them.
pub fn airflow_drivers() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    let Some(drivers) = variable("DRIVERS_PYTHON") else {
        skip(
            "drivers",
            "DRIVERS_PYTHON is not set; `scripts/test` installs Airflow's hooks and sets it",
        );
        return None;
    };
    let lib = Path::new(&drivers).parent()?.parent()?.join("lib");
    let version = std::fs::read_dir(lib)
        .expect("the environment has packages")
        .flatten()
        .next()?;
    let packages = version.path().join("site-packages");
    Some(JUDGE.get_or_init(|| Judge::new(python, "--lasting", packages.display().to_string())))
}

/// A judge that imports Airflow only after the question, for configuration, which Airflow reads at import.
#[derive(Debug)]
pub struct Fresh {
    judge: &'static Judge,
    env: Vec<(String, String)>,
}

impl Fresh {
    /// Asks one question in its own process, whose environment is the given one and PATH.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn ask(&self, question: Value) -> Value {
        let env: serde_json::Map<_, _> = self.env.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        self.judge.ask(json!({"env": env, "question": question}))
    }
}

/// Returns a judge for questions that change its process for good, such as another search path, or says why the test is skipped.
pub fn airflow_apart() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    Some(JUDGE.get_or_init(|| Judge::new(python, "--lasting", String::new())))
}

/// Returns a judge that renders templates as tasks, or says why the test is skipped. The imports of DAG files would change how it does.
pub fn airflow_tasks() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    Some(JUDGE.get_or_init(|| Judge::new(python, "--lasting", String::new())))
}

/// Returns a judge that reads its configuration anew for each question, or says why the test is skipped. Other questions need it as it
/// was at the start.
pub fn airflow_options() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    Some(JUDGE.get_or_init(|| Judge::new(python, "--lasting", String::new())))
}

/// Returns a judge with the environment `env`, or says why the test is skipped.
///
/// `HOME` and `AIRFLOW_HOME` default to empty folders of the process.
pub fn airflow_fresh<K: Into<String>, V: Into<String>>(
    env: impl IntoIterator<Item = (K, V)>,
) -> Option<Fresh> {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    let python = python()?;
    let judge = JUDGE.get_or_init(|| Judge::new(python, "--fresh", String::new()).side_by_side());
    Some(Fresh {
        judge,
        env: env.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
    })
}

fn python() -> Option<String> {
    let python = variable("AIRFLOW_PYTHON");
    if python.is_none() {
        skip(
            "airflow",
            "AIRFLOW_PYTHON is not set; `scripts/test` installs Airflow and sets it",
        );
    }
    python
}

#[test]
fn the_judge_has_the_documented_versions() {
    let Some(judge) = airflow() else { return };
    let documented = json!({
        "apache-airflow": "3.3.2",
        "apache-airflow-providers-hashicorp": "4.8.4",
        "apache-airflow-providers-microsoft-azure": "15.2.1",
        "apache-airflow-providers-amazon": "9.39.0",
        "apache-airflow-providers-google": "22.8.0",
        "apache-airflow-providers-cncf-kubernetes": "10.25.0",
        "apache-airflow-providers-yandex": "4.6.1",
        "apache-airflow-providers-akeyless": "0.3.2",
        "google-cloud-secret-manager": "2.32.0",
        "google-auth": "2.63.0",
        "grpcio": "1.85.3",
        "botocore": "1.44.8",
        "SQLAlchemy": "2.1.9",
        "cryptography": "50.0.2",
    });
    let names: Vec<_> = documented.as_object().unwrap().keys().collect();
    assert_eq!(judge.ask(json!({"op": "versions", "names": names})), documented);
    assert_eq!(
        judge.ask_many(&[json!({"op": "echo", "text": "é\n"})]),
        [json!("é\n")]
    );
}

#[test]
fn the_judge_has_every_official_backend() {
    let Some(judge) = airflow() else { return };
    let classes = [
        "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "airflow.secrets.metastore.MetastoreBackend",
        "airflow.providers.hashicorp.secrets.vault.VaultBackend",
        "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend",
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend",
        "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend",
        "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
        "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend",
        "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend",
        // What they import late.
        "airflow.providers.amazon.aws.hooks.base_aws.SessionFactory",
        "akeyless_cloud_id.CloudId",
        // The drivers of the metadata database.
        "psycopg.Connection",
        "psycopg2.connect",
        "pymysql.connect",
        "mysql.connector.connect",
    ];
    let failed = judge.ask(json!({"op": "backends.imports", "classes": classes}));
    assert_eq!(failed, json!({}));
}

#[test]
fn the_judge_describes_what_a_backend_raises() {
    let Some(judge) = airflow() else { return };
    let env = json!({
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "key",
    });
    for service in ["secretsmanager", "ssm"] {
        let question = json!({
            "op": "aws.lookups", "service": service, "env": env, "multi_team": true,
            "names": [{"kind": "variable", "id": "x"}, {"kind": "variable", "id": "a--b", "team": "t"}],
        });
        let answer = judge.ask(question);
        assert_eq!(answer[0]["error"], "EndpointConnectionError");
        assert_eq!(answer[1], json!({"value": null}));
    }
    let unusable = json!({
        "op": "backends.lookup", "kind": "connection", "id": "x", "kwargs": {"namespace": "n"},
        "class": "airflow.providers.cncf.kubernetes.secrets.kubernetes_secrets_backend.KubernetesSecretsBackend",
    });
    assert_eq!(judge.ask(unusable)["error"], "ConfigException");
}

#[test]
fn a_fresh_judge_has_the_environment_it_is_given() {
    let option = json!({"op": "option", "section": "core", "option": "dags_folder"});
    let Some(judge) = airflow_fresh([("AIRFLOW__CORE__DAGS_FOLDER", "/one")]) else {
        return;
    };
    assert_eq!(judge.ask(option.clone()), "/one");
    let other = airflow_fresh([("AIRFLOW__CORE__DAGS_FOLDER", "/another")]).unwrap();
    assert_eq!(other.ask(option), "/another");
}
