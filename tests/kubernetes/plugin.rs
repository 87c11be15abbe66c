//! Exec plugins: what they are told, what their answers mean, and how they end. kubectl runs the same plugins.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{self, Held};
use super::kubectl::{TARGET, kubectl};
use super::{kubeconfig, kubernetes};
use crate::support::server::{Authority, Server, Validity};
use crate::support::{Output, Program, temp_dir};

const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// A folder with a plugin, and a kubeconfig that uses it.
struct Setup {
    folder: TempDir,
    server: Server,
}

impl Setup {
    /// Makes a plugin from the lines of a shell script. It is in `bin/plugin`, and its folder is `$D`.
    fn new(script: &str) -> Self {
        Self::with_server(script, Server::start_tls(&certificate(), answer))
    }

    fn with_server(script: &str, server: Server) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let setup = Self {
            folder: temp_dir(),
            server,
        };
        let script = format!("#!/bin/sh\nD='{}'\n{script}\n", setup.path().display());
        std::fs::create_dir(setup.path().join("bin")).unwrap();
        let plugin = setup.path().join("bin/plugin");
        std::fs::write(&plugin, script).unwrap();
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).unwrap();
        setup
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn cluster(&self) -> Value {
        json!({"server": self.server.url(), "certificate-authority-data": STANDARD.encode(Authority::trusted().pem())})
    }

    /// Writes a kubeconfig whose user has the plugin with these fields besides the usual ones.
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    fn exec(&self, more: Value) -> &Self {
        let mut exec = json!({"apiVersion": V1, "command": "./bin/plugin", "interactiveMode": "Never"});
        for (name, value) in more.as_object().unwrap() {
            exec[name] = value.clone();
        }
        self.write(&kubeconfig(self.cluster(), json!({"exec": exec})))
    }

    fn write(&self, config: &Value) -> &Self {
        std::fs::write(self.path().join("config"), config.to_string()).unwrap();
        self
    }

    /// Writes a file, such as what the plugin prints.
    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
    fn file(&self, name: &str, text: impl ToString) -> &Self {
        std::fs::write(self.path().join(name), text.to_string()).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn secretctl(&self) -> Program {
        kubernetes(&json!({}))
            .env("KUBECONFIG", self.path().join("config"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .args(["--no-fallback", "-n"])
    }

    fn get(&self) -> Output {
        self.secretctl().args(["get-var", "hello"]).run()
    }

    /// Runs the same plugin by kubectl.
    fn kubectl(&self) -> Option<Output> {
        let program = kubectl(self.path())?;
        Some(
            program
                .env("KUBECONFIG", self.path().join("config"))
                .args(["get", "--raw", TARGET])
                .run(),
        )
    }

    /// Returns how often the plugin ran, where it notes that in `runs`.
    fn runs(&self) -> usize {
        let runs = std::fs::read_to_string(self.path().join("runs")).unwrap_or_default();
        let _ = std::fs::remove_file(self.path().join("runs"));
        runs.lines().count()
    }

    fn authorizations(&self) -> Vec<Option<String>> {
        let requests = self.server.take();
        let authorization =
            |request: &crate::support::server::Recorded| request.header("authorization").map(str::to_owned);
        // kubectl may ask for the server's version too.
        let reads = requests.iter().filter(|request| request.target == TARGET);
        reads.map(authorization).collect()
    }
}

fn certificate() -> crate::support::server::Certificate {
    Authority::trusted().certificate(Validity::Good)
}

fn held() -> [Held; 2] {
    [
        Held::new("airflow.apache.org/variable-key", "hello", "world"),
        Held::new("airflow.apache.org/variable-key", "other", "moon"),
    ]
}

fn answer(request: &crate::support::server::Recorded) -> crate::support::server::Reply {
    api::answer(request, &held())
}

/// A plugin that prints the file `printed`, and notes that it ran.
const PRINTS: &str = r#"echo run >>"$D/runs"; cat "$D/printed""#;

#[expect(clippy::needless_pass_by_value, reason = "it is called with `json!(…)`")]
fn credential(status: Value) -> Value {
    json!({"kind": "ExecCredential", "apiVersion": V1, "status": status})
}

/// Returns a time that many seconds from now, as RFC 3339 has it.
fn in_seconds(seconds: i64) -> String {
    let at = unix_time() + seconds;
    let output = Program::new("date")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(["-u", "-d", &format!("@{at}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .run();
    output.ok().trim().to_owned()
}

fn unix_time() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.unwrap().as_secs()).unwrap()
}

#[test]
fn a_plugin_is_told_the_same_as_by_kubectl() {
    let script = r#"printf %s "$KUBERNETES_EXEC_INFO" >"$D/info"; for word; do echo "<$word>"; done >"$D/words"; echo "$MINE $HOME" >"$D/env"; pwd >"$D/cwd"
        head -c 1 >"$D/input"; cat "$D/printed""#;
    let setup = Setup::new(script);
    setup.file("printed", credential(json!({"token": "t"})));
    let folder = setup.path().to_owned();
    std::fs::write(folder.join("ca.crt"), Authority::trusted().pem()).unwrap();
    let extension = json!([
        {"name": "other", "extension": {"a": 1}},
        {"name": "client.authentication.k8s.io/exec", "extension": {"n": [1, 2.5, null, true], "audience": "é<&>\u{2028}"}},
    ]);
    let url = setup.server.url();
    let clusters = [
        setup.cluster(),
        json!({"server": url, "certificate-authority": "ca.crt"}),
        json!({"server": url, "insecure-skip-tls-verify": true, "tls-server-name": "127.0.0.1", "disable-compression": true}),
        json!({"server": url, "certificate-authority": "ca.crt", "extensions": extension}),
    ];
    let mut compared = 0;
    for cluster in clusters {
        for (version, mode, provides) in [
            (V1, json!("Never"), true),
            (V1, json!("IfAvailable"), false),
            (V1BETA1, Value::Null, true),
        ] {
            let exec = json!({
                "apiVersion": version, "command": "./bin/plugin", "interactiveMode": mode, "provideClusterInfo": provides,
                "args": ["get-token", "--name", "a b", ""], "env": [{"name": "MINE", "value": "first"}, {"name": "MINE", "value": "of $HOME"}],
            });
            let mut printed = credential(json!({"token": "t"}));
            printed["apiVersion"] = version.into();
            setup
                .write(&kubeconfig(cluster.clone(), json!({"exec": exec})))
                .file("printed", printed);
            let told = || ["info", "words", "env", "cwd", "input"].map(|name| setup.read(name));
            let output = setup
                .secretctl()
                .env("HOME", setup.path())
                .args(["get-var", "hello"])
                .run();
            assert_eq!(output.ok(), "world", "{cluster}");
            let ours = told();
            assert_eq!(setup.authorizations(), [Some("Bearer t".to_owned())]);
            assert_eq!(ours[1], "<get-token>\n<--name>\n<a b>\n<>\n");
            assert_eq!(ours[2], format!("of $HOME {}\n", setup.path().display()));
            assert!(ours[0].contains("\"interactive\":false"), "{}", ours[0]);
            assert_eq!(ours[0].contains(&url), provides, "{}", ours[0]);
            let Some(output) = setup.kubectl() else { continue };
            assert!(output.ok().contains("\"kind\":\"SecretList\""));
            assert_eq!(told(), ours, "{cluster}");
            assert_eq!(setup.authorizations(), [Some("Bearer t".to_owned())]);
            compared += 1;
        }
    }
    assert!(compared == 0 || compared == 12);
}

#[test]
fn a_plugin_is_found_by_its_path_or_on_the_path() {
    let setup = Setup::new(PRINTS);
    setup.file("printed", credential(json!({"token": "t"})));
    let absolute = setup.path().join("bin/plugin");
    let path = format!(
        "{}:{}",
        setup.path().join("bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    for command in [
        json!("./bin/plugin"),
        json!("bin/plugin"),
        json!(absolute),
        json!("plugin"),
    ] {
        setup.exec(json!({"command": command}));
        let output = setup
            .secretctl()
            .env("PATH", &path)
            .dir("/")
            .args(["get-var", "hello"])
            .run();
        assert_eq!(output.ok(), "world", "{command}");
        let Some(program) = kubectl(setup.path()) else {
            continue;
        };
        let output = program
            .env("PATH", &path)
            .env("KUBECONFIG", setup.path().join("config"))
            .dir("/")
            .args(["get", "--raw", TARGET])
            .run();
        assert!(output.status == 0, "{command}: {}", output.stderr);
    }
}

#[test]
fn a_client_certificate_of_a_plugin_is_presented() {
    let authority = Authority::trusted();
    let server = Server::start_mutual_tls(&certificate(), authority, answer);
    let setup = Setup::with_server(PRINTS, server);
    let own = authority.certificate_for(&["me"]);
    let pair = json!({"clientCertificateData": own.pem, "clientKeyData": own.key_pem});
    setup.exec(json!({})).file("printed", credential(pair.clone()));
    assert_eq!(setup.get().ok(), "world");
    assert_eq!(setup.authorizations(), [None]);
    let mut both = pair.clone();
    both["token"] = "t".into();
    setup.file("printed", credential(both));
    assert_eq!(setup.get().ok(), "world");
    assert_eq!(setup.authorizations(), [Some("Bearer t".to_owned())]);
    if let Some(output) = setup.kubectl() {
        output.ok();
        assert_eq!(setup.authorizations(), [Some("Bearer t".to_owned())]);
    }
    let mut broken = pair;
    broken["clientKeyData"] = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n".into();
    setup.file("printed", credential(broken));
    let output = setup.get();
    let stderr = output.fails(2);
    assert!(
        stderr.contains("`clientKeyData` of the plugin") && !stderr.contains("hunter2"),
        "{stderr}"
    );
}

#[test]
fn a_credential_is_used_until_it_expires_or_is_refused() {
    let setup = Setup::new(PRINTS);
    setup.exec(json!({}));
    let export = || {
        let output = setup
            .secretctl()
            .args(["export", "--format", "json", "--var", "hello", "--var", "other"])
            .run();
        assert!(output.ok().contains("moon"));
        setup.runs()
    };
    for (expiry, runs) in [
        (Value::Null, 1),
        (json!(in_seconds(600)), 1),
        // It has expired already, so every request needs another one.
        (json!(in_seconds(-5)), 2),
    ] {
        setup.file(
            "printed",
            credential(json!({"token": "t", "expirationTimestamp": expiry})),
        );
        assert_eq!(export(), runs, "{expiry}");
    }
    // A refused credential is renewed once.
    let script = r#"echo run >>"$D/runs"; n=$(wc -l <"$D/runs"); printf '{"kind": "ExecCredential", "apiVersion": "'"$1"'", "status": {"token": "t%d"}}' $n"#;
    for (right, status, tokens) in [("Bearer t2", 0, 2), ("Bearer never", 4, 2)] {
        let server = Server::start_tls(&certificate(), move |request| {
            if request.header("authorization") == Some(right) {
                answer(request)
            } else {
                api::unauthorized()
            }
        });
        let setup = Setup::with_server(script, server);
        setup.exec(json!({"args": [V1]}));
        let output = setup.get();
        assert_eq!(output.status, status, "{}", output.stderr);
        let sent: Vec<String> = setup.authorizations().into_iter().flatten().collect();
        assert_eq!(sent, ["Bearer t1", "Bearer t2"][..tokens]);
        assert_eq!(setup.runs(), tokens);
    }
}

/// The answers of a plugin that are not a credential, and what is said about each.
fn refused_answers() -> Vec<(String, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut all = credential(json!({"token": "hunter2"}));
        all[name] = value;
        all.to_string()
    };
    vec![
        (String::new(), "not a JSON object"),
        ("hunter2".to_owned(), "not a JSON object"),
        ("\"hunter2\"".to_owned(), "not a JSON object"),
        ("{\"token\": \"hunter2\"".to_owned(), "not a JSON object"),
        (with("kind", json!("hunter2")), "not an `ExecCredential`"),
        (
            with("apiVersion", json!(V1BETA1)),
            "a credential of `client.authentication.k8s.io/v1beta1`",
        ),
        (
            with("apiVersion", Value::Null),
            "the kubeconfig says `client.authentication.k8s.io/v1`",
        ),
        (with("status", Value::Null), "without `status`"),
        (with("status", json!({})), "neither a token nor a certificate"),
        (
            with("status", json!({"token": ""})),
            "neither a token nor a certificate",
        ),
        (
            with("status", json!({"token": "hunter2\n"})),
            "cannot be sent over HTTP",
        ),
        (
            with("status", json!({"token": ["hunter2"]})),
            "a `token` that is not text",
        ),
        (
            with("status", json!({"clientCertificateData": "hunter2"})),
            "without its key",
        ),
        (
            with(
                "status",
                json!({"token": "hunter2", "expirationTimestamp": "hunter2"}),
            ),
            "is not a time",
        ),
    ]
}

#[test]
fn an_answer_that_is_not_a_credential_is_refused_without_being_shown() {
    let setup = Setup::new(PRINTS);
    setup.exec(json!({}));
    for (printed, words) in refused_answers() {
        setup.file("printed", &printed);
        let output = setup.get();
        let stderr = output.fails(4);
        assert!(
            stderr.contains(words) && stderr.contains("the plugin `./bin/plugin` of user `u` in"),
            "{printed}: {stderr}"
        );
        assert!(!stderr.contains("hunter2"), "{stderr}");
        assert_eq!(setup.authorizations(), []);
        // What kubectl refuses too, with its own words.
        if let Some(output) = setup.kubectl() {
            assert_ne!(output.status, 0, "{printed}");
        }
    }
}

#[test]
fn a_plugin_that_fails_says_why_without_a_secret() {
    let script = r#"cat "$D/printed"; cat "$D/said" >&2; exit 7"#;
    let setup = Setup::new(script);
    setup.exec(json!({
        "args": ["--client-secret", "argument1", "--password=argument2"], "env": [{"name": "PROFILE", "value": "variable1"}],
    }));
    setup.file("printed", credential(json!({"token": "printed1"})));
    setup.file(
        "said",
        "\u{1b}[31mThe SSO session has expired:\nrun `aws sso login`\u{1b}[0m\n",
    );
    let output = setup.get();
    let stderr = output.fails(4);
    assert!(
        stderr.contains("failed (exit status: 7)") && stderr.contains("has expired: run `aws sso login`"),
        "{stderr}"
    );
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    setup.file(
        "said",
        "argument1 argument2 variable1 printed1 of-me eyJhbGciOi.J9 access_token: spoken1 {\"secret\":\"spoken2\"} SECRET=spoken3 \
         wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY ##vso[task.setvariable variable=x]y\n::set-env",
    );
    let output = setup
        .secretctl()
        .env("MY_TOKEN", "of-me")
        .args(["get-var", "hello"])
        .run();
    let stderr = output.fails(4);
    for secret in [
        "argument1",
        "argument2",
        "variable1",
        "printed1",
        "of-me",
        "eyJ",
        "spoken1",
        "spoken2",
        "spoken3",
        "wJalr",
        "##vso",
    ] {
        assert!(!stderr.contains(secret), "{secret}: {stderr}");
    }
    assert!(
        stderr.lines().all(|line| !line.trim_start().starts_with("::")),
        "{stderr}"
    );
    setup.file("said", "");
    assert!(!setup.get().fails(4).contains("it says"));
}

#[test]
fn a_plugin_that_is_missing_gets_its_installation_hint() {
    let setup = Setup::new("");
    for command in ["no-such-plugin", "./no-such-plugin", "/nonexistent/plugin"] {
        setup.exec(
            json!({"command": command, "installHint": "Install it with `tool install`\n\nand read this"}),
        );
        let output = setup.get();
        let stderr = output.fails(4);
        assert!(
            stderr.contains(&format!("the plugin `{command}` of user `u`"))
                && stderr.contains("hint: Install it with `tool install`\n"),
            "{stderr}"
        );
        assert!(!stderr.contains("and read this"), "{stderr}");
        if let Some(output) = setup.kubectl() {
            // kubectl says it only for a name that is not on the PATH.
            assert_eq!(
                output.stderr.contains("tool install"),
                command == "no-such-plugin",
                "{}",
                output.stderr
            );
        }
    }
    setup.exec(json!({"command": "no-such-plugin"}));
    assert!(setup.get().fails(4).contains("check that it is on the PATH"));
}

#[test]
fn a_plugin_that_kubectl_would_refuse_is_refused() {
    let setup = Setup::new(PRINTS);
    setup.file("printed", credential(json!({"token": "hunter2"})));
    for (more, status, words) in [
        (
            json!({"apiVersion": "client.authentication.k8s.io/v1alpha1"}),
            2,
            "does not support",
        ),
        (json!({"apiVersion": null}), 2, "`apiVersion` of user `u`"),
        (json!({"command": ""}), 2, "`command` of user `u`"),
        (
            json!({"interactiveMode": null}),
            2,
            "`interactiveMode` of user `u`",
        ),
        (
            json!({"interactiveMode": "Sometimes"}),
            2,
            "must be Never, IfAvailable or Always",
        ),
        (json!({"interactiveMode": "Always"}), 4, "needs a terminal"),
        (
            json!({"env": [{"value": "hunter2"}]}),
            2,
            "a variable without a name",
        ),
        (json!({"args": "hunter2"}), 2, "must be a list of texts"),
        (json!({"env": {"A": "hunter2"}}), 2, "must be a list of mappings"),
    ] {
        setup.exec(more.clone());
        let output = setup.get();
        let stderr = output.fails(status);
        assert!(
            stderr.contains(words) && !stderr.contains("hunter2"),
            "{more}: {stderr}"
        );
        assert_eq!(setup.runs(), 0, "{more}");
        if let Some(output) = setup.kubectl() {
            assert_ne!(output.status, 0, "{more}: kubectl accepts it");
            setup.runs();
        }
    }
}

#[test]
fn a_plugin_that_hangs_ends_with_all_that_it_started() {
    let setup = Setup::new(
        r#"sleep 300 & echo $! >>"$D/pids"; echo $$ >>"$D/pids"; echo hunter2 >&2; sleep 300 & echo $! >>"$D/pids"; wait"#,
    );
    setup.exec(json!({}));
    let output = setup
        .secretctl()
        .args(["--timeout", "1", "get-var", "hello"])
        .run();
    let stderr = output.fails(5);
    assert!(
        stderr.contains("did not end before the command's time was up")
            && stderr.contains("`--timeout`")
            && !stderr.contains("hunter2"),
        "{stderr}"
    );
    assert!(output.time < Duration::from_secs(3), "{:?}", output.time);
    let pids = setup.read("pids");
    assert_eq!(pids.lines().count(), 3);
    for pid in pids.lines() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A process that nobody has waited for yet is a zombie.
        let runs = stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"));
        assert!(!runs, "{pid} still runs: {stat}");
    }
    assert_eq!(setup.authorizations(), []);
}
