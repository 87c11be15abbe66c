//! Env files: python-dotenv's reading of generated ones, and what Astro's and Docker's files need beyond it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretctl::cli::GlobalArgs;
use secretctl::error::Result;
use secretctl::settings::Settings;
use serde_json::{Value, json};

use super::{backend, file, resolve};
use crate::support::{Random, airflow, cases, random, temp_dir};

/// The settings of one env file with this text.
fn read(text: impl AsRef<[u8]>) -> Result<Settings> {
    let dir = temp_dir();
    let args = GlobalArgs {
        env_file: vec![file(&dir, "a.env", text)],
        ..GlobalArgs::default()
    };
    resolve(&args, &[])
}

fn value(text: &str, name: &str) -> String {
    read(text).unwrap().env.text(name).unwrap().to_owned()
}

/// A file of lines that the two readers understand alike: neither JSON objects nor anything but ASCII blanks.
fn generated(random: &mut Random) -> String {
    const PARTS: &[&str] = &[
        "a",
        "b c",
        "#",
        " #",
        "\\",
        "\\n",
        "\\\"",
        "\\'",
        "'",
        "\"",
        "$A",
        "${B}",
        "=",
        " ",
        "\t",
        "[1]",
        "é",
        "\\\\",
        "x",
        "://u:p@h/",
    ];
    let mut text = String::new();
    for _ in 0..random.below(6) {
        let quote = *random.pick(&["", "", "'", "\""]);
        let mut value = String::new();
        for _ in 0..random.below(6) {
            value.push_str(PARTS[random.below(PARTS.len())]);
            if !quote.is_empty() && random.one_in(8) {
                value.push('\n');
            }
        }
        let line = match random.below(12) {
            0 => format!("# {value}"),
            1 => (*random.pick(&[
                "",
                "  ",
                "\t",
                "KEY",
                "KEY # c",
                "A B",
                "=x",
                "no assignment here",
                "'Q R'=1",
            ]))
            .to_owned(),
            _ => {
                let export = random.pick(&["", "", "", "export ", "export\t"]);
                let name = random.pick(&["A", "B", "AIRFLOW_VAR_X", "a.b", "é", "1", "A-B"]);
                let sign = random.pick(&["=", "=", "=", " = ", "= ", " ="]);
                let tail = random.pick(&["", "", "", " ", " # c", "#c", " x"]);
                format!("{export}{name}{sign}{quote}{value}{quote}{tail}")
            }
        };
        text.push_str(&line);
        let end: &&str = random.pick(&["\n", "\n", "\n", "\r\n", "\n\n", "\r"]);
        text.push_str(end);
    }
    text
}

/// What python-dotenv's bindings amount to: the last value of each name, or nothing when a line is wrong.
fn dotenv(bindings: &Value) -> Option<std::collections::BTreeMap<String, String>> {
    let mut variables = std::collections::BTreeMap::new();
    for binding in bindings.as_array().unwrap() {
        // A name in quotes can hold anything there; one that is no variable's is refused here.
        let unusable = |name: &str| name.contains(['\n', '=']);
        if binding[3] == true || binding[0].as_str().is_some_and(unusable) {
            return None;
        }
        if let (Some(name), Some(value)) = (binding[0].as_str(), binding[1].as_str()) {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Some(variables)
}

#[test]
fn generated_env_files_are_what_python_dotenv_makes_of_them() {
    let Some(judge) = airflow() else { return };
    let mut random = random("env files");
    let texts: Vec<_> = (0..cases(1000, 20_000)).map(|_| generated(&mut random)).collect();
    let questions: Vec<_> = texts
        .iter()
        .map(|text| json!({"op": "settings.dotenv", "text": STANDARD.encode(text)}))
        .collect();
    let mut refused = 0;
    for (text, answer) in texts.iter().zip(judge.ask_many(&questions)) {
        let theirs = dotenv(&answer);
        let ours = read(text).ok().map(|settings| {
            let variables = settings.env.iter().filter(|(name, _)| *name != "HOME");
            variables
                .map(|(name, variable)| (name.to_owned(), variable.value.expose_text().unwrap().to_owned()))
                .collect()
        });
        refused += usize::from(ours.is_none());
        assert_eq!(ours, theirs, "{text:?}");
    }
    assert!(
        refused * 2 < texts.len(),
        "most generated files must be right ones: {refused}"
    );
}

#[test]
fn an_astro_project_s_file_works_as_it_stands() {
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
fn a_value_s_bytes_stay() {
    let settings = read(b"A=\xff\xfe\nB='\xe9'\n".as_slice()).unwrap();
    assert_eq!(settings.env.get("A").unwrap().expose(), b"\xff\xfe");
    assert_eq!(settings.env.get("B").unwrap().expose(), b"\xe9");
}

#[test]
fn nothing_is_interpolated_in_a_file() {
    assert_eq!(value("A=1\nB=$A-${A}\nC=\"${A}\"\n", "B"), "$A-${A}");
    assert_eq!(value("A=1\nB=$A-${A}\nC=\"${A}\"\n", "C"), "${A}");
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
fn a_shadowed_variable_of_the_secrets_family_is_told_once() {
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
