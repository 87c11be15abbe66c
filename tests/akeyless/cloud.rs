//! Logins with the proof of a cloud: secretctl's `cloud_id` beside that of the public package, which Airflow's backend uses.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{BACKEND, akeyless, program};
use crate::azure::support::{CLIENT, CLIENT_SECRET, TENANT, World};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{airflow, sigv4, temp_dir};

/// The secrets of every server here.
fn hello() -> BTreeMap<String, Value> {
    BTreeMap::from([("/airflow/variables/hello".to_owned(), json!("world"))])
}

/// Logs in with `kwargs` and `env`: Airflow's backend and then secretctl. Returns both bodies of the login; Airflow's is null
/// without Airflow.
#[track_caller]
fn logins(kwargs: &Value, env: &Map<String, Value>) -> [Value; 2] {
    let server = akeyless(hello());
    let login = |server: &Server| {
        let requests = server.take();
        let login = requests.iter().find(|request| request.target == "/auth");
        login.map(Recorded::json).unwrap_or_default()
    };
    let mut kwargs = kwargs.clone();
    kwargs["access_id"] = "p-cloud".into();
    kwargs["api_url"] = server.url().into();
    let theirs = airflow().map(|judge| {
        let asked = judge.ask(json!({
            "op": "backends.lookup", "class": BACKEND, "kwargs": kwargs, "env": env, "kind": "variable", "id": "hello",
        }));
        assert_eq!(asked["value"], "world", "{asked}");
        login(&server)
    });
    kwargs["access_key"] = Value::Null;
    let mut program = program(&server.url(), &kwargs).args(["get-var", "hello", "-n"]);
    for (name, value) in env {
        program = program.env(name, value.as_str().unwrap());
    }
    assert_eq!(program.run().ok(), "world");
    [theirs.unwrap_or_default(), login(&server)]
}

fn decoded(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

/// Verifies the signed request in `login`, and returns what of it does not change with time.
#[track_caller]
fn proof_of_aws(login: &Value, session_token: Option<&str>) -> Value {
    let proof: Value = serde_json::from_slice(&decoded(&login["cloud-id"])).unwrap();
    let headers: Map<String, Value> =
        serde_json::from_slice(&decoded(&proof["sts_request_headers"])).unwrap();
    let header = |(name, value): (&String, &Value)| {
        (
            name.to_ascii_lowercase(),
            value[0].as_str().unwrap_or_default().to_owned(),
        )
    };
    let mut request = Recorded {
        method: proof["sts_request_method"].as_str().unwrap().to_owned(),
        target: "/".to_owned(),
        headers: headers.iter().map(header).collect(),
        body: decoded(&proof["sts_request_body"]),
        connection: 0,
    };
    request
        .headers
        .push(("host".to_owned(), "sts.amazonaws.com".to_owned()));
    let scope = sigv4::verify(&request, "secret-1").unwrap();
    assert_eq!(
        (
            &scope.region[..],
            &scope.service[..],
            scope.session_token.as_deref()
        ),
        ("us-east-1", "sts", session_token)
    );
    let mut names: Vec<&String> = headers.keys().collect();
    names.sort();
    json!({
        "url": String::from_utf8(decoded(&proof["sts_request_url"])).unwrap(), "method": request.method,
        "body": String::from_utf8(request.body).unwrap(), "headers": names, "type": headers["Content-Type"],
        "agent": headers["User-Agent"], "login": {"id": login["access-id"], "type": login["access-type"]},
    })
}

fn env(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

#[test]
fn aws_signs_the_same_request() {
    let env = env(&[
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "secret-1"),
        ("AWS_SESSION_TOKEN", "token-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ]);
    let [theirs, ours] = logins(&json!({"access_type": "aws_iam"}), &env);
    let ours = proof_of_aws(&ours, Some("token-1"));
    if !theirs.is_null() {
        assert_eq!(ours, proof_of_aws(&theirs, Some("token-1")));
    }
}

/// A key that google-auth and secretctl exchange for an ID token.
fn google_key(token_uri: &str) -> Option<String> {
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA"])
        .output();
    let Some(made) = made.ok().filter(|made| made.status.success()) else {
        crate::support::skip("openssl", "no RSA key can be made without it");
        return None;
    };
    let key = json!({
        "type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "token_uri": token_uri,
        "private_key": String::from_utf8(made.stdout).unwrap(), "private_key_id": "k1", "project_id": "p",
    });
    Some(key.to_string())
}

/// An ID token: google-auth reads its end.
fn id_token() -> String {
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.c2ln",
        part(json!({"alg": "RS256"})),
        part(json!({"exp": 4_102_444_800_u64}))
    )
}

/// Starts what gives an ID token: by a key, and as a metadata server.
pub(super) fn metadata() -> Server {
    Server::start(|request| {
        if request.target.starts_with("/token") {
            Reply::json(200, json!({"id_token": id_token()}))
        } else if request.target.contains("recursive=true") {
            let account =
                json!({"email": "a@p.iam.gserviceaccount.com", "scopes": [], "aliases": ["default"]});
            Reply::json(200, account).header("Metadata-Flavor", "Google")
        } else {
            Reply::status(200)
                .header("Metadata-Flavor", "Google")
                .header("Content-Type", "application/text")
                .body(id_token())
        }
    })
}

#[test]
fn google_gives_the_same_token_by_key_and_by_machine() {
    let google = metadata();
    let Some(key) = google_key(&format!("{}/token", google.url())) else {
        return;
    };
    let folder = temp_dir();
    let path = folder.path().join("key.json");
    std::fs::write(&path, key).unwrap();
    let host = google.url().replace("http://", "");
    for (env, machine) in [
        (
            env(&[("GOOGLE_APPLICATION_CREDENTIALS", path.to_str().unwrap())]),
            false,
        ),
        (
            env(&[("GCE_METADATA_HOST", &host), ("GCE_METADATA_IP", &host)]),
            true,
        ),
    ] {
        let [theirs, ours] = logins(
            &json!({"access_type": "gcp", "gcp_audience": "akeyless.io"}),
            &env,
        );
        assert_eq!(decoded(&ours["cloud-id"]), id_token().as_bytes());
        if !theirs.is_null() {
            assert_eq!(ours, theirs);
        }
        let requests: Vec<String> = google
            .take()
            .into_iter()
            .map(|request| audience(&request))
            .filter(|audience| !audience.is_empty())
            .collect();
        assert!(
            requests.iter().all(|audience| audience == "akeyless.io"),
            "{machine} {requests:?}"
        );
        assert_eq!(
            requests.len(),
            if theirs.is_null() { 1 } else { 2 },
            "{machine} {requests:?}"
        );
    }
}

/// Returns the audience that a request for an ID token names.
pub(super) fn audience(request: &Recorded) -> String {
    let url = url::Url::parse(&format!("http://x{}", request.target)).unwrap();
    if let Some((_, audience)) = url.query_pairs().find(|(name, _)| name == "audience") {
        return audience.into_owned();
    }
    let form: BTreeMap<_, _> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let Some(claims) = form.get("assertion").and_then(|jwt| jwt.split('.').nth(1)) else {
        return String::new();
    };
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["target_audience"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn azure_gives_the_token_of_its_default_credential() {
    let world = World::start();
    let env = world.env(&json!({
        "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        "NO_PROXY": "127.0.0.1,localhost",
    }));
    let [theirs, ours] = logins(&json!({"access_type": "azure_ad"}), &env);
    let claims = |login: &Value| {
        let token = String::from_utf8(decoded(&login["cloud-id"])).unwrap();
        let claims = token.split('.').nth(1).expect("a JWT").to_owned();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(claims)
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["aud"].clone()
    };
    assert_eq!(claims(&ours), "https://management.azure.com");
    if !theirs.is_null() {
        assert_eq!(claims(&ours), claims(&theirs));
    }
}
