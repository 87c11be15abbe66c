//! The names in Akeyless: the static secrets below the folder of a prefix.
//!
//! Sources: <https://docs.akeyless.io/reference/listitems>; akeyless 5.0.40 (`ListItems`, `ListItemsInPathOutput`). The list has no
//! values.

use crate::cloud::akeyless::Client;
use crate::cloud::services::text;
use crate::error::Result;
use crate::python::json::{Object, Value};
use crate::shown::shown;

/// Removes the slash that Akeyless puts in front of every name.
pub(super) fn bare(name: &str) -> &str {
    name.trim_start_matches('/')
}

/// Returns the names of the static secrets in the folders of `starts`.
///
/// # Errors
/// A list that is refused (status 4), and the failures of any request.
pub(super) async fn stored(client: &Client, starts: Vec<String>) -> Result<Vec<String>> {
    let mut folders: Vec<String> = starts.iter().map(|start| folder(start)).collect();
    folders.sort_unstable();
    folders.dedup();
    let mut names = Vec::new();
    for folder in &folders {
        let parameters = [
            ("accessibility", "regular".into()),
            ("json", Value::Bool(false)),
            ("path", folder.as_str().into()),
            ("type", Value::List(vec!["static-secret".into()])),
        ];
        let shown = shown(folder);
        let hint = format!("the access id needs a role with the permission `list` on `{shown}/*`");
        let items = client.list("list-items", &parameters, "items", &hint).await?;
        names.extend(items.iter().filter_map(static_secret));
    }
    Ok(names)
}

/// Returns the folder of the names that begin with `start`.
fn folder(start: &str) -> String {
    let (folder, _) = start.rsplit_once('/').unwrap_or_default();
    format!("/{}", bare(folder))
}

/// Returns the name of an item, if it is a static secret.
fn static_secret(item: &Object) -> Option<String> {
    let kind = text(item, "item_type");
    let is_static = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("static_secret"));
    text(item, "item_name").filter(|_| is_static).map(str::to_owned)
}
