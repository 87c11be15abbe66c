//! Canaries: secrets that no message may contain, in every place that a secret can come from.
//!
//! Every canary is `Zq7<place>Kx9v`, so a leak names its place. Each scenario runs with every command and format, quiet and at
//! the highest verbosity. stdout may contain a canary only when a command that prints values succeeds. stderr may never
//! contain one, in any encoding.

mod databases;
mod debug;
mod fault;
mod formats;
#[cfg(unix)]
mod kubernetes;
mod leaks;
#[cfg(unix)]
mod process;
mod scenarios;
mod servers;
mod templates;
mod vendors;

use leaks::Canaries;
use scenarios::Scenario;

use crate::support::{Output, secretctl};

/// The program's message for a panic.
pub const FAULT: &str = "a bug in secretctl";

/// The commands of every scenario, and whether stdout is for values.
const FEW: &[(&str, bool)] = &[
    ("get-conn warehouse", true),
    ("explain conn warehouse --probe", false),
    ("exec --conn warehouse --var hello -- true", true),
    ("get-var hello --json", true),
    ("get-config hello", true),
    ("doctor", false),
    ("list conn", false),
];

/// More commands, where an answer is quick and the settings are valid so far.
const MORE: &[(&str, bool)] = &[
    ("get-conn warehouse -o airflow-uri", true),
    ("get-conn warehouse -o json", true),
    ("get-conn warehouse -o raw", true),
    ("get-conn warehouse -o env", true),
    ("get-conn warehouse --as sqlalchemy", true),
    ("get-conn warehouse --as libpq", true),
    (
        "get-conn warehouse --as pgpass --out /nonexistent/folder/file",
        true,
    ),
    ("get-conn warehouse --as dbt", true),
    ("exec --as warehouse@libpq-env -- true", true),
    ("get-conn warehouse --field password", true),
    ("get-conn warehouse --field extra.a.b.c", true),
    ("get-conn warehouse --field passwrd", true),
    ("get-conn missing", true),
    ("get-var hello", true),
    ("get-var hello --field a.0.b", true),
    (
        "exec --set A=conn:warehouse#extra.a --set B=var:hello#b -- true",
        true,
    ),
    ("exec --pristine --conn warehouse -- /nonexistent/command", true),
    (
        "export --var hello --format shell --out /nonexistent/folder/file",
        true,
    ),
    ("export --conn warehouse --format airflow-connections", true),
    ("export --var hello --format airflow-variables", true),
    ("explain conn warehouse", false),
    ("get-config core.fernet_key", true),
    ("get-config database.sql_alchemy_conn --explain", false),
    ("get-config secrets.backend_kwargs --explain", false),
    ("explain config core.fernet_key -o json", false),
    ("get-config core.no_such_option", true),
    ("explain var hello -o json", false),
    ("explain var hello --probe -o json", false),
    (
        "diff --with /dev/null --conn warehouse --conn missing --var hello",
        false,
    ),
    (
        "diff --with /dev/null --conn warehouse --var hello -o json",
        false,
    ),
    ("check uses.sql", false),
    ("check uses.sql -q", false),
    ("check uses.sql -o json", false),
    ("check uses.sql -o github --strict", false),
    ("check uses.sql -o sarif", false),
    ("check uses.sql --offline", false),
    ("check --conn warehouse --var hello --conn missing", false),
    ("inject -i uses.sql", true),
    ("inject -i printed.j2", true),
    ("inject -i printed.j2 -o /nonexistent/folder/file", true),
    ("exec --from uses.sql -- true", true),
    ("export --from uses.sql --format yaml", true),
    ("exec --file names.txt -- true", true),
    ("exec --file a.env -- true", true),
    ("check --file b.env --file a.env", false),
    ("export --file c.env --format json", true),
    ("check uses.sql --write-file a.env", false),
    ("export --file names.txt --format json", true),
    ("check --file names.txt", false),
    ("check --file names.txt -o json", false),
    ("check --file names.txt -o sarif", false),
    ("check uses.sql --write-file -", false),
    ("diff --with /dev/null --file names.txt", false),
    ("policy --file names.txt --format vault", false),
    (
        "exec --set-file A=conn:warehouse --set-file B=var:hello -- true",
        true,
    ),
    ("exec --set-file A=conn:warehouse@pgpass -- true", true),
    ("doctor -o json", false),
    ("list var -o json", false),
    ("list config --lenient", false),
    ("policy --conn warehouse --var hello --format vault", false),
    ("policy --conn warehouse --var hello --format aws", false),
    // Usage errors and information about the program have no value.
    ("get-conn", false),
    ("get-con warehouse", false),
    ("exec --conn warehouse true", false),
    ("--help", false),
    ("export --help", false),
    ("man", false),
    ("completions bash", false),
];

/// The formats of `export` that accept connections and variables.
const FORMATS: &[&str] = &[
    "dotenv",
    "shell",
    "json",
    "yaml",
    "github-env",
    "azure-pipelines",
    "gitlab-dotenv",
    "kubernetes",
];

/// Returns the commands of `scenario`, and whether stdout is for values.
fn commands(scenario: &Scenario) -> Vec<(String, bool)> {
    let mut commands: Vec<_> = FEW
        .iter()
        .map(|(line, values)| ((*line).to_owned(), *values))
        .collect();
    if !scenario.slow && scenario.status != 2 {
        commands.extend(MORE.iter().map(|(line, values)| ((*line).to_owned(), *values)));
        let export = |format| {
            (
                format!("export --conn warehouse --var hello --format {format}"),
                true,
            )
        };
        commands.extend(FORMATS.iter().map(export));
    }
    commands
}

/// The verbosity: the default, and the highest.
type Verbosity = (&'static [&'static str], &'static [(&'static str, &'static str)]);
const VERBOSITIES: &[Verbosity] = &[
    (&[], &[]),
    (
        &["-vvv", "--color", "always"],
        &[
            ("SECRETCTL_LOG", "trace"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
        ],
    ),
];

fn run(scenario: &Scenario, verbosity: Verbosity, command: &str) -> Output {
    let program = secretctl()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .envs(scenario.env());
    let program = program
        .envs(verbosity.1.iter().copied())
        .dir(scenario.dir())
        .stdin(&scenario.stdin);
    program
        .args(verbosity.0)
        .args(&scenario.args)
        .args(command.split(' '))
        .run()
}

/// Describes the canaries in `output` that must not be there.
fn leak(canaries: &Canaries, output: &Output, prints_values: bool) -> Option<String> {
    let on_stderr = canaries.found_in(output.stderr.as_bytes());
    let allowed = prints_values && output.status == 0;
    let on_stdout = if allowed {
        Vec::new()
    } else {
        canaries.found_in(&output.stdout)
    };
    if on_stderr.is_empty() && on_stdout.is_empty() {
        return None;
    }
    Some(format!(
        "on stderr {on_stderr:?}, on stdout {on_stdout:?}, status {}:\n{}",
        output.status, output.stderr
    ))
}

/// Runs `scenario` with its commands, and fails on every leak, every panic, and an unexpected status.
fn check(scenario: &Scenario) {
    let canaries = Canaries::of(&scenario.texts());
    let mut found = Vec::new();
    for (command, prints_values) in &commands(scenario) {
        for verbosity in VERBOSITIES {
            let output = run(scenario, *verbosity, command);
            assert!(
                !output.stderr.contains(FAULT),
                "{}: {command:?}: {}",
                scenario.name,
                output.stderr
            );
            if let Some(leak) = leak(&canaries, &output, *prints_values) {
                found.push(format!(
                    "{}: {command:?} {verbosity:?} leaks {leak}",
                    scenario.name
                ));
            }
        }
    }
    assert!(found.is_empty(), "{} leaks\n{}", found.len(), found.join("\n"));
    let output = run(scenario, VERBOSITIES[0], FEW[0].0);
    assert_eq!(
        output.status, scenario.status,
        "{}: {}",
        scenario.name, output.stderr
    );
    if scenario.status == 0 {
        assert!(
            !canaries.found_in(&output.stdout).is_empty(),
            "{}: the value is not printed",
            scenario.name
        );
    }
}

/// Checks several scenarios at a time: they mostly wait.
fn check_all(scenarios: &[Scenario]) {
    std::thread::scope(|scope| {
        for some in scenarios.chunks(scenarios.len().div_ceil(6)) {
            scope.spawn(|| some.iter().for_each(check));
        }
    });
}

#[test]
fn no_secret_in_settings_is_shown() {
    check_all(&scenarios::settings());
}

#[test]
fn no_secret_in_local_files_is_shown() {
    check_all(&scenarios::local_files());
}

#[test]
fn no_secret_in_the_environment_is_shown() {
    check_all(&scenarios::environment());
}

#[test]
fn no_secret_behind_a_reference_and_none_in_place_of_a_name_is_shown() {
    check_all(&scenarios::references());
}

#[test]
fn no_value_of_vault_is_shown() {
    let Some(bao) = crate::support::bao() else { return };
    check_all(&servers::vault(bao));
}

#[test]
fn no_credential_is_shown_when_nobody_answers() {
    check_all(&servers::unreachable());
}

#[test]
fn no_credential_is_shown_when_the_server_echoes_it() {
    let (_server, scenarios) = servers::echoing();
    check_all(&scenarios);
}

#[test]
fn no_key_and_no_value_of_aws_is_shown() {
    let (_server, scenarios) = servers::aws_stores();
    check_all(&scenarios);
}

#[test]
fn no_key_and_no_value_of_akeyless_is_shown() {
    let (_server, scenarios) = vendors::akeyless();
    check_all(&scenarios);
}

#[cfg(unix)]
#[test]
fn no_credential_and_no_value_of_kubernetes_is_shown() {
    let (_server, scenarios) = kubernetes::all();
    check_all(&scenarios);
}

#[test]
fn no_password_and_no_value_of_a_database_is_shown() {
    check_all(&databases::all());
}
