//! The places where a secret can be: settings, local files, the environment; valid and invalid in every way.

use std::path::{Path, PathBuf};

use super::leaks::canary;
use crate::support::temp_dir;

/// Code that uses every part of the names that the scenarios have.
const USES: &str = "{{ var.json.hello.a.b }} {{ conn.warehouse.host }} {{ conn.warehouse.extra_dejson.a }} {{ conn.missing.login }}\n";

/// A file of names with every form of a line.
const NAMES: &str = "A=conn:warehouse#password\nB=conn:warehouse@sqlalchemy\nconn:warehouse@libpq-env\nC=var:hello#a.b\nvar:hello\n?conn:missing\n";
/// A template that prints every part of a connection and a variable.
const PRINTED: &str = "{{ conn.warehouse }} {{ conn.warehouse.password|b64encode }} {{ conn.warehouse.extra_dejson|tojson }} \
     {{ conn.warehouse | as('sqlalchemy') }} {{ var.value.hello }} {{ var.json.get('hello', '') }}\n";

/// One configuration with secrets in it.
pub struct Scenario {
    /// Its name, which says what is wrong.
    pub name: String,
    /// Options before the command.
    pub args: Vec<String>,
    /// Its standard input.
    pub stdin: String,
    /// The status of `get-conn warehouse`.
    pub status: i32,
    /// Whether an answer is slow.
    pub slow: bool,
    env: Vec<(String, String)>,
    files: Vec<String>,
    dir: tempfile::TempDir,
}

impl Scenario {
    /// Creates a scenario in which `get-conn warehouse` ends with `status`.
    pub fn new(name: &str, status: i32) -> Self {
        let dir = temp_dir();
        for (name, text) in [("uses.sql", USES), ("names.txt", NAMES), ("printed.j2", PRINTED)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self {
            name: name.to_owned(),
            args: Vec::new(),
            stdin: String::new(),
            status,
            slow: false,
            env: Vec::new(),
            files: Vec::new(),
            dir,
        }
    }

    /// Adds a variable; `{dir}` in it is the scenario's folder.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into().replace("{dir}", self.dir.path().to_str().unwrap());
        self.env.push((name.to_owned(), value));
        self
    }

    /// Selects a backend with kwargs.
    pub fn backend(self, class: &str, kwargs: impl Into<String>) -> Self {
        self.set("AIRFLOW__SECRETS__BACKEND", class)
            .set("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs)
    }

    /// Writes a file into the scenario's folder.
    pub fn file(mut self, name: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        std::fs::write(self.dir.path().join(name), &text).unwrap();
        self.files.push(text);
        self
    }

    /// Adds options before the command.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Sets its standard input.
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Marks its answers as slow.
    pub fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// Adds a text that the server has.
    pub fn remote(mut self, text: impl Into<String>) -> Self {
        self.files.push(text.into());
        self
    }

    /// Returns its variables.
    pub fn env(&self) -> impl Iterator<Item = (&str, &str)> {
        self.env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns every text that can contain a canary.
    pub fn texts(&self) -> Vec<String> {
        let env = self.env.iter().map(|(_, value)| value.clone());
        env.chain(self.files.clone())
            .chain(self.args.clone())
            .chain([self.stdin.clone()])
            .collect()
    }
}

pub const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
pub const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";
pub const AWS: &str = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend";
pub const PARAMETER_STORE: &str =
    "airflow.providers.amazon.aws.secrets.systems_manager.SystemsManagerParameterStoreBackend";
pub const GOOGLE: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";
pub const AKEYLESS: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";
pub const LOCKBOX: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";
pub const AZURE: &str = "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend";

fn fixture() -> PathBuf {
    PathBuf::from("secrets.cfg")
}

/// Invalid settings, and some valid ones.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn settings() -> Vec<Scenario> {
    let token = canary("token");
    let cfg = fixture();
    let cfg = cfg.to_str().unwrap();
    let with_cfg = |name: &str, text: String| Scenario::new(name, 2).file(cfg, text).args(&["--config", cfg]);
    let with_env_file = |name: &str, status: i32, text: String| {
        Scenario::new(name, status)
            .file("a.env", text)
            .args(&["--env-file", "a.env"])
    };
    vec![
        Scenario::new("kwargs that are not JSON", 2).backend(VAULT, format!("{{\"token\": {token}")),
        Scenario::new("kwargs that are text", 2).backend(VAULT, format!("\"{token}\"")),
        Scenario::new("kwargs that are a list", 2).backend(VAULT, format!("[\"{token}\"]")),
        Scenario::new("kwargs in single quotes", 2).backend(VAULT, format!("{{'token': '{token}'}}")),
        Scenario::new("kwargs with a missing quote", 2).backend(VAULT, format!("{{\"token\": \"{token}}}")),
        Scenario::new("a token as the auth type", 2).backend(
            VAULT,
            format!("{{\"auth_type\": \"{token}\", \"token\": \"token\"}}"),
        ),
        Scenario::new("an unknown kwarg", 2).backend(VAULT, format!("{{\"tokne\": \"{token}\"}}")),
        Scenario::new("an unknown local kwarg", 2)
            .backend(LOCAL, format!("{{\"variables_file\": \"{token}\"}}")),
        Scenario::new("text instead of a number", 2)
            .backend(VAULT, format!("{{\"kv_engine_version\": \"{token}\"}}")),
        Scenario::new("an object instead of text", 2)
            .backend(VAULT, format!("{{\"token\": {{\"a\": \"{token}\"}}}}")),
        Scenario::new("a kwarg in its own variable", 2)
            .backend(VAULT, "{}")
            .set("AIRFLOW__SECRETS__BACKEND_KWARG__TOKEN_", token.clone()),
        Scenario::new("an unknown backend", 2)
            .backend("some.other.Backend", format!("{{\"token\": \"{token}\"}}")),
        Scenario::new("kwargs on standard input that are not JSON", 2)
            .args(&["--backend", VAULT, "--backend-kwargs", "@-"])
            .stdin(format!("{{\"token\": \"{token}\",}}")),
        Scenario::new("kwargs in a file that are not JSON", 2)
            .file("kwargs.json", format!("token={token}"))
            .args(&["--backend", VAULT, "--backend-kwargs", "@kwargs.json"]),
        Scenario::new("kwargs on the command line that are not JSON", 2).args(&[
            "--backend",
            VAULT,
            "--backend-kwargs",
            &format!("{{\"token\": \"{token}\""),
        ]),
        Scenario::new("kwargs of a command that fails", 2)
            .set("AIRFLOW__SECRETS__BACKEND", VAULT)
            .set(
                "AIRFLOW__SECRETS__BACKEND_KWARGS_CMD",
                format!("sh -c 'echo {token}; echo {token} >&2; exit 3'"),
            ),
        Scenario::new("kwargs of a command that are not JSON", 2)
            .set("AIRFLOW__SECRETS__BACKEND", VAULT)
            .set("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", format!("echo {token}")),
        Scenario::new("kwargs of a command with an open quote", 2)
            .set("AIRFLOW__SECRETS__BACKEND", VAULT)
            .set("AIRFLOW__SECRETS__BACKEND_KWARGS_CMD", format!("echo '{token}")),
        Scenario::new("a nested lookup", 2)
            .set("AIRFLOW__SECRETS__BACKEND", VAULT)
            .set("AIRFLOW__SECRETS__BACKEND_KWARGS_SECRET", token.clone()),
        with_cfg(
            "airflow.cfg: an option twice",
            format!("[secrets]\nbackend_kwargs = {token}\nbackend_kwargs = {token}\n"),
        ),
        with_cfg("airflow.cfg: no section", format!("backend_kwargs = {token}\n")),
        with_cfg("airflow.cfg: no assignment", format!("[secrets]\n{token}\n")),
        with_cfg(
            "airflow.cfg: a brace in the first column",
            format!("[secrets]\nbackend_kwargs = {{\n\"token\": \"{token}\"\n}}\n"),
        ),
        with_cfg(
            "airflow.cfg: a single percent sign",
            format!("[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"{token}%\"}}\n"),
        ),
        with_cfg(
            "airflow.cfg: an unknown reference",
            format!("[secrets]\nbackend = {VAULT}\nbackend_kwargs = {{\"token\": \"%({token})s\"}}\n"),
        ),
        with_env_file(
            "an env file: no assignment",
            2,
            format!("{token} and more\n{{\"{token}\"\n"),
        ),
        with_env_file(
            "an env file: an open quote",
            2,
            format!("AIRFLOW__SECRETS__BACKEND_KWARGS=\"{token}\n"),
        ),
        with_env_file(
            "an env file: YAML",
            2,
            format!("AIRFLOW_CONN_X: {token}\nAIRFLOW_VAR_X:{token}=x\n"),
        ),
        with_env_file(
            "an env file: JSON over lines",
            2,
            format!("AIRFLOW__SECRETS__BACKEND_KWARGS={{\n\"token\": \"{token}\"\n}}\n"),
        ),
        with_env_file(
            "an env file: a key over lines",
            2,
            format!("AIRFLOW_VAR_X=-----BEGIN KEY-----\n{token}\n{token}==\n-----END KEY-----\n"),
        ),
        with_env_file(
            "an env file: text after the closing quote",
            2,
            format!("AIRFLOW__SECRETS__BACKEND_KWARGS=\"{{\"token\": \"{token}\"}}\"\n"),
        ),
        with_env_file(
            "an env file in which readers differ and nothing is set",
            0,
            format!("AIRFLOW_CONN_WAREHOUSE=postgres://u:{token}$word${{{token}}}$$@h/\n{token}$x=$x\n"),
        ),
        with_env_file(
            "a valid env file",
            0,
            format!("AIRFLOW_CONN_WAREHOUSE=postgres://u:{}@h/\n", canary("envfile")),
        ),
        Scenario::new("an env file that the environment shadows", 2)
            .set("AIRFLOW__SECRETS__BACKEND", VAULT)
            .set(
                "AIRFLOW__SECRETS__BACKEND_KWARGS",
                format!("{{\"token\": {token}"),
            )
            .file(
                "a.env",
                format!(
                    "AIRFLOW__SECRETS__BACKEND_KWARGS={{\"token\": \"{}\"}}\n",
                    canary("shadowed")
                ),
            )
            .args(&["--env-file", "a.env"]),
        Scenario::new("a timeout that is a secret", 2).set("SECRETCTL_TIMEOUT", token.clone()),
        Scenario::new("an argument too many", 2).args(&[&format!("{{\"token\": \"{token}\"}}")]),
        Scenario::new("an expansion that never ends", 2)
            .backend(VAULT, format!("{{\"token\": \"{token}$A\"}}"))
            .set("A", format!("{}$A", canary("expanded"))),
    ]
}

/// Local files, valid and invalid in every way.
pub fn local_files() -> Vec<Scenario> {
    let (password, value) = (canary("filepassword"), canary("filevalue"));
    let with = |name: &str, status: i32, file: &str, text: String| {
        Scenario::new(name, status)
            .backend(LOCAL, format!("{{\"connections_file_path\": \"{{dir}}/{file}\", \"variables_file_path\": \"{{dir}}/v.json\"}}"))
            .file(file, text)
            .file("v.json", format!("{{\"hello\": \"{value}\\n'\\\"$%\\\\ é {value}\"}}"))
    };
    vec![
        with(
            "a valid file",
            0,
            "c.env",
            format!("warehouse=postgres://u:{password}%40@h:5432/db?a={password}\n"),
        ),
        with(
            "a file with an object",
            0,
            "c.json",
            format!("{{\"warehouse\": {{\"conn_type\": \"x\", \"password\": \"{password}\"}}}}"),
        ),
        with("env: no assignment", 2, "c.env", format!("a=b\n{password}\n")),
        with(
            "env: a key twice",
            2,
            "c.env",
            format!("warehouse=x://{password}\nwarehouse=y://{password}\n"),
        ),
        with(
            "env: an empty value",
            2,
            "c.env",
            format!("warehouse=\nother={password}\n"),
        ),
        with(
            "json: cut off",
            2,
            "c.json",
            format!("{{\"warehouse\": \"x://u:{password}@h"),
        ),
        with("json: a list", 2, "c.json", format!("[\"{password}\"]")),
        with(
            "json: two connections of one name",
            2,
            "c.json",
            format!("{{\"warehouse\": [\"x://{password}\", \"y://{password}\"]}}"),
        ),
        with(
            "json: an unknown key",
            2,
            "c.json",
            format!("{{\"warehouse\": {{\"conn_type\": \"x\", \"passwrd\": \"{password}\"}}}}"),
        ),
        with(
            "json: a number",
            2,
            "c.json",
            format!("{{\"other\": 5, \"warehouse\": \"{password}\"}}"),
        ),
        with(
            "yaml: an open quote",
            2,
            "c.yaml",
            format!("warehouse: \"x://u:{password}@h\nother: 1\n"),
        ),
        with(
            "yaml: a tab",
            2,
            "c.yaml",
            format!("warehouse:\n\t- {password}\n"),
        ),
        with(
            "yaml: an unknown alias",
            2,
            "c.yaml",
            format!("warehouse: *{password}\n"),
        ),
        with(
            "yaml: an unknown tag",
            2,
            "c.yaml",
            format!("warehouse: !{password} x\n"),
        ),
        with(
            "a connection whose port is a secret",
            2,
            "c.env",
            format!("warehouse=x://u:p@h:{password}/db\n"),
        ),
        Scenario::new("a file of another kind", 2)
            .backend(LOCAL, "{\"connections_file_path\": \"{dir}/c.ini\"}")
            .file("c.ini", password.clone()),
    ]
}

/// Connections and variables of the environment, valid and malformed.
pub fn environment() -> Vec<Scenario> {
    let password = canary("envpassword");
    let with = |name: &str, status: i32, text: String| {
        Scenario::new(name, status)
            .set("AIRFLOW_CONN_WAREHOUSE", text)
            .set(
                "AIRFLOW_VAR_HELLO",
                format!("{{\"a\": \"{}\", \"b\": [1", canary("envvalue")),
            )
    };
    vec![
        with(
            "a valid URI",
            0,
            format!("postgres://u:{password}%40%0A@h:5432/db?a={password}"),
        ),
        with(
            "valid JSON",
            0,
            format!(
                "{{\"conn_type\": \"x\", \"password\": \"{password}\", \"extra\": {{\"a\": \"{password}\"}}}}"
            ),
        ),
        with(
            "a port that is a secret",
            6,
            format!("postgres://u:p@h:{password}/db"),
        ),
        with(
            "a password with an unescaped at sign and slash",
            6,
            format!("postgres://u:p/{password}@@:h:x/db"),
        ),
        // What `check` warns of.
        with("a type that is a secret", 0, format!("{password}://h/db")),
        with(
            "a password that is cut at a slash",
            0,
            format!("postgres://u:12/{password}@h:5432/db"),
        ),
        with(
            "an extra inside the extra, and blanks",
            0,
            format!(
                "{{\"password\": \" {password} \", \"extra\": {{\"extra\": {{\"a\": \"{password}\"}}, \"{password}\": 1}}}}"
            ),
        ),
        with(
            "a query that is ignored, and one with the whole extra",
            0,
            format!("opsgenie://:{password}@h?__extra__=%7B%7D&a={password}"),
        ),
        with("a second protocol", 6, format!("x://u:{password}@https://h:1")),
        with("a third protocol", 6, format!("x://a://b://{password}")),
        with("an open bracket", 6, format!("x://u:{password}@[::1/db")),
        with(
            "JSON cut off",
            6,
            format!("{{\"conn_type\": \"x\", \"password\": \"{password}\""),
        ),
        with(
            "JSON with an unknown key",
            6,
            format!("{{\"conn_type\": \"x\", \"passwrd\": \"{password}\"}}"),
        ),
        with(
            "JSON with a port that is a secret",
            6,
            format!("{{\"conn_type\": \"x\", \"port\": \"{password}\"}}"),
        ),
        with(
            "JSON whose extra is text",
            6,
            format!("{{\"conn_type\": \"x\", \"extra\": \"{password}\"}}"),
        ),
        with(
            "JSON with half a surrogate",
            6,
            format!("{{\"conn_type\": \"x\", \"password\": \"{password}\\ud800\"}}"),
        ),
    ]
}

/// References in the environment, and files of names.
pub fn references() -> Vec<Scenario> {
    let password = canary("envpassword");
    let with = |name: &str| {
        Scenario::new(name, 0)
            .set(
                "AIRFLOW_CONN_WAREHOUSE",
                format!("postgres://u:{password}@h:5432/db"),
            )
            .set(
                "AIRFLOW_VAR_HELLO",
                format!("{{\"a\": \"{}\"", canary("envvalue")),
            )
    };
    vec![
        with("references in the environment")
            .set("A", "secretctl:conn:warehouse#password")
            .set("B", "secretctl:conn:warehouse")
            .set("C", "secretctl:conn:warehouse@libpq"),
        with("a reference without its value")
            .set("A", "secretctl:var:hello#a")
            .set("B", "secretctl:conn:missing"),
        with("what only begins as a reference").set("TOKEN", format!("secretctl:{password}")),
        with("values in place of names")
            .file(
                "a.env",
                format!("TOKEN={password}\nX={password}:{password}\n{password}\npostgres://u:{password}@h/db?a=b\n"),
            )
            .file("b.env", format!("{password}==\n"))
            .file("c.env", format!("postgres://u:{password}@h/db?a=b\n")),
    ]
}
