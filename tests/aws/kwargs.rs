//! Kwargs: refused, without effect, explained.

use serde_json::{Value, json};

use super::answers::stand;
use super::{SECRET_KEY, Store};
use crate::support::server::Reply;
use crate::support::temp_dir;

#[test]
fn kwargs_that_airflow_could_not_use_are_status_2_and_say_which() {
    for (kwargs, says) in [
        (
            json!({"connections_prefix": 5}),
            "`connections_prefix` must be text",
        ),
        (json!({"sep": null}), "`sep` is null"),
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
