//! Azure Key Vault: pages, disabled secrets, ambiguous names, and a next page that is elsewhere.

use serde_json::json;

use super::{ids, json as listed_json, lines};
use crate::azure::names::BACKEND;
use crate::azure::support::{VAULT, World, values, vault};
use crate::support::server::Reply;
use crate::support::{Program, secretctl};

fn program(world: &World, more: &serde_json::Value) -> Program {
    let mut kwargs = values();
    for (name, value) in more.as_object().unwrap() {
        kwargs[name] = value.clone();
    }
    world.env(&json!({})).iter().fold(
        secretctl()
            .env("AIRFLOW__SECRETS__BACKEND", BACKEND)
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string()),
        |program, (name, value)| program.env(name, value.as_str().unwrap()),
    )
}

#[test]
fn every_page_is_listed_and_it_is_said_once_that_an_underscore_may_be_a_hyphen() {
    let world = World::start();
    let output = program(&world, &json!({})).args(["list", "conn"]).run();
    let place = format!("Azure Key Vault https://{VAULT}/");
    let listed: Vec<(String, String)> = lines(&output).into_iter().map(|line| (line.0, line.1)).collect();
    let expected = ["json", "smtp_default"].map(|id| (id.to_owned(), place.clone()));
    assert_eq!(listed, expected);
    assert_eq!(
        output.stderr.matches("may also have `-`").count(),
        1,
        "{}",
        output.stderr
    );
    // All of the vault's ten secrets, four pages, had to be seen.
    let output = program(&world, &json!({"variables_prefix": ""}))
        .args(["list", "var", "-o", "json"])
        .run();
    assert_eq!(
        listed_json(&output)["names"].as_array().unwrap().len(),
        vault::SECRETS.len()
    );
    let none = program(&world, &json!({"variables_prefix": null}))
        .args(["list", "var"])
        .run();
    assert!(lines(&none).is_empty() && none.stderr.contains("`variables_prefix` is null"));
}

#[test]
fn another_separator_and_teams_are_turned_back() {
    let world = World::start();
    let listed = |kwargs: serde_json::Value, args: &[&str]| {
        ids(program(&world, &kwargs).args(["list", "var"]).args(args))
    };
    // With `--`, only names with `--` after the prefix can be asked for.
    assert_eq!(
        listed(
            json!({"sep": "--", "variables_prefix": "airflow-variables-data"}),
            &[]
        ),
        ["own"]
    );
    let team = |team: &[&str]| {
        ids(program(&world, &json!({}))
            .env("AIRFLOW__CORE__MULTI_TEAM", "True")
            .args(["list", "var"])
            .args(team))
    };
    assert!(team(&["--team", "data"]).contains(&"own".to_owned()));
    assert!(!team(&[]).iter().any(|id| id.contains("data")));
}

#[test]
fn a_disabled_secret_is_marked_and_shadows() {
    let world = World::start();
    world.tell(
        &json!({}),
        &[vault::list(
            "",
            ["airflow-variables-gone-off", "airflow-variables-on"].into_iter(),
        )],
        &[],
        &[],
    );
    let output = program(&world, &json!({}))
        .env("AIRFLOW_VAR_GONE_OFF", "x")
        .args(["list", "var"])
        .run();
    let listed = lines(&output);
    assert_eq!(listed[0].2.as_deref(), Some("disabled"), "{listed:?}");
    assert_eq!(listed[1].2, None);
    assert!(
        listed[2]
            .2
            .as_deref()
            .unwrap()
            .starts_with("shadowed by Azure Key Vault"),
        "{listed:?}"
    );
}

#[test]
fn a_next_page_outside_of_the_vault_is_not_asked_for() {
    for next in [
        "https://elsewhere.example/secrets?$skiptoken=3",
        "http://contoso.vault.azure.net/secrets?$skiptoken=3",
        "https://contoso.vault.azure.net:8443/secrets",
        "https://x@contoso.vault.azure.net/secrets",
        "//elsewhere.example/secrets",
    ] {
        let world = World::start();
        let page = json!({"value": [{"id": format!("https://{VAULT}/secrets/airflow-variables-a")}], "nextLink": next});
        world.tell(&json!({}), &[Reply::json(200, page)], &[], &[]);
        let output = program(&world, &json!({})).args(["list", "var"]).run();
        assert_eq!(
            (output.status, output.text()),
            (5, ""),
            "{next}: {}",
            output.stderr
        );
        assert!(
            output.stderr.contains("no token was sent there"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_list_that_is_refused_or_no_list_has_its_status() {
    let forbidden = vault::error(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.",
        Some("ForbiddenByRbac"),
    );
    for (reply, status, words) in [
        (forbidden, 4, "`Key Vault Secrets User` on the vault itself"),
        (Reply::html(200), 5, "not Key Vault's JSON"),
        (Reply::json(200, json!([])), 5, "not Key Vault's JSON"),
        (
            Reply::json(404, json!({"error": {"code": "NotFound"}})),
            5,
            "has no list",
        ),
    ] {
        let world = World::start();
        world.tell(&json!({}), &[reply], &[], &[]);
        let output = program(&world, &json!({})).args(["list", "var"]).run();
        assert_eq!((output.status, output.text()), (status, ""), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
}
