//! Local secrets files, read by Airflow's backend and by the binary: the same values, and the same files rejected.

use serde_json::{Value, json};

use super::file_texts::{File, files};
use crate::support::{self, Output};

/// Looks up one key with the program.
fn ours(path: &str, kind: &str, key: &str) -> Output {
    let (command, kwarg) = match kind {
        "connection" => ("get-conn", "connections_file_path"),
        "variable" => ("get-var", "variables_file_path"),
        _ => ("get-config", "configs_file_path"),
    };
    let mut args = vec![command, key, "--no-newline", "--no-fallback"];
    match kind {
        "connection" => args.extend(["-o", "airflow-uri"]),
        "variable" => {}
        _ => args.push("--backend-key"),
    }
    support::secretctl()
        .args(args)
        .env(
            "AIRFLOW__SECRETS__BACKEND",
            "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        )
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            json!({kwarg: path}).to_string(),
        )
        .run()
}

/// Returns how an output differs from Airflow's answer, if it does.
fn difference(theirs: &Value, output: &Output) -> Option<String> {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = if theirs["error"].is_string() {
        (2, None)
    } else if theirs["absent"] == json!(true) {
        (3, None)
    } else if let Some(text) = theirs["text"].as_str().or(theirs["uri"].as_str()) {
        // Airflow's command line prints a date's text; any other value without JSON is rejected.
        match (theirs["no_json"].is_string(), output.status) {
            (true, 6) => return None,
            _ => (0, Some(text.to_owned())),
        }
    } else if let Some(json) = theirs["json"].as_str() {
        let ours: Result<Value, _> = serde_json::from_str(&printed);
        let theirs: Result<Value, _> = serde_json::from_str(json);
        let same = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => printed == json,
        };
        return (!same || output.status != 0).then(|| format!("expected {json}"));
    } else {
        (6, None)
    };
    if output.status != expected.0 {
        return Some(format!("expected status {}", expected.0));
    }
    (output.status == 0 && Some(&printed) != expected.1.as_ref())
        .then(|| format!("expected {:?}", expected.1))
}

#[test]
fn files_are_read_as_airflow_reads_them() {
    let Some(judge) = support::airflow() else { return };
    let folder = support::temp_dir();
    let files = files(support::cases(400, 5_000));
    let questions: Vec<Value> = files
        .iter()
        .map(
            |File {
                 name,
                 kind,
                 content,
                 keys,
             }| {
                let content: String = content
                    .iter()
                    .flat_map(|byte| [byte >> 4, byte & 15])
                    .filter_map(|digit| char::from_digit(digit.into(), 16))
                    .collect();
                json!({"op": "local.file", "name": name, "kind": kind, "content": content, "keys": keys})
            },
        )
        .collect();
    let answers = judge.ask_many(&questions);
    let mut different = Vec::new();
    let mut found = 0;
    for (file, answers) in files.iter().zip(&answers) {
        let path = folder.path().join(file.name);
        std::fs::write(&path, &file.content).unwrap();
        for (key, theirs) in file.keys.iter().zip(answers.as_array().unwrap()) {
            let output = ours(path.to_str().unwrap(), file.kind, key);
            found += usize::from(output.status == 0);
            if let Some(how) = difference(theirs, &output) {
                different.push(format!(
                    "{} {:?} in {} {:?}: {how}\n  theirs: {theirs}\n  ours: {} {:?} {}",
                    file.kind,
                    key,
                    file.name,
                    String::from_utf8_lossy(&file.content),
                    output.status,
                    String::from_utf8_lossy(&output.stdout),
                    output.stderr
                ));
            }
        }
    }
    eprintln!("{} files, {found} values found", files.len());
    assert!(found * 5 > files.len(), "too few values were found to be a test");
    let shown = different
        .iter()
        .take(15)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(different.is_empty(), "{} differ:\n{shown}", different.len());
}
