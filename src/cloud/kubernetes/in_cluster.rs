//! A pod's access to its own cluster: two variables, and the files that the kubelet mounts.
//!
//! Source: kubernetes 36.0.3 for Python, `config/incluster_config.py` and `client/configuration.py`, as Airflow's backend calls it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::user::User;
use super::{Access, Namespace, PodFiles};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{Options, Proxies, Roots};
use crate::python::text::strip;
use crate::shown::shown;

/// The variables that name the proxy of the client for Python, although the API server's URL is https. The first one counts.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];

/// Returns the access of this pod; `None` if this is not a pod.
///
/// A pod without a token may have a kubeconfig that `KUBECONFIG` names; then it is not asked as a pod.
///
/// # Errors
/// A pod without a token (status 4).
pub(super) fn access(env: &Env, files: &PodFiles, deadline: Instant) -> Result<Option<Access>> {
    let host = env.non_empty("KUBERNETES_SERVICE_HOST");
    let port = env.non_empty("KUBERNETES_SERVICE_PORT");
    let (Some(host), Some(port)) = (host, port) else {
        return Ok(None);
    };
    let folder = &files.0;
    let (token, authority) = (folder.join("token"), folder.join("ca.crt"));
    for path in [&token, &authority] {
        match file::is_file(path, deadline) {
            Ok(true) => {}
            Ok(false) if env.non_empty("KUBECONFIG").is_some() => return Ok(None),
            Ok(false) => return Err(no_token(path)),
            Err(source) => return Err(no_token(path).with_source(source)),
        }
    }
    // As Go's `net.JoinHostPort` does.
    let host = if host.contains([':', '%']) {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let server = format!("https://{host}:{port}");
    if let Some(fault) = crate::http::url_fault(&server) {
        return Err(Error::usage(format!(
            "the URL from `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` {fault}"
        )));
    }
    Ok(Some(Access {
        server,
        options: Options {
            roots: Roots::Path(authority),
            identity: None,
            proxies: Proxies::first_of(env, &PROXIES),
            attempt_timeout: Duration::MAX,
            deadline,
        },
        tls_name: None,
        user: User::TokenFile(token, None),
        impersonation: Vec::new(),
        namespace: Namespace::File(folder.join("namespace")),
        known_as: "as the pod's service account".to_owned(),
    }))
}

fn no_token(path: &Path) -> Error {
    let path = shown(&path.display().to_string());
    Error::denied(format!("the pod has no credential: `{path}` is not there"))
        .with_hint("remove `automountServiceAccountToken: false` from the pod and its service account, or set `KUBECONFIG`")
}

/// Reads the pod's namespace.
///
/// # Errors
/// A file that cannot be read or is empty, with status 2.
pub(super) fn namespace(path: &Path, deadline: Instant) -> Result<String> {
    let refused = || {
        let path = shown(&path.display().to_string());
        Error::usage(format!("the pod's namespace cannot be read from `{path}`"))
            .with_hint("set the backend kwarg `namespace`")
    };
    let text = file::read(path, deadline).map_err(|source| refused().with_source(source))?;
    let name = text.expose_text().map(strip).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(refused)
}
