//! A list that a service gives page by page.
//!
//! Must not know how a page is asked for, or what is in it.

use crate::error::{Error, Result};
use crate::python::json::{Object, Value};

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// The token of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
}

/// Returns the objects of the list that is a page's content.
pub(crate) fn objects(list: Option<Value>) -> Vec<Object> {
    let Some(Value::List(items)) = list else {
        return Vec::new();
    };
    let objects = items.into_iter().map(|item| match item {
        Value::Object(object) => Some(object),
        _ => None,
    });
    objects.flatten().collect()
}

/// Returns the items of all pages of the list of `what`. `ask` gets the token of a page, which is empty for the first.
///
/// # Errors
/// Those of `ask`; a page that names itself as the next one, with status 5.
pub(crate) async fn all<T, F: Future<Output = Result<Page<T>>>>(
    what: &str,
    mut ask: impl FnMut(String) -> F,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut token = String::new();
    loop {
        let page = ask(token.clone()).await?;
        items.extend(page.items);
        match page.next {
            None => return Ok(items),
            Some(next) if next == token => {
                return Err(Error::unavailable(format!("the list of {what} does not end")));
            }
            Some(next) => token = next,
        }
    }
}
