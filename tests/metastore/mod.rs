//! Airflow's database next to Airflow: the same rows, tables, keys and files, read by both.

mod fernet;
mod rows;
mod sqlite;
mod tables;

use std::time::{Duration, Instant};

use secretctl::connection::Connection;
use secretctl::env::Env;
use secretctl::error::Error;
use secretctl::python::json::Object;
use secretctl::resolver::Resolver;
use secretctl::secret::Secret;
use secretctl::settings::Settings;
use secretctl::value::{Found, SecretKind};
use serde_json::{Value, json};

use crate::connection::ours;
use crate::support::{Program, airflow, secretctl};

/// Airflow's current key, an older one, and one that nobody has any more.
pub const KEY: &str = "W5hRQ1pEvHcGPvZkKGAJ9dF1gIGcHR5gAo1rSAzQbMA=";
const OLDER_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
pub const LOST_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The name of the database's option, and of the key's.
pub const CONN: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";
pub const FERNET: &str = "AIRFLOW__CORE__FERNET_KEY";

/// Encrypts as Airflow does.
pub fn encrypt(key: &str, text: &str) -> String {
    let question = json!({"op": "metastore.encrypt", "key": key, "text": text});
    airflow().unwrap().ask(question).as_str().unwrap().to_owned()
}

/// The library with one database, as a team or without one.
struct Ours {
    resolver: Resolver,
    runtime: tokio::runtime::Runtime,
}

impl Ours {
    fn new(url: &str, fernet_key: &str, team: Option<&str>) -> Self {
        let env: Env = [
            (CONN, url),
            (FERNET, fernet_key),
            (
                "AIRFLOW__CORE__MULTI_TEAM",
                if team.is_some() { "True" } else { "False" },
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Secret::from(value)))
        .collect();
        let args = secretctl::cli::GlobalArgs {
            team: team.map(str::to_owned),
            ..Default::default()
        };
        let mut settings = Settings::resolve(&args, env).unwrap();
        settings.deadline = Instant::now() + Duration::from_mins(10);
        Self {
            resolver: Resolver::new(&mut settings, |id, found| {
                Connection::from_found(id, found).map(|_| Object::default())
            })
            .unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    fn find(&self, kind: SecretKind, id: &str) -> Result<Found, Error> {
        let resolved = self.runtime.block_on(self.resolver.resolve(kind, id))?;
        Ok(resolved.found)
    }

    /// Returns the answer to a name in the form of `metastore.rows`, with `{"status": …}` for an error.
    fn answer(&self, name: &Value) -> Value {
        let id = name["id"].as_str().unwrap();
        let kind = match name["kind"].as_str() {
            Some("variable") => SecretKind::Variable,
            _ => SecretKind::Connection,
        };
        match self.find(kind, id) {
            Ok(Found::Text(text)) => json!({"value": text.expose_text().unwrap()}),
            Ok(found) => {
                let connection = ours::connection(id, &found);
                if connection["error"] == true {
                    json!({"status": 6})
                } else {
                    json!({"value": connection})
                }
            }
            Err(error) if error.kind().exit_status() == 3 => json!({"value": null}),
            Err(error) => json!({"status": error.kind().exit_status()}),
        }
    }
}

/// The program with a database and a key.
fn program(url: &str, fernet_key: &str) -> Program {
    secretctl().env(CONN, url).env(FERNET, fernet_key)
}
