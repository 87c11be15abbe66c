//! examples/ci: the shell parts of every job run against OpenBao, and write what the next step reads. Without OpenBao they read the
//! environment.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::json;

use crate::support::{Output, Program, VaultServer, bao, temp_dir};

pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/ci")
        .join(name)
}

const WAREHOUSE: &str = "postgres://etl:p%40ss@db.example.com:5432/dw";
const REGION: &str = "eu-central-1";
const GREETING: &str = "it's me";

/// Returns the variables with which the names in the examples exist.
fn configuration() -> &'static [(&'static str, String)] {
    static CONFIGURATION: OnceLock<Vec<(&str, String)>> = OnceLock::new();
    CONFIGURATION.get_or_init(|| match bao() {
        Some(bao) => in_openbao(bao),
        None => vec![
            ("AIRFLOW_CONN_WAREHOUSE", WAREHOUSE.to_owned()),
            ("AIRFLOW_VAR_REGION", REGION.to_owned()),
            ("AIRFLOW_VAR_GREETING", GREETING.to_owned()),
        ],
    })
}

/// Writes the names in the examples to a separate mount with a separate login.
fn in_openbao(bao: &VaultServer) -> Vec<(&'static str, String)> {
    let mount = bao.kv(2);
    bao.put(&mount, "connections/warehouse", json!({"conn_uri": WAREHOUSE}));
    bao.put(&mount, "variables/region", json!({"value": REGION}));
    bao.put(&mount, "variables/greeting", json!({"value": GREETING}));
    let (role_id, secret_id) = bao.approle(&mount);
    let kwargs = json!({
        "url": bao.addr, "mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id,
    });
    vec![
        (
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.providers.hashicorp.secrets.vault.VaultBackend".to_owned(),
        ),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string()),
    ]
}

/// Returns a shell in `folder` that finds `secretctl`, and in which the names in the examples exist.
pub fn shell(folder: &Path) -> Program {
    let binary = Path::new(env!("CARGO_BIN_EXE_secretctl"));
    let mut path = vec![binary.parent().unwrap().to_owned()];
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    Program::new("bash")
        .dir(folder)
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", folder)
        .env("GITHUB_ENV", folder.join("github.env"))
        .env("SECRETS", folder.join("secrets"))
        .envs(configuration().iter().map(|(name, value)| (name, value)))
}

/// Returns the blocks of text after `run: |`, `bash: |` and `- |`.
pub fn blocks(text: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.trim_end().ends_with('|') || line.trim_start().starts_with('#') {
            continue;
        }
        let Some(first) = lines.peek().map(|line| indent(line)) else {
            break;
        };
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| indent(line) >= first) {
            block.push_str(&line[first..]);
            block.push('\n');
        }
        blocks.push(block);
    }
    blocks
}

/// Runs every block of `name`, one after the other in one folder.
fn run_blocks(name: &str, count: usize) -> (tempfile::TempDir, Vec<Output>) {
    let folder = temp_dir();
    // Everybody can write to an `emptyDir`.
    let volume = folder.path().join("secrets");
    std::fs::create_dir(&volume).unwrap();
    std::fs::set_permissions(&volume, std::fs::Permissions::from_mode(0o2777)).unwrap();
    let blocks = blocks(&std::fs::read_to_string(example(name)).unwrap());
    assert_eq!(blocks.len(), count, "{name}");
    let outputs: Vec<Output> = blocks
        .iter()
        .map(|block| {
            let output = shell(folder.path()).args(["-euc", block]).run();
            assert_eq!(output.status, 0, "{name}: {block}{}", output.stderr);
            output
        })
        .collect();
    (folder, outputs)
}

#[test]
fn the_job_of_github_actions_runs() {
    let (folder, _) = run_blocks("github-actions.yml", 3);
    let handed_over = std::fs::read_to_string(folder.path().join("github.env")).unwrap();
    assert!(
        handed_over.starts_with("AIRFLOW_CONN_WAREHOUSE<<ghadelimiter_"),
        "{handed_over}"
    );
    assert!(
        handed_over.contains("\nDB_PASSWORD<<ghadelimiter_"),
        "{handed_over}"
    );
}

#[test]
fn the_jobs_of_gitlab_ci_run() {
    let (folder, outputs) = run_blocks("gitlab-ci.yml", 2);
    assert_eq!(
        std::fs::read_to_string(folder.path().join("deploy.env")).unwrap(),
        "REGION=eu-central-1\n"
    );
    assert!(outputs[1].stderr.contains("GitLab"), "{}", outputs[1].stderr);
}

#[test]
fn the_job_of_azure_pipelines_runs() {
    let (_folder, outputs) = run_blocks("azure-pipelines.yml", 2);
    assert!(
        outputs[0]
            .text()
            .contains("##vso[task.setvariable variable=DB_PASSWORD;issecret=true]p@ss\n")
    );
}

#[test]
fn the_init_container_hands_over_to_the_container() {
    run_blocks("kubernetes-init-container.yaml", 2);
}

#[test]
fn the_makefile_runs() {
    let folder = temp_dir();
    if shell(folder.path()).args(["-c", "command -v make"]).run().status != 0 {
        return crate::support::skip("make", "it is not installed here");
    }
    let make = |target: &str| {
        shell(folder.path())
            .args(["-c", "make -s -f \"$0\" \"$1\""])
            .arg(example("Makefile"))
            .arg(target)
            .run()
    };
    assert_eq!(make("region").text(), "eu-central-1\n");
    assert_eq!(make("migrate").status, 0);
}

#[test]
fn the_script_runs_and_distinguishes_missing_from_failed() {
    let folder = temp_dir();
    let script = |program: Program| {
        program
            .args(["-c", "exec sh \"$0\""])
            .arg(example("deploy.sh"))
            .run()
    };
    let output = script(shell(folder.path()));
    assert_eq!(
        output.text(),
        "eu-central-1: deploying to db.example.com as it's me\n",
        "{}",
        output.stderr
    );
    let unknown = script(shell(folder.path()).env("AIRFLOW__SECRETS__BACKEND", "no.such.Backend"));
    assert_eq!((unknown.status, unknown.stdout.len()), (2, 0));
}
