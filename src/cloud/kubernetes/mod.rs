//! Who we are to a Kubernetes cluster: a pod's service account, else the current context of the kubeconfig.
//!
//! `in_cluster` reads what the kubelet puts into a pod. `kubeconfig` finds entries in kubeconfig files, and `context` makes an
//! [`Access`] from them. `user` turns a user into headers, and `plugin` runs an exec plugin. A [`Cluster`] sends requests with them.
//!
//! In a pod, the kubeconfig is not read, as in Airflow. Elsewhere, the rules are kubectl's. The crate `kube` was weighed: its
//! kubeconfig reader comes with its client (tower, jiff, secrecy, another YAML parser), blocks on a plugin without a time limit, and
//! gives no line for an error. Here there is one HTTP client, and the YAML parser exists.
//!
//! Must not know what is read from the cluster. Sources: kubernetes 36.0.3 for Python, `config/incluster_config.py`;
//! k8s.io/client-go v0.36.3, `tools/clientcmd` and `plugin/pkg/client/auth/exec`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::token_cache::{Token, TokenCache};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::http::{Client, Failure, Identity, Options, Request, Response, Retry};
use crate::secret::{Redactor, Secret};
use crate::shown::shown;

mod context;
mod credential;
mod in_cluster;
mod kubeconfig;
mod plugin;
mod user;

use user::User;

/// Which requests are retried: urllib3's `Retry(3)`, with which Airflow's client is created.
const RETRY: Retry = Retry {
    retries: 3,
    statuses: &[],
    statuses_with_retry_after: &[413, 429, 503],
    backoff: Duration::ZERO,
    after_sending: true,
    ..Retry::NONE
};

/// The files that the kubelet puts into a pod.
#[derive(Clone, Debug)]
pub(crate) struct PodFiles(PathBuf);

impl Default for PodFiles {
    fn default() -> Self {
        Self("/var/run/secrets/kubernetes.io/serviceaccount".into())
    }
}

/// What a request needs: where to, and as whom.
struct Access {
    /// The URL of the API server, without a slash at the end.
    server: String,
    options: Options,
    /// The name that the server's certificate must be for, instead of its host's.
    tls_name: Option<String>,
    user: User,
    /// Headers for acting as somebody else.
    impersonation: Vec<(String, Secret)>,
    /// The namespace of the pod, or of the context.
    namespace: Namespace,
    /// As in "as the pod's service account".
    known_as: String,
}

/// The namespace that is asked when none is configured.
enum Namespace {
    /// The text of the file in the pod.
    File(PathBuf),
    /// That of the kubeconfig's context.
    Context(String),
}

/// A cluster that can be asked.
pub(crate) struct Cluster {
    access: Access,
    client: Arc<Client>,
    sessions: TokenCache<Session>,
    /// What was sent as a credential, and must not come back in a message.
    secrets: Mutex<Redactor>,
    deadline: Instant,
}

/// A login: the headers that prove it, and the client that has its certificate.
#[derive(Clone)]
struct Session {
    authorization: Option<Secret>,
    client: Arc<Client>,
    expires_at: Option<SystemTime>,
}

impl Token for Session {
    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The kubelet and plugins renew a credential before it expires.
    fn early(&self) -> Duration {
        Duration::ZERO
    }
}

impl Cluster {
    /// Finds the cluster: the one that this is a pod of, else that of the kubeconfig. Nothing is sent.
    ///
    /// # Errors
    /// No cluster and no credential (status 4), or a kubeconfig that cannot be used (2).
    pub(crate) fn find(env: &Env, files: &PodFiles, deadline: Instant) -> Result<Self> {
        let access = match in_cluster::access(env, files, deadline)? {
            Some(access) => access,
            None => context::access(env, deadline)?,
        };
        let client = Client::new(access.options.clone()).with_tls_name(access.tls_name.clone());
        Ok(Self {
            access,
            client: Arc::new(client),
            sessions: TokenCache::new(),
            secrets: Mutex::default(),
            deadline,
        })
    }

    /// Switches to probing: from now on a refusal is an answer, and does not cause another login.
    pub(crate) fn probing(&self) {
        self.sessions.probing();
    }

    /// Returns the URL of the API server for messages, without a name and a password.
    pub(crate) fn server(&self) -> String {
        let (scheme, rest) = self.access.server.split_once("://").unwrap_or_default();
        let end = rest.find('/').unwrap_or(rest.len());
        let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
        shown(&format!("{scheme}://{}", &rest[host..]))
    }

    /// Returns words of the server for a message, without the credential: a gateway may echo the request.
    pub(crate) fn shown(&self, words: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        shown(&secrets.clean(words))
    }

    /// Returns the client, for `doctor`.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns as whom it is asked, as in "as the pod's service account".
    pub(crate) fn known_as(&self) -> &str {
        &self.access.known_as
    }

    /// Whether this is a pod of the cluster.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.access.namespace, Namespace::File(_))
    }

    /// Returns the namespace of the pod, or of the kubeconfig's context.
    ///
    /// # Errors
    /// The pod has no such file, with status 2.
    pub(crate) fn namespace(&self) -> Result<String> {
        match &self.access.namespace {
            Namespace::Context(name) => Ok(name.clone()),
            Namespace::File(path) => in_cluster::namespace(path, self.deadline),
        }
    }

    /// Sends a GET for `path`, which is quoted. A refused credential that can be renewed is renewed once.
    ///
    /// # Errors
    /// No credential (status 4), or no answer (5).
    pub(crate) async fn get(&self, path: &str) -> Result<Response> {
        self.get_as(path, "application/json").await
    }

    /// Sends a GET for an answer of the media type `accept`.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Result<Response> {
        let (session, count) = self.sessions.get("", None, self.sign_in()).await?;
        let response = self.send(&session, path, accept).await?;
        if response.status != 401 || !self.access.user.can_be_renewed() || self.sessions.is_probing() {
            return Ok(response);
        }
        let (renewed, _) = self.sessions.get("", Some(count), self.sign_in()).await?;
        self.send(&renewed, path, accept).await
    }

    async fn send(&self, session: &Session, path: &str, accept: &str) -> Result<Response> {
        let mut headers = vec![("accept".to_owned(), Secret::from(accept))];
        if let Some(authorization) = &session.authorization {
            headers.push(("authorization".to_owned(), authorization.clone()));
        }
        headers.extend(self.access.impersonation.iter().cloned());
        let request = Request {
            method: "GET",
            url: format!("{}{path}", self.access.server),
            headers,
            body: None,
            retry: RETRY,
            follow_redirects: true,
        };
        let sent = session.client.send(request).await;
        sent.map_err(|failure| self.unreachable(failure))
    }

    /// Gets a credential: from the kubeconfig, a file or a plugin.
    async fn sign_in(&self) -> Result<Session> {
        let credential = self.access.user.credential(self.deadline).await?;
        if let Some(authorization) = &credential.authorization {
            let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            self.access.user.reveal(&mut secrets);
            let words = authorization.expose_text().and_then(|text| text.split_once(' '));
            secrets.add(Secret::from(words.map_or("", |(_, word)| word)));
        }
        let client = match credential.identity {
            None => Arc::clone(&self.client),
            Some(identity) => Arc::new(self.client_with(identity)),
        };
        Ok(Session {
            authorization: credential.authorization,
            client,
            expires_at: credential.expires_at,
        })
    }

    fn client_with(&self, identity: Identity) -> Client {
        let options = Options {
            identity: Some(identity),
            ..self.access.options.clone()
        };
        Client::new(options).with_tls_name(self.access.tls_name.clone())
    }

    /// Returns the error of a request without an answer.
    pub(crate) fn unreachable(&self, failure: Failure) -> Error {
        use crate::http::{CertificateProblem, FailureKind};
        let kind = failure.kind();
        let error = Error::from(failure);
        let own = self.is_own();
        match kind {
            FailureKind::Certificate(CertificateProblem::UnknownIssuer) if own => {
                error.with_hint("the authority is `ca.crt` of the pod's service account; a proxy may have answered instead")
            }
            FailureKind::Certificate(CertificateProblem::UnknownIssuer) => error.with_hint(
                "name its authority in `certificate-authority` or `certificate-authority-data` of the kubeconfig's cluster",
            ),
            FailureKind::Certificate(CertificateProblem::WrongName) if !own => {
                error.with_hint("set `tls-server-name` of the kubeconfig's cluster to a name of the certificate")
            }
            FailureKind::Connect | FailureKind::Malformed | FailureKind::Tls if own => {
                error.or_hint("check `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`, which the kubelet sets")
            }
            FailureKind::Connect | FailureKind::Malformed | FailureKind::Tls => {
                error.or_hint("check `server` of the kubeconfig's cluster; `kubectl config current-context` says which it is")
            }
            _ => error,
        }
    }
}
