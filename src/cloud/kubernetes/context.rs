//! The current context of the kubeconfig as an access: its cluster, its user and its namespace.
//!
//! Owns what each field of a cluster and a user means, and which combinations kubectl refuses. Source: k8s.io/client-go v0.36.3,
//! `tools/clientcmd/client_config.go` and `validation.go`.

use std::time::{Duration, Instant};

use super::kubeconfig::{Entry, Kubeconfig, named};
use super::plugin::Plugin;
use super::user::{User, extra_header};
use super::{Access, Namespace};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{Identity, Options, Pem, Proxies, Roots, url_fault};
use crate::secret::Secret;
use crate::shown::shown;

/// Returns the access of the current context.
///
/// # Errors
/// No kubeconfig (status 4), or one that cannot be used (2).
pub(super) fn access(env: &Env, deadline: Instant) -> Result<Access> {
    let kubeconfig = Kubeconfig::read(env, deadline)?;
    let (name, file) = kubeconfig.current_context()?;
    let context = kubeconfig.entry("contexts", "context", name)?;
    let cluster_name = context
        .text("cluster")?
        .ok_or_else(|| context.fault("cluster", "is not set"))?;
    let cluster = kubeconfig.entry("clusters", "cluster", cluster_name)?;
    let user = match context.text("user")? {
        None => None,
        Some(name) => Some(kubeconfig.entry("users", "user", name)?),
    };
    let server = server(&cluster)?;
    let is_https = server.starts_with("https:");
    let impersonation = user
        .map(|user| impersonation(&user))
        .transpose()?
        .unwrap_or_default();
    let identity = user.map(|user| identity(&user)).transpose()?.flatten();
    let has_identity = identity.is_some();
    if !is_https {
        // TLS would read them. kubectl refuses a file that is missing without TLS too.
        for (entry, field) in [
            (Some(cluster), "certificate-authority"),
            (user, "client-certificate"),
            (user, "client-key"),
        ] {
            refuse_missing_file(entry, field, deadline)?;
        }
    }
    let user = match user {
        Some(user) => user_of(&user, &cluster, has_identity, env, deadline)?,
        None => User::Anonymous,
    };
    let options = Options {
        roots: roots(&cluster, is_https, env)?,
        identity: identity.filter(|_| is_https),
        proxies: proxies(&cluster, &server, env)?,
        attempt_timeout: Duration::MAX,
        deadline,
    };
    Ok(Access {
        // As in kubectl, a credential goes only over TLS.
        user: if is_https { user } else { User::Anonymous },
        server,
        options,
        tls_name: cluster.text("tls-server-name")?.map(str::to_owned),
        impersonation,
        namespace: Namespace::Context(context.text("namespace")?.unwrap_or("default").to_owned()),
        known_as: format!("as the context `{}` of {}", shown(name), named(file)),
    })
}

fn refuse_missing_file(entry: Option<Entry<'_>>, field: &str, deadline: Instant) -> Result<()> {
    let Some(entry) = entry else { return Ok(()) };
    match entry.path(field)? {
        Some(path) if !file::is_file(&path, deadline).unwrap_or(false) => {
            Err(entry.fault(field, &format!("is {}, and there is no such file", named(&path))))
        }
        _ => Ok(()),
    }
}

fn server(cluster: &Entry<'_>) -> Result<String> {
    let server = cluster
        .text("server")?
        .ok_or_else(|| cluster.fault("server", "is not set"))?;
    // As in kubectl, a host and a port without a scheme are http.
    let server = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    let server = server.split(['?', '#']).next().unwrap_or_default();
    let server = server.trim_end_matches('/');
    match url_fault(server) {
        None => {
            let scheme = server
                .split("://")
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            Ok(format!("{scheme}{}", &server[scheme.len()..]))
        }
        Some(fault) => Err(cluster.fault("server", fault)),
    }
}

fn roots(cluster: &Entry<'_>, is_https: bool, env: &Env) -> Result<Roots> {
    let file = cluster.path("certificate-authority")?;
    let data = cluster.data("certificate-authority-data")?;
    let skips = cluster.flag("insecure-skip-tls-verify")?;
    match (file, data) {
        (Some(_), Some(_)) => Err(both(
            cluster,
            "certificate-authority",
            "certificate-authority-data",
        )),
        (None, None) if skips => Ok(Roots::Unverified),
        _ if skips && is_https => Err(cluster
            .fault(
                "insecure-skip-tls-verify",
                "is true, but there is a certificate authority too",
            )
            .with_hint("remove one of the two")),
        (Some(path), None) => Ok(Roots::Path(path)),
        (None, Some(data)) => Ok(Roots::Text(
            data,
            format!("`certificate-authority-data` of {}", cluster.described()),
        )),
        (None, None) => Ok(Roots::system(env)),
    }
}

fn proxies(cluster: &Entry<'_>, server: &str, env: &Env) -> Result<Proxies> {
    let Some(url) = cluster.text("proxy-url")? else {
        // Go sends nothing for this machine to a proxy of the environment.
        return Ok(if is_loopback(server) {
            Proxies::default()
        } else {
            Proxies::from_env(env)
        });
    };
    let named = format!("`proxy-url` of {}", cluster.described());
    Ok(Proxies::only(url.to_owned(), named))
}

/// Returns whether `server` is on this machine, as Go's `golang.org/x/net/http/httpproxy` sees it.
fn is_loopback(server: &str) -> bool {
    match url::Url::parse(server).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns the certificate of a user.
fn identity(user: &Entry<'_>) -> Result<Option<Identity>> {
    let part = |file: &str, data: &str| -> Result<Option<Pem>> {
        match (user.path(file)?, user.data(data)?) {
            (Some(_), Some(_)) => Err(both(user, file, data)),
            (Some(path), None) => Ok(Some(Pem::File(path))),
            (None, Some(text)) => {
                let name = format!("`{data}` of {}", user.described());
                Ok(Some(Pem::Text(Secret::new(text), name)))
            }
            (None, None) => Ok(None),
        }
    };
    let Some(certificate) = part("client-certificate", "client-certificate-data")? else {
        return Ok(None);
    };
    match part("client-key", "client-key-data")? {
        Some(key) => Ok(Some(Identity {
            certificate,
            key: Some(key),
        })),
        None => Err(user.fault("client-key", "is not set, and the certificate needs it")),
    }
}

/// Returns how a user proves who it is, besides its certificate.
fn user_of(
    user: &Entry<'_>,
    cluster: &Entry<'_>,
    has_identity: bool,
    env: &Env,
    deadline: Instant,
) -> Result<User> {
    let token = user.text("token")?;
    let token_file = user.path("tokenFile")?;
    let name = user.text("username")?;
    let password = user.text("password")?;
    let is_basic = name.is_some() || password.is_some();
    if token.is_some() && is_basic {
        return Err(user.fault("token", "and `username` are both set, and only one is allowed"));
    }
    if user.has("auth-provider") {
        let provider = user.mapping("auth-provider")?;
        let name = provider.and_then(|provider| provider.text("name").ok().flatten());
        return Err(user
            .fault(
                "auth-provider",
                &format!(
                    "is `{}`, which kubectl does not support any more",
                    shown(name.unwrap_or_default())
                ),
            )
            .with_hint("log in again with the cloud's current tool: it writes an `exec` plugin instead"));
    }
    if token_file.is_some() && name.is_some() {
        return Err(user.fault(
            "tokenFile",
            "and `username` are both set, and only one is allowed",
        ));
    }
    // As in Go, the file counts more than the text, which may be outdated.
    let token = token.map(Secret::from);
    match (token_file, token) {
        (Some(path), token) => return Ok(User::TokenFile(path, token)),
        (None, Some(token)) => return Ok(User::Token(token)),
        (None, None) => {}
    }
    // A password without a name is not sent.
    if let Some(name) = name {
        let password = Secret::from(password.unwrap_or_default());
        return Ok(User::Basic(name.to_owned(), password));
    }
    match user.mapping("exec")? {
        Some(exec) if !has_identity => Ok(User::Plugin(Box::new(Plugin::new(
            &exec, cluster, env, deadline,
        )?))),
        _ => Ok(User::Anonymous),
    }
}

/// Returns the headers for acting as somebody else.
fn impersonation(user: &Entry<'_>) -> Result<Vec<(String, Secret)>> {
    let mut headers = Vec::new();
    let mut add = |name: &str, value: &str| headers.push((name.to_owned(), Secret::from(value)));
    let name = user.text("as")?;
    let uid = user.text("as-uid")?;
    let groups = user.texts("as-groups")?;
    let extra = user.mapping("as-user-extra")?;
    let Some(name) = name else {
        if uid.is_some() || !groups.is_empty() || extra.is_some_and(|extra| !extra.keys().is_empty()) {
            return Err(user.fault(
                "as",
                "is not set, but `as-uid`, `as-groups` or `as-user-extra` is",
            ));
        }
        return Ok(headers);
    };
    add("Impersonate-User", name);
    if let Some(uid) = uid {
        add("Impersonate-Uid", uid);
    }
    for group in groups {
        add("Impersonate-Group", group);
    }
    if let Some(extra) = extra {
        for key in extra.keys() {
            for value in extra.texts(key)? {
                add(&extra_header(key), value);
            }
        }
    }
    Ok(headers)
}

/// Makes the error of a file and its data that are both set, which kubectl refuses.
fn both(entry: &Entry<'_>, file: &str, data: &str) -> Error {
    entry
        .fault(file, &format!("and `{data}` are both set"))
        .with_hint("remove one of the two")
}
