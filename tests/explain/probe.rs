//! `explain --probe` logs in once, whatever is denied.

use serde_json::{Value, json};

use crate::azure::support::{World, values};
use crate::google;
use crate::support::Output;
use crate::support::server::{Recorded, Reply, Server};
use crate::vault::{login, vault};

/// Returns the outcome of each step that was asked.
fn outcomes(output: &Output) -> Vec<String> {
    let explained: Value = serde_json::from_str(output.ok()).unwrap();
    let lookups = explained["lookups"].as_array().unwrap();
    lookups
        .iter()
        .filter_map(|lookup| lookup["outcome"].as_str())
        .map(str::to_owned)
        .collect()
}

fn denied() -> Reply {
    Reply::json(403, json!({"errors": ["permission denied"]}))
}

/// Probes a variable in three paths; returns the outcomes, and how many logins and reads there were.
fn probe(
    kwargs: Value,
    answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
) -> (Vec<String>, usize, usize) {
    let server = Server::start(answer);
    let kwargs = crate::vault::with(
        &json!({"url": server.url(), "variables_path": ["a", "b", "c"]}),
        kwargs,
    );
    let output = vault(&kwargs)
        .args([
            "explain",
            "var",
            "hello",
            "--probe",
            "-o",
            "json",
            "--no-fallback",
        ])
        .run();
    let asked = server.take();
    let logins = asked.iter().filter(|request| request.method == "POST").count();
    (outcomes(&output), logins, asked.len() - logins)
}

#[test]
fn vault_is_logged_in_to_once() {
    let approle = || json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"});
    // The login is refused, is out of order, and works while every read is denied.
    for (login_answer, outcome, reads) in [
        (denied as fn() -> Reply, "denied", 0),
        (
            || Reply::json(400, json!({"errors": ["invalid role or secret ID"]})),
            "denied",
            0,
        ),
        (
            || Reply::json(500, json!({"errors": ["internal error"]})),
            "unreachable",
            0,
        ),
        (|| Reply::json(200, login("hvs.issued")), "denied", 3),
    ] {
        let (outcomes, logins, read) = probe(approle(), move |request| {
            if request.method == "POST" {
                login_answer()
            } else {
                denied()
            }
        });
        assert_eq!(outcomes, [outcome; 3]);
        assert_eq!((logins, read), (1, reads), "{outcome}");
    }
    let (outcomes, logins, reads) = probe(json!({"token": "t", "auth_type": "token"}), |_| denied());
    assert_eq!((outcomes, logins, reads), (vec!["denied".to_owned(); 3], 0, 3));
}

/// A token that serves once is used up by the step before: the next step's denial says nothing of its policies.
#[test]
fn a_token_that_serves_a_number_of_times_is_replaced() {
    let used = std::sync::Mutex::new(std::collections::HashSet::new());
    let issued = std::sync::atomic::AtomicUsize::new(0);
    let kwargs = json!({"auth_type": "approle", "role_id": "r", "secret_id": "s"});
    let (outcomes, logins, _) = probe(kwargs, move |request| {
        if request.method == "POST" {
            let number = issued.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut answer = login(&format!("hvs.{number}"));
            answer["auth"]["num_uses"] = 1.into();
            return Reply::json(200, answer);
        }
        let token = request.header("x-vault-token").unwrap_or_default().to_owned();
        if used.lock().unwrap().insert(token) {
            Reply::json(404, json!({"errors": []}))
        } else {
            denied()
        }
    });
    assert_eq!(outcomes, ["not found"; 3]);
    assert_eq!(logins, 3);
}

/// A lookup still logs in again when its token is rejected, as Airflow does.
#[test]
fn a_lookup_still_tries_a_rejected_token_again() {
    let server = Server::start(|request| {
        if request.method == "POST" {
            Reply::json(200, login("hvs.issued"))
        } else {
            denied()
        }
    });
    let kwargs = json!({"url": server.url(), "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    vault(&kwargs).args(["get-var", "hello"]).run().fails(4);
    let logins = server
        .take()
        .into_iter()
        .filter(|request| request.method == "POST");
    assert_eq!(logins.count(), 2);
}

#[test]
fn entra_is_logged_in_to_once() {
    let world = World::start();
    let refused = || {
        let body = json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong secret"});
        Reply::json(401, body)
    };
    let forbidden = || {
        let body = json!({"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByRbac"}}});
        Reply::json(403, body)
    };
    let unauthorized = || {
        let body = json!({"error": {"code": "Unauthorized", "message": "AKV10032: Invalid issuer."}});
        crate::azure::support::vault::challenge(&crate::azure::support::vault::usual_challenge())
            .with_status(401)
            .body(body.to_string())
    };
    let challenge =
        || crate::azure::support::vault::challenge(&crate::azure::support::vault::usual_challenge());
    for (name, vault, login) in [
        ("a refused login", vec![], vec![refused(); 20]),
        (
            "denied reads",
            [vec![challenge()], vec![forbidden(); 20]].concat(),
            vec![],
        ),
        ("refused tokens", vec![unauthorized(); 20], vec![]),
    ] {
        world.tell(&json!({}), &vault, &login, &[]);
        let output = world
            .program(&values(), &json!({"AIRFLOW__CORE__MULTI_TEAM": "True"}))
            .args([
                "explain",
                "var",
                "hello",
                "--probe",
                "-o",
                "json",
                "--no-fallback",
            ])
            .args(["--team", "blue"])
            .run();
        assert_eq!(outcomes(&output), ["denied"; 2], "{name}: {}", output.text());
        let requests = world.requests();
        let logins = requests.iter().filter(|line| line.contains("/token"));
        assert_eq!(logins.count(), 1, "{name}: {requests:#?}");
    }
}

#[test]
fn google_is_logged_in_to_once_and_each_step_says_what_it_gave() {
    let world = google::support::World::start();
    let kwargs = json!({"project_id": "proj", "gcp_credential_config_file": google::user()});
    let error = |status: u16, name: &str| {
        let error = json!({"code": status, "status": name, "message": "hunter2"});
        Reply::json(status, json!({"error": error}))
    };
    let absent = || error(404, "NOT_FOUND");
    let denied = || error(403, "PERMISSION_DENIED");
    let found = || Reply::json(200, json!({"payload": {"data": "aHVudGVyMg=="}}));
    let down = || Reply::html(500);
    let no_login = || Reply::json(400, json!({"error": "invalid_grant"}));
    // The team's name is asked first, then the plain name.
    for (stores, tokens, expected) in [
        (vec![found(), absent()], vec![], ["found", "not found"]),
        (vec![absent(), found()], vec![], ["not found", "found"]),
        (vec![denied(), found()], vec![], ["denied", "found"]),
        (vec![down(), denied()], vec![], ["unreachable", "denied"]),
        (vec![], vec![no_login()], ["denied"; 2]),
        (vec![], vec![down(); 3], ["unreachable"; 2]),
    ] {
        world.tell(&stores, &tokens, &[]);
        let output = world
            .program(&kwargs, &json!({"AIRFLOW__CORE__MULTI_TEAM": "True"}))
            .args(["explain", "var", "hello", "--probe", "-o", "json"])
            .args(["--no-fallback", "--team", "t"])
            .run();
        assert_eq!(outcomes(&output), expected, "{}", output.text());
        let everything = format!("{}{}", output.text(), output.stderr);
        assert!(!everything.contains("hunter2"), "{everything}");
        let requests = world.requests();
        let logins = requests.iter().filter(|request| request.method == "POST").count();
        assert_eq!(logins, tokens.len().max(1), "{requests:?}");
    }
}
