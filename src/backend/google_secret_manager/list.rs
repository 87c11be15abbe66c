//! The names in Secret Manager: every page of the project's list, with a filter for the prefix.
//!
//! Source: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/list>. The list has no values, and does
//! not say whether the newest version of a secret is enabled.

use super::client::{SecretManager, not_google};
use super::refusal::failed;
use super::{GoogleSecretManagerBackend, Project};
use crate::backend::listed;
use crate::cloud::pages::{self, Page};
use crate::cloud::services::{object, text};
use crate::error::{Error, ErrorKind, Result};
use crate::listing::{Listing, Scope};
use crate::python::json::Value;
use crate::python::urlencode::urlencode;

/// The most secrets of one page that the service allows.
const PAGE_SIZE: &str = "25000";

impl GoogleSecretManagerBackend {
    /// Returns the names that lead to secrets of the project.
    ///
    /// # Errors
    /// A list that is refused (status 4), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let stored = |starts: Vec<String>| async move {
            // The plain prefix is also the beginning of a team's.
            let filter = starts.into_iter().min_by_key(String::len);
            self.client()?.list(&filter.unwrap_or_default()).await
        };
        listed::named::<Project, _>(self, scope, |name| name, stored).await
    }
}

impl SecretManager {
    /// Lists the secrets of the project whose names have `part` in them.
    async fn list(&self, part: &str) -> Result<Vec<String>> {
        let filter = format!("name:{part}");
        let page = |token: String| {
            let mut query = vec![("pageSize", PAGE_SIZE)];
            if !part.is_empty() {
                query.push(("filter", filter.as_str()));
            }
            if !token.is_empty() {
                query.push(("pageToken", token.as_str()));
            }
            self.page(urlencode(query))
        };
        pages::all("Google Secret Manager", page).await
    }

    async fn page(&self, query: String) -> Result<Page<String>> {
        let url = |project: &str| format!("{}/v1/projects/{project}/secrets?{query}", self.url);
        let (project, response) = self.google.get(url).await?;
        let Some(answer) = object(&response) else {
            return Err(not_google(&response));
        };
        if response.status != 200 {
            let what = format!("the list of secrets of project `{project}`");
            return Err(match failed(&project, &what, response.status, &answer) {
                Some(error) if error.kind() == ErrorKind::Denied => with_permission(error, &project),
                Some(error) => error,
                None => Error::usage(format!("project `{project}` does not exist"))
                    .with_hint("check the kwarg `project_id`, or the project of the credentials"),
            });
        }
        let secrets = answer.get("secrets").and_then(Value::as_list);
        let names = secrets.into_iter().flatten().filter_map(|secret| {
            let name = text(secret.as_object()?, "name")?;
            Some(name.split_once("/secrets/")?.1.to_owned())
        });
        Ok(Page {
            items: names.collect(),
            next: text(&answer, "nextPageToken").map(str::to_owned),
        })
    }
}

fn with_permission(error: Error, project: &str) -> Error {
    error.with_detail(format!(
        "to list names, the identity needs `secretmanager.secrets.list`, as the role `roles/secretmanager.viewer` on project \
         `{project}` has it"
    ))
}
