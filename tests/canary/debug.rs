//! `Debug` of the library's public types, where a secret could leak by accident.

use clap::Parser as _;
use secretctl::cli::Cli;
use secretctl::connection::Connection;
use secretctl::env::Env;
use secretctl::secret::Secret;
use secretctl::settings::Settings;
use secretctl::value::Found;

use super::leaks::{Canaries, canary};
use super::scenarios::VAULT;

#[test]
fn no_public_type_shows_a_secret_in_debug() {
    let secret = canary("debug");
    let kwargs = format!("{{\"token\": \"{secret}\", \"auth_type\": \"token\"}}");
    let uri = format!("postgres://u:{secret}@h/db?key={secret}");
    let env: Env = [
        ("AIRFLOW__SECRETS__BACKEND", VAULT),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", &kwargs),
        ("AIRFLOW_CONN_A", &uri),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), Secret::from(value)))
    .collect();
    let cli = Cli::parse_from(["secretctl", "get-var", "x", "--default", &secret]);
    let found = Found::Text(Secret::from(uri.as_str()));
    let connection = Connection::from_found("a", &found).unwrap();
    let settings = Settings::resolve(&cli.global, env.clone()).unwrap();
    let shown = format!(
        "{env:?} {cli:?} {found:?} {connection:?} {settings:?} {:?}",
        Secret::from(secret.as_str())
    );
    assert_eq!(
        Canaries::of(&[secret]).found_in(shown.as_bytes()),
        [] as [&str; 0],
        "{shown}"
    );
    assert!(shown.contains("redacted"), "{shown}");
}
