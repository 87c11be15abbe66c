//! A credential from an exec plugin: a program such as `aws`, `gke-gcloud-auth-plugin` or `kubelogin` that prints one.
//!
//! Owns what the plugin is told and what its answer means. It runs as kubectl runs it, except that it gets no terminal: it must end
//! within the command's time. Its output is a secret. Source: k8s.io/client-go v0.36.3, `plugin/pkg/client/auth/exec/exec.go`, and
//! `pkg/apis/clientauthentication`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::credential::{Credential, bearer};
use super::kubeconfig::Entry;
use crate::calendar;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::helper::{self, Failure};
use crate::http::{Identity, Pem};
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;
use crate::shown::shown;

/// The versions of the API. Older ones are gone from kubectl too.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// The name of the extension whose content a plugin gets.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// A plugin of the kubeconfig.
pub(super) struct Plugin {
    program: PathBuf,
    arguments: Vec<String>,
    /// Its whole environment, `KUBERNETES_EXEC_INFO` included.
    env: Vec<(OsString, Secret)>,
    version: String,
    install_hint: Option<String>,
    /// As in "the plugin `aws` of user `x` in `/home/me/.kube/config`, line 7".
    named: String,
}

impl Plugin {
    /// Takes the `exec` of a user.
    ///
    /// # Errors
    /// A field that kubectl refuses, with status 2.
    pub(super) fn new(exec: &Entry<'_>, cluster: &Entry<'_>, env: &Env, deadline: Instant) -> Result<Self> {
        let required = |field| {
            let value = exec.text(field)?;
            value.ok_or_else(|| exec.fault(field, "is not set, and an `exec` plugin needs it"))
        };
        let command = required("command")?;
        let version = required("apiVersion")?;
        if !VERSIONS.contains(&version) {
            return Err(exec
                .fault(
                    "apiVersion",
                    &format!("is `{}`, which kubectl does not support", shown(version)),
                )
                .with_hint("update the plugin, and write the kubeconfig again with the cloud's tool"));
        }
        match exec.text("interactiveMode")? {
            Some("Never" | "IfAvailable") => {}
            Some("Always") => {
                return Err(Error::denied(format!(
                    "the plugin `{}` of {} needs a terminal, which secretctl does not give it",
                    shown(command),
                    exec.described()
                ))
                .with_hint("use a login that works without one, or set `interactiveMode: IfAvailable`"));
            }
            Some(_) => return Err(exec.fault("interactiveMode", "must be Never, IfAvailable or Always")),
            None if version == VERSIONS[0] => {
                return Err(exec.fault(
                    "interactiveMode",
                    &format!("is not set, and `{version}` needs it"),
                ));
            }
            None => {}
        }
        let info = info(exec, cluster, version, deadline)?;
        let mut variables: Vec<(OsString, Secret)> = env
            .iter()
            .map(|(name, variable)| (name.into(), variable.value.clone()))
            .collect();
        for variable in exec.mappings("env")? {
            let Some(name) = variable.text("name")? else {
                return Err(exec.fault("env", "has a variable without a name"));
            };
            variables.push((
                name.into(),
                Secret::from(variable.text("value")?.unwrap_or_default()),
            ));
        }
        variables.push(("KUBERNETES_EXEC_INFO".into(), info));
        Ok(Self {
            // Only a path is resolved; a name is looked up in PATH.
            program: if command.contains(std::path::MAIN_SEPARATOR) {
                exec.resolved(command)
            } else {
                command.into()
            },
            arguments: exec.texts("args")?.into_iter().map(str::to_owned).collect(),
            env: variables,
            version: version.to_owned(),
            install_hint: exec.text("installHint")?.map(str::to_owned),
            named: format!("the plugin `{}` of {}", shown(command), exec.described()),
        })
    }

    /// Runs it and returns its credential.
    ///
    /// # Errors
    /// A plugin that is missing, fails or prints no credential (status 4), or does not end in time (5).
    pub(super) async fn run(&self, deadline: Instant) -> Result<Credential> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        for (name, value) in &self.env {
            if let Some(value) = helper::os_value(value) {
                command.env(name, value);
            }
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let named = &self.named;
        let output = match helper::run(command, deadline).await {
            Ok(output) => output,
            Err(Failure::Start(source)) => {
                let error = Error::denied(format!("{named} cannot be run")).with_source(source);
                // Only the first line: the rest is for people at a terminal.
                let hint = self
                    .install_hint
                    .as_deref()
                    .and_then(|hint| hint.trim().lines().next());
                return Err(error.with_hint(hint.map_or_else(
                    || "install it, and check that it is on the PATH".to_owned(),
                    shown,
                )));
            }
            Err(Failure::Late) => {
                return Err(Error::unavailable(format!(
                    "{named} did not end before the command's time was up"
                ))
                .with_hint("`--timeout` sets how long the whole command may take"));
            }
            Err(Failure::TooLong) => {
                let size = helper::MAX_BYTES >> 20;
                return Err(Error::denied(format!("{named} printed more than {size} MiB")));
            }
            Err(Failure::Lost(source)) => {
                return Err(
                    Error::denied(format!("{named} ran, but its result cannot be read")).with_source(source),
                );
            }
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(output.stderr.expose()).into_owned();
            let words = helper::without_tokens(&words);
            let error = Error::denied(format!("{named} failed ({})", output.status));
            let error = match words.as_str() {
                "" => error,
                words => error.with_detail(format!("it says: {}", shown(words))),
            };
            return Err(error.with_hint("log in again with the cloud's tool, and try `kubectl get secrets`"));
        }
        self.credential(&output.stdout)
            .map_err(|what| Error::denied(format!("{named} {what}")))
    }

    /// Reads an `ExecCredential`, or says what is wrong with it.
    fn credential(&self, printed: &Secret) -> Result<Credential, String> {
        let Some(Ok(Value::Object(object))) = printed.expose_text().map(json::loads) else {
            return Err("printed something that is not a JSON object".to_owned());
        };
        let text = |object: &Object, name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("printed a `{name}` that is not text")),
        };
        if text(&object, "kind")?.as_deref() != Some("ExecCredential") {
            return Err("printed something that is not an `ExecCredential`".to_owned());
        }
        let version = text(&object, "apiVersion")?.unwrap_or_default();
        if version != self.version {
            return Err(format!(
                "printed a credential of `{}`, but the kubeconfig says `{}`",
                shown(&version),
                self.version
            ));
        }
        let Some(Value::Object(status)) = object.get("status") else {
            return Err("printed a credential without `status`".to_owned());
        };
        let token = text(status, "token")?;
        let certificate = text(status, "clientCertificateData")?;
        let key = text(status, "clientKeyData")?;
        let pem =
            |text: String, name: &str| Pem::Text(Secret::from(text), format!("`{name}` of {}", self.named));
        let identity = match (certificate, key) {
            (None, None) if token.is_none() => {
                return Err("printed neither a token nor a certificate".to_owned());
            }
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(Identity {
                certificate: pem(certificate, "clientCertificateData"),
                key: Some(pem(key, "clientKeyData")),
            }),
            _ => {
                return Err(
                    "printed a certificate without its key, or a key without its certificate".to_owned(),
                );
            }
        };
        let expires_at = match text(status, "expirationTimestamp")? {
            None => None,
            Some(text) => Some(time(&text).ok_or("printed an `expirationTimestamp` that is not a time")?),
        };
        let authorization = token.map(|token| bearer(&Secret::from(token)));
        Ok(Credential {
            authorization: authorization
                .transpose()
                .map_err(|_| "printed a token that cannot be sent over HTTP".to_owned())?,
            identity,
            expires_at,
        })
    }
}

/// Returns the text of `KUBERNETES_EXEC_INFO`, byte for byte as kubectl writes it.
fn info(exec: &Entry<'_>, cluster: &Entry<'_>, version: &str, deadline: Instant) -> Result<Secret> {
    let mut spec = Object::new();
    if exec.flag("provideClusterInfo")? {
        spec.insert(
            "cluster".to_owned(),
            Value::Object(cluster_info(cluster, deadline)?),
        );
    }
    spec.insert("interactive".to_owned(), Value::Bool(false));
    let info = [
        ("kind", Value::String("ExecCredential".to_owned())),
        ("apiVersion", Value::String(version.to_owned())),
        ("spec", Value::Object(spec)),
    ];
    let info = info
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
    let mut text = json::dumps_compact(&Value::Object(info));
    // Go's encoder ends every value with a line feed.
    text.push('\n');
    Ok(Secret::from(text))
}

/// Returns what a plugin is told about the cluster.
fn cluster_info(cluster: &Entry<'_>, deadline: Instant) -> Result<Object> {
    use base64::Engine as _;
    let mut info = Object::new();
    let mut add = |name: &str, value| info.insert(name.to_owned(), value);
    add(
        "server",
        Value::String(cluster.text("server")?.unwrap_or_default().to_owned()),
    );
    if let Some(name) = cluster.text("tls-server-name")? {
        add("tls-server-name", Value::String(name.to_owned()));
    }
    if cluster.flag("insecure-skip-tls-verify")? {
        add("insecure-skip-tls-verify", Value::Bool(true));
    }
    let authority = match (
        cluster.data("certificate-authority-data")?,
        cluster.path("certificate-authority")?,
    ) {
        (Some(data), _) => Some(data),
        (None, Some(path)) => {
            let read = file::read_unwiped(&path, file::MAX_BYTES, deadline);
            Some(read.map_err(|source| {
                cluster
                    .fault("certificate-authority", "cannot be read")
                    .with_source(source)
            })?)
        }
        (None, None) => None,
    };
    if let Some(data) = authority {
        let text = base64::engine::general_purpose::STANDARD.encode(data);
        add("certificate-authority-data", Value::String(text));
    }
    if let Some(url) = cluster.text("proxy-url")? {
        add("proxy-url", Value::String(url.to_owned()));
    }
    if cluster.flag("disable-compression")? {
        add("disable-compression", Value::Bool(true));
    }
    let extensions = cluster.mappings("extensions")?;
    let mut config = None;
    for extension in extensions {
        if extension.text("name")? == Some(EXTENSION) {
            config = extension.json("extension")?;
        }
    }
    // Go writes an empty one as null.
    add("config", config.unwrap_or(Value::Null));
    Ok(info)
}

/// Reads a time of RFC 3339.
fn time(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !separators
        .iter()
        .all(|(at, separator)| bytes.get(*at) == Some(separator))
    {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !calendar::exists(year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let after = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() == fraction.len() {
            return None;
        }
        rest = after;
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let start = text.len() - 5;
            let minutes = number(start..start + 2)? * 60 + number(start + 3..start + 5)?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let seconds =
        calendar::days_since_1970(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    // A time before 1970 has passed as well.
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_rfc_3339_are_read() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (text, expected) in [
            ("2018-03-05T17:30:20-08:00", at(1_520_299_820)),
            ("2018-03-06T01:30:20Z", at(1_520_299_820)),
            ("2018-03-06T01:30:20.25+00:00", at(1_520_299_820)),
            ("1960-01-01T00:00:00Z", at(0)),
            ("2018-03-06 01:30:20Z", None),
            ("2018-02-30T01:30:20Z", None),
            ("2018-03-06T01:30:20", None),
            ("2018-03-06T01:30:20.Z", None),
            ("2018-03-06T24:30:20Z", None),
            ("soon", None),
            ("", None),
            ("ééééééééééééé", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_no_credential_says_why() {
        let plugin = Plugin {
            program: PathBuf::new(),
            arguments: Vec::new(),
            env: Vec::new(),
            version: VERSIONS[0].to_owned(),
            install_hint: None,
            named: "the plugin `x`".to_owned(),
        };
        let read = |text: &str| plugin.credential(&Secret::from(text)).map(|_| ());
        let with = |status: &str| {
            let head = r#""kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1""#;
            read(&format!("{{{head}, \"status\": {status}}}"))
        };
        assert_eq!(with(r#"{"token": "t"}"#), Ok(()));
        assert_eq!(with(r#"{"token": "t", "expirationTimestamp": null}"#), Ok(()));
        for (outcome, what) in [
            (read("hunter2"), "not a JSON object"),
            (read("{}"), "not an `ExecCredential`"),
            (
                read(r#"{"kind": "ExecCredential", "apiVersion": "hunter"}"#),
                "a credential of `hunter`",
            ),
            (with("null"), "without `status`"),
            (with("{}"), "neither a token nor a certificate"),
            (with(r#"{"token": 5}"#), "a `token` that is not text"),
            (with(r#"{"token": "hunter 2"}"#), "cannot be sent over HTTP"),
            (with(r#"{"clientKeyData": "hunter2"}"#), "without its certificate"),
            (
                with(r#"{"token": "hunter2", "expirationTimestamp": "soon"}"#),
                "is not a time",
            ),
        ] {
            let said = outcome.expect_err(what);
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
        }
    }
}
