//! Mistakes on the way to the clouds' stores: moto, and the scripted Google, Azure, Kubernetes, Yandex and Akeyless.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{each_is_named, mistake};
use crate::support::moto::{Keys, Moto, guarded_moto};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{secretctl, temp_dir};
use crate::{akeyless, aws, azure, google, kubernetes, yandex};

#[test]
fn each_mistake_on_the_way_to_aws_is_named() {
    let Some(moto) = guarded_moto() else { return };
    let home = temp_dir();
    let with = |env: Vec<(String, String)>| {
        secretctl()
            .env("HOME", home.path())
            .env("AIRFLOW__SECRETS__BACKEND", aws::Store::Secrets.class_path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(env)
    };
    let by = |keys: &Keys| with(env(moto, keys));
    let without = |names: &[&str]| {
        let env = env(moto, &moto.keys).into_iter();
        with(env.filter(|(name, _)| !names.contains(&name.as_str())).collect())
    };
    let stranger = Keys {
        id: "AKIAIOSFODNN7UNKNOWN".to_owned(),
        secret: "hidden-secret-key".to_owned(),
    };
    let allowed = json!([{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}]);
    let reader = moto.user("nobody", &allowed);
    let skewed = Server::start(|_| Reply::status(404).header("Date", "Sun, 06 Nov 1994 08:49:37 GMT"));
    each_is_named(vec![
        mistake("no region", without(&["AWS_DEFAULT_REGION"])).fails(
            2,
            "region",
            "no AWS region",
            "set `region_name`",
        ),
        mistake(
            "no credential at all",
            without(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]),
        )
        .fails(4, "login", "no AWS credentials", "aws_access_key_id"),
        mistake("keys that AWS does not know", by(&stranger)).fails(
            4,
            "login",
            "does not accept the credentials",
            "get new keys",
        ),
        mistake("a missing permission", by(&reader)).fails(
            4,
            "read",
            "AccessDeniedException",
            "allow `secretsmanager:GetSecretValue`",
        ),
        mistake(
            "a clock that is off",
            by(&moto.keys).env("AWS_ENDPOINT_URL", skewed.url()),
        )
        .fails(4, "clock", "this machine's clock is", "set this machine's clock"),
    ]);
}

fn env(moto: &Moto, keys: &Keys) -> Vec<(String, String)> {
    let mut env = moto.env();
    for (name, value) in &mut env {
        match name.as_str() {
            "AWS_ACCESS_KEY_ID" => value.clone_from(&keys.id),
            "AWS_SECRET_ACCESS_KEY" => value.clone_from(&keys.secret),
            _ => {}
        }
    }
    env
}

#[test]
fn each_mistake_on_the_way_to_google_is_named() {
    let kwargs = json!({"gcp_keyfile_dict": google::support::key()});
    let denied = |reason: &str| {
        let error = json!({"code": 403, "status": "PERMISSION_DENIED", "message": "m", "details": [{"reason": reason}]});
        Reply::json(403, json!({"error": error}))
    };
    let refused = denied("IAM_PERMISSION_DENIED");
    let no_project = denied("CONSUMER_INVALID");
    let found = Reply::json(
        404,
        json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "m"}}),
    );
    let worlds: Vec<google::support::World> = (0..5).map(|_| google::support::World::start()).collect();
    let [fine, nowhere, keyless, wrong, forbidden] = worlds.as_slice() else {
        panic!("five worlds")
    };
    // The server's line, then one answer for each of two runs.
    let each = |reply: &Reply, reads: usize| {
        let run = std::iter::once(found.clone()).chain(std::iter::repeat_n(reply.clone(), reads));
        let run: Vec<Reply> = run.collect();
        [run.clone(), run].concat()
    };
    wrong.tell(&each(&no_project, 1), &[], &[]);
    forbidden.tell(&each(&refused, 4), &[], &[]);
    let mut without_project = google::support::key();
    without_project["project_id"] = Value::Null;
    each_is_named(vec![
        mistake(
            "no credential at all",
            keyless.program(
                &json!({}),
                &json!({"GCE_METADATA_HOST": "127.0.0.1:1", "GCE_METADATA_IP": "127.0.0.1:1"}),
            ),
        )
        .fails(4, "login", "no Google credentials found", "gcp_key"),
        mistake(
            "no project",
            nowhere.program(&json!({"gcp_keyfile_dict": without_project}), &json!({})),
        )
        .fails(2, "project", "is not known", "set the backend kwarg `project_id`"),
        mistake("a wrong project", wrong.program(&kwargs, &json!({}))).fails(
            4,
            "project",
            "there is no project `proj`",
            "check the kwarg `project_id`",
        ),
        mistake("a missing role", forbidden.program(&kwargs, &json!({}))).fails(
            4,
            "read",
            "this identity may not read",
            "Secret Manager Secret Accessor",
        ),
        mistake(
            "a missing key file",
            fine.program(&json!({"gcp_key_path": "/nonexistent/key.json"}), &json!({})),
        )
        .fails(4, "login", "/nonexistent/key.json", "check the credentials"),
    ]);
}

#[test]
fn each_mistake_on_the_way_to_azure_is_named() {
    use azure::support::{World, values, vault};
    let world = World::start();
    let but = |more: Value| {
        let kwargs = crate::vault::with(&values(), more);
        world.program(&kwargs, &json!({}))
    };
    each_is_named(vec![
        mistake(
            "a wrong tenant",
            but(json!({"tenant_id": "99999999-2222-3333-4444-555555555555"})),
        )
        .fails(
            4,
            "login",
            "the vault belongs to tenant",
            "configure the credential for tenant",
        ),
        mistake(
            "a wrong client secret",
            but(json!({"client_secret": "hidden-wrong"})),
        )
        .fails(4, "login", "AADSTS", "use the secret's value"),
        mistake(
            "no credential at all",
            world.program(
                &json!({"vault_url": values()["vault_url"]}),
                &json!({"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}),
            ),
        )
        .fails(4, "login", "no credential", "client_secret"),
    ]);
    let forbidden = World::start();
    let rbac = vault::error(
        403,
        "Forbidden",
        "Caller is not authorized",
        Some("ForbiddenByRbac"),
    );
    forbidden.tell(&json!({}), &vec![rbac; 6], &[], &[]);
    let html = World::start();
    html.tell(&json!({"challenge": ""}), &vec![Reply::html(200); 4], &[], &[]);
    each_is_named(vec![
        mistake("a missing role", forbidden.program(&values(), &json!({}))).fails(
            4,
            "read",
            "it has no role that may read secrets",
            "Key Vault Secrets User",
        ),
        mistake("a gateway's page", html.program(&values(), &json!({}))).fails(
            5,
            "server",
            "not Key Vault's JSON",
            "check `vault_url`",
        ),
    ]);
}

#[test]
fn each_mistake_on_the_way_to_kubernetes_is_named() {
    let home = temp_dir();
    let status = |code, reason, words| kubernetes::api::status(code, reason, words);
    let certificate = Authority::trusted().certificate(Validity::Good);
    let unknown = Server::start_tls(&certificate, move |_| status(401, "Unauthorized", "Unauthorized"));
    let denied = Server::start_tls(&certificate, move |request| match request.target.as_str() {
        "/version" => Reply::json(200, json!({"major": "1", "gitVersion": "v1.36.3"})),
        _ => status(403, "Forbidden", "secrets is forbidden"),
    });
    let at = |server: &Server, name: &str| {
        let authority = STANDARD.encode(Authority::trusted().pem());
        let cluster = json!({"server": server.url(), "certificate-authority-data": authority});
        let config = kubernetes::kubeconfig(cluster, json!({"token": "hidden-token"}));
        let file = home.path().join(name);
        std::fs::write(&file, config.to_string()).unwrap();
        kubernetes::kubernetes(&json!({})).env("KUBECONFIG", file)
    };
    each_is_named(vec![
        mistake("a refused token", at(&unknown, "unknown")).fails(
            4,
            "login",
            "refused the credential",
            "log in to the cluster again",
        ),
        mistake("a missing role", at(&denied, "denied")).fails(
            4,
            "read",
            "does not let this identity list secrets",
            "bind it to a Role",
        ),
        mistake(
            "no cluster at all",
            kubernetes::kubernetes(&json!({})).env("HOME", home.path()),
        )
        .fails(
            4,
            "login",
            "there is no credential for a Kubernetes cluster",
            "set `KUBECONFIG`",
        ),
    ]);
}

#[test]
fn each_mistake_on_the_way_to_lockbox_and_akeyless_is_named() {
    let kwargs = json!({"yc_oauth_token": "y3_hidden-oauth-token", "folder_id": "b1g"});
    let cloud = |path: &'static str, reply: Reply| {
        yandex::Cloud::scripted(move |request| {
            if request.target.starts_with(path) {
                reply.clone()
            } else {
                yandex::answer(request, &[], 10)
            }
        })
    };
    let refusal = |code: u8, words: &str| Reply::json(403, json!({"code": code, "message": words}));
    let login = cloud("/iam/", refusal(16, "bad token"));
    let folder = cloud("/lockbox/v1/secrets?", refusal(5, "no such folder"));
    let denying = |path: &'static str| {
        Server::start(move |request| match request.target.as_str() {
            target if target == path => Reply::json(403, json!({"error": "no permission"})),
            "/auth" => Reply::json(200, json!({"token": akeyless::TOKEN})),
            _ => Reply::json(404, json!({"error": "no such item"})),
        })
    };
    let (stranger, forbidden) = (denying("/auth"), denying("/get-secret-value"));
    let akeyless = |server: &Server| akeyless::program(&server.url(), &json!({}));
    each_is_named(vec![
        mistake("a refused token of Yandex", login.program(&kwargs)).fails(4, "login", "refused", ""),
        mistake("a wrong folder", folder.program(&kwargs)).fails(
            2,
            "folder",
            "list the secrets of folder `b1g`",
            "check `folder_id`",
        ),
        mistake("a refused key of Akeyless", akeyless(&stranger)).fails(
            4,
            "login",
            "refused the login",
            "check `access_id` and `access_key`",
        ),
        mistake("a missing role of Akeyless", akeyless(&forbidden)).fails(
            4,
            "read",
            "refused the request for the secret",
            "needs a role",
        ),
    ]);
}
