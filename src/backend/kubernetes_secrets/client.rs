//! Asking for the secrets with certain labels, and what the answer means.
//!
//! Owns the meaning of every status, and of a list of secrets. Must not know how selectors are made, or who we are. Facts:
//! <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>, kubernetes 36.0.3 for Python
//! (`CoreV1Api.list_namespaced_secret`), and the answers of kube-apiserver 1.36.3.

use crate::backend::Warnings;
use crate::backend::checkup::Endpoint;
use crate::cloud::kubernetes::Cluster;
use crate::cloud::services::{object, text};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::base64::b64decode;
use crate::python::json::{Object, Value, loads};
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Answer, Found, SecretKind};

/// A client for the secrets of one namespace.
pub(super) struct NamespaceClient {
    pub(super) cluster: Cluster,
    namespace: String,
    /// Whether `KUBECONFIG` is set in a pod, where it is not read.
    ignored_kubeconfig: bool,
    warnings: Warnings,
}

impl NamespaceClient {
    pub(super) fn new(
        cluster: Cluster,
        namespace: String,
        ignored_kubeconfig: bool,
        warnings: Warnings,
    ) -> Self {
        Self {
            cluster,
            namespace,
            ignored_kubeconfig,
            warnings,
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns whom was asked and as whom, for a name that was not found.
    pub(super) fn asked_as(&self) -> String {
        format!(
            "{} was asked for namespace `{}`, {}",
            self.cluster.server(),
            shown(&self.namespace),
            self.cluster.known_as()
        )
    }

    /// Asks the API server for its version, without a credential and then with it.
    pub(super) async fn look_around(&self, section: &mut Section) {
        let url = format!("{}/version", self.cluster.server());
        let endpoint = Endpoint::new(self.cluster.client(), url)
            .following_redirects(true)
            .explained(|failure| self.cluster.unreachable(failure))
            .described(|response| self.version(response));
        if !endpoint.examine(section).await {
            return;
        }
        match self.cluster.get("/version").await {
            Err(error) => return section.failure(Check::Login, &error),
            Ok(response) if response.status == 401 => {
                return section.failure(Check::Login, &self.refused(SecretKind::Connection, &response));
            }
            Ok(_) => section.ok(Check::Login, shown(self.cluster.known_as())),
        }
        section.ok(Check::Namespace, format!("`{}`", shown(&self.namespace)));
    }

    /// Says what the answer to a request for the version means. Without a credential, it may be a refusal.
    fn version(&self, response: &Response) -> Result<String> {
        let answer = object(response).ok_or_else(|| self.not_kubernetes(response))?;
        match text(&answer, "gitVersion") {
            Some(version) => Ok(format!("Kubernetes {}", shown(version))),
            None if text(&answer, "kind") == Some("Status") => {
                Ok("it answers, but tells its version to nobody whom it does not know".to_owned())
            }
            None => Err(self.not_kubernetes(response)),
        }
    }

    /// Asks for the secrets with the labels of `selector`, and returns the value under `data_key` of the first.
    ///
    /// # Errors
    /// What kept it from an answer, with status 2, 4, 5 or 6.
    pub(super) async fn get(&self, kind: SecretKind, selector: &str, data_key: &str) -> Result<Answer> {
        // Version 0 is the cache of the API server, as in Airflow.
        let query = urlencode([("labelSelector", selector), ("resourceVersion", "0")]);
        let path = format!("/api/v1/namespaces/{}/secrets?{query}", quote(&self.namespace));
        let response = self.cluster.get(&path).await?;
        if response.status != 200 {
            return Err(self.refused(kind, &response));
        }
        let list = match loads(response.body.expose_text().unwrap_or_default()) {
            Ok(Value::Object(list)) if text(&list, "kind") == Some("SecretList") => Some(list),
            // It is JSON, but Python cannot read it either.
            Err(source) if !source.is_decode_error() => {
                return Err(Error::malformed("the list of Secrets cannot be read").with_source(source));
            }
            _ => None,
        };
        let Some(Value::List(secrets)) = list.and_then(|mut list| list.shift_remove("items")) else {
            return Err(self.not_kubernetes(&response));
        };
        let count = secrets.len();
        let Some(first) = secrets.into_iter().next() else {
            return Ok(Answer::ABSENT);
        };
        let name = name_of(&first);
        let found = Found::Text(value_of(first, &name, data_key)?);
        if count > 1 {
            self.warnings.add(format!(
                "{count} Secrets of namespace `{}` have the labels `{}`; `{name}` is used, as in Airflow",
                shown(&self.namespace),
                shown(selector)
            ));
        }
        Ok(Answer::Found(found))
    }

    /// Returns the error of any other status.
    pub(super) fn refused(&self, kind: SecretKind, response: &Response) -> Error {
        let server = self.cluster.server();
        let status = response.status;
        // Its words name the user, the namespace and the verb, and nothing of a secret.
        let answer = object(response).filter(|answer| text(answer, "kind") == Some("Status"));
        let words = answer.as_ref().and_then(|answer| text(answer, "message"));
        let error = match status {
            400 if words.is_some() => {
                Error::usage(format!("{server} does not understand the label selector")).with_hint(format!(
                    "check the backend kwargs `{}` and `team_label`",
                    label_kwarg(kind)
                ))
            }
            401 => {
                let error = Error::denied(format!("{server} refused the credential"));
                if self.cluster.is_own() {
                    error.with_hint(
                        "the token of the pod's service account may be of another cluster, or outdated",
                    )
                } else {
                    error.with_hint("log in to the cluster again, and try `kubectl get secrets`")
                }
            }
            403 => Error::denied(format!(
                "{server} does not let this identity list secrets in namespace `{}`",
                shown(&self.namespace)
            ))
            .with_hint("bind it to a Role of that namespace with `resources: [secrets]` and `verbs: [list]`"),
            429 => Error::unavailable(format!("{server} is throttling requests (429)"))
                .with_hint("try again later"),
            500.. => Error::unavailable(format!("{server} returned a server error ({status})"))
                .with_hint("try again later, and see the log of the API server or of the gateway before it"),
            _ if words.is_some() => {
                Error::unavailable(format!("{server} does not serve this request ({status})"))
            }
            _ => return self.not_kubernetes(response),
        };
        let error = match words {
            Some(words) => error.with_detail(format!("it says: {}", self.cluster.shown(words))),
            None => error,
        };
        let error = error.with_detail(format!("it was asked {}", self.cluster.known_as()));
        if self.ignored_kubeconfig && matches!(status, 401 | 403) {
            return error.with_detail("`KUBECONFIG` is set, but in a pod it is not read, as in Airflow");
        }
        error
    }

    pub(super) fn not_kubernetes(&self, response: &Response) -> Error {
        Error::unavailable(format!(
            "{} answered with status {} and something that is not a list of Secrets",
            self.cluster.server(),
            response.status
        ))
        .with_hint(
            "a proxy or a gateway may have answered instead; check the server's address and `HTTPS_PROXY`",
        )
    }
}

fn label_kwarg(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_label",
        SecretKind::Variable => "variables_label",
        SecretKind::Config => "config_label",
    }
}

/// Returns a secret's name, for messages.
fn name_of(secret: &Value) -> String {
    let metadata = secret.as_object().and_then(|secret| secret.get("metadata"));
    let name = metadata
        .and_then(Value::as_object)
        .and_then(|metadata| text(metadata, "name"));
    shown(name.unwrap_or("?"))
}

/// Returns the value under `data_key` of a secret.
///
/// # Errors
/// A secret without that key, or with a value that Airflow cannot decode, with status 6.
fn value_of(secret: Value, name: &str, data_key: &str) -> Result<crate::secret::Secret> {
    let Value::Object(mut secret) = secret else {
        return Err(Error::malformed(
            "an entry of the list of Secrets is not an object",
        ));
    };
    let data = match secret.shift_remove("data") {
        Some(Value::Object(data)) => data,
        _ => Object::new(),
    };
    let Some(value) = data.get(data_key) else {
        let keys: Vec<String> = data.keys().map(|key| format!("`{}`", shown(key))).collect();
        let error = Error::malformed(format!("Secret `{name}` has no key `{}`", shown(data_key)));
        return Err(match keys.as_slice() {
            [] => error.with_detail("it has no data"),
            _ => error.with_detail(format!("it has {}", shown(&keys.join(", ")))),
        }
        .with_hint("store the value under that key, or name its key in a `…_data_key` kwarg"));
    };
    let decoded = value.as_str().and_then(b64decode).ok_or_else(|| {
        Error::malformed(format!(
            "key `{}` of Secret `{name}` is not base64",
            shown(data_key)
        ))
    })?;
    if decoded.expose_text().is_none() {
        return Err(Error::malformed(format!(
            "key `{}` of Secret `{name}` is not UTF-8",
            shown(data_key)
        )));
    }
    Ok(decoded)
}
