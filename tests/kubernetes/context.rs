//! The current context: its namespace, its proxy, whom it acts as, and what becomes of a token that is replaced.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::api::{self, Held};
use super::kubectl::{TARGET, kubectl};
use super::{kubeconfig, kubernetes};
use crate::support::server::{Authority, Recorded, Reply, Server, TlsProxy, Validity};
use crate::support::{Output, temp_dir};

fn held(namespace: &str, value: &str) -> Held {
    Held {
        namespace: namespace.to_owned(),
        ..Held::new("airflow.apache.org/variable-key", "hello", value)
    }
}

fn answer(request: &Recorded) -> Reply {
    api::answer(
        request,
        &[
            held("airflow", "world"),
            held("other", "moon"),
            held("default", "sun"),
        ],
    )
}

fn cluster() -> Server {
    Server::start_tls(&Authority::trusted().certificate(Validity::Good), answer)
}

fn trusted(server: &Server) -> Value {
    json!({"server": server.url(), "certificate-authority-data": STANDARD.encode(Authority::trusted().pem())})
}

#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
fn get(folder: &Path, config: &Value, kwargs: Value) -> Output {
    std::fs::write(folder.join("config"), config.to_string()).unwrap();
    kubernetes(&kwargs)
        .env("KUBECONFIG", folder.join("config"))
        .args(["get-var", "hello", "-n"])
        .run()
}

#[test]
fn the_kwarg_counts_more_than_the_namespace_of_the_context() {
    let (dir, server) = (temp_dir(), cluster());
    for (of_context, kwargs, value) in [
        (json!("airflow"), json!({}), "world"),
        (json!("airflow"), json!({"namespace": "other"}), "moon"),
        (json!("other"), json!({"namespace": ""}), "moon"),
        (json!("other"), json!({"namespace": null}), "moon"),
        (Value::Null, json!({}), "sun"),
        (json!(""), json!({}), "sun"),
        (Value::Null, json!({"namespace": "airflow"}), "world"),
    ] {
        let mut config = kubeconfig(trusted(&server), json!({"token": "t"}));
        config["contexts"][0]["context"]["namespace"] = of_context.clone();
        assert_eq!(
            get(dir.path(), &config, kwargs.clone()).ok(),
            value,
            "{of_context} {kwargs}"
        );
    }
}

#[test]
fn an_empty_or_absent_variable_means_the_file_in_the_home_folder() {
    let (dir, server) = (temp_dir(), cluster());
    std::fs::create_dir(dir.path().join(".kube")).unwrap();
    let file = dir.path().join(".kube/config");
    let write = || {
        std::fs::write(
            &file,
            kubeconfig(trusted(&server), json!({"token": "t"})).to_string(),
        )
        .unwrap();
    };
    for variable in [None, Some("")] {
        let program = || {
            kubernetes(&json!({}))
                .envs(variable.map(|list| ("KUBECONFIG", list)))
                .env("HOME", dir.path())
                .args(["get-var", "hello", "-n"])
        };
        write();
        assert_eq!(program().run().ok(), "world");
        if let Some(program) = kubectl(dir.path()) {
            let program = program.envs(variable.map(|list| ("KUBECONFIG", list)));
            program.args(["get", "--raw", TARGET]).run().ok();
        }
        std::fs::remove_file(&file).unwrap();
        let output = program().run();
        let stderr = output.fails(4);
        assert!(
            stderr.contains("this is not a pod") && stderr.contains(".kube/config` does not exist"),
            "{stderr}"
        );
    }
    let output = kubernetes(&json!({})).args(["get-var", "hello"]).run();
    assert!(output.fails(4).contains("set `KUBECONFIG`"), "{}", output.stderr);
    let output = kubernetes(&json!({}))
        .env("KUBECONFIG", ":")
        .args(["get-var", "hello"])
        .run();
    assert!(output.fails(4).contains("set `KUBECONFIG`"), "{}", output.stderr);
}

#[test]
fn a_token_file_that_was_replaced_is_read_again() {
    let dir = temp_dir();
    let file = dir.path().join("token");
    let replaced = file.clone();
    let server = Server::start_tls(
        &Authority::trusted().certificate(Validity::Good),
        move |request| {
            if request.header("authorization") == Some("Bearer t2") {
                return answer(request);
            }
            std::fs::write(&replaced, "t2\n").unwrap();
            api::unauthorized()
        },
    );
    let tokens = |server: &Server| -> Vec<String> {
        let requests = server.take();
        let token = |request: &Recorded| request.header("authorization").unwrap().to_owned();
        requests.iter().map(token).collect()
    };
    std::fs::write(&file, "t1\n").unwrap();
    let config = kubeconfig(trusted(&server), json!({"tokenFile": "token"}));
    assert_eq!(get(dir.path(), &config, json!({})).ok(), "world");
    assert_eq!(tokens(&server), ["Bearer t1", "Bearer t2"]);
    // A token in the kubeconfig stays what it is.
    let config = kubeconfig(trusted(&server), json!({"token": "t1"}));
    let output = get(dir.path(), &config, json!({}));
    assert!(
        output.fails(4).contains("log in to the cluster again"),
        "{}",
        output.stderr
    );
    assert_eq!(tokens(&server), ["Bearer t1"]);
    std::fs::write(&file, " \n").unwrap();
    let config = kubeconfig(trusted(&server), json!({"tokenFile": "token"}));
    let output = get(dir.path(), &config, json!({}));
    assert!(output.fails(4).contains("token` is empty"), "{}", output.stderr);
    std::fs::remove_file(&file).unwrap();
    let output = get(dir.path(), &config, json!({}));
    assert!(
        output.fails(4).contains("the token cannot be read from"),
        "{}",
        output.stderr
    );
    assert_eq!(tokens(&server), [""; 0]);
}

#[test]
fn a_context_can_act_as_somebody_else() {
    let (dir, server) = (temp_dir(), cluster());
    let user = json!({
        "token": "t", "as": "jane", "as-uid": "7", "as-groups": ["g 1", "g2"], "as-user-extra": {"acme.com/Project": ["x", "y"]},
    });
    assert_eq!(
        get(dir.path(), &kubeconfig(trusted(&server), user), json!({})).ok(),
        "world"
    );
    let headers = |requests: &[Recorded]| -> Vec<String> {
        let request = requests.iter().find(|request| request.target == TARGET).unwrap();
        let headers = request
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("impersonate"));
        let mut headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        headers.sort();
        headers
    };
    let ours = headers(&server.take());
    assert_eq!(
        ours,
        [
            "impersonate-extra-acme.com%2fproject: x",
            "impersonate-extra-acme.com%2fproject: y",
            "impersonate-group: g 1",
            "impersonate-group: g2",
            "impersonate-uid: 7",
            "impersonate-user: jane",
        ]
    );
    if let Some(program) = kubectl(dir.path()) {
        let program = program.env("KUBECONFIG", dir.path().join("config"));
        program.args(["get", "--raw", TARGET]).run().ok();
        assert_eq!(headers(&server.take()), ours);
    }
    let half = json!({"token": "hunter2", "as-groups": ["g"]});
    let output = get(dir.path(), &kubeconfig(trusted(&server), half), json!({}));
    let stderr = output.fails(2);
    assert!(
        stderr.contains("`as` of user `u`") && !stderr.contains("hunter2"),
        "{stderr}"
    );
}

#[test]
fn a_proxy_of_a_cluster_may_speak_tls() {
    let (dir, server) = (temp_dir(), cluster());
    let authority = Authority::trusted();
    let own = authority.certificate(Validity::Good);
    let proxy = TlsProxy::start(&own, authority, server.port, "");
    let mut cluster = trusted(&server);
    cluster["server"] = "https://localhost:1".into();
    cluster["proxy-url"] = proxy.url().into();
    assert_eq!(
        get(
            dir.path(),
            &kubeconfig(cluster.clone(), json!({"token": "t"})),
            json!({})
        )
        .ok(),
        "world"
    );
    let asked = proxy.take();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "CONNECT localhost:1 HTTP/1.1");
    if let Some(program) = kubectl(dir.path()) {
        let program = program.env("KUBECONFIG", dir.path().join("config"));
        program.args(["get", "--raw", TARGET]).run().ok();
        assert_eq!(proxy.take()[0].line, asked[0].line);
    }
    // The authority of the cluster is that of the proxy too.
    cluster["certificate-authority-data"] = STANDARD.encode(Authority::new("foreign").pem()).into();
    let output = get(
        dir.path(),
        &kubeconfig(cluster.clone(), json!({"token": "t"})),
        json!({}),
    );
    output.fails(5);
    if let Some(program) = kubectl(dir.path()) {
        let program = program.env("KUBECONFIG", dir.path().join("config"));
        assert_ne!(program.args(["get", "--raw", TARGET]).run().status, 0);
    }
    for (url, status) in [("ftp://localhost:1", 2), ("http://localhost:99999", 2)] {
        cluster["proxy-url"] = url.into();
        let output = get(
            dir.path(),
            &kubeconfig(cluster.clone(), json!({"token": "t"})),
            json!({}),
        );
        assert!(
            output.fails(status).contains("`proxy-url` of cluster `k`"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_misspelt_name_gets_the_nearest_and_its_line() {
    let (dir, server) = (temp_dir(), cluster());
    let yaml = format!(
        "current-context: production\ncontexts:\n- name: produktion\n  context: {{cluster: east, user: me}}\n\
         clusters:\n- name: east\n  cluster: {{server: '{}'}}\nusers: []\n",
        server.url()
    );
    let file = dir.path().join("config");
    let run = |yaml: &str| {
        std::fs::write(&file, yaml).unwrap();
        let program = kubernetes(&json!({})).env("KUBECONFIG", &file);
        program.args(["get-var", "hello"]).run()
    };
    for (yaml, hint) in [
        (
            yaml.clone(),
            format!("did you mean `produktion`, in `{}`, line 3?", file.display()),
        ),
        (
            yaml.replace("production", "produktion")
                .replace("cluster: east", "cluster: esat"),
            format!("did you mean `east`, in `{}`, line 6?", file.display()),
        ),
        (
            yaml.replace("production", "x"),
            "`contexts` has produktion".to_owned(),
        ),
        (
            yaml.replace("production", "produktion"),
            "add it under `users`".to_owned(),
        ),
        (
            yaml.replace(
                "- name: east",
                "- name: east\n  cluster: {server: x}\n- name: east",
            ),
            "remove one of the two".to_owned(),
        ),
    ] {
        let output = run(&yaml);
        assert!(output.fails(2).contains(&hint), "{hint}: {}", output.stderr);
    }
    let output = run(&yaml.replace(
        "- name: east",
        "- name: east\n  cluster: {server: x}\n- name: east",
    ));
    assert!(
        output
            .stderr
            .contains("two entries `east` in `clusters`, in lines 6 and 8"),
        "{}",
        output.stderr
    );
}
