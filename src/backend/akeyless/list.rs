//! The names in Akeyless: the static secrets below the folder of a prefix.
//!
//! Sources: <https://docs.akeyless.io/reference/listitems>; akeyless 5.0.40 (`ListItems`, `ListItemsInPathOutput`). The list has no
//! values.

use super::{AkeylessBackend, ApiUrl};
use crate::backend::listed::{Starts, after_start, starts};
use crate::cloud::akeyless::Client;
use crate::cloud::services;
use crate::error::{Error, Result};
use crate::listing::{Listing, Names, Scope};
use crate::location::NamedSecret;
use crate::python::json::{Object, Value};
use crate::shown::shown;

impl AkeylessBackend {
    /// Returns the names that lead to static secrets.
    ///
    /// # Errors
    /// A list that is refused (status 4), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let starts = match starts(self, scope, |asked: &NamedSecret<ApiUrl>| &asked.name)? {
            Starts::NotLookedUp(why) => return Ok(Listing::NotLookedUp(why)),
            Starts::Names(starts) => starts,
        };
        let mut folders: Vec<String> = starts.iter().map(|start| folder(start)).collect();
        folders.sort_unstable();
        folders.dedup();
        let mut names = Names::default();
        for folder in folders {
            for stored in list(&self.client, &folder).await? {
                // Akeyless puts a slash in front of every name.
                let bare = stored.trim_start_matches('/');
                let forms = [stored.as_str(), bare];
                let listed = forms.iter().find_map(|form| {
                    after_start(self, scope, &starts, form, |asked: &NamedSecret<ApiUrl>| {
                        asked.name.trim_start_matches('/') == bare
                    })
                });
                names.listed.extend(listed);
            }
        }
        Ok(Listing::Names(names))
    }
}

/// Returns the folder of the names that begin with `start`.
fn folder(start: &str) -> String {
    let (folder, _) = start.rsplit_once('/').unwrap_or_default();
    format!("/{}", folder.trim_start_matches('/'))
}

/// Lists the static secrets below `folder`.
async fn list(client: &Client, folder: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut page = String::new();
    loop {
        let mut parameters = vec![
            ("accessibility", "regular".into()),
            ("json", Value::Bool(false)),
            ("path", folder.into()),
            ("type", Value::List(vec!["static-secret".into()])),
        ];
        if !page.is_empty() {
            parameters.push(("pagination-token", page.as_str().into()));
        }
        let parameters = parameters
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let response = client.ask("list-items", parameters.collect::<Object>()).await?;
        if response.status != 200 {
            let folder = shown(folder);
            let hint = format!("the access id needs a role with the permission `list` on `{folder}/*`");
            return Err(client.refused("the request for the names", &hint, &response));
        }
        let answer = services::object(&response).ok_or_else(|| client.not_akeyless())?;
        let items = answer.get("items").and_then(Value::as_list);
        names.extend(items.into_iter().flatten().filter_map(|item| {
            let item = item.as_object()?;
            let kind = services::text(item, "item_type");
            let is_static = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("static_secret"));
            services::text(item, "item_name")
                .filter(|_| is_static)
                .map(str::to_owned)
        }));
        match services::text(&answer, "next_page") {
            None => return Ok(names),
            Some(next) if next == page => {
                return Err(Error::unavailable(format!(
                    "the list of {} does not end",
                    client.place()
                )));
            }
            Some(next) => next.clone_into(&mut page),
        }
    }
}
