//! What is found, under which name, and what is not.

use serde_json::json;

use super::{Case, run};
use crate::azure::support::{TENANT, World};
use crate::support::Side;
use crate::support::server::Reply;

/// A secret's id: Airflow's client insists on the form.
const ID: &str =
    "https://contoso.vault.azure.net/secrets/airflow-variables-hello/0123456789abcdef0123456789abcdef";

#[test]
fn values_are_airflows() {
    run(&[
        Case::new("a variable"),
        Case::new("a connection").ask("connection", "smtp_default"),
        Case::new("a connection in JSON").ask("connection", "json"),
        Case::new("a configuration option").ask("config", "sql_alchemy_conn"),
        Case::new("an empty variable").ask("variable", "empty"),
        Case::new("a variable of several lines").ask("variable", "lines"),
        Case::new("a variable beyond ASCII").ask("variable", "unicode"),
        Case::new("a name in other letters").ask("variable", "HELLO"),
        Case::new("a secret that is not there")
            .ask("variable", "nope")
            .fails(3, &[]),
        Case::new("a name that Key Vault cannot have")
            .ask("variable", "no.pe")
            .fails(3, &[]),
        Case::new("a null prefix")
            .kwarg("variables_prefix", json!(null))
            .fails(3, &[]),
        Case::new("an empty prefix")
            .kwarg("variables_prefix", json!(""))
            .ask("variable", "airflow_variables_hello"),
        Case::new("a prefix with its separator behind it")
            .kwarg("variables_prefix", json!("airflow-variables-")),
        Case::new("a separator of two characters")
            .kwarg("sep", json!("--"))
            .ask("variable", "nope")
            .fails(3, &[]),
        Case::new("a null separator")
            .kwarg("sep", json!(null))
            .fails(2, &["`sep` is null"]),
        Case {
            team: Some("data"),
            ..Case::new("a team's own").ask("variable", "own")
        },
        Case {
            team: Some("data"),
            ..Case::new("what a team shares").ask("variable", "shared")
        },
        Case {
            team: Some("data"),
            ..Case::new("what no team has")
                .ask("variable", "nope")
                .fails(3, &[])
        },
        Case {
            team: Some("data"),
            ..Case::new("another team's by its name")
                .ask("variable", "x--y")
                .fails(3, &[])
        },
        Case::new("an API version").kwarg("api_version", json!("7.4")),
        Case::new("a vault's URL with blanks and slashes around it")
            .kwarg("vault_url", json!(" https://contoso.vault.azure.net// ")),
        Case::new("a prefix that is 0")
            .kwarg("variables_prefix", json!(0))
            .fails(3, &[]),
        Case::new("a prefix that is a number")
            .kwarg("variables_prefix", json!(5))
            .fails(2, &["must be text"]),
        Case::new("a value that is a list")
            .vault([Reply::json(200, json!({"value": ["x", true, null], "id": ID}))]),
        Case::new("an answer with a byte order mark")
            .vault([Reply::json(200, json!({})).body("\u{feff}{\"value\": NaN}")]),
        Case::new("a null value")
            .vault([Reply::json(200, json!({"value": null, "id": ID}))])
            .fails(3, &[]),
        Case::new("an answer behind a byte order mark").vault([Reply::status(200)
            .header("Content-Type", "application/json")
            .body(format!("\u{feff}{{\"value\": \"world\", \"id\": \"{ID}\"}}"))]),
        Case::new("no value at all")
            .vault([Reply::json(200, json!({"id": ID}))])
            .fails(6, &["has no `value`"])
            .differs("azure-no-value", Side::not_found()),
    ]);
}

#[test]
fn a_vaults_url_with_more_than_a_host_is_not_asked() {
    let login = format!("login POST /{TENANT}/oauth2/v2.0/token");
    let own = "vault GET /secrets/airflow-variables-hello/?";
    let with_query = format!("{own}x=y&");
    let strange = "vault GET /secrets/x/secrets/airflow-variables-hello/?";
    run(&[
        Case::new("a vault's URL with a path")
            .kwarg("vault_url", json!("https://contoso.vault.azure.net/secrets/x"))
            .fails(2, &["must not have a path"])
            .differs(
                "azure-vault-url",
                Side::not_found().asking(json!([login, strange, strange])),
            )
            .other_requests(),
        Case::new("a vault's URL with a query")
            .kwarg("vault_url", json!("https://contoso.vault.azure.net/?x=y"))
            .fails(2, &["must not have a path"])
            .differs(
                "azure-vault-url",
                Side::found("world").asking(json!([login, with_query, with_query])),
            )
            .other_requests(),
        Case::new("a vault's URL with a fragment")
            .kwarg("vault_url", json!("https://contoso.vault.azure.net/#x"))
            .fails(2, &["must not have a path"])
            .differs(
                "azure-vault-url",
                Side::found("world").asking(json!([login, own, own])),
            )
            .other_requests(),
    ]);
}

#[test]
fn many_names_take_one_token_one_challenge_and_eight_connections() {
    let world = World::start();
    let mut program = world
        .program(&super::values(), &json!({}))
        .args(["export", "--format", "json"]);
    let names = ["hello", "empty", "unicode", "own", "shared"];
    for (at, name) in names.iter().cycle().take(40).enumerate() {
        program = program.args(["--set", &format!("N{at}=var:{name}")]);
    }
    world.tell(&json!({}), &[], &[], &[]);
    let output = program.run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let requests = world.requests();
    let count = |what: &str| requests.iter().filter(|line| line.contains(what)).count();
    assert_eq!(count("login POST"), 1, "{requests:#?}");
    assert_eq!(
        count("token=none"),
        2,
        "one challenge, and the login: {requests:#?}"
    );
    assert!(count("token=bearer") <= 40, "{requests:#?}");
    assert!(world.most_open() <= 8, "{} connections", world.most_open());
}

#[test]
fn a_lookup_takes_one_token_and_two_requests() {
    let world = World::start();
    world.tell(&json!({}), &[], &[], &[]);
    assert_eq!(world.hello().status, 0);
    let requests = world.requests();
    assert_eq!(requests.len(), 3, "{requests:#?}");
}

#[test]
fn the_token_is_asked_for_while_the_challenge_is_under_way() {
    let world = World::start();
    // The vault holds its challenge back for five seconds, unless the login is asked meanwhile.
    world.tell(&json!({"meet": true}), &[], &[], &[]);
    let output = world.hello();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.time.as_secs() < 4, "{:?}", output.time);
    let logins = world
        .requests()
        .iter()
        .filter(|line| line.starts_with("login"))
        .count();
    assert_eq!(logins, 1);
}

#[test]
fn no_verbosity_shows_a_secret() {
    let world = World::start();
    world.tell(&json!({}), &[], &[], &[]);
    let output = world
        .program(&super::values(), &json!({}))
        .args(["-vvv", "get-conn", "smtp_default"])
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    // It does say whom it asked.
    assert!(
        output.stderr.contains("DefaultAzureCredential") || output.stderr.contains("ClientSecretCredential"),
        "{}",
        output.stderr
    );
    for secret in [
        crate::azure::support::CLIENT_SECRET,
        "s3cr3t",
        "eyJ",
        "user:pass",
        "Bearer ey",
    ] {
        assert!(
            !output.stderr.contains(secret),
            "`{secret}` is in: {}",
            output.stderr
        );
    }
}

#[test]
fn nothing_is_sent_for_a_name_that_is_not_asked_for() {
    let world = World::start();
    let kwargs = json!({"vault_url": "https://contoso.vault.azure.net/", "variables_prefix": null});
    world.tell(&json!({}), &[], &[], &[]);
    assert_eq!(
        world
            .program(&kwargs, &json!({}))
            .args(["get-var", "hello"])
            .run()
            .status,
        3
    );
    assert_eq!(
        world
            .program(&kwargs, &json!({}))
            .args(["get-conn", "no.pe"])
            .run()
            .status,
        3
    );
    assert_eq!(
        world
            .program(&kwargs, &json!({}))
            .args(["explain", "conn", "x"])
            .run()
            .status,
        0
    );
    assert_eq!(world.requests(), Vec::<String>::new());
}
