//! moto, a server of AWS's APIs: Secrets Manager, Parameter Store, STS and IAM.
//!
//! Two servers, each a process with its own data, which starts with the first test that needs it: `moto` takes every request,
//! `guarded_moto` checks signatures and policies. Tests share them: each uses its own names.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::judge::Judge;
use super::{airflow, skip, variable};

/// The account of everything that moto stores.
pub const ACCOUNT: &str = "123456789012";

/// The address of a server and the keys that it takes.
#[derive(Debug)]
pub struct Moto {
    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`.
    pub addr: String,
    /// The access key of a user who may do everything.
    pub keys: Keys,
    judge: &'static Judge,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
}

/// Returns the server that takes every request, or reports why the test is skipped.
pub fn moto() -> Option<&'static Moto> {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    let (python, judge) = (python()?, airflow()?);
    Some(MOTO.get_or_init(|| start(&python, judge)))
}

/// Returns the server that checks signatures and policies, or reports why the test is skipped.
pub fn guarded_moto() -> Option<&'static Moto> {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    let (python, judge) = (python()?, airflow()?);
    Some(MOTO.get_or_init(|| {
        let mut moto = start(&python, judge);
        let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
        moto.keys = moto.user("admin", &everything);
        // The number of further requests that are not checked.
        let (status, _) = moto.http("POST", "/moto-api/reset-auth", "0");
        assert_eq!(status, 200);
        moto
    }))
}

fn python() -> Option<String> {
    let python = variable("MOTO_PYTHON");
    if python.is_none() {
        skip(
            "moto",
            "MOTO_PYTHON is not set; `scripts/test` installs moto and sets it",
        );
    }
    python
}

/// Starts a server that ends with this process, however it ends: it waits for the end of its input.
#[expect(
    clippy::zombie_processes,
    reason = "the server ends with this process, which is what it waits for"
)]
fn start(python: &str, judge: &'static Judge) -> Moto {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/moto");
    let mut child = Command::new(python)
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("MOTO_PYTHON {python}: {error}"));
    std::mem::forget(child.stdin.take());
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let port: u16 = port.trim().parse().expect("moto prints its port");
    Moto {
        addr: format!("http://127.0.0.1:{port}"),
        keys: Keys {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        },
        judge,
    }
}

impl Moto {
    /// Returns the environment of a program that uses this server: its address, a region, and the keys that it takes.
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.addr.as_str()),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &self.keys.id),
            ("AWS_SECRET_ACCESS_KEY", &self.keys.secret),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Calls `method` of boto3's client of `service`, and returns its answer.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    pub fn call(&self, service: &str, method: &str, arguments: Value) -> Value {
        let answer = self.judge.ask(json!({
            "op": "aws.call", "service": service, "method": method, "arguments": arguments,
            "endpoint": self.addr, "access_key_id": self.keys.id, "secret_access_key": self.keys.secret,
        }));
        assert!(answer["error"].is_null(), "{service} {method}: {answer}");
        answer
    }

    /// Stores a secret in Secrets Manager.
    #[track_caller]
    pub fn secret(&self, name: &str, text: &str) {
        self.call(
            "secretsmanager",
            "create_secret",
            json!({"Name": name, "SecretString": text}),
        );
    }

    /// Stores an encrypted parameter in Parameter Store.
    #[track_caller]
    pub fn parameter(&self, name: &str, text: &str) {
        self.call(
            "ssm",
            "put_parameter",
            json!({"Name": name, "Value": text, "Type": "SecureString"}),
        );
    }

    /// Creates a user with the `statements` of a policy, and returns a key of theirs.
    #[track_caller]
    pub fn user(&self, stem: &str, statements: &Value) -> Keys {
        let name = self.unique(stem);
        self.call("iam", "create_user", json!({"UserName": name}));
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        self.call(
            "iam",
            "put_user_policy",
            json!({"UserName": name, "PolicyName": "policy", "PolicyDocument": document}),
        );
        let answer = self.call("iam", "create_access_key", json!({"UserName": name}));
        let text = |field: &str| answer["AccessKey"][field].as_str().unwrap().to_owned();
        Keys {
            id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
        }
    }

    /// Creates a role with the `statements` of a policy, which everybody may assume, and returns its ARN.
    #[track_caller]
    pub fn role(&self, stem: &str, statements: &Value) -> String {
        let name = self.unique(stem);
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]});
        let answer = self.call(
            "iam",
            "create_role",
            json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()}),
        );
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        self.call(
            "iam",
            "put_role_policy",
            json!({"RoleName": name, "PolicyName": "policy", "PolicyDocument": document}),
        );
        answer["Role"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Returns a unique name that begins with `stem`.
    #[expect(clippy::unused_self, reason = "only a test with a server needs a name in it")]
    pub fn unique(&self, stem: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!(
            "{stem}-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Returns the requests so far whose body has `text`: method, path, headers in lower case, body.
    pub fn recorded(&self, text: &str) -> Vec<Value> {
        let (status, answer) = self.http("GET", "/recorded", "");
        assert_eq!(status, 200);
        let requests: Vec<Value> = serde_json::from_str(&answer).unwrap();
        requests
            .into_iter()
            .filter(|request| request["body"].as_str().unwrap().contains(text))
            .collect()
    }

    fn http(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let host = self.addr.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

#[test]
fn airflow_reads_what_boto3_put() {
    let Some(moto) = moto() else { return };
    let name = moto.unique("hello");
    moto.secret(&format!("airflow/variables/{name}"), "from Secrets Manager");
    moto.parameter(&format!("/airflow/variables/{name}"), "from Parameter Store");
    let env: serde_json::Map<_, _> = moto.env().into_iter().map(|(k, v)| (k, json!(v))).collect();
    for (service, text) in [
        ("secretsmanager", "from Secrets Manager"),
        ("ssm", "from Parameter Store"),
    ] {
        let names = [
            json!({"kind": "variable", "id": name}),
            json!({"kind": "variable", "id": format!("{name}x")}),
        ];
        let answer = moto
            .judge
            .ask(json!({"op": "aws.lookups", "service": service, "env": env, "names": names}));
        assert_eq!(answer, json!([{"value": text}, {"value": null}]));
    }
    let targets: Vec<_> = moto
        .recorded(&name)
        .iter()
        .map(|request| request["headers"]["x-amz-target"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        targets,
        [
            "secretsmanager.CreateSecret",
            "AmazonSSM.PutParameter",
            "secretsmanager.GetSecretValue",
            "secretsmanager.GetSecretValue",
            "AmazonSSM.GetParameter",
            "AmazonSSM.GetParameter",
        ]
    );
}

#[test]
fn signatures_and_policies_are_checked() {
    let Some(moto) = guarded_moto() else { return };
    let name = format!("airflow/variables/{}", moto.unique("guarded"));
    moto.secret(&name, "value");
    let id = name.rsplit('/').next().unwrap();
    let none = moto.user(
        "nobody",
        &json!([{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]),
    );
    let some = moto.user(
        "reader",
        &json!([{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]),
    );
    let reader = |keys: &Keys, more: Value| {
        let mut env = json!({
            "AWS_ENDPOINT_URL": moto.addr, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret,
        });
        env.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        moto.judge.ask(json!({
            "op": "aws.lookup", "service": "secretsmanager", "env": env, "kind": "variable", "id": id,
        }))
    };
    assert_eq!(reader(&some, json!({})), json!({"value": "value"}));
    assert_eq!(reader(&none, json!({}))["code"], "AccessDeniedException");
    assert_eq!(
        reader(&some, json!({"AWS_SECRET_ACCESS_KEY": "wrong"}))["code"],
        "InvalidSignatureException"
    );
    let role = moto.role(
        "role",
        &json!([{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]),
    );
    assert!(role.starts_with(&format!("arn:aws:iam::{ACCOUNT}:role/role-")));
    let by_role = moto.judge.ask(json!({
        "op": "aws.lookup", "service": "secretsmanager", "kind": "variable", "id": id, "kwargs": {"role_arn": role},
        "env": moto.env().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    }));
    assert_eq!(by_role, json!({"value": "value"}));
}
