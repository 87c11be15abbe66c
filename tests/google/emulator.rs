//! A server of others' that acts as Secret Manager, over gRPC for Airflow and over REST for secretctl.
//!
//! `GCP_EMULATOR` names its program; without it the test says that it is skipped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{World, key};
use crate::support::{Guard, airflow, free_port, skip, variable, wait_for_port};

/// How long the server may take to start.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

/// Posts JSON, and returns the status line.
fn post(port: u16, path: &str, body: &Value) -> String {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_real_server_has_the_same_values_for_airflow_and_for_us() {
    let Some(program) = variable("GCP_EMULATOR") else {
        skip(
            "google emulator",
            "GCP_EMULATOR does not name the program of a server that acts as Google Secret Manager",
        );
        return;
    };
    let (grpc, rest) = (free_port(), free_port());
    let child = Command::new(program)
        .args(["--grpc-port", &grpc.to_string(), "--http-port", &rest.to_string()])
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _guard = Guard::new(child);
    assert!(wait_for_port(grpc, LIMIT));
    assert!(wait_for_port(rest, LIMIT));
    let values = [
        ("airflow-variables-hello", "w\u{f6}rld"),
        ("airflow-variables-lines", "a\nb\n"),
        ("airflow-variables-json", r#"{"a": [1, 2]}"#),
        ("airflow-config-dsn", "postgresql://u:p@h/d"),
        ("airflow-connections-db", "mysql://u:p%40@h:3306/s?x=y"),
    ];
    for (name, value) in values {
        let parent = "/v1/projects/proj/secrets";
        let created = post(
            rest,
            &format!("{parent}?secretId={name}"),
            &json!({"replication": {"automatic": {}}}),
        );
        assert!(
            created.contains("200") || created.contains("201"),
            "{name}: {created}"
        );
        for text in ["an older value", value] {
            let version = json!({"payload": {"data": STANDARD.encode(text)}});
            let added = post(rest, &format!("{parent}/{name}:addVersion"), &version);
            assert!(added.contains("200") || added.contains("201"), "{name}: {added}");
        }
    }
    let world = World::start();
    let kwargs = json!({"gcp_keyfile_dict": key()});
    let env = json!({"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": format!("http://127.0.0.1:{rest}/")});
    let names: Vec<(&str, &str, &str)> = values
        .iter()
        .map(|(name, value)| match name.split('-').nth(1) {
            Some("variables") => ("variable", "get-var", *value),
            Some("config") => ("config", "get-config", *value),
            _ => ("conn_value", "get-conn", *value),
        })
        .collect();
    let ids = values.map(|(name, _)| name.rsplit('-').next().unwrap());
    for ((_, command, value), id) in names.iter().zip(ids) {
        let output = world.program(&kwargs, &env).args([*command, id, "-n"]).run();
        assert_eq!(output.ok(), *value, "{id}: {}", output.stderr);
    }
    let output = world
        .program(&kwargs, &env)
        .args(["list", "var", "-o", "json"])
        .run();
    let listed: Value = serde_json::from_str(output.ok()).unwrap();
    let listed = listed["names"].as_array().unwrap().iter();
    let listed: Vec<&str> = listed.map(|name| name["id"].as_str().unwrap()).collect();
    assert_eq!(listed, ["hello", "json", "lines"]);
    if let Some(judge) = airflow() {
        let asked: Vec<Value> = names
            .iter()
            .zip(ids)
            .map(|((kind, _, _), id)| json!({"kind": kind, "id": id}))
            .chain([json!({"kind": "variable", "id": "none"})])
            .collect();
        let theirs = judge.ask(json!({
            "op": "google.lookups", "kwargs": kwargs, "env": world.env(&json!({})), "emulator": grpc, "names": asked,
        }));
        let mut expected: Vec<Value> = names
            .iter()
            .map(|(_, _, value)| json!({"value": value}))
            .collect();
        expected.push(json!({"value": null}));
        assert_eq!(theirs["answers"], json!(expected));
    }
}
