//! `exec` with a hundred names against a slow server, compared with the least time of eight lookups at once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::run::{clean, output_of};
use crate::server::{Server, vault};

const NAMES: usize = 100;
const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(20);
const RUNS: usize = 11;
/// The limit, as a multiple of the least possible time.
const MOST: f64 = 1.3;

/// Prints the figures, and returns whether they are within the limits.
pub(crate) fn measure() -> bool {
    let server = Server::http(vault(PAUSE));
    let kwargs = json!({"url": server.origin(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let counts = server.counts();
    let (mut times, mut most_connections, mut most_requests) = (Vec::new(), 0, 0);
    for _ in 0..RUNS {
        let mut command = clean(env!("CARGO_BIN_EXE_secretctl"));
        command
            .env(
                "AIRFLOW__SECRETS__BACKEND",
                "airflow.providers.hashicorp.secrets.vault.VaultBackend",
            )
            .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
            .arg("exec")
            .args((0..NAMES).flat_map(|number| ["--conn".to_owned(), format!("c{number}")]))
            .args(["--", "true"]);
        let start = Instant::now();
        output_of(&mut command);
        times.push(start.elapsed());
        let (connections, requests) = counts.take();
        most_connections = most_connections.max(connections);
        most_requests = most_requests.max(requests);
    }
    times.sort_unstable();
    let median = times[RUNS / 2];
    // The login, and then the names.
    let least = PAUSE * u32::try_from(1 + NAMES.div_ceil(AT_ONCE)).unwrap();
    let ratio = median.as_secs_f64() / least.as_secs_f64();
    println!(
        "\n`exec` of {NAMES} names, {} ms an answer: median {} ms of {RUNS} runs, {ratio:.2} times the {} ms that {AT_ONCE} at a time \
         take (at most {MOST}); {most_connections} connections (at most {AT_ONCE}), {most_requests} requests (one login, and one a name)",
        PAUSE.as_millis(),
        median.as_millis(),
        least.as_millis(),
    );
    let passed = ratio <= MOST && most_connections <= AT_ONCE && most_requests == 1 + NAMES;
    if !passed {
        println!("  FAILED: above its limits");
    }
    passed
}
