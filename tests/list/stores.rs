//! Google, Kubernetes, Lockbox and Akeyless: scripted servers with pages, teams and refusals.

use std::collections::BTreeMap;

use serde_json::json;

use super::ids;
use crate::akeyless;
use crate::google::support::{World, key, secret};
use crate::kubernetes::{self, api, api::Held, kubeconfig};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{Program, temp_dir};
use crate::yandex::{self, Cloud};

/// Describes the program as the team `red`.
fn as_red(program: Program) -> Program {
    program
        .env("AIRFLOW__CORE__MULTI_TEAM", "True")
        .args(["--team", "red"])
}

#[test]
fn google_is_listed_by_pages_with_a_filter() {
    let world = World::start();
    let names = ["a", "b_c", "b-d", "red--own", "red--a", "blue--own"];
    let stored: Vec<(String, _)> = names
        .iter()
        .map(|name| (format!("airflow-variables-{name}"), secret("hidden-7c1e")))
        .chain([("x-airflow-variables-no".to_owned(), secret("x"))])
        .collect();
    let stored: Vec<(&str, _)> = stored
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.clone()))
        .collect();
    world.has(&stored);
    let kwargs = json!({"gcp_keyfile_dict": key()});
    let program = || world.program(&kwargs, &json!({})).args(["list", "var"]);
    assert_eq!(
        ids(program()),
        ["a", "b-d", "b_c", "blue--own", "red--a", "red--own"]
    );
    let filter = "filter=name%3Aairflow-variables-";
    let listings: Vec<String> = world
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    let pages = listings.iter().filter(|target| target.contains(filter)).count();
    assert_eq!(pages, 4, "{listings:?}");
    assert_eq!(ids(as_red(program())), ["a", "b-d", "b_c", "own"]);
    for (error, status, words) in [
        ("PERMISSION_DENIED", 4, "secretmanager.secrets.list"),
        ("NOT_FOUND", 2, "does not exist"),
        ("UNAVAILABLE", 5, "failed"),
    ] {
        let code = if status == 4 { 403 } else { 404 };
        let code = if status == 5 { 503 } else { code };
        let reply = Reply::json(
            code,
            json!({"error": {"code": code, "status": error, "message": "m"}}),
        );
        world.tell(&vec![reply; 4], &[], &[]);
        let output = program().run();
        assert_eq!((output.status, output.text()), (status, ""), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
        world.tell(&[], &[], &[]);
    }
}

#[test]
fn kubernetes_is_asked_for_labels_alone() {
    let label = "airflow.apache.org/variable-key";
    let of_team = |id: &str, team: &str| {
        let mut held = Held::new(label, id, "hidden-7c1e");
        held.labels.push(("team".to_owned(), team.to_owned()));
        held
    };
    let mut elsewhere = Held::new(label, "elsewhere", "x");
    elsewhere.namespace = "other".to_owned();
    let held = [
        Held::new(label, "a", "hidden-7c1e"),
        Held::new(label, "b.c", "hidden-7c1e"),
        Held::new("airflow.apache.org/connection-id", "conn", "x"),
        of_team("own", "red"),
        of_team("theirs", "blue"),
        elsewhere,
    ];
    let certificate = Authority::trusted().certificate(Validity::Good);
    let server = Server::start_tls(&certificate, move |request| {
        if request.header("authorization") == Some("Bearer refused") {
            return api::status(403, "Forbidden", "secrets is forbidden");
        }
        let reply = api::answer(request, &held);
        let accept = request.header("accept").unwrap_or_default();
        let is_list = !request.target.contains("%3D");
        assert!(
            !is_list || accept.contains("as=PartialObjectMetadataList"),
            "{accept}"
        );
        reply
    });
    let folder = temp_dir();
    std::fs::write(folder.path().join("ca.pem"), Authority::trusted().pem()).unwrap();
    let cluster =
        json!({"server": format!("https://127.0.0.1:{}", server.port), "certificate-authority": "ca.pem"});
    let file = folder.path().join("config");
    let with_token = |token: &str| {
        let config = kubeconfig(cluster.clone(), json!({"token": token}));
        std::fs::write(&file, config.to_string()).unwrap();
    };
    with_token("hidden-token");
    let program = |kwargs: serde_json::Value| {
        kubernetes::kubernetes(&kwargs)
            .env("KUBECONFIG", &file)
            .args(["list", "var"])
    };
    // Without a label of teams, a lookup of either finds it.
    assert_eq!(ids(program(json!({}))), ["a", "b.c", "own", "theirs"]);
    let teams = json!({"team_label": "team"});
    assert_eq!(ids(program(teams.clone())), ["a", "b.c"]);
    assert_eq!(ids(as_red(program(teams))), ["a", "b.c", "own"]);
    assert!(ids(program(json!({"variables_label": null}))).is_empty());
    with_token("refused");
    let output = program(json!({})).run();
    assert_eq!((output.status, output.text()), (4, ""), "{}", output.stderr);
    assert!(output.stderr.contains("verbs: [list]"), "{}", output.stderr);
}

#[test]
fn lockbox_is_listed_with_the_list_that_every_lookup_needs() {
    let names = [
        "variables/a",
        "variables/f/b",
        "variables/red//own",
        "variablesx/c",
        "connections/d",
    ];
    let secrets = names.map(|name| yandex::secret(&format!("airflow/{name}"), "hidden-7c1e"));
    let cloud = Cloud::start(secrets.into(), 2);
    let program = |kwargs: serde_json::Value| {
        let mut all = json!({"yc_oauth_token": "y3_token", "folder_id": "b1g"});
        all.as_object_mut()
            .unwrap()
            .extend(kwargs.as_object().unwrap().clone());
        cloud.program(&all).args(["list", "var"])
    };
    assert_eq!(ids(program(json!({}))), ["a", "f/b", "red//own"]);
    let requests = cloud.take();
    assert!(
        !requests.iter().any(|request| request.target.contains("payload?")),
        "a value was read"
    );
    assert_eq!(ids(as_red(program(json!({})))), ["a", "f/b", "own"]);
    assert_eq!(ids(program(json!({"variables_prefix": ""}))).len(), names.len());
    assert!(ids(program(json!({"variables_prefix": null}))).is_empty());
}

#[test]
fn akeyless_is_listed_by_pages_below_the_folder() {
    let stored = [
        "variables/a",
        "variables/f/b",
        "variables/c",
        "variables/red/own",
        "variablesx/d",
    ];
    let server = akeyless::akeyless(BTreeMap::from(
        stored.map(|name| (format!("/airflow/{name}"), json!("hidden-7c1e"))),
    ));
    let program = |more: serde_json::Value| akeyless::program(&server.url(), &more).args(["list", "var"]);
    assert_eq!(ids(program(json!({}))), ["a", "c", "f/b", "red/own"]);
    let lists = server
        .take()
        .into_iter()
        .filter(|request| request.target == "/list-items")
        .count();
    assert_eq!(lists, 2);
    // A team's id must not have the separator.
    assert_eq!(ids(as_red(program(json!({})))), ["a", "c", "own"]);
    // A path without a slash in front is the same folder.
    assert_eq!(
        ids(program(json!({"variables_path": "airflow/variables"}))).len(),
        4
    );
    let refused = Server::start(|request| {
        if request.target.ends_with("/auth") {
            return Reply::json(200, json!({"token": akeyless::TOKEN}));
        }
        Reply::json(403, json!({"error": "the access is denied"}))
    });
    let output = akeyless::program(&refused.url(), &json!({}))
        .args(["list", "var"])
        .run();
    assert_eq!((output.status, output.text()), (4, ""), "{}", output.stderr);
    assert!(
        output
            .stderr
            .contains("permission `list` on `/airflow/variables/*`"),
        "{}",
        output.stderr
    );
}
