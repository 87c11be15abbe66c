//! The names in Secret Manager: every page of the project's list, with a filter for the prefix.
//!
//! Source: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/list>. The list has no values, and does
//! not say whether the newest version of a secret is enabled.

use super::client::{SecretManager, not_google};
use super::refusal::failed;
use super::{GoogleSecretManagerBackend, Project};
use crate::backend::listed::{Starts, after_start, starts};
use crate::cloud::services::{object, text};
use crate::error::{Error, ErrorKind, Result};
use crate::listing::{Listing, Names, Scope};
use crate::location::NamedSecret;
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
        let starts = match starts(self, scope, |asked: &NamedSecret<Project>| &asked.name)? {
            Starts::NotLookedUp(why) => return Ok(Listing::NotLookedUp(why)),
            Starts::Names(starts) => starts,
        };
        // The plain prefix is also the beginning of a team's.
        let filter = starts.iter().min_by_key(|start| start.len());
        let stored = self.client()?.list(filter.map_or("", String::as_str)).await?;
        let listed = stored.iter().filter_map(|stored| {
            after_start(self, scope, &starts, stored, |asked: &NamedSecret<Project>| {
                asked.name == *stored
            })
        });
        Ok(Listing::Names(Names {
            listed: listed.collect(),
            notes: Vec::new(),
        }))
    }
}

impl SecretManager {
    /// Lists the secrets of the project whose names have `part` in them.
    async fn list(&self, part: &str) -> Result<Vec<String>> {
        let filter = format!("name:{part}");
        let mut names = Vec::new();
        let mut page = String::new();
        loop {
            let mut query = vec![("pageSize", PAGE_SIZE)];
            if !part.is_empty() {
                query.push(("filter", filter.as_str()));
            }
            if !page.is_empty() {
                query.push(("pageToken", page.as_str()));
            }
            let query = urlencode(query);
            let (project, response) = self
                .google
                .get(|project| format!("{}/v1/projects/{project}/secrets?{query}", self.url))
                .await?;
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
            names.extend(secrets.into_iter().flatten().filter_map(|secret| {
                let name = text(secret.as_object()?, "name")?;
                Some(name.split_once("/secrets/")?.1.to_owned())
            }));
            match text(&answer, "nextPageToken") {
                None => return Ok(names),
                Some(next) if next == page => {
                    return Err(Error::unavailable(
                        "the list of Google Secret Manager does not end",
                    ));
                }
                Some(next) => next.clone_into(&mut page),
            }
        }
    }
}

fn with_permission(error: Error, project: &str) -> Error {
    error.with_detail(format!(
        "to list names, the identity needs `secretmanager.secrets.list`, as the role `roles/secretmanager.viewer` on project \
         `{project}` has it"
    ))
}
