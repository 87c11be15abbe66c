//! Vault: `OpenBao` with nested folders, policies and both engines, and a scripted server for what a real one does not answer.

use serde_json::{Value, json};

use super::{ids, json as listed_json, lines};
use crate::support::server::{Reply, Server};
use crate::support::{VaultServer, bao, cases, random};
use crate::vault::vault;

fn kwargs(server: &VaultServer, mount: &str) -> Value {
    json!({"url": server.addr, "token": server.root_token, "mount_point": mount})
}

fn with(mut kwargs: Value, key: &str, value: Value) -> Value {
    kwargs[key] = value;
    kwargs
}

#[test]
fn nested_folders_are_walked_in_both_engines() {
    let Some(bao) = bao() else { return };
    let expected = ["a", "f/b", "f/g/c", "f/g/d e", "f/h", "é"];
    for version in [1, 2] {
        let mount = bao.kv(version);
        for id in expected {
            let path = format!("connections/{}", id.replace(' ', "%20").replace('é', "%C3%A9"));
            if version == 2 {
                bao.put(&mount, &path, json!({"conn_uri": "smtp://hidden-7c1e"}));
            } else {
                bao.write(
                    &format!("{mount}/{path}"),
                    json!({"conn_uri": "smtp://hidden-7c1e"}),
                );
            }
        }
        let kwargs = with(kwargs(bao, &mount), "kv_engine_version", json!(version));
        let output = vault(&kwargs).args(["list", "conn", "-vvv"]).run();
        let listed = lines(&output);
        assert!(
            listed.iter().map(|line| line.0.as_str()).eq(expected),
            "{listed:?}"
        );
        assert_eq!(listed[0].1, format!("Vault {} (mount `{mount}`)", bao.addr));
        assert!(!output.stderr.contains("hidden-7c1e"), "{}", output.stderr);
        // A base path in another form is the same folder; an empty one is the whole mount.
        for base in ["connections/", "/connections//", "./connections"] {
            let kwargs = with(kwargs.clone(), "connections_path", json!(base));
            assert_eq!(ids(vault(&kwargs).args(["list", "conn"])), expected, "{base}");
        }
        let whole = with(kwargs.clone(), "connections_path", json!(""));
        assert_eq!(ids(vault(&whole).args(["list", "conn"]))[0], "connections/a");
        let inner = with(
            kwargs.clone(),
            "connections_path",
            json!(["connections/f", "connections/f/g"]),
        );
        assert_eq!(
            ids(vault(&inner).args(["list", "conn"])),
            ["b", "c", "d e", "g/c", "g/d e", "h"]
        );
    }
}

#[test]
fn a_base_path_that_is_null_is_not_looked_up_and_a_null_mount_cannot_be_listed() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    let null = with(kwargs(bao, &mount), "variables_path", Value::Null);
    let output = vault(&null).args(["list", "var"]).run();
    assert!(lines(&output).is_empty() && output.stderr.contains("`variables_path` is null"));
    let null = with(kwargs(bao, &mount), "mount_point", Value::Null);
    let output = vault(&null).args(["list", "var"]).run();
    assert!(lines(&output).is_empty(), "{}", output.stderr);
    assert!(
        output.stderr.contains("cannot be listed: `mount_point` is null"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_team_has_its_own_folder_only() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    for id in ["a", "data/b", "data/f/c", "ops/d"] {
        bao.put(&mount, &format!("variables/{id}"), json!({"value": "x"}));
    }
    bao.put(&mount, "global/e", json!({"value": "x"}));
    let kwargs = with(kwargs(bao, &mount), "global_secrets_path", json!("global"));
    let program = |team: &[&str]| {
        vault(&kwargs)
            .env("AIRFLOW__CORE__MULTI_TEAM", "True")
            .args(["list", "var"])
            .args(team)
    };
    assert_eq!(ids(program(&["--team", "data"])), ["b", "f/c"]);
    // Without a team, an id with a slash could be a team's.
    assert_eq!(ids(program(&[])), ["a", "e"]);
}

#[test]
fn a_policy_that_denies_listing_is_status_4_with_the_line_that_allows_it() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    bao.put(&mount, "variables/f/deep", json!({"value": "world"}));
    let (policy, _) = bao.approle(&mount);
    let created = bao.write("auth/token/create", json!({"policies": [policy]}));
    let token = created["auth"]["client_token"].as_str().unwrap();
    let kwargs = with(kwargs(bao, &mount), "token", json!(token));
    vault(&kwargs).args(["get-var", "hello"]).run().ok();
    let program = || vault(&kwargs).env("AIRFLOW_VAR_A", "x").args(["list", "var"]);
    let output = program().run();
    assert_eq!((output.status, output.text()), (4, ""), "{}", output.stderr);
    let line = format!("path \"{mount}/metadata/variables/*\" {{ capabilities = [\"list\"] }}");
    assert!(output.stderr.contains(&line), "{}", output.stderr);
    let lenient = program().arg("--lenient").run();
    assert_eq!(lines(&lenient)[0].0, "a");
    assert!(
        lenient.stderr.contains("does not let the token list"),
        "{}",
        lenient.stderr
    );
    // With that line, and no other, it may.
    bao.write(
        &format!("sys/policies/acl/{policy}"),
        json!({"policy": format!("path \"{mount}/*\" {{ capabilities = [\"read\"] }}\n{line}")}),
    );
    assert_eq!(ids(program()), ["f/deep", "hello", "a"]);
}

#[test]
fn a_mount_that_is_missing_and_an_engine_of_the_other_version_are_said() {
    let Some(bao) = bao() else { return };
    let output = vault(&kwargs(bao, "nowhere")).args(["list", "var"]).run();
    assert!(lines(&output).is_empty());
    assert!(output.stderr.contains("no mount `nowhere`"), "{}", output.stderr);
    let mount = bao.kv(2);
    bao.put(&mount, "variables/hello", json!({"value": "world"}));
    let first = with(kwargs(bao, &mount), "kv_engine_version", json!(1));
    let output = vault(&first).args(["list", "var"]).run();
    assert!(lines(&output).is_empty());
    assert!(
        output.stderr.contains("`kv_engine_version` to 2"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_name_from_a_server_leads_to_no_other_path() {
    let server = Server::start(|request| {
        let path = request.target.split('?').next().unwrap();
        assert!(request.target.ends_with("?list=true"), "{}", request.target);
        match path {
            "/v1/secret/metadata/variables" => Reply::json(
                200,
                json!({"data": {"keys": ["a", "", "..", "../b", "../", "./", "/", "c//d", "e//", ".", "good/", "a\u{0}b", "f?g"]}}),
            ),
            "/v1/secret/metadata/variables/good" => Reply::json(200, json!({"data": {"keys": ["..", "h"]}})),
            path => panic!("{path} was asked"),
        }
    });
    let kwargs = json!({"url": server.url(), "token": "t"});
    assert_eq!(
        ids(vault(&kwargs).args(["list", "var"])),
        ["a", "a\\x00b", "f?g", "good/h"]
    );
}

#[test]
fn an_answer_without_names_is_status_5() {
    for (reply, words) in [
        (
            Reply::json(200, json!({"data": {"keys": "a"}})),
            "without a list of names",
        ),
        (
            Reply::json(200, json!({"data": {"keys": [1]}})),
            "without a list of names",
        ),
        (Reply::json(200, json!({})), "without a list of names"),
        (Reply::html(200), "HTML"),
        (Reply::html(404), "HTML"),
        (Reply::json(503, json!({"errors": ["Vault is sealed"]})), "sealed"),
    ] {
        let server = Server::start(move |_| reply.clone());
        let kwargs = json!({"url": server.url(), "token": "t"});
        let output = vault(&kwargs).args(["list", "var"]).run();
        assert_eq!((output.status, output.text()), (5, ""), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
}

/// What ids are made of.
const PIECES: &[&str] = &["a", "B", "_", "-", "/", ".", "é", " ", "%2F", "?", "#", "+", "7"];

#[test]
fn what_vault_lists_is_found_there() {
    let Some(bao) = bao() else { return };
    let mut random = random("list vault");
    for _ in 0..cases(6, 60) {
        let mount = bao.kv(2);
        let base = *random.pick(&["variables", "", "x/y", "a b"]);
        let mut stored = std::collections::BTreeSet::new();
        for _ in 0..8 {
            let id: String = (0..=random.below(4)).map(|_| *random.pick(PIECES)).collect();
            let path = format!("{base}/{id}");
            let quoted = percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC);
            let api_path = format!("{mount}/data/{}", quoted.to_string().replace("%2F", "/"));
            let (status, _) = bao.request("POST", &api_path, &json!({"data": {"value": "x"}}));
            if status == 200 {
                stored.insert(id);
            }
        }
        let kwargs = with(kwargs(bao, &mount), "variables_path", json!(base));
        // The text form escapes `##`, which CI systems would read.
        let output = vault(&kwargs).args(["list", "var", "-o", "json"]).run();
        let names = listed_json(&output)["names"].as_array().unwrap().clone();
        let listed: Vec<String> = names
            .iter()
            .map(|name| name["id"].as_str().unwrap().to_owned())
            .collect();
        for id in &listed {
            vault(&kwargs).args(["get-var", "--", id.as_str()]).run().ok();
        }
        for id in stored {
            if vault(&kwargs)
                .args(["get-var", "-q", "--", id.as_str()])
                .run()
                .status
                == 0
            {
                let normal: Vec<&str> = id
                    .split('/')
                    .filter(|part| !part.is_empty() && *part != ".")
                    .collect();
                assert!(
                    listed.contains(&normal.join("/")),
                    "{id} of {base:?} is not in {listed:?}"
                );
            }
        }
    }
}
