//! The names in a store of AWS: every page of its list, with a filter for the prefixes.
//!
//! Sources: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html>, which leaves out secrets that are
//! marked for deletion, and <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>. Neither
//! answers with values.

use super::{NameAddress, Shelf, Store};
use crate::backend::listed::after_start;
use crate::cloud::services::text;
use crate::error::{Error, Result};
use crate::listing::{Listing, Names, Scope};
use crate::python::json::{Object, Value};

impl<S: Shelf> Store<S> {
    /// Returns the names of the service that lookups ask for.
    ///
    /// # Errors
    /// A list that is refused (status 4), a lookup pattern that cannot be used (2), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let starts = match self.lookups.starts(scope) {
            Ok(starts) => starts,
            Err(why) => return Ok(Listing::NotLookedUp(why)),
        };
        self.lookups.check_pattern(scope.kind)?;
        let stored = self.stored(&starts).await?;
        let listed = stored.iter().filter_map(|stored| {
            after_start(self, scope, &starts, stored, |asked: &NameAddress| {
                asked.noun == S::NOUN && asked.name == *stored
            })
        });
        Ok(Listing::Names(Names {
            listed: listed.collect(),
            notes: Vec::new(),
        }))
    }

    /// Lists the stored names that begin with one of `starts`.
    async fn stored(&self, starts: &[String]) -> Result<Vec<String>> {
        // An empty one is the beginning of every name.
        let filtered = starts.iter().all(|start| !start.is_empty());
        let filters: Vec<&str> = starts.iter().filter(|_| filtered).map(String::as_str).collect();
        let mut names = Vec::new();
        let mut page = String::new();
        loop {
            let mut question = S::list_question(&filters);
            if !page.is_empty() {
                question.insert("NextToken".to_owned(), page.as_str().into());
            }
            let answer = match self.client.call(S::LIST_OPERATION, question).await? {
                Ok(answer) => answer,
                Err(refusal) => return Err(refusal.of_listing(S::LIST_PERMISSION)),
            };
            let Some(listed) = S::listed(&answer) else {
                return Err(Error::unavailable(format!(
                    "{} answered without a list of names",
                    S::SERVICE.name
                )));
            };
            names.extend(listed);
            match text(&answer, "NextToken") {
                None => return Ok(names),
                Some(next) if next == page => {
                    return Err(Error::unavailable(format!(
                        "the list of {} does not end",
                        S::SERVICE.name
                    )));
                }
                Some(next) => next.clone_into(&mut page),
            }
        }
    }
}

/// Returns a list of one filter.
pub(super) fn filter<const N: usize>(parts: [(&str, Value); N]) -> Value {
    let parts = parts.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::List(vec![Value::Object(parts.collect())])
}

/// Returns the names in the list `key` of a page.
pub(super) fn names(page: &Object, key: &str) -> Option<Vec<String>> {
    let entries = page.get(key)?.as_list()?.iter();
    let names = entries.map(|entry| text(entry.as_object()?, "Name").map(str::to_owned));
    names.collect()
}
