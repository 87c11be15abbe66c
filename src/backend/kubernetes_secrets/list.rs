//! The names in a namespace: the labels of every secret that has the label of a kind.
//!
//! Facts: <https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches> and `#retrieving-large-results-sets-in-chunks`.
//! Only the metadata is asked for, so no value comes over the network.

use super::client::NamespaceClient;
use super::{KubernetesSecretsBackend, LabelledSecret};
use crate::backend::SecretsBackend as _;
use crate::backend::listed::located;
use crate::cloud::services::{object, text};
use crate::error::{Error, Result};
use crate::listing::{Listed, Listing, Names, Scope};
use crate::python::json::{Object, Value};
use crate::python::quote::quote;
use crate::python::urlencode::urlencode;
use crate::value::SecretKind;

/// The media type of a list without data.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// How many secrets a page has, as in kubectl.
const PAGE_SIZE: &str = "500";

impl KubernetesSecretsBackend {
    /// Returns the names that lead to secrets of the namespace.
    ///
    /// # Errors
    /// A list that is refused (status 4), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let names = &self.config.names;
        let Some(key) = &names.label(scope.kind).key else {
            let why = self
                .plan(&scope.lookup("x"))?
                .into_iter()
                .find_map(|step| step.skipped);
            return Ok(Listing::NotLookedUp(why.unwrap_or_default()));
        };
        let secrets = self.client()?.labels(scope.kind, key).await?;
        let listed = secrets
            .iter()
            .filter_map(|labels| self.listed(scope, key, labels));
        Ok(Listing::Names(Names {
            listed: listed.collect(),
            notes: Vec::new(),
        }))
    }

    /// Returns the id in the labels of a secret, if a lookup of it selects this secret.
    fn listed(&self, scope: &Scope, key: &str, labels: &Object) -> Option<Listed> {
        let id = labels.get(key)?.as_str()?;
        let team_label = self.config.names.team_label.as_deref();
        let team = team_label.and_then(|label| labels.get(label)?.as_str());
        let selector = match (team_label, team) {
            (Some(label), Some(team)) => format!("{key}={id},{label}={team}"),
            (Some(label), None) => format!("{key}={id},!{label}"),
            (None, _) => format!("{key}={id}"),
        };
        located(self, scope, id, |asked: &LabelledSecret| {
            asked.selector == selector
        })
    }
}

impl NamespaceClient {
    /// Returns the labels of every secret that has the label `key`.
    async fn labels(&self, kind: SecretKind, key: &str) -> Result<Vec<Object>> {
        let mut secrets = Vec::new();
        let mut page = String::new();
        loop {
            let mut query = vec![("labelSelector", key), ("limit", PAGE_SIZE)];
            if !page.is_empty() {
                query.push(("continue", page.as_str()));
            }
            let path = format!(
                "/api/v1/namespaces/{}/secrets?{}",
                quote(self.namespace()),
                urlencode(query)
            );
            let response = self.cluster.get_as(&path, METADATA_ONLY).await?;
            if response.status != 200 {
                return Err(self.refused(kind, &response));
            }
            let is_list = |list: &Object| {
                matches!(
                    text(list, "kind"),
                    Some("PartialObjectMetadataList" | "SecretList")
                )
            };
            let Some(list) = object(&response).filter(is_list) else {
                return Err(self.not_kubernetes(&response));
            };
            let Some(items) = list.get("items").and_then(Value::as_list) else {
                return Err(self.not_kubernetes(&response));
            };
            secrets.extend(items.iter().filter_map(|item| {
                let metadata = item.as_object()?.get("metadata")?.as_object()?;
                metadata.get("labels")?.as_object().cloned()
            }));
            let metadata = list.get("metadata").and_then(Value::as_object);
            match metadata.and_then(|metadata| text(metadata, "continue")) {
                None => return Ok(secrets),
                Some(next) if next == page => {
                    return Err(Error::unavailable("the list of Kubernetes Secrets does not end"));
                }
                Some(next) => next.clone_into(&mut page),
            }
        }
    }
}
