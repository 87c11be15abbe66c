//! `.env.example` lists exactly the variables that the code reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use secretctl::cli::GlobalArgs;
use secretctl::env::VARIABLES;

use super::resolve;

/// Names in the code that no one reads from the environment: they are set for another program, or they are a server's words.
const NOT_READ: &[&str] = &[
    // What Google's services call their errors.
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "DEADLINE_EXCEEDED",
    "CONSUMER_INVALID",
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "SERVICE_DISABLED",
    "USER_PROJECT_DENIED",
    // An attribute of Airflow's connections, in templates.
    "EXTRA_KEY",
    // Texts that Airflow inserts into its defaults.
    "FERNET_KEY",
    "JWT_SECRET_KEY",
    "SECRET_KEY",
    "TEST_DAGS_FOLDER",
    "TEST_PLUGINS_FOLDER",
    // Set for dbt, for Oracle.
    "ORA_PYTHON_DRIVER_TYPE",
    // Set for the program of an external account.
    "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE",
    "GOOGLE_EXTERNAL_ACCOUNT_ID",
    "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE",
    "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE",
    "GOOGLE_EXTERNAL_ACCOUNT_REVOKE",
    "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE",
    "AZURE_CORE_NO_COLOR",
    "KUBERNETES_EXEC_INFO",
    "VERIFY_CA",
    "VERIFY_IDENTITY",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Collects the code below `dir`, without comments and unit tests.
fn code(dir: &Path, text: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("src/env.rs")
        {
            let source = fs::read_to_string(&path).unwrap();
            let lines = source
                .lines()
                .take_while(|line| !line.starts_with("#[cfg(test)]"));
            text.extend(
                lines
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .flat_map(|line| [line, "\n"]),
            );
        }
    }
}

/// Returns the strings of the code that look like the name of a variable: upper case with a `_`.
fn names(code: &str) -> BTreeSet<&str> {
    let is_name = |text: &&str| {
        let upper = text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        upper
            && text.contains('_')
            && !text.ends_with('_')
            && text.starts_with(|c: char| c.is_ascii_uppercase())
    };
    // What Cargo knows at build time is not read.
    let texts: Vec<_> = code.split('"').collect();
    let read = texts.windows(2).filter(|pair| !pair[0].ends_with("env!("));
    read.map(|pair| pair[1]).filter(is_name).collect()
}

#[test]
fn the_example_lists_every_variable_that_the_program_reads() {
    let text = fs::read_to_string(root().join(".env.example")).unwrap();
    let is_name = |name: &str| {
        !name.is_empty() && !name.contains(' ') && name.starts_with(|c: char| c.is_ascii_uppercase())
    };
    let listed: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# ")?.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    assert_eq!(
        listed, VARIABLES,
        ".env.example and src/env.rs have the same names in the same order"
    );
    let unique: BTreeSet<_> = VARIABLES.iter().collect();
    assert_eq!(unique.len(), VARIABLES.len(), "a name is listed twice");
}

#[test]
fn the_names_in_the_code_are_the_names_of_the_list() {
    let mut text = String::new();
    code(&root().join("src"), &mut text);
    let known: BTreeSet<_> = VARIABLES.iter().chain(NOT_READ).copied().collect();
    let unknown: Vec<_> = names(&text)
        .into_iter()
        .filter(|name| !known.contains(name))
        .collect();
    assert!(
        unknown.is_empty(),
        "not in src/env.rs and .env.example: {unknown:?}"
    );
    // Airflow's names are built from parts, proxies are found by suffix, and a family has no single name.
    let found = |name: &str| {
        name.starts_with("AIRFLOW__")
            || name.contains('<')
            || name.ends_with("_PROXY")
            || text.contains(&format!("\"{name}\""))
    };
    let unread: Vec<_> = VARIABLES.iter().filter(|name| !found(name)).collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

#[test]
fn the_example_is_an_env_file_that_sets_nothing() {
    let args = GlobalArgs {
        env_file: vec![root().join(".env.example")],
        ..GlobalArgs::default()
    };
    let settings = resolve(&args, &[]).unwrap();
    assert_eq!(settings.env.iter().count(), 1);
}
