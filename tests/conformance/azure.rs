//! Key Vault: a vault of the tests' own behind a login of the tests' own, over TLS.

use serde_json::json;

use super::{DSN, Subject, URI, WORLD, conforms};
use crate::azure::support::{World, values, vault};
use crate::support::server::{Authority, Recorded, Reply, Server, Validity};

fn answer(request: &Recorded) -> Reply {
    let usual = vault::answer(request, &vault::usual_challenge(), "https://vault.azure.net");
    if request.header("authorization").is_none() {
        return usual;
    }
    let path = request.target.split(['?']).next().unwrap_or_default();
    if path == "/secrets" {
        let names = [
            "airflow-connections-smtp-default",
            "airflow-variables-hello",
            "airflow-config-sql-alchemy-conn",
        ];
        return vault::list("", names.into_iter());
    }
    let name = path.trim_start_matches("/secrets/").trim_end_matches('/');
    let value = match name {
        "airflow-connections-smtp-default" => URI,
        "airflow-variables-hello" => WORLD,
        "airflow-config-sql-alchemy-conn" => DSN,
        _ => return usual,
    };
    vault::bundle(name, &json!(value))
}

#[test]
fn key_vault_conforms() {
    let world = World::start();
    let certificate = Authority::trusted().certificate(Validity::Good);
    let server = Server::start_tls(&certificate, answer);
    let mut kwargs = values();
    kwargs["vault_url"] = server.url().into();
    kwargs["verify_challenge_resource"] = false.into();
    let env = world.env(&json!({"NO_PROXY": "127.0.0.1,localhost"}));
    let text = |(name, value): (String, serde_json::Value)| (name, value.as_str().unwrap().to_owned());
    conforms(&Subject {
        class_path: crate::azure::names::BACKEND,
        kwargs,
        env: env.into_iter().map(text).collect(),
        has_configuration: true,
    });
}
