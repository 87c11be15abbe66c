//! Which names are asked for, and how often: one login, and each name once.

use serde_json::json;

use super::world::inject;
use crate::support::server::{Reply, Server};
use crate::support::{Program, bao, secretctl};

const VAULT: &str = "airflow.providers.hashicorp.secrets.vault.VaultBackend";

/// Returns a Vault that has some variables, denies `denied`, and has nothing else.
fn vault() -> Server {
    Server::start(|request| {
        let value = |value: &str| Reply::json(200, json!({"data": {"data": {"value": value}}}));
        match request.target.rsplit('/').next().unwrap() {
            "login" => Reply::json(
                200,
                json!({"auth": {"client_token": "t", "lease_duration": 60, "renewable": false, "policies": []}}),
            ),
            "list" => value(r#"["a", "b", "c"]"#),
            name @ ("a" | "b" | "c" | "d") => value(&format!("value of {name}")),
            "first" => value("second"),
            "second" => value("third"),
            "third" => value("end"),
            "denied" => Reply::json(403, json!({"errors": ["permission denied"]})),
            "broken" => Reply::status(500),
            _ => Reply::json(404, json!({"errors": []})),
        }
    })
}

fn with_vault(program: Program, url: &str) -> Program {
    let kwargs = json!({"url": url, "auth_type": "approle", "role_id": "r", "secret_id": "s"});
    program
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .arg("inject")
}

/// Renders a template with [`vault`], and returns the status, the text, stderr, the logins and the other requests.
fn asked(template: &str) -> (i32, String, String, usize, Vec<String>) {
    let server = vault();
    let output = with_vault(secretctl(), &server.url()).stdin(template).run();
    let requests: Vec<String> = server
        .take()
        .iter()
        .map(|request| request.target.rsplit('/').next().unwrap().to_owned())
        .collect();
    let (logins, mut reads): (Vec<String>, Vec<String>) =
        requests.into_iter().partition(|request| request == "login");
    reads.sort();
    (
        output.status,
        output.text().to_owned(),
        output.stderr,
        logins.len(),
        reads,
    )
}

#[test]
fn one_login_serves_every_name_and_each_is_asked_once() {
    let (status, text, stderr, logins, reads) = asked(
        "{{ var.value.a }} {{ var.value['b'] }} {{ var.value.a|upper }} {{ var.value.get('nothing', 'default') }}",
    );
    assert_eq!(
        (status, text.as_str()),
        (0, "value of a value of b VALUE OF A default\n"),
        "{stderr}"
    );
    assert_eq!(
        (logins, reads),
        (1, ["a", "b", "nothing"].map(str::to_owned).to_vec())
    );
}

#[test]
fn names_that_are_computed_are_asked_for_together_and_with_the_same_login() {
    let (status, text, stderr, logins, reads) =
        asked("{% for name in var.json.list %}{{ var.value[name] }};{% endfor %}{{ var.value.d }}");
    assert_eq!(
        (status, text.as_str()),
        (0, "value of a;value of b;value of c;value of d\n"),
        "{stderr}"
    );
    assert_eq!(
        (logins, reads),
        (1, ["a", "b", "c", "d", "list"].map(str::to_owned).to_vec())
    );
    let (status, text, _, logins, reads) = asked(
        "{% set ns = namespace(key='first') %}{% for i in range(3) %}{% set ns.key = var.value[ns.key] %}{% endfor %}{{ ns.key }}",
    );
    assert_eq!((status, text.as_str(), logins, reads.len()), (0, "end\n", 1, 3));
}

#[test]
fn a_name_in_a_branch_that_is_not_rendered_may_be_missing_denied_or_broken() {
    for name in ["missing", "denied"] {
        let template = format!(
            "{{% if var.value.a == 'x' %}}{{{{ var.value.{name} }}}}{{% endif %}}{{{{ var.value.b }}}}"
        );
        let (status, text, stderr, logins, _) = asked(&template);
        assert_eq!(
            (status, text.as_str(), logins),
            (0, "value of b\n", 1),
            "{stderr}"
        );
        let (status, text, _, _, _) = asked(&format!(
            "{{% if var.value.a %}}{{{{ var.value.{name} }}}}{{% endif %}}"
        ));
        let expected = if name == "missing" { 3 } else { 4 };
        assert_eq!((status, text.as_str()), (expected, ""));
    }
}

#[test]
fn a_failed_lookup_has_its_own_status_and_a_default_does_not_hide_it() {
    for (template, expected) in [
        ("{{ var.value.get('denied', 'default') }}", 4),
        ("{{ var.value.get('broken', 'default') }}", 5),
        ("{{ conn.get('denied', 'default') }}", 4),
        ("{{ var.json.get('a', 'default') }}", 6),
        ("{{ var.value.missing }}{{ var.value.denied }}", 4),
    ] {
        let server = vault();
        let output = with_vault(secretctl(), &server.url())
            .stdin(template)
            .args(["--timeout", "3"])
            .run();
        assert_eq!(output.status, expected, "{template}: {}", output.stderr);
        assert!(output.stderr.contains("stdin:1:"), "{}", output.stderr);
    }
}

#[test]
fn a_mistake_that_needs_no_value_is_said_before_anyone_is_asked() {
    for template in [
        "{{ nope }}{{ var.value.a }}",
        "{{ var.value.a }}{% if %}",
        "{{ ds }}{{ var.value.a }}",
    ] {
        let (status, _, _, logins, reads) = asked(template);
        assert_eq!((status, logins, reads.len()), (2, 0, 0), "{template}");
    }
}

#[test]
fn without_a_name_nobody_is_asked() {
    let (status, text, _, logins, reads) = asked("{{ 1 + 1 }}");
    assert_eq!((status, text.as_str(), logins, reads.len()), (0, "2\n", 0, 0));
}

/// A real server behind one that counts: the requests are forwarded to `OpenBao`.
#[test]
fn a_real_server_is_logged_into_once_for_ten_names() {
    let Some(bao) = bao() else { return };
    let mount = bao.kv(2);
    for number in 0..10 {
        let uri = format!("postgres://u:password-{number}@host-{number}/db");
        bao.put(
            &mount,
            &format!("connections/c{number}"),
            json!({"conn_uri": uri}),
        );
    }
    let (role_id, secret_id) = bao.approle(&mount);
    let counting = Server::start(move |request| {
        let token = request.header("x-vault-token").unwrap_or_default();
        let header = format!("X-Vault-Token: {token}\r\n");
        let path = request.target.trim_start_matches("/v1/");
        let (status, answer) = if path.ends_with("/login") {
            bao.request(&request.method, path, &request.json())
        } else {
            bao.request_as(&header, &request.method, path, &request.json())
        };
        Reply::json(status, answer)
    });
    let kwargs = json!({"url": counting.url(), "auth_type": "approle", "role_id": role_id, "secret_id": secret_id,
        "mount_point": mount});
    let template = "{% for n in range(10) %}{{ conn['c' ~ n].password }} {% endfor %}{{ conn.c3.host }}";
    let output = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env("AIRFLOW__SECRETS__BACKEND_KWARGS", kwargs.to_string())
        .arg("inject")
        .stdin(template)
        .run();
    let passwords: Vec<String> = (0..10).map(|number| format!("password-{number}")).collect();
    assert_eq!(
        output.text(),
        format!("{} host-3\n", passwords.join(" ")),
        "{}",
        output.stderr
    );
    let requests = counting.take();
    let logins = requests
        .iter()
        .filter(|request| request.target.ends_with("/login"))
        .count();
    assert_eq!((logins, requests.len()), (1, 11));
    // The token of the role may not read another mount.
    let denied = secretctl()
        .env("AIRFLOW__SECRETS__BACKEND", VAULT)
        .env(
            "AIRFLOW__SECRETS__BACKEND_KWARGS",
            json!({"url": bao.addr, "auth_type": "approle", "role_id": role_id,
            "secret_id": secret_id, "mount_point": bao.kv(2)})
            .to_string(),
        )
        .arg("inject")
        .stdin("{{ conn.c1.host }}")
        .run();
    assert_eq!(denied.status, 4, "{}", denied.stderr);
}

#[test]
fn local_names_need_no_server() {
    let output = inject("{{ conn.warehouse.host }}").run();
    assert_eq!(output.text(), "db.example.com\n");
}
