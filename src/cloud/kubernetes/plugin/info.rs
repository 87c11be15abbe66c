//! What a plugin is told: `KUBERNETES_EXEC_INFO`, byte for byte as kubectl writes it.
//!
//! Source: k8s.io/client-go v0.36.3, `plugin/pkg/client/auth/exec/exec.go` and `pkg/apis/clientauthentication`.

use std::fmt::Write as _;
use std::time::Instant;

use super::super::kubeconfig::Entry;
use crate::error::Result;
use crate::file;
use crate::python::json::{self, Object, Value};
use crate::secret::Secret;

/// The name of the extension whose content a plugin gets.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Returns the text of the variable.
///
/// # Errors
/// A field of the cluster that cannot be used, with status 2.
pub(super) fn info(
    exec: &Entry<'_>,
    cluster: &Entry<'_>,
    version: &str,
    deadline: Instant,
) -> Result<Secret> {
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
    Ok(Secret::from(as_go(&json::dumps_compact(&Value::Object(info)))))
}

/// Returns `value` with the keys of its objects in Go's order, which is that of their bytes.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut object: Object = object
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            object.sort_unstable_keys();
            Value::Object(object)
        }
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// Returns JSON as Go's encoder writes it: safe in HTML, and with a line feed at its end. These characters are only in strings.
fn as_go(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('\n');
    text
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
            config = extension.json("extension")?.map(sorted);
        }
    }
    // Go writes an empty one as null.
    add("config", config.unwrap_or(Value::Null));
    Ok(info)
}
