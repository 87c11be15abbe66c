//! Vault's policies, loaded into `OpenBao`: every name can be read, and its neighbours cannot.

use serde_json::{Value, json};

use crate::support::{Random, VaultServer, bao, cases, random};
use crate::vault::{vault, with};

/// Loads a policy, and returns a token that has no other.
fn token(server: &VaultServer, policy: &str) -> String {
    let name = server.unique("policy");
    server.write(&format!("sys/policies/acl/{name}"), json!({"policy": policy}));
    let created = server.write(
        "auth/token/create",
        json!({"policies": [name], "no_default_policy": true}),
    );
    created["auth"]["client_token"].as_str().unwrap().to_owned()
}

fn put(server: &VaultServer, mount: &str, version: u8, path: &str) -> bool {
    let quoted = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
    let quoted = quoted.to_string().replace("%2F", "/");
    let (path, body) = match version {
        1 => (format!("{mount}/{quoted}"), json!({"value": "hidden-7c1e"})),
        _ => (
            format!("{mount}/data/{quoted}"),
            json!({"data": {"value": "hidden-7c1e"}}),
        ),
    };
    for _ in 0..100 {
        match server.request("POST", &path, &body).0 {
            200 | 204 => return true,
            400 => std::thread::sleep(std::time::Duration::from_millis(20)),
            _ => return false,
        }
    }
    false
}

/// What ids are made of.
const PIECES: &[&str] = &[
    "a", "B", "_", "-", "/", ".", "é", " ", "\"", "\\", "${", "}", "$", "+", "*", "#", "//", "7", "/*",
];

fn id(random: &mut Random) -> String {
    (0..=random.below(4)).map(|_| *random.pick(PIECES)).collect()
}

/// Returns what secretctl says of the variable with this token.
fn status(kwargs: &Value, token: &str, id: &str) -> i32 {
    let kwargs = with(kwargs, json!({"token": token}));
    vault(&kwargs).args(["get-var", "-q", "--", id]).run().status
}

#[test]
fn every_name_is_readable_and_its_neighbours_are_denied() {
    let Some(bao) = bao() else { return };
    let mut random = random("policy vault");
    let mut read = 0;
    for _ in 0..cases(12, 120) {
        let version = *random.pick(&[1, 2]);
        let mount = bao.kv(version);
        let base = *random.pick(&["variables", "x/y", "a b"]);
        let kwargs = json!({
            "url": bao.addr, "token": bao.root_token, "mount_point": mount, "kv_engine_version": version, "variables_path": base,
        });
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            let id = id(&mut random);
            if !put(bao, &mount, version, &format!("{base}/{id}"))
                || status(&kwargs, &bao.root_token, &id) != 0
            {
                continue;
            }
            let program = vault(&kwargs)
                .args(["policy", "--format", "vault"])
                .arg(format!("--var={id}"));
            let output = program.run();
            match output.status {
                0 => ours.push(id),
                // A pattern: no policy can name it alone.
                2 => assert!(
                    id.contains(['*', '+', '}']) && output.stderr.contains("without allowing"),
                    "{id}"
                ),
                status => panic!("{id}: {status}: {}", output.stderr),
            }
        }
        for id in &ours {
            theirs.extend([format!("{id}x"), format!("{id}/x"), format!("x{id}")]);
        }
        for id in &theirs {
            put(bao, &mount, version, &format!("{base}/{id}"));
        }
        if ours.is_empty() {
            continue;
        }
        let program = ours.iter().fold(
            vault(&kwargs).args(["policy", "--format", "vault"]),
            |program, id| program.arg(format!("--var={id}")),
        );
        let output = program.run();
        assert!(!output.ok().contains("hidden-7c1e"));
        let token = token(bao, output.text());
        for id in &ours {
            assert_eq!(status(&kwargs, &token, id), 0, "{id:?}: {}", output.text());
            read += 1;
        }
        let normal = |id: &str| -> String {
            let kept: Vec<&str> = id
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".")
                .collect();
            kept.join("/")
        };
        let readable: Vec<String> = ours.iter().map(|id| normal(id)).collect();
        for id in theirs.iter().filter(|id| !readable.contains(&normal(id))) {
            let found = status(&kwargs, &token, id);
            assert_eq!(found, 4, "{id:?}: {}", output.text());
        }
    }
    assert!(read > 0, "no case had a name");
}

#[test]
fn teams_several_base_paths_and_namespaces_are_in_the_policy() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    for path in ["variables/red/a", "variables/a", "shared/a", "variables/blue/a"] {
        assert!(put(bao, &mount, 2, path));
    }
    let kwargs = json!({
        "url": bao.addr, "token": bao.root_token, "mount_point": mount, "variables_path": ["variables", "shared"],
    });
    let as_team = |kwargs: &Value, team: &str, args: &[&str]| {
        vault(kwargs)
            .env("AIRFLOW__CORE__MULTI_TEAM", "True")
            .args(["--team", team])
            .args(args)
            .run()
    };
    let output = as_team(&kwargs, "red", &["policy", "--var", "a", "--format", "vault"]);
    let paths = output.ok().matches("path \"").count();
    assert_eq!(paths, 2, "{}", output.text());
    let token = token(bao, output.text());
    let kwargs = with(&kwargs, json!({"token": token}));
    assert_eq!(as_team(&kwargs, "red", &["get-var", "a"]).status, 0);
    assert_eq!(as_team(&kwargs, "blue", &["get-var", "a"]).status, 4);
    let kwargs = with(&kwargs, json!({"namespace": "ns1/\"x"}));
    let output = vault(&kwargs)
        .args(["policy", "--var", "a", "--conn", "b", "--format", "vault"])
        .run();
    assert!(
        output
            .ok()
            .starts_with("# for the namespace \"ns1/\\\"x\"\npath \""),
        "{}",
        output.text()
    );
    assert_eq!(output.text().matches("# for").count(), 1);
}
