//! Logins that ask a cloud first: AWS and Google, whose services are scripted. No real address is ever asked.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{any_vault, vault};
use crate::support::server::{Authority, Recorded, Reply, Server, Tunnel};
use crate::support::{Output, airflow, skip, temp_dir};

/// What an AWS metadata server answers.
fn keys(name: &str) -> Reply {
    Reply::json(
        200,
        json!({
            "Code": "Success", "AccessKeyId": format!("AKIA{name}"), "SecretAccessKey": format!("secret-{name}"),
            "Token": format!("token-{name}"), "Expiration": "2999-01-01T00:00:00Z",
        }),
    )
}

/// What the Security Token Service answers.
fn sts(action: &str) -> Reply {
    Reply::status(200).header("Content-Type", "text/xml").body(format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
         <AccessKeyId>AKIASTS</AccessKeyId><SecretAccessKey>secret-STS</SecretAccessKey>\
         <SessionToken>token-STS</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
         </{action}Result></{action}Response>"
    ))
}

/// The headers that a login carries, and the key that they must be signed with.
#[track_caller]
fn signed(request: &Recorded, name: &str, region: &str, with_token: bool) {
    let body = request.json();
    let decode = |field: &str| STANDARD.decode(body[field].as_str().unwrap()).unwrap();
    assert_eq!(decode("iam_request_url"), b"https://sts.amazonaws.com/");
    assert_eq!(
        decode("iam_request_body"),
        b"Action=GetCallerIdentity&Version=2011-06-15"
    );
    let headers: Value = serde_json::from_slice(&decode("iam_request_headers")).unwrap();
    let token = with_token.then(|| format!("token-{name}"));
    assert_eq!(headers["X-Amz-Security-Token"][0].as_str(), token.as_deref());
    if let Some(judge) = airflow() {
        let authorization = judge.ask(json!({
            "op": "vault.authorization", "headers": headers, "access_key": format!("AKIA{name}"),
            "secret_key": format!("secret-{name}"), "session_token": token, "region": region,
        }));
        assert_eq!(headers["Authorization"][0], authorization, "{headers}");
    }
}

fn ask(vault_url: &str, more: &Value, env: &[(&str, &str)]) -> Output {
    let mut kwargs = json!({"url": vault_url, "auth_type": "aws_iam"});
    kwargs
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    vault(&kwargs)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(env.iter().copied())
        .args(["get-var", "hello", "--timeout", "10"])
        .run()
}

/// Variables, kwargs, whose credentials are to be found, the region, and whether there is a session token.
type AwsCase<'a> = (Vec<(&'a str, String)>, Value, &'a str, &'a str, bool);

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one table of cases, and what holds for each"
)]
fn aws_credentials_come_from_where_boto3_finds_them() {
    let vault = any_vault();
    let folder = temp_dir();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let credentials = write(
        "credentials",
        "[default]\naws_access_key_id = AKIAfile\naws_secret_access_key = secret-file\n\
         [two]\naws_access_key_id=AKIAtwo\naws_secret_access_key=secret-two\naws_session_token=token-two\n",
    );
    let config = write(
        "config",
        "[default]\nregion = eu-central-1\n[profile two]\nregion = eu-north-1\n",
    );
    let login = write("login", "[default]\nlogin_session = corp\n");
    let token = write("web-token", "eyJ.web.token\n");
    let service = Server::start(|request| match request.target.as_str() {
        "/creds" => keys("container"),
        "/latest/api/token" => Reply::status(200).body("imds-token"),
        "/latest/meta-data/iam/security-credentials/" => Reply::status(200).body("my-role"),
        "/latest/meta-data/iam/security-credentials/my-role" => keys("instance"),
        "/" if String::from_utf8_lossy(&request.body).contains("WebIdentity") => {
            sts("AssumeRoleWithWebIdentity")
        }
        "/" => sts("AssumeRole"),
        _ => Reply::status(404),
    });
    let url = service.url();
    let container = format!("{url}/creds");
    let own: [(&str, &str); 3] = [
        ("AWS_ACCESS_KEY_ID", "AKIAenv"),
        ("AWS_SECRET_ACCESS_KEY", "secret-env"),
        ("AWS_SESSION_TOKEN", "token-env"),
    ];
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.as_str()),
        ("AWS_CONFIG_FILE", config.as_str()),
    ];
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"),
        ("AWS_ENDPOINT_URL_STS", url.as_str()),
    ];
    let in_container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"),
    ];
    let instance = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "false"),
    ];
    let with = |lists: &[&[(&'static str, &str)]]| -> Vec<(&'static str, String)> {
        lists
            .iter()
            .copied()
            .flatten()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    };
    let region = json!({"region": "eu-west-3"});
    let assume = json!({"assume_role_kwargs": {"RoleArn": "arn:aws:iam::1:role/x", "RoleSessionName": "se"}});
    let cases: [AwsCase<'_>; 10] = [
        (with(&[&own]), json!({}), "env", "us-east-1", true),
        (
            with(&[&own, &[("AWS_DEFAULT_REGION", "eu-west-1")], &files]),
            json!({}),
            "env",
            "eu-west-1",
            true,
        ),
        (with(&[&own]), region.clone(), "env", "eu-west-3", true),
        (with(&[&files]), json!({}), "file", "eu-central-1", false),
        (
            with(&[&files, &[("AWS_PROFILE", "two")]]),
            json!({}),
            "two",
            "eu-north-1",
            true,
        ),
        (with(&[&web, &files]), json!({}), "STS", "eu-central-1", true),
        (with(&[&in_container]), json!({}), "container", "us-east-1", true),
        (with(&[&instance]), json!({}), "instance", "us-east-1", true),
        (
            with(&[&own, &[("AWS_ENDPOINT_URL", url.as_str())]]),
            assume.clone(),
            "STS",
            "us-east-1",
            true,
        ),
        (
            with(&[&own, &[("AWS_ENDPOINT_URL_STS", url.as_str())]]),
            {
                let mut both = assume.clone();
                both["region"] = json!("ap-south-1");
                both
            },
            "STS",
            "ap-south-1",
            true,
        ),
    ];
    for (env, kwargs, name, region, with_token) in cases {
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let output = ask(&vault.url(), &kwargs, &env);
        assert_eq!(output.status, 0, "{name}: {}", output.stderr);
        signed(&vault.take()[0], name, region, with_token);
        for request in service.take() {
            match request.target.as_str() {
                "/creds" => assert_eq!(request.header("authorization"), Some("Basic abc")),
                target if target.starts_with("/latest/meta-data") => {
                    assert_eq!(request.header("x-aws-ec2-metadata-token"), Some("imds-token"));
                }
                "/" if name == "STS" && !env.contains(&own[0]) => {
                    let body = String::from_utf8(request.body).unwrap();
                    assert!(body.contains("WebIdentityToken=eyJ.web.token"), "{body}");
                }
                "/" => {
                    let body = String::from_utf8(request.body.clone()).unwrap();
                    assert_eq!(
                        body,
                        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=se"
                    );
                    let authorization = request.header("authorization").unwrap();
                    assert!(
                        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIAenv/"),
                        "{authorization}"
                    );
                }
                _ => {}
            }
        }
    }
    for (env, kwargs, status, words) in [
        (vec![], json!({}), 4, "no AWS credentials found"),
        (vec![own[0]], json!({}), 4, "`AWS_SECRET_ACCESS_KEY` is not"),
        (
            vec![("AWS_CONFIG_FILE", login.as_str())],
            json!({}),
            2,
            "`login_session`, which is not supported",
        ),
        (
            vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://198.51.100.1/x")],
            json!({}),
            2,
            "allowed only over https",
        ),
        (
            vec![],
            json!({"assume_role_kwargs": {"RoleArn": "r"}}),
            2,
            "lacks `RoleSessionName`",
        ),
        (
            vec![],
            json!({"assume_role_kwargs": {"RoleArn": "arn:aws:iam::1:role/x", "RoleSessionName": "se", "RoleARN": "x"}}),
            2,
            "did you mean `RoleArn`?",
        ),
    ] {
        let output = ask(&vault.url(), &kwargs, &env);
        assert_eq!(output.status, status, "{}", output.stderr);
        assert!(
            output.stderr.contains(words),
            "{words} is not in: {}",
            output.stderr
        );
    }
    assert!(vault.take().is_empty());
}

#[test]
fn the_bundle_of_aws_is_what_its_services_are_trusted_by() {
    let vault = any_vault();
    let certificate = Authority::trusted().certificate_for(&["localhost"]);
    let service = Server::start_tls(&certificate, |_| sts("AssumeRole"));
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("ca.pem"), Authority::trusted().pem()).unwrap();
    let (ca, url) = (path("ca.pem"), format!("https://localhost:{}", service.port));
    let kwargs = json!({"assume_role_kwargs": {"RoleArn": "arn:aws:iam::1:role/x", "RoleSessionName": "se"}});
    let nobody = path("nobody.pem");
    for (bundles, status) in [
        (
            vec![("AWS_CA_BUNDLE", ca.as_str()), ("REQUESTS_CA_BUNDLE", &nobody)],
            0,
        ),
        (vec![("REQUESTS_CA_BUNDLE", ca.as_str())], 0),
        (vec![("AWS_CA_BUNDLE", nobody.as_str())], 2),
        (vec![], 5),
    ] {
        let mut env = bundles.clone();
        env.extend([
            ("AWS_ACCESS_KEY_ID", "AKIAenv"),
            ("AWS_SECRET_ACCESS_KEY", "secret-env"),
            ("AWS_ENDPOINT_URL_STS", url.as_str()),
        ]);
        let output = ask(&vault.url(), &kwargs, &env);
        assert_eq!(output.status, status, "{bundles:?}: {}", output.stderr);
        assert_eq!(vault.take().is_empty(), status != 0, "{bundles:?}");
    }
}

/// Makes an RSA key with `openssl`: the private one as PEM, and a file of the public one.
fn rsa_key(folder: &Path) -> Option<(String, std::path::PathBuf)> {
    let (key, public) = (folder.join("key.pem"), folder.join("public.pem"));
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-out"])
        .arg(&key)
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        skip("openssl", "no RSA key can be made without it");
        return None;
    }
    let read = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(&key)
        .arg("-out")
        .arg(&public)
        .output();
    assert!(read.unwrap().status.success());
    Some((std::fs::read_to_string(&key).unwrap(), public))
}

/// Verifies a JWT with the public key and returns its header and claims.
fn verified(jwt: &str, public: &Path) -> (Value, Value) {
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let (data, file) = (public.with_extension("data"), public.with_extension("signature"));
    std::fs::write(&data, message).unwrap();
    std::fs::write(&file, URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let checked = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify"])
        .arg(public)
        .arg("-signature")
        .args([&file, &data])
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let (header, claims) = message.split_once('.').unwrap();
    let decode = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (decode(header), decode(claims))
}

/// Kwargs, variables, the account that is asked for, and the access token that is shown.
type GoogleCase<'a> = (Value, &'a [(&'a str, &'a str)], &'a str, &'a str);

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one table of cases, and what holds for each"
)]
fn google_signs_the_jwt_of_a_key_file_a_dictionary_and_a_machine() {
    let folder = temp_dir();
    let Some((private_key, public)) = rsa_key(folder.path()) else {
        return;
    };
    let vault_server = any_vault();
    let certificate = Authority::trusted().certificate_for(&["iam.googleapis.com"]);
    let iam = Server::start_tls(&certificate, |_| {
        Reply::json(200, json!({"keyId": "k", "signedJwt": "eyJ.signed.jwt"}))
    });
    let proxy = Tunnel::start(iam.port);
    let google = Server::start(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match path {
            "/token" => Reply::json(200, json!({"access_token": "ya29.key", "expires_in": 3600})),
            "/computeMetadata/v1/instance/service-accounts/default/" => Reply::json(
                200,
                json!({"email": "vm@p.iam.gserviceaccount.com", "aliases": ["default"]}),
            ),
            "/computeMetadata/v1/instance/service-accounts/vm%40p.iam.gserviceaccount.com/token" => {
                Reply::json(200, json!({"access_token": "ya29.vm"}))
            }
            "/computeMetadata/v1/project/project-id" => Reply::status(200).body("vm-project"),
            _ => Reply::status(404),
        }
    });
    let key = json!({
        "type": "service_account", "project_id": "proj", "private_key_id": "kid1", "private_key": private_key,
        "client_email": "sa@proj.iam.gserviceaccount.com", "token_uri": format!("{}/token", google.url()),
    });
    let file = folder.path().join("key.json");
    std::fs::write(&file, key.to_string()).unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, Authority::trusted().pem()).unwrap();
    let mut escaped = key.clone();
    escaped["private_key"] = json!(private_key.replace('\n', "\\n"));
    let mut without_host = google.url();
    without_host.drain(..7);
    let cases: [GoogleCase<'_>; 4] = [
        (
            json!({"gcp_key_path": file}),
            &[],
            "proj/serviceAccounts/sa@proj",
            "ya29.key",
        ),
        (
            json!({"gcp_keyfile_dict": escaped}),
            &[],
            "proj/serviceAccounts/sa@proj",
            "ya29.key",
        ),
        (
            json!({}),
            &[
                ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap()),
                ("GOOGLE_CLOUD_PROJECT", "other"),
            ],
            "other/serviceAccounts/sa@proj",
            "ya29.key",
        ),
        (
            json!({}),
            &[("GCE_METADATA_HOST", &without_host)],
            "vm-project/serviceAccounts/vm@p",
            "ya29.vm",
        ),
    ];
    for (more, env, account, access_token) in cases {
        let mut kwargs =
            json!({"url": vault_server.url(), "auth_type": "gcp", "role_id": "dev", "gcp_scopes": "a, b"});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let output = vault(&kwargs)
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port))
            .env("SSL_CERT_FILE", &ca)
            // It counts for AWS alone.
            .env("AWS_CA_BUNDLE", "/no-such-folder/ca.pem")
            .envs(env.iter().copied())
            .args(["get-var", "hello", "--timeout", "10"])
            .run();
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert_eq!(proxy.take(), ["iam.googleapis.com:443"]);
        let asked = iam.take();
        let expected = format!("/v1/projects/{account}.iam.gserviceaccount.com:signJwt?alt=json");
        assert_eq!(asked[0].target, expected);
        assert_eq!(
            asked[0].header("authorization"),
            Some(format!("Bearer {access_token}").as_str())
        );
        let payload: Value = serde_json::from_str(asked[0].json()["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload["aud"], "vault/dev");
        assert_eq!(
            payload["exp"].as_u64().unwrap() - payload["iat"].as_u64().unwrap(),
            900
        );
        let login = &vault_server.take()[0];
        assert_eq!(
            (login.target.as_str(), login.json()),
            (
                "/v1/auth/gcp/login",
                json!({"role": "dev", "jwt": "eyJ.signed.jwt"})
            )
        );
        for request in google.take() {
            if let Some(form) = String::from_utf8(request.body.clone())
                .unwrap()
                .strip_prefix("assertion=")
            {
                let (assertion, grant) = form.split_once('&').unwrap();
                assert_eq!(
                    grant,
                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
                );
                let (header, claims) = verified(assertion, &public);
                assert_eq!(header, json!({"typ": "JWT", "alg": "RS256", "kid": "kid1"}));
                assert_eq!(claims["iss"], "sa@proj.iam.gserviceaccount.com");
                assert_eq!(
                    (&claims["scope"], &claims["aud"]),
                    (&json!("a b"), &json!("https://oauth2.googleapis.com/token"))
                );
            } else {
                assert_eq!(
                    request.header("metadata-flavor"),
                    Some("Google"),
                    "{}",
                    request.target
                );
            }
        }
    }
    for (more, status, words) in [
        (
            json!({"gcp_key_path": file, "gcp_keyfile_dict": key}),
            2,
            "cannot both be set",
        ),
        (json!({"gcp_key_path": "key.p12"}), 2, "`.json`"),
        (
            json!({"gcp_key_path": "/no-such-folder/key.json"}),
            4,
            "cannot be read",
        ),
        (
            json!({"gcp_keyfile_dict": {"type": "service_account"}}),
            2,
            "lacks `client_email`",
        ),
        (
            json!({"gcp_keyfile_dict": {"client_email": "e", "token_uri": "http://127.0.0.1:1/", "private_key": "hunter2"}}),
            2,
            "not an RSA key",
        ),
        (json!({}), 4, "no Google credentials found"),
    ] {
        let mut kwargs =
            json!({"url": vault_server.url(), "auth_type": "gcp", "role_id": "dev", "gcp_scopes": "a"});
        kwargs
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let output = vault(&kwargs)
            .env("NO_GCE_CHECK", "true")
            .args(["get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{more}: {}", output.stderr);
        assert!(
            output.stderr.contains(words) && !output.stderr.contains("hunter2"),
            "{}",
            output.stderr
        );
    }
}
