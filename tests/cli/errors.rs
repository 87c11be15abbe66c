//! Every kind of error once: docs/errors.md is generated from these runs.

use std::fmt::Write as _;

use super::stocked;
use serde_json::json;

use crate::support::server::{Recorded, Reply, Server};

/// What is wrong, the variables that cause it, and the command line.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const LOCAL: &str = "airflow.secrets.local_filesystem.LocalFilesystemBackend";
const AKEYLESS: &str = "airflow.providers.akeyless.secrets.akeyless.AkeylessBackend";
const LOCKBOX: &str = "airflow.providers.yandex.secrets.lockbox.LockboxSecretBackend";
const KUBERNETES: &str = crate::kubernetes::BACKEND;
const GOOGLE: &str = "airflow.providers.google.cloud.secrets.secret_manager.CloudSecretManagerBackend";
const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Stands for a server that answers with the status in its path. The page shows [`ADDRESS`] in its place.
const SERVER: &str = "{server}";
const ADDRESS: &str = "https://vault.example.com";
const FORBIDDEN: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "{server}/403", "token": "hvs.example", "auth_type": "token"}"#,
);
const LOGIN: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "{server}/400", "auth_type": "approle", "role_id": "etl", "secret_id": "…"}"#,
);
const SEALED: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "{server}/503", "token": "hvs.example", "auth_type": "token"}"#,
);

const MEANT: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"vault_addr": "https://vault.example.com", "token": "hvs.example"}"#,
);
const UNKNOWN: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "https://vault.example.com", "token": "hvs.example", "zone": "eu"}"#,
);
const NO_AUTH_TYPE: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "https://vault.example.com", "role_id": "etl", "secret_id": "…"}"#,
);
const WORD: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "https://127.0.0.1:1", "token": "hvs.example", "verify": "no"}"#,
);
const CLIMBING: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"url": "https://vault.example.com", "token": "hvs.example", "mount_point": "airflow/../sys"}"#,
);

/// Stands for the same server as Google's, and as a metadata server.
const GOOGLE_SERVER: (&str, &str) = ("{google}", "https://secretmanager.googleapis.com");
const METADATA_SERVER: (&str, &str) = ("{metadata}", "metadata.google.internal");
const OF_PROJECT: (&str, &str) = (
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    r#"{"project_id": "my-project"}"#,
);

/// Returns `text` with [`ADDRESS`] in place of the server's address.
fn shown_address(text: &str, server: &str) -> String {
    let text = &text
        .replace(&format!("{server}/google"), GOOGLE_SERVER.1)
        .replace(GOOGLE_SERVER.0, GOOGLE_SERVER.1)
        .replace(METADATA_SERVER.0, METADATA_SERVER.1);
    ["/403", "/400", "/503"]
        .iter()
        .fold(text.replace(server, ADDRESS), |text, status| {
            text.replace(&format!("{ADDRESS}{status}"), ADDRESS)
        })
}

/// Answers as Vault and Google do, with the status at the start of the path.
fn vault(request: &Recorded) -> Reply {
    let words = |status: u16, words: &str| Reply::json(status, json!({"errors": [words]}));
    if request.target.starts_with("/google/") {
        let error = json!({"code": 403, "status": "PERMISSION_DENIED", "details": [{"reason": "IAM_PERMISSION_DENIED"}]});
        return Reply::json(403, json!({"error": error}));
    }
    match request.target.get(..5) {
        Some("/comp") => Reply::json(200, json!({"access_token": "ya29.example", "expires_in": 3599})),
        Some("/403/") => words(403, "permission denied"),
        Some("/400/") => words(400, "invalid role or secret ID"),
        _ => words(503, "Vault is sealed"),
    }
}

/// The statuses, what each means, and the cases of each.
const KINDS: &[(u8, &str, &[Case])] = &[
    (
        1,
        "an internal error",
        &[
            ("a device that is full", &[], "get-var hello >/dev/full"),
            (
                "a file that cannot be written",
                &[],
                "export --var hello --format json --out /proc/secretctl.json",
            ),
        ],
    ),
    (
        2,
        "usage, or a configuration that cannot be used",
        &[
            ("an unknown option", &[], "get-var hello --jsn"),
            ("an unknown command", &[], "get-con hello"),
            ("a command of Airflow", &[], "connections get smtp_default"),
            ("a missing name", &[], "get-var"),
            ("an empty name", &[], "explain conn ''"),
            (
                "a field that a connection does not have",
                &[],
                "get-conn smtp_default --field passwrd",
            ),
            (
                "a format of `--as` that does not fit the connection's type",
                &[],
                "get-conn smtp_default --as libpq",
            ),
            (
                "a password that Airflow gets from a cloud",
                &[("AIRFLOW_CONN_RDS", "postgres://etl@db.example.com/dwh?iam=true")],
                "get-conn rds --as sqlalchemy",
            ),
            (
                "a profile of dbt that lacks a field",
                &[(
                    "AIRFLOW_CONN_QUERIES",
                    "trino://etl:secret@trino.example.com:8443",
                )],
                "get-conn queries --as dbt --profile-arg database=hive",
            ),
            (
                "a malformed reference",
                &[],
                "export --set PGPASSWORD=warehouse --format shell",
            ),
            (
                "two values with the same name",
                &[],
                "export --conn a --conn A --format json",
            ),
            (
                "a name that a shell does not accept",
                &[],
                "export --conn MY-DB --format shell",
            ),
            (
                "a file of names that holds a value",
                &[],
                "check --file examples/local.env",
            ),
            (
                "a file that `--write-file` did not write",
                &[],
                "check examples/dags --write-file README.md",
            ),
            ("nothing to export", &[], "export --format json"),
            ("nothing to check", &[], "check"),
            ("code that is not there", &[], "check /nonexistent/dags"),
            (
                "a kind that an importer does not accept",
                &[],
                "export --var hello --format airflow-connections",
            ),
            (
                "a name that Kubernetes does not accept",
                &[],
                "export --var hello --format kubernetes --name My_Secret",
            ),
            (
                "a file that other steps of a job use too",
                &[("GITHUB_ENV", "/tmp/env")],
                "export --var hello --format github-env --out /tmp/env",
            ),
            (
                "a folder that is missing",
                &[],
                "export --var hello --format json --out /nonexistent/x",
            ),
            (
                "a timeout that is not a number",
                &[],
                "--timeout soon get-var hello",
            ),
            (
                "kwargs that are not JSON",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCAL),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", "{'a': 1}"),
                ],
                "get-var hello",
            ),
            (
                "kwargs in quotes",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCAL),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#""{"variables_file_path": "/v.json"}""#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "kwargs in Python's notation",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCAL),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"variables_file_path": None}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "a file's path in place of kwargs",
                &[],
                "--backend airflow.secrets.local_filesystem.LocalFilesystemBackend --backend-kwargs kwargs.json get-var hello",
            ),
            (
                "a misspelt kwarg",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCAL),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"connection_file_path": "/x.json"}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "a kwarg by another tool's name",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), MEANT],
                "get-var hello",
            ),
            (
                "an unknown kwarg",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), UNKNOWN],
                "get-var hello",
            ),
            (
                "a forgotten `auth_type`",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), NO_AUTH_TYPE],
                "get-var hello",
            ),
            (
                "a CA bundle that is missing, or a word that was meant to turn off the check",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), WORD],
                "get-var hello",
            ),
            (
                "a path with `..`",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), CLIMBING],
                "get-var hello",
            ),
            (
                "a backend of your own, which is Python",
                &[(
                    "AIRFLOW__SECRETS__BACKEND",
                    "mycompany.airflow.secrets.OurBackend",
                )],
                "get-var hello",
            ),
            (
                "a class with a comment",
                &[(
                    "AIRFLOW__SECRETS__BACKEND",
                    "airflow.providers.hashicorp.secrets.vault.VaultBackend # vault",
                )],
                "get-var hello",
            ),
            (
                "a misspelt class",
                &[(
                    "AIRFLOW__SECRETS__BACKEND",
                    "airflow.providers.hashicorp.secret.vault.VaultBackend",
                )],
                "get-var hello",
            ),
            (
                "a class of an older Airflow",
                &[(
                    "AIRFLOW__SECRETS__BACKEND",
                    "airflow.contrib.secrets.hashicorp_vault.VaultBackend",
                )],
                "get-var hello",
            ),
            (
                "a custom class",
                &[("AIRFLOW__SECRETS__BACKEND", "mycompany.secrets.VaultBackend")],
                "get-var hello",
            ),
            (
                "a project's id by another tool's name",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", GOOGLE),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"project": "my-project"}"#),
                ],
                "get-var hello",
            ),
            (
                "a prefix that no secret of Google's can have",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", GOOGLE),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"variables_prefix": "airflow/variables"}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "a login of Akeyless without its key",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", AKEYLESS),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"access_id": "p-1234"}"#),
                ],
                "get-var hello",
            ),
            (
                "Lockbox without a folder",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCKBOX),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"yc_oauth_token": "…"}"#),
                ],
                "get-var hello",
            ),
            (
                "a misspelt label of Kubernetes Secrets",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", KUBERNETES),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"variable_label": "example.com/key"}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "a data key of Kubernetes Secrets that is null",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", KUBERNETES),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"variables_data_key": null}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "a policy of a service that the backend does not belong to",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), FORBIDDEN],
                "policy --conn smtp_default --format aws",
            ),
            (
                "a local file that is missing",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCAL),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"variables_file_path": "/nonexistent/v.json"}"#,
                    ),
                ],
                "get-var hello",
            ),
            (
                "an env file that is missing",
                &[],
                "--env-file /nonexistent/.env get-var hello",
            ),
            (
                "an unknown dialect of env files",
                &[("SECRETCTL_ENV_FILE_DIALECT", "podman")],
                "get-var hello",
            ),
            (
                "invalid log filters",
                &[("SECRETCTL_LOG", "secretctl=loud")],
                "get-var hello",
            ),
            ("a template that is not there", &[], "inject -i profiles.yml.j2"),
        ],
    ),
    (
        3,
        "not found: every backend on the search path answered, and none has the name",
        &[
            ("a connection", &[], "get-conn nope"),
            ("a variable", &[], "get-var helo"),
            (
                "a configuration option without a backend",
                &[],
                "get-config sql_alchemy_conn",
            ),
            ("an option that is misspelt", &[], "get-config core.dags_foldr"),
            (
                "a name with its prefix",
                &[],
                "get-conn AIRFLOW_CONN_SMTP_DEFAULT",
            ),
            ("a name of another kind", &[], "get-var smtp_default"),
            (
                "an id that no label of Kubernetes can have",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", KUBERNETES),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"namespace": "airflow"}"#),
                ],
                "get-var etl/region",
            ),
            (
                "a field without a value",
                &[],
                "get-conn smtp_default --field description",
            ),
            (
                "a key that a variable does not have",
                &[],
                "get-var settings --field database.user",
            ),
            (
                "several names",
                &[],
                "export --conn nope --var hello --var nada --format json",
            ),
        ],
    ),
    (
        4,
        "authentication refused, no credential available, or permission denied",
        &[
            (
                "names that may not be listed",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), FORBIDDEN],
                "list conn",
            ),
            (
                "a path that the token may not read",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), FORBIDDEN],
                "get-conn smtp",
            ),
            (
                "a login that is refused",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), LOGIN],
                "get-conn smtp",
            ),
            (
                "no Yandex Cloud credentials",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", LOCKBOX),
                    ("AIRFLOW__SECRETS__BACKEND_KWARGS", r#"{"folder_id": "b1g"}"#),
                ],
                "get-conn smtp",
            ),
            (
                "neither a pod nor a kubeconfig",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", KUBERNETES),
                    ("KUBECONFIG", "/nonexistent/config"),
                ],
                "get-conn smtp",
            ),
            (
                "no Google credentials",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", GOOGLE),
                    OF_PROJECT,
                    ("NO_GCE_CHECK", "true"),
                ],
                "get-conn smtp",
            ),
            (
                "a secret of Google's that may not be read, or does not exist",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", GOOGLE),
                    OF_PROJECT,
                    ("GCE_METADATA_HOST", "{metadata}"),
                    ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", "{google}"),
                ],
                "get-conn smtp",
            ),
        ],
    ),
    (
        5,
        "a backend could not be reached or did not answer in time",
        &[
            (
                "a server that is sealed",
                &[("AIRFLOW__SECRETS__BACKEND", VAULT), SEALED],
                "--timeout 20 get-conn smtp",
            ),
            (
                "a server that refuses the connection",
                &[
                    ("AIRFLOW__SECRETS__BACKEND", VAULT),
                    (
                        "AIRFLOW__SECRETS__BACKEND_KWARGS",
                        r#"{"url": "http://127.0.0.1:1", "token": "t", "auth_type": "token"}"#,
                    ),
                ],
                "--timeout 5 get-var hello",
            ),
        ],
    ),
    (
        6,
        "found, but the value is malformed",
        &[
            ("a URI with an invalid port", &[], "get-conn broken"),
            (
                "a URI with several hosts",
                &[("AIRFLOW_CONN_EVENTS", "mongodb://one:27017,two:27017/events")],
                "get-conn events",
            ),
            (
                "keys that a connection does not have",
                &[(
                    "AIRFLOW_CONN_DW",
                    r#"{"type": "postgres", "user": "etl", "host": "h"}"#,
                )],
                "get-conn dw",
            ),
            ("a variable that is not JSON", &[], "get-var hello --json"),
            (
                "a value that a format cannot carry",
                &[],
                "export --var lines --format gitlab-dotenv",
            ),
        ],
    ),
    (
        125,
        "`exec` only: secretctl failed",
        &[
            ("a name that is not found", &[], "exec --conn nope -- true"),
            (
                "a reference in the environment that nothing answers",
                &[("DB_PASSWORD", "secretctl:conn:nope#password")],
                "exec -- true",
            ),
            (
                "a variable that only begins as a reference",
                &[("IMAGE", "secretctl:latest")],
                "exec -- true",
            ),
            ("usage", &[], "exec --conn"),
            (
                "a command without `--` before it",
                &[],
                "exec --conn smtp_default psql",
            ),
        ],
    ),
    (
        126,
        "`exec` only: the command cannot be run",
        &[("a folder", &[], "exec -- /tmp")],
    ),
    (
        127,
        "`exec` only: the command was not found",
        &[("a misspelt command", &[], "exec --var hello -- pyhton dag.py")],
    ),
];

/// Runs a line; `''` is an empty argument, and `>/dev/full` fills a device.
fn run_case(server: &str, environment: &[(&str, &str)], line: &str) -> crate::support::Output {
    let program = stocked().envs(environment.iter().map(|(name, value)| {
        let value = value.replace(SERVER, server);
        let value = value.replace(GOOGLE_SERVER.0, &format!("{server}/google"));
        let host = server.trim_start_matches("http://");
        (name, value.replace(METADATA_SERVER.0, host))
    }));
    if line.ends_with(">/dev/full") {
        let line = line.trim_end_matches(" >/dev/full");
        let binary = env!("CARGO_BIN_EXE_secretctl");
        let shell =
            crate::support::Program::new("/bin/sh").args(["-c", &format!("{binary} {line} >/dev/full")]);
        return shell
            .env("AIRFLOW_VAR_HELLO", "world")
            .env("HOME", "/nonexistent/home")
            .run();
    }
    let args = line
        .split_whitespace()
        .map(|arg| if arg == "''" { "" } else { arg });
    program.args(args).run()
}

#[test]
#[cfg(target_os = "linux")]
fn the_page_of_errors_is_made_from_runs() {
    let server = Server::start(vault);
    let mut page = String::from(
        "# Errors\n\nEvery exit status, with examples of its messages. A message names what failed and where, never a value. Its causes follow, \
         then one hint. Scripts should use the status: `exec` has 125 to 127, so that its own failures differ from the \
         command's.\n\nThis page is generated from real runs: `SECRETCTL_TEST_UPDATE=1 cargo test page_of_errors` writes it.\n",
    );
    for (status, meaning, cases) in KINDS {
        write!(page, "\n## Status {status}: {meaning}\n").unwrap();
        for (what, environment, line) in *cases {
            let mut output = run_case(&server.url(), environment, line);
            output.stderr = shown_address(&output.stderr, &server.url());
            assert_eq!(output.status, i32::from(*status), "{what}: {}", output.stderr);
            assert!(
                output.stdout.is_empty(),
                "{what}: a failure prints nothing on stdout"
            );
            write!(page, "\n{}{}:\n\n", what[..1].to_uppercase(), &what[1..]).unwrap();
            page.push_str("```text\n");
            for (name, value) in *environment {
                writeln!(page, "$ export {name}='{}'", shown_address(value, SERVER)).unwrap();
            }
            writeln!(page, "$ secretctl {line}").unwrap();
            writeln!(page, "{}```", output.stderr).unwrap();
        }
    }
    crate::support::page("errors.md", &page);
}
