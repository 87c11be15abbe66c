//! Generated kubeconfigs: whom kubectl and the client for Python ask, as whom, and how; and secretctl.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::api;
use super::kubectl::kubectl;
use super::kubernetes;
use crate::support::server::{Authority, Recorded, Reply, Server, Tunnel, Validity};
use crate::support::{Output, Random, airflow, cases, enough, random, temp_dir};

/// The namespace of a request does not matter to these servers.
fn answer(_: &Recorded) -> Reply {
    api::list(&json!([{"metadata": {"name": "s"}, "data": {"value": STANDARD.encode("world")}}]))
}

/// API servers that differ in what they ask of a client, and a proxy.
struct World {
    /// Usual TLS; a certificate for another name; a client's certificate is required; no TLS.
    servers: [Server; 4],
    tunnel: Tunnel,
    certificate: (String, String),
    folder: TempDir,
}

/// What was seen of a command: whether it succeeded, the requests, and the hosts that the proxy was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    succeeded: bool,
    requests: Vec<String>,
    proxied: Vec<String>,
}

impl World {
    fn start() -> Self {
        let authority = Authority::trusted();
        let usual = authority.certificate(Validity::Good);
        let own = authority.certificate_for(&["me"]);
        let servers = [
            Server::start_tls(&usual, answer),
            Server::start_tls(&authority.certificate_for(&["other.example"]), answer),
            Server::start_mutual_tls(&usual, authority, answer),
            Server::start(answer),
        ];
        let world = Self {
            tunnel: Tunnel::start(servers[0].port),
            servers,
            certificate: (own.pem, own.key_pem),
            folder: temp_dir(),
        };
        for name in ["one", "two", ".kube"] {
            let folder = world.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let foreign = Authority::new("foreign").pem();
            for (file, text) in [
                ("ca.crt", authority.pem()),
                ("foreign.crt", foreign),
                ("me.crt", world.certificate.0.clone()),
                ("me.key", world.certificate.1.clone()),
                ("token", format!("of-{}\n", name.trim_start_matches('.'))),
                ("empty", String::new()),
            ] {
                std::fs::write(folder.join(file), text).unwrap();
            }
        }
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn seen(&self, output: &Output) -> Seen {
        let mut requests = Vec::new();
        for (number, server) in self.servers.iter().enumerate() {
            // kubectl may ask for the server's version too.
            let reads = server
                .take()
                .into_iter()
                .filter(|request| request.target.contains("/secrets"));
            requests.extend(reads.map(|request| described(number, &request)));
        }
        let mut proxied = self.tunnel.take();
        proxied.dedup();
        Seen {
            succeeded: output.status == 0,
            requests,
            proxied,
        }
    }

    fn secretctl(&self, env: &[(&str, String)]) -> Output {
        kubernetes(&json!({}))
            .env("HOME", self.path())
            .envs(env.iter().map(|(name, value)| (name, value)))
            .args(["get-var", "hello", "--no-fallback"])
            .run()
    }

    fn kubectl(&self, env: &[(&str, String)], args: &[&str]) -> Option<Output> {
        let program = kubectl(self.path())?.envs(env.iter().map(|(name, value)| (name, value)));
        Some(program.args(args).run())
    }
}

/// Describes a request: which server, and everything that says who asks.
fn described(number: usize, request: &Recorded) -> String {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .filter(|(name, _)| name == "authorization" || name.starts_with("impersonate-"))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    format!("server {number}, {}", headers.join(", "))
}

/// Returns the namespace of the only request of secretctl.
fn namespace(target: &str) -> String {
    let rest = target.split("/namespaces/").nth(1).unwrap();
    rest.split('/').next().unwrap().to_owned()
}

fn set(object: &mut Value, random: &mut Random, name: &str, one_in: usize, values: &[Value]) {
    if random.one_in(one_in) {
        object[name] = random.pick(values).clone();
    }
}

fn a_cluster(world: &World, random: &mut Random) -> Value {
    let number = if random.below(3) > 0 { 0 } else { random.below(4) };
    let port = world.servers[number].port;
    let host = *random.pick(&["localhost", "127.0.0.1"]);
    let server = match (number, random.below(6)) {
        (3, 0) => format!("{host}:{port}"),
        (3, _) => format!("http://{host}:{port}"),
        (_, 0) => format!("https://{host}:{port}/"),
        (_, 1) => format!("HTTPS://{host}:{port}"),
        _ => format!("https://{host}:{port}"),
    };
    let mut cluster = json!({"server": server});
    let data = |pem: String| json!(STANDARD.encode(pem));
    match random.below(16) {
        0 => {}
        1..4 => cluster["certificate-authority-data"] = data(Authority::trusted().pem()),
        4 | 5 => cluster["insecure-skip-tls-verify"] = true.into(),
        6 if random.one_in(2) => cluster["certificate-authority"] = "foreign.crt".into(),
        _ => cluster["certificate-authority"] = "ca.crt".into(),
    }
    set(
        &mut cluster,
        random,
        "certificate-authority-data",
        12,
        &[data(Authority::trusted().pem()), json!("")],
    );
    set(
        &mut cluster,
        random,
        "certificate-authority",
        12,
        &[json!("ca.crt"), json!("gone.crt"), Value::Null],
    );
    set(
        &mut cluster,
        random,
        "insecure-skip-tls-verify",
        8,
        &[json!(true), json!(false), Value::Null],
    );
    if number == 1 && !random.one_in(4) {
        cluster["tls-server-name"] = "other.example".into();
    }
    set(
        &mut cluster,
        random,
        "tls-server-name",
        10,
        &[json!("127.0.0.1"), json!("wrong.example"), json!("")],
    );
    if number == 0 {
        let proxy = format!("http://127.0.0.1:{}", world.tunnel.port);
        set(
            &mut cluster,
            random,
            "proxy-url",
            4,
            &[json!(proxy), json!(""), Value::Null],
        );
    }
    set(&mut cluster, random, "unknown-field", 10, &[json!({"a": [1]})]);
    cluster
}

fn a_user(world: &World, random: &mut Random) -> Value {
    let mut user = json!({});
    match random.below(10) {
        0 => {}
        1 => user["tokenFile"] = "token".into(),
        2 => user = json!({"username": "u", "password": "p"}),
        3 => user = json!({"client-certificate": "me.crt", "client-key": "me.key"}),
        _ => user["token"] = "t".into(),
    }
    set(
        &mut user,
        random,
        "token",
        12,
        &[json!("t2"), json!(""), Value::Null],
    );
    set(
        &mut user,
        random,
        "tokenFile",
        12,
        &[json!("token"), json!("gone"), json!("empty"), json!("")],
    );
    set(&mut user, random, "username", 16, &[json!("v"), json!("")]);
    set(
        &mut user,
        random,
        "client-certificate",
        16,
        &[json!("me.crt"), json!("gone.crt")],
    );
    if random.one_in(6) {
        user["client-certificate-data"] = STANDARD.encode(&world.certificate.0).into();
        user["client-key-data"] = STANDARD.encode(&world.certificate.1).into();
    }
    set(&mut user, random, "as", 3, &[json!("somebody"), json!("")]);
    set(&mut user, random, "as-uid", 24, &[json!("id 1")]);
    set(
        &mut user,
        random,
        "as-groups",
        10,
        &[json!(["g1", "g2"]), json!([])],
    );
    set(
        &mut user,
        random,
        "as-user-extra",
        12,
        &[json!({"Acme.com/%x": ["a", "b"], "b": ["c"]}), json!({})],
    );
    user
}

/// Returns a kubeconfig, which may lack what another one has.
fn a_file(world: &World, random: &mut Random) -> Value {
    let mut lists = Map::new();
    for (list, kind) in [
        ("contexts", "context"),
        ("clusters", "cluster"),
        ("users", "user"),
    ] {
        let mut items = Vec::new();
        for name in ["a", "b"] {
            // Most files have most of the names, and a few have one twice.
            let times = match random.below(60) {
                0 => 2,
                1..8 => 0,
                _ => 1,
            };
            for _ in 0..times {
                let body = match kind {
                    "context" => {
                        let mut context =
                            json!({"cluster": random.pick(&["a", "b"]), "user": random.pick(&["a", "b"])});
                        set(
                            &mut context,
                            random,
                            "namespace",
                            2,
                            &[json!("team"), json!("other"), json!("")],
                        );
                        set(
                            &mut context,
                            random,
                            "user",
                            16,
                            &[json!(""), Value::Null, json!("c")],
                        );
                        set(&mut context, random, "cluster", 32, &[json!(""), json!("c")]);
                        context
                    }
                    "cluster" => a_cluster(world, random),
                    _ => a_user(world, random),
                };
                items.push(json!({"name": name, kind: body}));
            }
        }
        lists.insert(list.to_owned(), items.into());
    }
    let mut file = json!({"apiVersion": "v1", "kind": "Config"});
    for (list, items) in lists {
        set(
            &mut file,
            random,
            &list,
            1,
            &[items.clone(), items.clone(), items],
        );
    }
    if !random.one_in(8) {
        file["current-context"] = json!(random.pick(&["a", "b"]));
    }
    set(
        &mut file,
        random,
        "current-context",
        24,
        &[json!(""), json!("c"), Value::Null],
    );
    file
}

/// Returns the files for a message, without certificates.
fn shortened(paths: &[std::path::PathBuf]) -> String {
    let mut text = String::new();
    for path in paths {
        let file = std::fs::read_to_string(path).unwrap_or_default();
        let words = file
            .split('"')
            .map(|word| if word.len() > 100 { "…" } else { word });
        text.push_str(&words.collect::<Vec<_>>().join("\""));
        text.push('\n');
    }
    text
}

#[test]
fn kubectl_asks_the_same_servers_in_the_same_way() {
    let world = World::start();
    let mut random = random("kubeconfigs");
    let count = cases(60, 2_000);
    let (mut asked, mut refused) = (0, 0);
    for _ in 0..count {
        let mut paths = Vec::new();
        for name in ["one", "two"] {
            if name == "one" || random.one_in(2) {
                let file = a_file(&world, &mut random);
                let path = world.path().join(name).join("config");
                std::fs::write(&path, file.to_string()).unwrap();
                paths.push(path);
            }
            if random.one_in(8) {
                paths.push(world.path().join("gone"));
            }
        }
        if random.one_in(2) {
            paths.reverse();
        }
        let list = std::env::join_paths(&paths).unwrap().into_string().unwrap();
        let env = [("KUBECONFIG", list)];
        let output = world.secretctl(&env);
        let ours = world.seen(&output);
        let Some(theirs) = world.kubectl(&env, &["get", "--raw", "/api/v1/namespaces/x/secrets"]) else {
            return;
        };
        let (said, theirs) = (theirs.stderr.clone(), world.seen(&theirs));
        asked += ours.requests.len();
        refused += usize::from(!ours.succeeded);
        let has_no_user = output.stderr.contains("the kubeconfig has no user");
        if said == "error: EOF\n" || has_no_user {
            // kubectl asks its user for a name and a password: no credential is configured, or the user is not there. Over http it
            // goes on without.
            let theirs = theirs.requests.iter();
            assert!(
                theirs.clone().all(|request| !request.contains("authorization")),
                "{said}"
            );
            assert!(
                ours.requests
                    .iter()
                    .all(|request| !request.contains("authorization")),
                "{ours:?}"
            );
            continue;
        }
        assert_eq!(
            ours,
            theirs,
            "ours: {}\ntheirs: {said}\n{}",
            output.stderr,
            shortened(&paths)
        );
    }
    // A generator of which nothing comes would prove nothing.
    assert!(
        enough(asked, count, 4) && enough(refused, count, 10),
        "{asked} asked and {refused} refused of {count}"
    );
}

/// Returns a kubeconfig that means the same to kubectl and to the client for Python.
fn a_common_file(world: &World, random: &mut Random) -> Value {
    let port = world.servers[0].port;
    let mut cluster = json!({"server": format!("https://localhost:{port}{}", random.pick(&["", "/"]))});
    match random.below(3) {
        0 => cluster["certificate-authority-data"] = STANDARD.encode(Authority::trusted().pem()).into(),
        1 => cluster["certificate-authority"] = "ca.crt".into(),
        _ => cluster["insecure-skip-tls-verify"] = true.into(),
    }
    set(&mut cluster, random, "tls-server-name", 3, &[json!("127.0.0.1")]);
    let mut user = match random.below(5) {
        0 => json!({"token": "t"}),
        1 => json!({"tokenFile": "token"}),
        2 => json!({"username": "u", "password": "p"}),
        3 => json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "interactiveMode": "Never",
            "args": ["-c", r#"echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "'$T'"}}'"#],
            "env": [{"name": "T", "value": "of-plugin"}],
        }}),
        _ => json!({}),
    };
    if random.one_in(3) && user.get("exec").is_none() {
        user["client-certificate"] = "me.crt".into();
        user["client-key"] = "me.key".into();
    }
    let mut context = json!({"cluster": "k", "user": "u"});
    set(&mut context, random, "namespace", 2, &[json!("team")]);
    json!({
        "current-context": "c", "contexts": [{"name": "other", "context": {}}, {"name": "c", "context": context}],
        "clusters": [{"name": "k", "cluster": cluster}], "users": [{"name": "u", "user": user}],
    })
}

#[test]
fn the_client_for_python_reads_the_same() {
    let Some(judge) = airflow() else { return };
    let world = World::start();
    let mut random = random("kubeconfigs for Python");
    for _ in 0..cases(40, 1_000) {
        let file = a_common_file(&world, &mut random);
        // The usual place, a variable, and an entry that another file has.
        let mut env = vec![("KUBECONFIG", String::new())];
        let mut paths = vec![world.path().join(".kube/config")];
        if random.one_in(2) {
            paths = vec![world.path().join("one/config"), world.path().join("two/config")];
            env[0].1 = std::env::join_paths(&paths).unwrap().into_string().unwrap();
        }
        let mut rest = file.clone();
        if let [_, second] = paths.as_slice() {
            rest["users"] = json!([]);
            std::fs::write(second, json!({"users": file["users"]}).to_string()).unwrap();
        }
        std::fs::write(&paths[0], rest.to_string()).unwrap();
        let output = world.secretctl(&env);
        assert_eq!(output.ok(), "world\n", "{file}");
        let [request] = world.servers[0].take().try_into().unwrap();
        let list = std::env::join_paths(&paths).unwrap().into_string().unwrap();
        let theirs = judge.ask(json!({"op": "kubernetes.kubeconfig", "kubeconfig": list}));
        let cluster = &file["clusters"][0]["cluster"];
        let is_verified = cluster.get("insecure-skip-tls-verify").is_none();
        let has_certificate = file["users"][0]["user"].get("client-certificate").is_some();
        for (name, ours) in [
            (
                "server",
                json!(cluster["server"].as_str().unwrap().trim_end_matches('/')),
            ),
            (
                "namespace",
                json!(file["contexts"][1]["context"].get("namespace")),
            ),
            ("authorization", json!(request.header("authorization"))),
            ("ca", json!(is_verified.then(|| Authority::trusted().pem()))),
            (
                "certificate",
                json!(has_certificate.then_some(&world.certificate.0)),
            ),
            ("key", json!(has_certificate.then_some(&world.certificate.1))),
            ("verify", json!(is_verified)),
            ("tls_server_name", json!(cluster.get("tls-server-name"))),
        ] {
            // Python leaves a line feed at the end of a token file; kubectl does not.
            let theirs_of = theirs[name]
                .as_str()
                .filter(|_| name == "authorization")
                .map_or_else(|| theirs[name].clone(), |text| json!(text.trim_end()));
            assert_eq!(
                theirs_of,
                ours,
                "{name}: {}{:?}",
                shortened(&paths),
                theirs["error"]
            );
        }
        let expected = theirs["namespace"].as_str().unwrap_or("default");
        assert_eq!(namespace(&request.target), expected, "{file}");
    }
}
