//! Env files: files from the field, the messages for mistakes, and the variables that they may not set.

use secretctl::cli::{EnvFileDialect, GlobalArgs};
use secretctl::error::Result;
use secretctl::settings::Settings;
use serde_json::Value;

use super::{backend, file, resolve};
use crate::support::temp_dir;

/// Returns the settings of one env file with this text.
fn read(text: impl AsRef<[u8]>) -> Result<Settings> {
    let dir = temp_dir();
    let args = GlobalArgs {
        env_file: vec![file(&dir, "a.env", text)],
        ..GlobalArgs::default()
    };
    resolve(&args, &[])
}

#[test]
fn an_astro_project_s_file_works_unchanged() {
    let kwargs = r#"{"connections_path": "connections", "variables_path": "variables",  "mount_point": "airflow", "url": "http://127.0.0.1:1 #x", "secret_id": "a'b\"c"}"#;
    let text = format!(
        "# Astro\nAIRFLOW__SECRETS__BACKEND=airflow.providers.hashicorp.secrets.vault.VaultBackend\n\
         AIRFLOW__SECRETS__BACKEND_KWARGS={kwargs}  # as it stands\nAIRFLOW_VAR_X=a b # c\n"
    );
    let settings = read(text).unwrap();
    let (class, json) = backend(&settings);
    assert_eq!(class, "airflow.providers.hashicorp.secrets.vault.VaultBackend");
    assert_eq!(
        serde_json::from_str::<Value>(&json).unwrap(),
        serde_json::from_str::<Value>(kwargs).unwrap()
    );
    assert_eq!(settings.env.text("AIRFLOW_VAR_X"), Some("a b"));
}

#[test]
fn the_bytes_of_a_value_are_kept() {
    let settings = read(b"A=\xff\xfe\nB='\xe9'\n".as_slice()).unwrap();
    assert_eq!(settings.env.get("A").unwrap().expose(), b"\xff\xfe");
    assert_eq!(settings.env.get("B").unwrap().expose(), b"\xe9");
}

/// Returns the settings and the warnings of one file.
fn warned(text: &str) -> (Settings, String) {
    let settings = read(text).unwrap();
    let warnings = settings.warnings.join("\n");
    (settings, warnings)
}

#[test]
fn references_are_replaced_but_not_in_single_quotes() {
    let text = "AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=abc%2Fdef\nAWS_S3_BUCKET_NAME=logs\n\
                AIRFLOW_CONN_S3_LOG=s3://${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}@${AWS_S3_BUCKET_NAME}\n\
                IN_DOUBLE=\"${NONE:-default} ${AWS_S3_BUCKET_NAME}\"\n";
    let (settings, warnings) = warned(text);
    assert_eq!(
        settings.env.text("AIRFLOW_CONN_S3_LOG"),
        Some("s3://AKIAEXAMPLE:abc%2Fdef@logs")
    );
    assert_eq!(settings.env.text("IN_DOUBLE"), Some("default logs"));
    assert_eq!(warnings, "");
    let (settings, warnings) = warned("K=a\nX='${K}'\n");
    assert_eq!(settings.env.text("X"), Some("${K}"));
    assert!(
        warnings.contains("`X` (") && warnings.contains("a.env:2) is read as docker compose does"),
        "{warnings}"
    );
}

#[test]
fn one_warning_names_the_places_where_readers_differ_and_the_option() {
    let text = "A=pa$word\nB=x\nC=$$x\nD=${B:+y}\nE=\"\\$B\"\nCOLOUR= #ff0000\nQ=\"plain\"\n";
    let dir = temp_dir();
    let path = file(&dir, "a.env", text);
    let mut args = GlobalArgs {
        env_file: vec![path.clone()],
        ..GlobalArgs::default()
    };
    let settings = resolve(&args, &[]).unwrap();
    let [warning] = settings.warnings.as_slice() else {
        panic!("{:?}", settings.warnings)
    };
    assert_eq!(
        *warning,
        format!(
            "readers of env files differ: `A` ({0}:1) is read as python-dotenv does, `C` ({0}:3) is read as python-dotenv does, \
             `D` ({0}:4) is read as python-dotenv does and 2 more; choose one with `--env-file-dialect dotenv`, `compose` or `docker`",
            path.display()
        )
    );
    let values = |settings: &Settings| {
        ["A", "C", "D", "E", "COLOUR", "Q"].map(|name| settings.env.text(name).unwrap().to_owned())
    };
    assert_eq!(
        values(&settings),
        ["pa$word", "$$x", "${B:+y}", "\\$B", "#ff0000", "plain"]
    );
    for (dialect, expected) in [
        (
            EnvFileDialect::Dotenv,
            ["pa$word", "$$x", "${B:+y}", "\\$B", "", "plain"],
        ),
        (
            EnvFileDialect::Compose,
            ["pa", "$x", "y", "$B", "#ff0000", "plain"],
        ),
        (
            EnvFileDialect::Docker,
            ["pa$word", "$$x", "${B:+y}", "\"\\$B\"", " #ff0000", "\"plain\""],
        ),
    ] {
        args.env_file_dialect = Some(dialect);
        let settings = resolve(&args, &[]).unwrap();
        assert_eq!(values(&settings), expected);
        assert!(
            !settings.warnings.iter().any(|warning| warning.contains("differ")),
            "{:?}",
            settings.warnings
        );
    }
    // A variable of the process does not come from the file.
    args.env_file_dialect = None;
    let process = ["A", "C", "D", "E", "COLOUR"].map(|name| (name, "x"));
    assert_eq!(resolve(&args, &process).unwrap().warnings, [""; 0]);
}

#[test]
fn the_dialect_has_a_variable_which_only_the_process_can_set() {
    let dir = temp_dir();
    let path = file(&dir, "a.env", "SECRETCTL_ENV_FILE_DIALECT=docker\nA=\"x\"\n");
    let args = GlobalArgs {
        env_file: vec![path],
        ..GlobalArgs::default()
    };
    let settings = resolve(&args, &[("SECRETCTL_ENV_FILE_DIALECT", "compose")]).unwrap();
    assert_eq!(settings.env.text("A"), Some("x"));
    let settings = resolve(&args, &[]).unwrap();
    assert_eq!(settings.env.text("A"), Some("x"));
    assert!(
        settings.warnings[0].contains("`SECRETCTL_ENV_FILE_DIALECT` ("),
        "{:?}",
        settings.warnings
    );
    let error = resolve(&args, &[("SECRETCTL_ENV_FILE_DIALECT", "hunter2")]).unwrap_err();
    assert_eq!(
        (error.kind().exit_status(), error.message()),
        (2, "SECRETCTL_ENV_FILE_DIALECT must be dotenv, compose or docker")
    );
}

#[test]
fn references_reach_over_files_and_the_process_wins() {
    let dir = temp_dir();
    let args = GlobalArgs {
        env_file: vec![
            file(&dir, "one.env", "USER_NAME=one\nHOST=h\nB=from one\n"),
            file(
                &dir,
                "two.env",
                "HOST=h2\nAIRFLOW_CONN_X=pg://${USER_NAME}:${PASSWORD}@${HOST}/${B}\nB=two\n",
            ),
        ],
        ..GlobalArgs::default()
    };
    let settings = resolve(&args, &[("PASSWORD", "p"), ("USER_NAME", "process")]).unwrap();
    assert_eq!(
        settings.env.text("AIRFLOW_CONN_X"),
        Some("pg://process:p@h2/from one")
    );
}

#[test]
fn a_reference_to_nothing_is_reported_without_its_name() {
    let (settings, warnings) = warned("A=\n\nX=a${hunter2}b\nY=${LATER}\nLATER=1\nZ=${NONE:-d}${A}\n");
    assert_eq!(settings.env.text("X"), Some("ab"));
    assert!(
        warnings.starts_with(
            "a reference to a variable that is not set, or only further down, is empty in `X` ("
        ) && warnings.contains("a.env:3), `Y` ("),
        "{warnings}"
    );
    assert!(
        !warnings.contains("hunter2") && !warnings.contains("`Z`") && !warnings.contains("NONE"),
        "{warnings}"
    );
}

#[test]
fn a_file_cannot_lower_protection() {
    let text = "SECRETCTL_NO_MASK=1\nSECRETCTL_LENIENT=1\nSECRETCTL_QUIET=true\nSECRETCTL_ENV_FILE=/nonexistent\n\
                SECRETCTL_COMPLETE=bash\nSECRETCTL_TIMEOUT=7\nSECRETCTL_NO_NEWLINE=1\n";
    let (settings, warnings) = warned(text);
    assert!(!settings.no_mask && !settings.lenient && !settings.quiet && settings.no_newline);
    assert_eq!(settings.env.text("SECRETCTL_NO_MASK"), None);
    assert!(
        warnings.starts_with("an env file cannot set `SECRETCTL_NO_MASK` (")
            && warnings.contains(" and 2 more"),
        "{warnings}"
    );
    let (_, warnings) = warned("SECRETCTL_NO_MASK=false\nSECRETCTL_QUIET=\n");
    assert_eq!(warnings, "");
}

#[test]
fn every_mistake_has_a_hint() {
    for (text, line, hint) in [
        (
            "A={\n  \"conn_type\": \"x\",\n  \"extra\": {}\n}\n",
            1,
            "single quotes, or on one line",
        ),
        ("A=1\nAIRFLOW_CONN_X: postgres://h\n", 2, "`=` instead of `:`"),
        ("- A=1\n", 1, "remove YAML's `- `"),
        ("[core]\ndags_folder = /x\n", 1, "`--config`"),
        ("{\"a\": \"b\"}\n", 1, "not JSON"),
        ("set A=1\n", 1, "only `export`"),
        ("declare -x A=\"1\"\n", 1, "only `export`"),
        ("$env:A=\"1\"\n", 1, "remove the `$`"),
        ("\"A\"=1\n", 1, "quotes around the name"),
        ("=1\n", 1, "name before the `=`"),
        ("A=\"{\"a\": 1}\"\n", 1, "around JSON"),
        ("A='it's'\n", 1, "for a quote within the value"),
        ("A='x\n", 1, "close the value"),
        ("A B=1\n", 1, "cannot contain blanks or quotes"),
        ("\u{feff}A=1\nsome words\n", 2, "over several lines needs quotes"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind().exit_status(), 2, "{text:?}");
        assert!(
            error.message().contains(&format!("a.env` line {line}: ")),
            "{text:?} {error:?}"
        );
        assert!(
            error.hint().is_some_and(|text| text.contains(hint)),
            "{text:?} {error:?}"
        );
    }
    let utf16: Vec<u8> = "\u{feff}A=1\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = read(utf16).unwrap_err();
    assert!(
        error.message().ends_with("the file is UTF-16, not UTF-8"),
        "{error:?}"
    );
}

#[test]
fn docker_s_dialect_reports_what_it_does_not_support() {
    let dir = temp_dir();
    for (text, hint) in [
        ("export A=1\n", "Docker's dialect has no `export`"),
        ("A={\n\"x\": 1\n}\n", "`--env-file-dialect dotenv`"),
        (
            "A=-----BEGIN X-----\nab==\n-----END X-----\n",
            "`--env-file-dialect dotenv`",
        ),
        ("A: 1\n", "`=` instead of `:`"),
    ] {
        let args = GlobalArgs {
            env_file: vec![file(&dir, "a.env", text)],
            env_file_dialect: Some(EnvFileDialect::Docker),
            ..GlobalArgs::default()
        };
        let error = resolve(&args, &[]).unwrap_err();
        assert!(
            error.hint().is_some_and(|text| text.contains(hint)),
            "{text:?} {error:?}"
        );
    }
}

#[test]
fn errors_name_file_and_line_and_never_the_value() {
    for text in [
        "A=1\n\nhunter2 is here\n",
        "A=1\n\nB=\"hunter2\n",
        "A='1'\n\nB='hunter2'hunter2\n",
        "A=\n\nB=hunter2\0\n",
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind().exit_status(), 2);
        assert!(error.message().contains("a.env` line 3: "), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let args = GlobalArgs {
        env_file: vec!["/nonexistent/x.env".into()],
        ..GlobalArgs::default()
    };
    let error = resolve(&args, &[]).unwrap_err();
    assert_eq!(
        (error.kind().exit_status(), error.message()),
        (2, "env file `/nonexistent/x.env` cannot be read")
    );
}

#[test]
fn a_shadowed_variable_of_the_secrets_family_is_reported_once() {
    let dir = temp_dir();
    let one = file(
        &dir,
        "one.env",
        "AIRFLOW__SECRETS__BACKEND=a\nAIRFLOW__WORKERS__SECRETS_BACKEND=w\nAIRFLOW_VAR_X=1\n",
    );
    let two = file(
        &dir,
        "two.env",
        "AIRFLOW__SECRETS__BACKEND=b\nAIRFLOW__SECRETS__BACKEND_KWARGS={}\n",
    );
    let args = GlobalArgs {
        env_file: vec![one, two],
        ..GlobalArgs::default()
    };
    let shadowing = [
        ("AIRFLOW__SECRETS__BACKEND", "process"),
        ("AIRFLOW__WORKERS__SECRETS_BACKEND", "process"),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", "{}"),
        ("AIRFLOW_VAR_X", "2"),
    ];
    let settings = resolve(&args, &shadowing).unwrap();
    let [warning] = settings.warnings.as_slice() else {
        panic!("{:?}", settings.warnings)
    };
    assert!(
        warning.contains("`AIRFLOW__SECRETS__BACKEND` (") && warning.contains("two.env:1"),
        "{warning}"
    );
    assert!(
        warning.contains("`AIRFLOW__WORKERS__SECRETS_BACKEND` ("),
        "{warning}"
    );
    assert!(
        !warning.contains("KWARGS") && !warning.contains("AIRFLOW_VAR_X") && !warning.contains("process,"),
        "{warning}"
    );
    assert_eq!(settings.search_path[0].class_path, "process");
    assert_eq!(resolve(&args, &[]).unwrap().warnings, [""; 0]);
    let unusable = [shadowing[0], ("AIRFLOW__SECRETS__BACKEND_KWARGS", "[1]")];
    let error = resolve(&args, &unusable).unwrap_err();
    assert!(
        error
            .details()
            .iter()
            .any(|detail| detail.contains("`AIRFLOW__SECRETS__BACKEND_KWARGS` (")),
        "{error:?}"
    );
}
