//! Mistakes in the configuration, for which nobody has to be asked.

use super::{all_is_right, doctor, each_is_named, mistake, said};
use crate::support::temp_dir;

const ENVIRONMENT: &str = "airflow.secrets.environment_variables.EnvironmentVariablesBackend";

#[test]
fn each_mistake_in_the_configuration_is_named() {
    let home = temp_dir();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let vault = "AIRFLOW__SECRETS__BACKEND=airflow.providers.hashicorp.secrets.vault.VaultBackend\n";
    let eaten = file(
        "eaten.env",
        "X='$'\nAIRFLOW__SECRETS__BACKEND_KWARGS='{\"connections_file_path\": \"$HOMEPAGE/c\"}'\n",
    );
    let broken = file(
        "broken.env",
        &format!("{vault}AIRFLOW__SECRETS__BACKEND_KWARGS={{\"url\": \n"),
    );
    let misspelt = file(
        "misspelt.env",
        &format!(
            "{vault}AIRFLOW__SECRETS__BACKEND_KWARGS={{\"mount_poin\": \"airflow\", \"token\": \"t\"}}\n"
        ),
    );
    let cfg = file(
        "airflow.cfg",
        "[secrets]\nbackend = airflow.secrets.local_filesystem.LocalFilesystemBackend\n",
    );
    let no_cfg = file("broken.cfg", "backend = x\n");
    let file_shadowed = file(
        "shadowed.env",
        &format!("AIRFLOW__SECRETS__BACKEND={ENVIRONMENT}\n"),
    );
    let with_files = |args: &[&str]| doctor(&home).args(args);
    let with_class = |class: &str| doctor(&home).env("AIRFLOW__SECRETS__BACKEND", class);
    let named = "AIRFLOW__SECRETS__BACKEND";
    each_is_named(vec![
        mistake("kwargs that do not parse", with_files(&["--env-file", &broken])).fails(
            2,
            "settings",
            "broken.env:2",
            "write it on one line",
        ),
        mistake("a misspelt kwarg", with_files(&["--env-file", &misspelt])).fails(
            2,
            "kwargs",
            "unknown backend kwarg `mount_poin`",
            "did you mean `mount_point`?",
        ),
        mistake(
            "a misspelt class",
            with_class(&ENVIRONMENT.replace("Variables", "Variable")),
        )
        .fails(2, "backend", named, ENVIRONMENT),
        mistake(
            "a misspelt variable",
            doctor(&home).env("AIRFLOW_SECRETS_BACKEND", ENVIRONMENT),
        )
        .warns(
            "settings",
            "does not read `AIRFLOW_SECRETS_BACKEND`",
            "it reads `AIRFLOW__SECRETS__BACKEND`",
        ),
        mistake(
            "a shadowed option",
            with_class(ENVIRONMENT).args(["--config", &cfg]),
        )
        .warns(
            "settings",
            "airflow.cfg:2) is shadowed by AIRFLOW__SECRETS__BACKEND",
            "remove [secrets] backend",
        ),
        mistake(
            "a shadowed variable",
            with_class("").args(["--env-file", &file_shadowed]),
        )
        .warns("settings", named, "shadowed.env:1"),
        mistake(
            "an airflow.cfg that does not parse",
            with_files(&["--config", &no_cfg]),
        )
        .fails(2, "settings", "broken.cfg", "put the section above it"),
        mistake(
            "an env file that is missing",
            with_files(&["--env-file", "nowhere.env"]),
        )
        .fails(2, "settings", "nowhere.env", ""),
        mistake("a `$` that is eaten", with_files(&["--env-file", &eaten])).warns(
            "settings",
            "eaten.env:2",
            "",
        ),
    ]);
}

#[test]
fn a_right_configuration_is_reported_with_its_places() {
    let home = temp_dir();
    std::fs::write(home.path().join("c.json"), "{\"warehouse\": \"postgres://h\"}").unwrap();
    std::fs::write(
        home.path().join(".env"),
        "AIRFLOW__SECRETS__BACKEND=airflow.secrets.local_filesystem.LocalFilesystemBackend\n\
         AIRFLOW__SECRETS__BACKEND_KWARGS={\"connections_file_path\": \"c.json\"}\n",
    )
    .unwrap();
    let report = all_is_right("local files", doctor(&home).args(["--env-file", ".env"]));
    assert!(said(&report, "settings").contains("`.env`"));
    assert!(said(&report, "backend").contains("AIRFLOW__SECRETS__BACKEND (.env:1)"));
    let kwargs = said(&report, "kwargs");
    assert!(
        kwargs.contains("`connections_file_path` from AIRFLOW__SECRETS__BACKEND_KWARGS (.env:2)"),
        "{kwargs}"
    );
}
