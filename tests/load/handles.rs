//! The handles that the library keeps open over many lookups in one process.

use std::process::Command;
use std::time::{Duration, Instant};

use secretctl::connection::Connection;
use secretctl::env::Env;
use secretctl::python::json::Object;
use secretctl::resolver::Resolver;
use secretctl::secret::Secret;
use secretctl::settings::Settings;
use secretctl::value::{Found, SecretKind};

use super::{VAULT, kwargs, vault};
use crate::support::cases;

fn open_handles() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Runs in a separate process: the other tests of this one open and close handles all the time.
#[test]
#[ignore = "run by `sequential_lookups_leak_no_handles`, in a process of its own"]
fn sequential_lookups_in_this_process() {
    let lookups = cases(2_000, 10_000);
    // Connections that are kept, and connections that the server closes each time.
    for close in [false, true] {
        let server = vault(Duration::ZERO, close);
        let env = |kwargs: String| -> Env {
            [
                ("AIRFLOW__SECRETS__BACKEND", VAULT.to_owned()),
                ("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs),
            ]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Secret::from(value)))
            .collect()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let resolver = || {
            let mut settings =
                Settings::resolve(&secretctl::cli::GlobalArgs::default(), env(kwargs(&server))).unwrap();
            settings.deadline = Instant::now() + Duration::from_mins(10);
            Resolver::new(&mut settings, |id, found| {
                Connection::from_found(id, found).map(|_| Object::default())
            })
            .unwrap()
        };
        let ask = |resolver: &Resolver| {
            let found = runtime
                .block_on(resolver.resolve(SecretKind::Variable, "hello"))
                .unwrap();
            assert!(matches!(found.found, Found::Text(text) if text.expose() == b"world"));
        };
        let lasting = resolver();
        (0..10).for_each(|_| ask(&lasting));
        let before = open_handles();
        (0..lookups).for_each(|_| ask(&lasting));
        // The same number of resolvers, each with its own client and login.
        (0..lookups / 20).for_each(|_| ask(&resolver()));
        let after = open_handles();
        eprintln!("{lookups} lookups: {before} handles before, {after} after");
        // The test's server keeps its side of a connection open for a moment longer.
        assert!(after <= before + 8, "{before} handles became {after}");
    }
}

#[test]
fn sequential_lookups_leak_no_handles() {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "load::handles::sequential_lookups_in_this_process",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&status.stderr);
    assert!(status.status.success(), "{stderr}");
    eprintln!("{stderr}");
    assert!(stderr.matches("handles before").count() == 2, "{stderr}");
}
