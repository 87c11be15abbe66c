//! Round trips: the output of `export`, read by the programs for which it is meant, gives the same bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::{Value, json};

use super::{program, run};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Program, airflow, airflow_fresh, skip};

/// Values that break careless writers.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "",
        "plain",
        "a b",
        " blanks ",
        "\ttab\t",
        "it's",
        "\"quoted\"",
        "both ' and \"",
        "back\\slash",
        "\\n",
        "\\",
        "trailing\\",
        "$HOME",
        "$",
        "$$",
        "a$b 'c'",
        "$(touch /tmp/x)",
        "`id`",
        "#comment",
        "a #b",
        "a#b",
        "=",
        "a=b",
        "!",
        "!!",
        "~",
        "*",
        "?[a]",
        "line\nline",
        "\n",
        "\n\n",
        "ends\n",
        "\r\n",
        "a\rb",
        "EOF",
        "a\nEOF\nb",
        "ghadelimiter_",
        "::add-mask::x",
        "##vso[x]y;z",
        "100%",
        "%25",
        "%AZP25",
        "%0A",
        "]",
        ";",
        "ünïcödé",
        "名前",
        "😀",
        "\u{1}\u{7f}",
        "\u{1b}[31m",
        "\u{feff}bom",
        "\u{2028}",
        "\u{a0}nbsp\u{a0}",
        "\u{85}",
        "{\"a\": \"b c\", \"d\": null}",
        "[1, 2]",
        "yes",
        "null",
        "1e3",
        "010",
        "- a",
        "a: b",
        "'",
        "''",
        "\"",
        "{{ jinja }}",
        "smtp://user:p%40ss@h:25/?a=b&c=d",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("64 kB of 'this' and \"that\"\n".repeat(64 * 1024 / 27));
    values
}

/// Returns the values by name, and a program that has them as variables.
fn many(values: &[String]) -> (BTreeMap<String, String>, Program) {
    let named: BTreeMap<String, String> = values
        .iter()
        .enumerate()
        .map(|(index, value)| (format!("AIRFLOW_VAR_V{index}"), value.clone()))
        .collect();
    let program = program().envs(&named);
    (named, program)
}

/// Exports all `values` in `format`, except those that it refuses.
fn export(format: &str, values: &[String]) -> (BTreeMap<String, String>, Vec<u8>) {
    let (mut named, program) = many(values);
    let option = |name: &str| name.trim_start_matches("AIRFLOW_VAR_").to_lowercase();
    named.retain(|name, _| {
        match run(
            program.clone(),
            &format!("export --format {format} --var {}", option(name)),
        )
        .status
        {
            0 => true,
            6 => false,
            status => panic!("{format}: status {status}"),
        }
    });
    let args = named.keys().flat_map(|name| ["--var".to_owned(), option(name)]);
    let output = program.args(["export", "--format", format]).args(args).run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    (named, output.stdout)
}

#[test]
fn shells_read_back_the_same_bytes() {
    let (named, script) = export("shell", &values());
    assert_eq!(named.len(), values().len(), "a shell carries all of them");
    let folder = crate::support::temp_dir();
    let file = folder.path().join("secrets.sh");
    std::fs::write(&file, script).unwrap();
    for shell in ["bash", "dash", "zsh"] {
        if Program::new("sh")
            .args(["-c", &format!("command -v {shell}")])
            .env("PATH", path())
            .run()
            .status
            != 0
        {
            skip(shell, "it is not installed here");
            continue;
        }
        // Scripts read it as a file or through a command substitution.
        for script in [". \"$FILE\"; env -0", "eval \"$(cat \"$FILE\")\"; env -0"] {
            let output = Program::new(shell)
                .args(["-c", script])
                .env("FILE", &file)
                .env("PATH", path())
                .run();
            assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{shell}");
            let read: BTreeMap<String, String> = output
                .text()
                .split_terminator('\0')
                .filter_map(|entry| entry.split_once('='))
                .filter(|(name, _)| name.starts_with("AIRFLOW_VAR_"))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(read, named, "{shell}: {script}");
        }
    }
}

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

#[test]
fn python_dotenv_reads_back_the_same_text() {
    let (named, file) = export("dotenv", &values());
    assert!(
        named.len() + 3 >= values().len(),
        "few are refused: {} of {}",
        named.len(),
        values().len()
    );
    let Some(airflow) = airflow() else { return };
    let encoded = base64::engine::general_purpose::STANDARD.encode(&file);
    let read = airflow.ask(json!({"op": "commands.dotenv", "base64": encoded}));
    assert_same(&read, &named);
}

#[track_caller]
fn assert_same(read: &Value, named: &BTreeMap<String, String>) {
    let read = read.as_object().unwrap();
    for (name, value) in named {
        assert_eq!(
            read.get(name).and_then(Value::as_str),
            Some(value.as_str()),
            "{name}"
        );
    }
    assert_eq!(read.len(), named.len());
}

/// `docker run --env-file`: <https://docs.docker.com/reference/cli/docker/container/run/#env>: a line is a name and the text after
/// its `=`, unchanged; comments start with `#`.
#[test]
fn docker_reads_back_unquoted_values() {
    let plain: Vec<String> = values()
        .into_iter()
        .filter(|value| {
            !value
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "'\"`#$\\\u{feff}".contains(c))
        })
        .collect();
    let (named, file) = export("dotenv", &plain);
    let text = String::from_utf8(file).unwrap();
    let read: BTreeMap<String, String> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(read, named);
    assert!(plain.len() > 20);
}

#[test]
fn secretctls_own_env_files_read_back_the_same_text() {
    let (named, file) = export("dotenv", &values());
    let folder = crate::support::temp_dir();
    let path = folder.path().join(".env");
    std::fs::write(&path, file).unwrap();
    for (name, value) in &named {
        let key = name.trim_start_matches("AIRFLOW_VAR_").to_lowercase();
        let output = program()
            .args(["--env-file"])
            .arg(&path)
            .args(["get-var", "-n", &key])
            .run();
        assert_eq!(output.text(), value, "{name}");
    }
}

#[test]
fn json_and_yaml_read_back_the_same_text() {
    let (named, text) = export("json", &values());
    assert_same(&serde_json::from_slice(&text).unwrap(), &named);
    assert_eq!(named.len(), values().len());
    let (named, text) = export("yaml", &values());
    assert_eq!(named.len(), values().len());
    let Some(airflow) = airflow() else { return };
    let read = airflow.ask(json!({"op": "commands.yaml", "text": String::from_utf8(text).unwrap()}));
    assert_same(&read, &named);
}

/// The runner's `FileCommandManager`: a line with `<<` opens a block that ends at the line with the delimiter. The line break before the
/// delimiter is not part of the value.
#[test]
fn githubs_runner_reads_back_the_same_text() {
    let (named, text) = export("github-env", &values());
    assert_eq!(named.len(), values().len());
    let text = String::from_utf8(text).unwrap();
    let mut read = BTreeMap::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.trim_end_matches('\n').split_once("<<").unwrap();
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim_end_matches('\n') != delimiter)
            .collect();
        let value = block.concat();
        read.insert(name.to_owned(), value.strip_suffix('\n').unwrap().to_owned());
    }
    assert_eq!(read, named);
    assert!(text.ends_with('\n'));
}

/// The agent's `Command.cs`: properties end at the first `]`, and these escapes are undone, `%AZP25` last.
#[test]
fn the_agent_of_azure_pipelines_reads_back_the_same_text() {
    let (named, text) = export("azure-pipelines", &values());
    assert_eq!(named.len(), values().len());
    let text = String::from_utf8(text).unwrap();
    let read: BTreeMap<String, String> = text
        .split_terminator('\n')
        .map(|line| {
            let (properties, data) = line
                .strip_prefix("##vso[task.setvariable ")
                .unwrap()
                .split_once(']')
                .unwrap();
            let mut properties = properties.split(';');
            let name = properties
                .next()
                .and_then(|property| property.strip_prefix("variable="))
                .unwrap();
            assert_eq!(properties.collect::<Vec<_>>(), ["issecret=true"]);
            let mut data = data.to_owned();
            for (escape, plain) in [
                ("%3B", ";"),
                ("%0D", "\r"),
                ("%0A", "\n"),
                ("%5D", "]"),
                ("%AZP25", "%"),
            ] {
                data = data.replace(escape, plain);
            }
            (name.to_owned(), data)
        })
        .collect();
    assert_eq!(read, named);
}

/// GitLab's `ParseDotenvArtifactService`: a line is split at its first `=`, and both sides are stripped. `$$` becomes `$` when the
/// variable is used.
#[test]
fn gitlab_reads_back_the_same_text() {
    let short: Vec<String> = values().into_iter().filter(|value| value.len() < 40).collect();
    let (named, text) = export("gitlab-dotenv", &short);
    let text = String::from_utf8(text).unwrap();
    let strip = |c: char| matches!(c, '\t'..='\r' | ' ' | '\0');
    let read: BTreeMap<String, String> = text
        .split_terminator('\n')
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.trim_matches(strip).replace("$$", "$")))
        .collect();
    assert_eq!(read, named);
    assert!(named.len() > 40);
}

/// Answers as a cluster that lists its resources, which is all that kubectl needs for a client-side dry run.
fn discovery(request: &Recorded) -> Reply {
    let body = match request.target.split('?').next() {
        Some("/api") => json!({"kind": "APIVersions", "versions": ["v1"]}),
        Some("/apis") => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        Some("/api/v1") => json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
            {"name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret", "verbs": ["create"]},
        ]}),
        _ => return Reply::status(404),
    };
    Reply::json(200, body)
}

#[test]
fn kubernetes_reads_back_the_same_bytes() {
    let (named, manifest) = export("kubernetes", &values());
    assert_eq!(named.len(), values().len());
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let same = |data: &Value| {
        for (name, value) in &named {
            assert_eq!(decode(data[name].as_str().unwrap()), value.as_bytes(), "{name}");
        }
        assert_eq!(data.as_object().unwrap().len(), named.len());
    };
    if let Some(airflow) = airflow() {
        let text = String::from_utf8(manifest.clone()).unwrap();
        let read = airflow.ask(json!({"op": "commands.yaml", "text": text}));
        assert_eq!(
            (&read["apiVersion"], &read["kind"], &read["type"]),
            (&json!("v1"), &json!("Secret"), &json!("Opaque"))
        );
        assert_eq!(read["metadata"], json!({"name": "secretctl"}));
        same(&read["data"]);
    }
    // kubectl caches the list in its home folder.
    let home = crate::support::temp_dir();
    let kubectl = |args: &[&str]| {
        Program::new("sh")
            .args(["-c", "exec kubectl \"$@\"", "sh"])
            .args(args)
            .env("PATH", path())
            .env("HOME", home.path())
    };
    if kubectl(&["version", "--client"]).run().status != 0 {
        return skip("kubectl", "it is not installed here");
    }
    let cluster = Server::start(discovery);
    let arguments = [
        "create",
        "--dry-run=client",
        "--validate=false",
        "-f",
        "-",
        "-o",
        "json",
    ];
    let output = kubectl(&["--server", &cluster.url()])
        .args(arguments)
        .stdin(manifest)
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    same(&serde_json::from_slice::<Value>(&output.stdout).unwrap()["data"]);
}

#[test]
fn airflow_imports_the_same_connections_and_variables() {
    let (mut named, program) = many(&values());
    let connections = [
        ("uri", "postgresql://u:p%40ss@h:5432/db?sslmode=require&n=1"),
        (
            "full",
            r#"{"conn_type": "google-cloud", "description": "d \"e\"", "host": "h", "login": "", "password": "p'$\\x", "schema": "s", "port": "8080", "extra": {"a": {"b": [1, null, "ü"]}}}"#,
        ),
        ("extra_text", r#"{"conn_type": "aws", "extra": "{\"k\":  1}"}"#),
        ("MixedCase-1", "http://https%3A%2F%2Fh/"),
    ];
    let program = connections.iter().fold(program, |program, (id, value)| {
        program.env(format!("AIRFLOW_CONN_{}", id.to_uppercase()), value)
    });
    let ids = connections.iter().flat_map(|(id, _)| ["--conn", id]);
    let file = program
        .clone()
        .args(["export", "--format", "airflow-connections"])
        .args(ids)
        .run();
    assert_eq!(file.status, 0, "{}", file.stderr);
    let keys: Vec<String> = named
        .keys()
        .map(|name| name.trim_start_matches("AIRFLOW_VAR_").to_lowercase())
        .collect();
    let variables = program
        .args(["export", "--format", "airflow-variables"])
        .args(keys.iter().flat_map(|key| ["--var", key]))
        .run();
    assert_eq!(variables.status, 0, "{}", variables.stderr);
    let folder = crate::support::temp_dir();
    let database = format!("sqlite:///{}", folder.path().join("airflow.db").display());
    let Some(airflow) = airflow_fresh([
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database),
        ("AIRFLOW__DATABASE__CHECK_MIGRATIONS", "False".to_owned()),
    ]) else {
        return;
    };
    let read = airflow
        .ask(json!({"op": "commands.import", "connections": file.text(), "variables": variables.text()}));
    let wanted: BTreeMap<String, String> = keys
        .iter()
        .map(|key| {
            (
                key.clone(),
                named
                    .remove(&format!("AIRFLOW_VAR_{}", key.to_uppercase()))
                    .unwrap(),
            )
        })
        .collect();
    assert_same(&read["variables"], &wanted);
    for (id, value) in connections {
        let wanted = airflow.ask(json!({"op": "commands.described", "value": value}));
        let mut imported = read["connections"][id].clone();
        // The database's form of a login that is empty.
        if imported["login"].is_null() && wanted["login"] == "" {
            imported["login"] = json!("");
        }
        assert_eq!(imported, wanted, "{id}");
    }
}
