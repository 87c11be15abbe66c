//! Credentials and values that cross the network: a real Vault, no server, and a server that echoes.

use serde_json::json;

use super::leaks::canary;
use super::scenarios::{AWS, AZURE, GOOGLE, PARAMETER_STORE, Scenario, VAULT};
use super::vendors;
use crate::support::server::{Reply, Server};
use crate::support::{VaultServer, free_port};

/// Values of every shape in a real server.
pub fn vault(bao: &VaultServer) -> Vec<Scenario> {
    let mount = bao.kv(2);
    let (role_id, secret_id) = bao.approle(&mount);
    let (value, password) = (canary("vaultvalue"), canary("vaultpassword"));
    let text = format!("{value}\n'\"$%\\ é::set-env ##vso[task]{value}");
    let shapes = [
        (
            "a URI",
            0,
            json!({"conn_uri": format!("postgres://u:{password}%40@h/db?a={password}")}),
            json!({"value": text}),
        ),
        (
            "fields",
            0,
            json!({"conn_type": "x", "password": password, "extra": format!("{{\"a\": \"{password}\"}}")}),
            json!({"value": {"a": value}}),
        ),
        (
            "unknown fields",
            6,
            json!({"conn_type": "x", "passwrd": password}),
            json!({"valeu": value}),
        ),
        (
            "a port that is a secret",
            6,
            json!({"conn_uri": format!("x://h:{password}")}),
            json!({"value": [value]}),
        ),
        (
            "JSON cut off",
            6,
            json!({"conn_uri": format!("{{\"password\": \"{password}")}),
            json!({"value": null, "other": value}),
        ),
    ];
    let mut scenarios = Vec::new();
    for (number, (name, status, connection, variable)) in shapes.into_iter().enumerate() {
        let (remote, more) = (connection.to_string(), variable.to_string());
        bao.put(&mount, &format!("c{number}/warehouse"), connection);
        bao.put(&mount, &format!("v{number}/hello"), variable);
        let kwargs = json!({
            "url": bao.addr, "mount_point": mount, "auth_type": "approle", "role_id": role_id, "secret_id": secret_id,
            "connections_path": format!("c{number}"), "variables_path": format!("v{number}"),
        });
        scenarios.push(
            Scenario::new(name, status)
                .backend(VAULT, kwargs.to_string())
                .remote(remote)
                .remote(more),
        );
    }
    let wrong = |name: &str, kwargs: serde_json::Value| {
        let mut all = json!({"url": bao.addr, "mount_point": mount});
        all.as_object_mut()
            .unwrap()
            .extend(kwargs.as_object().unwrap().clone());
        Scenario::new(name, 4).backend(VAULT, all.to_string())
    };
    scenarios.push(wrong(
        "a wrong token",
        json!({"auth_type": "token", "token": canary("wrongtoken")}),
    ));
    // A separate role: five failed logins lock it, and the other scenarios run at the same time.
    let (locked_out, _) = bao.approle(&mount);
    scenarios.push(wrong(
        "a wrong secret id",
        json!({"auth_type": "approle", "role_id": locked_out, "secret_id": canary("wrongsecretid")}),
    ));
    scenarios.push(wrong(
        "a wrong password",
        json!({"auth_type": "userpass", "username": "nobody", "password": canary("wrongpassword")}),
    ));
    scenarios
}

/// The kwargs of each login, with a canary for each of its secrets.
fn logins() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("token", json!({"auth_type": "token", "token": canary("token")})),
        (
            "approle",
            json!({"auth_type": "approle", "role_id": "role", "secret_id": canary("secretid")}),
        ),
        (
            "userpass",
            json!({"auth_type": "userpass", "username": "u", "password": canary("userpass")}),
        ),
        (
            "ldap",
            json!({"auth_type": "ldap", "username": "u", "password": canary("ldap")}),
        ),
        (
            "github",
            json!({"auth_type": "github", "token": canary("github")}),
        ),
        (
            "jwt",
            json!({"auth_type": "jwt", "jwt_role": "r", "jwt_token": canary("jwt")}),
        ),
        (
            "kubernetes",
            json!({"auth_type": "kubernetes", "kubernetes_role": "r", "kubernetes_jwt_path": "{dir}/jwt"}),
        ),
        (
            "aws_iam",
            json!({"auth_type": "aws_iam", "role_id": "r", "key_id": canary("keyid"), "secret_id": canary("awssecret"), "region": "us-east-1"}),
        ),
    ]
}

fn with_login(name: &str, status: i32, url: &str, mut kwargs: serde_json::Value) -> Scenario {
    kwargs["url"] = url.into();
    Scenario::new(name, status)
        .args(&["--timeout", "0.5"])
        .backend(VAULT, kwargs.to_string())
        .file("jwt", canary("kubernetes"))
        .slow()
}

/// Every login without a server, and addresses with a password.
pub fn unreachable() -> Vec<Scenario> {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let mut scenarios: Vec<_> = logins()
        .into_iter()
        .map(|(name, kwargs)| with_login(name, 5, &nobody, kwargs))
        .collect();
    let key = json!({
        "type": "service_account", "project_id": "p", "client_email": "a@p.example", "private_key_id": "1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", canary("gcpkey")),
        "token_uri": nobody,
    });
    let gcp = json!({"auth_type": "gcp", "role_id": "r", "gcp_keyfile_dict": key});
    scenarios.push(with_login("an invalid gcp key", 2, &nobody, gcp));
    let token = || json!({"auth_type": "token", "token": canary("token")});
    let port = free_port();
    let address = format!("http://user:{}@127.0.0.1:{port}", canary("urlpassword"));
    scenarios.push(with_login("a password in the address", 5, &address, token()));
    let address = format!("http://127.0.0.1:{port}/?x={}", canary("urlquery"));
    scenarios.push(with_login("a query in the address", 2, &address, token()));
    let proxy = format!("http://user:{}@127.0.0.1:{port}", canary("proxypassword"));
    scenarios.push(
        with_login(
            "a password in the proxy's address",
            5,
            "http://vault.invalid",
            token(),
        )
        .set("HTTP_PROXY", proxy),
    );
    scenarios.extend(google(port));
    scenarios.extend(aws(port));
    scenarios.extend(vendors::lockbox(port));
    scenarios.push(
        Scenario::new("Key Vault's client secret", 5)
            .args(&["--timeout", "0.5"])
            .backend(
                AZURE,
                json!({
                    "vault_url": format!("https://127.0.0.1:{port}"), "tenant_id": "t", "client_id": "c",
                    "client_secret": canary("clientsecret"),
                })
                .to_string(),
            )
            .slow(),
    );
    scenarios
}

/// AWS's keys, tokens and words: invalid, incomplete, and of every kind without a server.
fn aws(port: u16) -> Vec<Scenario> {
    let (key, token) = (canary("awssecretkey"), canary("awstoken"));
    let with = |name: &str, status: i32, kwargs: serde_json::Value| {
        let mut kwargs = kwargs;
        kwargs["endpoint_url"] = format!("http://127.0.0.1:{port}").into();
        Scenario::new(name, status)
            .args(&["--timeout", "0.5"])
            .backend(AWS, kwargs.to_string())
            .set("AWS_DEFAULT_REGION", "eu-west-1")
            .set("AWS_EC2_METADATA_DISABLED", "true")
            .set("AWS_ENDPOINT_URL_STS", format!("http://127.0.0.1:{port}"))
            .file("token", token.clone())
            .slow()
    };
    let keys = json!({"aws_access_key_id": "AKIA", "aws_secret_access_key": key, "aws_session_token": token});
    let mut role = keys.clone();
    role["role_arn"] = "arn:aws:iam::123456789012:role/reader".into();
    let mut wrong_role = role.clone();
    wrong_role["assume_role_kwargs"] = json!({"ExternalID": token});
    vec![
        with("AWS: static keys", 5, keys),
        with("AWS: half a key", 2, json!({"aws_secret_access_key": key})),
        with(
            "AWS: a token without a key",
            2,
            json!({"aws_session_token": token}),
        ),
        with(
            "AWS: a key that is a list",
            2,
            json!({"aws_access_key_id": "AKIA", "aws_secret_access_key": [key]}),
        ),
        with("AWS: an unknown kwarg", 4, json!({"aws_secret_key": key})),
        with("AWS: a role", 5, role),
        with("AWS: an unknown parameter of a role", 2, wrong_role),
        with("AWS: keys of the environment", 5, json!({}))
            .set("AWS_ACCESS_KEY_ID", "AKIA")
            .set("AWS_SECRET_ACCESS_KEY", key.clone())
            .set("AWS_SESSION_TOKEN", token.clone()),
        with("AWS: a web identity", 5, json!({}))
            .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader")
            .set("AWS_WEB_IDENTITY_TOKEN_FILE", "{dir}/token"),
    ]
}

/// Google's credentials: invalid, incomplete, and of every kind without a server.
fn google(port: u16) -> Vec<Scenario> {
    let nobody = format!("http://127.0.0.1:{port}/token");
    let (secret, token) = (canary("googlesecret"), canary("googletoken"));
    let with = |name: &str, status: i32, kwargs: serde_json::Value| {
        Scenario::new(name, status)
            .args(&["--timeout", "0.5"])
            .backend(GOOGLE, kwargs.to_string())
            .set("NO_GCE_CHECK", "true")
            // Everything of Google's is behind a proxy that is not there.
            .set("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
            .file("subject", token.clone())
            .slow()
    };
    let file = |credentials: serde_json::Value| json!({"project_id": "p", "gcp_credential_config_file": credentials});
    let external = json!({
        "type": "external_account", "audience": "a", "subject_token_type": "t", "token_url": nobody, "client_id": "c",
        "client_secret": secret, "credential_source": {"file": "{dir}/subject"},
    });
    let user =
        json!({"type": "authorized_user", "client_id": "c", "client_secret": secret, "refresh_token": token});
    let mut stored = user.clone();
    stored["token"] = token.clone().into();
    stored["expiry"] = "2999-01-01T00:00:00Z".into();
    let key = json!({
        "type": "service_account", "project_id": "p", "client_email": "a@p.example", "token_uri": nobody,
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"),
    });
    let impersonated = json!({
        "type": "impersonated_service_account", "source_credentials": user,
        "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/x/a@p:generateAccessToken",
    });
    vec![
        with("Google: an invalid key", 2, json!({"gcp_keyfile_dict": key})),
        with("Google: a key as text", 2, json!({"gcp_keyfile_dict": secret})),
        with(
            "Google: an unknown type",
            2,
            file(json!({"type": "user", "refresh_token": token})),
        ),
        with(
            "Google: JSON that is cut off",
            2,
            file(json!(format!("{{\"refresh_token\": \"{token}"))),
        ),
        with("Google: a user", 5, file(user.clone())),
        with("Google: a stored token", 5, file(stored)),
        with("Google: an external account", 5, file(external)),
        with("Google: impersonation", 5, file(impersonated)),
        with("Google: an unknown kwarg", 2, json!({"refresh_token": token})),
    ]
}

/// Every login against a server that echoes; and one that it accepts, and then echoes its token.
pub fn echoing() -> (Server, Vec<Scenario>) {
    let server = Server::start(|request| {
        if request.target.starts_with("/accepted/v1/auth/") {
            return Reply::json(200, json!({"auth": {"client_token": canary("issued")}}));
        }
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let text = format!(
            "{} {} {} {body}",
            request.method,
            request.target,
            headers.join(" ")
        );
        Reply::json(403, json!({"errors": [text, body], "warnings": headers}))
    });
    let url = server.url();
    let mut scenarios: Vec<_> = logins()
        .into_iter()
        .map(|(name, kwargs)| with_login(name, 4, &url, kwargs))
        .collect();
    let of_the_environment = json!({"auth_type": "aws_iam", "role_id": "r", "region": "us-east-1"});
    scenarios.push(
        with_login("aws_iam with a session token", 4, &url, of_the_environment)
            .set("AWS_ACCESS_KEY_ID", canary("keyid"))
            .set("AWS_SECRET_ACCESS_KEY", canary("awssecret"))
            .set("AWS_SESSION_TOKEN", canary("sessiontoken")),
    );
    let approle = json!({"auth_type": "approle", "role_id": "r", "secret_id": canary("secretid")});
    scenarios.push(
        with_login("a login that is accepted", 4, &format!("{url}/accepted"), approle)
            .remote(canary("issued")),
    );
    (server, scenarios)
}

/// The kwargs of AWS's backends, with a canary for each part of the credentials.
fn aws_keys() -> serde_json::Value {
    json!({
        "region_name": "eu-west-3", "aws_access_key_id": canary("awskeyid"), "aws_secret_access_key": canary("awssecretkey"),
        "aws_session_token": canary("awstoken"),
    })
}

fn of_aws(name: &str, status: i32, class: &str, more: &serde_json::Value) -> Scenario {
    let mut kwargs = aws_keys();
    if let (Some(kwargs), serde_json::Value::Object(more)) = (kwargs.as_object_mut(), more) {
        kwargs.extend(more.clone());
    }
    Scenario::new(name, status)
        .args(&["--timeout", "2"])
        .backend(class, kwargs.to_string())
        .set("AWS_MAX_ATTEMPTS", "1")
}

/// AWS's two stores: without a server, with one that echoes, and with values of every shape.
pub fn aws_stores() -> (Server, Vec<Scenario>) {
    let (value, password) = (canary("awsvalue"), canary("awspassword"));
    let stored = move |name: &str| match name.rsplit('/').next().unwrap_or_default() {
        _ if name.starts_with("/uri") || name.starts_with("uri") => {
            format!("postgres://u:{password}%40@h/db?a={password}")
        }
        _ if name.contains("fields") => {
            json!({"conn_type": "x", "pass": password, "other": password}).to_string()
        }
        _ if name.contains("port") => format!("x://h:{password}"),
        "warehouse" => format!("{{\"password\": \"{password}"),
        _ => format!("{value}\n'\"$%\\ é::set-env ##vso[task]{value}"),
    };
    let server = Server::start(move |request| {
        let asked = request.json();
        if request.target.starts_with("/echo") {
            let headers: Vec<_> = request
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let text = format!("{} {asked}", headers.join(" "));
            let reply = Reply::json(400, json!({"__type": "AccessDeniedException", "message": text}));
            return match request.target.as_str() {
                "/echo/type/" => Reply::status(400).header(
                    "x-amzn-ErrorType",
                    request.header("x-amz-security-token").unwrap(),
                ),
                _ => reply,
            };
        }
        match (asked["SecretId"].as_str(), asked["Name"].as_str()) {
            (Some(name), _) => Reply::json(200, json!({"SecretString": stored(name)})),
            (_, Some(name)) => Reply::json(200, json!({"Parameter": {"Value": stored(name)}})),
            _ => Reply::html(404),
        }
    });
    let url = server.url();
    let mut scenarios = Vec::new();
    for (service, class) in [("Secrets Manager", AWS), ("Parameter Store", PARAMETER_STORE)] {
        let port = free_port();
        let nobody = format!("http://user:{}@127.0.0.1:{port}", canary("awsurlpassword"));
        let slow =
            |what: &str, status, more| of_aws(&format!("{service}: {what}"), status, class, &more).slow();
        scenarios.extend([
            slow("nobody", 5, json!({"endpoint_url": nobody})),
            slow(
                "an address that is a secret",
                2,
                json!({"endpoint_url": canary("awsendpoint")}),
            ),
            slow("an echo", 4, json!({"endpoint_url": format!("{url}/echo/")})),
            slow(
                "an echo in the type",
                5,
                json!({"endpoint_url": format!("{url}/echo/type/")}),
            ),
            slow(
                "a token without a key",
                2,
                json!({"aws_secret_access_key": null, "endpoint_url": url}),
            ),
        ]);
        // Only Secrets Manager knows other words for the fields of a connection.
        let of_fields = if class == AWS { 0 } else { 6 };
        for (shape, status) in [("uri", 0), ("fields", of_fields), ("port", 6), ("cut", 6)] {
            let more = json!({
                "endpoint_url": url, "connections_prefix": shape, "variables_prefix": "v", "config_prefix": "v",
            });
            scenarios.push(of_aws(&format!("{service}: {shape}"), status, class, &more));
        }
    }
    let scenarios = scenarios
        .into_iter()
        .map(|scenario| scenario.remote(canary("awsvalue")).remote(canary("awspassword")));
    (server, scenarios.collect())
}
