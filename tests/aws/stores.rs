//! Both stores from the command line: what boto3 stored, roles, many names, and what each failure of the service means.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{SECRET_KEY, Store};
use crate::support::moto::{Keys, Moto, guarded_moto, moto};
use crate::support::server::{Recorded, Reply, Server};
use crate::support::{Program, airflow, temp_dir};

const URI: &str = "postgres://user:p%40ss@db:5432/main?sslmode=require";

/// Puts a value into a store.
fn put(moto: &Moto, store: Store, name: &str, text: &str) {
    match store {
        Store::Secrets => moto.secret(name, text),
        Store::Parameters => moto.parameter(name, text),
    }
}

fn program(moto: &Moto, store: Store, kwargs: &Value) -> Program {
    store.program(kwargs).envs(moto.env())
}

fn with_keys(program: Program, keys: &Keys) -> Program {
    program
        .env("AWS_ACCESS_KEY_ID", &keys.id)
        .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
}

/// What Airflow's backend makes of the same names.
fn airflows(moto: &Moto, store: Store, kwargs: &Value, names: &Value) -> Value {
    let env: serde_json::Map<_, _> = moto.env().into_iter().map(|(k, v)| (k, json!(v))).collect();
    airflow().unwrap().ask(json!({
        "op": "aws.lookups", "service": store.service(), "env": env, "kwargs": kwargs, "names": names,
    }))
}

#[test]
fn what_boto3_stored_is_read_as_airflow_reads_it() {
    let Some(moto) = moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("read");
        let rds = r#"{"username": "admin", "password": "pä", "engine": "postgres", "host": "h", "port": 5432, "dbname": "d"}"#;
        put(moto, store, &store.name("connections", &id), URI);
        put(moto, store, &store.name("connections", &format!("{id}-rds")), rds);
        put(moto, store, &store.name("variables", &id), " wörld\n");
        put(moto, store, &store.name("config", &id), "option");
        let names = json!([
            {"kind": "conn_value", "id": id}, {"kind": "conn_value", "id": format!("{id}-rds")},
            {"kind": "variable", "id": id}, {"kind": "config", "id": id}, {"kind": "variable", "id": format!("{id}x")},
        ]);
        let theirs = airflows(moto, store, &json!({}), &names);
        let mut ours = Vec::new();
        for args in [
            vec!["get-conn", &id, "-o", "raw"],
            vec!["get-conn", &format!("{id}-rds"), "-o", "raw"],
            vec!["get-var", &id],
            vec!["get-config", &id],
            vec!["get-var", &format!("{id}x")],
        ] {
            let output = program(moto, store, &json!({})).args(&args).arg("-n").run();
            ours.push(match output.status {
                0 => json!({"value": output.text()}),
                3 => json!({"value": null}),
                _ => panic!("{args:?}: {}", output.stderr),
            });
        }
        assert_eq!(json!(ours), theirs);
        let parsed = airflows(
            moto,
            store,
            &json!({}),
            &json!([{"kind": "connection", "id": format!("{id}-rds")}]),
        );
        let output = program(moto, store, &json!({}))
            .args(["get-conn", &format!("{id}-rds"), "-o", "airflow-uri", "-n"])
            .run();
        match store {
            // Airflow renames the words of Secrets Manager alone.
            Store::Secrets => assert_eq!(
                output.text(),
                parsed[0]["value"]["uri"].as_str().unwrap(),
                "{}",
                output.stderr
            ),
            Store::Parameters => {
                assert!(parsed[0]["error"].is_string(), "{parsed}");
                output.fails(6);
            }
        }
        // The requests are the same but for their signatures.
        let requests: Vec<Value> = moto
            .recorded(&format!("{}\"", store.name("variables", &id)))
            .into_iter()
            .filter(|request| {
                request["headers"]["x-amz-target"]
                    .as_str()
                    .unwrap()
                    .contains(".Get")
            })
            .collect();
        assert_eq!(requests.len(), 2);
        for part in ["method", "path", "body"] {
            assert_eq!(requests[0][part], requests[1][part], "{part}");
        }
        for header in ["x-amz-target", "content-type", "host"] {
            assert_eq!(
                requests[0]["headers"][header], requests[1]["headers"][header],
                "{header}"
            );
        }
    }
}

#[test]
fn signatures_are_right_and_a_policy_that_denies_is_status_4() {
    let Some(moto) = guarded_moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("guarded");
        put(moto, store, &store.name("variables", &id), "value");
        let user = |action: &str| {
            moto.user(
                "user",
                &json!([{"Effect": "Allow", "Action": action, "Resource": "*"}]),
            )
        };
        let action = match store {
            Store::Secrets => "secretsmanager:GetSecretValue",
            Store::Parameters => "ssm:GetParameter",
        };
        let read = |keys: &Keys| {
            with_keys(program(moto, store, &json!({})), keys)
                .args(["get-var", &id, "-n"])
                .run()
        };
        assert_eq!(read(&user(action)).text(), "value");
        let denied = read(&user("iam:*"));
        assert!(denied.fails(4).contains(action), "{}", denied.stderr);
        let wrong = Keys {
            secret: "wrong".to_owned(),
            ..user(action)
        };
        let wrong = read(&wrong);
        assert!(wrong.fails(4).contains("secret access key"), "{}", wrong.stderr);
    }
}

#[test]
fn a_role_is_assumed_with_the_first_credentials_and_its_own_are_used() {
    let Some(moto) = guarded_moto() else { return };
    for store in Store::BOTH {
        let id = moto.unique("role");
        put(moto, store, &store.name("variables", &id), "value");
        let role = moto.role(
            "reader",
            &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
        );
        let user = moto.user(
            "assumer",
            &json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]),
        );
        let kwargs = json!({"role_arn": role, "assume_role_kwargs": {"ExternalId": id}});
        let run = |kwargs: &Value| {
            with_keys(program(moto, store, kwargs), &user)
                .args(["get-var", &id, "-n"])
                .run()
        };
        let output = run(&kwargs);
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        run(&json!({})).fails(4);
        let theirs = airflows(moto, store, &kwargs, &json!([{"kind": "variable", "id": id}]));
        assert_eq!(theirs[0]["value"], "value");
        let requests = moto.recorded(&format!("ExternalId={id}"));
        let bodies: Vec<&str> = requests
            .iter()
            .map(|request| request["body"].as_str().unwrap())
            .collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[test]
fn a_web_identity_needs_no_keys() {
    let Some(moto) = moto() else { return };
    let folder = temp_dir();
    let token = folder.path().join("token");
    std::fs::write(&token, "header.claims.signature\n").unwrap();
    let role = moto.role(
        "web",
        &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
    );
    for store in Store::BOTH {
        let id = moto.unique("web");
        put(moto, store, &store.name("variables", &id), "value");
        let kwargs = json!({
            "role_arn": role, "assume_role_method": "assume_role_with_web_identity",
            "assume_role_with_web_identity_federation": "file", "assume_role_with_web_identity_token_file": token,
        });
        let output = program(moto, store, &kwargs)
            .env("AWS_ACCESS_KEY_ID", "")
            .args(["get-var", &id, "-n"])
            .run();
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        // As in a CI job: the environment alone.
        let output = program(moto, store, &json!({}))
            .env("AWS_ACCESS_KEY_ID", "")
            .env("AWS_ROLE_ARN", &role)
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
            .args(["get-var", &id, "-n"])
            .run();
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
    }
}

#[test]
fn a_token_of_google_assumes_a_role_too() {
    let Some(moto) = moto() else { return };
    let google = machine_of_google();
    let host = google.url().replace("http://", "");
    let role = moto.role(
        "google",
        &json!([{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}]),
    );
    for store in Store::BOTH {
        let id = moto.unique("google");
        put(moto, store, &store.name("variables", &id), "value");
        let kwargs = json!({
            "role_arn": role, "assume_role_method": "assume_role_with_web_identity",
            "assume_role_with_web_identity_federation": "google",
            "assume_role_with_web_identity_federation_audience": id,
            // Airflow passes them with a session's name of botocore's.
            "assume_role_kwargs": {"RoleSessionName": id},
        });
        let run = |audience: &str| {
            let mut kwargs = kwargs.clone();
            kwargs["assume_role_with_web_identity_federation_audience"] = audience.into();
            program(moto, store, &kwargs)
                .env("AWS_ACCESS_KEY_ID", "")
                .env("GCE_METADATA_HOST", &host)
                .args(["get-var", &id, "-n"])
                .run()
        };
        let output = run(&id);
        assert_eq!((output.status, output.text()), (0, "value"), "{}", output.stderr);
        let mut env: serde_json::Map<_, _> = moto.env().into_iter().map(|(k, v)| (k, json!(v))).collect();
        env.remove("AWS_ACCESS_KEY_ID");
        env.insert("GCE_METADATA_HOST".to_owned(), json!(host));
        env.insert("GCE_METADATA_IP".to_owned(), json!(host));
        let theirs = airflow().expect("moto needs it").ask(json!({
            "op": "aws.lookups", "service": store.service(), "env": env, "kwargs": kwargs,
            "names": [{"kind": "variable", "id": id}],
        }));
        assert_eq!(theirs, json!([{"value": "value"}]));
        let requests = moto.recorded(&format!("RoleSessionName={id}"));
        let bodies: Vec<&str> = requests
            .iter()
            .map(|request| request["body"].as_str().unwrap())
            .collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
        assert!(bodies[0].contains("WebIdentityToken=eyJ"), "{}", bodies[0]);
        // The server has no token for another audience.
        run("refused").fails(4);
    }
}

/// The metadata server of a machine in Google Cloud, which has no token for the audience `refused`.
fn machine_of_google() -> Server {
    use base64::Engine as _;
    let part = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!(
        "{}.{}.c2ln",
        part(json!({"alg": "RS256"})),
        part(json!({"exp": 4_102_444_800_u64}))
    );
    Server::start(move |request: &Recorded| {
        let reply = if request.target.contains("audience=refused") {
            Reply::status(403)
        } else if request.target.contains("recursive=true") {
            Reply::json(200, json!({"email": "a@p", "scopes": [], "aliases": ["default"]}))
        } else {
            Reply::status(200)
                .header("Content-Type", "application/text")
                .body(token.clone())
        };
        reply.header("Metadata-Flavor", "Google")
    })
}

/// A server of a store that counts its requests.
fn stand(store: Store, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Server, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = Server::start(move |request: &Recorded| {
        counted.fetch_add(1, Ordering::Relaxed);
        let question = request.json();
        let name = match store {
            Store::Secrets => &question["SecretId"],
            Store::Parameters => &question["Name"],
        };
        reply(name.as_str().unwrap())
    });
    (server, count)
}

#[test]
fn a_lookup_is_one_request_and_many_names_are_one_each() {
    for store in Store::BOTH {
        let (server, count) = stand(store, move |name| {
            Reply::json(200, store.answer(name.rsplit('/').next().unwrap()))
        });
        let kwargs = json!({"endpoint_url": server.url()});
        let mut program = store.program(&kwargs).arg("export");
        for at in 0..40 {
            program = program.args(["--var".to_owned(), format!("v{at}")]);
        }
        let output = program.args(["--format", "json"]).run();
        let values: Value = serde_json::from_str(output.ok()).unwrap();
        assert_eq!(values["AIRFLOW_VAR_V39"], "v39");
        assert_eq!(count.load(Ordering::Relaxed), 40);
        let open = server.most_open();
        assert!((2..=8).contains(&open), "{open} at a time");
    }
}

#[test]
fn each_failure_of_a_service_has_its_status() {
    let error = |code: &'static str, status: u16| {
        move |_: &str| {
            Reply::json(
                status,
                json!({"__type": format!("com.amazonaws#{code}"), "message": "the words"}),
            )
        }
    };
    for (store, code, status, exit, says) in [
        (Store::Secrets, "ResourceNotFoundException", 400, 3, "not in "),
        (
            Store::Secrets,
            "InvalidRequestException",
            400,
            3,
            "restore-secret",
        ),
        (Store::Secrets, "InvalidParameterException", 400, 2, "the words"),
        (Store::Secrets, "DecryptionFailure", 400, 4, "kms:Decrypt"),
        (Store::Secrets, "InternalServiceError", 500, 5, "the words"),
        (
            Store::Secrets,
            "AccessDeniedException",
            400,
            4,
            "secretsmanager:GetSecretValue",
        ),
        (
            Store::Secrets,
            "UnrecognizedClientException",
            400,
            4,
            "access key",
        ),
        (
            Store::Secrets,
            "InvalidSignatureException",
            400,
            4,
            "secret access key",
        ),
        (Store::Secrets, "ExpiredTokenException", 400, 4, "new credentials"),
        (Store::Secrets, "IncompleteSignature", 400, 4, "the words"),
        (Store::Secrets, "OptInRequired", 403, 4, "region"),
        (Store::Secrets, "ValidationException", 400, 2, "the words"),
        (Store::Secrets, "ThrottlingException", 400, 5, "try again later"),
        (Store::Parameters, "ParameterNotFound", 400, 3, "not in "),
        (
            Store::Parameters,
            "ParameterVersionNotFound",
            400,
            3,
            "no such version",
        ),
        (Store::Parameters, "InvalidKeyId", 400, 4, "kms:Decrypt"),
        (
            Store::Parameters,
            "AccessDeniedException",
            400,
            4,
            "ssm:GetParameter",
        ),
        (Store::Parameters, "ValidationException", 400, 2, "the words"),
        (Store::Parameters, "InternalServerError", 500, 5, "the words"),
        (
            Store::Parameters,
            "ThrottlingException",
            400,
            5,
            "try again later",
        ),
    ] {
        let (server, _) = stand(store, error(code, status));
        let output = store
            .program(&json!({"endpoint_url": server.url()}))
            .env("AIRFLOW_VAR_X", "of the environment")
            .args(["--no-fallback", "get-var", "x"])
            .run();
        let words = output.fails(exit);
        assert!(
            words.contains(says) && !words.contains(SECRET_KEY),
            "{code}: {words}"
        );
    }
}

#[test]
fn answers_that_are_no_secret_are_told_from_absent_ones() {
    for (store, answer, exit, says) in [
        (
            Store::Secrets,
            json!({"Name": "n", "SecretBinary": "AAEC"}),
            6,
            "binary",
        ),
        (Store::Secrets, json!({"Name": "n"}), 5, "without a secret"),
        (Store::Secrets, json!({"SecretString": 5}), 6, "not text"),
        (Store::Secrets, json!({}), 5, "answered with"),
        (Store::Secrets, json!([]), 5, "answered with"),
        (Store::Parameters, json!({}), 5, "answered with"),
        (
            Store::Parameters,
            json!({"Parameter": {}}),
            5,
            "without a parameter",
        ),
        (
            Store::Parameters,
            json!({"Parameter": {"Value": {"a": 1}}}),
            6,
            "not text",
        ),
    ] {
        let (server, _) = stand(store, move |_| Reply::json(200, answer.clone()));
        let output = store
            .program(&json!({"endpoint_url": server.url()}))
            .args(["get-var", "x"])
            .run();
        let words = output.fails(exit);
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn kwargs_that_airflow_could_not_use_are_status_2_and_say_which() {
    for (kwargs, says) in [
        (
            json!({"connections_prefix": 5}),
            "`connections_prefix` must be text",
        ),
        (json!({"sep": null}), "`sep` must be text"),
        (
            json!({"variables_lookup_pattern": "(a"}),
            "`variables_lookup_pattern` is `(a`: missing `)`",
        ),
        (
            json!({"variables_lookup_pattern": r"\N{DASH}"}),
            "is not supported",
        ),
        (
            json!({"extra_conn_words": {"pasword": ["p"]}}),
            "did you mean `password`?",
        ),
        (
            json!({"aws_access_key_id": "AKIA"}),
            "`aws_secret_access_key` is not",
        ),
        (
            json!({"aws_secret_access_key": SECRET_KEY}),
            "`aws_access_key_id` is not",
        ),
        (
            json!({"aws_session_token": "token"}),
            "`aws_access_key_id` is not",
        ),
        (
            json!({"session_kwargs": {"aws_access_key_id": "AKIA"}}),
            "`aws_secret_access_key` is not",
        ),
        (json!({"region_name": ""}), "`region_name` is empty"),
        (json!({"profile_name": ""}), "`profile_name` is empty"),
        (
            json!({"profile_name": "nobody"}),
            "AWS profile `nobody` not found",
        ),
        (json!({"endpoint_url": ""}), "`endpoint_url` is empty"),
        (json!({"endpoint_url": "localhost:4566"}), "`endpoint_url`"),
        (json!({"verify": ""}), "`verify` is empty"),
        (json!({"use_ssl": false}), "`use_ssl` is false"),
        (json!({"api_version": "2010-01-01"}), "`api_version`"),
        (
            json!({"config_kwargs": {"conect_timeout": 5}}),
            "did you mean `connect_timeout`?",
        ),
        (
            json!({"config_kwargs": "text"}),
            "`config_kwargs` must be an object",
        ),
        (
            json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "asume_role"}),
            "did you mean `assume_role`?",
        ),
        (
            json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "assume_role_with_saml"}),
            "Kerberos",
        ),
        (
            json!({"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "assume_role_with_web_identity"}),
            "federation` must be `file`",
        ),
        (
            json!({"role_arn": "arn:aws:iam::123456789012:role/r", "assume_role_kwargs": {"ExternalID": "x"}}),
            "`ExternalId`",
        ),
        (
            json!({"role_arn": "arn:aws:iam::1:role/r", "service_config": {"sts": null}}),
            "`service_config`",
        ),
    ] {
        let output = Store::Secrets
            .program(&kwargs)
            .args(["--no-fallback", "get-var", "x"])
            .run();
        let words = output.fails(2);
        assert!(
            words.contains(says) && !words.contains(SECRET_KEY),
            "{kwargs}: {words}"
        );
    }
    let output = Store::Secrets
        .program(&json!({}))
        .env("AWS_DEFAULT_REGION", "")
        .args(["--no-fallback", "get-var", "x"])
        .run();
    assert!(output.fails(2).contains("region"), "{}", output.stderr);
    let output = Store::Secrets
        .program(&json!({}))
        .env("AIRFLOW__AWS__SESSION_FACTORY", "my.Factory")
        .args(["get-var", "x"])
        .run();
    assert!(
        output.fails(2).contains("AIRFLOW__AWS__SESSION_FACTORY"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_session_factory_of_airflow_cfg_is_refused_too() {
    let folder = temp_dir();
    let cfg = folder.path().join("airflow.cfg");
    std::fs::write(&cfg, "[aws]\nsession_factory = my.Factory\n").unwrap();
    let output = Store::Secrets
        .program(&json!({}))
        .arg("--config")
        .arg(cfg)
        .args(["get-var", "x"])
        .run();
    assert!(output.fails(2).contains("session_factory"), "{}", output.stderr);
}

#[test]
fn kwargs_that_do_nothing_are_warnings() {
    let (server, _) = stand(Store::Secrets, |_| Reply::json(200, Store::Secrets.answer("v")));
    for (kwargs, says) in [
        (
            json!({"full_url_mode": false}),
            "`full_url_mode` has no effect, as in Airflow",
        ),
        (
            json!({"aws_conn_id": "aws_default"}),
            "no Airflow connection is looked up",
        ),
        (json!({"profile": "p"}), "`profile_name` names a profile"),
        (json!({"region": "eu-west-1"}), "did you mean `region_name`?"),
        (
            json!({"conections_prefix": "p"}),
            "did you mean `connections_prefix`?",
        ),
        (
            json!({"session_kwargs": {"region_name": "r"}}),
            "`region_name` in the backend kwarg `session_kwargs`",
        ),
        (
            json!({"service_config": {"secretsmanager": {"endpoint_url": "x"}}}),
            "`secretsmanager.endpoint_url` has no effect",
        ),
        (
            json!({"config_kwargs": {"read_timeout": 5}}),
            "`config_kwargs` has no effect without `role_arn`",
        ),
        (
            json!({"assume_role_method": "nonsense"}),
            "`assume_role_method` has no effect without `role_arn`",
        ),
    ] {
        let mut kwargs = kwargs;
        kwargs["endpoint_url"] = json!(server.url());
        let output = Store::Secrets.program(&kwargs).args(["get-var", "x", "-n"]).run();
        assert_eq!(
            (output.status, output.text()),
            (0, "v"),
            "{kwargs}: {}",
            output.stderr
        );
        assert!(output.stderr.contains(says), "{kwargs}: {}", output.stderr);
    }
}

#[test]
fn a_plan_is_explained_with_its_names_and_without_any_file() {
    let kwargs =
        json!({"variables_prefix": "v", "connections_prefix": null, "variables_lookup_pattern": "^db"});
    let explain = |store: Store, kind: &str, id: &str| {
        let output = store
            .program(&kwargs)
            .env("AWS_CONFIG_FILE", "/proc/self/mem")
            .args(["explain", kind, id, "-o", "json", "--no-fallback"])
            .run();
        serde_json::from_str::<Value>(output.ok()).unwrap()["lookups"][0].clone()
    };
    assert_eq!(explain(Store::Secrets, "var", "db_x")["secret_id"], "v/db_x");
    assert_eq!(explain(Store::Parameters, "var", "db_x")["name"], "/v/db_x");
    let skipped = explain(Store::Secrets, "var", "x");
    assert!(
        skipped["skipped"]
            .as_str()
            .unwrap()
            .contains("variables_lookup_pattern"),
        "{skipped}"
    );
    let skipped = explain(Store::Parameters, "conn", "x");
    assert!(
        skipped["skipped"]
            .as_str()
            .unwrap()
            .contains("`connections_prefix` is null"),
        "{skipped}"
    );
}
